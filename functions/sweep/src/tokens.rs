//! Tokens of accounts elsewhere that are about to expire: renewed in time, so that whoever needs one finds it valid, and a
//! binding that nobody uses does not die.

use std::collections::HashMap;

use shared::app::App;
use shared::http::links::{self, TokenError};
use shared::log;
use shared::oauth::lifetimes::TOKENS_AHEAD;
use shared::store::StoreError;
use shared::store::keys::TOKEN_SHARDS;
use shared::store::tokens::Due;
use shared::upstream::ProviderId;
use tokio::task::JoinSet;

/// How many of each shard one run takes on. The shards go side by side.
const LINKS: usize = 50;

/// After so many failures a provider is left alone for the rest of the run: it has an outage.
const FAILURES: u8 = 3;

pub(crate) async fn renew(app: &App) -> Result<(), StoreError> {
    if !app.upstream.list().any(|provider| provider.keeps_tokens()) {
        return Ok(());
    }
    let until = app.clock.now() + TOKENS_AHEAD;
    let mut shards = JoinSet::new();
    for shard in 0..TOKEN_SHARDS {
        let due = app.store.list_tokens(shard, Some(until), LINKS).await?;
        if !due.is_empty() {
            let app = app.clone();
            shards.spawn(async move { renew_all(&app, &due).await });
        }
    }
    // What one shard's failure leaves, the next run finds.
    shards.join_all().await.into_iter().collect()
}

async fn renew_all(app: &App, due: &[Due]) -> Result<(), StoreError> {
    let mut failures: HashMap<ProviderId, u8> = HashMap::new();
    // The index may be behind: the links themselves say whether there is still something to do.
    let until = app.clock.now() + TOKENS_AHEAD;
    for link in app.store.find_links(due).await? {
        let expires = link.tokens_expire_at.is_some_and(|expires_at| expires_at <= until);
        let failed = failures.entry(link.provider.clone()).or_default();
        if !expires || *failed >= FAILURES {
            continue;
        }
        match links::renew(app, &link).await {
            Ok(_) => {
                log::done();
                *failed = 0;
            }
            Err(TokenError::Unavailable) => *failed += 1,
            Err(TokenError::Broken | TokenError::NotLinked) => {}
            Err(TokenError::Store(error)) => return Err(error),
        }
    }
    Ok(())
}
