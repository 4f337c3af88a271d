//! What userinfo tells, by scope (OpenID Connect Core §5.1, §5.4).

use serde_json::{Map, Value};

use super::scope::{Scope, ScopeToken};
use crate::account::User;

/// The claims about `user`, who is `sub` to the client, that `scope` lets out. A claim without a value is left out
/// (§5.3.2).
pub fn userinfo(user: &User, sub: String, scope: &Scope) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), sub.into());
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            claims.insert(name.to_owned(), value);
        }
    };
    if scope.contains(ScopeToken::Profile) {
        add("name", Some(user.display_name().into()));
        add("nickname", user.nickname.clone().map(Value::from));
        add("preferred_username", user.username.clone().map(Value::from));
        add("picture", user.avatar.clone().map(Value::from));
        add("updated_at", Some(user.updated_at.0.into()));
    }
    if scope.contains(ScopeToken::Email) && user.email.is_some() {
        add("email", user.email.clone().map(Value::from));
        add("email_verified", Some(user.email_verified.into()));
    }
    if scope.contains(ScopeToken::Phone) && user.phone.is_some() {
        add("phone_number", user.phone.clone().map(Value::from));
        add("phone_number_verified", Some(user.phone_verified.into()));
    }
    claims
}
