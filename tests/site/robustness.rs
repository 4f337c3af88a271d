//! Hostile input: never a 5xx.
