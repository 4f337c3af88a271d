//! Being given a dialect.

use local::cli::{ClientCommand, Command, Grant, NewClient};
use tests::flow::REDIRECT;
use tests::{TestSite, json};

use super::refusal;

#[tokio::test]
async fn d66_a_registration_names_dialects_and_echoes_them_once() {
    let site = TestSite::start().await;
    for (asked, given) in [
        (json!(["weibo"]), json!(["weibo"])),
        (json!(["6park", "lianluo", "6park"]), json!(["6park", "lianluo"])),
        (
            json!(["oauth2.0", "weibo", "acwing", "lianluo", "6park"]),
            json!(["oauth2.0", "weibo", "acwing", "lianluo", "6park"]),
        ),
        (json!([]), json!(null)),
        (json!(null), json!(null)),
    ] {
        let metadata = json!({ "redirect_uris": [REDIRECT], "dialects": asked });
        let reply = site.post("/oauth2/register", None, metadata).await;
        assert_eq!((reply.status, &reply.json()["dialects"]), (201, &given), "{asked}: {}", reply.body);
    }
}

#[tokio::test]
async fn d66_only_who_has_a_secret_is_given_a_dialect_and_only_one_that_there_is() {
    let site = TestSite::start().await;
    for refused in [
        json!({ "dialects": ["weibo"], "token_endpoint_auth_method": "none" }),
        json!({ "dialects": ["oauth2.0"], "token_endpoint_auth_method": "none" }),
        json!({
            "dialects": ["weibo"], "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": "https://app.example/keys",
        }),
        json!({ "dialects": ["lianluo"], "profile": "fapi2", "jwks_uri": "https://app.example/keys" }),
        json!({ "dialects": ["Weibo"] }),
        json!({ "dialects": ["weibo", "wechat"] }),
        json!({ "dialects": [""] }),
        json!({ "dialects": "weibo" }),
    ] {
        let mut metadata = json!({ "redirect_uris": [REDIRECT] });
        metadata.as_object_mut().unwrap().extend(refused.as_object().unwrap().clone());
        let reply = site.post("/oauth2/register", None, metadata).await;
        assert_eq!(refusal(&reply), (400, "invalid_client_metadata".to_owned()), "{refused}: {}", reply.body);
    }
}

#[tokio::test]
async fn d66_an_operator_gives_dialects_and_sign_gives_its_own() {
    let site = TestSite::start().await;
    let new = NewClient {
        name: "Weibo shop".to_owned(),
        redirect_uris: vec![REDIRECT.to_owned()],
        grants: vec![Grant::AuthorizationCode],
        public: false,
        scopes: Vec::new(),
        dialects: vec!["weibo".to_owned(), "6park".to_owned()],
    };
    let created = site.operate(Command::Client(ClientCommand::Create(new))).await;
    assert_eq!(created["dialects"], json!(["weibo", "6park"]));
    let body = json!({ "client_secrets": "123456", "redirect_url": REDIRECT });
    let id = super::text(&site.post("/oauth2.0/sign", None, body).await, "client_id");
    let signed = site.site.app().store.find_client(id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(signed.metadata.dialects, ["oauth2.0"]);
}

#[tokio::test]
async fn d66_discovery_never_mentions_them() {
    let site = TestSite::start().await;
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let body = site.get(path, None).await.body;
        for word in
            ["dialect", "oauth2.0", "third_party", "/oauth2/auth\"", "access_token\"", "index.php", "/account/v1"]
        {
            assert!(!body.contains(word), "{path} has {word}");
        }
    }
}
