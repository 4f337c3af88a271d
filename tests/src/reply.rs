//! An answer, read whole.

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::{contract, logs};

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// The path that was asked for.
    pub path: String,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Reply {
    /// Sends a request, and reads what it is answered.
    pub async fn to(request: reqwest::RequestBuilder) -> Self {
        let (client, request) = request.build_split();
        let request = request.unwrap();
        logs::sent(&request);
        let method = request.method().clone();
        let reply = Self::read(client.execute(request).await.unwrap()).await;
        contract::check(&method, &reply);
        reply
    }

    /// Reads a response to its end.
    pub async fn read(response: reqwest::Response) -> Self {
        let path = response.url().path().to_owned();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let port = response.url().port();
        let body = response.text().await.unwrap();
        let reply = Self { path, status, headers, body };
        if let Some(port) = port {
            logs::answered(port, &reply);
        }
        reply
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.body))
    }

    /// A header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The `Set-Cookie` of that cookie.
    pub fn set_cookie(&self, name: &str) -> Option<String> {
        let cookies = self.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        cookies.filter(|cookie| cookie.starts_with(&format!("{name}="))).map(str::to_owned).next()
    }

    /// The protocol's error code.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    /// The fields that a 409 or 422 names.
    pub fn wrong_fields(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
    }

    /// Where a redirect leads.
    pub fn location(&self) -> &str {
        assert!((300..400).contains(&self.status), "no redirect: {} {}", self.status, self.body);
        self.header("location")
    }

    /// A parameter of the redirect's query.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(self.location()).unwrap();
        url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
    }

    /// A parameter of the redirect's fragment.
    pub fn fragment(&self, name: &str) -> Option<String> {
        let (_, fragment) = self.location().split_once('#')?;
        let pairs = form_urlencoded::parse(fragment.as_bytes());
        pairs.into_iter().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
    }

    /// The value of the page's input of that name: what a browser would send back.
    pub fn input(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\"");
        let at = self.body.find(&marker).unwrap_or_else(|| panic!("no input {name}: {} {}", self.status, self.body));
        let start = self.body[..at].rfind('<').unwrap();
        let tag = &self.body[start..start + self.body[start..].find('>').unwrap()];
        let value = tag.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let value = value.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">");
        // Last: what it makes is no reference.
        value.replace("&#38;", "&")
    }

    /// The `href` of the page's link of that id.
    pub fn href(&self, id: &str) -> String {
        let at = self.body.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no link {id}: {}", self.body));
        let start = self.body[..at].rfind('<').unwrap();
        let tag = &self.body[start..start + self.body[start..].find('>').unwrap()];
        let href = tag.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        href.replace("&#38;", "&").replace("&amp;", "&")
    }
}
