//! The synchronisation with Bangumi, as its user sees it.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use shared::account::FieldError;
use shared::app::App;
use shared::clock::Time;
use shared::collection::merge::Choice;
use shared::collection::sync::{Attention, Counts, Place, Setback, SyncState};
use shared::collection::{Asked, Entry, Field, Settings, reconcile};
use shared::http::bearer::Caller;
use shared::http::{Incoming, Problem, Segment};
use shared::id::{Attempt, UserId};
use shared::oauth::ScopeToken;
use shared::store::StoreError;
use shared::store::links::Link;
use shared::store::rates::Counter;
use shared::sync::{Planned, Stop, preview};
use shared::upstream::ProviderId;

use crate::entry;

/// How many conflicts are counted, or listed at once.
const CONFLICTS: usize = 100;

/// How many previews a user may have in a window of time: each is several questions to Bangumi.
const PREVIEWS: u64 = 30;

/// A write that comes second is made again of what came first.
const TRIES: usize = 8;

/// Writes an entry, if `kept` is still what is there; and as Bangumi is to know of it soon, where the user wants that, says so
/// meanwhile: a run begins after half a minute, when it is written. In any case it goes with the next one.
pub(crate) async fn put(app: &App, user: UserId, entry: &Entry, kept: Option<&Entry>) -> Result<bool, StoreError> {
    let written = app.store.put_entry(user, entry, kept, Attempt::new(&app.entropy));
    let (written, ()) = tokio::join!(written, nudge(app, user));
    written
}

/// Bangumi is to know soon of what changed here, where the user wants that.
pub(crate) async fn nudge(app: &App, user: UserId) {
    if let Err(error) = app.store.nudge_sync(user, app.clock.now_millis(), Attempt::new(&app.entropy)).await {
        tracing::warn!(%error, "the synchronisation is not told of a change, and sends it with its next run");
    }
}

/// How it is.
pub(crate) async fn read(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let user = caller(&app, &incoming, ScopeToken::CollectionsRead).await?;
        Ok(shared::http::json(StatusCode::OK, &show(&app, user).await?))
    };
    super::finish(&incoming, answer.await)
}

/// How it is wanted.
pub(crate) async fn change(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let user = caller(&app, &incoming, ScopeToken::CollectionsWrite).await?;
        set(&app, user, &incoming.json_object()?).await?;
        Ok(shared::http::json(StatusCode::OK, &show(&app, user).await?))
    };
    super::finish(&incoming, answer.await)
}

pub(crate) async fn set(app: &App, user: UserId, wanted: &Map<String, Value>) -> Result<(), Problem> {
    let before = app.store.find_sync(user).await?.map(|state| state.settings).unwrap_or_default();
    let settings = settings(wanted, before).map_err(Problem::invalid)?;
    bound(app, user).await?;
    if settings != before {
        app.store.set_sync(user, settings, app.clock.now_millis(), Attempt::new(&app.entropy)).await?;
    }
    Ok(())
}

/// Now; or what would be done, with `dry_run`.
pub(crate) async fn start(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let user = caller(&app, &incoming, ScopeToken::CollectionsWrite).await?;
        let object = if incoming.body.is_empty() { Map::new() } else { incoming.json_object()? };
        let (dry_run, offset) = wanted(&object).map_err(|error| Problem::invalid(vec![error]))?;
        if dry_run {
            bound(&app, user).await?;
            return plan(&app, user, offset).await;
        }
        want(&app, user).await?;
        Ok(shared::http::json(StatusCode::ACCEPTED, &show(&app, user).await?))
    };
    super::finish(&incoming, answer.await)
}

pub(crate) async fn want(app: &App, user: UserId) -> Result<(), Problem> {
    bound(app, user).await?;
    let state = app.store.find_sync(user).await?;
    let settings = state.map(|state| state.settings).unwrap_or_default();
    if !settings.direction.pulls() && !settings.direction.pushes() {
        return Err(Problem::new(StatusCode::CONFLICT, "the synchronisation is off: choose a direction first"));
    }
    app.store.want_sync(user, app.clock.now_millis(), Attempt::new(&app.entropy)).await?;
    Ok(())
}

/// What its owner is asked about.
pub(crate) async fn conflicts(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let user = caller(&app, &incoming, ScopeToken::CollectionsRead).await?;
        let params = incoming.query_params()?;
        params.refuse_doubled()?;
        let after = match params.get("after") {
            None => 0,
            Some(text) => entry::number(text)
                .ok_or_else(|| Problem::new(StatusCode::BAD_REQUEST, "after must be the subject_id that came last"))?,
        };
        let mut entries = app.store.list_asked_entries(user, after, CONFLICTS + 1).await?;
        let more = entries.len() > CONFLICTS;
        entries.truncate(CONFLICTS);
        let next = entries.last().filter(|_| more).map(|entry| entry.subject_id);
        let items: Vec<_> = entries.iter().filter_map(conflict).collect();
        Ok(shared::http::json(StatusCode::OK, &json!({ "items": items, "next_after": next })))
    };
    super::finish(&incoming, answer.await)
}

/// Settles one of them.
pub(crate) async fn settle(State(app): State<App>, Segment(subject): Segment, incoming: Incoming) -> Response {
    let answer = async {
        let (user, subject_id) = entry::open(&app, &incoming, &subject, ScopeToken::CollectionsWrite).await?;
        let entry = answered(&app, user, subject_id, &incoming.json_object()?).await?;
        let body = json!({ "entry": entry.is_live().then(|| entry.to_json()), "conflict": conflict(&entry) });
        Ok(shared::http::json(StatusCode::OK, &body))
    };
    super::finish(&incoming, answer.await)
}

/// Settles what an entry's owner is asked about, as `object` says: `choice`, and `field` where it is one alone.
pub(crate) async fn answered(
    app: &App,
    user: UserId,
    subject_id: u32,
    object: &Map<String, Value>,
) -> Result<Entry, Problem> {
    let choice: Result<Option<Choice>, _> = word(object, "choice", "must be mine or theirs");
    let choice = choice.and_then(|choice| choice.ok_or(FieldError::new("choice", "required")));
    let field: Result<Option<Field>, _> =
        word(object, "field", "must be status, rating, comment, tags, private, episodes or presence");
    let (choice, field) = match (choice, field) {
        (Ok(choice), Ok(field)) => (choice, field),
        (choice, field) => return Err(Problem::invalid(choice.err().into_iter().chain(field.err()).collect())),
    };
    for _ in 0..TRIES {
        let kept = app.store.find_kept_entry(user, subject_id).await?;
        let none = || Problem::new(StatusCode::NOT_FOUND, "nothing of the kind is asked about this entry");
        let kept = kept.ok_or_else(none)?;
        let entry = reconcile::answer(&kept, field, choice, app.clock.now_millis()).ok_or_else(none)?;
        let written = if entry.version == kept.version {
            let written = app.store.put_entry_untold(user, &entry, Some(&kept), Attempt::new(&app.entropy));
            let (written, ()) = tokio::join!(written, nudge(app, user));
            written?
        } else {
            put(app, user, &entry, Some(&kept)).await?
        };
        if written {
            return Ok(entry);
        }
    }
    Err(Problem::new(StatusCode::CONFLICT, "the entry is being changed elsewhere at this moment: try again"))
}

/// Who calls, and may do so.
pub(crate) async fn caller(app: &App, incoming: &Incoming, scope: ScopeToken) -> Result<UserId, Problem> {
    let site = app.site().await?;
    let caller = Caller::require(app, &site, incoming).await?;
    caller.allows(scope)?;
    Ok(caller.user.user_id)
}

async fn bound(app: &App, user: UserId) -> Result<Link, Problem> {
    let link = app.store.find_link(user, &ProviderId::bangumi()).await?;
    link.ok_or_else(|| {
        Problem::new(StatusCode::CONFLICT, "no account of Bangumi is bound: bind one at /connections first")
    })
}

/// A word of a few; nothing where it is left out.
fn word<T: DeserializeOwned>(
    object: &Map<String, Value>,
    field: &'static str,
    message: &'static str,
) -> Result<Option<T>, FieldError> {
    let wrong = FieldError { field, code: "invalid_value", message };
    object.get(field).map(|value| T::deserialize(value).map_err(|_| wrong)).transpose()
}

fn settings(object: &Map<String, Value>, before: Settings) -> Result<Settings, Vec<FieldError>> {
    let direction = word(object, "direction", "must be off, pull, push or both");
    let conflicts = word(object, "conflicts", "must be newest, mine, theirs or ask");
    let deletions = word(object, "deletions", "must be keep or dropped");
    match (direction, conflicts, deletions) {
        (Ok(direction), Ok(conflicts), Ok(deletions)) => Ok(Settings {
            direction: direction.unwrap_or(before.direction),
            conflicts: conflicts.unwrap_or(before.conflicts),
            deletions: deletions.unwrap_or(before.deletions),
        }),
        (direction, conflicts, deletions) => {
            Err(direction.err().into_iter().chain(conflicts.err()).chain(deletions.err()).collect())
        }
    }
}

/// Whether it is only to be planned, and from which row on.
fn wanted(object: &Map<String, Value>) -> Result<(bool, u32), FieldError> {
    let wrong = |field, message| FieldError { field, code: "invalid_value", message };
    let dry_run = match object.get("dry_run") {
        None => false,
        Some(value) => value.as_bool().ok_or(wrong("dry_run", "must be true or false"))?,
    };
    let offset = match object.get("offset") {
        None => 0,
        Some(value) => {
            let offset =
                value.as_u64().filter(|offset| *offset <= 1_000_000).and_then(|offset| u32::try_from(offset).ok());
            offset.ok_or(wrong("offset", "must be the next_offset of the plan before"))?
        }
    };
    Ok((dry_run, offset))
}

async fn plan(app: &App, user: UserId, offset: u32) -> Result<Response, Problem> {
    let counter = Counter::new("SYNC", &user.to_string(), PREVIEWS, app.clock.now());
    if !app.store.claim_attempt(&counter, Attempt::new(&app.entropy)).await? {
        return Err(Problem::too_many(counter.retry_after(app.clock.now())));
    }
    let plan = preview(app, user, offset).await.map_err(refused)?;
    let changes = plan.changes.iter().map(|planned| {
        let Planned { subject_id, work, here, there, asked, episodes_unknown } = planned;
        json!({
            "subject_id": subject_id,
            "subject": work.as_ref().map(shared::collection::Work::to_json),
            "here": here,
            "there": there,
            "asked": asked,
            "episodes_unknown": episodes_unknown,
        })
    });
    let body = json!({
        "changes": changes.collect::<Vec<_>>(),
        "looked_at": plan.looked_at,
        "of": plan.of,
        "next_offset": plan.next_offset,
    });
    Ok(shared::http::json(StatusCode::OK, &body))
}

fn refused(stop: Stop) -> Problem {
    match stop {
        Stop::Broken | Stop::NotLinked | Stop::Unauthorized => {
            Problem::new(StatusCode::CONFLICT, "Bangumi refuses the binding: bind the account again at /connections")
        }
        Stop::Store(error) => error.into(),
        _ => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "Bangumi does not answer, or not now: try again later"),
    }
}

/// How the synchronisation is, as its user sees it.
pub(crate) struct Seen {
    /// `unbound`, `idle`, `running` or `attention`.
    pub(crate) state: &'static str,
    pub(crate) settings: Settings,
    attention: Option<Attention>,
    pub(crate) setback: Option<Setback>,
    /// What the present run did so far.
    pub(crate) progress: Option<Counts>,
    /// When the last one ended, and what it did.
    pub(crate) last_run: Option<(Time, Counts)>,
    pub(crate) next_run_at: Option<Time>,
    /// What is asked about: a hundred, or less.
    pub(crate) asked: Vec<Entry>,
}

pub(crate) async fn look(app: &App, user: UserId) -> Result<Seen, Problem> {
    let bangumi = ProviderId::bangumi();
    let (link, state, asked) = tokio::try_join!(
        app.store.find_link(user, &bangumi),
        app.store.find_sync(user),
        app.store.list_asked_entries(user, 0, CONFLICTS)
    )?;
    let progress = state.as_ref().map(|state| &state.progress);
    let attention = attention(link.as_ref(), state.as_ref());
    let is_running = is_running(app, state.as_ref());
    let name = match (&link, attention) {
        (None, _) => "unbound",
        (Some(_), Some(_)) => "attention",
        _ if is_running => "running",
        _ => "idle",
    };
    Ok(Seen {
        state: name,
        settings: state.as_ref().map(|state| state.settings).unwrap_or_default(),
        attention,
        setback: progress.and_then(|progress| progress.setback),
        progress: progress.filter(|_| name == "running").map(|progress| progress.counts),
        last_run: progress.and_then(|progress| Some((progress.ended_at?, progress.last))),
        next_run_at: state.as_ref().and_then(|state| state.next_run_at).filter(|_| name == "idle"),
        asked,
    })
}

async fn show(app: &App, user: UserId) -> Result<Value, Problem> {
    let Seen { state, settings, attention, setback, progress, last_run, next_run_at, asked } = look(app, user).await?;
    let last_run = last_run.map(|(at, done)| json!({ "ended_at": at.to_string(), "counts": counts(done) }));
    Ok(json!({
        "state": state,
        "settings": settings,
        "attention": attention,
        "setback": setback,
        "progress": progress.map(counts),
        "last_run": last_run,
        "next_run_at": next_run_at.map(|at| at.to_string()),
        "conflicts": asked.len(),
    }))
}

fn attention(link: Option<&Link>, state: Option<&SyncState>) -> Option<Attention> {
    let link = link?;
    let refused = link.broken_since.is_some() || link.tokens.is_none();
    state.and_then(|state| state.attention).or(refused.then_some(Attention::BindAgain))
}

/// Whether something is being done, or is about to be.
fn is_running(app: &App, state: Option<&SyncState>) -> bool {
    let now = app.clock.now();
    state.is_some_and(|state| {
        let leased = state.lease_until.is_some_and(|until| until > now);
        let due = state.next_run_at.is_some_and(|at| at <= now);
        leased || due || state.progress.place != Place::Idle
    })
}

fn counts(counts: Counts) -> Value {
    let Counts { seen, of, pulled, pushed, asked, refused } = counts;
    json!({ "seen": seen, "of": of, "pulled": pulled, "pushed": pushed, "asked": asked, "refused": refused })
}

/// Both values of what an entry's owner is asked about.
fn conflict(entry: &Entry) -> Option<Value> {
    let Asked { fields, theirs, changed_at } = entry.asked.as_ref()?;
    let there = theirs.as_ref().map(|theirs| entry.clone().with_fields(theirs.clone()).to_json());
    let here = entry.to_json();
    let value = |json: Option<&Value>, name: &str| json.and_then(|json| json.get(name)).cloned().unwrap_or_default();
    let fields: Vec<_> = fields
        .iter()
        .map(|field| {
            let name = match field {
                Field::Status => "status",
                Field::Rating => "rating",
                Field::Comment => "comment",
                Field::Tags => "tags",
                Field::Private => "private",
                Field::Episodes => "progress",
                Field::Presence => {
                    return json!({ "field": field, "mine": entry.is_live(), "theirs": theirs.is_some() });
                }
            };
            json!({ "field": field, "mine": value(Some(&here), name), "theirs": value(there.as_ref(), name) })
        })
        .collect();
    Some(json!({
        "subject_id": entry.subject_id,
        "subject": entry.work.as_ref().map(shared::collection::Work::to_json),
        "changed_at": changed_at.to_string(),
        "fields": fields,
    }))
}
