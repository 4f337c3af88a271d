//! SES (`SendEmail` of API v2), and the letter boxes of everybody that it sends to.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use http::{Method, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};
use shared::clock::{Clock, Time};

use super::MAIL_FROM;
use super::message::{Asked, escape, html, json};
use super::page::page;
use crate::answer::Answer;

/// The secret access key of a site on a laptop (`shared::config::Aws::local`).
const SECRET: &str = "local";

/// A letter that arrived.
#[derive(Clone, Debug, Serialize)]
pub struct Delivered {
    /// Whose letter box.
    pub to: String,
    /// Who wrote it.
    pub from: String,
    /// The subject line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// When it came.
    pub at: Time,
}

/// Everybody's letter box.
pub(super) struct Mailbox {
    clock: Clock,
    letters: Mutex<Vec<Delivered>>,
}

impl Mailbox {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, letters: Mutex::default() }
    }

    /// The newest first.
    pub(super) fn letters(&self) -> Vec<Delivered> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
    }

    /// Takes a letter that was sent to `path`, if it is signed, and from the one sender that is known.
    pub(super) fn take(&self, path: &str, asked: &Asked) -> Answer {
        if asked.method != Method::POST || asked.path != "/v2/email/outbound-emails" {
            return refused(StatusCode::NOT_FOUND, "UnknownOperationException");
        }
        if !is_signed(path, asked) {
            return refused(StatusCode::FORBIDDEN, "SignatureDoesNotMatch");
        }
        let Some(letter) = serde_json::from_str(&asked.body).ok().and_then(|body| self.read(&body)) else {
            return refused(StatusCode::BAD_REQUEST, "BadRequestException");
        };
        if letter.from != MAIL_FROM {
            return refused(StatusCode::BAD_REQUEST, "MailFromDomainNotVerifiedException");
        }
        let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
        letters.push(letter);
        json(StatusCode::OK, &json!({ "MessageId": format!("stand-in-{}", letters.len()) }))
    }

    /// One addressee, a subject and a text, as the site sends them.
    fn read(&self, body: &Value) -> Option<Delivered> {
        let text = |pointer: &str| body.pointer(pointer)?.as_str().map(str::to_owned);
        let [to] = body.pointer("/Destination/ToAddresses")?.as_array()?.as_slice() else { return None };
        Some(Delivered {
            to: to.as_str()?.to_owned(),
            from: text("/FromEmailAddress")?,
            subject: text("/Content/Simple/Subject/Data")?,
            text: text("/Content/Simple/Body/Text/Data")?,
            at: self.clock.now(),
        })
    }

    /// The letters, as a page or as JSON.
    pub(super) fn show(&self, asked: &Asked) -> Answer {
        let letters = self.letters();
        if !asked.wants_html() {
            return json(StatusCode::OK, &json!({ "letters": letters }));
        }
        let shown = letters.iter().map(|Delivered { to, subject, text, at, .. }| {
            let [to, subject, text] = [to, subject, text].map(|text| escape(text));
            format!("<article><h2>{subject}</h2><p><small>To {to}, {at}</small></p><pre>{text}</pre></article>")
        });
        let shown = shown.collect::<String>();
        let shown = if shown.is_empty() { "<p id=\"empty\">Nothing was written yet.</p>".to_owned() } else { shown };
        html(StatusCode::OK, page("Mailbox", &format!("<h1>Mailbox</h1>{shown}")))
    }
}

pub(super) fn refused(status: StatusCode, code: &'static str) -> Answer {
    let mut answer = json(status, &json!({ "message": "The stand-in for SES refuses it." }));
    answer.headers_mut().insert("x-amzn-errortype", header::HeaderValue::from_static(code));
    answer
}

/// Whether the request bears the signature that AWS would make of it (Signature Version 4: "Create a signed request").
fn is_signed(path: &str, asked: &Asked) -> bool {
    let Some(authorization) = asked.header(header::AUTHORIZATION) else { return false };
    let part = |name: &str| authorization.split([' ', ',']).find_map(|part| part.strip_prefix(name));
    let (Some(credential), Some(names), Some(signature)) =
        (part("Credential="), part("SignedHeaders="), part("Signature="))
    else {
        return false;
    };
    let Some((_, scope)) = credential.split_once('/') else { return false };
    let [day, region, "ses", "aws4_request"] = scope.split('/').collect::<Vec<_>>()[..] else { return false };
    let time = asked.header("x-amz-date").unwrap_or_default();
    let listed: Vec<_> = names.split(';').collect();
    if !time.starts_with(day) || !["host", "x-amz-date"].iter().all(|name| listed.contains(name)) {
        return false;
    }
    let header = |name: &&str| format!("{name}:{}\n", asked.header(*name).unwrap_or_default().trim());
    let headers: String = listed.iter().map(header).collect();
    let hash = |text: &str| HEXLOWER.encode(digest(&SHA256, text.as_bytes()).as_ref());
    let canonical = format!("{}\n{path}\n\n{headers}\n{names}\n{}", asked.method, hash(&asked.body));
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hash(&canonical));
    let mut key = format!("AWS4{SECRET}").into_bytes();
    for step in [day, region, "ses", "aws4_request", &to_sign] {
        let hmac_key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        key = hmac::sign(&hmac_key, step.as_bytes()).as_ref().to_vec();
    }
    HEXLOWER.encode(&key) == signature
}
