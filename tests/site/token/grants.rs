//! Which grants there are, and who may use them.

use tests::{TestSite, json};

#[tokio::test]
async fn t26_client_credentials_give_neither_refresh_token_nor_id_token() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let scope = "openid offline_access profile collections:read";
    let reply = site.token(&client, &[("grant_type", "client_credentials"), ("scope", scope)]).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let json = reply.json();
    assert_eq!(json["scope"], "profile collections:read");
    assert_eq!(json["token_type"], "Bearer");
    assert_eq!(json["expires_in"], 600);
    assert_eq!(json.as_object().unwrap().len(), 4, "{json}");
    assert_eq!(reply.header("cache-control"), "no-store");
}

#[tokio::test]
async fn t26_client_credentials_without_scope_are_told_of_none() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let reply = site.token(&client, &[("grant_type", "client_credentials")]).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    // RFC 6749 §3.3: a scope has a word at least; none is none.
    assert_eq!(reply.json().get("scope"), None);
}

#[tokio::test]
async fn t26_client_credentials_stay_within_the_registration() {
    let site = TestSite::start().await;
    let client = site.client_with(json!({ "scope": "profile" })).await;
    let narrowed = [("grant_type", "client_credentials"), ("scope", "profile email")];
    assert_eq!(site.token(&client, &narrowed).await.json()["scope"], "profile");
    for none in ["email", "unknown", "openid", "account"] {
        let reply = site.token(&client, &[("grant_type", "client_credentials"), ("scope", none)]).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_scope"), "{none}");
    }
}

#[tokio::test]
async fn t26_a_public_client_may_not_act_for_itself() {
    let site = TestSite::start().await;
    let client = site.public_client().await;
    let reply = site.token(&client, &[("grant_type", "client_credentials")]).await;
    assert_eq!((reply.status, reply.error().as_str()), (400, "unauthorized_client"));
}

#[tokio::test]
async fn t26_a_grant_that_the_client_did_not_register_is_unauthorized_and_an_unknown_one_unsupported() {
    let site = TestSite::start().await;
    let only_service = site.client_with(json!({ "grant_types": ["client_credentials"], "redirect_uris": [] })).await;
    let only_code = site.client_with(json!({ "grant_types": ["authorization_code"] })).await;
    for (client, grant) in
        [(&only_service, "authorization_code"), (&only_service, "refresh_token"), (&only_code, "refresh_token")]
    {
        let pairs = [("grant_type", grant), ("code", "x"), ("refresh_token", "x")];
        let reply = site.token(client, &pairs).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "unauthorized_client"), "{grant}");
    }
    let reply = site.token(&only_code, &[("grant_type", "client_credentials")]).await;
    assert_eq!((reply.status, reply.error().as_str()), (400, "unauthorized_client"));
    for unknown in ["password", "implicit", "AUTHORIZATION_CODE", "urn:ietf:params:oauth:grant-type:saml2-bearer", "あ"]
    {
        let reply = site.token(&only_code, &[("grant_type", unknown)]).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "unsupported_grant_type"), "{unknown}");
    }
}

#[tokio::test]
async fn a_refused_grant_writes_nothing() {
    let site = TestSite::start().await;
    let client = site.client().await;
    site.proxy.forget();
    for pairs in [
        vec![("grant_type", "authorization_code"), ("code", "x")],
        vec![("grant_type", "refresh_token"), ("refresh_token", "x")],
        vec![("grant_type", "client_credentials"), ("scope", "unknown")],
        vec![("grant_type", "nonsense")],
    ] {
        assert_eq!(site.token(&client, &pairs).await.status, 400);
    }
    let calls = site.proxy.calls();
    assert!(calls.iter().all(tests::faults::Call::is_read), "{calls:?}");
}
