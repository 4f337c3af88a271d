//! The site's signing keys: made, sealed at rest, published.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde::{Deserialize, Serialize};

use crate::clock::{Clock, Time};
use crate::entropy::Entropy;
use crate::id::Attempt;
use crate::seal::{Sealable, Sealer};
use crate::store::signing_keys::{StoredKey, StoredSite};
use crate::store::transaction::Transacted;
use crate::store::{Store, StoreError};

/// What the site signs with: ID tokens and userinfo as each client chooses, everything else ES256.
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];

/// Keys could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// aws-lc refused to make one.
    #[error("a signing key could not be made")]
    Generation,
    /// The table has none for this algorithm, which no run of ours leaves behind.
    #[error("the table has no {0:?} key left: somebody has removed it")]
    Missing(Algorithm),
    /// The table has one that no configured secret key opens, or that does not parse.
    #[error("signing key {0} can't be read: is SECRET_KEY the one that it was sealed with?")]
    Unreadable(String),
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A key that signs, and whose public half is published.
pub struct SigningKey {
    /// Its name.
    pub kid: String,
    /// What it signs with.
    pub alg: Algorithm,
    /// The public half.
    pub decoding: DecodingKey,
    /// PKCS #1 for RSA, PKCS #8 for EC.
    der: SecretSlice<u8>,
    private: OnceLock<Option<PrivateKey>>,
    jwk: Jwk,
    signs_from: Time,
}

/// A private key, parsed once and for all, and not before something is to be signed: a cold start has no time for RSA
/// keys, of which most functions need the public halves alone. jsonwebtoken parses one at every signature, which for RSA also throws away
/// what aws-lc works out at a key's first use: 3.9 ms instead of 0.5 ms.
enum PrivateKey {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
    Ed(Box<Ed25519KeyPair>),
}

impl SigningKey {
    /// Signs `claims` as a JWT of type `typ` in the compact form (RFC 7515 §7.1), naming this key. `None` only where
    /// the claims can't be written as JSON, or aws-lc fails.
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Option<String> {
        let header = Header { typ: Some(typ.to_owned()), kid: Some(self.kid.clone()), ..Header::new(self.alg) };
        let encode = |json: Vec<u8>| BASE64URL_NOPAD.encode(&json);
        let header = encode(serde_json::to_vec(&header).ok()?);
        let message = format!("{header}.{}", encode(serde_json::to_vec(claims).ok()?));
        let random = SystemRandom::new();
        let signature = match self.private.get_or_init(|| self.parse()).as_ref()? {
            PrivateKey::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).ok()?;
                BASE64URL_NOPAD.encode(&signature)
            }
            PrivateKey::Ec(pair) => BASE64URL_NOPAD.encode(pair.sign(&random, message.as_bytes()).ok()?.as_ref()),
            PrivateKey::Ed(pair) => BASE64URL_NOPAD.encode(pair.sign(message.as_bytes()).as_ref()),
        };
        Some(format!("{message}.{signature}"))
    }

    fn parse(&self) -> Option<PrivateKey> {
        let der = self.der.expose_secret();
        Some(match self.alg {
            Algorithm::RS256 => PrivateKey::Rsa(Box::new(RsaKeyPair::from_der(der).ok()?)),
            Algorithm::EdDSA => PrivateKey::Ed(Box::new(Ed25519KeyPair::from_pkcs8(der).ok()?)),
            _ => PrivateKey::Ec(Box::new(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).ok()?)),
        })
    }
}

/// The published keys. Cheap to clone.
#[derive(Clone)]
pub struct KeySet(Arc<Vec<SigningKey>>);

impl KeySet {
    /// Opens the stored keys.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`].
    pub fn open(stored: &[StoredKey], at_rest: &Sealer) -> Result<Self, KeyError> {
        let keys: Result<_, _> = stored.iter().map(|key| open(key, at_rest)).collect();
        Ok(Self(Arc::new(keys?)))
    }

    /// The newest key for `alg` that signs already: the same one for everybody who has read the same keys.
    pub fn signer(&self, alg: Algorithm, now: Time) -> Option<&SigningKey> {
        let signing = self.0.iter().filter(|key| key.alg == alg && key.signs_from <= now);
        signing.max_by(|a, b| (a.signs_from, &a.kid).cmp(&(b.signs_from, &b.kid)))
    }

    /// The published key of that name.
    pub fn find(&self, kid: &str) -> Option<&SigningKey> {
        self.0.iter().find(|key| key.kid == kid)
    }

    /// The public halves (RFC 7517 §5), RSA first.
    pub fn jwks(&self) -> JwkSet {
        let mut keys: Vec<_> = self.0.iter().collect();
        let place = |alg| ALGORITHMS.iter().position(|known| *known == alg);
        keys.sort_by_key(|key| (place(key.alg), std::cmp::Reverse(key.signs_from)));
        JwkSet { keys: keys.into_iter().map(|key| key.jwk.clone()).collect() }
    }
}

/// A key at rest: its DER in base64url, and its public half, which would take the private one to be parsed. Being sealed,
/// that one too is as it was made.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum AtRest {
    Pair { private: String, public: Box<Jwk> },
    // As it was kept at first.
    Private(String),
}

impl Sealable for AtRest {
    const PURPOSE: &'static str = "signing key at rest";
}

/// What is kept at rest is sealed outside any epoch and issuer: neither raising the epoch nor moving the site to
/// another address (or port) must cost it its keys.
pub fn at_rest(secret_keys: &[SecretString], clock: &Clock, entropy: &Entropy) -> Sealer {
    Sealer::new(secret_keys, "at rest", 0, clock.clone(), entropy.clone())
}

/// The same private key, sealed under the first secret key. `None` where it is already.
///
/// # Errors
/// [`KeyError::Unreadable`].
pub fn reseal(stored: &StoredKey, at_rest: &Sealer) -> Result<Option<String>, KeyError> {
    at_rest.reseal::<AtRest>(&stored.sealed, b"").map_err(|_| KeyError::Unreadable(stored.kid.clone()))
}

/// Gives a new site its keys, salt and epoch. Of several processes that do so at once, one wins: what is returned is
/// what the table has.
///
/// # Errors
/// [`KeyError`].
pub async fn provision(
    secret_keys: &[SecretString],
    store: &Store,
    clock: &Clock,
    entropy: &Entropy,
) -> Result<StoredSite, KeyError> {
    let site = generate_site(secret_keys, clock, entropy)?;
    match store.create_site(&site, Attempt::new(entropy)).await? {
        Transacted::Done => Ok(site),
        Transacted::Lost(_) => Ok(store.find_site().await?.unwrap_or(site)),
    }
}

/// Fresh keys and salt, and the first epoch.
///
/// # Errors
/// [`KeyError::Generation`].
pub fn generate_site(secret_keys: &[SecretString], clock: &Clock, entropy: &Entropy) -> Result<StoredSite, KeyError> {
    let sealer = at_rest(secret_keys, clock, entropy);
    let now = clock.now();
    let keys: Result<_, _> = ALGORITHMS.into_iter().map(|alg| generate(alg, &sealer, now)).collect();
    Ok(StoredSite { keys: keys?, salt: HEXLOWER.encode(&entropy.bytes::<32>()), epoch: 1 })
}

/// A fresh key.
///
/// # Errors
/// [`KeyError::Generation`].
pub fn generate(alg: Algorithm, at_rest: &Sealer, signs_from: Time) -> Result<StoredKey, KeyError> {
    let encoding = match alg {
        Algorithm::RS256 => {
            let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generation)?;
            let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyError::Generation)?;
            let base64 = BASE64.encode(pkcs8.as_ref());
            let pem = format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n");
            EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| KeyError::Generation)?
        }
        Algorithm::EdDSA => {
            let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Generation)?;
            // Version 1: without the public key, which jsonwebtoken counts on.
            let pkcs8 = pair.to_pkcs8v1().map_err(|_| KeyError::Generation)?;
            EncodingKey::from_ed_der(pkcs8.as_ref())
        }
        _ => {
            let random = SystemRandom::new();
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
            EncodingKey::from_ec_der(pkcs8.map_err(|_| KeyError::Generation)?.as_ref())
        }
    };
    let jwk = Jwk::from_encoding_key(&encoding, alg).map_err(|_| KeyError::Generation)?;
    let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| KeyError::Generation)?;
    // The first half of the RFC 7638 thumbprint: unique, and short in every token.
    let kid = thumbprint.chars().take(22).collect();
    let private = BASE64URL_NOPAD.encode(encoding.as_bytes());
    let sealed = at_rest.seal(&AtRest::Pair { private, public: Box::new(jwk) }, i64::MAX, b"");
    Ok(StoredKey { kid, alg, sealed, signs_from, successor: None })
}

fn open(stored: &StoredKey, at_rest: &Sealer) -> Result<SigningKey, KeyError> {
    let unreadable = || KeyError::Unreadable(stored.kid.clone());
    let (text, public) = match at_rest.open(&stored.sealed, b"").map_err(|_| unreadable())? {
        AtRest::Pair { private, public } => (private, Some(*public)),
        AtRest::Private(private) => (private, None),
    };
    let der = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| unreadable())?;
    let encoding = || match stored.alg {
        Algorithm::RS256 => EncodingKey::from_rsa_der(&der),
        Algorithm::EdDSA => EncodingKey::from_ed_der(&der),
        _ => EncodingKey::from_ec_der(&der),
    };
    let public = public.map_or_else(|| Jwk::from_encoding_key(&encoding(), stored.alg), Ok);
    let mut jwk = public.map_err(|_| unreadable())?;
    jwk.common.key_id = Some(stored.kid.clone());
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    let decoding = DecodingKey::from_jwk(&jwk).map_err(|_| unreadable())?;
    Ok(SigningKey {
        kid: stored.kid.clone(),
        alg: stored.alg,
        decoding,
        der: der.into(),
        private: OnceLock::new(),
        jwk,
        signs_from: stored.signs_from,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::Millis;

    #[test]
    fn a_key_kept_without_its_public_half_is_the_same_key() {
        let (clock, entropy) = (Clock::manual(Millis(0)), Entropy::seeded(1));
        let at_rest = at_rest(&["0123456789abcdef0123456789abcdef".into()], &clock, &entropy);
        for alg in ALGORITHMS {
            let stored = generate(alg, &at_rest, Time(0)).unwrap();
            let AtRest::Pair { private, .. } = at_rest.open(&stored.sealed, b"").unwrap() else { panic!("{alg:?}") };
            let sealed = at_rest.seal(&AtRest::Private(private), i64::MAX, b"");
            let [first, later] =
                [StoredKey { sealed, ..stored.clone() }, stored].map(|stored| open(&stored, &at_rest).unwrap());
            assert_eq!(first.jwk, later.jwk);
            assert!(first.private.get().is_none(), "nothing was to be signed yet");
            let token = first.sign("JWT", &json!({ "sub": "x" })).unwrap();
            let mut validation = jsonwebtoken::Validation::new(alg);
            validation.required_spec_claims.clear();
            assert!(jsonwebtoken::decode::<serde_json::Value>(token, &later.decoding, &validation).is_ok());
        }
    }
}
