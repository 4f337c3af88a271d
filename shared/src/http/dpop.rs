//! DPoP at our endpoints (RFC 9449): the header, the nonce, and that a proof is used once.

use http::HeaderValue;
use serde::{Deserialize, Serialize};

use super::incoming::Incoming;
use crate::app::{App, Site};
use crate::id::Attempt;
use crate::jose::dpop::{self, Proof};
use crate::oauth::lifetimes::DPOP_NONCE;
use crate::oauth::{Client, ErrorCode, OAuthError};
use crate::seal::Sealable;
use crate::store::StoreError;
use crate::store::once::Once;

/// The header of a nonce (RFC 9449 §8).
pub const NONCE: http::HeaderName = http::HeaderName::from_static("dpop-nonce");

/// A nonce is nothing but sealed time: whoever has one has asked us within its lifetime.
#[derive(Serialize, Deserialize)]
struct Nonce;

impl Sealable for Nonce {
    const PURPOSE: &'static str = "DPoP nonce";
}

/// A fresh nonce. Any number of proofs may answer to it while it lives.
pub fn nonce(site: &Site) -> Option<HeaderValue> {
    HeaderValue::from_str(&site.sealer.seal(&Nonce, DPOP_NONCE, b"")).ok()
}

/// Whether a proof came, however good.
pub fn came(incoming: &Incoming) -> bool {
    incoming.headers.contains_key("dpop")
}

/// The proof that came with a request, if one did. Nothing is used up yet.
///
/// # Errors
/// `invalid_dpop_proof`, `use_dpop_nonce`.
pub fn proof(app: &App, site: &Site, incoming: &Incoming) -> Result<Option<Proof>, OAuthError> {
    let invalid = |description| OAuthError::new(ErrorCode::InvalidDpopProof, description);
    let mut headers = incoming.headers.get_all("dpop").iter();
    let Some(header) = headers.next() else { return Ok(None) };
    if headers.next().is_some() {
        return Err(invalid("the DPoP header came more than once"));
    }
    let text = header.to_str().map_err(|_| invalid("the DPoP proof is not a JWT"))?;
    let url = app.config.issuer.url(&incoming.path);
    let proof = dpop::verify(text, incoming.method.as_str(), &url, app.clock.now()).map_err(invalid)?;
    // Without a nonce of ours a proof could have been made long ago, by whoever had the key for a moment (§11.2).
    let fresh = |nonce: &str| site.sealer.open::<Nonce>(nonce, b"").is_ok();
    if !proof.nonce.as_deref().is_some_and(fresh) {
        let description = "repeat the request with a DPoP proof that has the nonce of the DPoP-Nonce header";
        return Err(OAuthError::new(ErrorCode::UseDpopNonce, description));
    }
    Ok(Some(proof))
}

/// Refuses a proof that `client` may not send: one of the FAPI 2.0 Security Profile signs with no RSA of old (§5.4.1).
///
/// # Errors
/// `invalid_dpop_proof`.
pub fn check_alg(client: &Client, proof: &Proof) -> Result<(), OAuthError> {
    if client.metadata.is_fapi() && !proof.is_fapi() {
        let description = "this client must sign its DPoP proofs with PS256, ES256 or EdDSA";
        return Err(OAuthError::new(ErrorCode::InvalidDpopProof, description));
    }
    Ok(())
}

/// Uses a proof up: false where it was used before (§11.1).
///
/// # Errors
/// [`StoreError`].
pub async fn use_up(app: &App, proof: &Proof) -> Result<bool, StoreError> {
    // By then its nonce is none any more.
    let forget_at = app.clock.now() + DPOP_NONCE;
    let once = Once::new("DPOP", &format!("{} {}", proof.jkt, proof.jti), forget_at);
    app.store.use_once(&once, Attempt::new(&app.entropy)).await
}

/// What who sends a proof again is told.
pub fn used_before() -> OAuthError {
    OAuthError::new(ErrorCode::InvalidDpopProof, "the DPoP proof was used before")
}
