//! The `oauth2` crate: what there is of OAuth without OpenID Connect.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use oauth2::basic::BasicClient;
use oauth2::basic::BasicErrorResponseType::InvalidGrant;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DeviceAuthorizationUrl, DeviceCodeErrorResponseType,
    HttpRequest, IntrospectionUrl, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, RevocationUrl,
    Scope, StandardDeviceAuthorizationResponse, TokenIntrospectionResponse as _, TokenResponse as _, TokenUrl,
};
use tests::flow::REDIRECT;
use tests::{Browser, Client, TestSite, json};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The library revokes at https alone, and the test's site has none: there, the name of the scheme is all that is changed.
macro_rules! http {
    ($site:expr) => {{
        let (client, plain) = ($site.http.clone(), $site.issuer().to_owned());
        move |request: HttpRequest| {
            let (mut parts, body) = request.into_parts();
            parts.uri = parts.uri.to_string().replace(&https(&plain), &plain).parse().unwrap();
            super::send(client.clone(), HttpRequest::from_parts(parts, body))
        }
    }};
}

/// The library's client; its type says which addresses it has.
macro_rules! library {
    ($site:expr, $client:expr) => {{
        let url = |path: &str| format!("{}{path}", $site.issuer());
        let library = BasicClient::new(ClientId::new($client.id.clone()))
            .set_auth_uri(AuthUrl::new(url("/oauth2/authorize")).unwrap())
            .set_token_uri(TokenUrl::new(url("/oauth2/token")).unwrap())
            .set_device_authorization_url(DeviceAuthorizationUrl::new(url("/oauth2/device_authorization")).unwrap())
            .set_introspection_url(IntrospectionUrl::new(url("/oauth2/introspect")).unwrap())
            .set_revocation_url(RevocationUrl::new(https(&url("/oauth2/revoke"))).unwrap())
            .set_redirect_uri(RedirectUrl::new(REDIRECT.to_owned()).unwrap());
        match &$client.secret {
            Some(secret) => library.set_client_secret(ClientSecret::new(secret.clone())),
            None => library,
        }
    }};
}

fn https(url: &str) -> String {
    url.replacen("http://", "https://", 1)
}

fn scopes(names: &[&str]) -> Vec<Scope> {
    names.iter().map(|name| Scope::new((*name).to_owned())).collect()
}

#[tokio::test]
async fn oauth2_gets_refreshes_asks_about_and_revokes_tokens() {
    let site = TestSite::start().await;
    let (user, client) = (site.register("sakura").await, site.client().await);
    let (http, library) = (http!(site), library!(site, client));
    let browser = site.browser();
    browser.sign_in(&user).await;
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let asked = library.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge);
    let (url, state) = asked.add_scopes(scopes(&["profile", "collections:read"])).url();
    let back = browser.authorize_fully(url.query().unwrap()).await;
    assert_eq!(back.parameter("state").as_ref(), Some(state.secret()));
    let code = AuthorizationCode::new(back.parameter("code").unwrap());

    let wrong = PkceCodeVerifier::new("w".repeat(43));
    let refused = library.exchange_code(code.clone()).set_pkce_verifier(wrong).request_async(&http).await;
    match refused.unwrap_err() {
        RequestTokenError::ServerResponse(error) => assert_eq!(error.error(), &InvalidGrant),
        other => panic!("{other}"),
    }
    let tokens = library.exchange_code(code).set_pkce_verifier(verifier).request_async(&http).await.unwrap();
    assert_eq!(tokens.expires_in(), Some(Duration::from_secs(600)));
    let refresh = library.exchange_refresh_token(tokens.refresh_token().unwrap());
    let narrowed = refresh.add_scope(Scope::new("profile".to_owned())).request_async(&http).await.unwrap();
    assert_eq!(narrowed.scopes(), Some(&scopes(&["profile"])));
    assert_ne!(narrowed.refresh_token().unwrap().secret(), tokens.refresh_token().unwrap().secret());

    let described = library.introspect(narrowed.access_token()).request_async(&http).await.unwrap();
    assert!(described.active());
    assert_eq!(described.sub(), Some(user.user_id.as_str()));
    assert_eq!(described.client_id().map(|id| id.as_str()), Some(client.id.as_str()));
    assert_eq!(described.exp().unwrap().timestamp(), site.clock.now().0 + 600);
    let refresh_token = narrowed.refresh_token().unwrap().clone();
    library.revoke_token(refresh_token.into()).unwrap().request_async(&http).await.unwrap();
    let described = library.introspect(narrowed.access_token()).request_async(&http).await.unwrap();
    assert!(!described.active());

    let own = library.exchange_client_credentials().add_scopes(scopes(&["collections:read"]));
    let own = own.request_async(&http).await.unwrap();
    assert!(own.refresh_token().is_none());
    library.revoke_token(own.access_token().clone().into()).unwrap().request_async(&http).await.unwrap();
    assert!(!library.introspect(own.access_token()).request_async(&http).await.unwrap().active());
}

/// Types a device's code, and says yes or no.
async fn answer(browser: &Browser<'_>, details: &StandardDeviceAuthorizationResponse, decision: &str) {
    let page = browser.open(details.verification_uri_complete().unwrap().secret()).await;
    let (csrf, code) = (page.input("csrf"), page.input("user_code"));
    assert_eq!(&code, details.user_code().secret());
    let page = browser.submit("/device", &[("csrf", &csrf), ("user_code", &code)]).await;
    let (csrf, request) = (page.input("csrf"), page.input("request"));
    let pairs = [("csrf", csrf.as_str()), ("request", &request), ("decision", decision)];
    assert_eq!(browser.submit("/device", &pairs).await.status, 200);
}

#[tokio::test]
async fn oauth2_waits_for_the_user_of_a_device() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client: Client = site
        .client_with(json!({
            "token_endpoint_auth_method": "none", "grant_types": [DEVICE, "refresh_token"],
            "response_types": [], "redirect_uris": [],
        }))
        .await;
    let (http, library) = (http!(site), library!(site, client));
    let browser = site.browser();
    browser.sign_in(&user).await;
    for decision in ["allow", "deny"] {
        let asked = library.exchange_device_code().add_scopes(scopes(&["profile"]));
        let details: StandardDeviceAuthorizationResponse = asked.request_async(&http).await.unwrap();
        let clock = site.clock.clone();
        let now = move || (UNIX_EPOCH + Duration::from_secs(clock.now().0.unsigned_abs())).into();
        // While the library waits, the time is moved on; the user takes two of its pauses.
        let pauses = AtomicU32::new(0);
        let pause = async |length: Duration| {
            site.clock.advance(length.as_secs().cast_signed());
            if pauses.fetch_add(1, Ordering::Relaxed) == 1 {
                answer(&browser, &details, decision).await;
            }
        };
        let asking = library.exchange_device_access_token(&details).set_time_fn(now);
        let answer = asking.request_async(&http, pause, None).await;
        match (decision, answer) {
            ("allow", Ok(tokens)) => {
                assert!(site.userinfo(tokens.access_token().secret()).await.status == 403, "no openid was asked for");
                assert!(tokens.refresh_token().is_some());
            }
            ("deny", Err(RequestTokenError::ServerResponse(error))) => {
                assert_eq!(error.error(), &DeviceCodeErrorResponseType::AccessDenied);
            }
            (_, other) => panic!("{decision}: {other:?}"),
        }
        assert_eq!(pauses.into_inner(), 2);
    }
}
