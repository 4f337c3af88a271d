//! What a request says, and what its answer carries.

use tests::flow::{CHALLENGE, REDIRECT, VERIFIER};
use tests::{Client, TestSite, Tokens, json};

use super::{assert_error, assert_page, signed_in};

#[tokio::test]
async fn a05_a_public_client_must_use_pkce() {
    let site = TestSite::start().await;
    let browser = signed_in(&site).await;
    let client = site.public_client().await;
    let query = client.query_with(&[("scope", "openid"), ("state", "xyz")]);
    assert_error(&site, &browser.authorize(&query).await, "invalid_request", Some("xyz"));
    assert!(browser.authorize_fully(&client.query("openid")).await.parameter("code").is_some());
}

#[tokio::test]
async fn a05_a_confidential_client_must_use_pkce_only_where_it_registered_so() {
    let site = TestSite::start().await;
    let browser = signed_in(&site).await;
    let usual = site.client().await;
    let strict = site.client_with(json!({ "require_pkce": true })).await;
    let query = |client: &Client| client.query_with(&[("scope", "openid"), ("state", "xyz")]);
    let code = browser.authorize_fully(&query(&usual)).await.parameter("code").unwrap();
    Tokens::read(&site.redeem(&usual, &code, "").await);
    assert_error(&site, &browser.authorize(&query(&strict)).await, "invalid_request", Some("xyz"));
    browser.authorize_and_redeem(&strict, "openid").await;
}

#[tokio::test]
async fn a06_plain_or_unnamed_pkce_methods_are_refused() {
    let site = TestSite::start().await;
    let browser = signed_in(&site).await;
    for client in [site.client().await, site.public_client().await] {
        for pairs in [
            &[("code_challenge", VERIFIER), ("code_challenge_method", "plain")][..],
            &[("code_challenge", CHALLENGE)],
            &[("code_challenge", CHALLENGE), ("code_challenge_method", "")],
            &[("code_challenge", CHALLENGE), ("code_challenge_method", "s256")],
            &[("code_challenge", CHALLENGE), ("code_challenge_method", "S512")],
            &[("code_challenge_method", "S256")],
            &[("code_challenge", "tooshort"), ("code_challenge_method", "S256")],
            &[("code_challenge", &format!("{CHALLENGE}=")), ("code_challenge_method", "S256")],
        ] {
            let pairs = [pairs, &[("scope", "openid"), ("state", "xyz")]].concat();
            let reply = browser.authorize(&client.query_with(&pairs)).await;
            assert_error(&site, &reply, "invalid_request", Some("xyz"));
        }
    }
}

#[tokio::test]
async fn a07_a_missing_response_type_is_invalid_and_another_unsupported() {
    let site = TestSite::start().await;
    let browser = signed_in(&site).await;
    let client = site.client().await;
    let query = |value| client.query_with(&[("response_type", value), ("scope", "openid"), ("state", "xyz")]);
    assert_error(&site, &browser.authorize(&query("")).await, "invalid_request", Some("xyz"));
    let none = format!("client_id={}&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&scope=openid", client.id);
    assert_error(&site, &browser.authorize(&none).await, "invalid_request", None);
    for value in ["token", "id_token", "code id_token", "id_token token", "none", "CODE", "code code"] {
        assert_error(&site, &browser.authorize(&query(value)).await, "unsupported_response_type", Some("xyz"));
    }
}

#[tokio::test]
async fn a08_state_comes_back_byte_for_byte_and_iss_with_it() {
    let site = TestSite::start().await;
    let browser = signed_in(&site).await;
    let client = site.client().await;
    browser.code(&client, "openid").await;
    for state in [
        "xyz",
        " ",
        "a b+c%20d%2Bé",
        "&code=forged&iss=https://evil.example#?=;/\\\"'<>`{}|^",
        "番组计划🌸\u{202e}\u{200b}",
        "\t\r\nSet-Cookie: a=b",
        "%",
        "%zz",
        "\0\u{7f}",
        &"0123456789".repeat(200),
    ] {
        let query = client.query_with(&[("scope", "openid"), ("state", state)]);
        for (query, answer) in [(query.clone(), "code"), (format!("{query}&response_mode=fragment"), "error")] {
            let reply = browser.authorize(&query).await;
            assert!(reply.parameter(answer).is_some(), "{state:?}: {}", reply.location());
            assert_eq!(reply.parameter("state").as_deref(), Some(state));
            assert_eq!(reply.parameter("iss").as_deref(), Some(site.issuer()));
            // What decodes as a form and what decodes percent signs alone must read the same.
            assert!(!reply.location().contains('+'), "{}", reply.location());
            let url = url::Url::parse(reply.location()).unwrap();
            assert_eq!(url.query_pairs().filter(|(name, _)| name == "state" || name == "iss").count(), 2);
            assert!(reply.set_cookie("a").is_none());
        }
    }
    // Where none was sent none comes back.
    for query in [client.query_with(&[("scope", "openid")]), client.query_with(&[("scope", "openid"), ("state", "")])] {
        let reply = browser.authorize(&query).await;
        assert_eq!((reply.parameter("state"), reply.parameter("code").is_some()), (None, true));
    }
}

#[tokio::test]
async fn a08_state_survives_signing_in_and_consenting() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    let state = format!("a b+c%20d&é番/{}", "z".repeat(1900));
    let login = browser.authorize(&client.query_with(&[("scope", "openid"), ("state", &state)])).await;
    let back = browser.fill_login(&browser.open(login.location()).await, &user).await;
    let consent = browser.open(back.location()).await;
    for (decision, answer) in [("deny", "error"), ("allow", "code")] {
        let reply = browser.decide(&consent, decision).await;
        assert!(reply.parameter(answer).is_some(), "{}", reply.location());
        assert_eq!(reply.parameter("state").as_deref(), Some(state.as_str()));
        assert_eq!(reply.parameter("iss").as_deref(), Some(site.issuer()));
    }
}

#[tokio::test]
async fn a09_a_parameter_sent_twice_is_refused_and_an_unknown_one_ignored() {
    let site = TestSite::start().await;
    let browser = signed_in(&site).await;
    let client = site.client().await;
    let good = client.query("openid");
    for twice in
        ["scope=openid", "nonce=a&nonce=b", "nonce=a&nonce=a", "response_type=code", "x=1&x=1", "prompt=none&prompt="]
    {
        assert_error(&site, &browser.authorize(&format!("{good}&{twice}")).await, "invalid_request", Some("xyz"));
    }
    let reply = browser.authorize(&format!("{good}&state=other")).await;
    assert_eq!(reply.parameter("error").as_deref(), Some("invalid_request"));
    let resource = form_urlencoded::byte_serialize(site.issuer().as_bytes()).collect::<String>();
    let more = format!("&unknown=1&decision=maybe&resource={resource}&resource={resource}&audience=a&audience=b");
    let reply = browser.authorize_fully(&format!("{good}{more}")).await;
    assert!(reply.parameter("code").is_some());
}

#[tokio::test]
async fn a10_post_does_what_get_does() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    let query = client.query("openid");
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // From the application's page, as a browser says.
    let post = async |more: &[(&str, &str)]| {
        let pairs = [&pairs, more].concat();
        browser.submit_from("/oauth2/authorize", &pairs, "https://app.example").await
    };
    // Nobody is signed in. (A browser sends no cookie with another site's POST, so this goes by way of GET.)
    let reply = post(&[]).await;
    let login =
        if reply.location().starts_with("/oauth2/authorize?") { browser.open(reply.location()).await } else { reply };
    assert!(login.location().starts_with("/login?continue="), "{}", login.location());
    browser.fill_login(&browser.open(login.location()).await, &user).await;

    let consent = post(&[]).await;
    assert_eq!(consent.status, 200);
    let reply = browser.decide(&consent, "allow").await;
    assert_eq!(reply.parameter("state").as_deref(), Some("xyz"));
    assert!(reply.parameter("code").is_some());
    let reply = post(&[]).await;
    assert_eq!((reply.status, reply.parameter("code").is_some()), (303, true));
    assert_error(&site, &post(&[("prompt", "none"), ("request", "x")]).await, "invalid_request_object", Some("xyz"));
    assert_error(&site, &post(&[("nonce", "a"), ("nonce", "b")]).await, "invalid_request", Some("xyz"));
    assert_page(&post(&[("client_id", "client_nobody")]).await, "client_id twice");
}

#[tokio::test]
async fn a10_a_post_from_another_site_goes_on_by_get_where_the_session_is() {
    let site = TestSite::start().await;
    let browser = signed_in(&site).await;
    let client = site.client().await;
    browser.code(&client, "openid").await;
    let query = client.query("openid");
    // What a browser sends from another site's page: no `SameSite=Lax` cookie.
    let request = site.http.post(site.url("/oauth2/authorize")).header("origin", "https://app.example");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(query);
    let reply = site.send(request, None).await;
    assert_eq!(reply.status, 303);
    let reply = browser.open(reply.location()).await;
    assert_eq!((reply.parameter("state").as_deref(), reply.parameter("code").is_some()), (Some("xyz"), true));
}

#[tokio::test]
async fn a12_hints_are_understood_or_ignored_and_request_objects_never_ignored() {
    let site = TestSite::start().await;
    let browser = signed_in(&site).await;
    let client = site.client().await;
    browser.code(&client, "openid").await;
    let with = |name: &str, value: &str| client.query_with(&[("scope", "openid"), ("state", "xyz"), (name, value)]);
    for (name, value) in [
        ("login_hint", "somebody@moe.example"),
        ("ui_locales", "ja xx"),
        ("ui_locales", &"ja ".repeat(600)),
        ("display", "popup"),
        ("acr_values", "urn:x 1"),
        ("claims_locales", "en"),
        ("response_mode", "query"),
        ("request", ""),
        ("request_uri", ""),
    ] {
        let reply = browser.authorize(&with(name, value)).await;
        assert!(reply.parameter("code").is_some(), "{name}: {}", reply.location());
    }
    assert_error(&site, &browser.authorize(&with("request", "e30.e30.")).await, "invalid_request_object", Some("xyz"));
    let by_uri = browser.authorize(&with("request_uri", "https://app.example/r")).await;
    assert_error(&site, &by_uri, "invalid_request_uri", Some("xyz"));
}

#[tokio::test]
async fn a12_many_locales_do_not_make_the_sign_in_page_unreachable() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    let locales = "ja ".repeat(1250);
    let query = client.query_with(&[("scope", "openid"), ("ui_locales", &locales)]);
    let login = browser.open(browser.authorize(&query).await.location()).await;
    assert!(login.body.contains("<html lang=\"ja\">"), "{}", login.body);
    let consent = browser.open(browser.fill_login(&login, &user).await.location()).await;
    assert!(consent.body.contains("<html lang=\"ja\">"), "{}", consent.body);
}

#[tokio::test]
async fn a13_scope_beyond_the_registration_is_never_granted() {
    let site = TestSite::start().await;
    let browser = signed_in(&site).await;
    let client = site
        .client_with(json!({ "scope": "openid profile offline_access", "grant_types": ["authorization_code"] }))
        .await;
    let asked = "openid profile email phone collections:read collections:write offline_access account admin";
    let consent = browser.authorize(&client.query(asked)).await;
    assert!(consent.body.contains("See your profile"));
    for absent in ["See your e-mail", "phone number", "collection", "while you’re away"] {
        assert!(!consent.body.contains(absent), "{absent}");
    }
    let code = browser.decide(&consent, "allow").await.parameter("code").unwrap();
    let reply = site.redeem(&client, &code, VERIFIER).await;
    assert_eq!(reply.json()["scope"], "openid profile");
    let token = reply.json()["access_token"].as_str().unwrap().to_owned();
    assert!(site.userinfo(&token).await.json().get("email").is_none());
    assert_eq!(site.get("/collections", Some(&token)).await.status, 403);
    for scope in ["email", "account", "OPENID", "nonsense"] {
        assert_error(&site, &browser.authorize(&client.query(scope)).await, "invalid_scope", Some("xyz"));
    }
}

#[tokio::test]
async fn a_request_without_scope_means_profile_and_email() {
    let site = TestSite::start().await;
    let browser = signed_in(&site).await;
    let client = site.client().await;
    let code = browser.authorize_fully(&client.query_with(&[])).await.parameter("code").unwrap();
    assert_eq!(site.redeem(&client, &code, "").await.json()["scope"], "profile email");
}

#[tokio::test]
async fn a_client_without_the_code_grant_gets_no_code() {
    let site = TestSite::start().await;
    let browser = signed_in(&site).await;
    let client = site.client_with(json!({ "grant_types": ["client_credentials"] })).await;
    assert_error(&site, &browser.authorize(&client.query("profile")).await, "unauthorized_client", Some("xyz"));
}

#[tokio::test]
async fn a_request_that_is_too_long_is_refused_and_never_a_failure() {
    let site = TestSite::start().await;
    let browser = signed_in(&site).await;
    let client = site.client().await;
    let long = "n".repeat(5000);
    let query = client.query_with(&[("scope", "openid"), ("state", "xyz"), ("nonce", &long)]);
    assert_error(&site, &browser.authorize(&query).await, "invalid_request", Some("xyz"));
    // What no redirect could carry back whole is not sent back at all.
    for length in [5000, 16_000] {
        let state = "é".repeat(length / 2);
        let pairs = [("client_id", client.id.as_str()), ("redirect_uri", REDIRECT), ("state", &state)];
        let pairs = [&pairs[..], &[("response_type", "code"), ("scope", "openid")]].concat();
        assert_page(&browser.submit("/oauth2/authorize", &pairs).await, "a long state");
    }
    let reply = browser.authorize(&client.query_with(&[("state", &"s".repeat(11_000))])).await;
    assert_eq!(reply.status, 431);
    let garbled = format!("{}&nonce=%FF%FE", client.query("openid"));
    assert_page(&browser.authorize(&garbled).await, "not UTF-8");
}
