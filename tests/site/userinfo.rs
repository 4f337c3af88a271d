//! Access tokens and what they open.
