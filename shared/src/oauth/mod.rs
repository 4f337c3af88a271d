//! The protocol, pure: no I/O, no HTTP framework, no AWS. Everything here can be read beside its RFC.

pub mod authorization_request;
pub mod claims;
pub mod client;
pub mod client_document;
pub mod client_name;
pub mod code;
pub mod device;
pub mod dialect;
pub mod error;
pub mod family;
pub mod lifetimes;
pub mod metadata;
pub mod params;
pub mod pkce;
pub mod pushed;
pub mod redirect_uri;
pub mod request_object;
pub mod resource;
pub mod response_mode;
pub mod response_type;
pub mod scope;

pub use authorization_request::AuthorizationRequest;
pub use client::Client;
pub use client_name::ClientName;
pub use code::AuthorizationCode;
pub use dialect::Dialect;
pub use error::{ErrorCode, OAuthError};
pub use family::Family;
pub use params::Params;
pub use redirect_uri::RedirectUri;
pub use response_mode::ResponseMode;
pub use response_type::ResponseType;
pub use scope::{Scope, ScopeToken};
