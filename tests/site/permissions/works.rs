//! What works ask of the table: kept, and read again; and who asks for their own week.

use tests::flow::{REDIRECT, VERIFIER};
use tests::{DpopKey, TestSite, Tokens, json};

pub(super) async fn tour(site: &TestSite) {
    let user = site.register("kerberos").await;
    let (browser, client) = (site.browser(), site.client().await);
    browser.sign_in(&user).await;
    for path in ["/subjects/9717", "/subjects/9717/episodes", "/subjects?q=CLANNAD", "/calendar"] {
        assert_eq!(site.get(path, None).await.status, 200, "{path}");
    }
    let theirs = browser.authorize_and_redeem(&client, "openid collections:read").await.access_token;
    let own = site.sign_in(&user).await;
    // Its episodes are nobody's yet, and then kept.
    for status in [201, 200] {
        let marks = json!({ "mark": "done", "up_to": status - 199 });
        assert_eq!(site.put("/collections/12/episodes", Some(&own), marks).await.status, status);
    }
    let machine = Tokens::read(&site.token(&client, &[("grant_type", "client_credentials")]).await).access_token;
    let week = "/calendar?mine=true";
    for (token, status) in [(&theirs, 200), (&own, 200), (&machine, 403)] {
        assert_eq!(site.get(week, Some(token)).await.status, status);
    }
    bound(site, &client, &browser.code(&client, "openid collections:read").await).await;
    // So that the keys are read, and that the session is used is noted.
    site.clock.advance(3_700);
    assert_eq!(browser.open(week).await.status, 200);
}

/// By a token that is bound to a key, whose proof is good once.
async fn bound(site: &TestSite, client: &tests::Client, code: &str) {
    let key = DpopKey::default();
    let nonce = site.dpop_nonce(&key).await;
    let redeem =
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT), ("code_verifier", VERIFIER)];
    let proof = key.proof(site, "POST", "/oauth2/token", None, &nonce);
    let token = Tokens::read(&site.token_with_proof(client, &redeem, &proof).await).access_token;
    let proof = key.proof(site, "GET", "/calendar", Some(&token), &nonce);
    let request = site.http.get(site.url("/calendar?mine=true")).header("dpop", proof);
    let reply = site.send(request.header("authorization", format!("DPoP {token}")), None).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
}
