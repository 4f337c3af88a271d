//! Codes: redeemed once, by whom they were made for, in time.

use tests::flow::{CHALLENGE, REDIRECT, VERIFIER};
use tests::{Client, Reply, TestSite, Tokens, json};

/// What a code is redeemed with in these tests.
fn good(code: &str) -> Vec<(&str, &str)> {
    vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT), ("code_verifier", VERIFIER)]
}

/// The same with a field changed; left out where `value` is `None`.
fn with<'a>(code: &'a str, name: &str, value: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let pairs = good(code).into_iter();
    pairs.filter_map(|(n, v)| if n == name { value.map(|value| (n, value)) } else { Some((n, v)) }).collect()
}

fn assert_invalid_grant(reply: &Reply, why: &str) {
    assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_grant"), "{why}: {}", reply.body);
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(
        reply.json().as_object().map(|json| json.len()),
        Some(2),
        "error and error_description alone: {}",
        reply.body
    );
}

/// A site on which somebody has consented to an application.
async fn with_code(site: &TestSite, scope: &str) -> (Client, String) {
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let code = browser.code(&client, scope).await;
    (client, code)
}

#[tokio::test]
async fn t20_a_token_reply_has_what_the_protocol_demands_and_nobody_stores_it() {
    let site = TestSite::start().await;
    let (client, code) = with_code(&site, "openid profile offline_access").await;
    let reply = site.redeem(&client, &code, VERIFIER).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("pragma"), "no-cache");
    assert_eq!(reply.header("content-type"), "application/json");
    let json = reply.json();
    assert_eq!(json["token_type"], "Bearer");
    assert_eq!(json["expires_in"], 600);
    assert_eq!(json["scope"], "openid profile offline_access");
    for member in ["access_token", "refresh_token", "id_token"] {
        assert!(json[member].as_str().is_some_and(|token| token.len() > 40), "{member}");
    }
    assert_eq!(json.as_object().unwrap().len(), 6, "{json}");
}

#[tokio::test]
async fn t20_a_scope_that_was_narrowed_is_told() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client_with(json!({ "scope": "openid profile" })).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let code = browser.code(&client, "openid profile email collections:write").await;
    assert_eq!(site.redeem(&client, &code, VERIFIER).await.json()["scope"], "openid profile");
}

#[tokio::test]
async fn t20_a_code_is_redeemed_by_json_as_well() {
    let site = TestSite::start().await;
    let (client, code) = with_code(&site, "openid").await;
    let body = json!({
        "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER,
        "client_id": client.id, "client_secret": client.secret,
    });
    let reply = site.post("/oauth2/token", None, body).await;
    assert_eq!(site.userinfo(&Tokens::read(&reply).access_token).await.status, 200);
}

#[tokio::test]
async fn t21_a_code_used_twice_is_refused_and_every_token_of_its_first_use_is_dead() {
    let site = TestSite::start().await;
    let (client, code) = with_code(&site, "openid offline_access").await;
    let first = Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
    let rotated = Tokens::read(&site.refresh(&client, &first.refresh_token).await);
    for token in [&first.access_token, &rotated.access_token] {
        assert_eq!(site.userinfo(token).await.status, 200);
    }
    assert_invalid_grant(&site.redeem(&client, &code, VERIFIER).await, "used");
    for token in [&first.access_token, &rotated.access_token] {
        let refused = site.userinfo(token).await;
        assert_eq!((refused.status, refused.error().as_str()), (401, "invalid_token"));
    }
    for token in [&first.refresh_token, &rotated.refresh_token] {
        assert_invalid_grant(&site.refresh(&client, token).await, "a token of the first use");
    }
    assert_invalid_grant(&site.redeem(&client, &code, VERIFIER).await, "a third time");
}

#[tokio::test]
async fn t21_a_code_without_refresh_token_is_used_up_all_the_same() {
    let site = TestSite::start().await;
    let (client, code) = with_code(&site, "openid").await;
    let first = Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
    assert_eq!(first.refresh_token, "");
    assert_invalid_grant(&site.redeem(&client, &code, VERIFIER).await, "used");
    assert_eq!(site.userinfo(&first.access_token).await.status, 401);
}

#[tokio::test]
async fn t21_another_code_of_the_same_user_outlives_the_replay() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let replayed = browser.code(&client, "openid").await;
    let other = browser.authorize_and_redeem(&client, "openid").await;
    site.redeem(&client, &replayed, VERIFIER).await;
    assert_invalid_grant(&site.redeem(&client, &replayed, VERIFIER).await, "used");
    assert_eq!(site.userinfo(&other.access_token).await.status, 200);
}

#[tokio::test]
async fn t22_a_code_lives_for_sixty_seconds() {
    for (age, status) in [(59, 200), (60, 400), (3600, 400)] {
        let site = TestSite::start().await;
        let (client, code) = with_code(&site, "openid").await;
        site.clock.advance(age);
        let reply = site.redeem(&client, &code, VERIFIER).await;
        assert_eq!(reply.status, status, "{age} s: {}", reply.body);
        if status == 400 {
            assert_invalid_grant(&reply, "too old");
        }
    }
}

#[tokio::test]
async fn t21_an_expired_code_that_was_used_touches_nothing() {
    let site = TestSite::start().await;
    let (client, code) = with_code(&site, "openid offline_access").await;
    let tokens = Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
    site.clock.advance(60);
    assert_invalid_grant(&site.redeem(&client, &code, VERIFIER).await, "expired");
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 200);
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.status, 200);
}

#[tokio::test]
async fn t22_a_failing_redemption_consumes_nothing() {
    let site = TestSite::start().await;
    let (client, code) = with_code(&site, "openid").await;
    let short = &VERIFIER[..42];
    let wrong = VERIFIER.replace('d', "e");
    let other = if code.as_bytes()[40] == b'A' { "B" } else { "A" };
    let changed = format!("{}{other}{}", &code[..40], &code[41..]);
    for (why, pairs) in [
        ("another verifier", with(&code, "code_verifier", Some(&wrong))),
        ("no verifier", with(&code, "code_verifier", None)),
        ("an empty verifier", with(&code, "code_verifier", Some(""))),
        ("a short verifier", with(&code, "code_verifier", Some(short))),
        ("the challenge itself", with(&code, "code_verifier", Some(CHALLENGE))),
        ("another redirect_uri", with(&code, "redirect_uri", Some("https://app.example/cb/"))),
        ("a redirect_uri in another case", with(&code, "redirect_uri", Some("https://app.example/CB"))),
        ("a changed code", good(&changed)),
    ] {
        assert_invalid_grant(&site.token(&client, &pairs).await, why);
    }
    let other = site.client().await;
    assert_invalid_grant(&site.token(&other, &good(&code)).await, "another client");
    let mut impostor = client.clone();
    impostor.secret = Some("guessed".to_owned());
    assert_eq!(site.token(&impostor, &good(&code)).await.error(), "invalid_client");
    let reply = site.token(&client, &good(&code)).await;
    assert_eq!(site.userinfo(&Tokens::read(&reply).access_token).await.status, 200, "the rightful client");
}

#[tokio::test]
async fn t22_a_public_clients_code_needs_its_verifier_too() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.public_client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let code = browser.code(&client, "openid").await;
    assert_invalid_grant(&site.redeem(&client, &code, "").await, "no verifier");
    assert_eq!(site.redeem(&client, &code, VERIFIER).await.status, 200);
}

#[tokio::test]
async fn t22_a_verifier_of_the_wrong_length_or_letters_is_refused_though_it_fits() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    // The challenges are the S256 hashes of just these verifiers.
    for (verifier, challenge, status) in [
        ("a".repeat(42), "elOGB_2quSlplZKfRRVlu7gULhhEEXMiqv0rPXawGv8", 400),
        ("a".repeat(43), "ZtNPunH49FD35FWYhT5Tv8I7vRKQJ8uxMaL0_9eHjNA", 200),
        ("a".repeat(128), "aDbPE7rEAOkQUHHNavRwhN-srU5eMCyUv-0k4BOvtz4", 200),
        ("a".repeat(129), "wSywJKLlVRzKDgj86PHF4xRVXMP-9jKe6ZSj23UhZq4", 400),
        ("a".repeat(42) + "!", "eejtYKWJY_EVRpWyQ5uVYYEekHJHZ8_ubIlUxhzqIMA", 400),
        ("a".repeat(42) + "é", "px4X-bvXJzNPGBXnSjQg8Rc8pfjiDJMDO7S41MRYUaY", 400),
    ] {
        let query = [("scope", "openid"), ("code_challenge", challenge), ("code_challenge_method", "S256")];
        let reply = browser.authorize_fully(&client.query_with(&query)).await;
        let redeemed = site.redeem(&client, &reply.parameter("code").unwrap(), &verifier).await;
        assert_eq!(redeemed.status, status, "{verifier}: {}", redeemed.body);
        if status == 400 {
            assert_invalid_grant(&redeemed, &verifier);
        }
    }
}

#[tokio::test]
async fn t22_redirect_uri_may_be_left_out_where_pkce_binds_the_code() {
    let site = TestSite::start().await;
    let (client, code) = with_code(&site, "openid").await;
    assert_eq!(site.token(&client, &with(&code, "redirect_uri", None)).await.status, 200);
}

#[tokio::test]
async fn t22_redirect_uri_may_not_be_left_out_without_pkce() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let reply = browser.authorize_fully(&client.query_with(&[("scope", "openid")])).await;
    let code = reply.parameter("code").unwrap();
    let without = [("grant_type", "authorization_code"), ("code", code.as_str())];
    assert_invalid_grant(&site.token(&client, &without).await, "no redirect_uri");
    assert_eq!(site.redeem(&client, &code, "").await.status, 200);
}

#[tokio::test]
async fn t22_redirect_uri_may_be_left_out_where_the_request_left_it_out() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let query = format!("response_type=code&client_id={}&scope=profile", client.id);
    let code = browser.authorize_fully(&query).await.parameter("code").unwrap();
    let without = [("grant_type", "authorization_code"), ("code", code.as_str())];
    assert_eq!(site.token(&client, &without).await.status, 200);
}

#[tokio::test]
async fn t23_a_verifier_for_a_code_without_challenge_is_refused() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let reply = browser.authorize_fully(&client.query_with(&[("scope", "openid")])).await;
    let code = reply.parameter("code").unwrap();
    assert_invalid_grant(&site.redeem(&client, &code, VERIFIER).await, "downgraded");
    assert_eq!(site.redeem(&client, &code, "").await.status, 200, "nothing was consumed");
}

#[tokio::test]
async fn what_is_no_code_of_the_endpoint_is_refused() {
    let site = TestSite::start().await;
    let (client, code) = with_code(&site, "openid offline_access").await;
    let tokens = Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
    for other in [tokens.refresh_token.as_str(), &tokens.access_token, &tokens.id_token, "x", "AQ", "あ", "\0"] {
        assert_invalid_grant(&site.redeem(&client, other, VERIFIER).await, other);
    }
    for missing in ["code", "grant_type"] {
        let reply = site.token(&client, &with(&code, missing, None)).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_request"), "{missing}");
    }
}

#[tokio::test]
async fn a_doubled_parameter_is_refused_in_a_form_and_in_json() {
    let site = TestSite::start().await;
    let (client, code) = with_code(&site, "openid").await;
    let mut pairs = good(&code);
    pairs.push(("code", &code));
    assert_eq!(site.token(&client, &pairs).await.error(), "invalid_request");
    let secret = client.secret.as_deref().unwrap();
    let body = format!(
        r#"{{"grant_type":"authorization_code","code":"{code}","code":"{code}","redirect_uri":"{REDIRECT}",
        "code_verifier":"{VERIFIER}","client_id":"{}","client_secret":"{secret}"}}"#,
        client.id
    );
    let request = site.http.post(site.url("/oauth2/token")).header("content-type", "application/json").body(body);
    assert_eq!(site.send(request, None).await.error(), "invalid_request");
    // `resource` and `audience` may repeat (RFC 8707 §2).
    let mut pairs = good(&code);
    pairs.extend([("resource", site.issuer()), ("resource", site.issuer()), ("audience", "a"), ("audience", "b")]);
    assert_eq!(site.token(&client, &pairs).await.status, 200);
}
