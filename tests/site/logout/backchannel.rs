//! OpenID Connect Back-Channel Logout 1.0.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use tests::flow::claims;
use tests::remote::Answer;
use tests::{Browser, Client, PASSWORD, Remote, Reply, TestSite, Value, json};

use super::{browser, listener, logout, signed_in, start, told};

/// What a logout token says, checked as its client checks it (§2.6).
async fn verified(site: &TestSite, client: &Client, token: &str) -> Value {
    let header = decode_header(token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
    let keys: JwkSet = serde_json::from_str(&site.get("/oauth2/jwks", None).await.body).unwrap();
    let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(header.alg);
    validation.set_audience(&[&client.id]);
    validation.set_issuer(&[site.issuer()]);
    // The clock is the test's.
    validation.validate_exp = false;
    decode::<Value>(token, &key, &validation).unwrap().claims
}

/// How many sign-outs are written down.
async fn pending(site: &TestSite) -> usize {
    site.dump().await.iter().filter(|item| item["type"]["S"] == "logout").count()
}

async fn sign_out(browser: &Browser<'_>) -> Reply {
    let csrf = browser.open("/account").await.input("csrf");
    browser.submit("/logout", &[("csrf", &csrf)]).await
}

#[tokio::test]
async fn s47_every_application_of_the_session_is_told_and_no_other() {
    let (site, remote) = (start().await, Remote::start().await);
    let user = site.register("sakura").await;
    let ours = listener(&site, &remote, "/ours", json!({})).await;
    let second = listener(&site, &remote, "/second", json!({ "id_token_signed_response_alg": "ES256" })).await;
    let paired = listener(&site, &remote, "/paired", json!({ "subject_type": "pairwise" })).await;
    let elsewhere = listener(&site, &remote, "/elsewhere", json!({})).await;
    let deaf = site.client().await;
    let (here, there) = (browser(&site, &user).await, browser(&site, &user).await);
    let mut ids = Vec::new();
    for client in [&ours, &second, &paired, &deaf] {
        ids.push(claims(&here.authorize_and_redeem(client, "openid").await.id_token));
    }
    // Twice in one session is told once.
    here.authorize_and_redeem(&ours, "openid offline_access").await;
    there.authorize_and_redeem(&elsewhere, "openid").await;
    there.authorize_and_redeem(&ours, "openid").await;
    site.clock.advance(3 * 3600);
    assert_eq!(sign_out(&here).await.status, 303);
    assert!(!signed_in(&here).await && signed_in(&there).await);

    let now = site.clock.now().0;
    for (path, client, id, alg) in [
        ("/ours", &ours, &ids[0], "RS256"),
        ("/second", &second, &ids[1], "ES256"),
        ("/paired", &paired, &ids[2], "RS256"),
    ] {
        let tokens = told(&remote, path);
        assert_eq!(tokens.len(), 1, "{path}");
        assert_eq!(format!("{:?}", decode_header(&tokens[0]).unwrap().alg), alg);
        let said = verified(&site, client, &tokens[0]).await;
        for name in ["iss", "aud", "sub", "sid"] {
            assert_eq!(said[name], id[name], "{path}: {name}");
        }
        assert_eq!(said["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
        assert!(said["iat"] == now && said["exp"].as_i64().unwrap() - now <= 120, "{said}");
        assert!(said["jti"].as_str().unwrap().len() >= 22 && said.get("nonce").is_none(), "{said}");
    }
    assert_ne!(ids[2]["sub"], user.user_id.as_str(), "a pairwise name stays one");
    assert!(told(&remote, "/elsewhere").is_empty());
    assert_eq!(pending(&site).await, 0);
    // A logout token is good for nothing else.
    let token = told(&remote, "/ours").remove(0);
    assert_eq!(site.userinfo(&token).await.status, 401);
    assert_eq!(there.open(&logout(&[("id_token_hint", &token)])).await.status, 400);
}

#[tokio::test]
async fn s47_however_a_session_ends_its_applications_are_told() {
    let (site, remote) = (start().await, Remote::start().await);
    let user = site.register("sakura").await;
    let client = listener(&site, &remote, "/out", json!({})).await;
    // One that is told about, and one in which it is asked for.
    let fresh = async || {
        let (lost, own) = (browser(&site, &user).await, browser(&site, &user).await);
        let tokens = lost.authorize_and_redeem(&client, "openid").await;
        own.authorize_and_redeem(&client, "openid").await;
        (lost, own, tokens.id_token)
    };
    let id_of_other = async |own: &Browser<'_>| {
        let sessions = site.send(own.http.get(site.url("/account/sessions")), None).await.json();
        let sessions = sessions["items"].as_array().unwrap().clone();
        let other = sessions.iter().find(|session| session["current"] == false).unwrap();
        other["session_id"].as_str().unwrap().to_owned()
    };
    let mut count = 0;
    let mut assert_told = async |id_token: &str, how: &str| {
        let tokens = told(&remote, "/out");
        assert_eq!(tokens.len(), count + 1, "{how}");
        assert_eq!(claims(&tokens[count])["sid"], claims(id_token)["sid"], "{how}");
        assert_eq!(pending(&site).await, 0, "{how}");
        count += 1;
    };
    let (lost, _own, id) = fresh().await;
    assert_eq!(site.send(lost.http.post(site.url("/logout")).json(&json!({})), None).await.status, 204);
    assert_told(&id, "JSON").await;

    let (lost, _own, id) = fresh().await;
    assert_eq!(lost.open(&logout(&[("id_token_hint", &id)])).await.status, 200);
    assert_told(&id, "by the application").await;

    let (_lost, own, id) = fresh().await;
    // What is left of the rounds before ends unheard.
    let end_others = async |own: &Browser<'_>| {
        assert_eq!(site.send(own.http.delete(site.url("/account/sessions")), None).await.status, 204);
    };
    end_others(&own).await;
    let tokens = told(&remote, "/out");
    assert_eq!(tokens.len(), 5, "all that were still signed in");
    assert!(tokens.iter().any(|token| claims(token)["sid"] == claims(&id)["sid"]));

    let mut count = tokens.len();
    let mut assert_told = async |id_token: &str, how: &str| {
        let tokens = told(&remote, "/out");
        assert_eq!(tokens.len(), count + 1, "{how}");
        assert_eq!(claims(&tokens[count])["sid"], claims(id_token)["sid"], "{how}");
        assert_eq!(pending(&site).await, 0, "{how}");
        count += 1;
    };
    let lost = browser(&site, &user).await;
    let id = lost.authorize_and_redeem(&client, "openid").await.id_token;
    let path = format!("/account/sessions/{}", id_of_other(&own).await);
    assert_eq!(site.send(own.http.delete(site.url(&path)), None).await.status, 204);
    assert_told(&id, "from the list").await;

    let lost = browser(&site, &user).await;
    let id = lost.authorize_and_redeem(&client, "openid").await.id_token;
    let (csrf, session) = (own.open("/account").await.input("csrf"), id_of_other(&own).await);
    let done = own.submit("/account/sessions", &[("csrf", &csrf), ("session_id", &session)]).await;
    assert_eq!(done.status, 303);
    assert_told(&id, "from the page").await;
}

#[tokio::test]
async fn s47_a_new_password_tells_the_applications_of_every_other_session() {
    let (site, remote) = (start().await, Remote::start().await);
    let user = site.register("sakura").await;
    let client = listener(&site, &remote, "/out", json!({})).await;
    let (lost, own) = (browser(&site, &user).await, browser(&site, &user).await);
    let id = lost.authorize_and_redeem(&client, "openid").await.id_token;
    own.authorize_and_redeem(&client, "openid").await;
    let body = json!({ "old_password": PASSWORD, "new_password": "another password" });
    assert_eq!(site.send(own.http.post(site.url("/account/password")).json(&body), None).await.status, 204);
    let tokens = told(&remote, "/out");
    assert_eq!(tokens.len(), 1, "this one goes on");
    assert_eq!(claims(&tokens[0])["sid"], claims(&id)["sid"]);
    let body = json!({ "password": "another password" });
    assert_eq!(site.send(own.http.delete(site.url("/account")).json(&body), None).await.status, 204);
    assert!(told(&remote, "/out").len() >= 2, "and a deleted account ends all");
    assert_eq!(pending(&site).await, 0);
}

#[tokio::test]
async fn s47_an_application_that_does_not_answer_is_told_later_for_a_while() {
    let (site, remote) = (start().await, Remote::start().await);
    let user = site.register("sakura").await;
    let (client, well) =
        (listener(&site, &remote, "/out", json!({})).await, listener(&site, &remote, "/well", json!({})).await);
    remote.put("/out", Answer::new(500, "text/plain", ""));
    let signs_out = async || {
        let browser = browser(&site, &user).await;
        for client in [&client, &well] {
            browser.authorize_and_redeem(client, "openid").await;
        }
        assert_eq!(sign_out(&browser).await.status, 303, "the user is signed out all the same");
        assert!(!signed_in(&browser).await);
    };
    let sweep = async || site.site.run_scheduled("sweep").await.unwrap();
    signs_out().await;
    assert_eq!((told(&remote, "/out").len(), pending(&site).await), (1, 1));
    sweep().await;
    assert_eq!(told(&remote, "/out").len(), 1, "not at once");
    site.clock.advance(3600);
    sweep().await;
    assert_eq!(told(&remote, "/out").len(), 2);
    remote.put("/out", Answer::new(204, "text/plain", ""));
    site.clock.advance(3599);
    sweep().await;
    assert_eq!(told(&remote, "/out").len(), 2, "each time later");
    site.clock.advance(1);
    sweep().await;
    let tokens = told(&remote, "/out");
    assert_eq!((tokens.len(), pending(&site).await), (3, 0));
    assert_ne!(claims(&tokens[0])["jti"], claims(&tokens[2])["jti"], "a fresh token each time");
    assert_eq!(claims(&tokens[2])["iat"], site.clock.now().0);
    assert_eq!(told(&remote, "/well").len(), 1, "who knows is not told again");

    // In the end it is given up.
    remote.put("/out", Answer::new(302, "text/plain", ""));
    signs_out().await;
    for _ in 0..48 {
        site.clock.advance(3600);
        sweep().await;
    }
    assert_eq!((told(&remote, "/out").len(), pending(&site).await), (3 + 6, 0));
}

#[tokio::test]
async fn s47_an_application_that_never_answers_keeps_no_other_from_being_told() {
    let (site, remote) = (start().await, Remote::start().await);
    let user = site.register("sakura").await;
    let (hangs, well) =
        (listener(&site, &remote, "/out", json!({})).await, listener(&site, &remote, "/well", json!({})).await);
    for path in ["/out", "/well"] {
        remote.put(path, Answer::new(500, "text/plain", ""));
    }
    for _ in 0..30 {
        let browser = browser(&site, &user).await;
        browser.authorize_and_redeem(&hangs, "openid").await;
        sign_out(&browser).await;
    }
    let last = browser(&site, &user).await;
    last.authorize_and_redeem(&well, "openid").await;
    sign_out(&last).await;
    let before = (told(&remote, "/out").len(), told(&remote, "/well").len());
    assert_eq!((before, pending(&site).await), ((30, 1), 31));
    remote.put("/well", Answer::new(204, "text/plain", ""));
    site.clock.advance(3600);
    site.site.run_scheduled("sweep").await.unwrap();
    let after = (told(&remote, "/out").len(), told(&remote, "/well").len());
    assert_eq!((after, pending(&site).await), ((32, 2), 30), "who does not answer is asked twice, and the others once");
}

#[tokio::test]
async fn s47_an_application_that_refuses_or_is_gone_is_not_told_again() {
    let (site, remote) = (start().await, Remote::start().await);
    let user = site.register("sakura").await;
    let client = listener(&site, &remote, "/out", json!({})).await;
    remote.put("/out", Answer::new(400, "text/plain", ""));
    let one = browser(&site, &user).await;
    one.authorize_and_redeem(&client, "openid").await;
    sign_out(&one).await;
    assert_eq!((told(&remote, "/out").len(), pending(&site).await), (1, 0));
    remote.put("/out", Answer::new(500, "text/plain", ""));
    one.sign_in(&user).await;
    one.authorize_and_redeem(&client, "openid").await;
    sign_out(&one).await;
    assert_eq!(pending(&site).await, 1);
    site.change_client(&client, |client| client.disabled = true).await;
    site.clock.advance(3600);
    site.site.run_scheduled("sweep").await.unwrap();
    assert_eq!((told(&remote, "/out").len(), pending(&site).await), (2, 0));
}

#[tokio::test]
async fn v46_no_private_address_is_told_that_somebody_signed_out() {
    let (site, remote) = (TestSite::start().await, Remote::start().await);
    let user = site.register("sakura").await;
    let client = listener(&site, &remote, "/out", json!({})).await;
    let browser = browser(&site, &user).await;
    browser.authorize_and_redeem(&client, "openid").await;
    assert_eq!(sign_out(&browser).await.status, 303);
    assert!(remote.requests().is_empty());
    assert_eq!(pending(&site).await, 0, "nor is it tried again");
}

#[tokio::test]
async fn s47_who_got_an_id_token_alone_is_remembered_as_long_as_the_session_may_last() {
    let (site, remote) = (start().await, Remote::start().await);
    let user = site.register("sakura").await;
    let (client, deaf) = (listener(&site, &remote, "/out", json!({})).await, site.client().await);
    let browser = browser(&site, &user).await;
    for client in [&client, &deaf] {
        browser.authorize_and_redeem(client, "openid").await;
    }
    let items = site.dump().await;
    let ttl = |client: &Client| {
        let mut families = items.iter().filter(|item| item["type"]["S"] == "family");
        let family = families.find(|family| family["client_id"]["S"] == client.id.as_str()).unwrap();
        family["ttl"]["N"].as_str().unwrap().parse::<i64>().unwrap() - site.clock.now().0
    };
    assert!(ttl(&client) >= 90 * 86_400 && ttl(&deaf) <= 2 * 86_400, "{} {}", ttl(&client), ttl(&deaf));
}

#[tokio::test]
async fn s47_where_nobody_listens_nothing_is_written_but_the_end_of_the_session() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let (browser, client) = (browser(&site, &user).await, site.client().await);
    browser.authorize_and_redeem(&client, "openid").await;
    let csrf = browser.open("/account").await.input("csrf");
    site.proxy.forget();
    assert_eq!(browser.submit("/logout", &[("csrf", &csrf)]).await.status, 303);
    let calls: Vec<_> = site.proxy.calls().iter().map(|call| call.operation.clone()).collect();
    assert_eq!(calls, ["BatchGetItem", "Query", "BatchGetItem", "DeleteItem"]);
}

#[tokio::test]
async fn s47_who_got_no_more_than_an_id_token_by_redirect_is_told_as_well() {
    let (site, remote) = (start().await, Remote::start().await);
    let user = site.register("sakura").await;
    let client = listener(&site, &remote, "/out", json!({})).await;
    site.allow(&client, local::cli::Grant::Implicit).await;
    let here = browser(&site, &user).await;
    let pairs = [("response_type", "id_token"), ("scope", "openid"), ("nonce", "n")];
    let reply = here.authorize_fully(&client.query_with(&pairs)).await;
    let id = claims(&reply.fragment("id_token").unwrap());
    assert_eq!(sign_out(&here).await.status, 303);
    let tokens = told(&remote, "/out");
    assert_eq!((tokens.len(), &claims(&tokens[0])["sid"]), (1, &id["sid"]));
}
