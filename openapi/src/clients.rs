//! Registering applications.

use serde_json::{Value, json};

use crate::ISSUER;
use crate::components::CLIENT_ID;
use crate::operation::Errors::{OAuth, OAuthOrPage, Page};
use crate::operation::{FORM, JSON, Operation, delete, get, post, put};
use crate::schema::{about, closed, named, open, text, words};

pub(crate) fn operations() -> Vec<Operation> {
    let all = "/oauth2/register";
    let one = "/oauth2/register/{client_id}";
    let metadata = || json!({ "client_name": "Anime Diary", "redirect_uris": ["https://diary.example/cb"] });
    let form = open(vec![
        ("csrf?", words("the page's form token")),
        ("client_name?", text()),
        ("redirect_uri?", words("a line for each")),
        ("public?", words("whether it can keep no secret")),
    ]);
    let manage = |operation: Operation| {
        operation.security(&["registration", "session"]).in_path("client_id", text(), CLIENT_ID, "the application")
    };
    let changed = json!({ "allOf": [
        named("ClientMetadata"),
        open(vec![("client_id", words("the application's own")), ("client_secret?", words("the application's own"))]),
    ] });
    let mut change = metadata();
    if let Some(members) = change.as_object_mut() {
        members.insert("client_id".to_owned(), CLIENT_ID.into());
    }
    vec![
        get(all, "showApplicationForm", "The page on which a person registers an application")
            .security(&["session", ""])
            .shows(200, "The page.")
            .redirects("To the sign-in page.")
            .fails(Page, &[403, 503]),
        post(all, "registerClient", "Registers an application (RFC 7591)")
            .description(
                "Who may is the setting REGISTRATION: anybody, who is signed in, or who has the operator's token.",
            )
            .security(&["bearer", "session", ""])
            .takes(JSON, named("ClientMetadata"), metadata())
            .takes(
                FORM,
                form,
                json!({ "csrf": "…", "client_name": "Anime Diary", "redirect_uri": "https://diary.example/cb" }),
            )
            .answers(
                201,
                "The application, with its secret, which is told this once; a page for the form.",
                named("Registration"),
                registration(),
            )
            .shows(201, "")
            .redirects("To the sign-in page, from the form.")
            .fails(OAuthOrPage, &[400, 401, 403, 415, 503])
            .fails(Page, &[422]),
        manage(get(one, "getClient", "Reads a registration (RFC 7592)"))
            .answers(200, "The registration.", named("Registration"), registration())
            .fails(OAuth, &[401, 403, 503]),
        manage(put(one, "changeClient", "Replaces a registration (RFC 7592)"))
            .takes(JSON, changed, change)
            .answers(200, "The registration as it is now.", named("Registration"), registration())
            .fails(OAuth, &[400, 401, 403, 409, 415, 503]),
        manage(delete(one, "deleteClient", "Deletes a registration (RFC 7592)"))
            .nothing(204, "It is gone, and everything that it was given ends.")
            .fails(OAuth, &[401, 403, 415, 503]),
    ]
    .into_iter()
    .chain(crate::dialects::OWN.into_iter().map(sign))
    .collect()
}

/// `sign` of the dialect that bangumoe had first.
fn sign(place: &str) -> Operation {
    let application = open(vec![
        ("client_name?", about("what is no string is ignored", json!({}))),
        ("client_secrets", crate::schema::within(6, 128)),
        ("redirect_url", about("an address, or several", json!({ "type": ["string", "array"] }))),
    ]);
    post(
        format!("{place}sign"),
        &format!("sign{}", crate::dialects::suffix(place)),
        "Registers an application with a secret of its own choice",
    )
    .security(&["bearer", "session", ""])
    .takes(
        JSON,
        application,
        json!({ "client_name": "Anime Diary", "client_secrets": "secret", "redirect_url": "https://diary.example/cb" }),
    )
    .answers(200, "Its id.", closed(vec![("client_id", text())]), json!({ "client_id": CLIENT_ID }))
    .fails(OAuth, &[400, 401, 403, 415, 503])
}

fn registration() -> Value {
    json!({
        "client_id": CLIENT_ID, "client_id_issued_at": 1_767_225_600, "client_secret": "…", "client_secret_expires_at": 0,
        "registration_client_uri": format!("{ISSUER}/oauth2/register/{CLIENT_ID}"), "registration_access_token": "…",
        "client_name": "Anime Diary", "redirect_uris": ["https://diary.example/cb"],
        "token_endpoint_auth_method": "client_secret_basic", "grant_types": ["authorization_code"],
        "response_types": ["code"], "scope": "openid profile", "application_type": "web",
        "id_token_signed_response_alg": "RS256", "require_signed_request_object": false,
        "require_pushed_authorization_requests": false, "dpop_bound_access_tokens": false, "subject_type": "public",
        "require_auth_time": false, "require_pkce": false, "backchannel_logout_session_required": false,
    })
}
