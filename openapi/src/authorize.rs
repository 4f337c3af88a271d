//! The authorization endpoint.

use serde_json::{Value, json};
use shared::oauth::ScopeToken;

use crate::components::CLIENT_ID;
use crate::operation::Errors::Page;
use crate::operation::{Operation, get, post};
use crate::schema::{extended, one_of, open, text, url, words};

/// The parameters of an authorization request, each with an example where the endpoint is likely to be tried.
pub(crate) fn parameters() -> Vec<(&'static str, Value, Value, &'static str)> {
    let scopes: Vec<_> = ScopeToken::ALL.into_iter().map(ScopeToken::as_str).collect();
    let none = || Value::Null;
    vec![
        ("client_id", text(), json!(CLIENT_ID), "the application"),
        ("response_type", text(), json!("code"), "`code`; the implicit ones where an administrator allowed them"),
        ("redirect_uri", url(), json!("https://diary.example/cb"), "one that is registered"),
        ("scope", text(), json!(scopes.join(" ")), "what is asked for"),
        ("state", text(), json!("af0ifjsldkj"), "comes back as it is"),
        ("nonce", text(), none(), "comes back in the ID token"),
        ("code_challenge", text(), json!("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), "PKCE (RFC 7636)"),
        ("code_challenge_method", text(), json!("S256"), "`S256`"),
        ("response_mode", text(), none(), "`query` or `form_post`"),
        ("prompt", text(), none(), "`none`, or some of `login`, `consent` and `select_account`"),
        ("max_age", text(), none(), "seconds since the user last signed in"),
        ("claims", text(), none(), "claims one by one, in JSON (OpenID Connect Core §5.5)"),
        ("id_token_hint", text(), none(), "an ID token that says who is expected"),
        ("login_hint", text(), none(), "what the sign-in page is filled with"),
        ("ui_locales", text(), none(), "languages"),
        ("display", text(), none(), "understood, and without effect"),
        ("acr_values", text(), none(), "how the user should have signed in"),
        ("resource", text(), none(), "for which resource server (RFC 8707); may come several times"),
        ("dpop_jkt", text(), none(), "the key that the code is bound to (RFC 9449 §10)"),
        ("request", text(), none(), "the request, signed (RFC 9101)"),
        ("request_uri", text(), none(), "the name of a pushed request (RFC 9126), or where a registered one is"),
    ]
}

pub(crate) fn operations() -> Vec<Operation> {
    let operation = get("/oauth2/authorize", "authorize", "From an application's request to a code");
    let in_query = parameters().into_iter().fold(operation, |operation, (name, schema, example, text)| {
        operation.in_query(&format!("{name}?"), schema, example, text)
    });
    let resumed = "a request that waited while its user signed in";
    let page = open(vec![
        ("csrf?", words("the page's form token")),
        ("decision?", words("`allow` or `deny`")),
        ("request?", words("what the page was asked about, or a signed request")),
        ("resume?", words(resumed)),
    ]);
    let form = extended(
        page,
        parameters().into_iter().filter(|(name, ..)| *name != "request").map(|(name, schema, ..)| (name, schema)),
    );
    vec![
        answers(in_query.in_query("resume?", text(), Value::Null, resumed)),
        answers(
            post("/oauth2/authorize", "authorizeByForm", "The same by POST, and the consent page's decision")
                .takes_either(form, json!({ "client_id": CLIENT_ID, "response_type": "code" }))
                .body_may_be_missing(),
        ),
    ]
}

/// What a browser is shown, or where it is sent.
pub(crate) fn answers(operation: Operation) -> Operation {
    operation
        .security(&["session", ""])
        .shows(200, "The consent page, a choice of accounts, or the answer as a form (`response_mode=form_post`).")
        .redirects("To the application with `code`, or with `error` and `error_description`, and with `state` and `iss`; or to the sign-in page.")
        .fails(Page, &[400, 403, 503])
}

/// An enumeration of the words that are the only ones.
pub(crate) fn only(word: &str) -> Value {
    one_of([word])
}
