//! Providers that are down, slow, or hostile: an error that says so, and never that somebody has to bind again.

use std::collections::BTreeMap;
use std::time::Duration;

use local::site::ProviderOptions;
use secrecy::SecretString;
use shared::upstream::UpstreamError::{self, Busy, Denied, InvalidGrant, Malformed, Unavailable};
use tests::remote::Answer;
use tests::{Remote, TestSite, Wishes, json, logs};

use super::{Stage, attempt, setting, token};
use crate::links::subject;

const EXCHANGE: &str = "/oauth/access_token";

async fn bangumi() -> Stage {
    Stage::new("bangumi", &["oauth", "api"]).await
}

async fn refresh(stage: &Stage) -> Result<(), UpstreamError> {
    stage.provider().refresh(stage.app(), &SecretString::from("old"), &subject("1")).await.map(|_| ())
}

#[tokio::test]
async fn whatever_a_provider_answers_is_an_error_of_its_kind() {
    let json = |status, body: tests::Value| Answer::new(status, "application/json", body.to_string());
    let error = |status, code: &str| json(status, json!({ "error": code }));
    let mut redirect = Answer::new(302, "text/html", "");
    redirect.head += "\r\nlocation: https://bgm.tv/elsewhere";
    for (answer, expected) in [
        (Answer::new(200, "text/html", "<!doctype html><h1>maintenance</h1>"), Malformed),
        (Answer::new(200, "application/json", "<html>"), Malformed),
        (Answer::new(200, "application/json", ""), Malformed),
        (Answer::new(200, "application/json", [0xff, 0xfe, 0x00]), Malformed),
        (Answer::new(200, "application/json", "[]"), Malformed),
        (Answer::new(200, "application/json", "null"), Malformed),
        (Answer::new(200, "application/json", r#"{"access_token":"a""#), Malformed),
        (Answer::new(200, "application/json", "[".repeat(100_000)), Malformed),
        (Answer::new(200, "application/json", format!("{{\"a\":{}", "[".repeat(100_000))), Malformed),
        (Answer::new(200, "text/plain", vec![b' '; 10 * 1024 * 1024]), Malformed),
        (json(200, json!({})), Malformed),
        (json(200, json!({ "access_token": "", "user_id": 1 })), Malformed),
        (json(200, json!({ "access_token": null, "user_id": 1 })), Malformed),
        (json(200, json!({ "access_token": { "a": 1 }, "user_id": 1 })), Malformed),
        (json(201, json!({ "access_token": "a", "user_id": 1 })), Malformed),
        (redirect, Malformed),
        (Answer::new(403, "text/html", "<html>who are you</html>"), Malformed),
        (Answer::new(404, "text/plain", "nothing"), Malformed),
        (error(400, "invalid_client"), Malformed),
        (error(400, "something_else"), Malformed),
        (error(200, "something_else"), Malformed),
        (json(400, json!({ "statusCode": 400, "code": "X", "error": "Bad Request", "message": "m" })), Malformed),
        (error(400, "invalid_grant"), InvalidGrant),
        (error(200, "invalid_grant"), InvalidGrant),
        (error(401, "access_denied"), Denied),
        (error(400, "temporarily_unavailable"), Unavailable),
        (Answer::new(429, "text/plain", "slow down"), Busy),
        (Answer::new(500, "text/html", "<html>"), Unavailable),
        // What an outage says of a token is no word about it.
        (error(500, "invalid_grant"), Unavailable),
        (error(503, "invalid_grant"), Unavailable),
    ] {
        let stage = bangumi().await;
        let shown = format!("{} {:?}", answer.head, answer.body.iter().take(60).collect::<Vec<_>>());
        stage.remote.put(EXCHANGE, answer);
        assert_eq!(stage.identify().await.map(|_| ()), Err(expected), "{shown}");
        assert_eq!(stage.remote.requests().len(), 1, "{shown}");
        // A success without a user is one that renews.
        if !shown.contains("user_id") {
            assert_eq!(refresh(&stage).await, Err(expected), "{shown}");
        }
    }
}

#[tokio::test]
async fn an_error_that_is_none_is_none() {
    let stage = bangumi().await;
    for nothing in [json!(null), json!(0), json!(false), json!("")] {
        stage.remote.put(EXCHANGE, token(json!({ "user_id": 1, "error": nothing })));
        assert!(stage.identify().await.is_ok(), "{nothing}");
    }
}

#[tokio::test]
async fn a_profile_that_is_needed_and_broken_is_an_error_but_never_a_reason_to_bind_again() {
    let stage = bangumi().await;
    stage.remote.put(EXCHANGE, token(json!({})));
    for (status, body, expected) in [
        (200, "<html>".to_owned(), Malformed),
        (503, "{}".to_owned(), Unavailable),
        (401, json!({ "error": "invalid_grant" }).to_string(), Malformed),
        (200, json!({ "id": null }).to_string(), Malformed),
    ] {
        stage.remote.put("/v0/me", Answer::new(status, "application/json", body));
        assert_eq!(stage.identify().await.unwrap_err(), expected, "{status}");
    }
    stage.remote.put(EXCHANGE, token(json!({ "access_token": "a\nb: c" })));
    assert_eq!(stage.identify().await.unwrap_err(), Malformed, "no header can have it");
}

#[tokio::test]
async fn who_answers_slowly_is_waited_for_five_seconds_in_all() {
    let stage = bangumi().await;
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 600".to_owned();
    stage.remote.put(EXCHANGE, Answer { head: half, body: b"{".to_vec(), stalls: true });
    let (app, attempt) = (stage.app().clone(), stage.attempt());
    let asking = tokio::spawn(async move {
        app.upstream.find("bangumi").unwrap().identify(&app, "the-code", &attempt).await.map(|_| ())
    });
    stage.remote.next().await;
    // From here on time passes as soon as everybody waits.
    tokio::time::pause();
    let ended = tokio::time::timeout(Duration::from_secs(6), asking).await;
    assert_eq!(ended.unwrap().unwrap(), Err(Unavailable));
}

#[tokio::test]
async fn nobody_there_is_an_outage_and_after_five_of_them_nobody_asks_for_half_a_minute() {
    let mut stage = bangumi().await;
    stage.remote.put(EXCHANGE, Answer::new(502, "text/html", "bad gateway"));
    for _ in 0..4 {
        assert_eq!(refresh(&stage).await, Err(Unavailable));
    }
    // An answer is an answer, also one that says no.
    stage.remote.put(EXCHANGE, Answer::new(400, "application/json", r#"{"error":"invalid_grant"}"#));
    assert_eq!(refresh(&stage).await, Err(InvalidGrant));
    stage.remote.put(EXCHANGE, Answer::new(502, "text/html", "bad gateway"));
    for asked in 6..=10 {
        assert_eq!(refresh(&stage).await, Err(Unavailable));
        assert_eq!(stage.remote.requests().len(), asked);
    }
    stage.remote.put(EXCHANGE, token(json!({ "user_id": 1 })));
    stage.site.clock.advance(29);
    assert_eq!(refresh(&stage).await, Err(Unavailable));
    assert_eq!(stage.identify().await.unwrap_err(), Unavailable);
    assert_eq!(stage.remote.requests().len(), 10, "it is left alone");
    stage.site.clock.advance(1);
    assert_eq!(refresh(&stage).await, Ok(()));
    assert!(stage.identify().await.is_ok());
    // And where nobody listens any more.
    stage.remote = Remote::start().await;
    assert_eq!(refresh(&stage).await, Err(Unavailable));
}

#[tokio::test]
async fn nothing_that_a_provider_wrote_and_no_secret_gets_into_the_log() {
    let stage = bangumi().await;
    let secrets = ["upstream s3cret", "the-code", "Zm9yIGV5ZXM", "old-refresh-token"];
    let body = json!({ "error": "Zm9yIGV5ZXM", "error_description": "Zm9yIGV5ZXM the-code upstream s3cret" });
    for (status, text) in [(400, body.to_string()), (500, body.to_string()), (200, "Zm9yIGV5ZXM".to_owned())] {
        stage.remote.put(EXCHANGE, Answer::new(status, "application/json", text));
        assert!(stage.identify().await.is_err());
        let refused = stage.provider().refresh(stage.app(), &"old-refresh-token".into(), &subject("1")).await;
        let shown = format!("{:?} {:?}", refused, stage.provider());
        assert!(secrets.iter().all(|secret| !shown.contains(secret)), "{shown}");
    }
    let logged = logs::everything().concat();
    assert!(logged.contains("an error that its file does not name"), "the log says what an operator needs");
    for secret in secrets {
        assert!(!logged.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn v46_a_provider_of_a_deployed_site_whose_name_leads_to_a_private_address_is_not_called() {
    let remote = Remote::start().await;
    let address = remote.url.replace("http:", "https:");
    let addresses = BTreeMap::from([("api".to_owned(), address)]);
    let settings = BTreeMap::from([("weibo".to_owned(), setting(addresses))]);
    let providers = Some(ProviderOptions { files: Vec::new(), settings });
    let issuer = Some("https://id.example.org".to_owned());
    let site = TestSite::start_with(Wishes { providers, issuer, ..Wishes::default() }).await;
    let app = site.site.app();
    let weibo = app.upstream.find("weibo").unwrap();
    assert_eq!(weibo.identify(app, "the-code", &attempt(weibo, app)).await.unwrap_err(), Unavailable);
    assert!(remote.requests().is_empty());
}
