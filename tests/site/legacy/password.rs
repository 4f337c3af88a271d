//! The password grant (RFC 6749 §4.3).

use local::cli::Grant;
use tests::flow::claims;
use tests::{Client, PASSWORD, Reply, TestSite, Tokens, json};

async fn allowed(site: &TestSite) -> Client {
    let client = site.client().await;
    site.allow(&client, Grant::Password).await;
    client
}

async fn ask(site: &TestSite, client: &Client, name: &str, password: &str, more: &[(&str, &str)]) -> Reply {
    let pairs = [("grant_type", "password"), ("username", name), ("password", password)];
    site.token(client, &[&pairs, more].concat()).await
}

#[tokio::test]
async fn t27_a_password_gives_tokens_where_an_administrator_allowed_it() {
    let site = TestSite::start().await;
    let (user, client) = (site.register("sakura").await, allowed(&site).await);
    for name in ["sakura", "sakura@moe.example"] {
        let scope = ("scope", "openid profile offline_access unheard_of");
        let reply = ask(&site, &client, name, PASSWORD, &[scope]).await;
        let tokens = Tokens::read(&reply);
        assert_eq!(reply.json()["scope"], "openid profile offline_access");
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(claims(&tokens.id_token)["sub"], user.user_id.as_str());
        assert_eq!(site.userinfo(&tokens.access_token).await.json()["nickname"], "sakura");
        Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    }
    // Without scope it is OAuth's alone.
    let reply = ask(&site, &client, "sakura", PASSWORD, &[]).await;
    assert_eq!((&reply.json()["scope"], reply.json().get("id_token")), (&json!("profile email"), None));
}

#[tokio::test]
async fn t27_the_password_grant_is_not_there_for_anybody_else() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let (usual, trusted) = (site.client().await, allowed(&site).await);
    site.proxy.forget();
    for (client, error) in [
        (usual.clone(), "unsupported_grant_type"),
        (Client { secret: Some("wrong".to_owned()), ..trusted.clone() }, "invalid_client"),
        (Client { secret: None, ..trusted.clone() }, "invalid_client"),
    ] {
        assert_eq!(ask(&site, &client, "sakura", PASSWORD, &[]).await.error(), error);
    }
    assert!(!site.proxy.calls().iter().any(|call| call.request.to_string().contains("SECRET#")), "none is looked at");
    let asking = json!({ "grant_types": ["password"] });
    assert_eq!(site.post("/oauth2/register", None, asking).await.status, 400);
    assert!(!site.get("/.well-known/openid-configuration", None).await.body.contains("password"));
}

#[tokio::test]
async fn t27_a_wrong_password_an_unknown_name_and_a_closed_account_are_all_one() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let gone = site.register("tomoyo").await;
    site.operate(local::cli::Command::User(local::cli::UserCommand::Disable { user: gone.username })).await;
    let client = allowed(&site).await;
    let mut answers = std::collections::BTreeSet::new();
    for (name, password) in [("sakura", "wrong password"), ("nobody-here", PASSWORD), ("tomoyo", PASSWORD), ("@", "x")]
    {
        let reply = ask(&site, &client, name, password, &[]).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_grant"), "{name}");
        answers.insert(reply.body);
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    for (name, password) in [("sakura", ""), ("", PASSWORD)] {
        assert_eq!(ask(&site, &client, name, password, &[]).await.error(), "invalid_request");
    }
    assert_eq!(ask(&site, &client, "sakura", PASSWORD, &[("scope", "nonsense")]).await.error(), "invalid_scope");
}

#[tokio::test]
async fn t27_passwords_are_guessed_no_faster_than_on_the_sign_in_page() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let client = allowed(&site).await;
    for _ in 0..10 {
        assert_eq!(ask(&site, &client, "sakura", "wrong password", &[]).await.error(), "invalid_grant");
    }
    let reply = ask(&site, &client, "sakura", PASSWORD, &[]).await;
    assert_eq!((reply.status, reply.header("retry-after").is_empty()), (429, false), "{}", reply.body);
    let page = site.post("/login", None, json!({ "username": "sakura", "password": PASSWORD })).await;
    assert_eq!(page.status, 429, "the counter is the same");
}

#[tokio::test]
async fn t27_what_a_password_gave_ends_with_the_password_and_the_consent() {
    let site = TestSite::start().await;
    let (user, client) = (site.register("sakura").await, allowed(&site).await);
    let tokens = Tokens::read(&ask(&site, &client, "sakura", PASSWORD, &[("scope", "openid offline_access")]).await);
    let own = site.sign_in(&user).await;
    let body = json!({ "old_password": PASSWORD, "new_password": "another password" });
    assert_eq!(site.post("/account/password", Some(&own), body).await.status, 204);
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.error(), "invalid_grant");
    // The consent is the one of the consent page: there it is asked no more.
    let browser = site.browser();
    browser.sign_in(&tests::User { password: "another password".to_owned(), ..user }).await;
    assert_eq!(browser.authorize(&client.query("openid offline_access")).await.status, 303);
}

#[tokio::test]
async fn t27_an_operator_sees_in_the_log_that_a_password_was_sent() {
    let site = TestSite::start().await;
    let (_, client) = (site.register("sakura").await, allowed(&site).await);
    let reply = ask(&site, &client, "sakura", PASSWORD, &[]).await;
    let lines = tests::logs::of(reply.header("apigw-requestid"));
    assert!(lines.iter().any(|line| line["level"] == "WARN" && line["client"] == client.id.as_str()), "{lines:?}");
}
