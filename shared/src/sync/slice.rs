//! One run for one user, as far as it gets.

use secrecy::SecretString;

use super::budget::Budget;
use super::{Stop, pull, push};
use crate::app::App;
use crate::bangumi::BangumiError;
use crate::clock::{Millis, Time};
use crate::collection::sync::{Attention, Place, SyncState, scattered};
use crate::http::links::{self, TokenError};
use crate::id::{Attempt, LeaseId, UserId};
use crate::log;
use crate::store::StoreError;
use crate::store::sync::Next;
use crate::upstream::ProviderId;

/// Seconds until a run goes on that Bangumi may not be asked for at present.
const REFILL: i64 = 40;

/// After how many questions to Bangumi the place is saved: about as many are asked again by the run after one that dies.
const QUESTIONS: u32 = 5;

/// A run in progress.
pub(super) struct Slice<'a> {
    pub(super) app: &'a App,
    pub(super) user: UserId,
    pub(super) state: SyncState,
    pub(super) token: SecretString,
    budget: &'a Budget,
    lease: LeaseId,
    ends_at: Time,
    /// How many questions were asked since the place was saved.
    asked: u32,
}

/// Runs for `user` if they are due and nobody else does, until it is through or `ends_at`. False where there was nothing to
/// do.
///
/// # Errors
/// The table's. The run goes on once the lease is over.
pub async fn run(app: &App, user: UserId, budget: &Budget, ends_at: Time) -> Result<bool, StoreError> {
    let (lease, began_at) = (LeaseId::new(&app.entropy), app.clock.now_millis());
    let leased = app.store.lease_sync(user, lease, began_at.time(), Attempt::new(&app.entropy)).await?;
    let Some(mut state) = leased else { return Ok(false) };
    log::user(user);
    let outcome = work(app, &mut state, budget, lease, ends_at).await;
    let Some(next) = next(app, &mut state, outcome)? else { return Ok(true) };
    let [chance] = app.entropy.bytes::<1>();
    let at = (app.clock.now(), chance);
    app.store.release_sync(&state, lease, began_at, next, at, Attempt::new(&app.entropy)).await?;
    Ok(true)
}

async fn work(app: &App, state: &mut SyncState, budget: &Budget, lease: LeaseId, ends_at: Time) -> Result<(), Stop> {
    let user = state.user_id;
    if !state.settings.direction.pulls() && !state.settings.direction.pushes() {
        return Err(Stop::NotLinked);
    }
    let bangumi = ProviderId::bangumi();
    let link = app.store.find_link(user, &bangumi).await?.ok_or(Stop::NotLinked)?;
    state.progress.begin(link.subject.as_str(), link.linked_at, state.settings, app.clock.now());
    let token = links::access_token(app, user, &bangumi).await?;
    let mut slice = Slice { app, user, state: state.clone(), token, budget, lease, ends_at, asked: 0 };
    let mut outcome = slice.go_on().await;
    if matches!(outcome, Err(Stop::Unauthorized)) {
        // It may have been taken back there, or another one given meanwhile.
        outcome = match slice.renew().await {
            Ok(()) => slice.go_on().await,
            Err(stop) => Err(stop),
        };
    }
    *state = slice.state;
    outcome
}

/// What becomes of the user after a run; `None` where they are another's by now, or the table fails.
fn next(app: &App, state: &mut SyncState, outcome: Result<(), Stop>) -> Result<Option<Next>, StoreError> {
    let now = app.clock.now();
    let [chance] = app.entropy.bytes::<1>();
    Ok(Some(match outcome {
        Ok(()) => {
            state.progress.end(now);
            let counts = state.progress.last;
            log::done();
            tracing::info!(
                user = %state.user_id,
                pulled = counts.pulled,
                pushed = counts.pushed,
                asked = counts.asked,
                refused = counts.refused,
                "a collection is in step"
            );
            Next::Done
        }
        Err(Stop::Time) => Next::At(now),
        Err(Stop::Budget) => Next::At(now + scattered(REFILL, chance)),
        Err(Stop::Setback(setback)) => Next::At(state.progress.set_back(setback, now, chance)),
        Err(Stop::Broken | Stop::Unauthorized) => Next::Never(Some(Attention::BindAgain)),
        Err(Stop::NotLinked) => Next::Never(None),
        Err(Stop::Lost) => return Ok(None),
        Err(Stop::Store(error)) => return Err(error),
    }))
}

impl Slice<'_> {
    /// From place to place, until it is through.
    async fn go_on(&mut self) -> Result<(), Stop> {
        loop {
            match self.state.progress.place {
                Place::Idle => return Ok(()),
                Place::Pull { offset, top } => pull::changed(self, offset, top).await?,
                Place::Full { offset, top, pass } => pull::all(self, offset, top, pass).await?,
                Place::Missing { pass, after } => pull::missing(self, pass, after).await?,
                Place::Send { after } => push::next(self, after).await?,
            }
            self.keep_place().await?;
        }
    }

    /// Saves the place, if much was asked since it was saved.
    pub(super) async fn keep_place(&mut self) -> Result<(), Stop> {
        if self.asked < QUESTIONS {
            return Ok(());
        }
        self.asked = 0;
        let (store, progress) = (&self.app.store, &self.state.progress);
        let ours = store.save_sync(self.user, self.lease, progress, Attempt::new(&self.app.entropy)).await?;
        if ours { Ok(()) } else { Err(Stop::Lost) }
    }

    /// Before each request: there is time for it, and it may be made.
    pub(super) async fn admit(&mut self) -> Result<(), Stop> {
        self.in_time()?;
        self.budget.take(self.app).await?;
        self.asked += 1;
        Ok(())
    }

    fn in_time(&self) -> Result<(), Stop> {
        if self.app.clock.now() < self.ends_at { Ok(()) } else { Err(Stop::Time) }
    }

    pub(super) fn now(&self) -> Millis {
        self.app.clock.now_millis()
    }

    /// The name there; another by now, if it is asked for `anew`.
    pub(super) async fn username(&mut self, anew: bool) -> Result<String, Stop> {
        if let Some(known) = self.state.progress.username.as_ref().filter(|_| !anew) {
            return Ok(known.clone());
        }
        self.admit().await?;
        let me = self.app.bangumi.me(self.app, &self.token).await?;
        self.state.progress.username = Some(me.username.clone());
        Ok(me.username)
    }

    async fn renew(&mut self) -> Result<(), Stop> {
        let bangumi = ProviderId::bangumi();
        let link = self.app.store.find_link(self.user, &bangumi).await?.ok_or(Stop::NotLinked)?;
        let renewed = links::renew(self.app, &link).await;
        self.token = match renewed {
            Ok(tokens) => tokens.access_token,
            // Somebody else is renewing it, or has: theirs will do.
            Err(TokenError::Unavailable) => links::access_token(self.app, self.user, &bangumi).await?,
            Err(error) => return Err(error.into()),
        };
        Ok(())
    }
}

/// An answer that says that there is nothing there is one.
pub(super) fn there<T>(answer: Result<T, BangumiError>) -> Result<Result<T, BangumiError>, Stop> {
    match answer {
        Err(error @ (BangumiError::NotCollected | BangumiError::NotFound | BangumiError::Refused)) => Ok(Err(error)),
        answer => Ok(Ok(answer?)),
    }
}
