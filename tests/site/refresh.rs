//! Refresh tokens: rotation, grace, replay, lifetimes.
