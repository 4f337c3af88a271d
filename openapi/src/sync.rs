//! The collection's synchronisation with Bangumi.

use serde_json::{Value, json};
use shared::collection::sync::{Attention, Setback};
use shared::collection::{Direction, Field, OnDelete, Rule};
use shared::oauth::ScopeToken;

use crate::collections::{entry, may};
use crate::components::clannad;
use crate::operation::Errors::ProblemOrPage;
use crate::operation::{JSON, Operation, get, options, patch, post};
use crate::schema::{
    about, between, boolean, closed, integer, list, moment, named, nullable, one_of, open, text, written,
};

const SYNC: &str = "/collections/sync";
const CONFLICTS: &str = "/collections/sync/conflicts";
const CONFLICT: &str = "/collections/sync/conflicts/{subject_id}";

pub(crate) fn operations() -> Vec<Operation> {
    let (read, write) = (ScopeToken::CollectionsRead, ScopeToken::CollectionsWrite);
    let start = open(vec![
        ("dry_run?", about("true: nothing is done, and what would be is answered", boolean())),
        ("offset?", about("the `next_offset` of an earlier plan", between(0, 1_000_000))),
    ]);
    vec![
        may(get(SYNC, "getSync", "How the collection is kept in step with Bangumi"), read)
            .answers(200, "How it is.", named("Sync"), sync("idle"))
            .with_header(200, "Access-Control-Allow-Origin")
            .fails(ProblemOrPage, &[400, 401, 403, 503]),
        may(patch(SYNC, "changeSync", "Changes which way changes go, and who counts"), write)
            .description("What is left out stays. The next run looks at everything again.")
            .takes(JSON, settings(false), json!({ "direction": "pull", "conflicts": "theirs" }))
            .answers(200, "How it is now.", named("Sync"), sync("running"))
            .with_header(200, "Access-Control-Allow-Origin")
            .fails(ProblemOrPage, &[400, 401, 403, 409, 415, 422, 503]),
        may(post(SYNC, "startSync", "Runs it now, or tells what would be done"), write)
            .description(
                "A run begins within a minute or so. A plan looks at 300 entries there, the newest first, and at 100 that \
                 wait here; 30 plans may be had in an hour.",
            )
            .takes(JSON, start, json!({ "dry_run": true }))
            .body_may_be_missing()
            .answers(202, "It is about to run.", named("Sync"), sync("running"))
            .with_header(202, "Access-Control-Allow-Origin")
            .answers(200, "The plan.", named("SyncPlan"), plan())
            .with_header(200, "Access-Control-Allow-Origin")
            .fails(ProblemOrPage, &[400, 401, 403, 409, 415, 422, 429, 503]),
        options(SYNC, "preflightSync"),
        may(get(CONFLICTS, "listConflicts", "What changed here and there in different ways"), read)
            .in_query("after?", between(1, u32::MAX.into()), Value::Null, "the `next_after` of an earlier answer")
            .answers(
                200,
                "A page of up to a hundred.",
                closed(vec![
                    ("items", list(named("Conflict"))),
                    ("next_after", about("null on the last page", nullable(integer(1)))),
                ]),
                json!({ "items": [conflict()], "next_after": null }),
            )
            .with_header(200, "Access-Control-Allow-Origin")
            .fails(ProblemOrPage, &[400, 401, 403, 503]),
        options(CONFLICTS, "preflightConflicts"),
        entry(post(CONFLICT, "settleConflict", "Says whose it is to be"), write)
            .description("What is chosen goes to the other side with the next run.")
            .takes(
                JSON,
                open(vec![
                    ("choice", one_of(["mine", "theirs"])),
                    ("field?", about("this one alone; all that are asked about, if left out", written::<Field>())),
                ]),
                json!({ "choice": "mine", "field": "rating" }),
            )
            .answers(
                200,
                "The entry as it is now, and what is still asked.",
                closed(vec![
                    ("entry", about("null where there is none any more", nullable(named("Entry")))),
                    ("conflict", nullable(named("Conflict"))),
                ]),
                json!({ "entry": clannad(), "conflict": null }),
            )
            .with_header(200, "Access-Control-Allow-Origin")
            .fails(ProblemOrPage, &[400, 401, 403, 404, 409, 415, 422, 503]),
        options(CONFLICT, "preflightConflict").in_path("subject_id", text(), "12", "the work"),
    ]
}

/// The schemas that the operations name.
pub(crate) fn components() -> Vec<(&'static str, Value)> {
    let fields = || list(written::<Field>());
    let value = || json!({ "type": ["string", "integer", "boolean", "array", "object", "null"] });
    let work = closed(vec![
        ("name", text()),
        ("name_cn", text()),
        ("date", about("when it began; not always a date", nullable(text()))),
        ("episodes", about("how many main ones there are", nullable(integer(0)))),
        ("cover", nullable(text())),
    ]);
    let sync = closed(vec![
        ("state", one_of(["unbound", "idle", "running", "attention"])),
        ("settings", settings(true)),
        ("attention", about("what only the user can mend", nullable(written::<Attention>()))),
        ("setback", about("what kept the last run from its end: it goes on by itself", nullable(written::<Setback>()))),
        ("progress", about("what the present run did so far", nullable(named("SyncCounts")))),
        ("last_run", nullable(closed(vec![("ended_at", moment()), ("counts", named("SyncCounts"))]))),
        ("next_run_at", nullable(moment())),
        ("conflicts", about("how many entries have one; 100: as many, or more", between(0, 100))),
    ]);
    let planned = closed(vec![
        ("subject_id", between(1, u32::MAX.into())),
        ("subject", nullable(named("Work"))),
        ("here", about("what would change here; `presence`: it would come", fields())),
        ("there", about("what would be sent; `presence`: it would be new there", fields())),
        ("asked", about("what its owner would be asked", fields())),
        ("episodes_unknown", about("whether its episodes have to be looked at first", boolean())),
    ]);
    let plan = closed(vec![
        ("changes", list(planned)),
        ("looked_at", about("how many entries there", integer(0))),
        ("of", integer(0)),
        ("next_offset", about("null where nothing is left to be looked at", nullable(integer(0)))),
    ]);
    let conflict = closed(vec![
        ("subject_id", between(1, u32::MAX.into())),
        ("subject", nullable(named("Work"))),
        ("changed_at", about("when it changed there", moment())),
        ("fields", list(closed(vec![("field", written::<Field>()), ("mine", value()), ("theirs", value())]))),
    ]);
    vec![
        ("Work", about("A work, in short.", work)),
        ("Sync", about("How a collection is kept in step with Bangumi.", sync)),
        ("SyncCounts", written::<shared::collection::sync::Counts>()),
        ("SyncPlan", about("What a run would do.", plan)),
        ("Conflict", about("An entry whose owner is asked whose values are to count.", conflict)),
    ]
}

/// The settings: as they are answered all of them, as they are sent some.
fn settings(answered: bool) -> Value {
    let (direction, conflicts, deletions) = (written::<Direction>(), written::<Rule>(), written::<OnDelete>());
    if answered {
        closed(vec![("direction", direction), ("conflicts", conflicts), ("deletions", deletions)])
    } else {
        open(vec![("direction?", direction), ("conflicts?", conflicts), ("deletions?", deletions)])
    }
}

fn counts() -> Value {
    json!({ "seen": 300, "of": 300, "pulled": 2, "pushed": 1, "asked": 1, "refused": 0 })
}

fn sync(state: &str) -> Value {
    let is_running = state == "running";
    json!({
        "state": state,
        "settings": { "direction": "both", "conflicts": "ask", "deletions": "keep" },
        "attention": null,
        "setback": null,
        "progress": is_running.then(counts),
        "last_run": { "ended_at": "2026-01-01T00:00:00Z", "counts": counts() },
        "next_run_at": (!is_running).then_some("2026-01-02T00:00:00Z"),
        "conflicts": 1,
    })
}

/// An example of a work.
pub(crate) fn work() -> Value {
    json!({
        "name": "CLANNAD", "name_cn": "", "date": "2007-10-04", "episodes": 22,
        "cover": "https://lain.bgm.tv/r/400/pic/cover/l/c2/0a/12_24O6L.jpg",
    })
}

fn plan() -> Value {
    let planned = json!({
        "subject_id": 12, "subject": work(), "here": ["rating"], "there": [], "asked": [], "episodes_unknown": false,
    });
    json!({ "changes": [planned], "looked_at": 300, "of": 812, "next_offset": 300 })
}

fn conflict() -> Value {
    json!({
        "subject_id": 12, "subject": work(), "changed_at": "2026-01-01T00:00:00.000Z",
        "fields": [{ "field": "rating", "mine": 9, "theirs": 8 }],
    })
}
