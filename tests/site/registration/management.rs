//! Reading, changing and deleting a registration (RFC 7592).

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests fail by panicking")]

use tests::flow::REDIRECT;
use tests::{Client, Reply, TestSite, Value, json};

/// A registration: its answer, path and token.
struct Registered {
    json: Value,
    path: String,
    token: String,
}

async fn registered(site: &TestSite, metadata: Value) -> Registered {
    let reply = site.post("/oauth2/register", None, metadata).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let json = reply.json();
    let path = json["registration_client_uri"].as_str().unwrap().strip_prefix(site.issuer()).unwrap().to_owned();
    let token = json["registration_access_token"].as_str().unwrap().to_owned();
    Registered { json, path, token }
}

fn usual() -> Value {
    json!({
        "client_name": "Diary", "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    })
}

fn with(registered: &Registered, more: Value) -> Value {
    let mut body = usual();
    body["client_id"] = registered.json["client_id"].clone();
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn assert_refused(reply: &Reply, status: u16, error: &str, why: &str) {
    assert_eq!((reply.status, reply.error().as_str()), (status, error), "{why}: {}", reply.body);
    assert_eq!(reply.header("cache-control"), "no-store", "{why}");
}

#[tokio::test]
async fn v44_a_registration_is_read_with_its_token_and_tells_no_secret() {
    let site = TestSite::start().await;
    let Registered { json, path, token } = registered(&site, usual()).await;
    let reply = site.get(&path, Some(&token)).await;
    assert_eq!((reply.status, reply.header("cache-control")), (200, "no-store"), "{}", reply.body);
    let mut told = json.clone();
    let secrets = told.as_object_mut().unwrap();
    assert!(secrets.remove("client_secret").is_some() && secrets.remove("client_secret_expires_at").is_some());
    assert_eq!(reply.json(), told);
    // 256 random bits, of which the table has a hash.
    assert_eq!(token.len(), 43);
    assert!(!site.dump().await.iter().any(|item| item.to_string().contains(&token)));
}

#[tokio::test]
async fn v44_without_the_clients_own_token_it_is_401_whether_there_is_a_client_or_not() {
    let site = TestSite::start().await;
    let (one, other) = (registered(&site, usual()).await, registered(&site, usual()).await);
    let user = site.register("sakura").await;
    let account = site.sign_in(&user).await;
    let client = Client { id: text(&one.json["client_id"]), secret: Some(text(&one.json["client_secret"])) };
    let own = tests::Tokens::read(&site.token(&client, &[("grant_type", "client_credentials")]).await).access_token;
    for path in [one.path.as_str(), "/oauth2/register/client_aaaaaaaaaaaaaaaaaaaaaaaaaa", "/oauth2/register/x"] {
        for token in [None, Some("x"), Some(other.token.as_str()), Some(&account), Some(&own)] {
            for reply in [
                site.get(path, token).await,
                site.put(path, token, with(&one, json!({}))).await,
                site.delete(path, token, json!({})).await,
            ] {
                assert_refused(&reply, 401, "invalid_token", path);
            }
        }
    }
    assert_eq!(site.get(&one.path, Some(&one.token)).await.status, 200, "and nothing happened to it");
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn v44_an_update_replaces_all_metadata_and_keeps_id_secret_and_token() {
    let site = TestSite::start().await;
    let it = registered(&site, json!({ "redirect_uris": [REDIRECT], "tos_uri": "https://app.example/tos" })).await;
    let change = json!({ "client_name": "Another name", "post_logout_redirect_uris": ["https://app.example/bye"] });
    let reply = site.put(&it.path, Some(&it.token), with(&it, change.clone())).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let json = reply.json();
    for (name, value) in change.as_object().unwrap() {
        assert_eq!(&json[name], value);
    }
    assert!(json.get("tos_uri").is_none(), "what is left out is gone (§2.2)");
    assert_eq!(json["registration_access_token"], it.token.as_str());
    assert_eq!(site.get(&it.path, Some(&it.token)).await.json(), json);
    let client = Client { id: text(&json["client_id"]), secret: Some(text(&it.json["client_secret"])) };
    let own = [("grant_type", "client_credentials")];
    assert_eq!(site.token(&client, &own).await.status, 200, "with the secret that it had");
    // Its redirect URIs are those of the update alone.
    let moved = with(&it, json!({ "redirect_uris": ["https://moved.example/cb"] }));
    assert_eq!(site.put(&it.path, Some(&it.token), moved).await.status, 200);
    let reply = site.browser().authorize(&client.query("openid")).await;
    assert_eq!((reply.status, reply.header("location")), (400, ""));
}

#[tokio::test]
async fn v44_an_update_that_makes_no_sense_changes_nothing() {
    let site = TestSite::start().await;
    let it = registered(&site, usual()).await;
    let before = site.get(&it.path, Some(&it.token)).await.json();
    for (change, error) in [
        (json!({ "client_id": "client_aaaaaaaaaaaaaaaaaaaaaaaaaa" }), "invalid_client_metadata"),
        (json!({ "client_id": null }), "invalid_client_metadata"),
        (json!({ "client_secret": "of my own choosing" }), "invalid_client_metadata"),
        (json!({ "registration_access_token": it.token }), "invalid_client_metadata"),
        (json!({ "registration_client_uri": it.path }), "invalid_client_metadata"),
        (json!({ "client_id_issued_at": 0 }), "invalid_client_metadata"),
        (json!({ "client_secret_expires_at": 0 }), "invalid_client_metadata"),
        (json!({ "redirect_uris": ["javascript:alert(1)"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": "https://a" }), "invalid_client_metadata"),
        (json!({ "grant_types": ["password"] }), "invalid_client_metadata"),
    ] {
        let reply = site.put(&it.path, Some(&it.token), with(&it, change.clone())).await;
        assert_refused(&reply, 400, error, &change.to_string());
    }
    assert_eq!(site.get(&it.path, Some(&it.token)).await.json(), before);
    let same = with(&it, json!({ "client_secret": it.json["client_secret"] }));
    assert_eq!(site.put(&it.path, Some(&it.token), same).await.status, 200, "its own secret may be sent along");
}

#[tokio::test]
async fn v44_a_client_that_becomes_public_loses_its_secret_and_one_that_becomes_confidential_gets_one() {
    let site = TestSite::start().await;
    let it = registered(&site, usual()).await;
    let public = json!({ "token_endpoint_auth_method": "none", "grant_types": ["authorization_code"] });
    let reply = site.put(&it.path, Some(&it.token), with(&it, public)).await;
    assert_eq!((reply.status, reply.json().get("client_secret").is_some()), (200, false), "{}", reply.body);
    let reply = site.put(&it.path, Some(&it.token), with(&it, json!({}))).await;
    let secret = text(&reply.json()["client_secret"]);
    assert_ne!(secret, text(&it.json["client_secret"]));
    let own = [("grant_type", "client_credentials")];
    let client = |secret: String| Client { id: text(&it.json["client_id"]), secret: Some(secret) };
    assert_eq!(site.token(&client(secret), &own).await.status, 200);
    assert_eq!(site.token(&client(text(&it.json["client_secret"])), &own).await.error(), "invalid_client");
}

#[tokio::test]
async fn v44_an_administrators_word_outlasts_updates() {
    let site = TestSite::start().await;
    let it = registered(&site, usual()).await;
    let client = Client { id: text(&it.json["client_id"]), secret: None };
    site.change_client(&client, |client| {
        client.allow(shared::oauth::metadata::GrantType::Implicit);
        client.policies.first_party = true;
    })
    .await;
    let body = with(&it, json!({ "grant_types": ["authorization_code", "implicit"] }));
    assert_eq!(site.put(&it.path, Some(&it.token), body).await.status, 200, "what was allowed may be registered");
    site.change_client(&client, |client| {
        assert!(client.policies.first_party);
        client.disabled = true;
    })
    .await;
    let reply = site.put(&it.path, Some(&it.token), with(&it, json!({}))).await;
    assert_refused(&reply, 403, "access_denied", "disabled");
}

#[tokio::test]
async fn v44_deleting_a_registration_kills_all_that_it_was_given() {
    let site = TestSite::start().await;
    let (user, it, browser) = (site.register("sakura").await, registered(&site, usual()).await, site.browser());
    browser.sign_in(&user).await;
    let client = Client { id: text(&it.json["client_id"]), secret: Some(text(&it.json["client_secret"])) };
    let tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    let reply = site.delete(&it.path, Some(&it.token), json!({})).await;
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.error(), "invalid_client");
    assert_eq!(browser.authorize(&client.query("openid")).await.status, 400);
    assert_refused(&site.get(&it.path, Some(&it.token)).await, 401, "invalid_token", "gone");
    assert_refused(&site.delete(&it.path, Some(&it.token), json!({})).await, 401, "invalid_token", "gone");
}

#[tokio::test]
async fn v44_who_owns_an_application_manages_it_by_their_own_sign_in() {
    let site = TestSite::start().await;
    let (owner, other) = (site.register("sakura").await, site.register("tomoyo").await);
    let (owner, other) = (site.sign_in(&owner).await, site.sign_in(&other).await);
    let reply = site.post("/oauth2/register", Some(&owner), usual()).await;
    let path = format!("/oauth2/register/{}", text(&reply.json()["client_id"]));
    let read = site.get(&path, Some(&owner)).await;
    assert_eq!((read.status, read.json().get("registration_access_token").is_some()), (200, false), "{}", read.body);
    assert_refused(&site.delete(&path, Some(&other), json!({})).await, 401, "invalid_token", "somebody else");
    assert_eq!(site.delete(&path, Some(&owner), json!({})).await.status, 204);
}
