//! Signing out, where clients want to be told.

use shared::id::{Attempt, LogoutId};
use shared::store::logouts::{Listener, Logout};
use tests::{Browser, TestSite, User, json};

/// Signs out everywhere and in every way.
pub(super) async fn tour(site: &TestSite, browser: &Browser<'_>, user: &User) {
    // It may not be called: whoever is told is not told again.
    let uri = "https://127.0.0.1/out";
    let client = site.client_with(json!({ "backchannel_logout_uri": uri })).await;
    for path in ["/logout", "/oauth2/logout"] {
        browser.sign_in(user).await;
        let tokens = browser.authorize_and_redeem(&client, "openid").await;
        let csrf = browser.open("/register").await.input("csrf");
        site.clock.advance(if path == "/logout" { 301 } else { 3700 });
        let status = match path {
            "/logout" => browser.submit(path, &[("csrf", &csrf)]).await.status,
            _ => browser.open(&format!("{path}?id_token_hint={}", tokens.id_token)).await.status,
        };
        assert!(status < 400, "{path}: {status}");
    }
    browser.sign_in(user).await;
    browser.authorize_and_redeem(&client, "openid").await;
    let own = site.sign_in(user).await;
    assert_eq!(site.delete("/account/sessions", Some(&own), json!({})).await.status, 204);

    // One that was not told of at once.
    let app = site.site.app();
    let sessions = app.store.list_sessions(user.user_id.parse().unwrap_or_else(|_| unreachable!()), None, 1).await;
    let sessions = sessions.unwrap_or_default();
    let (Some(session), Ok(client_id)) = (sessions.first(), client.id.parse()) else { unreachable!() };
    let logout = Logout {
        logout_id: LogoutId::new(&app.entropy),
        user_id: session.user_id,
        untold: vec![Listener { client_id, session_id: session.session_id }],
        attempts: 0,
        due_at: app.clock.now(),
    };
    assert!(app.store.create_logout(&logout, Attempt::new(&app.entropy)).await.is_ok());
    site.clock.advance(301);
    assert!(site.site.run_scheduled("sweep").await.is_ok());
    browser.sign_in(user).await;
}
