//! A table that fails, at every call.
