//! Lianluo's document: `union_id`, JSON, status 201, and a token endpoint for what needs no browser.

use local::cli::Grant;
use tests::{Browser, Client, PASSWORD, Reply, TestSite, User, Value, json};

use super::{allowed, application, members, refusal, somebody, text, with_avatar};

/// The document's, with its query.
const REDIRECT: &str = "https://demo.example/site/auth?authclient=lianluo";
const STATE: &str = "86a1f0d67c5633ab23d0c1ff8968d810ac6f77e8de7d420b7d496e81821ea34f";

/// The document's address, as unencoded as there.
fn address(client: &Client) -> String {
    format!(
        "/oauth2/auth?client_id={}&response_type=code&redirect_uri={REDIRECT}&xoauth_displayname=联络推送&state={STATE}",
        client.id
    )
}

async fn code(browser: &Browser<'_>, client: &Client) -> String {
    allowed(browser, &address(client)).await.parameter("code").unwrap()
}

/// The document's token request; its `redirect_uri` may be left out.
async fn redeem(site: &TestSite, client: &Client, code: &str, redirect_uri: Option<&str>) -> Reply {
    let mut body = json!({
        "client_id": client.id, "client_secret": client.secret, "code": code, "grant_type": "authorization_code",
    });
    if let Some(redirect_uri) = redirect_uri {
        body["redirect_uri"] = redirect_uri.into();
    }
    site.post("/oauth2/token", None, body).await
}

async fn users(site: &TestSite, token: &str) -> Reply {
    site.get(&format!("/api/oauth2/v1/users?access_token={token}"), None).await
}

async fn union_id(site: &TestSite, browser: &Browser<'_>, client: &Client) -> String {
    let code = code(browser, client).await;
    let token = text(&redeem(site, client, &code, None).await, "access_token");
    text(&users(site, &token).await, "union_id")
}

/// `POST /tokens` below the document's `/account/v1/`.
async fn tokens(site: &TestSite, client: &Client, more: &Value) -> Reply {
    let mut body = json!({ "client_id": client.id, "client_secret": client.secret });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    site.post("/account/v1/tokens", None, body).await
}

/// The document's person.
async fn zacksleo(site: &TestSite) -> User {
    let person = json!({
        "username": "zacksleo", "email": "zacksleo@gmail.example", "phone": "17002108009", "password": PASSWORD,
    });
    let reply = site.post("/register", None, person).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let user_id = text(&reply, "user_id");
    User { user_id, username: "zacksleo".to_owned(), password: PASSWORD.to_owned() }
}

/// The document's second application: an administrator allotted it passwords.
async fn trusted(site: &TestSite) -> Client {
    let client = application(site, &["lianluo"], REDIRECT).await;
    site.allow(&client, Grant::Password).await;
    client
}

#[tokio::test]
async fn d64_lianluos_walk_with_a_browser_works_word_for_word() {
    let site = TestSite::start().await;
    let (user, browser) = (zacksleo(&site).await, site.browser());
    browser.sign_in(&user).await;
    let client = application(&site, &["lianluo"], REDIRECT).await;
    let page = browser.open(&address(&client)).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(!page.body.contains("联络推送"), "a name that anybody can send is shown to nobody");
    assert!(page.body.contains("1440 minutes"), "{}", page.body);
    let back = browser.decide(&page, "allow").await;
    assert!(back.location().starts_with(&format!("{REDIRECT}&code=")), "{}", back.location());
    assert_eq!(back.parameter("state").as_deref(), Some(STATE));
    assert_eq!(back.parameter("authclient").as_deref(), Some("lianluo"));
    let code = back.parameter("code").unwrap();
    assert_eq!(refusal(&redeem(&site, &client, &code, Some("https://evil.example/")).await).1, "invalid_grant");
    let reply = redeem(&site, &client, &code, Some(REDIRECT)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!((&reply.json()["token_type"], &reply.json()["expires_in"]), (&json!("Bearer"), &json!(86_400)));

    let token = text(&reply, "access_token");
    let info = users(&site, &token).await;
    assert_eq!(info.status, 201, "{}", info.body);
    let union_id = text(&info, "union_id");
    let expected = json!({
        "union_id": union_id, "avatar": null, "username": "zacksleo", "email": "zacksleo@gmail.example",
        "phone": "17002108009",
    });
    assert_eq!(info.json(), expected);
    assert_eq!(union_id.len(), 32);
    assert_eq!((info.header("cache-control"), info.header("referrer-policy")), ("no-store", "no-referrer"));
    with_avatar(&site, &user, "https://cdn.example/z.png").await;
    assert_eq!(users(&site, &token).await.json()["avatar"], "https://cdn.example/z.png");
}

#[tokio::test]
async fn d64_the_address_may_be_left_out_of_the_token_request() {
    let site = TestSite::start().await;
    let (browser, _) = somebody(&site, "sakura").await;
    let client = application(&site, &["lianluo"], REDIRECT).await;
    let first = code(&browser, &client).await;
    let reply = redeem(&site, &client, &first, None).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    // Who has no number has none.
    let info = users(&site, &text(&reply, "access_token")).await.json();
    assert_eq!((&info["username"], &info["phone"]), (&json!("sakura"), &json!(null)));
    // The standard's own codes still want it.
    let standard = client.query_with(&[("redirect_uri", REDIRECT), ("scope", "profile")]);
    let standard = browser.authorize_fully(&standard).await.parameter("code").unwrap();
    assert_eq!(redeem(&site, &client, &standard, None).await.error(), "invalid_grant");
    assert_eq!(redeem(&site, &client, &standard, Some(REDIRECT)).await.json()["expires_in"], 600);
}

#[tokio::test]
async fn d64_a_union_id_is_one_persons_in_all_applications_of_one_owner() {
    let site = TestSite::start().await;
    let (browser, user) = somebody(&site, "sakura").await;
    let (other, owner) = somebody(&site, "tomoyo").await;
    let owned = async |owner: &User| {
        let own = site.sign_in(owner).await;
        let metadata = json!({ "dialects": ["lianluo"], "redirect_uris": [REDIRECT] });
        let reply = site.post("/oauth2/register", Some(&own), metadata).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        Client { id: text(&reply, "client_id"), secret: Some(text(&reply, "client_secret")) }
    };
    let (one, two, foreign) = (owned(&owner).await, owned(&owner).await, owned(&user).await);
    let nobodys = [application(&site, &["lianluo"], REDIRECT).await, application(&site, &["lianluo"], REDIRECT).await];
    let hers = union_id(&site, &browser, &one).await;
    assert_eq!(hers, union_id(&site, &browser, &two).await);
    let mut names = vec![hers, union_id(&site, &other, &one).await, union_id(&site, &browser, &foreign).await];
    for client in &nobodys {
        names.push(union_id(&site, &browser, client).await);
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 5, "{names:?}");
}

#[tokio::test]
async fn d64_an_application_gets_a_token_of_its_own_for_a_day() {
    let site = TestSite::start().await;
    let client = application(&site, &["lianluo"], REDIRECT).await;
    let reply = tokens(&site, &client, &json!({ "grant_type": "client_credentials" })).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let token = text(&reply, "access_token");
    let expected = json!({ "access_token": token, "expires_in": 86_400, "token_type": "Bearer", "scope": null });
    assert_eq!(reply.json(), expected);
    // It is no person's.
    assert_eq!(users(&site, &token).await.status, 403);
    site.clock.advance(86_400);
    assert_eq!(users(&site, &token).await.status, 401);
}

#[tokio::test]
async fn d64_a_password_gives_tokens_and_refreshing_gives_the_same_refresh_token() {
    let site = TestSite::start().await;
    zacksleo(&site).await;
    let client = trusted(&site).await;
    for name in ["17002108009", "zacksleo", "zacksleo@gmail.example"] {
        let password = json!({ "grant_type": "password", "username": name, "password": PASSWORD });
        let reply = tokens(&site, &client, &password).await;
        assert_eq!(reply.status, 201, "{name}: {}", reply.body);
        assert_eq!(members(&reply), ["access_token", "expires_in", "refresh_token", "scope", "token_type"]);
        assert_eq!((&reply.json()["scope"], &reply.json()["expires_in"]), (&json!(null), &json!(86_400)));
        assert_eq!(users(&site, &text(&reply, "access_token")).await.json()["phone"], "17002108009");
        // The document's own example says `client_credentials`; its table, `refresh_token`.
        let refresh_token = text(&reply, "refresh_token");
        for grant in [json!("client_credentials"), json!("refresh_token"), json!(null)] {
            site.clock.advance(3600);
            let refresh = json!({ "grant_type": grant, "refresh_token": refresh_token });
            let reply = tokens(&site, &client, &refresh).await;
            assert_eq!(reply.status, 201, "{grant}: {}", reply.body);
            let expected = json!({
                "access_token": text(&reply, "access_token"), "expires_in": 86_400, "token_type": "Bearer",
                "scope": null, "refresh_token": refresh_token,
            });
            assert_eq!(reply.json(), expected);
            assert_eq!(users(&site, &text(&reply, "access_token")).await.status, 201);
        }
    }
}

#[tokio::test]
async fn d64_what_came_of_a_code_is_refreshed_at_either_endpoint_and_stays_the_same() {
    let site = TestSite::start().await;
    let (browser, _) = somebody(&site, "sakura").await;
    let client = application(&site, &["lianluo"], REDIRECT).await;
    let code = code(&browser, &client).await;
    let refresh_token = text(&redeem(&site, &client, &code, None).await, "refresh_token");
    for _ in 0..2 {
        site.clock.advance(3600);
        let standard = site.refresh(&client, &refresh_token).await;
        assert_eq!((standard.status, text(&standard, "refresh_token")), (200, refresh_token.clone()));
        let own = tokens(&site, &client, &json!({ "refresh_token": refresh_token })).await;
        assert_eq!((own.status, text(&own, "refresh_token")), (201, refresh_token.clone()));
    }
    // The standard's own rotate, and are not taken there.
    let standard = client.query_with(&[("redirect_uri", REDIRECT), ("scope", "profile")]);
    let standard = browser.authorize_fully(&standard).await.parameter("code").unwrap();
    let standard = text(&redeem(&site, &client, &standard, Some(REDIRECT)).await, "refresh_token");
    let crossed = tokens(&site, &client, &json!({ "refresh_token": standard })).await;
    assert_eq!(refusal(&crossed), (400, "invalid_grant".to_owned()));
    assert_ne!(text(&site.refresh(&client, &standard).await, "refresh_token"), standard);
}

#[tokio::test]
async fn d64_passwords_are_taken_where_an_administrator_allowed_it_and_guessed_no_faster() {
    let site = TestSite::start().await;
    zacksleo(&site).await;
    let (usual, trusted) = (application(&site, &["lianluo"], REDIRECT).await, trusted(&site).await);
    let password = |password: &str| json!({ "grant_type": "password", "username": "zacksleo", "password": password });
    let refused = tokens(&site, &usual, &password(PASSWORD)).await;
    assert_eq!(refusal(&refused), (400, "unsupported_grant_type".to_owned()));
    for _ in 0..10 {
        let wrong = tokens(&site, &trusted, &password("wrong password")).await;
        assert_eq!(refusal(&wrong), (400, "invalid_grant".to_owned()));
    }
    assert_eq!(tokens(&site, &trusted, &password(PASSWORD)).await.status, 429);
}

#[tokio::test]
async fn d64_its_tokens_stand_in_a_query_there_alone() {
    let site = TestSite::start().await;
    let (browser, _) = somebody(&site, "sakura").await;
    let client = application(&site, &["lianluo"], REDIRECT).await;
    let code = code(&browser, &client).await;
    let token = text(&redeem(&site, &client, &code, None).await, "access_token");
    assert_eq!(users(&site, &token).await.status, 201);
    for path in ["/oauth2/userinfo", "/account", "/collections"] {
        assert_eq!(site.get(&format!("{path}?access_token={token}"), None).await.status, 401, "{path}");
    }
    let query = format!("client_id={}&client_secret={}", client.id, client.secret.as_deref().unwrap());
    let body = json!({ "grant_type": "client_credentials" });
    let reply = site.post(&format!("/account/v1/tokens?{query}"), None, body).await;
    assert_eq!(refusal(&reply), (400, "invalid_request".to_owned()));
    let none = site.get("/api/oauth2/v1/users", None).await;
    assert_eq!((none.status, none.header("www-authenticate")), (401, "Bearer"));
    let twice = format!("/api/oauth2/v1/users?access_token={token}&access_token={token}");
    assert_eq!(site.get(&twice, None).await.status, 400);
}
