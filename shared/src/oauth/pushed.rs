//! Pushed authorization requests (RFC 9126): what a client has sent beforehand, and by which name it is asked for.

use serde::{Deserialize, Serialize};

use super::error::OAuthError;
use super::lifetimes::REQUEST_IN_PROGRESS;
use super::params::Params;
use crate::clock::Time;
use crate::id::{Attempt, ClientId};

/// What the `request_uri` of a pushed request begins with; the rest is random.
pub const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// The longest request that can be pushed, in bytes. What an application would send by way of a browser is shorter.
pub const MAX_LENGTH: usize = 8192;

/// A request that was pushed. It passed every check that needs no user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PushedRequest {
    /// Who pushed it.
    pub client_id: ClientId,
    /// The request, as a query.
    pub params: String,
    /// Until when a user may come with it.
    pub expires_at: Time,
    /// Which answer used it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumed_by: Option<Attempt>,
}

impl PushedRequest {
    /// Checks that a user who came with it at `began_at` may go on with it: it is their client's, they came in time, and
    /// no answer has been given yet (RFC 9126 §4 and §7.3).
    ///
    /// # Errors
    /// `invalid_request`, to be shown on a page.
    pub fn check(&self, client_id: ClientId, began_at: Time, now: Time) -> Result<(), OAuthError> {
        let in_time = began_at < self.expires_at && now < self.forgotten_at();
        if self.client_id == client_id && in_time && self.consumed_by.is_none() { Ok(()) } else { Err(over()) }
    }

    /// When nobody can go on with it any more.
    pub fn forgotten_at(&self) -> Time {
        self.expires_at + REQUEST_IN_PROGRESS
    }
}

/// What is told of a pushed request that is not there, not the client's, too old, or used up: one sentence for all.
pub fn over() -> OAuthError {
    OAuthError::invalid_request("the pushed request is unknown, used or too old: go back to the application")
}

/// The random part of the `request_uri`, where a request names a pushed one.
pub fn reference(params: &Params) -> Option<&str> {
    params.get("request_uri")?.strip_prefix(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    #[test]
    fn who_came_in_time_may_go_on_for_as_long_as_any_request_waits() {
        let entropy = Entropy::seeded(1);
        let [client_id, other] = [(), ()].map(|()| ClientId::new(&entropy));
        let pushed = PushedRequest { client_id, params: String::new(), expires_at: Time(90), consumed_by: None };
        let check = |client, began_at, now| pushed.check(client, Time(began_at), Time(now)).is_ok();
        let last = 90 + REQUEST_IN_PROGRESS;
        assert!(check(client_id, 0, 0) && check(client_id, 89, 89) && check(client_id, 89, last - 1));
        assert!(!check(client_id, 90, 90), "too late");
        assert!(!check(client_id, 89, last), "too long");
        assert!(!check(other, 0, 0), "another client");
        let used = PushedRequest { consumed_by: Some(Attempt::new(&entropy)), ..pushed.clone() };
        assert!(used.check(client_id, Time(0), Time(0)).is_err());
    }
}
