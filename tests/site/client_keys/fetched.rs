//! Keys at a client's own address.

use tests::keys::{Key, assertion_claims, jwks};
use tests::remote::Answer;
use tests::{Client, Remote, TestSite, Wishes, json};

use super::{assert_refused, token};

/// A site that calls this machine, a server on it, and a client whose keys are there.
async fn start(key: &Key) -> (TestSite, Remote, Client) {
    let site = TestSite::start_with(Wishes { allow_private_fetch: true, ..Wishes::default() }).await;
    let remote = Remote::start().await;
    let uri = remote.put("/keys", Answer::json(&jwks(&[key])));
    let client = site.keyed_client(key, json!({ "jwks_uri": uri })).await;
    (site, remote, client)
}

#[tokio::test]
async fn t25_keys_at_an_address_are_fetched_once_in_five_minutes() {
    let key = Key::es256();
    let (site, remote, client) = start(&key).await;
    for _ in 0..3 {
        assert_eq!(token(&site, &key.assertion(&site, &client)).await.status, 200);
    }
    assert_eq!(remote.requests().len(), 1);
    site.clock.advance(299);
    assert_eq!(token(&site, &key.assertion(&site, &client)).await.status, 200);
    assert_eq!(remote.requests().len(), 1);
    site.clock.advance(1);
    assert_eq!(token(&site, &key.assertion(&site, &client)).await.status, 200);
    assert_eq!(remote.requests().len(), 2);
}

#[tokio::test]
async fn t25_a_new_key_is_found_at_once_and_a_removed_one_is_dead_after_five_minutes() {
    let (old, new) = (Key::es256(), Key::new("new", jsonwebtoken::Algorithm::EdDSA));
    let (site, remote, client) = start(&old).await;
    assert_eq!(token(&site, &old.assertion(&site, &client)).await.status, 200);
    remote.put("/keys", Answer::json(&jwks(&[&new])));
    site.clock.advance(10);
    assert_eq!(token(&site, &new.assertion(&site, &client)).await.status, 200);
    assert_eq!(remote.requests().len(), 2);
    site.clock.advance(300);
    assert_refused(&token(&site, &old.assertion(&site, &client)).await, "removed");
}

#[tokio::test]
async fn t25_made_up_key_names_make_nobody_hammer_a_clients_server() {
    let key = Key::es256();
    let (site, remote, client) = start(&key).await;
    for n in 0..20 {
        let header = json!({ "alg": "ES256", "kid": format!("made-up-{n}") });
        let reply = token(&site, &key.sign_as(&header, &assertion_claims(&site, &client))).await;
        assert_refused(&reply, "made up");
    }
    assert_eq!(remote.requests().len(), 1);
    site.clock.advance(10);
    let header = json!({ "alg": "ES256", "kid": "made-up" });
    assert_refused(&token(&site, &key.sign_as(&header, &assertion_claims(&site, &client))).await, "made up");
    assert_eq!(remote.requests().len(), 2);
    assert_eq!(token(&site, &key.assertion(&site, &client)).await.status, 200, "the good key still works");
}

#[tokio::test]
async fn t25_a_server_that_fails_is_asked_once_in_ten_seconds_and_its_last_keys_are_good_for_their_time() {
    let key = Key::es256();
    let (site, remote, client) = start(&key).await;
    remote.put("/keys", Answer::new(500, "text/plain", ""));
    for _ in 0..5 {
        let reply = token(&site, &key.assertion(&site, &client)).await;
        assert_refused(&reply, "no keys");
        assert!(reply.body.contains("jwks_uri"), "{}", reply.body);
    }
    assert_eq!(remote.requests().len(), 1);
    site.clock.advance(10);
    remote.put("/keys", Answer::json(&jwks(&[&key])));
    assert_eq!(token(&site, &key.assertion(&site, &client)).await.status, 200);
    remote.put("/keys", Answer::new(200, "text/html", "<p>moved</p>"));
    site.clock.advance(299);
    let unknown = json!({ "alg": "ES256", "kid": "unknown" });
    assert_refused(&token(&site, &key.sign_as(&unknown, &assertion_claims(&site, &client))).await, "unknown");
    assert_eq!(token(&site, &key.assertion(&site, &client)).await.status, 200, "still within five minutes");
    site.clock.advance(10);
    assert_refused(&token(&site, &key.assertion(&site, &client)).await, "no keys any more");
}

#[tokio::test]
async fn v46_keys_at_a_private_address_are_not_fetched() {
    let site = TestSite::start().await;
    let (remote, key) = (Remote::start().await, Key::es256());
    let uri = remote.put("/keys", Answer::json(&jwks(&[&key])));
    let client = site.keyed_client(&key, json!({ "jwks_uri": uri })).await;
    assert_refused(&token(&site, &key.assertion(&site, &client)).await, "a private address");
    assert!(remote.requests().is_empty());
}
