//! Applications that speak other systems' words.

use local::cli::Grant;

use super::people::newcomer;
use super::{Ended, fresh, withstands};
use tests::flow::REDIRECT;
use tests::{Browser, Client, PASSWORD, Reply, TestSite, json};

/// Somebody signed in, and an application that has every dialect, and that they know.
async fn known(site: &TestSite) -> (Browser<'_>, Client) {
    let browser = newcomer(site, &fresh("sakura")).await.browser;
    let dialects = json!({ "dialects": ["weibo", "acwing", "lianluo", "6park"] });
    let client = site.client_with(dialects).await;
    let page = browser.open(&address("/oauth2/auth", &client)).await;
    assert_eq!(browser.decide(&page, "allow").await.status, 303);
    (browser, client)
}

/// A route's path, with nothing in what it takes more.
fn path(route: &str) -> &str {
    let (_, path) = route.split_once(' ').unwrap();
    path.trim_end_matches("{more+}")
}

/// All of them know the standard's words as well.
fn address(path: &str, client: &Client) -> String {
    let id = &client.id;
    format!("{path}?app=authorize&response_type=code&client_id={id}&redirect_uri={REDIRECT}&scope=profile&state=s")
}

async fn redeem(site: &TestSite, route: &str, client: &Client, code: &str) -> Reply {
    let secret = client.secret.as_deref().unwrap();
    let (method, path) = (route.split(' ').next().unwrap(), path(route));
    if method == "GET" {
        return site.get(&format!("{path}?appid={}&secret={secret}&code={code}", client.id), None).await;
    }
    let pairs = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT)];
    site.form(&format!("{path}?app=token"), &[&client.in_body(), &pairs[..]].concat()).await
}

/// Where a dialect's codes come from, and where they are redeemed.
const WAYS: [(&str, &str); 6] = [
    ("GET /oauth2/authorize", "POST /oauth2/access_token"),
    ("GET /third_party/api/oauth2/web/authorize/{more+}", "GET /third_party/api/oauth2/access_token/{more+}"),
    ("GET /third_party/api/oauth2/web/authorize", "GET /third_party/api/oauth2/access_token"),
    ("GET /oauth2/auth", "POST /oauth2/token"),
    ("GET /oauth2/auth", "POST /account/v1/tokens"),
    ("GET /index.php", "POST /index.php"),
];

#[tokio::test]
async fn e61_no_dialect_loses_a_request_or_a_code_that_was_not_redeemed() {
    let site = TestSite::start().await;
    let (browser, client) = known(&site).await;
    for (authorize, token) in WAYS {
        let ask = async || browser.open(&address(path(authorize), &client)).await;
        let run = async |(): &()| ask().await;
        let after = async |(): &(), ended: Ended| {
            let case = ended.case.clone();
            let code = ended.or_else(ask()).await.parameter("code").expect(&case);
            assert!(redeem(&site, token, &client, &code).await.status < 300, "{case}");
        };
        withstands(&site, authorize, async || (), run, after).await;

        let prepare = async || ask().await.parameter("code").unwrap();
        let run = async |code: &String| redeem(&site, token, &client, code).await;
        let after = async |code: &String, ended: Ended| {
            let (case, unsaid) = (ended.case.clone(), ended.unsaid);
            let reply = ended.or_else(run(code)).await;
            if unsaid {
                return assert_eq!(reply.error(), "invalid_grant", "{case}");
            }
            let token = reply.json()["access_token"].as_str().expect(&case).to_owned();
            assert_eq!(site.userinfo(&token).await.status, 403, "{case}: it is alive");
        };
        withstands(&site, token, prepare, run, after).await;
    }
}

#[tokio::test]
async fn e61_a_dialects_profile_is_told_when_the_table_is_well() {
    let site = TestSite::start().await;
    let (browser, client) = known(&site).await;
    let code = browser.open(&address("/third_party/api/oauth2/web/authorize/", &client)).await.parameter("code");
    let tokens =
        redeem(&site, "GET /third_party/api/oauth2/access_token/{more+}", &client, &code.unwrap()).await.json();
    let query = format!(
        "access_token={}&openid={}",
        tokens["access_token"].as_str().unwrap(),
        tokens["openid"].as_str().unwrap()
    );
    for route in [
        "GET /third_party/api/meta/identity/getinfo/{more+}",
        "GET /third_party/api/meta/identity/getinfo",
        "GET /api/oauth2/v1/users",
    ] {
        let run = async |(): &()| site.get(&format!("{}?{query}", path(route)), None).await;
        let after = async |(): &(), ended: Ended| {
            let case = ended.case.clone();
            assert!(ended.or_else(run(&())).await.json()["username"].is_string(), "{case}");
        };
        withstands(&site, route, async || (), run, after).await;
    }
}

#[tokio::test]
async fn e61_a_password_and_a_refresh_token_of_a_dialect_that_met_a_failing_table_can_be_sent_again() {
    let site = TestSite::start().await;
    let them = newcomer(&site, &fresh("sakura")).await;
    // Its hash is made anew now, and not in the flow.
    site.sign_in(&them.user).await;
    let ask = async |client: &Client, pairs: &[(&str, &str)]| {
        site.form("/account/v1/tokens", &[&client.in_body(), pairs].concat()).await
    };
    let password = [("grant_type", "password"), ("username", them.user.username.as_str()), ("password", PASSWORD)];
    let prepare = async || {
        // Attempts that a failing table could not give back are forgotten.
        site.clock.advance(1000);
        // One that they never consented to.
        let client = site.client_with(json!({ "dialects": ["lianluo"] })).await;
        site.allow(&client, Grant::Password).await;
        client
    };
    let run = async |client: &Client| ask(client, &password).await;
    let after = async |client: &Client, ended: Ended| {
        let case = ended.case.clone();
        let reply = ended.or_else(run(client)).await;
        assert!(reply.json()["refresh_token"].is_string(), "{case}: {}", reply.body);
    };
    withstands(&site, "POST /account/v1/tokens", prepare, run, after).await;

    let client = prepare().await;
    let refresh_token = ask(&client, &password).await.json()["refresh_token"].as_str().unwrap().to_owned();
    let run = async |(): &()| ask(&client, &[("refresh_token", &refresh_token)]).await;
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(run(&())).await.json()["refresh_token"], refresh_token.as_str(), "{case}");
    };
    withstands(&site, "POST /account/v1/tokens", async || (), run, after).await;
}
