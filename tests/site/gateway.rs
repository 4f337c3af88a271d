//! The gateway: real events, and its limits.
