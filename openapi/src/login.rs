//! Signing in and out.

use serde_json::{Value, json};
use shared::oauth::lifetimes::ACCESS_TOKEN;

use crate::account::OWNER;
use crate::components::sakura;
use crate::operation::Errors::{Page, ProblemOrPage};
use crate::operation::{FORM, JSON, Operation, get, post};
use crate::schema::{about, always, closed, integer, named, open, text, words};

/// What whoever signs in is answered, and an example.
pub(crate) fn signed_in() -> (Value, Value) {
    let token = closed(vec![
        ("access_token", text()),
        ("token_type", always("Bearer")),
        ("expires_in", integer(1)),
        ("user", named("User")),
    ]);
    let example =
        json!({ "access_token": "eyJ…", "token_type": "Bearer", "expires_in": ACCESS_TOKEN, "user": sakura() });
    (token, example)
}

pub(crate) fn operations() -> Vec<Operation> {
    let credentials = || vec![("username", words("username, e-mail address or phone number")), ("password", text())];
    let form = [("csrf", words("the page's form token")), ("continue?", words("where to go on"))];
    let (token, example) = signed_in();
    vec![
        get("/login", "showLogin", "The page on which people sign in")
            .in_query("continue?", text(), "/account", "where to go on")
            .shows(200, "The page.")
            .fails(Page, &[400, 503]),
        post("/login", "login", "Signs somebody in")
            .takes(JSON, open(credentials()), json!({ "username": "sakura", "password": "correct horse battery" }))
            .takes(
                FORM,
                open(credentials().into_iter().chain(form).collect()),
                json!({ "csrf": "…", "username": "sakura", "password": "…" }),
            )
            .answers(200, "A token, which lives as long as the session that also begins.", token, example)
            .with_header(200, "Set-Cookie")
            .redirects("Onwards, from the form.")
            .fails(ProblemOrPage, &[400, 401, 403, 415, 429, 503]),
        post("/logout", "logout", "Signs out")
            .description("Whoever is not signed in is signed out. The applications of the session are told.")
            .security(&[&OWNER[..], &[""]].concat())
            .takes(JSON, about("Nothing of it is read.", json!({})), json!({}))
            .takes(FORM, open(vec![("csrf", words("the page's form token"))]), json!({ "csrf": "…" }))
            .body_may_be_missing()
            .nothing(204, "The session is over.")
            .redirects("Home, from the form.")
            .fails(ProblemOrPage, &[400, 401, 403, 415, 503]),
    ]
}
