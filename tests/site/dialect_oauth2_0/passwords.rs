//! `show` in JSON: the caller sends the user's own password, which only an allowed application may.

use local::cli::{ClientCommand, Command, Grant, UserCommand};
use tests::{Client, PASSWORD, Reply, TestSite, json};

use super::{PREFIXES, REDIRECT, getinfo, grant, members, signed};

async fn show(site: &TestSite, prefix: &str, client: &Client, email: &str, password: &str) -> Reply {
    let body = json!({
        "client_id": client.id, "redirect_url": REDIRECT, "email": email, "password": password,
    });
    site.post(&format!("{prefix}/show"), None, body).await
}

async fn allow(site: &TestSite, client: &Client) {
    site.operate(Command::Client(ClientCommand::Allow { id: client.id.clone(), grant: Grant::Password })).await;
}

#[tokio::test]
async fn t27_an_application_may_send_passwords_only_where_an_administrator_allowed_it() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let client = signed(&site).await;
    for prefix in PREFIXES {
        let reply = show(&site, prefix, &client, "sakura@moe.example", PASSWORD).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "unauthorized_client"), "{}", reply.body);
    }
    allow(&site, &client).await;
    for prefix in PREFIXES {
        let reply = show(&site, prefix, &client, "sakura@moe.example", PASSWORD).await;
        assert_eq!((reply.status, members(&reply)), (200, vec!["code".to_owned()]), "{}", reply.body);
        assert_eq!(reply.header("cache-control"), "no-store");
        let code = reply.json()["code"].as_str().unwrap().to_owned();
        let token = grant(&site, &client, &code).await.json()["token"].as_str().unwrap().to_owned();
        assert_eq!(getinfo(&site, prefix, &token).await.json()["uname"], "sakura");
    }
    // It opens that one door: the standard's has no room for a secret that was chosen, and discovery is silent about it.
    let pairs = [("grant_type", "password"), ("username", "sakura"), ("password", PASSWORD)];
    let reply = site.token(&client, &pairs).await;
    assert_ne!(reply.status, 200);
    let document = site.get("/.well-known/openid-configuration", None).await;
    assert!(!document.body.contains("password"), "{}", document.body);
}

#[tokio::test]
async fn t27_a_wrong_password_and_an_unknown_person_get_the_same_answer() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let client = signed(&site).await;
    allow(&site, &client).await;
    let mut answers = Vec::new();
    for (email, password) in [
        ("sakura@moe.example", "wrong password"),
        ("nobody@moe.example", PASSWORD),
        ("", ""),
        ("sakura@moe.example", ""),
        ("not an address", PASSWORD),
    ] {
        let reply = show(&site, "/oauth2.0", &client, email, password).await;
        assert_eq!(reply.error(), "invalid_grant", "{email}: {}", reply.body);
        answers.push((reply.status, reply.body));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn s52_passwords_are_guessed_no_faster_there_than_on_the_page() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = signed(&site).await;
    allow(&site, &client).await;
    for _ in 0..10 {
        assert_eq!(show(&site, "/oauth2.0", &client, "sakura@moe.example", "wrong").await.status, 400);
    }
    let reply = show(&site, "/oauth2.0", &client, "sakura@moe.example", PASSWORD).await;
    assert_eq!((reply.status, reply.error().as_str()), (429, "slow_down"));
    assert!(!reply.header("retry-after").is_empty());
    // One counter: what was tried there is not to be tried again at the front door.
    let login = json!({ "username": "sakura@moe.example", "password": user.password });
    assert_eq!(site.post("/login", None, login).await.status, 429);
}

#[tokio::test]
async fn show_in_json_checks_client_and_address_first() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let client = signed(&site).await;
    allow(&site, &client).await;
    let good = json!({
        "client_id": client.id, "redirect_url": REDIRECT, "email": "sakura@moe.example", "password": PASSWORD,
    });
    for (name, value, error) in [
        ("client_id", json!("IPfapHgWOn58ycjMCRBD"), "invalid_request"),
        ("client_id", json!(null), "invalid_request"),
        ("redirect_url", json!("https://evil.example/"), "invalid_request"),
        ("redirect_uri", json!(REDIRECT), "invalid_request"),
        ("username", json!("sakura"), "invalid_request"),
        ("password", json!({ "a": 1 }), "invalid_request"),
        ("code_challenge", json!("plain"), "invalid_request"),
        ("scope", json!("account"), "invalid_scope"),
    ] {
        let mut body = good.clone();
        body[name] = value;
        let reply = site.post("/oauth2.0/show", None, body).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, error), "{name}: {}", reply.body);
        assert_eq!(reply.header("location"), "");
    }
    assert_eq!(site.post("/oauth2.0/show", None, good).await.status, 200);
}

#[tokio::test]
async fn a19_a_disabled_client_or_user_gets_no_code_by_password() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let user = site.register("tomoyo").await;
    let client = signed(&site).await;
    allow(&site, &client).await;
    site.operate(Command::User(UserCommand::Disable { user: user.username })).await;
    let reply = show(&site, "/oauth2.0", &client, "tomoyo@moe.example", PASSWORD).await;
    assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_grant"));
    assert_eq!(show(&site, "/oauth2.0", &client, "sakura@moe.example", PASSWORD).await.status, 200);
    site.operate(Command::Client(ClientCommand::Disable { id: client.id.clone() })).await;
    let reply = show(&site, "/oauth2.0", &client, "sakura@moe.example", PASSWORD).await;
    assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_request"));
}
