//! How a protected resource says no (RFC 6750 §3).

use tests::{Reply, TestSite, Tokens, json};

use super::with_tokens;

fn assert_challenge(reply: &Reply, status: u16, error: &str, why: &str) {
    assert_eq!(reply.status, status, "{why}: {}", reply.body);
    let challenge = reply.header("www-authenticate");
    assert!(challenge.starts_with(&format!("Bearer error=\"{error}\", error_description=\"")), "{why}: {challenge}");
    assert!(challenge.ends_with('"') && challenge.matches('"').count() == 4, "{why}: {challenge}");
    assert_eq!(reply.error(), error, "{why}");
}

fn assert_bare_challenge(reply: &Reply, why: &str) {
    assert_eq!((reply.status, reply.header("www-authenticate")), (401, "Bearer"), "{why}: {}", reply.body);
    assert_eq!(reply.json().get("error"), None, "{why}");
}

#[tokio::test]
async fn u37_without_a_token_the_challenge_is_bearer_alone() {
    let site = TestSite::start().await;
    let (_, client, tokens) = with_tokens(&site, "openid").await;
    assert_bare_challenge(&site.get("/oauth2/userinfo", None).await, "GET");
    assert_bare_challenge(&site.form("/oauth2/userinfo", &[]).await, "POST");
    assert_bare_challenge(&site.form("/oauth2/userinfo", &[("access_token", "")]).await, "an empty one");
    assert_bare_challenge(&site.get("/collections", None).await, "collections");
    assert_bare_challenge(&site.get("/collections/12", None).await, "an entry");
    assert_bare_challenge(&site.put("/collections/12", None, json!({ "status": "wish" })).await, "a write");
    // Another scheme is no token of this one.
    let request = site.http.get(site.url("/oauth2/userinfo")).basic_auth(&client.id, client.secret.as_deref());
    assert_bare_challenge(&site.send(request, None).await, "Basic");
    // A token in the address ends up in logs, and is not looked at (RFC 6750 §2.3, OAuth 2.1 §5.2.1).
    let in_query = format!("/oauth2/userinfo?access_token={}", tokens.access_token);
    assert_bare_challenge(&site.get(&in_query, None).await, "GET with a query");
    assert_bare_challenge(&site.form(&in_query, &[]).await, "POST with a query");
}

#[tokio::test]
async fn u37_a_bad_token_is_401_invalid_token() {
    let site = TestSite::start().await;
    assert_challenge(&site.userinfo("garbage").await, 401, "invalid_token", "userinfo");
    assert_challenge(&site.get("/collections", Some("garbage")).await, 401, "invalid_token", "collections");
    assert_challenge(&site.get("/account", Some("garbage")).await, 401, "invalid_token", "account");
    let body = site.form("/oauth2/userinfo", &[("access_token", "garbage")]).await;
    assert_challenge(&body, 401, "invalid_token", "in a body");
}

#[tokio::test]
async fn u37_a_token_is_good_for_ten_minutes_to_the_second() {
    let site = TestSite::start().await;
    let (_, _, tokens) = with_tokens(&site, "openid collections:read").await;
    site.clock.advance(599);
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 200);
    assert_eq!(site.get("/collections", Some(&tokens.access_token)).await.status, 200);
    site.clock.advance(1);
    assert_challenge(&site.userinfo(&tokens.access_token).await, 401, "invalid_token", "expired");
    let list = site.get("/collections", Some(&tokens.access_token)).await;
    assert_challenge(&list, 401, "invalid_token", "expired");
}

#[tokio::test]
async fn u37_a_missing_scope_is_403_insufficient_scope() {
    let site = TestSite::start().await;
    let (_, _, tokens) = with_tokens(&site, "profile email collections:read").await;
    let token = tokens.access_token.as_str();
    assert_challenge(&site.userinfo(token).await, 403, "insufficient_scope", "userinfo without openid");
    assert_eq!(site.get("/collections", Some(token)).await.status, 200);
    for reply in [
        site.put("/collections/12", Some(token), json!({ "status": "wish" })).await,
        site.patch("/collections/12", Some(token), json!({ "status": "wish" })).await,
        site.delete("/collections/12", Some(token), json!({})).await,
        // What is one's own account's is no third party's.
        site.get("/account", Some(token)).await,
        site.patch("/account", Some(token), json!({ "nickname": "x" })).await,
    ] {
        assert_challenge(&reply, 403, "insufficient_scope", "a write or the account");
    }
}

#[tokio::test]
async fn u37_reading_the_collection_needs_its_scope() {
    let site = TestSite::start().await;
    let (_, _, tokens) = with_tokens(&site, "openid collections:write").await;
    let token = tokens.access_token.as_str();
    for path in ["/collections", "/collections/12"] {
        assert_challenge(&site.get(path, Some(token)).await, 403, "insufficient_scope", path);
    }
    assert_eq!(site.put("/collections/12", Some(token), json!({ "status": "wish" })).await.status, 201);
}

#[tokio::test]
async fn u37_a_clients_own_token_is_no_users() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let scope = "profile email collections:read collections:write";
    let reply = site.token(&client, &[("grant_type", "client_credentials"), ("scope", scope)]).await;
    let token = Tokens::read(&reply).access_token;
    for reply in [
        site.userinfo(&token).await,
        site.get("/collections", Some(&token)).await,
        site.put("/collections/12", Some(&token), json!({ "status": "wish" })).await,
        site.get("/account", Some(&token)).await,
    ] {
        assert_challenge(&reply, 403, "insufficient_scope", "a client's own token");
    }
}

#[tokio::test]
async fn u37_a_disabled_clients_own_token_is_dead() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let token = Tokens::read(&site.token(&client, &[("grant_type", "client_credentials")]).await).access_token;
    assert_eq!(site.userinfo(&token).await.status, 403);
    site.change_client(&client, |client| client.disabled = true).await;
    assert_challenge(&site.userinfo(&token).await, 401, "invalid_token", "disabled");
}

#[tokio::test]
async fn u37_a_token_that_comes_twice_is_refused() {
    let site = TestSite::start().await;
    let (_, _, tokens) = with_tokens(&site, "openid").await;
    let token = tokens.access_token.as_str();
    let twice = site.form_with_token("/oauth2/userinfo", &[("access_token", token)], token).await;
    assert_eq!(twice.status, 400, "{}", twice.body);
    let doubled = site.form("/oauth2/userinfo", &[("access_token", token), ("access_token", token)]).await;
    assert_eq!(doubled.status, 400, "{}", doubled.body);
}

#[tokio::test]
async fn ones_own_token_of_the_sign_in_is_no_openid_token() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let own = site.sign_in(&user).await;
    assert_challenge(&site.userinfo(&own).await, 403, "insufficient_scope", "no openid");
    // But its own collection is open to it.
    assert_eq!(site.get("/collections", Some(&own)).await.status, 200);
}
