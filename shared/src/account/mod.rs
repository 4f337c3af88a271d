//! Accounts, pure: who a user is, what may be a username, an e-mail address, a phone number or a password.

pub mod browser;
pub mod details;
pub mod identifier;
pub mod limits;
pub mod password;
pub mod profile;
pub mod session;
pub mod user;

pub use browser::browser_name;
pub use details::{DETAILS, Details};
pub use identifier::{Identifier, IdentifierKind};
pub use password::{Hashers, Password};
pub use profile::{Changes, FieldError};
pub use session::{Session, SessionToken};
pub use user::{User, UserStatus};
