//! Client authentication (RFC 6749 §2.3): what came, and whether it fits.

use data_encoding::BASE64;
use http::header;
use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use super::incoming::Incoming;
use crate::log;
use crate::oauth::{Client, OAuthError, Params};

/// What a client says of itself.
#[derive(Debug)]
pub struct Credentials {
    /// Its `client_id`.
    pub client_id: String,
    /// Its secret, however it came.
    pub secret: Option<SecretString>,
}

impl Credentials {
    /// Also tells the log which client it is said to be.
    fn of(client_id: String, secret: Option<SecretString>) -> Self {
        if let Ok(id) = client_id.parse() {
            log::client(id);
        }
        Self { client_id, secret }
    }
}

/// Whether the request tried HTTP Basic: then a refusal must challenge it (RFC 6749 §5.2).
pub fn used_basic(incoming: &Incoming) -> bool {
    incoming
        .header(header::AUTHORIZATION)
        .is_some_and(|value| value.split_once(' ').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")))
}

/// Reads the client's credentials from header or body.
///
/// # Errors
/// `invalid_request` where they stand in the query or came in two ways; `invalid_client` where there are none.
pub fn credentials(incoming: &Incoming, params: &Params) -> Result<Credentials, OAuthError> {
    // RFC 6749 §2.3.1: the query ends up in logs.
    let query = incoming.query_params()?;
    if ["client_secret", "client_secrets", "client_assertion"].into_iter().any(|name| query.has(name)) {
        return Err(OAuthError::invalid_request("credentials must not stand in the query"));
    }
    // RFC 6749 §2.3: one method at a time.
    let assertion = params.has("client_assertion") || params.has("client_assertion_type");
    let ways = [used_basic(incoming), params.has("client_secret"), assertion];
    if ways.into_iter().filter(|used| *used).count() > 1 {
        return Err(OAuthError::invalid_request("the client authenticated in two ways at once"));
    }
    if assertion {
        return Err(OAuthError::invalid_client("client assertions are not supported"));
    }
    let in_body = params.get("client_id");
    if !used_basic(incoming) {
        let client_id = in_body.ok_or_else(|| OAuthError::invalid_client("no client_id"))?;
        let secret = params.get("client_secret").map(SecretString::from);
        return Ok(Credentials::of(client_id.to_owned(), secret));
    }
    let (client_id, secret) =
        basic(incoming).ok_or_else(|| OAuthError::invalid_client("the Basic header is malformed"))?;
    if in_body.is_some_and(|other| other != client_id) {
        return Err(OAuthError::invalid_request("client_id in the body is another than in the header"));
    }
    Ok(Credentials::of(client_id, Some(secret)))
}

/// HTTP Basic, with both parts percent-encoded as RFC 6749 §2.3.1 and appendix B want.
fn basic(incoming: &Incoming) -> Option<(String, SecretString)> {
    let (_, encoded) = incoming.header(header::AUTHORIZATION)?.split_once(' ')?;
    let bytes = BASE64.decode(encoded.trim().as_bytes()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8().ok().map(|text| text.into_owned())
    };
    Some((decode(id)?, decode(secret)?.into())).filter(|(id, _)| !id.is_empty())
}

/// Checks a client's credentials. A confidential client may send its secret either way, whichever it registered: the
/// secret is the same, and so is the channel.
///
/// # Errors
/// `invalid_client`.
pub fn check(client: &Client, secret: Option<&SecretString>) -> Result<(), OAuthError> {
    if client.disabled {
        return Err(OAuthError::invalid_client("the client is disabled"));
    }
    match (&client.secret, secret) {
        (Some(stored), Some(presented)) if stored.verifies_generated(presented) => Ok(()),
        (None, None) if client.is_public() => Ok(()),
        (Some(_), None) => Err(OAuthError::invalid_client("the secret is missing")),
        _ => Err(OAuthError::invalid_client("the secret is wrong")),
    }
}
