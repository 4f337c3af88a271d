//! Keeps the collections of those who are due in step with Bangumi, many at once, within what Bangumi bears. Scheduled; cut
//! off anywhere, a later run goes on.

use std::collections::HashSet;
use std::sync::Arc;

use shared::app::App;
use shared::id::UserId;
use shared::lambda::Error;
use shared::store::{Store, StoreError};
use shared::sync::Budget;
use tokio::task::JoinSet;

/// How many are read from each shard at once.
const PAGE: usize = 25;

/// How many are worked on at once. What they wait for is Bangumi.
const AT_ONCE: usize = 16;

/// Seconds after the run began in which another request may begin: it has 300, and one entry takes a few calls.
const TIME: i64 = 240;

/// Does what there is to do.
///
/// # Errors
/// The table's: whoever was being worked on comes again when their lease is over.
pub async fn run(app: App) -> Result<(), Error> {
    let ends_at = app.clock.now() + TIME;
    let budget = Arc::new(Budget::default());
    let (mut outcome, mut known) = (Ok(()), HashSet::new());
    loop {
        let due = due(&app, &mut known).await?;
        if due.is_empty() {
            break;
        }
        let mut working = JoinSet::new();
        for user in due {
            if working.len() >= AT_ONCE
                && let Some(ended) = working.join_next().await
            {
                outcome = outcome.and(ended?);
            }
            // Whoever begins without being able to ask anything costs the table as much as one who can.
            if budget.is_out() || app.clock.now() >= ends_at {
                break;
            }
            let (app, budget) = (app.clone(), Arc::clone(&budget));
            working.spawn(async move { shared::sync::run(&app, user, &budget, ends_at).await.map(drop) });
        }
        for ended in working.join_all().await {
            outcome = outcome.and(ended);
        }
        if outcome.is_err() || budget.is_out() || app.clock.now() >= ends_at {
            break;
        }
    }
    Ok(outcome?)
}

/// Who is due and was not worked on in this run.
async fn due(app: &App, known: &mut HashSet<UserId>) -> Result<Vec<UserId>, StoreError> {
    let now = app.clock.now();
    let mut due = Vec::new();
    for shard in Store::sync_shards() {
        for user in app.store.list_due_syncs(shard, now, PAGE).await? {
            if known.insert(user) {
                due.push(user);
            }
        }
    }
    Ok(due)
}
