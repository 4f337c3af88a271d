//! Accounts elsewhere that are bound to one's account.

use serde_json::json;

use crate::account::{CSRF, OWNER};
use crate::connect::PROVIDER;
use crate::operation::Errors::{Page, ProblemOrPage};
use crate::operation::{FORM, Operation, delete, get, post};
use crate::schema::{closed, like, list, moment, one_of, open, text, words};

pub(crate) fn operations() -> Vec<Operation> {
    let bound = closed(vec![
        ("provider", like(PROVIDER)),
        ("name", text()),
        ("linked_at", moment()),
        ("state", one_of(["healthy", "needs_attention"])),
        ("since", moment()),
    ]);
    let available = closed(vec![("provider", like(PROVIDER)), ("name", text())]);
    let example = json!({
        "items": [{
            "provider": "bangumi", "name": "Bangumi", "linked_at": "2026-01-01T00:00:00Z", "state": "healthy",
            "since": "2026-01-01T00:00:00Z",
        }],
        "available": [{ "provider": "weibo", "name": "微博" }],
    });
    vec![
        get("/connections", "listConnections", "The accounts elsewhere that are bound, and what could be")
            .security(&OWNER)
            .answers(
                200,
                "What is bound, and what could be; or their page.",
                closed(vec![("items", list(bound)), ("available", list(available))]),
                example,
            )
            .shows(200, "")
            .redirects("To the sign-in page, from the page.")
            .fails(ProblemOrPage, &[400, 401, 403, 503]),
        post("/connections", "unbindByForm", "The page's form: unbinds an account")
            .security(&["session"])
            .takes(
                FORM,
                open(vec![("csrf", words(CSRF)), ("provider", text())]),
                json!({ "csrf": "…", "provider": "bangumi" }),
            )
            .redirects("To the list, or to the sign-in page.")
            .fails(Page, &[400, 403, 404, 409, 415, 503]),
        delete("/connections/{provider}", "unbind", "Unbinds an account elsewhere")
            .description(
                "Wants a sign-in of the last ten minutes (403 with the code `fresh_sign_in_required`). The last way to sign \
                 in can't be unbound (409 with the code `last_way_to_sign_in`). What is not bound is unbound already.",
            )
            .security(&OWNER)
            .in_path("provider", like(PROVIDER), "bangumi", "the provider")
            .nothing(204, "It is not bound.")
            .fails(ProblemOrPage, &[400, 401, 403, 404, 409, 415, 503]),
    ]
}
