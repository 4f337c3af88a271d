//! Clients' servers that are down.

use tests::remote::Answer;
use tests::{DocumentSite, Tokens, json};

use super::{assert_page, assert_refused, signed_in, start};

const DAY: i64 = 86_400;

fn down(site: &DocumentSite) {
    site.remote.put("/client", Answer::new(503, "text/plain", ""));
}

#[tokio::test]
async fn r30_a_server_that_is_down_begins_nothing_and_signs_nobody_out_for_three_days() {
    let (site, user) = start().await;
    let client = site.publish("/client", json!({}));
    let browser = signed_in(&site, &user).await;
    let mut tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    down(&site);
    site.clock.advance(600);
    let page = browser.authorize(&client.query("openid")).await;
    assert_page(&page, "down");
    assert!(page.body.contains("could not be fetched"), "{}", page.body);
    assert_refused(&site.form("/oauth2/par", &client.in_body()).await, "down");
    for _ in 0..3 {
        tokens = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
        assert_eq!(site.userinfo(&tokens.access_token).await.status, 200);
        site.clock.advance(DAY - 300);
    }
    site.clock.advance(300);
    assert_refused(&site.refresh(&client, &tokens.refresh_token).await, "three days");
    // Refused, and not dead.
    site.publish("/client", json!({}));
    Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    assert!(browser.authorize_fully(&client.query("openid")).await.parameter("code").is_some());
}

#[tokio::test]
async fn r30_a_server_that_is_down_is_asked_once_a_minute_for_tokens() {
    let (site, user) = start().await;
    let client = site.publish("/client", json!({}));
    let browser = signed_in(&site, &user).await;
    let mut tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    down(&site);
    site.clock.advance(600);
    let before = site.asked("/client");
    for _ in 0..5 {
        tokens = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    }
    assert_eq!(site.asked("/client"), before + 1);
    site.clock.advance(60);
    tokens = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    assert_eq!(site.asked("/client"), before + 2);
    // Who begins something new is not answered with what failed before: it is asked again at once.
    site.publish("/client", json!({}));
    browser.code(&client, "openid").await;
    assert_eq!(site.asked("/client"), before + 3);
    Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    assert_eq!(site.asked("/client"), before + 3);
}

#[tokio::test]
async fn r32_an_owner_that_takes_its_document_away_ends_its_client() {
    let (site, user) = start().await;
    let client = site.publish("/client", json!({}));
    let browser = signed_in(&site, &user).await;
    let tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    for status in [404, 410, 403, 301] {
        site.remote.put("/client", Answer::new(status, "text/plain", ""));
        site.clock.advance(600);
        assert_refused(&site.refresh(&client, &tokens.refresh_token).await, "taken away");
    }
}
