//! RFC 7662.

use shared::account::user::UserStatus;
use shared::id::Attempt;
use tests::flow::claims;
use tests::{TestSite, Tokens, json};

use super::{SCOPE, ask, assert_inactive, introspect, own_token, tokens};

#[tokio::test]
async fn v43_who_asks_proves_itself_and_is_no_public_client() {
    let site = TestSite::start().await;
    let (client, public) = (site.client().await, site.public_client().await);
    let ours = tokens(&site, "sakura", &client).await;
    let theirs = tokens(&site, "tomoyo", &public).await;
    for (credentials, token) in [
        (vec![], &ours),
        (vec![("client_id", client.id.as_str())], &ours),
        (vec![("client_id", &client.id), ("client_secret", "wrong")], &ours),
        (vec![("client_id", &public.id)], &theirs),
    ] {
        let pairs = [&credentials[..], &[("token", &*token.access_token)]].concat();
        let reply = site.form("/oauth2/introspect", &pairs).await;
        assert_eq!((reply.status, reply.error().as_str()), (401, "invalid_client"), "{credentials:?}");
        assert!(!reply.body.contains("active"), "{}", reply.body);
    }
    // A bearer token is no client authentication here.
    let request = site.http.post(site.url("/oauth2/introspect")).form(&[("token", &ours.access_token)]);
    assert_eq!(site.send(request, Some(&ours.access_token)).await.status, 401);
    site.change_client(&client, |client| client.disabled = true).await;
    assert_eq!(ask(&site, "/oauth2/introspect", &client, &ours.access_token).await.status, 401);
}

#[tokio::test]
async fn v43_who_asks_says_about_which_token() {
    let site = TestSite::start().await;
    let client = site.client().await;
    for pairs in [vec![], vec![("token", "")], vec![("token", "a"), ("token", "a")]] {
        let reply = site.form("/oauth2/introspect", &[&client.in_body()[..], &pairs].concat()).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_request"), "{pairs:?}");
    }
}

#[tokio::test]
async fn v43_an_access_token_is_told_with_what_it_says() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let access_token = tokens(&site, "sakura", &client).await.access_token;
    let (said, told) = (claims(&access_token), introspect(&site, &client, &access_token).await);
    assert_eq!(
        (&told["active"], &told["token_type"], &told["username"]),
        (&json!(true), &json!("Bearer"), &json!("sakura"))
    );
    for name in ["scope", "client_id", "exp", "iat", "sub", "aud", "iss", "jti"] {
        assert!(!told[name].is_null() && told[name] == said[name], "{name}: {told}");
    }
    // Without the scope that lets the name out, it stays in.
    let browser = site.browser();
    browser
        .sign_in(&tests::User { user_id: String::new(), username: "sakura".into(), password: tests::PASSWORD.into() })
        .await;
    let narrow = browser.authorize_and_redeem(&client, "openid").await.access_token;
    let told = introspect(&site, &client, &narrow).await;
    assert_eq!((&told["active"], told["username"].is_null()), (&json!(true), true), "{told}");
    // A client's own.
    let own = introspect(&site, &client, &own_token(&site, &client).await).await;
    assert_eq!((&own["active"], &own["sub"], &own["client_id"]), (&json!(true), &json!(client.id), &json!(client.id)));
}

#[tokio::test]
async fn v43_a_refresh_token_is_told_to_its_client_and_asking_is_no_use_of_it() {
    let site = TestSite::start().await;
    let (client, other) = (site.client().await, site.client().await);
    let first = tokens(&site, "sakura", &client).await;
    let told = introspect(&site, &client, &first.refresh_token).await;
    assert_eq!(told["active"], true);
    assert_eq!(
        (&told["client_id"], &told["scope"], &told["username"]),
        (&json!(client.id), &json!(SCOPE), &json!("sakura"))
    );
    assert_eq!(told["sub"], claims(&first.access_token)["sub"]);
    assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), 30 * 86_400);
    assert_inactive(&site, &other, &first.refresh_token, "another client's").await;
    let second = Tokens::read(&site.refresh(&client, &first.refresh_token).await);
    site.clock.advance(3600);
    assert_inactive(&site, &client, &first.refresh_token, "replaced").await;
    let third = Tokens::read(&site.refresh(&client, &second.refresh_token).await);
    site.clock.advance(30 * 86_400);
    assert_inactive(&site, &client, &third.refresh_token, "too old").await;
}

#[tokio::test]
async fn v43_of_whatever_is_dead_or_foreign_nothing_is_told() {
    let site = TestSite::start().await;
    let (client, other) = (site.client().await, site.client().await);
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let fresh = async || browser.authorize_and_redeem(&client, SCOPE).await;
    let alive = fresh().await;
    let own = site.sign_in(&user).await;
    assert_inactive(&site, &client, "garbage", "garbage").await;
    assert_inactive(&site, &client, &own, "a person's own").await;
    assert_inactive(&site, &client, &alive.id_token, "an ID token").await;
    assert_inactive(&site, &other, &alive.access_token, "another client's").await;
    let (head, signature) = alive.access_token.rsplit_once('.').unwrap();
    assert_inactive(&site, &client, &format!("{head}.{}", signature.replace(['A', 'b'], "c")), "forged").await;
    site.clock.advance(599);
    assert_eq!(introspect(&site, &client, &alive.access_token).await["active"], true);
    site.clock.advance(1);
    assert_inactive(&site, &client, &alive.access_token, "expired").await;

    let dies = async |why: &str, tokens: &Tokens| {
        assert_inactive(&site, &client, &tokens.access_token, why).await;
        assert_inactive(&site, &client, &tokens.refresh_token, why).await;
    };
    let app = site.site.app();
    let id = user.user_id.parse().unwrap();
    let tokens = fresh().await;
    let status = async |status| {
        let user = app.store.find_user(id).await.unwrap().unwrap();
        assert!(app.store.set_user_status(&user, status, Attempt::new(&app.entropy)).await.unwrap());
    };
    status(UserStatus::Disabled).await;
    dies("the user is disabled", &tokens).await;
    status(UserStatus::Active).await;
    assert_eq!(introspect(&site, &client, &tokens.refresh_token).await["active"], true);
    let password = json!({ "old_password": tests::PASSWORD, "new_password": "another password" });
    let own = site.sign_in(&user).await;
    assert_eq!(site.post("/account/password", Some(&own), password).await.status, 204);
    dies("the password was changed", &tokens).await;
}

#[tokio::test]
async fn v43_a_resource_server_may_ask_about_tokens_that_are_for_it() {
    let site = TestSite::start().await;
    let (client, server) = (site.client().await, site.client().await);
    let tokens = tokens(&site, "sakura", &client).await;
    assert_inactive(&site, &server, &tokens.access_token, "it is for nobody that this server is").await;
    let issuer = site.issuer().to_owned();
    site.change_client(&server, |server| server.policies.audiences = vec![issuer.clone()]).await;
    assert_eq!(introspect(&site, &server, &tokens.access_token).await["client_id"], client.id.as_str());
    assert_inactive(&site, &server, &tokens.refresh_token, "a refresh token is for nobody but its client").await;
}

#[tokio::test]
async fn v43_asking_is_one_round_trip_and_writes_nothing() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let tokens = tokens(&site, "sakura", &client).await;
    for token in [&tokens.access_token, &tokens.refresh_token] {
        assert_eq!(site.get("/oauth2/jwks", None).await.status, 200);
        site.proxy.count_round_trips(Some(std::time::Duration::from_millis(50)));
        site.proxy.forget();
        assert_eq!(introspect(&site, &client, token).await["active"], true);
        site.proxy.count_round_trips(None);
        let calls = site.proxy.calls();
        assert!(calls.iter().all(tests::faults::Call::is_read));
        assert_eq!(calls.iter().map(|call| call.round_trip).max(), calls.iter().map(|call| call.round_trip).min());
    }
}
