//! The token endpoint: client authentication and codes.

mod client_authentication;
mod codes;
mod cors;
mod grants;
