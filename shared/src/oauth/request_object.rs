//! Request objects (RFC 9101; OpenID Connect Core §6): the parameters of an authorization request as a JWT's claims.

use serde_json::{Map, Value};

use super::error::{ErrorCode, OAuthError};
use super::params::Params;

/// Claims about the JWT itself (RFC 7519 §4.1), which are no parameters.
const ABOUT_ITSELF: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// `invalid_request_object`.
pub fn invalid(description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidRequestObject, description)
}

/// The parameters that claims are. A number or truth value is its text, an object (`claims`) its JSON, and of a list
/// each member a parameter.
///
/// # Errors
/// `invalid_request_object`.
pub fn parameters(claims: &Map<String, Value>) -> Result<Params, OAuthError> {
    let mut pairs = Vec::new();
    for (name, value) in claims.iter().filter(|(name, _)| !ABOUT_ITSELF.contains(&name.as_str())) {
        // RFC 9101 §4: no object within an object.
        if ["request", "request_uri"].contains(&name.as_str()) {
            return Err(invalid("the request object has request or request_uri in it"));
        }
        match value {
            Value::Array(values) => pairs.extend(values.iter().map(|value| (name.clone(), text(value)))),
            value => pairs.push((name.clone(), text(value))),
        }
    }
    Ok(Params::from_pairs(pairs))
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// How much of what stands outside of a request object counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// Everything that the object does not say: nobody signed that either (OpenID Connect Core §6.1).
    Everything,
    /// What OAuth's own rules want there and the object may leave out: `response_type` and `scope`.
    Necessities,
    /// Nothing (RFC 9101 §6.3).
    Nothing,
}

/// The request that the object `inside` makes together with what stands outside of it. What the object says wins.
///
/// # Errors
/// `invalid_request_object` where `client_id` or `response_type` are contradicted (OpenID Connect Core §6.1).
pub fn combine(mut inside: Params, outside: &Params, counts: Outside) -> Result<Params, OAuthError> {
    for name in ["client_id", "response_type"] {
        let (inner, outer) = (inside.get(name), outside.get(name));
        if inner.is_some() && outer.is_some() && inner != outer {
            return Err(invalid("client_id or response_type is another in the request object than outside"));
        }
    }
    for (name, value) in outside.iter() {
        let taken = match counts {
            Outside::Everything => !["request", "request_uri"].contains(&name),
            Outside::Necessities => ["client_id", "response_type", "scope"].contains(&name),
            // Who asks is known anyhow.
            Outside::Nothing => name == "client_id",
        };
        if taken {
            inside.set_default(name, value);
        }
    }
    Ok(inside)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: Value) -> Result<Params, OAuthError> {
        parameters(claims.as_object().unwrap())
    }

    #[test]
    fn claims_become_parameters() {
        let params = read(json!({
            "iss": "x", "aud": "y", "exp": 1, "scope": "openid", "max_age": 60, "nonce": null,
            "claims": { "userinfo": { "email": null } }, "resource": ["https://a", "https://b"],
        }))
        .unwrap();
        assert_eq!(
            (params.get("scope"), params.get("max_age"), params.get("nonce")),
            (Some("openid"), Some("60"), None)
        );
        assert_eq!(params.get("claims"), Some(r#"{"userinfo":{"email":null}}"#));
        assert_eq!(params.iter().filter(|(name, _)| *name == "resource").count(), 2);
        assert!(!params.has("iss") && !params.has("exp"));
        for nested in ["request", "request_uri"] {
            assert!(read(json!({ nested: "x" })).is_err());
        }
    }

    #[test]
    fn what_the_object_says_wins_and_what_stands_outside_counts_only_so_far() {
        let outside = Params::from_urlencoded("client_id=a&response_type=code&scope=email&state=x&request=y").unwrap();
        let inside = || read(json!({ "scope": "openid", "nonce": "n" })).unwrap();
        for (counts, response_type, state) in [
            (Outside::Everything, Some("code"), Some("x")),
            (Outside::Necessities, Some("code"), None),
            (Outside::Nothing, None, None),
        ] {
            let params = combine(inside(), &outside, counts).unwrap();
            assert_eq!((params.get("scope"), params.get("client_id")), (Some("openid"), Some("a")));
            assert_eq!((params.get("response_type"), params.get("state")), (response_type, state), "{counts:?}");
            assert!(!params.has("request"));
        }
        for contradiction in [json!({ "client_id": "b" }), json!({ "response_type": "token" })] {
            assert!(combine(read(contradiction).unwrap(), &outside, Outside::Everything).is_err());
        }
    }
}
