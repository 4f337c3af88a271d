//! Between the dialects, and between them and the standard, there is no way.

use tests::flow::REDIRECT;
use tests::{Browser, Client, Reply, TestSite, json};

use super::{allowed, application, refusal, somebody, text};

/// Every dialect that must be registered for, and the standard.
const ALL: [&str; 5] = ["weibo", "acwing", "lianluo", "6park", "standard"];

/// Asks for a code as the dialect's applications do. Weibo's ask as the standard's do.
fn address(dialect: &str, client: &Client) -> String {
    let id = &client.id;
    match dialect {
        "acwing" => format!("/third_party/api/oauth2/web/authorize/?appid={id}&redirect_uri={REDIRECT}&state=s"),
        "lianluo" => format!("/oauth2/auth?client_id={id}&response_type=code&redirect_uri={REDIRECT}&state=s"),
        "6park" => format!("/index.php?app=authorize&response_type=code&client_id={id}&state=s"),
        _ => format!("/oauth2/authorize?response_type=code&client_id={id}&redirect_uri={REDIRECT}&scope="),
    }
}

/// Redeems a code where, and as, the dialect's applications do; Lianluo's at their own endpoint.
async fn redeem(site: &TestSite, dialect: &str, client: &Client, code: &str) -> Reply {
    let (id, secret) = (client.id.as_str(), client.secret.as_deref().unwrap());
    let form = [
        ("client_id", id),
        ("client_secret", secret),
        ("grant_type", "authorization_code"),
        ("redirect_uri", REDIRECT),
        ("code", code),
    ];
    match dialect {
        "weibo" => site.form("/oauth2/access_token", &form).await,
        "acwing" => {
            let query = super::query(&[("appid", id), ("secret", secret), ("code", code)]);
            site.get(&format!("/third_party/api/oauth2/access_token/?{query}"), None).await
        }
        "lianluo" => site.form("/account/v1/tokens", &form).await,
        "6park" => site.form("/index.php?app=token", &form).await,
        _ => site.form("/oauth2/token", &form).await,
    }
}

async fn code(browser: &Browser<'_>, dialect: &str, client: &Client) -> String {
    allowed(browser, &address(dialect, client)).await.parameter("code").unwrap()
}

#[tokio::test]
async fn d66_a_code_is_redeemed_in_its_own_dialect_alone_also_where_a_client_has_all() {
    let site = TestSite::start().await;
    let (browser, _) = somebody(&site, "sakura").await;
    let client = application(&site, &["weibo", "acwing", "lianluo", "6park"], REDIRECT).await;
    for issued in ALL {
        let code = code(&browser, issued, &client).await;
        // Weibo's codes are the standard's. Lianluo's document has the standard's token endpoint, too.
        let standard = |dialect: &str| ["weibo", "standard"].contains(&dialect);
        let fits =
            |at: &str| at == issued || (standard(issued) && standard(at)) || (issued == "lianluo" && at == "standard");
        for at in ALL.into_iter().filter(|at| !fits(at)) {
            let reply = redeem(&site, at, &client, &code).await;
            assert_eq!(refusal(&reply), (400, "invalid_grant".to_owned()), "{issued} at {at}: {}", reply.body);
        }
        // It cost the code nothing.
        let reply = redeem(&site, issued, &client, &code).await;
        assert!([200, 201].contains(&reply.status), "{issued}: {}", reply.body);
    }
    for (issued, at) in [("weibo", "standard"), ("standard", "weibo"), ("lianluo", "standard")] {
        let code = code(&browser, issued, &client).await;
        assert_eq!(redeem(&site, at, &client, &code).await.status, 200, "{issued} at {at}");
    }
}

#[tokio::test]
async fn d66_who_was_not_given_a_dialect_is_refused_at_each_of_its_places() {
    let site = TestSite::start().await;
    let (browser, _) = somebody(&site, "sakura").await;
    let (usual, all) = (site.client().await, application(&site, &ALL[..4], REDIRECT).await);
    let standard = code(&browser, "standard", &usual).await;
    for dialect in &ALL[..4] {
        let others: Vec<_> = ALL[..4].iter().filter(|other| *other != dialect).copied().collect();
        let other = application(&site, &others, REDIRECT).await;
        for client in [&usual, &other] {
            if *dialect != "weibo" {
                let reply = browser.open(&address(dialect, client)).await;
                assert_eq!(reply.parameter("error").as_deref(), Some("unauthorized_client"), "{dialect}");
            }
            let reply = redeem(&site, dialect, client, &standard).await;
            assert_eq!(refusal(&reply), (400, "unauthorized_client".to_owned()), "{dialect}: {}", reply.body);
        }
    }
    let token = text(&redeem(&site, "standard", &usual, &standard).await, "access_token");
    let own = site.sign_in(&site.register("tomoyo").await).await;
    for path in ["/third_party/api/meta/identity/getinfo/", "/api/oauth2/v1/users"] {
        for token in [&token, &own] {
            let reply = site.get(&format!("{path}?access_token={token}&openid=x"), None).await;
            assert_eq!(refusal(&reply), (401, "invalid_token".to_owned()), "{path}: {}", reply.body);
            assert!(!reply.body.contains("sakura"));
        }
    }
    // Who was given all of them may still use none.
    let code = code(&browser, "standard", &all).await;
    assert_eq!(redeem(&site, "standard", &all, &code).await.status, 200);
}

#[tokio::test]
async fn d66_a_short_secret_opens_none_but_its_own_dialect() {
    let site = TestSite::start().await;
    let (browser, _) = somebody(&site, "sakura").await;
    let body = json!({ "client_secrets": "123456", "redirect_url": REDIRECT });
    let id = text(&site.post("/oauth2.0/sign", None, body).await, "client_id");
    let client = Client { id, secret: Some("123456".to_owned()) };
    let standard = code(&browser, "standard", &client).await;
    for at in ALL {
        // Not even where it was given the others behind its back.
        let all = || ALL[..4].iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        site.change_client(&client, |client| client.metadata.dialects.extend(all())).await;
        let reply = redeem(&site, at, &client, &standard).await;
        assert_eq!(refusal(&reply), (401, "invalid_client".to_owned()), "{at}: {}", reply.body);
    }
}

#[tokio::test]
async fn d66_a_disabled_application_gets_nothing_in_any_dialect() {
    let site = TestSite::start().await;
    let (browser, _) = somebody(&site, "sakura").await;
    let client = application(&site, &ALL[..4], REDIRECT).await;
    let code = code(&browser, "acwing", &client).await;
    let reply = redeem(&site, "acwing", &client, &code).await;
    let (token, openid) = (text(&reply, "access_token"), text(&reply, "openid"));
    let info = format!("/third_party/api/meta/identity/getinfo/?access_token={token}&openid={openid}");
    assert_eq!(site.get(&info, None).await.status, 200);
    site.change_client(&client, |client| client.disabled = true).await;
    assert_eq!(refusal(&site.get(&info, None).await), (401, "invalid_token".to_owned()));
    for dialect in ALL {
        assert_eq!(browser.open(&address(dialect, &client)).await.status, 400, "{dialect}");
        assert_eq!(refusal(&redeem(&site, dialect, &client, &code).await), (401, "invalid_client".to_owned()));
    }
}
