//! Documents that change.

use tests::flow::{REDIRECT, VERIFIER};
use tests::keys::{Key, jwks};
use tests::remote::Answer;
use tests::{Tokens, json};

use super::{assert_page, assert_refused, signed_in, start};

#[tokio::test]
async fn a02_what_changes_between_request_and_token_counts_once_the_first_is_stale() {
    let (site, user) = start().await;
    let client = site.publish("/client", json!({}));
    let browser = signed_in(&site, &user).await;
    let code = browser.code(&client, "openid offline_access").await;
    // Somebody else's keys, and somebody else's address: the code is of before, and goes nowhere else.
    let key = Key::es256();
    site.publish(
        "/client",
        json!({
            "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[&key]),
            "redirect_uris": ["https://evil.example/cb"],
        }),
    );
    let evil = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", "https://evil.example/cb"),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(site.token(&client, &evil).await.error(), "invalid_grant");
    let tokens = Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
    assert_eq!(site.asked("/client"), 1);
    // Ten minutes later it is another client that refreshes.
    site.clock.advance(600);
    assert_refused(&site.refresh(&client, &tokens.refresh_token).await, "no proof");
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token.as_str())];
    assert_eq!(site.asserted("/oauth2/token", &key.assertion(&site, &client), &pairs).await.status, 200);
    assert_page(&browser.authorize(&client.query("openid")).await, "its old address");
    assert_eq!(site.asked("/client"), 2);
}

#[tokio::test]
async fn t23_a_client_that_gives_its_key_up_still_needs_the_verifier() {
    let (site, user) = start().await;
    let key = Key::es256();
    let keyed = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[&key]) });
    let client = site.publish("/client", keyed);
    let browser = signed_in(&site, &user).await;
    browser.code(&client, "openid").await;
    // Its document ends while a code is under way.
    site.clock.advance(590);
    let code = browser.code(&client, "openid").await;
    site.publish("/client", json!({}));
    site.clock.advance(20);
    assert_eq!(site.redeem(&client, &code, "").await.error(), "invalid_grant");
    assert_eq!(site.redeem(&client, &code, VERIFIER).await.status, 200);
}

#[tokio::test]
async fn t25_a_key_that_a_document_lost_is_dead_in_ten_minutes() {
    let (site, user) = start().await;
    let (old, new) = (Key::es256(), Key::new("new", jsonwebtoken::Algorithm::EdDSA));
    let keyed = |key: &Key| json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[key]) });
    let client = site.publish("/client", keyed(&old));
    let browser = signed_in(&site, &user).await;
    let code = browser.code(&client, "openid offline_access").await;
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let tokens = Tokens::read(&site.asserted("/oauth2/token", &old.assertion(&site, &client), &pairs).await);
    site.publish("/client", keyed(&new));
    site.clock.advance(600);
    let pairs = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token.as_str())];
    assert_refused(&site.asserted("/oauth2/token", &old.assertion(&site, &client), &pairs).await, "the old key");
    assert_eq!(site.asserted("/oauth2/token", &new.assertion(&site, &client), &pairs).await.status, 200);
}

#[tokio::test]
async fn a_document_is_fetched_again_when_its_server_says_within_bounds() {
    let (site, user) = start().await;
    let browser = signed_in(&site, &user).await;
    for (path, cache_control, seconds) in [
        ("/usual", None, 600),
        ("/longer", Some("max-age=1200"), 1200),
        ("/always", Some("max-age=31536000"), 3600),
        ("/never", Some("no-store"), 300),
    ] {
        let mut answer = Answer::json(&site.document(path, json!({})));
        answer.head += &cache_control.map(|value| format!("\r\ncache-control: {value}")).unwrap_or_default();
        let client = tests::Client { id: site.remote.put(path, answer), secret: None };
        let ask = async || {
            browser.code(&client, "openid").await;
            site.asked(path)
        };
        assert_eq!(ask().await, 1, "{path}");
        site.clock.advance(seconds - 1);
        assert_eq!(ask().await, 1, "{path}");
        site.clock.advance(1);
        assert_eq!(ask().await, 2, "{path}");
    }
}

#[tokio::test]
async fn a01_a_document_that_turns_bad_begins_nothing_new() {
    let (site, user) = start().await;
    let client = site.publish("/client", json!({}));
    let browser = signed_in(&site, &user).await;
    let tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    site.publish("/client", json!({ "client_id": "https://app.example/client" }));
    site.clock.advance(600);
    assert_page(&browser.authorize(&client.query("openid")).await, "another's");
    assert_refused(&site.refresh(&client, &tokens.refresh_token).await, "another's");
    // It was a slip: nothing was lost by it.
    site.publish("/client", json!({}));
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.status, 200);
}
