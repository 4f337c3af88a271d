//! What functions ask of the table for clients that nobody registered.

use tests::keys::{Key, jwks};
use tests::{DocumentSite, json};

/// Every function that looks at documents finds that this one is stale, and keeps what it fetches.
pub(super) async fn tour(site: &DocumentSite) {
    let user = site.register("tomoyo").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let key = Key::es256();
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let client = site.publish(
        "/client",
        json!({
            "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[&key]),
            "grant_types": ["authorization_code", "client_credentials", device],
        }),
    );
    let request = [
        ("response_type", "code"),
        ("redirect_uri", tests::flow::REDIRECT),
        ("scope", "openid"),
        ("code_challenge", tests::flow::CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let asserted = async |path: &str, pairs: &[(&str, &str)], status: u16| {
        let reply = site.asserted(path, &key.assertion(site, &client), pairs).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.body);
    };
    let later = || site.clock.advance(601);
    asserted("/oauth2/par", &request, 201).await;
    later();
    asserted("/oauth2/token", &[("grant_type", "client_credentials")], 200).await;
    later();
    asserted("/oauth2/device_authorization", &[("scope", "openid")], 200).await;
    later();
    asserted("/oauth2/introspect", &[("token", "x")], 200).await;
    later();
    assert!(browser.authorize_fully(&client.query("openid")).await.parameter("code").is_some());
}
