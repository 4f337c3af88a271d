//! What a request object says, and what it makes of what stands outside.

use tests::flow::{REDIRECT, VERIFIER};
use tests::keys::Key;
use tests::{TestSite, Value, json};

use super::{claims, client, query, refused, visitor, with_object};

#[tokio::test]
async fn a12_claims_about_the_object_must_be_right() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    let key = Key::es256();
    let (client, other) = (client(&site, &key, json!({})).await, site.client().await);
    let now = site.clock.now().0;
    for (name, value, good) in [
        ("iss", json!(other.id), false),
        ("iss", Value::Null, false),
        ("aud", json!("https://evil.example"), false),
        ("aud", Value::Null, false),
        ("aud", json!([site.issuer(), "https://elsewhere.example"]), true),
        ("exp", json!(now), false),
        ("exp", json!("tomorrow"), false),
        ("exp", Value::Null, true),
        ("nbf", json!(now + 61), false),
        ("nbf", json!(now + 60), true),
        ("iat", json!(now + 61), false),
        ("iat", json!(now), true),
        // It would be an assertion by which its client authenticates.
        ("sub", json!(client.id), false),
        ("sub", json!("somebody"), true),
        ("client_id", json!(other.id), false),
        ("client_id", json!(7), false),
        ("response_type", json!("token"), false),
        ("request", json!("a.b.c"), false),
        ("request_uri", json!("https://app.example/r"), false),
    ] {
        let mut claims = claims(&site, &client);
        claims[name] = value.clone();
        let reply = browser.authorize(&with_object(&client, &key.sign(&claims))).await;
        match good {
            true => assert_eq!(reply.status, 200, "{name} {value}: {}", reply.header("location")),
            false => refused(&reply, "invalid_request_object", &format!("{name} {value}")),
        }
    }
}

#[tokio::test]
async fn a12_of_a_signed_request_nothing_outside_counts() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    let key = Key::es256();
    let client = client(&site, &key, json!({})).await;
    let mut inside = claims(&site, &client);
    for name in ["state", "code_challenge", "code_challenge_method"] {
        inside.as_object_mut().unwrap().remove(name);
    }
    let evil = [
        ("state", "outside"),
        ("scope", "openid profile email"),
        ("redirect_uri", "https://evil.example/cb"),
        ("nonce", "evil"),
        ("prompt", "none"),
        ("code_challenge", tests::flow::CHALLENGE),
        ("code_challenge_method", "S256"),
        ("response_type", "code"),
        ("request", &key.sign(&inside)),
    ];
    let back = browser.authorize_fully(&query(&client, &evil)).await;
    assert!(back.location().starts_with(REDIRECT) && back.parameter("state").is_none(), "{}", back.location());
    let reply = site.redeem(&client, &back.parameter("code").unwrap(), "").await;
    assert_eq!(reply.json()["scope"], "openid profile", "{}", reply.body);
    assert!(tests::flow::claims(reply.json()["id_token"].as_str().unwrap()).get("nonce").is_none());
}

#[tokio::test]
async fn a12_response_type_and_scope_may_stand_outside_alone() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    let key = Key::es256();
    let client = client(&site, &key, json!({})).await;
    let mut inside = claims(&site, &client);
    for name in ["response_type", "scope", "client_id"] {
        inside.as_object_mut().unwrap().remove(name);
    }
    let back = browser.authorize_fully(&with_object(&client, &key.sign(&inside))).await;
    let reply = site.redeem(&client, &back.parameter("code").unwrap(), VERIFIER).await;
    assert_eq!(reply.json()["scope"], "openid");
}

#[tokio::test]
async fn a12_claims_that_are_no_texts_are_parameters_as_well() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    let key = Key::es256();
    let client = client(&site, &key, json!({})).await;
    let mut inside = claims(&site, &client);
    inside["max_age"] = json!(60);
    inside["claims"] = json!({ "userinfo": { "email": null } });
    let object = key.sign(&inside);
    assert!(browser.authorize_fully(&with_object(&client, &object)).await.parameter("code").is_some());
    // The object lives for another while, the sign-in is too old.
    site.clock.advance(59);
    assert!(browser.authorize_fully(&with_object(&client, &object)).await.parameter("code").is_some());
    site.clock.advance(2);
    inside["exp"] = json!(site.clock.now() + 60);
    let reply = browser.authorize(&with_object(&client, &key.sign(&inside))).await;
    assert!(reply.location().starts_with("/login?"), "{}", reply.location());
}

#[tokio::test]
async fn a12_an_object_that_came_in_time_may_expire_while_its_user_signs_in() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    let key = Key::es256();
    let client = client(&site, &key, json!({ "require_signed_request_object": true })).await;
    let object = key.sign(&claims(&site, &client));
    let login = browser.open(browser.authorize(&query(&client, &[("request", &object)])).await.location()).await;
    site.clock.advance(600);
    let page = browser.open(browser.fill_login(&login, &user).await.location()).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let back = browser.decide(&page, "allow").await;
    assert!(back.parameter("code").is_some() && back.parameter("state").as_deref() == Some("inside"));
    let late = browser.authorize(&with_object(&client, &object)).await;
    refused(&late, "invalid_request_object", "who comes with it again");
}

#[tokio::test]
async fn a12_a_signed_request_that_is_posted_stays_signed() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    let key = Key::es256();
    let client = client(&site, &key, json!({ "require_signed_request_object": true })).await;
    let object = key.sign(&claims(&site, &client));
    browser.authorize_fully(&query(&client, &[("request", &object)])).await;
    let form = [("client_id", client.id.as_str()), ("request", object.as_str())];
    let again = site.browser().submit_from("/oauth2/authorize", &form, "https://app.example").await;
    let back = browser.open(again.location()).await;
    assert!(back.parameter("code").is_some(), "{}", back.location());
}

#[tokio::test]
async fn a12_a_request_object_is_no_assertion_and_an_assertion_no_request_object() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    let key = Key::es256();
    let client = site.keyed_client(&key, json!({})).await;
    let mut object = claims(&site, &client);
    object["jti"] = json!("x");
    let reply = site.asserted("/oauth2/token", &key.sign(&object), &[("grant_type", "client_credentials")]).await;
    assert_eq!(reply.error(), "invalid_client", "{}", reply.body);
    let assertion = key.assertion(&site, &client);
    let reply = browser.authorize(&with_object(&client, &assertion)).await;
    refused(&reply, "invalid_request_object", "an assertion");
}

#[tokio::test]
async fn a12_the_parameter_claims_is_an_object_within_an_object() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    let key = Key::es256();
    let client = client(&site, &key, json!({})).await;
    let mut inside = claims(&site, &client);
    inside["scope"] = json!("openid");
    inside["claims"] = json!({ "userinfo": { "email": { "essential": true } } });
    let page = browser.authorize(&with_object(&client, &key.sign(&inside))).await;
    assert!(page.body.contains("See your e-mail address"), "{}", page.body);
    let code = browser.decide(&page, "allow").await.parameter("code").unwrap_or_default();
    let tokens = tests::Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
    assert_eq!(site.userinfo(&tokens.access_token).await.json()["email"], "sakura@moe.example");
}
