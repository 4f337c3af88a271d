//! Scopes (RFC 6749 §3.3; OpenID Connect Core §5.4, §11).

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One scope that this server knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScopeToken {
    /// An OpenID Connect request: an ID token is issued.
    Openid,
    /// Nickname, username, avatar, introduction.
    Profile,
    /// E-mail address.
    Email,
    /// Phone number.
    Phone,
    /// Postal address.
    Address,
    /// A refresh token in an OpenID Connect request.
    OfflineAccess,
    /// Reading the collection.
    CollectionsRead,
    /// Changing the collection.
    CollectionsWrite,
}

impl ScopeToken {
    /// All that a client can be given, in the order in which they are listed.
    pub const ALL: [Self; 8] = [
        Self::Openid,
        Self::Profile,
        Self::Email,
        Self::Phone,
        Self::Address,
        Self::OfflineAccess,
        Self::CollectionsRead,
        Self::CollectionsWrite,
    ];

    /// The scope as it is sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Openid => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::OfflineAccess => "offline_access",
            Self::CollectionsRead => "collections:read",
            Self::CollectionsWrite => "collections:write",
        }
    }
}

/// A set of scopes. Reads and writes as text with spaces between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope(BTreeSet<ScopeToken>);

impl Scope {
    /// Every scope there is.
    pub fn all() -> Self {
        Self(ScopeToken::ALL.into())
    }

    /// What a request without `scope` means.
    pub fn default_request() -> Self {
        Self([ScopeToken::Profile, ScopeToken::Email].into())
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `token` is in it.
    pub fn contains(&self, token: ScopeToken) -> bool {
        self.0.contains(&token)
    }

    /// Whether everything of `self` is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// What is in both.
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).copied().collect())
    }

    /// What is in either.
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).copied().collect())
    }

    /// With `token`.
    pub fn with(mut self, token: ScopeToken) -> Self {
        self.0.insert(token);
        self
    }

    /// Without `token`.
    pub fn without(mut self, token: ScopeToken) -> Self {
        self.0.remove(&token);
        self
    }

    /// The scopes, in their listed order.
    pub fn iter(&self) -> impl Iterator<Item = ScopeToken> + '_ {
        self.0.iter().copied()
    }
}

/// Unknown scopes are left out: OpenID Connect Core §3.1.2.1 says that they should be ignored.
impl FromStr for Scope {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let known = |word: &str| ScopeToken::ALL.into_iter().find(|token| token.as_str() == word);
        Ok(Self(text.split(' ').filter_map(known).collect()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(ScopeToken::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Ok(scope) = String::deserialize(deserializer)?.parse();
        Ok(scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_read_in_any_order_and_write_in_one() {
        let scope: Scope = "email openid unknown email".parse().unwrap();
        assert_eq!(scope.to_string(), "openid email");
    }

    #[test]
    fn case_matters() {
        assert!("OPENID Profile".parse::<Scope>().unwrap().is_empty());
    }

    #[test]
    fn the_internal_scope_is_none_that_a_client_can_name() {
        assert!("account".parse::<Scope>().unwrap().is_empty());
    }
}
