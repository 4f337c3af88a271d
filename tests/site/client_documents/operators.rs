//! What an operator decides about such clients.

use local::cli::{ClientChanges, ClientCommand, Command, Grant};
use local::commands::run;
use tests::{DocumentSite, json};

use super::{assert_page, assert_refused, signed_in, start};

/// What a command is answered, or why it is refused.
async fn operate(site: &DocumentSite, command: ClientCommand) -> Result<tests::Value, String> {
    let app = site.site.app();
    let done = run(&Command::Client(command), &app.store, &[], &app.clock, &app.entropy).await;
    done.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a19_a_client_that_an_operator_disables_is_so_whatever_its_document_says() {
    let (site, user) = start().await;
    let client = site.publish("/client", json!({}));
    let browser = signed_in(&site, &user).await;
    let tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    let disabled = operate(&site, ClientCommand::Disable { id: client.id.clone() }).await.unwrap();
    assert_eq!((&disabled["client_id"], &disabled["disabled"]), (&json!(client.id), &json!(true)));
    for _ in 0..2 {
        assert_page(&browser.authorize(&client.query("openid")).await, "disabled");
        assert_refused(&site.refresh(&client, &tokens.refresh_token).await, "disabled");
        assert_eq!(site.userinfo(&tokens.access_token).await.status, 401);
        // Also when it would be fetched again, which it is not.
        site.clock.advance(86_400);
    }
    assert_eq!(site.asked("/client"), 1);
    operate(&site, ClientCommand::Enable { id: client.id.clone() }).await.unwrap();
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.status, 200);
}

#[tokio::test]
async fn a19_a_client_that_never_came_can_be_disabled() {
    let (site, user) = start().await;
    let client = site.publish("/client", json!({}));
    let browser = signed_in(&site, &user).await;
    let listed = operate(&site, ClientCommand::Disable { id: client.id.clone() }).await.unwrap();
    assert_eq!(listed["disabled"], true);
    assert_page(&browser.authorize(&client.query("openid")).await, "disabled");
    assert!(site.remote.requests().is_empty());
    // The table never forgets what was decided.
    let kept = site.dump().await.into_iter().find(|item| item.to_string().contains("CLIENT#document_")).unwrap();
    assert!(kept["ttl"].is_null(), "{kept}");
    operate(&site, ClientCommand::Enable { id: client.id.clone() }).await.unwrap();
    browser.code(&client, "openid").await;
    let kept = site.dump().await.into_iter().find(|item| item.to_string().contains("CLIENT#document_")).unwrap();
    let ttl: i64 = kept["ttl"]["N"].as_str().unwrap().parse().unwrap();
    assert_eq!(ttl - site.clock.now().0, 200 * 86_400, "longer than any token");
    assert!(operate(&site, ClientCommand::Enable { id: format!("{}x", client.id) }).await.is_err(), "nobody's");
}

#[tokio::test]
async fn what_a_document_says_is_not_an_operators_to_change_and_policies_are() {
    let (site, user) = start().await;
    let client = site.publish("/client", json!({}));
    let browser = signed_in(&site, &user).await;
    browser.code(&client, "openid").await;
    let id = || client.id.clone();
    let set = |changes| ClientCommand::Set { id: id(), changes: Box::new(changes) };
    for refused in [
        ClientCommand::Allow { id: id(), grant: Grant::Password },
        ClientCommand::Disallow { id: id(), grant: Grant::RefreshToken },
        set(ClientChanges { name: Some("Another".into()), ..Default::default() }),
        set(ClientChanges { require_pkce: Some(true), ..Default::default() }),
    ] {
        let why = operate(&site, refused).await.unwrap_err();
        assert!(why.contains(&client.id), "{why}");
    }
    operate(&site, set(ClientChanges { access_token_lifetime: Some(60), ..Default::default() })).await.unwrap();
    // They outlive the document.
    site.clock.advance(600);
    let code = browser.code(&client, "openid").await;
    assert_eq!(site.asked("/client"), 2);
    let reply = site.redeem(&client, &code, tests::flow::VERIFIER).await;
    assert_eq!(reply.json()["expires_in"], 60);
}
