//! The decisions, without any I/O.

use serde::{Deserialize, Serialize};

use crate::clock::Time;
use crate::http::session::SignedIn;
use crate::id::{SessionId, UserId};

/// What somebody wants who goes to a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Intent {
    /// To be signed in as whoever the account elsewhere is bound to.
    SignIn,
    /// To bind it to the account in which they are signed in.
    Bind {
        /// Whose account that is.
        user_id: UserId,
        /// In which session they said so.
        session_id: SessionId,
    },
}

/// What becomes of somebody whom a provider has identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Theirs: they are signed in.
    SignIn(UserId),
    /// Nobody's: it becomes theirs.
    Bind,
    /// Bound to them before: nothing changes.
    Bound,
    /// Bound to somebody else, and it stays so.
    Foreign,
    /// Nobody's, and nobody is there to own it: its owner is asked.
    Wait,
}

/// What the page of a pending account offers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Offer<'a> {
    /// To create an account, or to sign in to one.
    Choose,
    /// To bind it to the account of whoever has just signed in for it.
    Link(&'a SignedIn),
}

impl Intent {
    /// Its word in addresses.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Bind { .. } => "bind",
        }
    }

    /// Whether whoever began it is there still. A binding is of one session: if somebody else signed in meanwhile, their
    /// account is not what was meant. To be signed in, one may be anybody.
    pub(super) fn is_of(self, there: Option<&SignedIn>) -> bool {
        match self {
            Self::SignIn => true,
            Self::Bind { user_id, session_id } => {
                there.is_some_and(|there| there.user.user_id == user_id && there.session.session_id == session_id)
            }
        }
    }

    /// What becomes of somebody whose account elsewhere is bound to `owner`. An identity is provider and subject alone:
    /// what else the provider says, an e-mail address or a name, decides nothing (RFC 9700 §4.7; OpenID Connect Core §5.7).
    pub(super) fn arrival(self, owner: Option<UserId>) -> Arrival {
        match (self, owner) {
            (Self::SignIn, Some(owner)) => Arrival::SignIn(owner),
            (Self::SignIn, None) => Arrival::Wait,
            (Self::Bind { .. }, None) => Arrival::Bind,
            (Self::Bind { user_id, .. }, Some(owner)) if owner == user_id => Arrival::Bound,
            (Self::Bind { .. }, Some(_)) => Arrival::Foreign,
        }
    }
}

impl<'a> Offer<'a> {
    /// What to offer for an account that is pending since `since`. A session from before is no proof that it is its owner
    /// who sits there now: binding wants a sign-in that was made for it.
    pub(super) fn to(there: Option<&'a SignedIn>, since: Time) -> Self {
        match there {
            Some(there) if there.session.auth_time >= since => Self::Link(there),
            _ => Self::Choose,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Session, User};
    use crate::entropy::Entropy;

    const NOW: Time = Time(1_767_225_600);

    fn somebody(entropy: &Entropy, signed_in_at: Time) -> SignedIn {
        let user = User::new(UserId::new(entropy), signed_in_at);
        let (session, _) = Session::start(&user, "", entropy, signed_in_at);
        SignedIn { user, session }
    }

    fn binding(by: &SignedIn) -> Intent {
        Intent::Bind { user_id: by.user.user_id, session_id: by.session.session_id }
    }

    #[test]
    fn whoever_comes_back_is_signed_in_bound_asked_or_refused() {
        let entropy = Entropy::seeded(7);
        let (me, other) = (somebody(&entropy, NOW), somebody(&entropy, NOW).user.user_id);
        let mine = me.user.user_id;
        for (intent, owner, arrival) in [
            (Intent::SignIn, None, Arrival::Wait),
            (Intent::SignIn, Some(mine), Arrival::SignIn(mine)),
            (Intent::SignIn, Some(other), Arrival::SignIn(other)),
            (binding(&me), None, Arrival::Bind),
            (binding(&me), Some(mine), Arrival::Bound),
            (binding(&me), Some(other), Arrival::Foreign),
        ] {
            assert_eq!(intent.arrival(owner), arrival, "{intent:?} {owner:?}");
        }
    }

    #[test]
    fn a_binding_is_finished_in_the_session_that_began_it() {
        let entropy = Entropy::seeded(7);
        let (me, other) = (somebody(&entropy, NOW), somebody(&entropy, NOW));
        let (again, _) = Session::start(&me.user, "", &entropy, NOW);
        let again = SignedIn { session: again, ..me.clone() };
        assert!(binding(&me).is_of(Some(&me)));
        for there in [None, Some(&other), Some(&again)] {
            assert!(!binding(&me).is_of(there), "{there:?}");
        }
        for there in [None, Some(&other), Some(&me)] {
            assert!(Intent::SignIn.is_of(there), "{there:?}");
        }
    }

    #[test]
    fn only_a_sign_in_that_was_made_for_it_binds_what_is_pending() {
        let entropy = Entropy::seeded(7);
        let (before, after) = (somebody(&entropy, NOW + -1), somebody(&entropy, NOW));
        assert!(matches!(Offer::to(None, NOW), Offer::Choose));
        assert!(matches!(Offer::to(Some(&before), NOW), Offer::Choose));
        assert!(matches!(Offer::to(Some(&after), NOW), Offer::Link(_)));
    }
}
