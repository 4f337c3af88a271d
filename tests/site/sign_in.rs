//! Signing in and out, sessions, and guessing.
