//! The main path, in a few lines.

use tests::{TestSite, json};

#[tokio::test]
async fn a_person_registers_signs_in_to_an_application_and_keeps_a_list() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let tokens = browser.authorize_and_redeem(&client, "openid collections:write collections:read").await;
    let put = site.put("/collections/12", Some(&tokens.access_token), json!({ "status": "wish" })).await;
    assert_eq!(put.status, 201);
    let list = site.get("/collections", Some(&tokens.access_token)).await;
    assert_eq!(list.json()["items"][0]["subject_id"], 12);
}
