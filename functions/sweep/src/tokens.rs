//! Tokens of accounts elsewhere that are about to expire: renewed in time, so that whoever needs one finds it valid, and a
//! binding that nobody uses does not die.

use std::collections::HashMap;

use shared::app::App;
use shared::clock::Time;
use shared::http::links::{self, TokenError};
use shared::log;
use shared::oauth::lifetimes::TOKENS_AHEAD;
use shared::store::StoreError;
use shared::store::keys::TOKEN_SHARDS;
use shared::store::tokens::Due;
use shared::upstream::ProviderId;
use tokio::task::JoinSet;

/// How many are read at once. The shards go side by side, each page after page.
const PAGE: usize = 50;

/// Seconds after the run began in which another renewal may begin. One takes up to five seconds at the provider and a few
/// at the table, and a run that Lambda ends between the two loses a binding: it has 60.
const BUDGET: i64 = 40;

/// After so many outages in a row a provider is left alone for the rest of the run.
const OUTAGES: u8 = 3;

/// … and after so many links in a row that can't be renewed as things are: each is a request, and a provider may be
/// answering nonsense to everybody. They are put off, so that the next run goes on where this one ended.
const STUCK: u8 = 20;

/// Renews what is due, in a run that began at `began`.
pub(crate) async fn renew(app: &App, began: Time) -> Result<(), StoreError> {
    if !app.upstream.list().any(|provider| provider.keeps_tokens()) {
        return Ok(());
    }
    let (until, ends_at) = (app.clock.now() + TOKENS_AHEAD, began + BUDGET);
    let mut shards: Vec<_> = (0..TOKEN_SHARDS).map(Shard::new).collect();
    // What one shard's failure leaves, the next run finds.
    let mut outcome = Ok(());
    while !shards.is_empty() {
        let mut pages = Vec::new();
        for mut shard in std::mem::take(&mut shards) {
            match shard.next_page(app, until).await {
                Ok(page) if page.is_empty() => {}
                Ok(page) => pages.push((shard, page)),
                // What was read is worked on, and the rest is not asked for: the table has enough to do.
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        let mut working = JoinSet::new();
        for (mut shard, page) in pages {
            let app = app.clone();
            working.spawn(async move { (shard.renew(&app, &page, until, ends_at).await, shard) });
        }
        // All are waited for: none is cut off while it holds a provider's answer.
        for (ended, mut shard) in working.join_all().await {
            // The line in the log is this task's.
            (0..std::mem::take(&mut shard.renewed)).for_each(|_| log::done());
            match ended {
                Ok(true) => shards.push(shard),
                Ok(false) => {}
                Err(error) => outcome = Err(error),
            }
        }
    }
    outcome
}

/// One of those that the tokens are spread over, and how far the run has come in it.
struct Shard {
    number: u8,
    last: Option<Due>,
    failures: Failures,
    renewed: usize,
}

impl Shard {
    fn new(number: u8) -> Self {
        Self { number, last: None, failures: Failures::default(), renewed: 0 }
    }

    async fn next_page(&mut self, app: &App, until: Time) -> Result<Vec<Due>, StoreError> {
        let page = app.store.list_tokens(self.number, Some(until), self.last.as_ref(), PAGE).await?;
        self.last = page.last().cloned();
        Ok(page)
    }

    /// Renews what is on a page. Whether there may be another.
    async fn renew(&mut self, app: &App, page: &[Due], until: Time, ends_at: Time) -> Result<bool, StoreError> {
        let due: Vec<_> = page.iter().filter(|due| !self.failures.are_enough(&due.provider)).cloned().collect();
        for link in app.store.find_links(&due).await? {
            if app.clock.now() >= ends_at {
                return Ok(false);
            }
            // The index may be behind: the links themselves say whether there is still something to do.
            if link.due_at() > until || self.failures.are_enough(&link.provider) {
                continue;
            }
            match links::renew(app, &link).await {
                Ok(_) => {
                    self.renewed += 1;
                    self.failures.forget(&link.provider);
                }
                Err(TokenError::Unavailable) => self.failures.of(&link.provider).outages += 1,
                Err(TokenError::Stuck) => self.failures.of(&link.provider).stuck += 1,
                Err(TokenError::Broken | TokenError::NotLinked) => {}
                Err(TokenError::Store(error)) => return Err(error),
            }
        }
        Ok(page.len() == PAGE)
    }
}

/// What did not work, provider by provider.
#[derive(Default)]
struct Failures(HashMap<ProviderId, InARow>);

#[derive(Default)]
struct InARow {
    outages: u8,
    stuck: u8,
}

impl Failures {
    fn of(&mut self, provider: &ProviderId) -> &mut InARow {
        self.0.entry(provider.clone()).or_default()
    }

    fn forget(&mut self, provider: &ProviderId) {
        self.0.remove(provider);
    }

    fn are_enough(&self, provider: &ProviderId) -> bool {
        self.0.get(provider).is_some_and(|in_a_row| in_a_row.outages >= OUTAGES || in_a_row.stuck >= STUCK)
    }
}
