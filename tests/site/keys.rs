//! The site's signing keys: made once, succeeding one another, sealed anew; and the site's epoch.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod epoch;
mod faults;
mod provisioning;
mod races;
mod replacement;
mod rotation;
mod secrets;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use local::site::{Options, Site, StartError, Storage};
use shared::jose::keys::ALGORITHMS;
use shared::lambda::Error;
use shared::store::keys;
use shared::store::signing_keys::StoredKey;
use tests::{Reply, TestSite, Value};

/// Runs `rotate-keys` as its schedule does.
async fn rotate(site: &TestSite) -> Result<(), Error> {
    site.site.run_scheduled("rotate-keys").await
}

/// A process more of the same site, on the same table: one that was just started, or is configured otherwise.
async fn another(site: &TestSite, secret_keys: &[&str]) -> Result<Site, StartError> {
    let secret_keys = match secret_keys {
        [] => site.site.app().config.secret_keys.clone(),
        given => given.iter().map(|key| (*key).into()).collect(),
    };
    let storage = Storage::Endpoint { url: site.proxy.url.clone(), secret_keys };
    let issuer = Some(site.issuer().to_owned());
    Site::start(Options { issuer, clock: site.clock.clone(), ..Options::new(storage) }).await
}

/// The signing keys as the table has them.
async fn stored(site: &TestSite) -> Vec<StoredKey> {
    site.site.app().store.find_site().await.unwrap().unwrap().keys
}

/// A table that was just created.
async fn empty(site: &TestSite) {
    let store = &site.site.app().store;
    for key in stored(site).await {
        store.delete(&keys::signing_key(&key.kid), None).await.unwrap();
    }
    store.delete(&keys::salt(), None).await.unwrap();
    store.delete(&keys::site_epoch(), None).await.unwrap();
}

/// How many kinds of keys there are.
const KINDS: usize = ALGORITHMS.len();

fn of(keys: &[StoredKey], alg: Algorithm) -> Vec<&StoredKey> {
    keys.iter().filter(|key| key.alg == alg).collect()
}

/// Of each kind there are `count` keys, of which one has no successor, and one signs.
async fn assert_in_line(site: &TestSite, count: usize, case: &str) {
    let keys = stored(site).await;
    let fresh = another(site, &[]).await.unwrap();
    let opened = fresh.app().site().await.unwrap();
    for alg in ALGORITHMS {
        let line = of(&keys, alg);
        assert_eq!(line.len(), count, "{case}: {keys:?}");
        let last: Vec<_> = line.iter().filter(|key| key.successor.is_none()).collect();
        assert_eq!(last.len(), 1, "{case}: {keys:?}");
        for key in &line {
            let successor = key.successor.as_ref();
            assert!(successor.is_none_or(|kid| line.iter().any(|key| key.kid == *kid)), "{case}: {keys:?}");
        }
        assert!(opened.keys.signer(alg, site.clock.now()).is_some(), "{case}: {keys:?}");
    }
}

async fn jwks_at(site: &TestSite, port: u16) -> JwkSet {
    let reply = site.send(site.http.get(format!("http://localhost:{port}/oauth2/jwks")), None).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    serde_json::from_str(&reply.body).unwrap()
}

async fn jwks(site: &TestSite) -> JwkSet {
    jwks_at(site, site.site.port()).await
}

fn kids(jwks: &JwkSet) -> Vec<String> {
    jwks.keys.iter().map(|key| key.common.key_id.clone().unwrap()).collect()
}

fn kid(token: &str) -> String {
    decode_header(token).unwrap().kid.unwrap()
}

/// Whether a relying party that has these keys takes the token for signed by us.
fn verifies(jwks: &JwkSet, token: &str) -> bool {
    let header = decode_header(token).unwrap();
    let Some(jwk) = jwks.find(header.kid.as_deref().unwrap()) else { return false };
    let mut validation = Validation::new(header.alg);
    (validation.validate_exp, validation.validate_aud) = (false, false);
    decode::<Value>(token, &DecodingKey::from_jwk(jwk).unwrap(), &validation).is_ok()
}

fn assert_refused(reply: &Reply, status: u16, error: &str) {
    assert_eq!((reply.status, reply.error().as_str()), (status, error), "{}", reply.body);
}
