//! Signing in with accounts elsewhere, and binding them.

use serde_json::{Value, json};

use crate::account::{CSRF, OWNER};
use crate::login::signed_in;
use crate::operation::Errors::ProblemOrPage;
use crate::operation::{FORM, JSON, Operation, get, post};
use crate::schema::{always, closed, integer, like, named, nullable, one_of, open, scalars, text, url, words};

/// A provider's id.
pub(crate) const PROVIDER: &str = "^[a-z0-9-]{1,32}$";

const BANGUMI: &str = "/connect/bangumi/callback";

pub(crate) fn operations() -> Vec<Operation> {
    let of_any = |operation: Operation| operation.in_path("provider", like(PROVIDER), "weibo", "the provider");
    let any = callbacks("/connect/{provider}/callback", "").map(of_any);
    begin().into_iter().chain(pending()).map(of_any).chain(any).chain(callbacks(BANGUMI, "Bangumi")).collect()
}

fn begin() -> [Operation; 2] {
    let path = "/connect/{provider}";
    let intent = || one_of(["sign_in", "bind"]);
    let sent = |operation: Operation| {
        operation
            .security(&[&OWNER[..], &[""]].concat())
            .answers(
                200,
                "Where the browser goes.",
                closed(vec![("url", url())]),
                json!({ "url": "https://bgm.tv/oauth/authorize?…" }),
            )
            .redirects("To the provider; or to the sign-in page, where a binding wants one.")
            .fails(ProblemOrPage, &[400, 401, 403, 404, 502, 503])
    };
    let body = |more| [vec![("intent?", intent()), ("continue?", words("where to go on"))], more].concat();
    [
        sent(get(path, "showConnect", "Goes to a provider, to sign in there or to bind an account"))
            .description(
                "Whoever is signed in binds, unless `intent` says otherwise; a binding wants a sign-in of the last ten \
                 minutes (403 with the code `fresh_sign_in_required`), and begins, in a browser, with a button.",
            )
            .in_query("intent?", intent(), "sign_in", "what for")
            .in_query("continue?", text(), "/account", "where to go on")
            .shows(200, ""),
        sent(post(path, "connect", "The same, from a page's form or in JSON"))
            .takes(JSON, scalars(open(body(vec![]))), json!({ "intent": "bind" }))
            .takes(FORM, open(body(vec![("csrf", words(CSRF))])), json!({ "csrf": "…", "intent": "bind" }))
            .body_may_be_missing()
            .fails(ProblemOrPage, &[415]),
    ]
}

/// What a callback answers a program.
fn outcome() -> (Value, Value) {
    let (token, _) = signed_in();
    let pending = closed(vec![("outcome", always("pending")), ("next", text())]);
    let bound = closed(vec![("outcome", always("bound"))]);
    let example = json!({ "outcome": "pending", "next": "/connect/weibo/pending" });
    (json!({ "oneOf": [token, pending, bound] }), example)
}

fn callbacks(path: &str, name: &str) -> [Operation; 2] {
    let answered = |operation: Operation| {
        let (schema, example) = outcome();
        operation
            .answers(
                200,
                "Signed in, as at `POST /login`; bound; or pending, where nobody here has that account yet.",
                schema,
                example,
            )
            .redirects("Onwards, or to where one says whose the account is to be; or to sign in again, where that is too long ago for a binding.")
            .fails(ProblemOrPage, &[400, 403, 404, 409, 429, 502, 503])
    };
    let back = |operation: Operation| {
        operation
            .in_query("state?", text(), "…", "what went to the provider; it works once, in the same browser")
            .in_query("code?", text(), "…", "the provider's")
            .in_query("error?", text(), "access_denied", "the provider's, instead of a code")
    };
    let body = open(vec![("state", text()), ("code?", text()), ("error?", text())]);
    [
        back(answered(get(path, &format!("arrive{name}"), "Takes a browser back from the provider"))),
        answered(post(path, &format!("postCode{name}"), "The same for a front end that posts what it was given"))
            .takes(JSON, scalars(body), json!({ "state": "…", "code": "…" }))
            .fails(ProblemOrPage, &[415]),
    ]
}

fn pending() -> [Operation; 2] {
    let path = "/connect/{provider}/pending";
    let (token, example) = signed_in();
    let waiting = closed(vec![
        ("provider", like(PROVIDER)),
        ("expires_in", integer(0)),
        ("link_to", nullable(words("who has signed in for it"))),
    ]);
    let choice = || ("action", one_of(["create", "link", "cancel"]));
    let json = json!({ "allOf": [named("Profile"), open(vec![choice()])] });
    let form = open(vec![
        choice(),
        ("csrf", words(CSRF)),
        ("username?", text()),
        ("email?", text()),
        ("phone?", text()),
        ("nickname?", text()),
    ]);
    [
        get(path, "showPending", "An account elsewhere that nobody here has yet")
            .answers(
                200,
                "That there is one, or the page that asks whose it is to be.",
                waiting,
                json!({ "provider": "weibo", "expires_in": 600, "link_to": null }),
            )
            .shows(200, "")
            .fails(ProblemOrPage, &[400, 403, 404, 503]),
        post(path, "settlePending", "Says whose it is to be: a new account's, one's own, or nobody's")
            .description("`link` wants a sign-in that was made for it (403 with the code `fresh_sign_in_required`).")
            .security(&[&OWNER[..], &[""]].concat())
            .takes(JSON, json, json!({ "action": "create", "username": "sakura" }))
            .takes(FORM, form, json!({ "csrf": "…", "action": "create", "username": "sakura" }))
            .answers(200, "It is bound.", closed(vec![("outcome", always("bound"))]), json!({ "outcome": "bound" }))
            .answers(201, "There is a new account, and whoever has it is signed in.", token, example)
            .nothing(204, "Nothing is kept.")
            .redirects("Onwards, from the form.")
            .fails(ProblemOrPage, &[400, 401, 403, 404, 409, 415, 422, 429, 503]),
    ]
}
