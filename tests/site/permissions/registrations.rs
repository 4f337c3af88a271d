//! What changing a registration asks of the table.

use tests::flow::REDIRECT;
use tests::{TestSite, json};

pub(super) async fn tour(site: &TestSite) {
    let metadata = json!({ "redirect_uris": [REDIRECT] });
    let reply = site.post("/oauth2/register", None, metadata.clone()).await.json();
    let text = |name: &str| reply[name].as_str().unwrap_or_default().to_owned();
    let (path, token) = (format!("/oauth2/register/{}", text("client_id")), text("registration_access_token"));
    let token = Some(token.as_str());
    let mut changed = metadata;
    changed["client_id"] = text("client_id").into();
    assert_eq!(site.get(&path, token).await.status, 200);
    assert_eq!(site.put(&path, token, changed).await.status, 200);
    assert_eq!(site.delete(&path, token, json!({})).await.status, 204);
}
