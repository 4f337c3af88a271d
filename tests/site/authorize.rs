//! The authorization endpoint (RFC 6749 §3.1; OpenID Connect Core §3.1.2).

mod addresses;
mod forgery;
mod prompts;
mod requests;
mod response_modes;

use tests::{Browser, Reply, TestSite};

/// Somebody's browser, in which they are signed in.
async fn signed_in(site: &TestSite) -> Browser<'_> {
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    browser
}

/// A page that says what is wrong, and sends nobody anywhere.
pub(crate) fn assert_page(reply: &Reply, about: &str) {
    assert_eq!(reply.status, 400, "{about}: {}", reply.body);
    assert_eq!(reply.header("location"), "", "{about}");
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8", "{about}");
    assert!(reply.body.contains("<h1>"), "{about}");
}

/// A redirect to the application with an error, the state and the issuer.
fn assert_error(site: &TestSite, reply: &Reply, error: &str, state: Option<&str>) {
    assert_eq!(reply.status, 303, "{error}: {}", reply.body);
    assert!(reply.location().starts_with("https://app.example/cb?"), "{error}: {}", reply.location());
    assert_eq!(reply.parameter("error").as_deref(), Some(error), "{}", reply.location());
    assert!(reply.parameter("error_description").is_some_and(|words| !words.is_empty()), "{error}");
    assert_eq!(reply.parameter("state").as_deref(), state, "{error}");
    assert_eq!(reply.parameter("iss").as_deref(), Some(site.issuer()), "{error}");
    assert_eq!(reply.parameter("code"), None, "{error}");
}
