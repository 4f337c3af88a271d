//! What such a client can do.

use tests::flow::{REDIRECT, VERIFIER, claims};
use tests::keys::{Key, assertion_claims, jwks};
use tests::{Client, TestSite, Tokens, json};

use super::{assert_page, assert_refused, signed_in, start};

#[tokio::test]
async fn u38_it_is_off_unless_the_site_is_told_and_the_metadata_says_which() {
    let name = "client_id_metadata_document_supported";
    let configuration = "/.well-known/openid-configuration";
    let (on, _) = start().await;
    assert_eq!(on.get(configuration, None).await.json()[name], true);
    let off = TestSite::start().await;
    assert_eq!(off.get(configuration, None).await.json()[name], false);
    let client = on.publish("/client", json!({}));
    assert_page(&off.get(&format!("/oauth2/authorize?{}", client.query("openid")), None).await, "off");
    let form = [("client_id", client.id.as_str()), ("grant_type", "refresh_token"), ("refresh_token", "x")];
    assert_refused(&off.form("/oauth2/token", &form).await, "off");
    assert_refused(&off.form("/oauth2/par", &form).await, "off");
    assert_eq!(off.get(&format!("/oauth2/logout?client_id={}", client.id), None).await.status, 400);
    assert!(on.remote.requests().is_empty());
}

#[tokio::test]
async fn a01_a_client_that_nobody_registered_signs_its_users_in() {
    let (site, user) = start().await;
    let client = site.publish("/client", json!({}));
    let browser = signed_in(&site, &user).await;
    let page = browser.authorize(&client.query("openid offline_access")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    // What it can't make up is shown, and not what it says of itself.
    let host = site.remote.url.trim_start_matches("https://");
    assert!(
        page.body.contains(&format!("<strong><bdi class=\"document_host\">{host}</bdi></strong>")),
        "{}",
        page.body
    );
    assert!(page.body.contains("Anime Diary") && !page.body.contains("bank.example"));
    let back = browser.decide(&page, "allow").await;
    let tokens = Tokens::read(&site.redeem(&client, &back.parameter("code").unwrap(), VERIFIER).await);
    assert_eq!(claims(&tokens.id_token)["aud"], client.id);
    assert_eq!(claims(&tokens.access_token)["client_id"], client.id);
    assert_eq!(site.userinfo(&tokens.access_token).await.json()["sub"], user.user_id);
    let tokens = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    let revoked = [("client_id", client.id.as_str()), ("token", tokens.refresh_token.as_str())];
    assert_eq!(site.form("/oauth2/revoke", &revoked).await.status, 200);
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
    assert_eq!(site.asked("/client"), 1, "fetched once for all of that");
}

#[tokio::test]
async fn t25_it_proves_itself_by_a_key_of_its_document() {
    let (site, user) = start().await;
    let (key, other) = (Key::es256(), Key::new("other", jsonwebtoken::Algorithm::EdDSA));
    let keyed = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[&key]) });
    let client = site.publish("/client", keyed);
    let browser = signed_in(&site, &user).await;
    let code = browser.code(&client, "openid offline_access").await;
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    assert_refused(&site.redeem(&client, &code, VERIFIER).await, "no proof");
    let secret = Client { secret: Some("secret".to_owned()), ..client.clone() };
    assert_refused(&site.redeem(&secret, &code, VERIFIER).await, "a secret");
    assert_refused(&site.asserted("/oauth2/token", &other.assertion(&site, &client), &pairs).await, "another's key");
    let mut stranger = assertion_claims(&site, &client);
    stranger["iss"] = format!("{}/", client.id).into();
    assert_refused(&site.asserted("/oauth2/token", &key.sign(&stranger), &pairs).await, "another's name");
    let tokens = Tokens::read(&site.asserted("/oauth2/token", &key.assertion(&site, &client), &pairs).await);
    let about = [("token", tokens.access_token.as_str())];
    let known = site.asserted("/oauth2/introspect", &key.assertion(&site, &client), &about).await.json();
    assert_eq!((&known["active"], &known["client_id"]), (&json!(true), &json!(client.id)));
    let about = [("token", tokens.refresh_token.as_str())];
    let known = site.asserted("/oauth2/introspect", &key.assertion(&site, &client), &about).await.json();
    assert_eq!((&known["active"], &known["client_id"]), (&json!(true), &json!(client.id)));
}

#[tokio::test]
async fn t25_it_acts_for_itself_without_ever_having_had_a_user() {
    let (site, _) = start().await;
    let key = Key::es256();
    let client = site.publish(
        "/client",
        json!({
            "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[&key]),
            "grant_types": ["client_credentials"],
        }),
    );
    let own = [("grant_type", "client_credentials")];
    let tokens = Tokens::read(&site.asserted("/oauth2/token", &key.assertion(&site, &client), &own).await);
    assert_eq!(claims(&tokens.access_token)["sub"], client.id);
    let about = [("token", tokens.access_token.as_str())];
    for (path, active) in [("/oauth2/introspect", true), ("/oauth2/revoke", true), ("/oauth2/introspect", false)] {
        let reply = site.asserted(path, &key.assertion(&site, &client), &about).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert!(path != "/oauth2/introspect" || reply.json()["active"] == active, "{}", reply.body);
    }
}

#[tokio::test]
async fn u41_it_pushes_and_signs_its_requests() {
    let (site, user) = start().await;
    let key = Key::es256();
    let client = site.publish(
        "/client",
        json!({ "profile": "fapi2", "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&[&key]) }),
    );
    let query = client.query("openid");
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let reply = site.asserted("/oauth2/par", &key.assertion(&site, &client), &pairs).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let pushed =
        [("client_id", client.id.clone()), ("request_uri", reply.json()["request_uri"].as_str().unwrap().to_owned())];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pushed).finish();
    let browser = signed_in(&site, &user).await;
    assert!(browser.authorize_fully(&query).await.parameter("code").is_some());
    let unpushed = browser.authorize(&client.query("openid")).await;
    assert_eq!(unpushed.parameter("error").as_deref(), Some("invalid_request"));

    let object = json!({
        "iss": client.id, "aud": site.issuer(), "client_id": client.id, "response_type": "code", "scope": "openid",
        "redirect_uri": REDIRECT, "code_challenge": tests::flow::CHALLENGE, "code_challenge_method": "S256",
        "nbf": site.clock.now(), "exp": site.clock.now() + 60,
    });
    let signed = key.sign(&object);
    let reply = site.asserted("/oauth2/par", &key.assertion(&site, &client), &[("request", signed.as_str())]).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
}

#[tokio::test]
async fn u40_its_device_is_let_in() {
    let (site, user) = start().await;
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let client = site
        .publish("/tv", json!({ "grant_types": [grant, "refresh_token"], "response_types": [], "redirect_uris": [] }));
    let codes = site.form("/oauth2/device_authorization", &[("client_id", &client.id), ("scope", "openid")]).await;
    assert_eq!(codes.status, 200, "{}", codes.body);
    let (codes, browser) = (codes.json(), signed_in(&site, &user).await);
    let page = browser.open(codes["verification_uri_complete"].as_str().unwrap()).await;
    let csrf = page.input("csrf");
    let code = codes["user_code"].as_str().unwrap();
    let page = browser.submit("/device", &[("csrf", &csrf), ("user_code", code)]).await;
    assert!(page.body.contains("class=\"document_host\">localhost:"), "{}", page.body);
    let (csrf, request) = (page.input("csrf"), page.input("request"));
    let pairs = [("csrf", csrf.as_str()), ("request", &request), ("decision", "allow")];
    assert_eq!(browser.submit("/device", &pairs).await.status, 200);
    let poll = [("grant_type", grant), ("device_code", codes["device_code"].as_str().unwrap())];
    let tokens = Tokens::read(&site.token(&client, &poll).await);
    assert_eq!(claims(&tokens.id_token)["aud"], client.id);
    assert_eq!(site.asked("/tv"), 1);
}

#[tokio::test]
async fn s47_it_signs_its_users_out_and_sends_them_to_its_own_addresses_alone() {
    let (site, user) = start().await;
    let client = site.publish("/client", json!({ "post_logout_redirect_uris": ["https://app.example/bye"] }));
    let browser = signed_in(&site, &user).await;
    let tokens = browser.authorize_and_redeem(&client, "openid").await;
    let path = format!("/oauth2/logout?id_token_hint={}&client_id={}", tokens.id_token, client.id);
    for wrong in ["https://evil.example/bye", "https://app.example/bye/"] {
        assert_eq!(browser.open(&format!("{path}&post_logout_redirect_uri={wrong}")).await.status, 400);
    }
    let other = path.replace("/client", "/other");
    assert_eq!(browser.open(&other).await.status, 400, "another's hint");
    let back = browser.open(&format!("{path}&post_logout_redirect_uri=https://app.example/bye&state=s")).await;
    assert_eq!(back.location(), "https://app.example/bye?state=s");
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 200, "signing out ends no grant");
}

#[tokio::test]
async fn s49_it_is_listed_and_withdrawn_like_any_other() {
    let (site, user) = start().await;
    let client = site.publish("/client", json!({}));
    let browser = signed_in(&site, &user).await;
    let tokens = browser.authorize_and_redeem(&client, "openid").await;
    let own = site.sign_in(&user).await;
    let listed = site.get("/account/apps", Some(&own)).await.json()["items"][0].clone();
    assert_eq!(listed["client_id_metadata_document"], client.id);
    assert!(browser.open("/account/apps").await.body.contains("class=\"document_host\">localhost:"));
    let path = format!("/account/apps/{}", listed["client_id"].as_str().unwrap());
    assert_eq!(site.delete(&path, Some(&own), json!({})).await.status, 204);
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
}

#[tokio::test]
async fn u35_pairwise_names_are_of_its_redirects_host_or_of_a_list_that_counts_it_in() {
    let (site, user) = start().await;
    let plain = site.publish("/plain", json!({ "subject_type": "pairwise" }));
    let browser = signed_in(&site, &user).await;
    let tokens = browser.authorize_and_redeem(&plain, "openid").await;
    let sub = claims(&tokens.id_token)["sub"].clone();
    assert_ne!(sub, user.user_id);
    assert_eq!(site.userinfo(&tokens.access_token).await.json()["sub"], sub);
    // Whoever is not on the list is no member of the sector.
    let uri = site.remote.put("/sector", tests::remote::Answer::json(&json!(["https://other.example/cb"])));
    let uninvited = site.publish("/uninvited", json!({ "subject_type": "pairwise", "sector_identifier_uri": uri }));
    assert_page(&browser.authorize(&uninvited.query("openid")).await, "uninvited");
}
