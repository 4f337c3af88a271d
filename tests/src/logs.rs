//! Everything that the suite logs, as a Lambda would log it, and whether there is a secret in it.
//!
//! Every site of the suite logs here. What is no id of ours and no number is kept once, however often it is logged, and
//! looked through in two ways: at once for whatever looks like a secret; and when a site ends, for every password, token,
//! code, cookie and name that went to or came from it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use data_encoding::BASE64;
use serde_json::Value;
use shared::id::{ClientId, UserId};

use super::Reply;

/// Parameters and members that nobody may log. A name may be an e-mail address.
const SECRET: &[&str] = &[
    "access_token",
    "client_assertion",
    "client_secret",
    "client_secrets",
    "code",
    "code_verifier",
    "continue",
    "csrf",
    "device_code",
    "email",
    "id_token",
    "id_token_hint",
    "new",
    "new_password",
    "nonce",
    "old",
    "old_password",
    "password",
    "phone",
    "phone_number",
    "refresh_token",
    "registration_access_token",
    "request",
    "request_uri",
    "resume",
    "secret",
    "token",
    "user_code",
    "username",
];

/// Whether a text can be told from what is logged anyhow: from the words of a sentence, and from routes.
fn is_telling(text: &str) -> bool {
    let word = text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    text.len() >= 8 && !word && !text.starts_with('/')
}

static LOG: LazyLock<Mutex<Log>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Log {
    /// By request.
    lines: HashMap<String, Vec<Value>>,
    /// Without what differs each time.
    distinct: BTreeSet<String>,
    /// What looks like a secret, with its line.
    suspicious: Vec<(String, String)>,
    /// By the port of the site that they belong to.
    secrets: HashMap<u16, BTreeSet<String>>,
}

fn log() -> MutexGuard<'static, Log> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on the process logs here.
pub fn listen() {
    shared::log::start(|line| log().add(line));
}

/// Forgets the lines of all requests so far: for runs so long that they would fill the memory.
pub fn forget() {
    log().lines.clear();
}

/// A site's secrets. When it is dropped, none of them may have been logged.
pub struct Watch {
    port: u16,
}

impl Watch {
    /// Watches over the site at `port`.
    pub fn start(port: u16) -> Self {
        log().secrets.insert(port, BTreeSet::new());
        Self { port }
    }

    /// Nobody may log this.
    pub fn over(&self, secret: &str) {
        log().learn(self.port, secret);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let leaks = {
            let mut log = log();
            let secrets = log.secrets.remove(&self.port).unwrap_or_default();
            let named = log.distinct.iter().flat_map(|line| {
                let leaked = secrets.iter().filter(|secret| line.contains(secret.as_str()));
                leaked.map(|secret| (secret.clone(), line.clone()))
            });
            named.chain(log.suspicious.iter().cloned()).collect::<Vec<_>>()
        };
        if !leaks.is_empty() && !std::thread::panicking() {
            panic!("logged, and should not be: {leaks:#?}");
        }
    }
}

impl Log {
    fn add(&mut self, line: &str) {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| Value::from(line));
        let essence = essence(line.clone());
        if self.distinct.insert(essence.clone())
            && let Some(what) = suspicious(&essence)
        {
            self.suspicious.push((what.to_owned(), essence));
        }
        let id = line["request_id"].as_str().unwrap_or_default().to_owned();
        self.lines.entry(id).or_default().push(line);
    }

    fn learn(&mut self, port: u16, secret: &str) {
        if let Some(secrets) = self.secrets.get_mut(&port).filter(|_| is_telling(secret)) {
            secrets.insert(secret.to_owned());
        }
    }
}

/// A line without what differs each time and says nothing: ids that are ids, and times.
fn essence(mut line: Value) -> String {
    if let Some(members) = line.as_object_mut() {
        members.retain(|name, value| {
            let text = value.as_str().unwrap_or_default();
            match name.as_str() {
                "duration_ms" => !value.is_number(),
                "gateway_id" | "request_id" => text.len() != "JKJaXmPLvHcESHA=".len(),
                "client" => text.parse::<ClientId>().is_err(),
                "user" => text.parse::<UserId>().is_err(),
                "_aws" => false,
                _ => true,
            }
        });
    }
    line.to_string()
}

/// What looks like a secret: a JWT, an e-mail address, a phone number, anything long and random; or a client or user
/// that is not named by an id.
pub fn suspicious(line: &str) -> Option<&str> {
    let runs = |kept: fn(char) -> bool| line.split(move |c| !kept(c));
    let base64 = runs(|c| c.is_ascii_alphanumeric() || "-_".contains(c)).find(|run| run.len() >= 40);
    let words = || line.split(|c: char| c.is_whitespace() || "\"'<>()[]{},:;".contains(c));
    let jwt = words().find(|word| word.starts_with("eyJ") && word.len() > 20);
    let email = words().find(|word| word.contains('@'));
    let phone = runs(|c| c.is_ascii_digit()).find(|digits| digits.len() >= 8);
    let named = ["\"client\":", "\"user\":"].into_iter().find(|member| line.contains(member));
    base64.or(jwt).or(email).or(phone).or(named)
}

/// The lines of the request of that id; that of an answer is in its header `apigw-requestid`.
pub fn of(request_id: &str) -> Vec<Value> {
    log().lines.get(request_id).cloned().unwrap_or_default()
}

/// Everything logged so far, each line once and without what differs each time.
pub fn everything() -> Vec<String> {
    log().distinct.iter().cloned().collect()
}

/// Notes what a request must not have logged.
pub(super) fn sent(request: &reqwest::Request) {
    let Some(port) = request.url().port() else { return };
    let body = request.body().and_then(reqwest::Body::as_bytes).unwrap_or_default();
    let mut found: Vec<String> = request.url().query_pairs().filter_map(secret).collect();
    match serde_json::from_slice(body) {
        Ok(json) => secrets_of(&json, &mut found),
        Err(_) => found.extend(form_urlencoded::parse(body).filter_map(secret)),
    }
    for header in ["authorization", "cookie"] {
        for value in request.headers().get_all(header).iter().filter_map(|value| value.to_str().ok()) {
            for word in value.split([' ', ';', '=']) {
                let decoded = BASE64.decode(word.as_bytes()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                found.extend(decoded.iter().filter_map(|pair| pair.split_once(':')).map(|(_, it)| it.to_owned()));
                found.push(word.to_owned());
            }
        }
    }
    let mut log = log();
    found.iter().for_each(|secret| log.learn(port, secret));
}

/// Notes what answering with `reply` must not have logged.
pub(super) fn answered(port: u16, reply: &Reply) {
    let mut found = Vec::new();
    if let Ok(json) = serde_json::from_str(&reply.body) {
        secrets_of(&json, &mut found);
    }
    for cookie in reply.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()) {
        let value = cookie.split(';').next().and_then(|pair| pair.split_once('='));
        found.extend(value.map(|(_, value)| value.to_owned()));
    }
    let location = reply.headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
    for query in location.split(['?', '#']).skip(1) {
        found.extend(form_urlencoded::parse(query.as_bytes()).filter_map(secret));
    }
    // What a page's form sends on.
    for field in reply.body.split("<input type=\"hidden\" name=\"").skip(1) {
        let mut parts = field.split('"');
        if let (Some(name), Some(value)) = (parts.next(), parts.nth(1)) {
            found.extend(secret((name.into(), value.into())));
        }
    }
    let mut log = log();
    found.iter().for_each(|secret| log.learn(port, secret));
}

fn secret((name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)) -> Option<String> {
    SECRET.contains(&&*name).then(|| value.into_owned())
}

fn secrets_of(json: &Value, found: &mut Vec<String>) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if SECRET.contains(&name.as_str()) => found.push(text.clone()),
                    value => secrets_of(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| secrets_of(value, found)),
        _ => {}
    }
}
