//! What the server says about itself, and its keys.

use serde_json::json;
use shared::oauth::metadata::SigningAlg;

use crate::ISSUER;
use crate::operation::Errors::Problem;
use crate::operation::{Operation, get, options};
use crate::schema::{boolean, list, one_of, open, text, url};

pub(crate) fn operations() -> Vec<Operation> {
    let documents = [
        ("/.well-known/openid-configuration", "getOpenidConfiguration", "OpenID Connect Discovery §3"),
        ("/.well-known/oauth-authorization-server", "getServerMetadata", "RFC 8414 §2"),
    ];
    let jwks = "/oauth2/jwks";
    let keys = get(jwks, "getKeys", "The public keys (RFC 7517)")
        .description("RS256 for ID tokens, ES256 for access tokens (RFC 9068), EdDSA where a client registered for it.")
        .answers(
            200,
            "The keys, those that sign and those that will.",
            open(vec![("keys", list(key()))]),
            json!({ "keys": [{ "kty": "EC", "use": "sig", "alg": "ES256", "kid": "k1", "crv": "P-256", "x": "…", "y": "…" }] }),
        )
        .fails(Problem, &[503]);
    let documents = documents.into_iter().flat_map(|(path, id, source)| {
        let document = get(path, id, &format!("What the server can do ({source})")).answers(
            200,
            "The metadata.",
            metadata(),
            json!({
                "issuer": ISSUER,
                "authorization_endpoint": format!("{ISSUER}/oauth2/authorize"),
                "token_endpoint": format!("{ISSUER}/oauth2/token"),
                "jwks_uri": format!("{ISSUER}/oauth2/jwks"),
                "scopes_supported": ["openid"],
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "claims_parameter_supported": true,
            }),
        );
        [document, options(path, &id.replace("get", "preflight"))]
    });
    let public = |operation: Operation| match operation.method() {
        "get" => operation.with_header(200, "Access-Control-Allow-Origin").with_header(200, "Cache-Control"),
        _ => operation,
    };
    documents.chain([keys, options(jwks, "preflightKeys")]).map(public).collect()
}

fn key() -> serde_json::Value {
    open(vec![
        ("kty", one_of(["EC", "OKP", "RSA"])),
        ("use", one_of(["sig"])),
        ("alg", one_of(SigningAlg::OURS.map(SigningAlg::as_str))),
        ("kid", text()),
    ])
}

/// Its members are those of the specifications: endpoints, lists of what is supported, and whether something is.
fn metadata() -> serde_json::Value {
    let mut schema = open(vec![
        ("issuer", url()),
        ("authorization_endpoint", url()),
        ("token_endpoint", url()),
        ("jwks_uri", url()),
        ("scopes_supported", list(text())),
        ("response_types_supported", list(text())),
        ("grant_types_supported", list(text())),
        ("subject_types_supported", list(text())),
        ("id_token_signing_alg_values_supported", list(text())),
    ]);
    if let Some(members) = schema.as_object_mut() {
        let others = json!({
            "_endpoint$": url(),
            "_(values_|methods_|modes_|algs_|locales_)?supported$": { "anyOf": [list(text()), boolean()] },
            "^require_": boolean(),
        });
        members.insert("patternProperties".to_owned(), others);
    }
    schema
}
