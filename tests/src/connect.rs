//! Accounts elsewhere, at the stand-ins for their providers.

use serde_json::Value;

use super::{Browser, Reply, TestSite};

/// Everybody's stand-ins.
pub const PROVIDERS: [&str; 6] = ["bangumi", "weibo", "acwing", "lianluo", "6park", "oidc"];

impl Browser<'_> {
    /// Signs in as `name` at the provider's page `href`. Gives the address that the browser is sent back to.
    pub async fn allow_there(&self, href: &str, name: &str) -> String {
        self.decide_there(href, name, "allow").await
    }

    /// Signs in there, or refuses.
    pub async fn decide_there(&self, href: &str, name: &str, decision: &str) -> String {
        let form = [("name", name), ("decision", decision)];
        Reply::to(self.http.post(href).form(&form)).await.location().to_owned()
    }

    /// Begins to sign in with a provider. Gives the address of its page.
    pub async fn begin(&self, provider: &str) -> String {
        self.open(&format!("/connect/{provider}?intent=sign_in")).await.location().to_owned()
    }

    /// Signs in with a provider as `name`: what the callback answers.
    pub async fn come_from(&self, provider: &str, name: &str) -> Reply {
        let there = self.begin(provider).await;
        let back = self.allow_there(&there, name).await;
        self.open(&back).await
    }

    /// Begins to bind an account of a provider, on the page. Gives the address of the provider's.
    pub async fn begin_to_bind(&self, provider: &str) -> String {
        let page = self.open(&format!("/connect/{provider}?intent=bind")).await;
        let (path, csrf) = (format!("/connect/{provider}"), page.input("csrf"));
        self.submit(&path, &[("csrf", &csrf), ("intent", "bind")]).await.location().to_owned()
    }

    /// Binds the account `name` of a provider: what the callback answers.
    pub async fn bind(&self, provider: &str, name: &str) -> Reply {
        let there = self.begin_to_bind(provider).await;
        let back = self.allow_there(&there, name).await;
        self.open(&back).await
    }

    /// Decides what becomes of a pending account.
    pub async fn choose(&self, provider: &str, action: &str, fields: &[(&str, &str)]) -> Reply {
        let path = format!("/connect/{provider}/pending");
        let csrf = self.open("/login").await.input("csrf");
        self.submit(&path, &[&[("csrf", csrf.as_str()), ("action", action)], fields].concat()).await
    }

    /// Comes from a provider as `name`, and creates an account.
    pub async fn join_from(&self, provider: &str, name: &str, username: &str) {
        let pending = self.come_from(provider, name).await;
        assert_eq!(pending.location(), format!("/connect/{provider}/pending"));
        let created = self.choose(provider, "create", &[("username", username)]).await;
        assert_eq!(created.status, 303, "{}", created.body);
    }

    /// Who is signed in, as they see themselves; null, if nobody is.
    pub async fn me(&self) -> Value {
        let reply = self.ask("/account").await;
        if reply.status == 200 { reply.json() } else { Value::Null }
    }

    /// A GET of a program.
    pub async fn ask(&self, path: &str) -> Reply {
        Reply::to(self.http.get(self.site.url(path))).await
    }

    /// A POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        Reply::to(self.http.post(self.site.url(path)).json(body)).await
    }

    /// A DELETE.
    pub async fn delete(&self, path: &str) -> Reply {
        Reply::to(self.http.delete(self.site.url(path))).await
    }
}

impl TestSite {
    /// A browser in which a new user has just signed in with their password.
    pub async fn member(&self, username: &str) -> Browser<'_> {
        let user = self.register(username).await;
        let browser = self.browser();
        browser.sign_in(&user).await;
        browser
    }
}
