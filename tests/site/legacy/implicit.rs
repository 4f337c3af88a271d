//! The implicit grant and its hybrids (RFC 6749 §4.2; OpenID Connect Core §3.2, §3.3).

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use local::cli::Grant;
use tests::flow::{CHALLENGE, REDIRECT, VERIFIER, claims};
use tests::{Browser, Client, Reply, TestSite, Tokens, User, Value, json};

const TYPES: [&str; 6] = ["token", "id_token", "id_token token", "code id_token", "code token", "code id_token token"];

fn query(client: &Client, response_type: &str, more: &[(&str, &str)]) -> String {
    let pairs = [("response_type", response_type), ("scope", "openid profile"), ("state", "xyz"), ("nonce", "n-1")];
    let pairs: Vec<_> = pairs.into_iter().filter(|(name, _)| more.iter().all(|(given, _)| given != name)).collect();
    client.query_with(&[&pairs, more].concat())
}

async fn allowed(site: &TestSite) -> (User, Browser<'_>, Client) {
    let (user, client) = (site.register("sakura").await, site.client().await);
    site.allow(&client, Grant::Implicit).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    (user, browser, client)
}

async fn answer(browser: &Browser<'_>, client: &Client, response_type: &str) -> Reply {
    browser.authorize_fully(&query(client, response_type, &[])).await
}

/// The left half of a text's SHA-256.
fn half_hash(text: &str) -> String {
    let hash = shared::oauth::client::sha256_hex(text);
    let (left, _) = hash.split_at(32);
    BASE64URL_NOPAD.encode(&HEXLOWER.decode(left.as_bytes()).unwrap_or_default())
}

#[tokio::test]
async fn t27_each_legacy_type_gives_what_it_names_behind_the_fragment() {
    let site = TestSite::start().await;
    let (user, browser, client) = allowed(&site).await;
    for response_type in TYPES {
        let reply = answer(&browser, &client, response_type).await;
        assert!(reply.location().starts_with(&format!("{REDIRECT}#")), "{response_type}: {}", reply.location());
        let has = |word: &str| response_type.split(' ').any(|part| part == word);
        for (name, expected) in [
            ("code", has("code")),
            ("id_token", has("id_token")),
            ("access_token", has("token")),
            ("token_type", has("token")),
            ("expires_in", has("token")),
            ("scope", has("token")),
            ("refresh_token", false),
            ("error", false),
        ] {
            assert_eq!(reply.fragment(name).is_some(), expected, "{response_type}: {name}");
        }
        assert_eq!(reply.fragment("state").as_deref(), Some("xyz"));
        assert_eq!(reply.fragment("iss").as_deref(), Some(site.issuer()));
        if let Some(token) = reply.fragment("access_token") {
            let info = site.userinfo(&token).await.json();
            assert_eq!((&info["sub"], &info["nickname"]), (&json!(user.user_id), &json!("sakura")), "{response_type}");
        }
        if let Some(code) = reply.fragment("code") {
            let tokens = Tokens::read(&site.redeem(&client, &code, "").await);
            assert_eq!(site.userinfo(&tokens.access_token).await.status, 200);
        }
    }
}

#[tokio::test]
async fn t27_an_id_token_from_there_is_bound_to_what_comes_along() {
    let site = TestSite::start().await;
    let (user, browser, client) = allowed(&site).await;
    for response_type in TYPES.into_iter().filter(|response_type| response_type.contains("id_token")) {
        let reply = answer(&browser, &client, response_type).await;
        let id = claims(&reply.fragment("id_token").unwrap_or_default());
        assert_eq!((&id["nonce"], &id["sub"], &id["aud"]), (&json!("n-1"), &json!(user.user_id), &json!(client.id)));
        let hash = |name: &str| reply.fragment(name).map_or(Value::Null, |value| half_hash(&value).into());
        let told = [&id["at_hash"], &id["c_hash"], &id["s_hash"]];
        assert_eq!(told, [&hash("access_token"), &hash("code"), &hash("state")], "{response_type}");
        // Where nobody will be able to ask userinfo, it says what the scope lets out.
        assert_eq!(id.get("nickname").is_some(), response_type == "id_token", "{response_type}");
    }
}

#[tokio::test]
async fn t27_legacy_types_are_for_whom_an_administrator_allowed_them() {
    let site = TestSite::start().await;
    let (_, browser, trusted) = allowed(&site).await;
    // Nobody gives them to themselves.
    let asking = json!({ "grant_types": ["implicit"], "response_types": ["token"], "redirect_uris": [REDIRECT] });
    assert_eq!(site.post("/oauth2/register", None, asking).await.status, 400);
    let client = site.client().await;
    for response_type in TYPES {
        let reply = browser.authorize(&query(&client, response_type, &[])).await;
        assert_eq!(reply.parameter("error").as_deref(), Some("unsupported_response_type"), "{response_type}");
    }
    // One that was taken away again is not registered.
    site.change_client(&trusted, |client| client.metadata.response_types.retain(|kept| !kept.token)).await;
    let reply = browser.authorize(&query(&trusted, "token", &[])).await;
    assert_eq!(reply.fragment("error").as_deref(), Some("unauthorized_client"));
    let reply = browser.authorize(&query(&trusted, "none", &[])).await;
    assert_eq!(reply.parameter("error").as_deref(), Some("unsupported_response_type"));
    let document = site.get("/.well-known/openid-configuration", None).await.json();
    assert_eq!(document["response_types_supported"], json!(["code"]));
    assert!(!document["grant_types_supported"].to_string().contains("implicit"));
}

#[tokio::test]
async fn t27_a_token_never_goes_back_in_a_query() {
    let site = TestSite::start().await;
    let (_, browser, client) = allowed(&site).await;
    assert!(answer(&browser, &client, "token").await.fragment("access_token").is_some());
    for response_type in TYPES {
        let refused = browser.authorize(&query(&client, response_type, &[("response_mode", "query")])).await;
        assert_eq!(refused.fragment("error").as_deref(), Some("invalid_request"), "{response_type}");
        let form = browser.authorize(&query(&client, response_type, &[("response_mode", "form_post")])).await;
        assert_eq!((form.status, form.header("location")), (200, ""), "{response_type}");
        assert!(
            form.body.contains("name=\"state\" value=\"xyz\"") && form.body.contains("name=\"iss\""),
            "{}",
            form.body
        );
    }
    let denied = browser.authorize(&query(&client, "id_token token", &[("prompt", "consent")])).await;
    let denied = browser.decide(&denied, "deny").await;
    assert_eq!(denied.fragment("error").as_deref(), Some("access_denied"));
    let silent = site.browser().authorize(&query(&client, "id_token", &[("prompt", "none")])).await;
    assert_eq!(silent.fragment("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn t27_an_id_token_by_redirect_needs_a_nonce_of_some_length_and_openid() {
    let site = TestSite::start().await;
    let (_, browser, client) = allowed(&site).await;
    let long = "n".repeat(513);
    for response_type in TYPES.into_iter().filter(|response_type| response_type.contains("id_token")) {
        for wrong in [("nonce", ""), ("nonce", &long), ("scope", "profile")] {
            let reply = browser.authorize(&query(&client, response_type, &[wrong])).await;
            assert_eq!(reply.fragment("error").as_deref(), Some("invalid_request"), "{response_type} {wrong:?}");
        }
    }
    for response_type in ["token", "code token"] {
        let reply = browser.authorize_fully(&query(&client, response_type, &[("nonce", "")])).await;
        assert!(reply.fragment("access_token").is_some(), "{response_type}");
    }
}

#[tokio::test]
async fn t27_nobody_stays_signed_in_by_the_implicit_grant() {
    let site = TestSite::start().await;
    let (_, browser, client) = allowed(&site).await;
    let scope = ("scope", "openid offline_access");
    let page = browser.authorize(&query(&client, "token", &[scope])).await;
    assert!(!page.body.contains("while you’re away"), "{}", page.body);
    let reply = browser.decide(&page, "allow").await;
    assert_eq!(reply.fragment("scope").as_deref(), Some("openid"));
    let token = reply.fragment("access_token").unwrap_or_default();
    site.clock.advance(601);
    assert_eq!(site.userinfo(&token).await.status, 401);
    // Of a hybrid the code alone does.
    let reply = browser.authorize_fully(&query(&client, "code token", &[scope])).await;
    let tokens = Tokens::read(&site.redeem(&client, &reply.fragment("code").unwrap_or_default(), "").await);
    assert!(!tokens.refresh_token.is_empty());
}

#[tokio::test]
async fn t27_a_token_by_redirect_ends_with_consent_password_and_client() {
    let site = TestSite::start().await;
    for ending in 0..3 {
        let user = site.register(&format!("sakura-{ending}")).await;
        let client = site.client().await;
        site.allow(&client, Grant::Implicit).await;
        let browser = site.browser();
        browser.sign_in(&user).await;
        let token = answer(&browser, &client, "token").await.fragment("access_token").unwrap_or_default();
        assert_eq!(site.userinfo(&token).await.status, 200);
        match ending {
            0 => {
                let key = shared::store::keys::grant(user.user_id.parse().expect("an id"), &client.id);
                let app = site.site.app();
                app.store.delete(&key, None).await.expect("the table");
            }
            1 => {
                let own = site.sign_in(&user).await;
                let body = json!({ "old_password": user.password, "new_password": "another password" });
                assert_eq!(site.post("/account/password", Some(&own), body).await.status, 204);
            }
            _ => site.change_client(&client, |client| client.disabled = true).await,
        }
        assert_eq!(site.userinfo(&token).await.status, 401, "{ending}");
    }
}

#[tokio::test]
async fn t27_a_hybrids_code_is_good_once_and_what_came_before_it_is_not_its_own() {
    let site = TestSite::start().await;
    let (_, browser, client) = allowed(&site).await;
    let reply = answer(&browser, &client, "code token").await;
    let front = reply.fragment("access_token").unwrap_or_default();
    let code = reply.fragment("code").unwrap_or_default();
    let back = Tokens::read(&site.redeem(&client, &code, "").await).access_token;
    for token in [&front, &back] {
        assert_eq!(site.userinfo(token).await.status, 200);
    }
    assert_eq!(site.redeem(&client, &code, "").await.error(), "invalid_grant");
    // What the code gave dies by its replay (RFC 9700 §4.5); what was there without it does not.
    assert_eq!((site.userinfo(&back).await.status, site.userinfo(&front).await.status), (401, 200));
}

#[tokio::test]
async fn t27_pkce_still_guards_a_hybrids_code() {
    let site = TestSite::start().await;
    let (_, browser, _) = allowed(&site).await;
    let client = site.public_client().await;
    site.allow(&client, Grant::Implicit).await;
    let bare = browser.authorize(&query(&client, "code id_token", &[])).await;
    assert_eq!(bare.fragment("error").as_deref(), Some("invalid_request"));
    assert!(answer(&browser, &client, "id_token token").await.fragment("id_token").is_some(), "there is no code");
    let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let reply = browser.authorize_fully(&query(&client, "code id_token", &pkce)).await;
    let code = reply.fragment("code").unwrap_or_default();
    assert_eq!(site.redeem(&client, &code, "").await.error(), "invalid_grant");
    Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
}

#[tokio::test]
async fn t27_an_application_whose_tokens_are_bound_gets_none_by_redirect() {
    let site = TestSite::start().await;
    let (_, browser, client) = allowed(&site).await;
    site.change_client(&client, |client| client.metadata.dpop_bound_access_tokens = true).await;
    let reply = browser.authorize(&query(&client, "id_token token", &[])).await;
    assert_eq!(reply.fragment("error").as_deref(), Some("unauthorized_client"));
}

#[tokio::test]
async fn t27_requested_claims_are_told_in_the_id_token_and_by_the_token() {
    let site = TestSite::start().await;
    let (_, browser, client) = allowed(&site).await;
    let asked = r#"{"id_token":{"email":null},"userinfo":{"email_verified":null}}"#;
    let reply =
        browser.authorize_fully(&query(&client, "id_token token", &[("scope", "openid"), ("claims", asked)])).await;
    let id = claims(&reply.fragment("id_token").unwrap_or_default());
    assert_eq!(id["email"], "sakura@moe.example");
    let info = site.userinfo(&reply.fragment("access_token").unwrap_or_default()).await.json();
    assert_eq!((&info["email_verified"], info.get("email")), (&json!(false), None));
}

#[tokio::test]
async fn t27_an_operator_sees_in_the_log_that_a_legacy_type_was_used() {
    let site = TestSite::start().await;
    let (_, browser, client) = allowed(&site).await;
    browser.authorize_fully(&query(&client, "id_token token", &[])).await;
    let reply = answer(&browser, &client, "id_token token").await;
    let lines = tests::logs::of(reply.header("apigw-requestid"));
    let warned = |line: &Value| line["level"] == "WARN" && line["response_type"] == "id_token token";
    assert!(lines.iter().any(warned), "{lines:?}");
    let usual = browser.authorize_fully(&client.query("openid")).await;
    assert!(!tests::logs::of(usual.header("apigw-requestid")).iter().any(|line| line["level"] == "WARN"));
}
