//! What is a name, and what only looks like one.

use tests::{Client, json};

use super::{assert_page, assert_refused, signed_in, start};

#[tokio::test]
async fn a01_an_address_that_differs_by_anything_is_another_client_or_none() {
    let (site, user) = start().await;
    let client = site.publish("/client", json!({}));
    let browser = signed_in(&site, &user).await;
    browser.code(&client, "openid").await;
    let origin = &site.remote.url;
    for path in ["/Client", "/client/", "//client", "/client?", "/client?x=1", "/%63lient"] {
        // It would be answered with the same document.
        site.remote.put(path, tests::remote::Answer::json(&site.document("/client", json!({}))));
    }
    for id in [
        format!("{origin}/Client"),
        format!("{origin}/client/"),
        format!("{origin}//client"),
        format!("{origin}/client?"),
        format!("{origin}/client?x=1"),
        format!("{origin}/%63lient"),
        format!("{origin}/client#"),
        format!("{origin}/client#x"),
        format!("{origin}/./client"),
        format!("{origin}/x/../client"),
        format!("{origin}/%2e/client"),
        format!("{origin}/x\\..\\client"),
        format!("{origin}/client\n"),
        format!(" {origin}/client"),
        origin.replace("https", "HTTPS") + "/client",
        origin.replace("https", "http") + "/client",
        origin.replace("localhost", "LOCALHOST") + "/client",
        origin.replace("localhost", "me@localhost") + "/client",
        origin.replace("localhost", "me:pw@localhost") + "/client",
        origin.replace("localhost", "@localhost") + "/client",
        origin.replace("localhost:", "localhost:0") + "/client",
        origin.clone(),
    ] {
        let stranger = Client { id: id.clone(), secret: None };
        assert_page(&browser.authorize(&stranger.query("openid")).await, &id);
        let token = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        assert_refused(&site.token(&stranger, &token).await, &id);
    }
}

#[tokio::test]
async fn a01_what_the_table_calls_it_is_nobodys_name() {
    let (site, user) = start().await;
    let client = site.publish("/client", json!({}));
    let browser = signed_in(&site, &user).await;
    let tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    let own = site.sign_in(&user).await;
    let listed = site.get("/account/apps", Some(&own)).await.json();
    let inner = listed["items"][0]["client_id"].as_str().unwrap().to_owned();
    assert!(inner.starts_with("document_"), "{inner}");
    for id in [inner.clone(), inner.replace("document_", "client_")] {
        let alias = Client { id, secret: None };
        assert_page(&browser.authorize(&alias.query("openid")).await, "an alias");
        assert_refused(&site.refresh(&alias, &tokens.refresh_token).await, "an alias");
        assert_refused(&site.form("/oauth2/par", &alias.in_body()).await, "an alias");
        assert_refused(&site.form("/oauth2/device_authorization", &alias.in_body()).await, "an alias");
        let path = format!("/oauth2/register/{}", alias.id);
        for token in ["x", own.as_str()] {
            assert_eq!(site.get(&path, Some(token)).await.status, 401, "nobody registered it");
        }
    }
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.status, 200);
}
