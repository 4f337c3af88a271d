//! Request objects that are pushed (RFC 9126 §3).

use tests::flow::VERIFIER;
use tests::keys::Key;
use tests::{TestSite, json};

use super::{claims, client, query, visitor};

#[tokio::test]
async fn u41_a_pushed_object_is_verified_when_it_comes_and_may_expire_then() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    let key = Key::es256();
    let client = client(&site, &key, json!({ "require_signed_request_object": true })).await;
    let object = key.sign(&claims(&site, &client));
    let form = [&client.in_body()[..], &[("request", object.as_str())]].concat();
    let pushed = site.form("/oauth2/par", &form).await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    site.clock.advance(70);
    let name = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let back = browser.authorize_fully(&query(&client, &[("request_uri", &name)])).await;
    assert_eq!(back.parameter("state").as_deref(), Some("inside"), "{}", back.location());
    assert_eq!(site.redeem(&client, &back.parameter("code").unwrap(), VERIFIER).await.status, 200);
    let late = site.form("/oauth2/par", &form).await;
    assert_eq!((late.status, late.error().as_str()), (400, "invalid_request_object"));
    let plain = [&client.in_body()[..], &[("response_type", "code"), ("scope", "profile")]].concat();
    assert_eq!(site.form("/oauth2/par", &plain).await.error(), "invalid_request");
}

#[tokio::test]
async fn u41_an_object_of_a_fapi_client_has_its_times_within_an_hour() {
    let site = TestSite::start().await;
    let browser = visitor(&site).await;
    let key = Key::es256();
    let client = site.keyed_client(&key, json!({ "profile": "fapi2" })).await;
    let now = site.clock.now().0;
    for (nbf, exp, status) in [
        (json!(now), json!(now + 60), 201),
        (json!(now - 3000), json!(now + 600), 201),
        (json!(now), json!(now + 3601), 400),
        (json!(now - 3601), json!(now + 60), 400),
        (json!(null), json!(now + 60), 400),
        (json!(now), json!(null), 400),
    ] {
        let mut claims = claims(&site, &client);
        (claims["nbf"], claims["exp"]) = (nbf.clone(), exp.clone());
        let pairs = [("request", &*key.sign(&claims))];
        let reply = site.asserted("/oauth2/par", &key.assertion(&site, &client), &pairs).await;
        assert_eq!(reply.status, status, "{nbf} {exp}: {}", reply.body);
        if status == 400 {
            assert_eq!(reply.error(), "invalid_request_object");
        }
    }
    // By way of the browser it comes in vain.
    let object = key.sign(&claims(&site, &client));
    let reply = browser.authorize(&super::with_object(&client, &object)).await;
    assert_eq!(reply.parameter("error").as_deref(), Some("invalid_request"), "{}", reply.location());
}
