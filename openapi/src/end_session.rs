//! Sign-out by an application.

use serde_json::{Value, json};

use crate::components::CLIENT_ID;
use crate::operation::Errors::Page;
use crate::operation::{Operation, get, post};
use crate::schema::{extended, open, text, words};

const PARAMETERS: [(&str, &str); 6] = [
    ("id_token_hint", "an ID token of the session that is meant"),
    ("client_id", "the application"),
    ("post_logout_redirect_uri", "where to go afterwards: one that is registered"),
    ("state", "comes back as it is"),
    ("logout_hint", "understood, and without effect"),
    ("ui_locales", "languages"),
];

pub(crate) fn operations() -> Vec<Operation> {
    let path = "/oauth2/logout";
    let operation = get(path, "signOut", "Signs a user out for an application (OpenID Connect RP-Initiated Logout)");
    let in_query = PARAMETERS.into_iter().fold(operation, |operation, (name, text)| {
        operation.in_query(&format!("{name}?"), crate::schema::text(), Value::Null, text)
    });
    let form = open(vec![
        ("csrf?", words("the page's form token")),
        ("decision?", words("`sign_out` or `stay`")),
        ("request?", words("what the page was asked about")),
    ]);
    let form = extended(form, PARAMETERS.map(|(name, _)| (name, text())));
    let by_post = post(path, "signOutByPost", "The same by POST, and the page's decision")
        .takes_either(form, json!({ "client_id": CLIENT_ID }))
        .body_may_be_missing();
    let answers = |operation: Operation| {
        operation
            .security(&["session", ""])
            .shows(200, "The page that asks, or that it is done.")
            .redirects("To the application.")
            .fails(Page, &[400, 403, 503])
    };
    vec![answers(in_query), answers(by_post)]
}
