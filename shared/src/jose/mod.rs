//! Keys, signatures and the tokens made with them.

pub mod keys;

pub use keys::{KeySet, provision};
