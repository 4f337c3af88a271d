//! Revocation and introspection.

use serde_json::json;

use crate::ISSUER;
use crate::components::{CLIENT_ID, USER_ID};
use crate::operation::Errors::OAuth;
use crate::operation::{Operation, options, post};
use crate::schema::{named, open, text};
use crate::token::with_client;

pub(crate) fn operations() -> Vec<Operation> {
    let question = || with_client(open(vec![("token", text()), ("token_type_hint?", text())]));
    let example = || json!({ "token": "eyJ…" });
    let known = json!({
        "active": true, "token_type": "Bearer", "iss": ISSUER, "sub": USER_ID, "aud": ISSUER, "client_id": CLIENT_ID,
        "exp": 1_767_226_200, "iat": 1_767_225_600, "jti": "…", "scope": "openid",
    });
    vec![
        post("/oauth2/revoke", "revoke", "Ends a token (RFC 7009)")
            .security(&["client", ""])
            .takes_either(question(), example())
            .nothing(200, "It is over, or was not the caller's.")
            .with_header(200, "Access-Control-Allow-Origin")
            .fails(OAuth, &[400, 401, 429, 503]),
        options("/oauth2/revoke", "preflightRevoke"),
        post("/oauth2/introspect", "introspect", "Says what a token is (RFC 7662)")
            .description("For whom it was issued to or for. Public clients may not ask.")
            .security(&["client", ""])
            .takes_either(question(), example())
            .answers(200, "What it is.", named("Introspection"), known)
            .fails(OAuth, &[400, 401, 429, 503]),
    ]
}
