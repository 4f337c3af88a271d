//! Keys, signatures and the tokens made with them.

pub mod access_token;
pub mod client_keys;
pub mod id_token;
pub mod keys;
pub mod succession;

pub use access_token::{AccessClaims, TokenSubject};
pub use keys::KeySet;
