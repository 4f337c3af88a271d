//! Each stand-in against its system's own document.

mod bangumi;
mod faults;
mod oidc;
mod others;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use shared::clock::{Clock, Millis};
use shared::config::Issuer;
use shared::entropy::Entropy;
use url::Url;

use super::Fakes;

/// The stand-ins, and somebody who asks them as the site would.
struct Bench {
    fakes: Fakes,
    clock: Clock,
    http: Client,
}

/// What was answered.
struct Told {
    status: u16,
    location: String,
    body: String,
}

impl Told {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let url = Url::parse(&self.location).unwrap();
        url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }
}

impl Bench {
    async fn start() -> Self {
        let clock = Clock::manual(Millis(1_767_225_600_000));
        let issuer = Issuer::parse("http://localhost:3000").unwrap();
        let fakes = Fakes::start(&issuer, clock.clone(), Entropy::seeded(7)).await.unwrap();
        let http = Client::builder().tls_certs_only([]).redirect(Policy::none()).build().unwrap();
        Self { fakes, clock, http }
    }

    fn setting(&self, provider: &str, name: &str) -> String {
        self.fakes.settings()[provider][name].as_str().unwrap().to_owned()
    }

    fn base(&self, provider: &str, name: &str) -> String {
        self.fakes.settings()[provider]["addresses"][name].as_str().unwrap().to_owned()
    }

    fn callback(provider: &str) -> String {
        format!("http://localhost:3000/connect/{provider}/callback")
    }

    /// `?…`, with what every request to `provider` may need filled in: `ID`, `SECRET` and `BACK`.
    fn fill<'p>(&self, provider: &str, pairs: &[(&'p str, &str)]) -> Vec<(&'p str, String)> {
        let value = |value: &str| match value {
            "ID" => self.setting(provider, "client_id"),
            "SECRET" => self.setting(provider, "client_secret"),
            "BACK" => Self::callback(provider),
            other => other.to_owned(),
        };
        pairs.iter().map(|(name, text)| (*name, value(text))).collect()
    }

    async fn send(&self, request: RequestBuilder) -> Told {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let location = headers.get("location").map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
        Told { status, location, body: response.text().await.unwrap() }
    }

    async fn get(&self, url: &str) -> Told {
        self.send(self.http.get(url)).await
    }

    async fn form(&self, url: &str, pairs: &[(&str, String)]) -> Told {
        self.send(self.http.post(url).form(pairs)).await
    }

    /// Sends what the page to sign in on sends.
    async fn decide(&self, url: &str, name: &str, decision: &str) -> Told {
        self.form(url, &[("name", name.to_owned()), ("decision", decision.to_owned())]).await
    }

    /// The code of whoever signs in by that name.
    async fn code(&self, url: &str, name: &str) -> String {
        let page = self.get(url).await;
        assert_eq!(page.status, 200, "{}", page.body);
        for id in ["id=\"sign-in\"", "id=\"name\"", "id=\"allow\"", "id=\"refuse\"", "method=\"post\"", "stands in"] {
            assert!(page.body.contains(id), "{id}");
        }
        assert!(!page.body.contains("<script"));
        let back = self.decide(url, name, "allow").await;
        assert_eq!(back.status, 302, "{}", back.body);
        assert!(back.location.starts_with("http://localhost:3000/connect/"), "{}", back.location);
        assert_eq!(back.parameter("state").as_deref(), Some("xyz"));
        back.parameter("code").unwrap()
    }
}

/// An address with its parameters.
fn with(url: &str, pairs: &[(&str, String)]) -> String {
    let mut url = Url::parse(url).unwrap();
    url.query_pairs_mut().extend_pairs(pairs);
    url.into()
}
