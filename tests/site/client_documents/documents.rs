//! What stands at an address, and is no client.

use tests::keys::Key;
use tests::remote::Answer;
use tests::{Client, DocumentSite, Remote, TestSite, Wishes, json};

use super::{assert_page, assert_refused, signed_in, start};

/// Where every way in is tried with a client whose document is no good, and nothing of it is kept.
async fn assert_no_client(site: &DocumentSite, client: &Client, why: &str) {
    let browser = site.browser();
    let page = browser.authorize(&client.query("openid")).await;
    assert_page(&page, why);
    let pushed = [("client_id", client.id.as_str()), ("response_type", "code")];
    assert_refused(&site.form("/oauth2/par", &pushed).await, why);
    assert_refused(&site.form("/oauth2/device_authorization", &pushed).await, why);
    let token = [("grant_type", "client_credentials")];
    assert_refused(&site.token(client, &token).await, why);
    let about = [("client_id", client.id.as_str()), ("token", "x")];
    assert_refused(&site.form("/oauth2/introspect", &about).await, why);
    let kept = site.dump().await.into_iter().filter(|item| item.to_string().contains("CLIENT#document_"));
    assert_eq!(kept.count(), 0, "{why}");
}

#[tokio::test]
async fn a01_a_document_that_is_not_its_own_or_has_secrets_is_no_client() {
    let (site, _) = start().await;
    let key = Key::es256();
    let mut private = key.jwk();
    private["d"] = "x".into();
    for (why, change) in [
        ("another's name", json!({ "client_id": "https://app.example/client" })),
        ("a name in capitals", json!({ "client_id": format!("{}/CLIENT", site.remote.url) })),
        ("a registered client's name", json!({ "client_id": site.client().await.id })),
        ("no name", json!({ "client_id": null })),
        ("a secret", json!({ "client_secret": "hunter2hunter2hunter2" })),
        ("when that ends", json!({ "client_secret_expires_at": 0 })),
        ("client_secret_basic", json!({ "token_endpoint_auth_method": "client_secret_basic" })),
        ("client_secret_post", json!({ "token_endpoint_auth_method": "client_secret_post" })),
        ("client_secret_jwt", json!({ "token_endpoint_auth_method": "client_secret_jwt" })),
        ("a key that is not there", json!({ "token_endpoint_auth_method": "private_key_jwt" })),
        ("a private key", json!({ "jwks": { "keys": [private] } })),
        ("a forbidden redirect", json!({ "redirect_uris": ["http://app.example/cb"] })),
        ("a script", json!({ "redirect_uris": ["javascript:alert(1)"] })),
        ("a grant that an administrator gives", json!({ "grant_types": ["password"] })),
        ("another system's words", json!({ "dialects": ["acwing"] })),
        ("another type", json!({ "redirect_uris": {} })),
    ] {
        let client = site.publish("/client", change);
        assert_no_client(&site, &client, why).await;
    }
}

#[tokio::test]
async fn v46_what_is_no_document_is_no_client() {
    let (site, _) = start().await;
    let good = site.document("/client", json!({})).to_string();
    let long = site.document("/client", json!({ "software_id": "x", "more": "x".repeat(5 * 1024) })).to_string();
    let elsewhere = site.remote.put("/elsewhere", Answer::new(200, "application/json", good.clone()));
    let mut redirect = Answer::new(302, "application/json", good.clone());
    redirect.head += &format!("\r\nlocation: {elsewhere}");
    let answers = [
        ("a page", Answer::new(200, "text/html", good.clone())),
        ("no type", Answer::new(200, "", good.clone())),
        ("no JSON", Answer::new(200, "application/json", "{")),
        ("a list", Answer::new(200, "application/json", format!("[{good}]"))),
        ("too deep", Answer::new(200, "application/json", "[".repeat(5000))),
        ("too long", Answer::new(200, "application/json", long)),
        ("a redirect", redirect),
        ("another success", Answer::new(203, "application/json", good.clone())),
        ("nothing", Answer::new(404, "application/json", good.clone())),
        ("an error", Answer::new(500, "application/json", good.clone())),
        ("nonsense", Answer { head: "SSH-2.0-OpenSSH".to_owned(), body: vec![0; 100], stalls: false }),
    ];
    let client = Client { id: format!("{}/client", site.remote.url), secret: None };
    for (why, answer) in answers {
        site.remote.put("/client", answer);
        assert_no_client(&site, &client, why).await;
    }
    assert_eq!(site.asked("/elsewhere"), 0);
    // To the byte.
    let padded = format!("{good}{}", " ".repeat(5 * 1024 - good.len()));
    site.remote.put("/client", Answer::new(200, "application/cimd+json", format!("{padded} ")));
    assert_no_client(&site, &client, "a byte too long").await;
    site.remote.put("/client", Answer::new(200, "application/cimd+json", padded));
    assert_eq!(site.browser().authorize(&client.query("openid")).await.status, 303);
}

#[tokio::test]
async fn v46_a_document_at_a_private_address_is_not_fetched() {
    let site = TestSite::start_with(Wishes { client_id_documents: true, ..Wishes::default() }).await;
    let (remote, _) = Remote::start_tls("localhost").await;
    for origin in
        [remote.url.clone(), remote.url.replace("localhost", "127.0.0.1"), "https://169.254.169.254".to_owned()]
    {
        let client = Client { id: format!("{origin}/client"), secret: None };
        assert_page(&site.browser().authorize(&client.query("openid")).await, &origin);
        assert_refused(&site.form("/oauth2/par", &client.in_body()).await, &origin);
    }
    assert!(remote.requests().is_empty());
}

#[tokio::test]
async fn v46_a_server_that_is_slow_is_not_waited_for() {
    let (site, _) = start().await;
    let client = site.publish("/client", json!({}));
    let body = site.document("/client", json!({})).to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json".to_owned();
    site.remote.put("/client", Answer { head, body: body.into(), stalls: true });
    let (browser, query) = (site.browser(), client.query("openid"));
    let asking = browser.authorize(&query);
    let meanwhile = async {
        site.remote.next().await;
        // From here on time passes as soon as everybody waits.
        tokio::time::pause();
    };
    let (page, ()) = tokio::join!(asking, meanwhile);
    tokio::time::resume();
    assert_page(&page, "slow");
}

#[tokio::test]
async fn a02_its_redirects_are_those_of_its_document_byte_for_byte() {
    let (site, user) = start().await;
    let client = site.publish("/client", json!({ "redirect_uris": ["https://app.example/cb", "http://127.0.0.1/cb"] }));
    let browser = signed_in(&site, &user).await;
    browser.code(&client, "openid").await;
    for uri in
        ["https://app.example/cb/", "https://APP.example/cb", "https://app.example/cb?x", "https://evil.example/cb"]
    {
        assert_page(&browser.authorize(&client.query_with(&[("redirect_uri", uri)])).await, uri);
    }
    assert_page(&browser.authorize(&client.query("openid").replace("redirect_uri", "redirect")).await, "left out");
}

#[tokio::test]
async fn a05_it_sends_a_challenge_also_where_it_has_a_key() {
    let (site, user) = start().await;
    let key = Key::es256();
    let keyed = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": tests::keys::jwks(&[&key]) });
    let browser = signed_in(&site, &user).await;
    for client in [site.publish("/public", json!({})), site.publish("/keyed", keyed)] {
        let back = browser.authorize_fully(&client.query_with(&[("scope", "openid"), ("state", "s")])).await;
        assert_eq!(back.parameter("error").as_deref(), Some("invalid_request"));
    }
}
