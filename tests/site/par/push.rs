//! What a client may push.

use tests::flow::REDIRECT;
use tests::keys::Key;
use tests::{Client, DpopKey, Reply, TestSite, json};

use super::{REQUEST, push, pushed};

fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let rest = REQUEST.into_iter().filter(|(other, _)| *other != name);
    rest.chain([(name, value)].into_iter().filter(|(_, value)| !value.is_empty())).collect()
}

fn refused(reply: &Reply, status: u16, error: &str, why: &str) {
    assert_eq!((reply.status, reply.error().as_str()), (status, error), "{why}: {}", reply.body);
    assert_eq!(reply.header("cache-control"), "no-store", "{why}");
}

#[tokio::test]
async fn u41_a_pushed_request_gets_a_random_name_for_ninety_seconds() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let reply = push(&site, &client, &REQUEST).await;
    assert_eq!((reply.status, reply.header("cache-control")), (201, "no-store"), "{}", reply.body);
    assert_eq!(reply.json()["expires_in"], 90);
    let name = reply.json()["request_uri"].as_str().unwrap().to_owned();
    let random = name.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap();
    assert_eq!(random.len(), 43, "256 bits");
    assert_ne!(pushed(&site, &client, &REQUEST).await, name);
    // The table does not know it: who reads the table can't go on with anybody's request.
    assert!(site.dump().await.iter().all(|item| !item.to_string().contains(random)));
}

#[tokio::test]
async fn u41_who_pushes_is_authenticated_like_at_the_token_endpoint() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let request = site.http.post(site.url("/oauth2/par")).basic_auth(&client.id, client.secret.as_deref());
    let reply = site.send(request.form(&REQUEST), None).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let request = site.http.post(site.url("/oauth2/par")).basic_auth(&client.id, Some("wrong"));
    let reply = site.send(request.form(&REQUEST), None).await;
    refused(&reply, 401, "invalid_client", "a wrong secret");
    assert!(reply.header("www-authenticate").starts_with("Basic "));
    let silent = Client { secret: None, ..client.clone() };
    refused(&push(&site, &silent, &REQUEST).await, 401, "invalid_client", "no secret");
    refused(&site.form("/oauth2/par", &REQUEST).await, 401, "invalid_client", "nobody");
    let public = site.public_client().await;
    assert_eq!(push(&site, &public, &REQUEST).await.status, 201, "who has no secret may push as well");

    let key = Key::es256();
    let keyed = site.keyed_client(&key, json!({ "profile": "fapi2" })).await;
    let assertion = key.assertion(&site, &keyed);
    assert_eq!(site.asserted("/oauth2/par", &assertion, &REQUEST).await.status, 201);
    refused(&site.asserted("/oauth2/par", &assertion, &REQUEST).await, 401, "invalid_client", "twice");
    let unnamed: Vec<_> = with("scope", "profile").into_iter().filter(|(name, _)| *name != "redirect_uri").collect();
    let reply = site.asserted("/oauth2/par", &key.assertion(&site, &keyed), &unnamed).await;
    refused(&reply, 400, "invalid_request", "FAPI clients name the address");
    assert_eq!(push(&site, &client, &unnamed).await.status, 201, "others have only one");
    let mut claims = tests::keys::assertion_claims(&site, &client);
    (claims["iss"], claims["sub"]) = (json!(keyed.id), json!(keyed.id));
    claims["aud"] = json!(site.url("/oauth2/par"));
    let reply = site.asserted("/oauth2/par", &key.sign(&claims), &REQUEST).await;
    refused(&reply, 401, "invalid_client", "FAPI clients name the issuer");
    let lenient = site.keyed_client(&key, json!({})).await;
    (claims["iss"], claims["sub"]) = (json!(lenient.id), json!(lenient.id));
    assert_eq!(site.asserted("/oauth2/par", &key.sign(&claims), &REQUEST).await.status, 201, "others the endpoint too");
    site.change_client(&client, |client| client.disabled = true).await;
    refused(&push(&site, &client, &REQUEST).await, 401, "invalid_client", "disabled");
}

#[tokio::test]
async fn u41_what_the_authorization_endpoint_would_refuse_is_refused_at_once() {
    let site = TestSite::start().await;
    let (client, public) = (site.client().await, site.public_client().await);
    let long = "x".repeat(5000);
    for (name, value, error) in [
        ("redirect_uri", "https://evil.example/cb", "invalid_request"),
        ("redirect_uri", "", "invalid_request"),
        ("response_type", "", "invalid_request"),
        ("response_type", "device", "unsupported_response_type"),
        ("scope", "nothing", "invalid_scope"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x", "invalid_request"),
        ("request_uri", "https://app.example/request", "invalid_request"),
        ("request", "a.b.c", "invalid_request_object"),
        ("state", &long, "invalid_request"),
        ("state", "x", ""),
    ] {
        let reply = push(&site, &client, &with(name, value)).await;
        match error {
            "" => assert_eq!(reply.status, 201, "{}", reply.body),
            error => refused(&reply, 400, error, &format!("{name}={value}")),
        }
    }
    refused(&push(&site, &public, &with("code_challenge", "")).await, 400, "invalid_request", "no PKCE");
    let twice = [&REQUEST[..], &[("redirect_uri", REDIRECT)]].concat();
    refused(&push(&site, &client, &twice).await, 400, "invalid_request", "twice");
    let long = vec!["y".repeat(900); 10];
    let names: Vec<_> = (0..10).map(|n| format!("unknown-{n}")).collect();
    let unknown = names.iter().zip(&long).map(|(name, value)| (name.as_str(), value.as_str()));
    let reply = push(&site, &client, &REQUEST.into_iter().chain(unknown).collect::<Vec<_>>()).await;
    refused(&reply, 400, "invalid_request", "longer than 8192 bytes");
    assert_eq!(site.get("/oauth2/par", None).await.status, 404, "API Gateway knows no such route");
}

#[tokio::test]
async fn u41_credentials_are_not_kept_with_the_request() {
    let site = TestSite::start().await;
    let client = site.client().await;
    pushed(&site, &client, &REQUEST).await;
    let secret = client.secret.unwrap();
    assert!(site.dump().await.iter().all(|item| !item.to_string().contains(&secret)));
}

#[tokio::test]
async fn u41_a_proof_that_comes_along_binds_the_code_to_its_key() {
    let site = TestSite::start().await;
    let (browser, client) = (super::visitor(&site).await, site.client().await);
    let (key, other) = (DpopKey::default(), DpopKey::default());
    let nonce = site.dpop_nonce(&key).await;
    let proof = || key.proof(&site, "POST", "/oauth2/par", None, &nonce);
    let push = async |proof: &str, more: &[(&str, &str)]| {
        let form = [&client.in_body()[..], &REQUEST, more].concat();
        site.send(site.http.post(site.url("/oauth2/par")).form(&form).header("dpop", proof), None).await
    };
    let stale = key.sign(&key.claims(&site, "POST", "/oauth2/par", None), |_| {});
    let reply = push(&stale, &[]).await;
    refused(&reply, 400, "use_dpop_nonce", "without a nonce");
    assert_ne!(reply.header("dpop-nonce"), "");
    refused(&push(&proof(), &[("dpop_jkt", &other.jkt())]).await, 400, "invalid_request", "another key's");
    let elsewhere = key.proof(&site, "POST", "/oauth2/token", None, &nonce);
    refused(&push(&elsewhere, &[]).await, 400, "invalid_dpop_proof", "for another address");
    let good = proof();
    let pushed = push(&good, &[("dpop_jkt", &key.jkt())]).await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    refused(&push(&good, &[]).await, 400, "invalid_dpop_proof", "twice");
    let name = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let code = browser.authorize_fully(&super::query(&client, &name)).await.parameter("code").unwrap();
    assert_eq!(site.redeem(&client, &code, tests::flow::VERIFIER).await.status, 400, "without the key");
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", tests::flow::VERIFIER),
    ];
    let proof = key.proof(&site, "POST", "/oauth2/token", None, &nonce);
    assert_eq!(site.token_with_proof(&client, &redeem, &proof).await.status, 200);
}
