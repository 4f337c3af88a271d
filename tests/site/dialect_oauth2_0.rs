//! The `/oauth2.0/` dialect, word for word.
