//! Applications that sign with keys of their own.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};

use super::{Client, Reply, TestSite, Value, json};

/// What a client says that an assertion is.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A key.
#[derive(Clone)]
pub struct Key {
    /// Its name.
    pub kid: String,
    /// What it signs with.
    pub alg: Algorithm,
    private: EncodingKey,
    public: Value,
}

/// RSA keys take their time: one is enough.
static RSA: LazyLock<EncodingKey> = LazyLock::new(|| {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let base64 = BASE64.encode(pkcs8.as_ref());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n");
    EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()
});

impl Key {
    /// A key of a name for an algorithm.
    pub fn new(kid: &str, alg: Algorithm) -> Self {
        let random = SystemRandom::new();
        let private = match alg {
            Algorithm::ES256 => {
                let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
                EncodingKey::from_ec_der(der.as_ref())
            }
            Algorithm::EdDSA => return Self::ed25519(kid, &random),
            _ => RSA.clone(),
        };
        let public = json!(Jwk::from_encoding_key(&private, alg).unwrap());
        Self { kid: kid.to_owned(), alg, private, public }
    }

    fn ed25519(kid: &str, random: &SystemRandom) -> Self {
        let der = Ed25519KeyPair::generate_pkcs8(random).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).unwrap();
        let x = BASE64URL_NOPAD.encode(pair.public_key().as_ref());
        let public = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
        Self { kid: kid.to_owned(), alg: Algorithm::EdDSA, private: EncodingKey::from_ed_der(der.as_ref()), public }
    }

    /// A key for ES256.
    pub fn es256() -> Self {
        Self::new("es256", Algorithm::ES256)
    }

    /// The same key, for another algorithm.
    pub fn with(self, alg: Algorithm) -> Self {
        Self { alg, ..self }
    }

    /// Its public half, named, and without anything that says what it is for.
    pub fn jwk(&self) -> Value {
        let mut jwk = self.public.clone();
        jwk.as_object_mut().unwrap().retain(|name, _| ["kty", "crv", "x", "y", "n", "e"].contains(&name.as_str()));
        jwk["kid"] = self.kid.clone().into();
        jwk
    }

    /// Signs these claims.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({ "alg": self.alg, "kid": self.kid }), claims)
    }

    /// Signs these claims under this header, whatever it says.
    pub fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let message = message.trim_end_matches('.');
        format!("{message}.{}", crypto::sign(message.as_bytes(), &self.private, self.alg).unwrap())
    }

    /// A good client assertion of `client` for the site. Each is another.
    pub fn assertion(&self, site: &TestSite, client: &Client) -> String {
        self.sign(&assertion_claims(site, client))
    }
}

/// A JWT without a signature.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    format!("{}.{}.", encode(header), encode(claims))
}

/// The claims of a good client assertion.
pub fn assertion_claims(site: &TestSite, client: &Client) -> Value {
    json!({
        "iss": client.id, "sub": client.id, "aud": site.issuer(), "jti": unique("jti"),
        "iat": site.clock.now(), "exp": site.clock.now() + 60,
    })
}

/// A text that nobody used before.
pub fn unique(prefix: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A set of keys.
pub fn jwks(keys: &[&Key]) -> Value {
    json!({ "keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() })
}

impl TestSite {
    /// Registers an application that proves itself with `key`.
    pub async fn keyed_client(&self, key: &Key, metadata: Value) -> Client {
        let mut all = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[key]) });
        all.as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
        if !all["jwks_uri"].is_null() {
            all.as_object_mut().unwrap().remove("jwks");
        }
        self.client_with(all).await
    }

    /// A form with an assertion, to any endpoint.
    pub async fn asserted(&self, path: &str, assertion: &str, pairs: &[(&str, &str)]) -> Reply {
        let mut all = vec![("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)];
        all.extend(pairs);
        self.form(path, &all).await
    }
}
