//! What an administrator decides about an application.

use local::cli::ClientChanges;
use tests::flow::claims;

use super::*;

fn set(client: &Client, changes: ClientChanges) -> Command {
    Command::Client(ClientCommand::Set { id: client.id.clone(), changes: Box::new(changes) })
}

#[tokio::test]
async fn what_is_set_is_in_force_at_once_and_what_is_left_out_stays() {
    let site = TestSite::start().await;
    let (client, browser) = (site.client().await, site.browser());
    browser.sign_in(&site.register("sakura").await).await;
    let answer = site
        .operate(set(
            &client,
            ClientChanges {
                name: Some("Another name".to_owned()),
                redirect_uris: Some(vec![REDIRECT.to_owned(), "https://app.example/two".to_owned()]),
                scope: Some("openid offline_access".to_owned()),
                require_pkce: Some(true),
                access_token_lifetime: Some(120),
                refresh_token_idle_lifetime: Some(3600),
                refresh_token_lifetime: Some(7200),
                resources: Some(vec!["https://radio.example/".to_owned()]),
                audiences: Some(vec!["https://shop.example/".to_owned()]),
                rotate_refresh_tokens: Some(false),
                ..ClientChanges::default()
            },
        ))
        .await;
    assert_eq!((&answer["client_name"], &answer["require_pkce"]), (&json!("Another name"), &json!(true)));
    assert_eq!(answer["redirect_uris"], json!([REDIRECT, "https://app.example/two"]));
    assert_eq!(answer["policies"]["audiences"], json!(["https://shop.example/"]));
    let without = client.query_with(&[("scope", "openid")]);
    assert_eq!(browser.authorize(&without).await.parameter("error").as_deref(), Some("invalid_request"));

    let tokens = browser.authorize_and_redeem(&client, "openid email offline_access").await;
    let said = claims(&tokens.access_token);
    assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 120);
    assert_eq!(said["scope"], "openid offline_access", "no more than it may have");
    let own = [("grant_type", "client_credentials"), ("resource", "https://radio.example/")];
    assert_eq!(site.token(&client, &own).await.status, 200);
    let again = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    assert_eq!(again.refresh_token, tokens.refresh_token, "it does not rotate");
    site.clock.advance(3599);
    Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    site.clock.advance(3600);
    assert_eq!(
        site.refresh(&client, &tokens.refresh_token).await.error(),
        "invalid_grant",
        "nobody used it for an hour"
    );

    let answer = site.operate(set(&client, ClientChanges::default())).await;
    assert_eq!((&answer["client_name"], &answer["rotate_refresh_tokens"]), (&json!("Another name"), &json!(false)));
    let none = ClientChanges { resources: Some(vec![String::new()]), ..ClientChanges::default() };
    assert_eq!(site.operate(set(&client, none)).await["policies"]["resources"], json!([]));
    assert_eq!(site.token(&client, &own).await.error(), "invalid_target");
}

#[tokio::test]
async fn r32_refresh_tokens_end_with_their_clients_lifetime_however_much_they_are_used() {
    let site = TestSite::start().await;
    let (client, browser) = (site.client().await, site.browser());
    browser.sign_in(&site.register("sakura").await).await;
    let changes = ClientChanges { refresh_token_lifetime: Some(7200), ..ClientChanges::default() };
    site.operate(set(&client, changes)).await;
    let mut tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    for _ in 0..3 {
        site.clock.advance(2300);
        tokens = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    }
    site.clock.advance(300);
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_change_that_makes_no_sense_is_refused_in_words_and_changes_nothing() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let before = site.operate(list()).await;
    let nothing = ClientChanges::default;
    for (changes, why) in [
        (ClientChanges { redirect_uris: Some(vec!["http://app.example/".to_owned()]), ..nothing() }, "redirect URI"),
        (ClientChanges { scope: Some("nonsense".to_owned()), ..nothing() }, "scope"),
        (ClientChanges { profile: Some("fapi2".to_owned()), ..nothing() }, "jwks"),
        (ClientChanges { profile: Some("fapi3".to_owned()), ..nothing() }, "profile"),
        (ClientChanges { jwks: Some("/nowhere".into()), ..nothing() }, "readable"),
        (ClientChanges { token_endpoint_auth_method: Some("none".to_owned()), ..nothing() }, "public"),
    ] {
        let said = refused(&site, set(&client, changes)).await;
        assert!(said.contains(why), "{said}");
    }
    assert_eq!(site.operate(list()).await, before);
}

#[tokio::test]
async fn the_fapi_profile_is_set_as_a_whole_and_its_client_has_no_secret_any_more() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwks.json");
    let jwk = tests::DpopKey::default().jwk;
    std::fs::write(&file, json!({ "keys": [jwk] }).to_string()).unwrap();
    let changes =
        ClientChanges { profile: Some("fapi2".to_owned()), jwks: Some(file.clone()), ..ClientChanges::default() };
    let answer = site.operate(set(&client, changes)).await;
    for (name, value) in [
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("id_token_signed_response_alg", json!("ES256")),
        ("require_pkce", json!(true)),
        ("require_pushed_authorization_requests", json!(true)),
        ("dpop_bound_access_tokens", json!(true)),
        ("rotate_refresh_tokens", json!(false)),
    ] {
        assert_eq!(answer[name], value, "{name}");
    }
    assert_eq!(site.token(&client, &[("grant_type", "client_credentials")]).await.error(), "invalid_client");
}

#[tokio::test]
async fn a_grant_that_is_taken_away_and_an_application_that_is_enabled_again() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let own = [("grant_type", "client_credentials")];
    let disallow = |grant| Command::Client(ClientCommand::Disallow { id: client.id.clone(), grant });
    let answer = site.operate(allow(&client.id, Grant::Implicit)).await;
    assert_eq!(answer["response_types"].as_array().unwrap().len(), 7);
    let answer = site.operate(disallow(Grant::Implicit)).await;
    assert_eq!((&answer["response_types"], &answer["policies"]["privileges"]), (&json!(["code"]), &json!([])));
    site.operate(disable(&client)).await;
    assert_eq!(site.token(&client, &own).await.error(), "invalid_client");
    site.operate(Command::Client(ClientCommand::Enable { id: client.id.clone() })).await;
    assert_eq!(site.token(&client, &own).await.status, 200);
    site.operate(disallow(Grant::ClientCredentials)).await;
    assert_eq!(site.token(&client, &own).await.error(), "unauthorized_client");
}
