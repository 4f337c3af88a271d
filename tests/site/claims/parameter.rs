//! The parameter `claims` (§5.5).

use tests::flow::{VERIFIER, claims};
use tests::{Browser, Client, TestSite, Tokens, Value, json};

use super::somebody;

fn query(client: &Client, scope: &str, claims: &str) -> String {
    format!("{}&claims={}", client.query(scope), form_urlencoded::byte_serialize(claims.as_bytes()).collect::<String>())
}

/// The tokens of a request with `claims`, all of it consented to.
async fn tokens(site: &TestSite, browser: &Browser<'_>, client: &Client, scope: &str, claims: &Value) -> Tokens {
    let reply = browser.authorize_fully(&query(client, scope, &claims.to_string())).await;
    Tokens::read(&site.redeem(client, &reply.parameter("code").unwrap_or_default(), VERIFIER).await)
}

fn names(object: &Value) -> Vec<&str> {
    object.as_object().map(|members| members.keys().map(String::as_str).collect()).unwrap_or_default()
}

#[tokio::test]
async fn a12_claims_are_let_out_one_by_one_where_they_were_asked_for() {
    let site = TestSite::start().await;
    let (_, browser, client) = somebody(&site, "sakura").await;
    let asked = json!({
        "userinfo": { "email": null, "given_name": { "essential": true }, "unheard_of": null },
        "id_token": { "nickname": { "value": "anything" }, "auth_time": { "essential": true }, "acr": null },
        "verified": 1,
    });
    let tokens = tokens(&site, &browser, &client, "openid", &asked).await;
    assert_eq!(names(&site.userinfo(&tokens.access_token).await.json()), ["email", "sub"], "no value, no claim");
    let id = claims(&tokens.id_token);
    assert_eq!(id["nickname"], "sakura");
    assert!(id.get("email").is_none() && id.get("name").is_none() && id["auth_time"].is_number(), "{id}");
    // They are no scope.
    assert_eq!(claims(&tokens.access_token)["scope"], "openid");
}

#[tokio::test]
async fn a12_claims_come_on_top_of_the_scopes_and_survive_a_refresh() {
    let site = TestSite::start().await;
    let (_, browser, client) = somebody(&site, "sakura").await;
    let asked = json!({ "userinfo": { "nickname": null }, "id_token": { "email": null } });
    let first = tokens(&site, &browser, &client, "openid email offline_access", &asked).await;
    let second = Tokens::read(&site.refresh(&client, &first.refresh_token).await);
    for tokens in [first, second] {
        let told = site.userinfo(&tokens.access_token).await.json();
        assert_eq!(names(&told), ["email", "email_verified", "nickname", "sub"]);
        assert_eq!(claims(&tokens.id_token)["email"], "sakura@moe.example");
    }
}

#[tokio::test]
async fn a12_claims_are_consented_to_like_the_scope_that_lets_them_out() {
    let site = TestSite::start().await;
    let (_, browser, client) = somebody(&site, "sakura").await;
    browser.code(&client, "openid").await;
    let asked = query(&client, "openid", r#"{"id_token":{"email":null},"userinfo":{"address":null}}"#);
    let silent = browser.authorize(&format!("{asked}&prompt=none")).await;
    assert_eq!(silent.parameter("error").as_deref(), Some("consent_required"));
    let page = browser.authorize(&asked).await;
    for words in ["See your e-mail address", "See your postal address"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    assert!(!page.body.contains("See your profile"));
    assert!(browser.decide(&page, "allow").await.parameter("code").is_some());
    assert!(browser.authorize(&format!("{asked}&prompt=none")).await.parameter("code").is_some(), "it was said once");
    // A request that does not ask for them gets nothing more than before.
    let tokens = browser.authorize_and_redeem(&client, "openid").await;
    assert_eq!(names(&site.userinfo(&tokens.access_token).await.json()), ["sub"]);
}

#[tokio::test]
async fn a12_claims_beyond_the_registration_are_never_let_out() {
    let site = TestSite::start().await;
    let (_, browser, _) = somebody(&site, "sakura").await;
    let client = site.client_with(json!({ "scope": "openid profile" })).await;
    let wanted = json!({ "email": { "essential": true }, "phone_number": null, "address": null, "nickname": null });
    let asked = json!({ "userinfo": wanted, "id_token": wanted });
    let page = browser.authorize(&query(&client, "openid", &asked.to_string())).await;
    assert!(page.body.contains("See your profile") && !page.body.contains("e-mail"), "{}", page.body);
    let tokens = tokens(&site, &browser, &client, "openid", &asked).await;
    assert_eq!(names(&site.userinfo(&tokens.access_token).await.json()), ["nickname", "sub"]);
    assert!(claims(&tokens.id_token).get("email").is_none());
    // Nor by a request that is not OpenID Connect's.
    let page = browser.authorize(&query(&site.client().await, "profile", &asked.to_string())).await;
    assert!(page.body.contains("See your profile") && !page.body.contains("e-mail"), "{}", page.body);
}

#[tokio::test]
async fn a12_claims_of_the_id_token_can_not_pass_for_its_own() {
    let site = TestSite::start().await;
    let (user, browser, client) = somebody(&site, "sakura").await;
    let asked =
        json!({ "id_token": { "iss": { "value": "https://evil.example" }, "aud": null, "exp": null, "sub": null } });
    let tokens = tokens(&site, &browser, &client, "openid", &asked).await;
    let id = claims(&tokens.id_token);
    assert_eq!((&id["iss"], &id["aud"]), (&json!(site.issuer()), &json!(client.id)));
    assert_eq!(id["sub"], user.user_id.as_str());
}

#[tokio::test]
async fn a12_claims_that_nobody_can_read_are_refused_however_long_or_deep() {
    let site = TestSite::start().await;
    let (_, browser, client) = somebody(&site, "sakura").await;
    browser.code(&client, "openid").await;
    let deep = format!("{{\"userinfo\":{{\"email\":{}1{}}}}}", "[".repeat(1000), "]".repeat(1000));
    let open = format!("{{\"id_token\":{}", "{\"a\":".repeat(600));
    let long = format!("{{\"userinfo\":{{\"{}\":null}}}}", "x".repeat(5000));
    let of_strings = r#"{"userinfo":{"email":"essential"}}"#;
    for claims in
        ["not json", "[]", "null", "1", r#"{"userinfo":[]}"#, r#"{"id_token":true}"#, of_strings, &deep, &open, &long]
    {
        let reply = browser.authorize(&query(&client, "openid", claims)).await;
        assert_eq!(reply.parameter("error").as_deref(), Some("invalid_request"), "{claims}");
    }
    for claims in ["{}", r#"{"userinfo":null,"id_token":{}}"#, r#"{"unheard_of":[1]}"#] {
        assert!(browser.authorize(&query(&client, "openid", claims)).await.parameter("code").is_some(), "{claims}");
    }
}

#[tokio::test]
async fn a12_an_essential_class_of_sign_in_that_there_is_not_is_a_sign_in_that_failed() {
    let site = TestSite::start().await;
    let (_, browser, client) = somebody(&site, "sakura").await;
    browser.code(&client, "openid").await;
    let error = async |claims: &str| browser.authorize(&query(&client, "openid", claims)).await.parameter("error");
    for how in [r#""values":["urn:mfa"]"#, r#""value":"urn:mfa""#] {
        let essential = format!(r#"{{"id_token":{{"acr":{{"essential":true,{how}}}}}}}"#);
        assert_eq!(error(&essential).await.as_deref(), Some("unmet_authentication_requirements"));
        assert_eq!(error(&format!(r#"{{"id_token":{{"acr":{{{how}}}}}}}"#)).await, None, "wished for");
    }
    assert_eq!(error(r#"{"id_token":{"acr":{"essential":true}}}"#).await, None, "no class is named");
}

#[tokio::test]
async fn a12_a_request_for_one_person_is_answered_for_nobody_else() {
    let site = TestSite::start().await;
    let (sakura, browser, client) = somebody(&site, "sakura").await;
    let tomoyo = site.register("tomoyo").await;
    browser.code(&client, "openid").await;
    let for_one = |member: &str, how: Value| query(&client, "openid", &json!({ member: { "sub": how } }).to_string());
    for member in ["id_token", "userinfo"] {
        for how in [json!({ "value": sakura.user_id }), json!({ "values": ["x", sakura.user_id] }), json!(null)] {
            let reply = browser.authorize(&for_one(member, how.clone())).await;
            assert!(reply.parameter("code").is_some(), "{member} {how}");
        }
        for how in [json!({ "value": tomoyo.user_id }), json!({ "values": [] }), json!({ "value": 1 })] {
            let query = for_one(member, how);
            let silent = browser.authorize(&format!("{query}&prompt=none")).await;
            assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));
            assert!(browser.authorize(&query).await.location().starts_with("/login?continue="));
        }
    }
    // Both members name somebody, and not the same.
    let both = json!({ "id_token": { "sub": { "value": sakura.user_id } }, "userinfo": { "sub": { "value": "x" } } });
    let reply = browser.authorize(&format!("{}&prompt=none", query(&client, "openid", &both.to_string()))).await;
    assert_eq!(reply.parameter("error").as_deref(), Some("login_required"));
}
