//! One's own account.

use serde_json::{Value, json};

use crate::components::{CLIENT, CLIENT_ID, ID, USER_ID, sakura};
use crate::operation::Errors::{Page, ProblemOrPage};
use crate::operation::{FORM, Operation, delete, get, patch, post};
use crate::schema::{about, boolean, closed, like, list, moment, named, nullable, open, text, url, within, words};

/// Who may manage an account: its owner, by token or by cookie.
pub(crate) const OWNER: [&str; 2] = ["bearer", "session"];

pub(crate) const CSRF: &str = "the page's form token";

pub(crate) fn operations() -> Vec<Operation> {
    [of_account(), of_apps(), of_sessions()].into_iter().flatten().collect()
}

fn of_account() -> Vec<Operation> {
    // Who signs in by accounts elsewhere alone has none, and has signed in within ten minutes instead.
    let password = || open(vec![("password?", within(1, 512))]);
    let passwords = || open(vec![("old_password?", text()), ("new_password", within(8, 512))]);
    vec![
        get("/account", "getAccount", "One's own account")
            .security(&OWNER)
            .answers(200, "The account, or its page.", named("User"), sakura())
            .shows(200, "")
            .redirects("To the sign-in page, from the page.")
            .fails(ProblemOrPage, &[401, 403, 503]),
        patch("/account", "changeAccount", "Changes the account")
            .security(&OWNER)
            .takes(crate::operation::JSON, named("Profile"), json!({ "nickname": "桜", "intro": null }))
            .answers(200, "The account as it is now.", named("User"), sakura())
            .fails(ProblemOrPage, &[400, 401, 403, 409, 415, 422, 503]),
        delete("/account", "deleteAccount", "Deletes the account")
            .description("All of it is gone at once; its name is held for 30 days.")
            .security(&OWNER)
            .takes(crate::operation::JSON, password(), json!({ "password": "correct horse battery" }))
            .nothing(204, "It is gone.")
            .fails(ProblemOrPage, &[400, 401, 403, 409, 415, 422, 429, 503]),
        form("/account", "changeAccountByForm", "The page's form: changes the account")
            .takes(
                FORM,
                open(vec![("csrf", words(CSRF)), ("nickname?", text())]),
                json!({ "csrf": "…", "nickname": "桜" }),
            )
            .fails(Page, &[400, 403, 409, 422, 503]),
        form("/account/delete", "deleteAccountByForm", "The page's form: deletes the account")
            .takes(
                FORM,
                open(vec![("csrf", words(CSRF)), ("password?", text())]),
                json!({ "csrf": "…", "password": "…" }),
            )
            .fails(Page, &[400, 403, 409, 422, 429, 503]),
        post("/account/password", "changePassword", "Changes the password")
            .description("Every other session and every token ends. The page's form carries `csrf` as well.")
            .security(&OWNER)
            .takes(
                crate::operation::JSON,
                passwords(),
                json!({ "old_password": "correct horse battery", "new_password": "battery horse correct" }),
            )
            .takes(
                FORM,
                open(vec![("csrf", words(CSRF)), ("old_password?", text()), ("new_password", text())]),
                json!({ "csrf": "…", "old_password": "…", "new_password": "…" }),
            )
            .nothing(204, "It is changed.")
            .redirects("To the page, from its form.")
            .fails(ProblemOrPage, &[400, 401, 403, 409, 415, 422, 429, 503]),
    ]
}

fn form(path: &str, id: &str, summary: &str) -> Operation {
    post(path, id, summary).security(&["session"]).redirects("Onwards, or to the sign-in page.")
}

/// A list's answer, and where the next page begins.
fn page_of(items: Value) -> Value {
    closed(vec![("items", list(items)), ("next", about("the `after` of the next page", nullable(text())))])
}

fn of_apps() -> Vec<Operation> {
    let app = closed(vec![
        ("client_id", text()),
        ("client_id_metadata_document?", url()),
        ("client_name", text()),
        ("client_uri", nullable(text())),
        ("scope", text()),
        ("created_at", moment()),
        ("updated_at", moment()),
    ]);
    let example = json!({
        "client_id": CLIENT_ID, "client_name": "Anime Diary", "client_uri": "https://diary.example",
        "scope": "openid profile", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    });
    vec![
        get("/account/apps", "listApps", "The applications that may use the account")
            .security(&OWNER)
            .in_query("after?", like(CLIENT), Value::Null, "the `next` of an earlier answer")
            .answers(
                200,
                "A hundred at the most, or their page.",
                page_of(app),
                json!({ "items": [example], "next": null }),
            )
            .shows(200, "")
            .redirects("To the sign-in page, from the page.")
            .fails(ProblemOrPage, &[400, 401, 403, 503]),
        form("/account/apps", "withdrawAppByForm", "The page's form: withdraws an application's access")
            .takes(
                FORM,
                open(vec![("csrf", words(CSRF)), ("client_id", text())]),
                json!({ "csrf": "…", "client_id": CLIENT_ID }),
            )
            .fails(Page, &[400, 403, 503]),
        delete("/account/apps/{client_id}", "withdrawApp", "Withdraws an application's access")
            .description("Its tokens end at once. One that has none is as good.")
            .security(&OWNER)
            .in_path("client_id", like(CLIENT), CLIENT_ID, "the application")
            .nothing(204, "It has none.")
            .fails(ProblemOrPage, &[400, 401, 403, 415, 503]),
    ]
}

fn of_sessions() -> Vec<Operation> {
    let session = closed(vec![
        ("session_id", like(ID)),
        ("current", about("whether it is the caller's own", boolean())),
        ("browser", about("the browser's and the system's name, as far as they can be told", nullable(text()))),
        ("user_agent", text()),
        ("signed_in_at", moment()),
        ("last_seen_at", moment()),
        ("expires_at", moment()),
    ]);
    let example = json!({
        "session_id": USER_ID, "current": true, "browser": "Firefox, Linux", "user_agent": "Mozilla/5.0",
        "signed_in_at": "2026-01-01T00:00:00Z", "last_seen_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-15T00:00:00Z",
    });
    vec![
        get("/account/sessions", "listSessions", "Where one is signed in")
            .security(&OWNER)
            .in_query("after?", like(ID), Value::Null, "the `next` of an earlier answer")
            .answers(
                200,
                "A hundred at the most, or their page.",
                page_of(session),
                json!({ "items": [example], "next": null }),
            )
            .shows(200, "")
            .redirects("To the sign-in page, from the page.")
            .fails(ProblemOrPage, &[400, 401, 403, 503]),
        form("/account/sessions", "endSessionByForm", "The page's form: ends one session, or all others")
            .takes(
                FORM,
                open(vec![("csrf", words(CSRF)), ("session_id?", text()), ("others?", text())]),
                json!({ "csrf": "…", "others": "1" }),
            )
            .fails(Page, &[400, 403, 503]),
        delete("/account/sessions", "endOtherSessions", "Ends every session but one's own")
            .security(&OWNER)
            .nothing(204, "They have ended.")
            .fails(ProblemOrPage, &[401, 403, 415, 503]),
        delete("/account/sessions/{session_id}", "endSession", "Ends a session; one's own as well")
            .security(&OWNER)
            .in_path("session_id", like(ID), USER_ID, "the session")
            .nothing(204, "It has ended.")
            .fails(ProblemOrPage, &[400, 401, 403, 415, 503]),
    ]
}
