//! AcWing's document: `appid` and `secret`, everything by GET, and an `openid` in every application.

use tests::{Browser, Client, Reply, TestSite, json};

use super::{allowed, application, members, query, refusal, somebody, text, with_avatar};

const REDIRECT: &str = "https://www.lelelpx.example/settings/acwing/web/receive_code/";
const STATE: &str = "86193742";
/// As documented, and without the slash.
const SLASHES: [&str; 2] = ["/", ""];

/// The document's address: `quote` of Python leaves the slashes.
fn address(client: &Client, slash: &str) -> String {
    let redirect_uri = REDIRECT.replace(':', "%3A");
    format!(
        "/third_party/api/oauth2/web/authorize{slash}?appid={}&redirect_uri={redirect_uri}&scope=userinfo&state={STATE}",
        client.id
    )
}

async fn access_token(site: &TestSite, client: &Client, code: &str, slash: &str) -> Reply {
    let params = query(&[("appid", &client.id), ("secret", client.secret.as_deref().unwrap()), ("code", code)]);
    site.get(&format!("/third_party/api/oauth2/access_token{slash}?{params}"), None).await
}

async fn getinfo(site: &TestSite, token: &str, openid: &str, slash: &str) -> Reply {
    let params = query(&[("access_token", token), ("openid", openid)]);
    site.get(&format!("/third_party/api/meta/identity/getinfo{slash}?{params}"), None).await
}

async fn tokens(site: &TestSite, browser: &Browser<'_>, client: &Client) -> Reply {
    let code = allowed(browser, &address(client, "/")).await.parameter("code").unwrap();
    let reply = access_token(site, client, &code, "/").await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply
}

#[tokio::test]
async fn d63_acwings_document_works_word_for_word() {
    let site = TestSite::start().await;
    let (browser, user) = somebody(&site, "sakura").await;
    with_avatar(&site, &user, "https://cdn.example/sakura.png").await;
    let client = application(&site, &["acwing"], REDIRECT).await;
    for slash in SLASHES {
        let back = allowed(&browser, &address(&client, slash)).await;
        assert!(back.location().starts_with(&format!("{REDIRECT}?code=")), "{}", back.location());
        assert_eq!(back.parameter("state").as_deref(), Some(STATE));
        let reply = access_token(&site, &client, &back.parameter("code").unwrap(), slash).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(members(&reply), ["access_token", "expires_in", "openid", "refresh_token", "scope"]);
        assert_eq!(reply.json()["scope"], "userinfo");
        assert!(reply.json()["expires_in"].is_i64());
        let info = getinfo(&site, &text(&reply, "access_token"), &text(&reply, "openid"), slash).await;
        assert_eq!(info.status, 200, "{}", info.body);
        assert_eq!(info.json(), json!({ "username": "sakura", "photo": "https://cdn.example/sakura.png" }));
        // What stands in a query is told to nobody.
        for reply in [&reply, &info] {
            assert_eq!((reply.header("cache-control"), reply.header("referrer-policy")), ("no-store", "no-referrer"));
        }
    }
}

#[tokio::test]
async fn d63_who_has_no_picture_has_an_empty_one_and_who_has_no_name_has_some() {
    let site = TestSite::start().await;
    let person = json!({ "email": "tomoyo@moe.example", "password": tests::PASSWORD });
    let user_id = text(&site.post("/register", None, person).await, "user_id");
    let user = tests::User { user_id, username: "tomoyo@moe.example".into(), password: tests::PASSWORD.into() };
    let browser = site.browser();
    browser.sign_in(&user).await;
    let client = application(&site, &["acwing"], REDIRECT).await;
    let reply = tokens(&site, &browser, &client).await;
    let info = getinfo(&site, &text(&reply, "access_token"), &text(&reply, "openid"), "/").await;
    assert_eq!(info.json()["photo"], "");
    // Not the e-mail address: that was not consented to.
    assert!(!text(&info, "username").is_empty() && !info.body.contains("moe.example"), "{}", info.body);
}

#[tokio::test]
async fn d63_an_openid_is_one_persons_in_one_application() {
    let site = TestSite::start().await;
    let (sakura, user) = somebody(&site, "sakura").await;
    let (tomoyo, _) = somebody(&site, "tomoyo").await;
    let (one, other) =
        (application(&site, &["acwing"], REDIRECT).await, application(&site, &["acwing"], REDIRECT).await);
    let hers = tokens(&site, &sakura, &one).await;
    let again = tokens(&site, &sakura, &one).await;
    let elsewhere = tokens(&site, &sakura, &other).await;
    let theirs = tokens(&site, &tomoyo, &one).await;
    let (openid, token) = (text(&hers, "openid"), text(&hers, "access_token"));
    assert_eq!(openid, text(&again, "openid"));
    assert_eq!(openid.len(), 32);
    for foreign in [text(&elsewhere, "openid"), text(&theirs, "openid"), user.user_id, String::new()] {
        assert_ne!(openid, foreign);
        let refused = getinfo(&site, &token, &foreign, "/").await;
        assert_eq!((refused.status, refused.body.contains("sakura")), (400, false), "{foreign}: {}", refused.body);
    }
    let doubled = format!("{}&openid={openid}", query(&[("access_token", &token), ("openid", "x")]));
    assert_eq!(site.get(&format!("/third_party/api/meta/identity/getinfo/?{doubled}"), None).await.status, 400);
}

#[tokio::test]
async fn d63_refusals_are_the_standards_and_are_not_told_to_other_sites_either() {
    let site = TestSite::start().await;
    let (browser, _) = somebody(&site, "sakura").await;
    let client = application(&site, &["acwing"], REDIRECT).await;
    let code = allowed(&browser, &address(&client, "/")).await.parameter("code").unwrap();
    let wrong = Client { secret: Some("ac8583918d1a4d80a95a3d37e42477ab".to_owned()), ..client.clone() };
    let refused = access_token(&site, &wrong, &code, "/").await;
    assert_eq!(refusal(&refused), (401, "invalid_client".to_owned()));
    assert_eq!((refused.header("cache-control"), refused.header("referrer-policy")), ("no-store", "no-referrer"));
    let nothing = site.get("/third_party/api/oauth2/access_token/", None).await;
    assert_eq!(refusal(&nothing), (401, "invalid_client".to_owned()));
    let bad = getinfo(&site, "garbage", "x", "/").await;
    assert_eq!((refusal(&bad), bad.header("referrer-policy")), ((401, "invalid_token".to_owned()), "no-referrer"));
    let none = site.get("/third_party/api/meta/identity/getinfo/", None).await;
    assert_eq!((none.status, none.header("www-authenticate")), (401, "Bearer"));
    // A client's own token is no user's.
    let own = query(&[
        ("appid", &client.id),
        ("secret", client.secret.as_deref().unwrap()),
        ("grant_type", "client_credentials"),
    ]);
    let own = site.get(&format!("/third_party/api/oauth2/access_token/?{own}"), None).await;
    assert_eq!(own.status, 200, "{}", own.body);
    assert_eq!(getinfo(&site, &text(&own, "access_token"), "x", "/").await.status, 403);
    // The standard's own name of the secret may not stand there, nor the secret twice.
    let named = query(&[("appid", &client.id), ("client_secret", client.secret.as_deref().unwrap()), ("code", &code)]);
    let refused = site.get(&format!("/third_party/api/oauth2/access_token/?{named}"), None).await;
    assert_eq!(refusal(&refused), (400, "invalid_request".to_owned()));
    assert_eq!(access_token(&site, &client, &code, "/").await.status, 200);
}

#[tokio::test]
async fn d63_behind_the_slash_there_is_nothing() {
    let site = TestSite::start().await;
    let client = application(&site, &["acwing"], REDIRECT).await;
    for path in ["oauth2/web/authorize", "oauth2/access_token", "meta/identity/getinfo"] {
        let secret = client.secret.as_deref().unwrap();
        let query = query(&[("appid", &client.id), ("secret", secret), ("grant_type", "client_credentials")]);
        let reply = site.get(&format!("/third_party/api/{path}/x?{query}"), None).await;
        assert_eq!((reply.status, reply.header("content-type")), (404, "application/problem+json"), "{path}");
    }
}

#[tokio::test]
async fn d63_what_refreshes_is_taken_there_and_rotates() {
    let site = TestSite::start().await;
    let (browser, _) = somebody(&site, "sakura").await;
    let client = application(&site, &["acwing"], REDIRECT).await;
    let first = tokens(&site, &browser, &client).await;
    let refresh = async |token: &str| {
        let params =
            query(&[("appid", &client.id), ("secret", client.secret.as_deref().unwrap()), ("refresh_token", token)]);
        site.get(&format!("/third_party/api/oauth2/access_token/?{params}"), None).await
    };
    let second = refresh(&text(&first, "refresh_token")).await;
    assert_eq!((second.status, &second.json()["openid"]), (200, &first.json()["openid"]), "{}", second.body);
    assert_ne!(text(&second, "refresh_token"), text(&first, "refresh_token"));
    assert_eq!(site.refresh(&client, &text(&second, "refresh_token")).await.error(), "invalid_grant");
    site.clock.advance(11);
    assert_eq!(refusal(&refresh(&text(&first, "refresh_token")).await), (400, "invalid_grant".to_owned()));
    assert_eq!(refusal(&refresh(&text(&second, "refresh_token")).await), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn d63_nowhere_else_may_credentials_stand_in_a_query() {
    let site = TestSite::start().await;
    let (browser, _) = somebody(&site, "sakura").await;
    let client = application(&site, &["acwing"], REDIRECT).await;
    let secret = client.secret.as_deref().unwrap();
    let grant = ("grant_type", "client_credentials");
    for (name, error) in [("client_secret", "invalid_request"), ("secret", "invalid_client")] {
        let in_query = query(&[("client_id", &client.id), (name, secret)]);
        let reply = site.form(&format!("/oauth2/token?{in_query}"), &[grant]).await;
        assert_eq!(reply.error(), error, "{name}: {}", reply.body);
    }
    let by_get = query(&[("client_id", &client.id), ("client_secret", secret), grant]);
    assert_eq!(site.get(&format!("/oauth2/token?{by_get}"), None).await.status, 404);
    let token = text(&tokens(&site, &browser, &client).await, "access_token");
    for path in ["/oauth2/userinfo", "/account", "/collections"] {
        let reply = site.get(&format!("{path}?access_token={token}"), None).await;
        assert_eq!(reply.status, 401, "{path}: {}", reply.body);
    }
}
