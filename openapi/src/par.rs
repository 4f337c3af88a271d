//! Pushed authorization requests.

use serde_json::json;
use shared::oauth::lifetimes::PUSHED_REQUEST;
use shared::oauth::pushed::PREFIX;

use crate::authorize::parameters;
use crate::operation::Errors::OAuth;
use crate::operation::{Operation, post};
use crate::schema::{closed, extended, integer, open, text};
use crate::token::{client_authentication, with_client};

pub(crate) fn operations() -> Vec<Operation> {
    // A pushed request has no name yet, and the client's is part of its authentication.
    let parameters = parameters().into_iter().filter(|(name, ..)| !["client_id", "request_uri"].contains(name));
    let request = extended(open(vec![]), parameters.map(|(name, schema, ..)| (name, schema)));
    let example = json!({
        "response_type": "code", "redirect_uri": "https://diary.example/cb", "scope": "openid",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
    });
    let pushed = closed(vec![("request_uri", text()), ("expires_in", integer(1))]);
    let operation = post(
        "/oauth2/par",
        "pushAuthorizationRequest",
        "Takes an authorization request before the browser does (RFC 9126)",
    );
    vec![
        client_authentication(operation)
            .takes_either(with_client(request), example)
            .answers(
                201,
                "The request's name.",
                pushed,
                json!({ "request_uri": format!("{PREFIX}…"), "expires_in": PUSHED_REQUEST }),
            )
            .fails(OAuth, &[400, 401, 403, 429, 503]),
    ]
}
