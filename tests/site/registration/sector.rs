//! `sector_identifier_uri` (OpenID Connect Core §8.1; Dynamic Client Registration §5).

use tests::flow::REDIRECT;
use tests::remote::Answer;
use tests::{Remote, Reply, TestSite, Wishes, json};

const OTHER: &str = "https://other.example/cb";

async fn register(site: &TestSite, uri: &str) -> Reply {
    let metadata = json!({
        "redirect_uris": [REDIRECT, OTHER], "subject_type": "pairwise", "sector_identifier_uri": uri,
    });
    site.post("/oauth2/register", None, metadata).await
}

#[tokio::test]
async fn v44_a_sector_counts_its_clients_in() {
    let site = TestSite::start_with(Wishes { allow_private_fetch: true, ..Wishes::default() }).await;
    let remote = Remote::start().await;
    let uri = remote.put("/sector", Answer::json(&json!([REDIRECT, "https://third.example/cb", OTHER])));
    let reply = register(&site, &uri).await;
    assert_eq!((reply.status, &reply.json()["sector_identifier_uri"]), (201, &json!(uri)), "{}", reply.body);
    let registered = reply.json();
    for (why, answer) in [
        ("one is not on the list", Answer::json(&json!([REDIRECT]))),
        ("another's prefix", Answer::json(&json!([REDIRECT, format!("{OTHER}/more")]))),
        ("none is", Answer::json(&json!([]))),
        ("no list", Answer::json(&json!({ "redirect_uris": [REDIRECT, OTHER] }))),
        ("numbers", Answer::json(&json!([REDIRECT, OTHER, 1]))),
        ("no JSON", Answer::new(200, "text/html", "<p>moved")),
        ("gone", Answer::new(404, "application/json", json!([REDIRECT, OTHER]).to_string())),
        ("long", Answer::json(&json!(vec![REDIRECT; 4000]))),
    ] {
        remote.put("/sector", answer);
        let reply = register(&site, &uri).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_client_metadata"), "{why}: {}", reply.body);
        assert!(reply.body.contains("sector_identifier_uri"), "{why}: {}", reply.body);
    }
    // Nor does anybody join later.
    let id = registered["client_id"].as_str().unwrap();
    let change = json!({ "client_id": id, "redirect_uris": [REDIRECT], "sector_identifier_uri": uri });
    let path = format!("/oauth2/register/{id}");
    let reply = site.put(&path, registered["registration_access_token"].as_str(), change).await;
    assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_client_metadata"), "{}", reply.body);
}

#[tokio::test]
async fn v46_a_sector_at_a_private_address_is_not_called() {
    let (site, remote) = (TestSite::start().await, Remote::start().await);
    let uri = remote.put("/sector", Answer::json(&json!([REDIRECT, OTHER])));
    for uri in [uri.clone(), uri.replace("http:", "https:"), "https://169.254.169.254/latest".to_owned()] {
        let reply = register(&site, &uri).await;
        assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_client_metadata"), "{uri}");
    }
    assert!(remote.requests().is_empty());
}
