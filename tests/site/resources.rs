//! For whom a token is (RFC 8707).

use tests::flow::{REDIRECT, VERIFIER, claims};
use tests::{Client, Reply, TestSite, Tokens, json};

const RADIO: &str = "https://radio.example/api";
const SHOP: &str = "https://shop.example/";

async fn allowed(site: &TestSite) -> Client {
    let client = site.client().await;
    site.change_client(&client, |client| client.policies.resources = vec![RADIO.to_owned(), SHOP.to_owned()]).await;
    client
}

fn query(client: &Client, resources: &[&str]) -> String {
    let mut query = form_urlencoded::Serializer::new(client.query("openid offline_access collections:read"));
    query.extend_pairs(resources.iter().map(|resource| ("resource", resource))).finish()
}

async fn redeem(site: &TestSite, client: &Client, code: &str, resource: &str) -> Reply {
    let pairs =
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT), ("code_verifier", VERIFIER)];
    let mut pairs = pairs.to_vec();
    pairs.push(("resource", resource));
    site.token(client, &pairs).await
}

#[tokio::test]
async fn a_token_is_for_the_resources_that_were_named_and_narrows_at_the_token_endpoint() {
    let site = TestSite::start().await;
    let (user, client, browser) = (site.register("sakura").await, allowed(&site).await, site.browser());
    browser.sign_in(&user).await;
    let code = browser.authorize_fully(&query(&client, &[RADIO, SHOP])).await.parameter("code").unwrap();
    let refused = redeem(&site, &client, &code, "https://other.example/").await;
    assert_eq!((refused.status, refused.error().as_str()), (400, "invalid_target"), "and the code is not used up");
    let tokens = Tokens::read(&redeem(&site, &client, &code, RADIO).await);
    assert_eq!(claims(&tokens.access_token)["aud"], RADIO);
    assert_eq!(claims(&tokens.id_token)["aud"], client.id.as_str(), "an ID token is for its client, as ever");
    // A refresh may name others of those that were granted, or none: then all.
    let refresh = |resource: &'static str, token: String| {
        let (site, client) = (&site, &client);
        async move {
            let pairs = [("grant_type", "refresh_token"), ("refresh_token", token.as_str()), ("resource", resource)];
            site.token(client, &pairs).await
        }
    };
    let refused = refresh("https://other.example/", tokens.refresh_token.clone()).await;
    assert_eq!((refused.status, refused.error().as_str()), (400, "invalid_target"), "and nothing rotates");
    let tokens = Tokens::read(&refresh(SHOP, tokens.refresh_token).await);
    assert_eq!(claims(&tokens.access_token)["aud"], SHOP);
    let tokens = Tokens::read(&refresh("", tokens.refresh_token).await);
    assert_eq!(claims(&tokens.access_token)["aud"], json!([RADIO, SHOP]));
}

#[tokio::test]
async fn a_token_for_somebody_else_is_refused_here_and_one_for_us_by_name_is_not() {
    let site = TestSite::start().await;
    let (user, client, browser) = (site.register("sakura").await, allowed(&site).await, site.browser());
    browser.sign_in(&user).await;
    let issuer = site.issuer().to_owned();
    let code = browser.authorize_fully(&query(&client, &[RADIO, &issuer])).await.parameter("code").unwrap();
    let tokens = Tokens::read(&redeem(&site, &client, &code, RADIO).await);
    let refused = site.userinfo(&tokens.access_token).await;
    assert_eq!((refused.status, refused.error().as_str()), (401, "invalid_token"));
    assert_eq!(site.get("/collections", Some(&tokens.access_token)).await.status, 401);
    let both = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    assert_eq!(site.userinfo(&both.access_token).await.status, 200);
}

#[tokio::test]
async fn a_resource_that_nobody_allowed_the_application_is_an_invalid_target() {
    let site = TestSite::start().await;
    let (user, client, browser) = (site.register("sakura").await, allowed(&site).await, site.browser());
    browser.sign_in(&user).await;
    for bad in ["https://other.example/", "https://radio.example/api/", "https://radio.example/api#x", "radio", "/api"]
    {
        let reply = browser.authorize(&query(&client, &[RADIO, bad])).await;
        assert_eq!(reply.parameter("error").as_deref(), Some("invalid_target"), "{bad}: {}", reply.location());
        let own = site.token(&client, &[("grant_type", "client_credentials"), ("resource", bad)]).await;
        assert_eq!((own.status, own.error().as_str()), (400, "invalid_target"), "{bad}");
    }
    let own = site.token(&client, &[("grant_type", "client_credentials"), ("resource", SHOP)]).await;
    assert_eq!(claims(&Tokens::read(&own).access_token)["aud"], SHOP);
}
