//! RFC 7009.

use tests::flow::VERIFIER;
use tests::{TestSite, Tokens, json};

use super::{SCOPE, ask, assert_inactive, own_token, revoke, tokens};

#[tokio::test]
async fn v42_a_token_that_nobody_knows_is_revoked_already() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let user = site.register("sakura").await;
    let own = site.sign_in(&user).await;
    let (signed, _) = own.rsplit_once('.').unwrap();
    for token in ["x", "....", "eyJhbGciOiJub25lIn0.e30.", &format!("{signed}.AAAA"), &"A".repeat(5000)] {
        revoke(&site, &client, token).await;
    }
    // A person's own session is no client's to end.
    revoke(&site, &client, &own).await;
    assert_eq!(site.get("/account", Some(&own)).await.status, 200);
}

#[tokio::test]
async fn v42_who_revokes_proves_itself_first() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let Tokens { refresh_token, access_token, .. } = tokens(&site, "sakura", &client).await;
    let id = client.id.as_str();
    for credentials in [
        vec![],
        vec![("client_id", id)],
        vec![("client_id", id), ("client_secret", "wrong")],
        vec![("client_id", "client_aaaaaaaaaaaaaaaaaaaaaaaaaa"), ("client_secret", "x")],
    ] {
        for token in [&refresh_token, &access_token] {
            let pairs = [&credentials[..], &[("token", token)]].concat();
            let reply = site.form("/oauth2/revoke", &pairs).await;
            assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_client"), "{credentials:?}");
        }
    }
    let basic = site.http.post(site.url("/oauth2/revoke")).basic_auth(id, Some("wrong")).form(&[("token", "x")]);
    let reply = site.send(basic, None).await;
    assert!(reply.status == 401 && reply.header("www-authenticate").starts_with("Basic"), "{}", reply.body);
    assert_eq!(site.userinfo(&access_token).await.status, 200);
    // And says which token, once.
    for pairs in [vec![], vec![("token", "")], vec![("token", "a"), ("token", "b")]] {
        let reply = site.form("/oauth2/revoke", &[&client.in_body()[..], &pairs].concat()).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_request"), "{pairs:?}");
    }
}

#[tokio::test]
async fn v42_a_refresh_token_takes_its_family_along_and_no_other() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let code = browser.code(&client, SCOPE).await;
    let first = Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
    let other = browser.authorize_and_redeem(&client, SCOPE).await;
    let second = Tokens::read(&site.refresh(&client, &first.refresh_token).await);
    revoke(&site, &client, &second.refresh_token).await;
    for token in [&first, &second] {
        assert_eq!(site.userinfo(&token.access_token).await.status, 401);
        assert_eq!(site.refresh(&client, &token.refresh_token).await.error(), "invalid_grant");
        assert_inactive(&site, &client, &token.access_token, "of the family").await;
    }
    // Once more is no error, and the code stays used.
    revoke(&site, &client, &second.refresh_token).await;
    assert_eq!(site.redeem(&client, &code, VERIFIER).await.error(), "invalid_grant");
    assert_eq!(site.userinfo(&other.access_token).await.status, 200);
    assert_eq!(site.refresh(&client, &other.refresh_token).await.status, 200);
}

#[tokio::test]
async fn v42_a_replaced_refresh_token_still_names_what_is_to_end() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let old = tokens(&site, "sakura", &client).await;
    let current = Tokens::read(&site.refresh(&client, &old.refresh_token).await);
    site.clock.advance(3600);
    revoke(&site, &client, &old.refresh_token).await;
    assert_eq!(site.refresh(&client, &current.refresh_token).await.error(), "invalid_grant");
}

#[tokio::test]
async fn v42_an_access_token_takes_its_family_along() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let tokens = tokens(&site, "sakura", &client).await;
    revoke(&site, &client, &tokens.access_token).await;
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.error(), "invalid_grant");
}

#[tokio::test]
async fn v42_a_clients_own_token_dies_alone_and_everywhere() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let (dead, alive) = (own_token(&site, &client).await, own_token(&site, &client).await);
    revoke(&site, &client, &dead).await;
    revoke(&site, &client, &dead).await;
    for path in ["/oauth2/userinfo", "/account", "/collections", "/oauth2/register"] {
        let status = async |token| match path {
            "/oauth2/register" => site.post(path, Some(token), json!({})).await.status,
            _ => site.get(path, Some(token)).await.status,
        };
        assert_eq!(status(&dead).await, 401, "{path}");
        assert_eq!(status(&alive).await, 403, "{path}: it is nobody's");
    }
    assert_inactive(&site, &client, &dead, "revoked").await;
    // What is expired needs no mark any more.
    site.clock.advance(600);
    site.proxy.forget();
    revoke(&site, &client, &alive).await;
    assert!(site.proxy.calls().iter().all(tests::faults::Call::is_read));
}

#[tokio::test]
async fn v42_another_clients_tokens_stay_and_nobody_learns_of_them() {
    let site = TestSite::start().await;
    let (client, thief) = (site.client().await, site.client().await);
    let tokens = tokens(&site, "sakura", &client).await;
    let own = own_token(&site, &client).await;
    site.proxy.forget();
    for token in [&tokens.refresh_token, &tokens.access_token, &own] {
        revoke(&site, &thief, token).await;
    }
    assert!(site.proxy.calls().iter().all(tests::faults::Call::is_read), "nothing was written");
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 200);
    assert_eq!(site.userinfo(&own).await.status, 403, "alive, but nobody's");
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.status, 200);
}

#[tokio::test]
async fn v42_a_public_client_revokes_by_its_name_alone() {
    let site = TestSite::start().await;
    let client = site.public_client().await;
    let tokens = tokens(&site, "sakura", &client).await;
    revoke(&site, &client, &tokens.refresh_token).await;
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
}

#[tokio::test]
async fn t28_scripts_of_any_site_may_revoke_and_none_may_introspect() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let preflight = async |path| {
        let request =
            site.http.request(reqwest::Method::OPTIONS, site.url(path)).header("origin", "https://spa.example");
        site.send(request.header("access-control-request-method", "POST"), None).await
    };
    let reply = preflight("/oauth2/revoke").await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (204, "*"));
    assert_eq!(reply.header("access-control-allow-methods"), "POST");
    for answered in [ask(&site, "/oauth2/revoke", &client, "x").await, site.form("/oauth2/revoke", &[]).await] {
        assert_eq!(answered.header("access-control-allow-origin"), "*", "{}", answered.status);
    }
    assert_eq!(preflight("/oauth2/introspect").await.header("access-control-allow-origin"), "");
    assert_eq!(ask(&site, "/oauth2/introspect", &client, "x").await.header("access-control-allow-origin"), "");
}
