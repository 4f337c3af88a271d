//! What the server says about itself: OpenID Connect Discovery §3, RFC 8414 §2, and the JWKS.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use shared::app::App;
use shared::config::Config;
use shared::http::{Problem, cors};
use shared::i18n::Lang;
use shared::oauth::ScopeToken;
use shared::oauth::claims::CLAIMS;
use shared::oauth::metadata::SigningAlg;

/// The function's routes.
pub fn router() -> Router<App> {
    let preflight = || async { cors::preflight("GET") };
    shared::http::router()
        .route("/.well-known/openid-configuration", get(metadata).options(preflight))
        .route("/.well-known/oauth-authorization-server", get(metadata).options(preflight))
        .route("/oauth2/jwks", get(jwks).options(preflight))
}

async fn metadata(State(app): State<App>) -> Response {
    public(&describe(&app.config))
}

async fn jwks(State(app): State<App>) -> Response {
    match app.site().await {
        Ok(site) => public(&json!(site.keys.jwks())),
        Err(error) => Problem::from(error).to_json_response(),
    }
}

/// Anybody may read and keep it, for less long than a new key is published before it signs.
fn public(value: &Value) -> Response {
    let mut response = shared::http::json(StatusCode::OK, value);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    cors::allow(&mut response);
    response
}

/// Everything that works, and explicitly what does not where leaving it out would mean that it does.
fn describe(config: &Config) -> Value {
    let issuer = &config.issuer;
    let scopes: Vec<_> = ScopeToken::ALL.into_iter().map(ScopeToken::as_str).collect();
    let of_tokens = ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid"];
    let claims: Vec<_> = of_tokens.into_iter().chain(CLAIMS.into_iter().map(|(claim, _)| claim)).collect();
    let ours = SigningAlg::OURS.map(SigningAlg::as_str);
    let theirs: Vec<_> = SigningAlg::names().collect();
    let languages: Vec<_> = Lang::ALL.into_iter().map(Lang::tag).collect();
    json!({
        "issuer": issuer.as_str(),
        "authorization_endpoint": issuer.url("/oauth2/authorize"),
        "token_endpoint": issuer.url("/oauth2/token"),
        "userinfo_endpoint": issuer.url("/oauth2/userinfo"),
        "jwks_uri": issuer.url("/oauth2/jwks"),
        "pushed_authorization_request_endpoint": issuer.url("/oauth2/par"),
        "registration_endpoint": issuer.url("/oauth2/register"),
        "device_authorization_endpoint": issuer.url("/oauth2/device_authorization"),
        "revocation_endpoint": issuer.url("/oauth2/revoke"),
        "end_session_endpoint": issuer.url("/oauth2/logout"),
        "introspection_endpoint": issuer.url("/oauth2/introspect"),
        "client_id_metadata_document_supported": config.client_id_documents,
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ours,
        "userinfo_signing_alg_values_supported": ours,
        "dpop_signing_alg_values_supported": theirs,
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": theirs,
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        "revocation_endpoint_auth_signing_alg_values_supported": theirs,
        // Not of public clients: RFC 7662 §2.1.
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "introspection_endpoint_auth_signing_alg_values_supported": theirs,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claim_types_supported": ["normal"],
        "claims_supported": claims,
        "ui_locales_supported": languages,
        "claims_parameter_supported": true,
        "request_parameter_supported": true,
        "request_uri_parameter_supported": true,
        "require_request_uri_registration": true,
        // Not `none`: whoever registers no algorithm may use any of these (OpenID Connect Dynamic Client Registration §2),
        // and an unsigned object is taken only from whose registration asks for it.
        "request_object_signing_alg_values_supported": theirs,
        "require_signed_request_object": false,
        "require_pushed_authorization_requests": false,
        "authorization_response_iss_parameter_supported": true,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
    })
}
