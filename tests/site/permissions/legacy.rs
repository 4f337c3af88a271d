//! What legacy applications bring about.

use local::cli::Grant;
use tests::{Client, PASSWORD, TestSite, User};

/// An application sends a password whose hash is weak, twice: consent is there the second time.
pub(super) async fn tour(site: &TestSite, user: &User, client: &Client) {
    site.allow(client, Grant::Password).await;
    super::weaken(site, &user.user_id).await;
    for scope in ["openid", "openid profile"] {
        let pairs =
            [("grant_type", "password"), ("username", &user.username), ("password", PASSWORD), ("scope", scope)];
        let reply = site.token(client, &pairs).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
}
