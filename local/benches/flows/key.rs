//! An application that proves that it has a key (RFC 9449).

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SystemRandom, fill};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;
use shared::clock::Clock;

/// What DPoP proofs are signed with (RFC 9449).
pub(super) struct Key {
    private: EncodingKey,
    public: Jwk,
    /// As the server wants it in a proof.
    pub(super) nonce: String,
}

impl Key {
    pub(super) fn new() -> Self {
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let private = EncodingKey::from_ec_der(der.as_ref());
        let public = Jwk::from_encoding_key(&private, Algorithm::ES256).unwrap();
        Self { private, public, nonce: String::new() }
    }

    /// A proof for one request. Each has a name of its own.
    pub(super) fn proof(&self, method: &str, url: &str, token: Option<&str>) -> String {
        let mut jti = [0; 16];
        fill(&mut jti).unwrap();
        let now = Clock::system().now();
        let jti = BASE64URL_NOPAD.encode(&jti);
        let mut claims = json!({ "htm": method, "htu": url, "iat": now, "jti": jti, "nonce": self.nonce });
        if let Some(token) = token {
            claims["ath"] = BASE64URL_NOPAD.encode(digest(&SHA256, token.as_bytes()).as_ref()).into();
        }
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("dpop+jwt".to_owned());
        header.jwk = Some(self.public.clone());
        encode(&header, &claims, &self.private).unwrap()
    }
}
