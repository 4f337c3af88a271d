//! Works.

use serde_json::{Value, json};
use shared::oauth::ScopeToken;

use crate::operation::Errors::ProblemOrPage;
use crate::operation::{Operation, get, options};
use crate::schema::{between, boolean, closed, integer, list, nullable, one_of, text, within};

pub(crate) fn operations() -> Vec<Operation> {
    let (one, episodes) = ("/subjects/{subject_id}", "/subjects/{subject_id}/episodes");
    let read = format!("oauth {}", ScopeToken::CollectionsRead.as_str());
    let mut of_work = work();
    of_work.push(("stale", boolean()));
    vec![
        get("/subjects", "searchSubjects", "Searches anime, at Bangumi")
            .in_query("q", within(1, 100), "魔法少女", "words")
            .in_query("limit?", between(1, 20), 20, "how many; 20, if left out")
            .in_query("cursor?", text(), Value::Null, "the `next_cursor` of an earlier answer of the same search")
            .answers(
                200,
                "A page. `total` is an estimate; `stale`: Bangumi does not answer, and this is from before.",
                closed(vec![
                    ("items", list(closed(work()))),
                    ("total", integer(0)),
                    ("next_cursor", nullable(text())),
                    ("stale", boolean()),
                ]),
                json!({ "items": [madoka()], "total": 1, "next_cursor": null, "stale": false }),
            )
            .with_header(200, "Access-Control-Allow-Origin")
            .fails(ProblemOrPage, &[400, 404, 429, 503]),
        options("/subjects", "preflightSubjects"),
        about(get(one, "getSubject", "An anime"))
            .answers(200, "The anime.", closed(of_work), {
                let mut one = madoka();
                if let Some(members) = one.as_object_mut() {
                    members.insert("stale".to_owned(), false.into());
                }
                one
            })
            .fails(ProblemOrPage, &[400, 404, 429, 503]),
        options(one, "preflightSubject").in_path("subject_id", text(), "12", "the work"),
        about(get(episodes, "listEpisodes", "An anime's episodes"))
            .answers(
                200,
                "All of them.",
                closed(vec![("items", list(episode())), ("stale", boolean())]),
                json!({ "items": [{ "id": 83102, "type": "main", "sort": 1, "name": "夢の中で会った、ような……",
                    "name_cn": null, "airdate": "2011-01-06", "duration": "24m" }], "stale": false }),
            )
            .fails(ProblemOrPage, &[400, 404, 429, 503]),
        options(episodes, "preflightEpisodes").in_path("subject_id", text(), "12", "the work"),
        get("/calendar", "getCalendar", "What is shown this week")
            .security(&["", "bearer", "session", &read, "dpop"])
            .in_query("mine?", one_of(["true", "false"]), "false", "only what the caller watches")
            .answers(
                200,
                "The days, Monday first.",
                closed(vec![
                    (
                        "days",
                        list(closed(vec![
                            ("weekday", between(1, 7)),
                            ("today", boolean()),
                            ("items", list(closed(airing()))),
                        ])),
                    ),
                    ("stale", boolean()),
                ]),
                json!({ "days": [{ "weekday": 1, "today": true, "items": [] }], "stale": false }),
            )
            .fails(ProblemOrPage, &[400, 401, 403, 404, 429, 503]),
        options("/calendar", "preflightCalendar"),
    ]
}

fn about(operation: Operation) -> Operation {
    operation.in_path("subject_id", between(1, u32::MAX.into()), 9717, "the work, as Bangumi numbers it")
}

fn score() -> Value {
    nullable(json!({ "type": "number" }))
}

fn cover() -> Value {
    let size = || nullable(text());
    nullable(closed(vec![
        ("large", size()),
        ("common", size()),
        ("medium", size()),
        ("small", size()),
        ("grid", size()),
    ]))
}

fn work() -> Vec<(&'static str, Value)> {
    vec![
        ("id", between(1, u32::MAX.into())),
        ("name", text()),
        ("name_cn", nullable(text())),
        ("summary", text()),
        ("date", nullable(text())),
        ("platform", nullable(text())),
        ("cover", cover()),
        ("episodes", nullable(integer(1))),
        ("score", score()),
        ("rank", nullable(integer(1))),
        ("nsfw", boolean()),
        ("tags", list(text())),
    ]
}

fn airing() -> Vec<(&'static str, Value)> {
    vec![
        ("id", between(1, u32::MAX.into())),
        ("name", text()),
        ("name_cn", nullable(text())),
        ("date", nullable(text())),
        ("cover", cover()),
        ("score", score()),
        ("rank", nullable(integer(1))),
    ]
}

fn episode() -> Value {
    closed(vec![
        ("id", between(1, u32::MAX.into())),
        ("type", one_of(["main", "special", "opening", "ending", "preview", "mad", "other"])),
        ("sort", json!({ "type": "number" })),
        ("name", nullable(text())),
        ("name_cn", nullable(text())),
        ("airdate", nullable(text())),
        ("duration", nullable(text())),
    ])
}

fn madoka() -> Value {
    json!({
        "id": 9717, "name": "魔法少女まどか☆マギカ", "name_cn": "魔法少女小圆", "summary": "…", "date": "2011-01-06",
        "platform": "TV", "cover": null, "episodes": 12, "score": 8.4, "rank": 47, "nsfw": false, "tags": ["TV"],
    })
}
