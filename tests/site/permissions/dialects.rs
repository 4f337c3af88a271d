//! What applications bring about that speak other systems' words.

use local::cli::Grant;
use tests::flow::REDIRECT;
use tests::{PASSWORD, TestSite, User, json};

pub(super) async fn tour(site: &TestSite, user: &User) {
    let (browser, client) = (site.browser(), site.client_with(json!({ "dialects": ["acwing", "lianluo"] })).await);
    browser.sign_in(user).await;
    let (id, secret) = (&client.id, client.secret.as_deref().unwrap_or_default());
    let at = "/third_party/api";
    let page = format!("{at}/oauth2/web/authorize/?appid={id}&redirect_uri={REDIRECT}&scope=userinfo&state=s");
    let page = browser.open(&page).await;
    let code = browser.decide(&page, "allow").await.parameter("code").unwrap_or_default();
    let token = format!("{at}/oauth2/access_token/?appid={id}&secret={secret}&code={code}");
    let token = site.get(&token, None).await.json();
    let (token, openid) = (token["access_token"].as_str(), token["openid"].as_str());
    let query = format!("access_token={}&openid={}", token.unwrap_or_default(), openid.unwrap_or_default());
    for (path, status) in [("/third_party/api/meta/identity/getinfo/", 200), ("/api/oauth2/v1/users", 201)] {
        assert_eq!(site.get(&format!("{path}?{query}"), None).await.status, status, "{path}");
    }
    site.allow(&client, Grant::Password).await;
    let password = json!({
        "client_id": id, "client_secret": secret, "grant_type": "password", "username": user.username,
        "password": PASSWORD,
    });
    let reply = site.post("/account/v1/tokens", None, password).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
}
