//! Queries, forms, JSON, Basic headers.

use data_encoding::BASE64;
use proptest::prelude::*;
use tests::Value;
use tests::flow::{CHALLENGE, REDIRECT, VERIFIER};

use super::inputs::{pairs, text, value};
use super::{Scene, assert_sound, fuzz};

const AUTHORIZE: &[&str] = &[
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "login_hint",
    "ui_locales",
    "display",
    "acr_values",
    "claims",
    "claims_locales",
    "id_token_hint",
    "request",
    "request_uri",
    "response_mode",
    "resource",
    "dpop_jkt",
    "resume",
    "decision",
    "csrf",
];

const TOKEN: &[&str] = &[
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "scope",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "resource",
    "audience",
    "subject_token",
    "subject_token_type",
    "requested_token_type",
    "actor_token",
    "device_code",
    "username",
    "password",
];

pub(super) const METADATA: &[&str] = &[
    "client_name",
    "redirect_uris",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "grant_types",
    "response_types",
    "scope",
    "application_type",
    "jwks",
    "jwks_uri",
    "id_token_signed_response_alg",
    "userinfo_signed_response_alg",
    "request_object_signing_alg",
    "request_uris",
    "require_signed_request_object",
    "require_pushed_authorization_requests",
    "dpop_bound_access_tokens",
    "subject_type",
    "sector_identifier_uri",
    "default_max_age",
    "default_acr_values",
    "require_auth_time",
    "require_pkce",
    "profile",
    "post_logout_redirect_uris",
    "backchannel_logout_uri",
    "backchannel_logout_session_required",
    "initiate_login_uri",
    "client_uri",
    "logo_uri",
    "tos_uri",
    "policy_uri",
    "contacts",
    "software_id",
    "software_version",
];

fn form(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The application's own id in the place of the word for it.
fn filled(scene: &Scene<'_>, mut pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    for (_, value) in pairs.iter_mut().filter(|(_, value)| value == "CLIENT") {
        value.clone_from(&scene.client.id);
    }
    for (_, value) in pairs.iter_mut().filter(|(_, value)| value == "SECRET") {
        value.clone_from(scene.client.secret.as_ref().unwrap());
    }
    pairs
}

#[test]
fn e60_no_authorization_request_breaks_anything_or_sends_anybody_astray() {
    let good = &[
        ("response_type", "code"),
        ("client_id", "CLIENT"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid profile"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    fuzz((pairs(AUTHORIZE, good), any::<bool>()), async |scene: &Scene<'_>, (pairs, post)| {
        let body = form(&filled(scene, pairs));
        let reply = if post {
            let request = scene.browser.http.post(scene.site.url("/oauth2/authorize")).body(body);
            scene.site.send(request.header("content-type", "application/x-www-form-urlencoded"), None).await
        } else {
            scene.browser.authorize(&body).await
        };
        assert_sound(scene.site, &reply);
    });
}

#[test]
fn e60_no_token_request_breaks_anything_in_a_form_or_in_json() {
    let good = &[
        ("grant_type", "authorization_code"),
        ("client_id", "CLIENT"),
        ("client_secret", "SECRET"),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    const PATHS: &[&str] =
        &["/oauth2/token", "/oauth2/revoke", "/oauth2/introspect", "/oauth2/par", "/oauth2/device_authorization"];
    let inputs = (pairs(TOKEN, good), any::<bool>(), proptest::sample::select(PATHS).prop_map(str::to_owned));
    fuzz(inputs, async |scene: &Scene<'_>, (pairs, as_json, path)| {
        let pairs = filled(scene, pairs);
        let request = scene.site.http.post(scene.site.url(&path));
        let request = if as_json {
            request.json(&pairs.into_iter().map(|(name, value)| (name, Value::from(value))).collect::<Value>())
        } else {
            request.header("content-type", "application/x-www-form-urlencoded").body(form(&pairs))
        };
        assert_sound(scene.site, &scene.site.send(request, None).await);
    });
}

#[test]
fn e60_no_client_metadata_breaks_anything() {
    let name = prop_oneof![9 => proptest::sample::select(METADATA).prop_map(str::to_owned), 1 => text()];
    let object = proptest::collection::vec((name, value()), 0..6);
    fuzz(object, async |scene: &Scene<'_>, members| {
        let mut metadata = tests::json!({ "redirect_uris": [REDIRECT] });
        metadata.as_object_mut().unwrap().extend(members);
        let reply = scene.site.post("/oauth2/register", None, metadata.clone()).await;
        assert!(reply.status == 201 || reply.status == 400, "{} {}", reply.status, reply.body);
        // What was accepted is read back as it was echoed.
        if reply.status == 201 {
            let registered = reply.json();
            let path =
                registered["registration_client_uri"].as_str().unwrap().strip_prefix(scene.site.issuer()).unwrap();
            let token = registered["registration_access_token"].as_str().unwrap();
            assert_eq!(scene.site.get(path, Some(token)).await.status, 200);
        }
    });
}

#[test]
fn e60_no_basic_header_breaks_anything() {
    let bytes = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60).prop_map(|bytes| BASE64.encode(&bytes)),
        (text(), text()).prop_map(|(id, secret)| BASE64.encode(format!("{id}:{secret}").as_bytes())),
        "[A-Za-z0-9+/=_-]{0,80}",
    ];
    fuzz((bytes, "(Basic|basic|BASIC|Basic |Bearer|DPoP|)"), async |scene: &Scene<'_>, (credentials, scheme)| {
        let request = scene.site.http.post(scene.site.url("/oauth2/token"));
        // A gateway passes 10 KB of headers.
        let credentials: String = credentials.chars().take(8000).collect();
        let request = request.header("authorization", format!("{scheme} {credentials}"));
        let reply = scene.site.send(request.form(&[("grant_type", "client_credentials")]), None).await;
        assert!((400..500).contains(&reply.status), "{} {}", reply.status, reply.body);
    });
}
