//! ID tokens that come back: `id_token_hint` (OpenID Connect Core §3.1.2.1).

use jsonwebtoken::{Validation, decode, decode_header};
use serde::Deserialize;

use crate::app::Site;
use crate::config::Issuer;

#[derive(Deserialize)]
struct Hinted {
    sub: String,
}

/// Whom an ID token is about that this site issued to the client, however long ago: as long as its key is published.
pub fn subject_of(site: &Site, issuer: &Issuer, client_id: &str, text: &str) -> Option<String> {
    let header = decode_header(text).ok()?;
    let key = site.keys.find(&header.kid?)?;
    // The key decides the algorithm, never the header (RFC 8725 §3.1).
    let mut validation = Validation::new(key.alg);
    validation.set_issuer(&[issuer.as_str()]);
    // An access token is no hint: its audience is another.
    validation.set_audience(&[client_id]);
    validation.set_required_spec_claims(&["iss", "aud", "sub"]);
    // §3.1.2.2: one that has expired says as well as any who was meant.
    validation.validate_exp = false;
    Some(decode::<Hinted>(text, &key.decoding, &validation).ok()?.claims.sub)
}
