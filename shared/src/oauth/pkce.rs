//! Proof Key for Code Exchange (RFC 7636), S256 alone: OAuth 2.1 drops `plain`.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

use super::error::OAuthError;
use super::params::Params;

/// Reads the challenge of an authorization request.
///
/// # Errors
/// `invalid_request` for a method other than S256, none at all (which would mean `plain`, RFC 7636 §4.3), or a
/// challenge that is not 43 characters of base64url.
pub fn challenge(params: &Params) -> Result<Option<String>, OAuthError> {
    let method = params.get("code_challenge_method");
    let Some(challenge) = params.get("code_challenge") else {
        return match method {
            None => Ok(None),
            Some(_) => Err(OAuthError::invalid_request("code_challenge_method came without a code_challenge")),
        };
    };
    if method != Some("S256") {
        return Err(OAuthError::invalid_request("code_challenge_method must be S256"));
    }
    if challenge.len() != 43 || BASE64URL_NOPAD.decode(challenge.as_bytes()).is_err() {
        return Err(OAuthError::invalid_request("code_challenge must be the base64url of a SHA-256 hash"));
    }
    Ok(Some(challenge.to_owned()))
}

/// Whether `verifier` is what `challenge` was made from (RFC 7636 §4.6), and of 43 to 128 unreserved characters (§4.1).
pub fn verifies(challenge: &str, verifier: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
        return false;
    }
    let hash = BASE64URL_NOPAD.encode(digest(&SHA256, verifier.as_bytes()).as_ref());
    hash.as_bytes().ct_eq(challenge.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_rfc_example_verifies() {
        assert!(verifies(CHALLENGE, VERIFIER));
        assert!(!verifies(CHALLENGE, &VERIFIER.to_lowercase()));
        assert!(!verifies(CHALLENGE, CHALLENGE));
    }

    #[test]
    fn a_short_long_or_strange_verifier_is_refused() {
        for verifier in ["short".to_owned(), "a".repeat(129), "é".repeat(43), " ".repeat(43)] {
            let challenge = BASE64URL_NOPAD.encode(digest(&SHA256, verifier.as_bytes()).as_ref());
            assert!(!verifies(&challenge, &verifier));
        }
    }

    #[test]
    fn plain_and_unnamed_methods_are_refused() {
        for query in [
            format!("code_challenge={CHALLENGE}"),
            format!("code_challenge={CHALLENGE}&code_challenge_method=plain"),
            "code_challenge=short&code_challenge_method=S256".to_owned(),
            "code_challenge_method=S256".to_owned(),
        ] {
            assert!(challenge(&Params::from_urlencoded(&query).unwrap()).is_err(), "{query}");
        }
        let good = format!("code_challenge={CHALLENGE}&code_challenge_method=S256");
        assert_eq!(challenge(&Params::from_urlencoded(&good).unwrap()).unwrap().as_deref(), Some(CHALLENGE));
    }
}
