//! The table: one file per aggregate over a few deliberate calls.
//!
//! Architecture invariants: nothing outside this folder names the AWS SDK (letters are sent without it); every key string is made in [`keys`];
//! security decisions read the primary key consistently; there is no `Scan`; single use comes from a condition on a
//! write, never from read-then-delete; every conditional write carries the request's [`Attempt`](crate::id::Attempt),
//! so that the SDK's retry of a write whose answer was lost succeeds instead of looking like somebody else's.

pub mod allowance;
pub mod clients;
mod connect;
pub mod devices;
pub mod entries;
pub mod families;
pub mod grants;
mod http;
pub mod item;
pub mod keys;
pub mod letters;
pub mod links;
pub mod logouts;
pub mod once;
pub mod pendings;
pub mod purges;
pub mod pushed;
pub mod rates;
mod retries;
pub mod revocations;
pub mod sessions;
pub mod signing_keys;
pub mod stats;
pub mod sync;
pub mod table;
pub mod tokens;
pub mod transaction;
pub mod users;
pub mod works;

pub use crate::aws::ConnectError;
pub use connect::Patience;
pub use table::{Store, StoreError};
