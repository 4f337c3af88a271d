//! Keeps a user's collection in step with Bangumi, both ways.
//!
//! A run takes a user under a lease, pulls what changed there, and sends what changed here. What both sides agreed on last
//! stands in each entry (its base), and what is still to be sent is what differs from that: nothing else is an outbox. So a
//! run can be cut off anywhere. Sent before it is written that it was, an entry is found agreed by the next look, which
//! every push takes first; and nothing that is as agreed is ever sent, since Bangumi tells the world of it.
//!
//! Architecture invariant: entries are written over what they were made of, and nothing else; the run's own place, under its
//! lease.

mod budget;
mod entry;
mod preview;
mod pull;
mod push;
mod slice;

pub use budget::Budget;
pub use preview::{Planned, Preview, preview};
pub use slice::run;

use crate::bangumi::BangumiError;
use crate::collection::sync::Setback;
use crate::http::links::TokenError;
use crate::store::StoreError;

/// Why a run does not go on now.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// Its time is over.
    #[error("its time is over")]
    Time,
    /// This site may not ask Bangumi more at present.
    #[error("Bangumi is not asked more at present")]
    Budget,
    /// Bangumi can't, or doesn't want to.
    #[error("Bangumi does not do what it is asked for: {0:?}")]
    Setback(Setback),
    /// Bangumi does not accept the token, though it should be good.
    #[error("Bangumi does not accept the token")]
    Unauthorized,
    /// The account has to be bound again.
    #[error("the account has to be bound again")]
    Broken,
    /// No account is bound.
    #[error("no account is bound")]
    NotLinked,
    /// Another has the user by now.
    #[error("the lease is another's")]
    Lost,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<BangumiError> for Stop {
    fn from(error: BangumiError) -> Self {
        match error {
            BangumiError::Unauthorized => Self::Unauthorized,
            BangumiError::RateLimited => Self::Setback(Setback::RateLimited),
            _ => Self::Setback(Setback::Unavailable),
        }
    }
}

impl From<TokenError> for Stop {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::NotLinked => Self::NotLinked,
            TokenError::Broken => Self::Broken,
            TokenError::Unavailable | TokenError::Stuck => Self::Setback(Setback::Unavailable),
            TokenError::Store(error) => Self::Store(error),
        }
    }
}
