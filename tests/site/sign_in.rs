//! Signing in and out, sessions, and guessing.

mod guessing;
mod login;
mod passwords;
mod sessions;
