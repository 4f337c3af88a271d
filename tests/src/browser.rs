//! A browser: it keeps cookies, reads pages and sends their forms. It follows no redirect by itself.

use std::sync::Arc;

use reqwest::cookie::Jar;
use reqwest::redirect::Policy;

use super::flow::{Client, Tokens, User, VERIFIER};
use super::{Reply, TestSite};

/// Somebody's browser.
pub struct Browser<'s> {
    pub(super) site: &'s TestSite,
    /// The client with its cookies.
    pub http: reqwest::Client,
    cookies: Arc<Jar>,
}

impl<'s> Browser<'s> {
    pub(super) fn new(site: &'s TestSite) -> Self {
        let cookies = Arc::new(Jar::default());
        let http = crate::http_client().cookie_provider(Arc::clone(&cookies)).redirect(Policy::none());
        Self { site, http: http.build().unwrap(), cookies }
    }

    /// Takes a cookie, as if the site had set it: `name=value`.
    pub fn accept(&self, cookie: &str) {
        self.cookies.add_cookie_str(cookie, &self.site.url("/").parse().unwrap());
    }

    /// Opens a page. Takes a path, or an address on the site.
    pub async fn open(&self, path: &str) -> Reply {
        let url = if path.starts_with('/') { self.site.url(path) } else { path.to_owned() };
        Reply::to(self.http.get(url).header("accept", "text/html")).await
    }

    /// Sends a form as a page of the site would.
    pub async fn submit(&self, path: &str, pairs: &[(&str, &str)]) -> Reply {
        self.submit_from(path, pairs, self.site.issuer()).await
    }

    /// Sends a form from a page at `origin`.
    pub async fn submit_from(&self, path: &str, pairs: &[(&str, &str)], origin: &str) -> Reply {
        let request = self.http.post(self.site.url(path)).header("accept", "text/html").header("origin", origin);
        Reply::to(request.form(pairs)).await
    }

    /// Signs in on the page, with no error.
    pub async fn sign_in(&self, user: &User) {
        let page = self.open("/login").await;
        let reply = self.fill_login(&page, user).await;
        assert_eq!(reply.status, 303, "{}", reply.body);
    }

    /// Fills the sign-in page in, and sends it.
    pub async fn fill_login(&self, page: &Reply, user: &User) -> Reply {
        let csrf = page.input("csrf");
        let mut pairs = vec![("csrf", csrf.as_str()), ("username", &user.username), ("password", &user.password)];
        let go_on = if page.body.contains("name=\"continue\"") { page.input("continue") } else { String::new() };
        if !go_on.is_empty() {
            pairs.push(("continue", &go_on));
        }
        self.submit("/login", &pairs).await
    }

    /// Opens the authorization endpoint with `query`.
    pub async fn authorize(&self, query: &str) -> Reply {
        self.open(&format!("/oauth2/authorize?{query}")).await
    }

    /// Says `allow` or `deny` on a consent page.
    pub async fn decide(&self, page: &Reply, decision: &str) -> Reply {
        let (csrf, request) = (page.input("csrf"), page.input("request"));
        let pairs = [("csrf", csrf.as_str()), ("request", &request), ("decision", decision)];
        self.submit("/oauth2/authorize", &pairs).await
    }

    /// Goes all the way to the redirect back: consents where asked. Somebody must be signed in.
    pub async fn authorize_fully(&self, query: &str) -> Reply {
        let reply = self.authorize(query).await;
        if reply.status == 200 { self.decide(&reply, "allow").await } else { reply }
    }

    /// A code for `scope`, with PKCE.
    pub async fn code(&self, client: &Client, scope: &str) -> String {
        let reply = self.authorize_fully(&client.query(scope)).await;
        reply.parameter("code").unwrap_or_else(|| panic!("no code: {}", reply.location()))
    }

    /// The tokens of such a code.
    pub async fn authorize_and_redeem(&self, client: &Client, scope: &str) -> Tokens {
        let code = self.code(client, scope).await;
        Tokens::read(&self.site.redeem(client, &code, VERIFIER).await)
    }
}
