//! Claims about a user (OpenID Connect Core §5.1), let out by scope (§5.4) or one by one (§5.5).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::client::Client;
use super::error::{ErrorCode, OAuthError};
use super::scope::{Scope, ScopeToken};
use crate::account::User;

use ScopeToken::{Address, Email, Phone, Profile};

/// Every claim about a user that there is, and the scope that lets it out.
pub const CLAIMS: [(&str, ScopeToken); 19] = [
    ("name", Profile),
    ("given_name", Profile),
    ("family_name", Profile),
    ("middle_name", Profile),
    ("nickname", Profile),
    ("preferred_username", Profile),
    ("profile", Profile),
    ("picture", Profile),
    ("website", Profile),
    ("gender", Profile),
    ("birthdate", Profile),
    ("zoneinfo", Profile),
    ("locale", Profile),
    ("updated_at", Profile),
    ("email", Email),
    ("email_verified", Email),
    ("phone_number", Phone),
    ("phone_number_verified", Phone),
    ("address", Address),
];

/// What `user` says of a claim, if anything.
fn value(user: &User, claim: &str) -> Option<Value> {
    let text = |value: &Option<String>| value.clone().map(Value::from);
    match claim {
        "name" => Some(user.display_name().into()),
        "nickname" => text(&user.nickname),
        "preferred_username" => text(&user.username),
        "picture" => text(&user.avatar),
        "updated_at" => Some(user.updated_at.0.into()),
        "email" => text(&user.email),
        "email_verified" => user.email.as_ref().map(|_| user.email_verified.into()),
        "phone_number" => text(&user.phone),
        "phone_number_verified" => user.phone.as_ref().map(|_| user.phone_verified.into()),
        "address" => user.details.address(),
        detail => user.details.get(detail).map(Value::from),
    }
}

/// The claims about `user` that `scope` lets out, and those that were `requested` one by one. A claim without a value is
/// left out (§5.3.2).
pub fn about(user: &User, scope: &Scope, requested: &[String]) -> Map<String, Value> {
    let let_out = |(claim, by): &(&str, ScopeToken)| scope.contains(*by) || requested.iter().any(|name| name == claim);
    let told = CLAIMS.into_iter().filter(let_out);
    told.filter_map(|(claim, _)| Some((claim.to_owned(), value(user, claim)?))).collect()
}

/// The same with whom they are about: userinfo.
pub fn userinfo(user: &User, sub: String, scope: &Scope, requested: &[String]) -> Map<String, Value> {
    let mut claims = about(user, scope, requested);
    claims.insert("sub".to_owned(), sub.into());
    claims
}

/// Claims that are requested one by one, beside the scope's, as far as the client may have them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestedClaims {
    /// From userinfo.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub userinfo: Vec<String>,
    /// In the ID token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub id_token: Vec<String>,
}

impl RequestedClaims {
    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// The scopes that would let all of them out: what the user has to consent to.
    pub fn scope(&self) -> Scope {
        let named = |claim: &str| self.userinfo.iter().chain(&self.id_token).any(|name| name == claim);
        let scopes = CLAIMS.into_iter().filter(|(claim, _)| named(claim));
        scopes.fold(Scope::default(), |scope, (_, token)| scope.with(token))
    }
}

/// What the parameter `claims` says.
#[derive(Clone, Debug, Default)]
pub struct ClaimsParameter {
    /// The claims. Those that nobody knows, or of scopes that the client is not registered for, are left out: none has to
    /// be told (§5.5.1).
    pub requested: RequestedClaims,
    /// Who the user has to be: one of these (§3.1.2.2); anybody, if it does not say.
    pub subjects: Option<Vec<String>>,
}

impl ClaimsParameter {
    /// Reads `claims` of a request.
    ///
    /// # Errors
    /// `invalid_request`; `unmet_authentication_requirements` where the sign-in must be of a class that there is not.
    pub fn parse(client: &Client, text: &str) -> Result<Self, OAuthError> {
        let malformed = || OAuthError::invalid_request("claims must be a JSON object as in OpenID Connect Core 5.5");
        // The parser itself gives up on what is too deep; what is too long came in no request.
        let members: Map<String, Value> = serde_json::from_str(text).map_err(|_| malformed())?;
        let mut parameter = Self::default();
        for (member, into) in [("userinfo", 0), ("id_token", 1)] {
            let wanted = match members.get(member) {
                None | Some(Value::Null) => continue,
                Some(Value::Object(wanted)) => wanted,
                Some(_) => return Err(malformed()),
            };
            for (claim, how) in wanted {
                let how = match how {
                    Value::Null => &Map::new(),
                    Value::Object(how) => how,
                    _ => return Err(malformed()),
                };
                match claim.as_str() {
                    "sub" => parameter.narrow(values(how)),
                    // §5.5.1.1: without one of those classes it is a sign-in that failed. This server has none.
                    "acr" if is_essential(how) && values(how).is_some() => {
                        let description = "this server knows no authentication context class";
                        return Err(OAuthError::new(ErrorCode::UnmetAuthenticationRequirements, description));
                    }
                    _ => {}
                }
                let allowed = CLAIMS.into_iter().find(|(name, _)| name == claim);
                if allowed.is_some_and(|(_, scope)| client.metadata.scope.contains(scope)) {
                    let RequestedClaims { userinfo, id_token } = &mut parameter.requested;
                    if into == 0 { userinfo } else { id_token }.push(claim.clone());
                }
            }
        }
        Ok(parameter)
    }

    /// Whether the user may be `subject`.
    pub fn expects(&self, subject: &str) -> bool {
        self.subjects.as_ref().is_none_or(|subjects| subjects.iter().any(|expected| expected == subject))
    }

    /// Lets only those pass who are in `subjects` as well.
    pub fn narrow(&mut self, subjects: Option<Vec<String>>) {
        self.subjects = match (self.subjects.take(), subjects) {
            (Some(before), Some(now)) => Some(before.into_iter().filter(|subject| now.contains(subject)).collect()),
            (before, now) => before.or(now),
        };
    }
}

fn is_essential(how: &Map<String, Value>) -> bool {
    how.get("essential") == Some(&Value::Bool(true))
}

/// `value` or `values` of a claim. One that is no string is nobody's.
fn values(how: &Map<String, Value>) -> Option<Vec<String>> {
    let listed = match (how.get("value"), how.get("values")) {
        (Some(value), _) => std::slice::from_ref(value),
        (None, Some(Value::Array(values))) => values.as_slice(),
        (None, _) => return None,
    };
    Some(listed.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect())
}
