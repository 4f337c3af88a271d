//! A client that proves that it has a key (RFC 9449).

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};

use super::{Client, Reply, TestSite, Value, json};

/// A key.
pub struct DpopKey {
    private: EncodingKey,
    /// Its public half.
    pub jwk: Jwk,
}

impl Default for DpopKey {
    fn default() -> Self {
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let private = EncodingKey::from_ec_der(der.as_ref());
        let jwk = Jwk::from_encoding_key(&private, Algorithm::ES256).unwrap();
        Self { private, jwk }
    }
}

impl DpopKey {
    /// Its thumbprint (RFC 7638).
    pub fn jkt(&self) -> String {
        self.jwk.thumbprint(ThumbprintHash::SHA256).unwrap()
    }

    /// A JWT with these claims, whatever they are, and a header changed by `change`.
    pub fn sign(&self, claims: &Value, change: impl Fn(&mut Header)) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("dpop+jwt".to_owned());
        header.jwk = Some(self.jwk.clone());
        change(&mut header);
        encode(&header, claims, &self.private).unwrap()
    }

    /// The claims of a good proof for a request, but for the nonce. Each is another.
    pub fn claims(&self, site: &TestSite, method: &str, path: &str, token: Option<&str>) -> Value {
        let jti = BASE64URL_NOPAD.encode(&site.site.app().entropy.bytes::<12>());
        let url = format!("{}{path}", site.issuer());
        let mut claims = json!({ "htm": method, "htu": url, "iat": site.clock.now(), "jti": jti });
        if let Some(token) = token {
            claims["ath"] = BASE64URL_NOPAD.encode(digest(&SHA256, token.as_bytes()).as_ref()).into();
        }
        claims
    }

    /// A good proof that answers to `nonce`.
    pub fn proof(&self, site: &TestSite, method: &str, path: &str, token: Option<&str>, nonce: &str) -> String {
        let mut claims = self.claims(site, method, path, token);
        claims["nonce"] = nonce.into();
        self.sign(&claims, |_| {})
    }
}

impl TestSite {
    /// A nonce for proofs, as a client gets one.
    pub async fn dpop_nonce(&self, key: &DpopKey) -> String {
        let proof = key.sign(&key.claims(self, "POST", "/oauth2/token", None), |_| {});
        let form = [("grant_type", "client_credentials"), ("client_id", "client_aaaaaaaaaaaaaaaaaaaaaaaaaa")];
        let request = self.http.post(self.url("/oauth2/token")).form(&form).header("dpop", proof);
        let reply = self.send(request, None).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "use_dpop_nonce"), "{}", reply.body);
        reply.header("dpop-nonce").to_owned()
    }

    /// A token request with this proof.
    pub async fn token_with_proof(&self, client: &Client, pairs: &[(&str, &str)], proof: &str) -> Reply {
        let mut all = client.in_body();
        all.extend(pairs);
        self.send(self.http.post(self.url("/oauth2/token")).form(&all).header("dpop", proof), None).await
    }

    /// Userinfo by `Authorization: DPoP`, with this proof.
    pub async fn userinfo_with_proof(&self, token: &str, proof: &str) -> Reply {
        let request = self.http.get(self.url("/oauth2/userinfo"));
        self.send(request.header("authorization", format!("DPoP {token}")).header("dpop", proof), None).await
    }
}
