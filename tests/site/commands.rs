//! The operator's commands, and what people and applications see of them at once. (How the binary takes and answers
//! them: `local/tests/commands.rs`.)

#![expect(clippy::panic, clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod policies;

use std::path::Path;

use local::cli::{ClientCommand, Command, Grant, NewClient, UserCommand};
use local::commands::{self, CommandError, Connection};
use local::site::{Options, Site, Storage};
use shared::clock::Clock;
use shared::entropy::Entropy;
use tests::flow::REDIRECT;
use tests::{Client, PASSWORD, TestSite, Tokens, Value, json};

fn create(name: &str, grants: &[Grant]) -> NewClient {
    NewClient {
        name: name.to_owned(),
        redirect_uris: vec![REDIRECT.to_owned()],
        grants: grants.to_vec(),
        public: false,
        scopes: Vec::new(),
        dialects: Vec::new(),
    }
}

fn created(answer: &Value) -> Client {
    let text = |name: &str| answer[name].as_str().map(str::to_owned);
    Client { id: text("client_id").unwrap_or_default(), secret: text("client_secret") }
}

fn list() -> Command {
    Command::Client(ClientCommand::List)
}

fn allow(id: &str, grant: Grant) -> Command {
    Command::Client(ClientCommand::Allow { id: id.to_owned(), grant })
}

fn disable(client: &Client) -> Command {
    Command::Client(ClientCommand::Disable { id: client.id.clone() })
}

fn disable_user(user: &str) -> Command {
    Command::User(UserCommand::Disable { user: user.to_owned() })
}

async fn refused(site: &TestSite, command: Command) -> String {
    match site.try_to_operate(command).await {
        Err(CommandError::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_client_that_the_operator_creates_works_at_once() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let new = create("Diary", &[Grant::AuthorizationCode, Grant::RefreshToken, Grant::ClientCredentials]);
    let answer = site.operate(Command::Client(ClientCommand::Create(new))).await;
    assert_eq!(answer["client_name"], "Diary");
    assert_eq!(answer["redirect_uris"], json!([REDIRECT]));
    assert_eq!(answer["grant_types"], json!(["authorization_code", "refresh_token", "client_credentials"]));
    assert_eq!(answer["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(answer["client_secret_expires_at"], 0);
    let client = created(&answer);
    assert_eq!(client.secret.as_ref().unwrap().len(), 43);
    let tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.status, 200);
    assert_eq!(site.token(&client, &[("grant_type", "client_credentials")]).await.status, 200);
}

#[tokio::test]
async fn a_public_client_with_few_scopes_is_one() {
    let site = TestSite::start().await;
    let scopes = vec!["openid".to_owned(), "profile".to_owned()];
    let new = NewClient { public: true, scopes, ..create("Phone", &[Grant::AuthorizationCode]) };
    let answer = site.operate(Command::Client(ClientCommand::Create(new))).await;
    assert_eq!((&answer["token_endpoint_auth_method"], &answer["scope"]), (&json!("none"), &json!("openid profile")));
    assert!(answer.get("client_secret").is_none());
    let reply = site.browser().authorize(&created(&answer).query_with(&[("scope", "openid")])).await;
    assert_eq!(reply.parameter("error").as_deref(), Some("invalid_request"), "PKCE is missing");
}

#[tokio::test]
async fn a_client_that_makes_no_sense_is_refused_in_words() {
    let site = TestSite::start().await;
    let usual = [Grant::AuthorizationCode];
    for (new, why) in [
        (NewClient { redirect_uris: vec!["http://app.example/cb".to_owned()], ..create("A", &usual) }, "redirect URI"),
        (NewClient { redirect_uris: Vec::new(), ..create("A", &usual) }, "redirect_uris"),
        (NewClient { public: true, ..create("A", &[Grant::ClientCredentials]) }, "client_credentials"),
        (NewClient { scopes: vec!["nonsense".to_owned()], ..create("A", &usual) }, "scope"),
        (create(&"n".repeat(101), &usual), "client_name"),
    ] {
        let said = refused(&site, Command::Client(ClientCommand::Create(new))).await;
        assert!(said.contains(why), "{said}");
    }
    assert_eq!(site.operate(list()).await, json!([]));
}

#[tokio::test]
async fn the_list_has_every_client_and_no_secret() {
    let site = TestSite::start().await;
    let (one, two) = (site.client().await, site.public_client().await);
    let three = created(
        &site.operate(Command::Client(ClientCommand::Create(create("Three", &[Grant::AuthorizationCode])))).await,
    );
    site.operate(disable(&two)).await;
    let listed = site.operate(list()).await;
    let mut ids: Vec<_> =
        listed.as_array().unwrap().iter().map(|client| client["client_id"].as_str().unwrap()).collect();
    let mut expected = [one.id.as_str(), &two.id, &three.id];
    ids.sort_unstable();
    expected.sort_unstable();
    assert_eq!(ids, expected);
    for client in listed.as_array().unwrap() {
        assert_eq!(client["disabled"], client["client_id"] == two.id.as_str());
        assert_eq!(client["owner_id"], Value::Null);
    }
    let text = listed.to_string();
    for secret in [one.secret.unwrap(), three.secret.unwrap(), "secret\"".to_owned(), "sha256".to_owned()] {
        assert!(!text.contains(&secret), "{text}");
    }
}

#[tokio::test]
async fn allowing_a_grant_opens_it_at_once_and_twice_is_once() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client_with(json!({ "grant_types": ["authorization_code"] })).await;
    let show = json!({
        "client_id": client.id, "redirect_url": REDIRECT, "email": user.username, "password": PASSWORD,
    });
    assert_eq!(site.post("/oauth2.0/show", None, show.clone()).await.error(), "unauthorized_client");
    for _ in 0..2 {
        let answer = site.operate(allow(&client.id, Grant::Password)).await;
        assert_eq!(answer["grant_types"], json!(["authorization_code", "password"]));
    }
    assert_eq!(site.post("/oauth2.0/show", None, show).await.status, 200);
    let own = [("grant_type", "client_credentials")];
    assert_eq!(site.token(&client, &own).await.error(), "unauthorized_client");
    site.operate(allow(&client.id, Grant::ClientCredentials)).await;
    assert_eq!(site.token(&client, &own).await.status, 200);
}

#[tokio::test]
async fn two_operators_at_once_lose_nothing() {
    let site = TestSite::start().await;
    let client = site.client_with(json!({ "grant_types": ["authorization_code"] })).await;
    let grants = [Grant::Password, Grant::ClientCredentials, Grant::RefreshToken];
    let [a, b, c] = grants.map(|grant| site.operate(allow(&client.id, grant)));
    tokio::join!(a, b, c, site.operate(disable(&client)));
    let listed = site.operate(list()).await;
    assert_eq!(listed[0]["disabled"], true);
    assert_eq!(listed[0]["grant_types"].as_array().unwrap().len(), 4, "{listed}");
}

#[tokio::test]
async fn disabling_a_client_kills_everything_of_it_at_once_and_of_no_other() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let (client, other) = (site.client().await, site.client().await);
    let tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    let theirs = browser.authorize_and_redeem(&other, "openid offline_access").await;
    let code = browser.code(&client, "openid").await;
    let own = Tokens::read(&site.token(&client, &[("grant_type", "client_credentials")]).await);
    assert_eq!(site.operate(disable(&client)).await["disabled"], true);

    for token in [&tokens.access_token, &own.access_token] {
        let reply = site.userinfo(token).await;
        assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_token"));
    }
    for reply in [
        site.refresh(&client, &tokens.refresh_token).await,
        site.redeem(&client, &code, tests::flow::VERIFIER).await,
        site.token(&client, &[("grant_type", "client_credentials")]).await,
    ] {
        assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_client"));
    }
    assert_eq!(browser.authorize(&client.query("openid")).await.status, 400);
    assert_eq!(site.userinfo(&theirs.access_token).await.status, 200);
    assert_eq!(site.refresh(&other, &theirs.refresh_token).await.status, 200);
}

#[tokio::test]
async fn disabling_a_user_ends_their_sessions_and_tokens_at_once_and_nobody_elses() {
    let site = TestSite::start().await;
    let (sakura, tomoyo) = (site.register("sakura").await, site.register("tomoyo").await);
    let client = site.client().await;
    let (browser, theirs) = (site.browser(), site.browser());
    browser.sign_in(&sakura).await;
    theirs.sign_in(&tomoyo).await;
    let account = site.sign_in(&sakura).await;
    let tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    let code = browser.code(&client, "openid").await;
    let answer = site.operate(disable_user(&sakura.username)).await;
    assert_eq!(answer, json!({ "user_id": sakura.user_id, "status": "disabled" }));

    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
    assert_eq!(site.get("/account", Some(&account)).await.status, 401);
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.error(), "invalid_grant");
    assert_eq!(site.redeem(&client, &code, tests::flow::VERIFIER).await.error(), "invalid_grant");
    assert!(browser.open("/account").await.location().starts_with("/login"));
    let login = json!({ "username": sakura.username, "password": sakura.password });
    assert_eq!(site.post("/login", None, login).await.status, 401);
    assert_eq!(theirs.open("/account").await.status, 200);
}

#[tokio::test]
async fn a_user_is_named_by_id_username_email_or_phone() {
    let site = TestSite::start().await;
    for (name, phone, which) in [("sakura", 0, 0), ("tomoyo", 1, 1), ("meiling", 2, 2), ("syaoran", 3, 3)] {
        let user = site.register(name).await;
        let account = site.sign_in(&user).await;
        let phone = format!("1380013800{phone}");
        assert_eq!(site.patch("/account", Some(&account), json!({ "phone": phone })).await.status, 200);
        let names = [user.user_id.clone(), name.to_uppercase(), format!("{}@MOE.example", name.to_uppercase()), phone];
        assert_eq!(
            site.operate(disable_user(&names[which])).await["user_id"],
            user.user_id.as_str(),
            "{}",
            names[which]
        );
        assert_eq!(site.get("/account", Some(&account)).await.status, 401);
    }
}

#[tokio::test]
async fn nobody_and_nothing_are_refused_in_words() {
    let site = TestSite::start().await;
    for id in ["client_aaaaaaaaaaaaaaaaaaaaaaaaaa", "nonsense", ""] {
        for command in [allow(id, Grant::Password), disable(&Client { id: id.to_owned(), secret: None })] {
            assert!(refused(&site, command).await.contains("no client"), "{id}");
        }
    }
    for user in ["nobody1", "aaaaaaaaaaaaaaaaaaaaaaaaaa", "nobody@moe.example", "+8613800138000", "???", ""] {
        assert!(refused(&site, disable_user(user)).await.contains("nobody has"), "{user}");
    }
}

/// Lists the clients of whichever table a command finds by itself.
async fn listed(connection: &Connection) -> Vec<String> {
    let answer = commands::run(&list(), connection.store(), &[], &Clock::system(), &Entropy::system()).await.unwrap();
    answer.as_array().unwrap().iter().map(|client| client["client_name"].as_str().unwrap().to_owned()).collect()
}

async fn create_in(folder: &Path, name: &str) {
    let connection = commands::connect(folder, None, None).await.unwrap();
    let command = Command::Client(ClientCommand::Create(create(name, &[Grant::AuthorizationCode])));
    commands::run(&command, connection.store(), &[], &Clock::system(), &Entropy::system()).await.unwrap();
}

#[tokio::test]
async fn commands_speak_to_the_folders_table_with_and_without_a_site() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    create_in(path, "before").await;
    let options = Options { announce_in: Some(path.to_owned()), ..Options::new(Storage::Folder(path.to_owned())) };
    let site = Site::start(options).await.unwrap();
    create_in(path, "during").await;
    let port = site.port();
    let connection = commands::connect(path, None, None).await.unwrap();
    let both = listed(&connection).await;
    assert!(both.contains(&"before".to_owned()) && both.contains(&"during".to_owned()), "{both:?}");
    // What the command wrote is what the site serves.
    let answer = commands::run(&list(), connection.store(), &[], &Clock::system(), &Entropy::system()).await.unwrap();
    let id = answer[0]["client_id"].as_str().unwrap();
    let http = tests::http_client().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let url = format!("http://localhost:{port}/oauth2/authorize?response_type=code&client_id={id}");
    assert_eq!(http.get(url).send().await.unwrap().status(), 303);
    drop(connection);
    site.stop().await;
    create_in(path, "after").await;
    assert_eq!(listed(&commands::connect(path, None, None).await.unwrap()).await.len(), 3);
}

#[tokio::test]
async fn commands_find_a_site_in_memory_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let options = Options { announce_in: Some(path.to_owned()), ..Options::new(Storage::Memory) };
    let site = Site::start(options).await.unwrap();
    create_in(path, "in memory").await;
    assert_eq!(listed(&commands::connect(path, None, None).await.unwrap()).await, ["in memory"]);
    // The running site comes before any other table.
    let elsewhere = Some("http://127.0.0.1:1");
    assert_eq!(listed(&commands::connect(path, elsewhere, None).await.unwrap()).await, ["in memory"]);
    site.stop().await;
    assert!(
        listed(&commands::connect(path, None, None).await.unwrap()).await.is_empty(),
        "it was forgotten with the site"
    );
}

#[tokio::test]
async fn commands_without_a_site_speak_to_the_dynamodb_that_they_are_given() {
    let site = TestSite::start().await;
    site.client().await;
    let nowhere = tempfile::tempdir().unwrap();
    let connection = commands::connect(nowhere.path(), Some(&site.proxy.url), None).await.unwrap();
    assert_eq!(listed(&connection).await, ["Anime Diary"]);
    assert!(nowhere.path().read_dir().unwrap().next().is_none(), "the folder is left alone");
}
