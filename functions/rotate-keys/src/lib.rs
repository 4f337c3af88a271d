//! Gives a new site its signing keys, and lets them succeed one another. Scheduled; run late, twice at once or cut off
//! anywhere, it leaves exactly one key of each kind that signs, and the next run goes on.

use shared::app::App;
use shared::id::Attempt;
use shared::jose::keys::{self, ALGORITHMS, KeyError, KeySet};
use shared::jose::succession;
use shared::lambda::Error;
use shared::log;
use shared::oauth::lifetimes::KEY_LEAD;

/// Does what there is to do.
///
/// # Errors
/// The table's; a key there that the secret key does not open: then nothing is written; a kind of which there is none: then
/// the others' succession goes on.
pub async fn run(app: App) -> Result<(), Error> {
    let (secret_keys, store) = (&app.config.secret_keys, &app.store);
    let Some(site) = store.find_site().await? else {
        keys::provision(secret_keys, store, &app.clock, &app.entropy).await?;
        log::done();
        tracing::info!("the site has its first keys");
        return Ok(());
    };
    let at_rest = keys::at_rest(secret_keys, &app.clock, &app.entropy);
    // What does not open the present keys must not seal the next.
    KeySet::open(&site.keys, &at_rest)?;
    let now = app.clock.now();
    let mut outcome = Ok(());
    for alg in ALGORITHMS {
        let Some(newest) = succession::newest(&site.keys, alg) else {
            // A site may be older than the kind; then that begins as every other key does.
            let first = keys::generate(alg, &at_rest, now + KEY_LEAD)?;
            if store.introduce_key(&first, Attempt::new(&app.entropy)).await? {
                log::done();
                tracing::info!(kid = first.kid, "the first key of its kind is published");
            } else {
                outcome = Err(KeyError::Missing(alg).into());
            }
            continue;
        };
        if let Some(signs_from) = succession::successor_signs_from(newest, now) {
            let next = keys::generate(alg, &at_rest, signs_from)?;
            if store.succeed_key(newest, &next, Attempt::new(&app.entropy)).await? {
                log::done();
                tracing::info!(kid = newest.kid, successor = next.kid, %signs_from, "the next key is published");
            }
        }
    }
    for key in succession::retired(&site.keys, now) {
        store.retire_key(&key.kid).await?;
        log::done();
        tracing::info!(kid = key.kid, "the key is retired");
    }
    outcome
}
