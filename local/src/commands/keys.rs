//! Commands about the signing keys, the secret key and the epoch.

use secrecy::SecretString;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::entropy::Entropy;
use shared::id::Attempt;
use shared::jose::{keys, succession};
use shared::oauth::lifetimes::{SITE_CACHE, longest_sealed};
use shared::seal::Sealer;
use shared::store::keys::TOKEN_SHARDS;
use shared::store::signing_keys::StoredKey;
use shared::store::{Store, StoreError};

use super::{CommandError, busy};

/// What an operator should know who thinks of dropping the old secret key at once.
const IF_DROPPED_EARLIER: &str = "everybody is signed out at once: sessions, codes, access and refresh tokens that the \
    old secret key made are refused, and nobody's browser is known any more; accounts, consents and collections stay";

pub(super) async fn epoch_raise(store: &Store, clock: &Clock, entropy: &Entropy) -> Result<Value, CommandError> {
    for _ in 0..5 {
        let (site, now) = (store.find_site().await?.ok_or(StoreError::NoSite)?, clock.now());
        // Not merely the next one: the table may have had that before it was restored.
        let next = u64::try_from(now.0).unwrap_or_default().max(site.epoch.saturating_add(1));
        if store.raise_epoch(site.epoch, next, Attempt::new(entropy)).await? {
            let noticed = (now + SITE_CACHE).to_string();
            return Ok(json!({ "old_epoch": site.epoch, "epoch": next, "noticed_everywhere_at": noticed }));
        }
    }
    Err(busy())
}

/// Seals anew what is sealed at rest. Every pass leaves less to do, and a pass that finds nothing ends it, so that two at
/// once, or one after another that was cut off, only do what is left.
pub(super) async fn reseal(
    store: &Store,
    secret_keys: &[SecretString],
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Value, CommandError> {
    let at_rest = keys::at_rest(secret_keys, clock, entropy);
    let mut resealed = 0;
    for _ in 0..5 {
        let site = store.find_site().await?.ok_or(StoreError::NoSite)?;
        let mut left = Vec::new();
        for key in &site.keys {
            left.extend(keys::reseal(key, &at_rest)?.map(|sealed| (key, sealed)));
        }
        if left.is_empty() {
            return Ok(json!({
                "upstream_tokens": reseal_tokens(store, &at_rest, entropy).await?,
                "signing_keys": { "resealed": resealed, "already_right": site.keys.len().saturating_sub(resealed) },
                "old_secret_needed_until": (clock.now() + longest_sealed()).to_string(),
                "if_dropped_earlier": IF_DROPPED_EARLIER,
            }));
        }
        for (key, sealed) in left {
            resealed += usize::from(store.reseal_key(key, &sealed, Attempt::new(entropy)).await?);
        }
    }
    Err(busy())
}

/// Seals anew the tokens of accounts elsewhere, in the same way. Those that don't open are counted: their owners have to
/// bind the accounts again.
async fn reseal_tokens(store: &Store, at_rest: &Sealer, entropy: &Entropy) -> Result<Value, CommandError> {
    let mut resealed = 0;
    for _ in 0..5 {
        let (mut left, mut right, mut unreadable) = (0, 0, 0);
        for shard in 0..TOKEN_SHARDS {
            for due in store.list_tokens(shard, None, None, usize::MAX).await?.chunks(100) {
                for link in store.find_links(due).await? {
                    match link.resealed(at_rest) {
                        Ok(None) => right += 1,
                        Ok(Some(sealed)) => {
                            left += 1;
                            resealed += usize::from(store.reseal_tokens(&link, &sealed, Attempt::new(entropy)).await?);
                        }
                        Err(_) => unreadable += 1,
                    }
                }
            }
        }
        if left == 0 {
            return Ok(json!({
                "resealed": resealed, "already_right": usize::saturating_sub(right, resealed), "unreadable": unreadable,
            }));
        }
    }
    Err(busy())
}

/// Removes a key at once, and puts another in its place where it signs, or is the next to.
pub(super) async fn replace(
    store: &Store,
    kid: &str,
    secret_keys: &[SecretString],
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Value, CommandError> {
    let unknown = || CommandError::Refused(format!("no signing key has the name {kid}"));
    let at_rest = keys::at_rest(secret_keys, clock, entropy);
    for _ in 0..5 {
        let (site, now) = (store.find_site().await?.ok_or(StoreError::NoSite)?, clock.now());
        // What does not open the present keys must not seal the next.
        keys::KeySet::open(&site.keys, &at_rest)?;
        let key = site.keys.iter().find(|key| key.kid == kid).ok_or_else(unknown)?;
        let next = match succession::replacement_signs_from(&site.keys, key, now) {
            Some(signs_from) => {
                let successor = key.successor.clone();
                Some(StoredKey { successor, ..keys::generate(key.alg, &at_rest, signs_from)? })
            }
            None => None,
        };
        if store.replace_key(key, next.as_ref(), Attempt::new(entropy)).await? {
            let noticed = (now + SITE_CACHE).to_string();
            let next = next.map(|next| next.kid);
            return Ok(json!({ "removed": kid, "replaced_by": next, "noticed_everywhere_at": noticed }));
        }
    }
    Err(busy())
}
