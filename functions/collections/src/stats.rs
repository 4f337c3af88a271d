//! One's own collection in numbers.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use shared::app::App;
use shared::collection::stats::{Count, EPISODE_MINUTES, Stats};
use shared::http::bearer::Caller;
use shared::http::{Incoming, Problem};
use shared::id::{Attempt, UserId};
use shared::oauth::ScopeToken;
use shared::store::entries::Page;
use shared::store::stats::KeptStats;

/// More entries than anybody has.
const ALL: usize = 1_000_000;

/// The numbers, worked out anew only where something changed since.
pub(crate) async fn read(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let site = app.site().await?;
        let caller = Caller::require(&app, &site, &incoming).await?;
        caller.allows(ScopeToken::CollectionsRead)?;
        let stats = stats(&app, caller.user.user_id).await?;
        Ok(shared::http::json(StatusCode::OK, &show(&stats)))
    };
    super::finish(&incoming, answer.await)
}

pub(crate) async fn stats(app: &App, user: UserId) -> Result<Stats, Problem> {
    // Read before the entries: what changes while they are read makes the numbers old.
    let (made_of, kept) = app.store.find_stats(user).await?;
    if let Some(kept) = kept.filter(|kept| kept.made_of == made_of) {
        return Ok(kept.stats);
    }
    let all = Page { status: None, descending: true, after: None, limit: ALL };
    let kept = KeptStats { made_of, stats: Stats::of(&app.store.list_entries(user, &all).await?) };
    if let Err(error) = app.store.keep_stats(user, &kept, Attempt::new(&app.entropy)).await {
        tracing::warn!(%error, "the numbers of a collection are not kept, and worked out again next time");
    }
    Ok(kept.stats)
}

fn show(stats: &Stats) -> Value {
    let Stats { entries, by_status, ratings, mean, spread, by_year, by_tag, episodes, specials } = stats;
    let count = |name: &str, value: Value, count: &Count| json!({ name: value, "entries": count.entries, "rated": count.rated, "mean": count.mean.map(rounded) });
    json!({
        "entries": entries,
        "ratings": {
            "rated": ratings.iter().sum::<u32>(),
            "mean": mean.map(rounded),
            "spread": spread.map(rounded),
            "histogram": ratings,
        },
        "by_status": by_status.iter().map(|(name, of)| count("status", json!(name), of)).collect::<Vec<_>>(),
        "by_year": by_year.iter().map(|(year, of)| count("year", json!(year), of)).collect::<Vec<_>>(),
        "by_tag": by_tag.iter().map(|(tag, of)| count("tag", json!(tag), of)).collect::<Vec<_>>(),
        "episodes": { "main": episodes, "special": specials },
        "hours": rounded(stats.hours()),
        "minutes_per_episode": EPISODE_MINUTES,
    })
}

/// To two decimals.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
