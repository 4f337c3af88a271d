//! The token endpoint.

use serde_json::{Value, json};
use shared::oauth::lifetimes::ACCESS_TOKEN;
use shared::oauth::metadata::GrantType;

use crate::operation::Errors::OAuth;
use crate::operation::{Operation, options, post};
use crate::schema::{closed, extended, integer, one_of, open, text};

/// Every grant of the endpoint; the implicit one is the authorization endpoint's.
pub(crate) const GRANTS: [GrantType; 6] = [
    GrantType::AuthorizationCode,
    GrantType::RefreshToken,
    GrantType::ClientCredentials,
    GrantType::DeviceCode,
    GrantType::TokenExchange,
    GrantType::Password,
];

/// An application proves itself in the header, or in the body.
pub(crate) fn client_authentication(operation: Operation) -> Operation {
    operation.security(&["client", ""]).in_header(
        "DPoP?",
        text(),
        Value::Null,
        "a proof of the key that tokens are to be bound to (RFC 9449 §5)",
    )
}

/// The parameters of a body in which an application says who it is.
pub(crate) fn with_client(schema: Value) -> Value {
    let names = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];
    extended(schema, names.map(|name| (name, text())))
}

/// What a token request may have.
pub(crate) fn request() -> Value {
    let names = [
        "code",
        "redirect_uri",
        "code_verifier",
        "refresh_token",
        "scope",
        "device_code",
        "username",
        "password",
        "subject_token",
        "subject_token_type",
        "requested_token_type",
        "audience",
        "resource",
    ];
    let grant = open(vec![("grant_type", one_of(GRANTS.map(|grant| json!(grant))))]);
    with_client(extended(grant, names.map(|name| (name, text()))))
}

/// The tokens.
pub(crate) fn reply() -> Value {
    closed(vec![
        ("access_token", text()),
        ("token_type", one_of(["Bearer", "DPoP"])),
        ("expires_in", integer(1)),
        ("scope?", text()),
        ("refresh_token?", text()),
        ("id_token?", text()),
        ("issued_token_type?", text()),
    ])
}

pub(crate) fn operations() -> Vec<Operation> {
    let operation = post("/oauth2/token", "token", "Gives tokens (RFC 6749 §3.2)").description(
        "For codes (with `code_verifier`, RFC 7636), refresh tokens, client credentials, device codes (RFC 8628 §3.4); and, \
         for whom an administrator allowed it, token exchange (RFC 8693) and passwords.",
    );
    let example = json!({ "grant_type": "client_credentials", "scope": "collections:read" });
    let tokens =
        json!({ "access_token": "eyJ…", "token_type": "Bearer", "expires_in": ACCESS_TOKEN, "scope": "openid" });
    vec![
        client_authentication(operation)
            .takes_either(request(), example)
            .answers(200, "The tokens.", reply(), tokens)
            .with_header(200, "Access-Control-Allow-Origin")
            .fails(OAuth, &[400, 401, 403, 429, 503]),
        options("/oauth2/token", "preflightToken"),
    ]
}
