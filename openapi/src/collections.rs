//! The anime collection.

use serde_json::{Value, json};
use shared::collection::entry::{COMMENT, REWATCHES, TAG, TAGS};
use shared::collection::sort::Sort;
use shared::collection::{Mark, Status};
use shared::oauth::ScopeToken;

use crate::components::clannad;
use crate::operation::Errors::ProblemOrPage;
use crate::operation::{JSON, Operation, delete, get, options, patch, post, put};
use crate::schema::{about, between, boolean, closed, integer, list, named, nullable, one_of, open, text, within};

pub(crate) fn operations() -> Vec<Operation> {
    let one = "/collections/{subject_id}";
    let (read, write) = (ScopeToken::CollectionsRead, ScopeToken::CollectionsWrite);
    let (marks, user) = ("/collections/{subject_id}/episodes", "/users/{username}/collections");
    vec![
        page(paged(may(get("/collections", "listEntries", "One's own collection"), read)))
            .description(
                "With `tag`, `rating_min`, `rating_max`, `private`, `year` or `q`, a page may be short or empty and not the last. \
                 In another order than by `updated_at`, all of up to 20,000 entries are read for a page.",
            )
            .in_query("sort?", one_of(orders()), "-rating", "by what; with `-` before it, from the other end")
            .in_query("year?", between(1000, 9999), 2011, "only those whose work began in this year")
            .in_query("q?", within(0, 100), "魔法", "only those that have all these words in names, tags or comment")
            .in_query("tag?", within(0, TAG), "京アニ", "only those that have it")
            .in_query("rating_min?", between(1, 10), 8, "only those that are rated so, or higher")
            .in_query("rating_max?", between(1, 10), 10, "only those that are rated so, or lower")
            .in_query("private?", boolean(), false, "only those that are, or are not, for their owner alone")
            .fails(ProblemOrPage, &[400, 401, 403, 503]),
        options("/collections", "preflightEntries"),
        may(get("/collections/stats", "getStats", "One's own collection in numbers"), read)
            .description("Worked out anew only where something changed.")
            .answers(200, "The numbers.", named("Stats"), stats())
            .with_header(200, "Access-Control-Allow-Origin")
            .fails(ProblemOrPage, &[400, 401, 403, 503]),
        options("/collections/stats", "preflightStats"),
        may(get("/collections/export", "exportEntries", "One's own collection as a file"), read)
            .description("Up to 2,000 entries; where more follow, the header `Link` says where.")
            .in_query("format?", one_of(["json", "csv"]), "csv", "json, if left out")
            .in_query("after?", between(1, u32::MAX.into()), Value::Null, "the `next_after` of the part before")
            .answers(200, "The file.", named("Export"), json!({ "items": [exported()], "next_after": null }))
            .answers_as(200, "", "text/csv")
            .with_header(200, "Access-Control-Allow-Origin")
            .fails(ProblemOrPage, &[400, 401, 403, 503]),
        options("/collections/export", "preflightExport"),
        may(post("/collections/import", "importEntries", "Takes a file in that was exported"), write)
            .description(
                "Up to 1,000 rows. All of it can be read, or nothing is done. What a row does not name stays; what is here and \
                 not in the file stays. The same file once more changes nothing.",
            )
            .in_query("format?", one_of(["json", "csv"]), "json", "json, if left out")
            .in_query("dry_run?", boolean(), true, "true: nothing is done, and what would be is answered")
            .takes(JSON, open(vec![("items", list(open(vec![("subject_id", integer(1))])))]), json!({ "items": [exported()] }))
            .takes("text/csv", text(), json!("subject_id,status\n12,done\n"))
            .answers(
                200,
                "What became of the rows, or would.",
                named("Imported"),
                json!({ "dry_run": true, "created": [12], "changed": [], "unchanged": 0, "incomplete": [] }),
            )
            .with_header(200, "Access-Control-Allow-Origin")
            .fails(ProblemOrPage, &[400, 401, 403, 409, 413, 415, 422, 503]),
        options("/collections/import", "preflightImport"),
        entry(get(one, "getEntry", "One entry"), read)
            .in_header("If-None-Match?", text(), Value::Null, "entity tags that are known already")
            .answers(200, "The entry.", named("Entry"), clannad())
            .with_header(200, "ETag")
            .nothing(304, "It is one that is known.")
            .with_header(304, "ETag")
            .fails(ProblemOrPage, &[400, 401, 403, 404, 503]),
        edit(put(one, "putEntry", "Adds or replaces an entry"), write, "Entry", clannad())
            .description("What is left out has its default.")
            .takes(
                JSON,
                json!({ "allOf": [fields(), { "required": ["status"] }] }),
                json!({ "status": "watching", "rating": 9, "tags": ["京アニ"] }),
            )
            .answers(201, "The new entry.", named("Entry"), clannad())
            .with_header(201, "ETag")
            .fails(ProblemOrPage, &[400, 401, 403, 409, 412, 415, 422, 503]),
        edit(patch(one, "changeEntry", "Changes an entry"), write, "Entry", clannad())
            .description("What is left out stays.")
            .takes(JSON, fields(), json!({ "status": "done", "rating": null }))
            .fails(ProblemOrPage, &[400, 401, 403, 404, 409, 412, 415, 422, 503]),
        entry(delete(one, "deleteEntry", "Removes an entry"), write)
            .description("One that is not there is removed already.")
            .in_header("If-Match?", text(), Value::Null, "the entity tag that it must have")
            .nothing(204, "It is gone.")
            .fails(ProblemOrPage, &[400, 401, 403, 412, 415, 503]),
        entry(get(marks, "listMarks", "How the episodes of an entry are marked"), read)
            .answers(
                200,
                "The marks.",
                named("Marks"),
                json!({ "items": [{ "episode_id": 30, "mark": "done", "main": true }] }),
            )
            .fails(ProblemOrPage, &[400, 401, 403, 404, 503]),
        marking(put(marks, "putMarks", "Marks many episodes"), write)
            .description("Those that are named, or every main one up to a number. One of the two.")
            .takes(JSON, many(), json!({ "mark": "done", "up_to": 7 })),
        options(marks, "preflightMarks").in_path("subject_id", text(), "12", "the work"),
        marking(put("/collections/{subject_id}/episodes/{episode_id}", "putMark", "Marks an episode"), write)
            .in_path("episode_id", between(1, u32::MAX.into()), 30, "the episode, as Bangumi numbers it")
            .takes(JSON, open(vec![("mark", mark())]), json!({ "mark": "done" })),
        options("/collections/{subject_id}/episodes/{episode_id}", "preflightMark")
            .in_path("subject_id", text(), "12", "the work")
            .in_path("episode_id", text(), "30", "the episode"),
        entry(post("/collections/{subject_id}/restore", "restoreEntry", "Undoes a removal"), write)
            .description("For 30 days after it. What is there already is answered as it is.")
            .takes(JSON, open(vec![]), json!({}))
            .body_may_be_missing()
            .answers(200, "The entry as it is now.", named("Entry"), clannad())
            .with_header(200, "ETag")
            .fails(ProblemOrPage, &[400, 401, 403, 404, 409, 415, 503]),
        options("/collections/{subject_id}/restore", "preflightRestore").in_path(
            "subject_id",
            text(),
            "12",
            "the work",
        ),
        history(may(get("/collections/removed", "listRemovedEntries", "What was removed and can come back"), read))
            .answers(
                200,
                "A page, the latest removal first.",
                named("Page"),
                json!({ "items": [clannad()], "next_cursor": null }),
            )
            .with_header(200, "Access-Control-Allow-Origin"),
        options("/collections/removed", "preflightRemovedEntries"),
        history(may(get("/collections/activity", "listActivity", "One's own changes"), read))
            .description("They are told for a year.")
            .answers(
                200,
                "A page, the latest change first.",
                named("Activity"),
                json!({ "items": [change()], "next_cursor": null }),
            )
            .with_header(200, "Access-Control-Allow-Origin"),
        options("/collections/activity", "preflightActivity"),
        options(one, "preflightEntry").in_path("subject_id", text(), "12", "the work"),
        page(paged(get(user, "listPublicEntries", "What a user shows to everybody")))
            .in_query("sort?", one_of(["-updated_at", "updated_at"]), "-updated_at", "the latest change first, or last")
            .in_path("username", text(), "sakura", "the user")
            .fails(ProblemOrPage, &[400, 404, 503]),
        options(user, "preflightPublicEntries").in_path("username", text(), "sakura", "the user"),
    ]
}

/// Who may: the owner, and whom they granted the scope.
pub(crate) fn may(operation: Operation, scope: ScopeToken) -> Operation {
    operation.security(&["bearer", "session", &format!("oauth {}", scope.as_str()), "dpop"])
}

pub(crate) fn entry(operation: Operation, scope: ScopeToken) -> Operation {
    let id = between(1, u32::MAX.into());
    may(operation, scope).in_path("subject_id", id, 12, "the work, as Bangumi numbers it")
}

fn edit(operation: Operation, scope: ScopeToken, schema: &str, example: Value) -> Operation {
    entry(operation, scope)
        .in_header("If-Match?", text(), Value::Null, "the entity tag that it must have")
        .in_header("If-None-Match?", text(), Value::Null, "an entity tag that it must not have; `*`: it must be new")
        .answers(200, "The entry as it is now.", named(schema), example)
        .with_header(200, "ETag")
}

/// An anime that is not collected yet is, as one that is being watched.
fn marking(operation: Operation, scope: ScopeToken) -> Operation {
    let marked = || json!({ "entry": clannad(), "offer": null });
    edit(operation, scope, "Marked", marked())
        .answers(201, "The new entry.", named("Marked"), marked())
        .with_header(201, "ETag")
        .fails(ProblemOrPage, &[400, 401, 403, 404, 409, 412, 415, 422, 429, 503])
}

/// An entry in a file.
fn exported() -> Value {
    let mut entry = clannad();
    if let Some(members) = entry.as_object_mut() {
        members.insert("episodes".to_owned(), json!({ "done": "30-36" }));
    }
    entry
}

fn stats() -> Value {
    let count = |name: &str, of: Value| json!({ name: of, "entries": 2, "rated": 2, "mean": 7.5 });
    json!({
        "entries": 2,
        "ratings": { "rated": 2, "mean": 7.5, "spread": 1.5, "histogram": [0, 0, 0, 0, 0, 1, 0, 0, 1, 0] },
        "by_status": [count("status", json!("done"))],
        "by_year": [count("year", json!(2011))],
        "by_tag": [count("tag", json!("原创"))],
        "episodes": { "main": 37, "special": 1 },
        "hours": 15.2,
        "minutes_per_episode": 24,
    })
}

/// The schemas that the operations name.
pub(crate) fn components() -> Vec<(&'static str, Value)> {
    let number = || json!({ "type": ["number", "null"] });
    let counts = |name: &str, of: Value| {
        list(closed(vec![(name, of), ("entries", integer(0)), ("rated", integer(0)), ("mean", number())]))
    };
    let ratings = closed(vec![
        ("rated", integer(0)),
        ("mean", number()),
        ("spread", about("the standard deviation", number())),
        ("histogram", about("how many are rated 1, 2, … 10", list(integer(0)))),
    ]);
    let stats = closed(vec![
        ("entries", integer(0)),
        ("ratings", ratings),
        ("by_status", counts("status", named("Status"))),
        ("by_year", about("the latest first", counts("year", integer(0)))),
        ("by_tag", about("the hundred most used, those first", counts("tag", text()))),
        (
            "episodes",
            about("how many were watched, also again", closed(vec![("main", integer(0)), ("special", integer(0))])),
        ),
        ("hours", about("how long that took, if each episode has `minutes_per_episode`", json!({ "type": "number" }))),
        ("minutes_per_episode", integer(1)),
    ]);
    let runs = json!({ "type": "object", "additionalProperties": { "type": "string" } });
    let exported = json!({ "allOf": [
        { "type": "object", "required": ["subject_id"] },
        { "properties": { "episodes": about("which are marked, as runs of their ids", runs) } },
    ] });
    let export =
        closed(vec![("items", list(exported)), ("next_after", about("null in the last part", nullable(integer(1))))]);
    let field = closed(vec![("field", text()), ("before", json!({})), ("after", json!({}))]);
    let changed = closed(vec![("subject_id", integer(1)), ("fields", list(field))]);
    let imported = closed(vec![
        ("dry_run", boolean()),
        ("created", about("the works that were not collected", list(integer(1)))),
        ("changed", about("what is not as before", list(changed))),
        ("unchanged", about("how many are as the file says", integer(0))),
        (
            "incomplete",
            about("the works that are not collected, and of which the file has no status", list(integer(1))),
        ),
    ]);
    vec![
        ("Stats", about("A collection in numbers.", stats)),
        ("Export", about("A part of a collection: entries, with the marks of their episodes.", export)),
        ("Imported", about("What became of the rows of a file.", imported)),
    ]
}

fn mark() -> Value {
    nullable(one_of(Mark::ALL.map(Mark::as_str)))
}

fn many() -> Value {
    let ids = json!({ "type": "array", "minItems": 1, "maxItems": 1000, "items": between(1, u32::MAX.into()) });
    let up_to = json!({ "type": "number", "exclusiveMinimum": 0 });
    open(vec![
        ("mark", mark()),
        ("episodes?", ids),
        ("up_to?", about("an episode's number, as they are counted", up_to)),
    ])
}

fn change() -> Value {
    json!({
        "subject_id": 12, "at": "2026-01-01T00:00:00.000Z", "happened": "changed",
        "fields": [{ "field": "rating", "before": null, "after": 9 }],
    })
}

fn orders() -> Vec<String> {
    let names = Sort::ALL.map(Sort::as_str);
    names.into_iter().flat_map(|name| [name.to_owned(), format!("-{name}")]).collect()
}

fn page(operation: Operation) -> Operation {
    operation
        .in_query("status?", one_of(Status::ALL.map(Status::as_str)), "watching", "only these")
        .answers(200, "A page.", named("Page"), json!({ "items": [clannad()], "next_cursor": null }))
        .with_header(200, "Access-Control-Allow-Origin")
}

fn history(operation: Operation) -> Operation {
    paged(operation).fails(ProblemOrPage, &[400, 401, 403, 503])
}

fn paged(operation: Operation) -> Operation {
    operation.in_query("limit?", between(1, 100), 20, "how many; 20, if left out").in_query(
        "cursor?",
        text(),
        Value::Null,
        "the `next_cursor` of an earlier answer of the same list",
    )
}

fn fields() -> Value {
    let forms = json!([{ "type": "string", "format": "date" }, { "type": "string", "format": "date-time" }, { "type": "null" }]);
    let moment = || about("a date, or a moment in RFC 3339", json!({ "anyOf": forms }));
    open(vec![
        ("status?", one_of(Status::ALL.map(Status::as_str))),
        ("rating?", nullable(between(1, 10))),
        ("comment?", nullable(within(0, COMMENT))),
        ("tags?", json!({ "type": "array", "maxItems": TAGS, "items": within(1, TAG) })),
        ("private?", boolean()),
        ("rewatch_count?", between(0, REWATCHES.cast_signed())),
        ("started_at?", moment()),
        ("finished_at?", moment()),
    ])
}
