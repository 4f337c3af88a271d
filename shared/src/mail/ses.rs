//! SES's `SendEmail` (Amazon SES API v2), and nothing else of it.
//!
//! Without SES's SDK: a function is small so that it starts quickly, and what the SDK would add to say one thing is more
//! than the request itself, signed with what signs the table's (AWS Signature Version 4).

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Method, Request};
use reqwest::Client;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::letter::{Letter, Words};
use crate::aws::{self, Roots};
use crate::clock::Millis;
use crate::config::{Aws, MailSettings};

const PATH: &str = "/v2/email/outbound-emails";

/// Why SES did not take a letter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It did not answer in time.
    #[error("SES did not answer in time")]
    Unreachable,
    /// It answered something else than that it will send it.
    #[error("SES answered {status} {code}")]
    Refused {
        /// The answer's status.
        status: u16,
        /// `MessageRejected`, `MailFromDomainNotVerifiedException`, …: a word, since the sentence has the address in it.
        code: String,
    },
    /// Nothing was asked: the credentials or the roots are no good.
    #[error("SES can't be asked: {0}")]
    NotAsked(&'static str),
}

/// The way to people's letter boxes.
pub struct Mailer {
    settings: MailSettings,
    url: String,
    /// Who sends, where many functions run in one process.
    caller: Option<String>,
    client: Arc<OnceLock<Client>>,
}

impl Mailer {
    /// A mailer. It asks nobody before its first letter.
    pub fn new(settings: MailSettings) -> Self {
        let base = match &settings.aws.endpoint {
            Some(endpoint) => endpoint.url.trim_end_matches('/').to_owned(),
            None => format!("https://email.{}.amazonaws.com", settings.aws.region),
        };
        Self { settings, url: base + PATH, caller: None, client: Arc::default() }
    }

    /// The same for one of many functions in a process, whose name it carries in its `User-Agent`.
    #[must_use]
    pub fn named(&self, caller: &str) -> Self {
        let Self { settings, url, client, .. } = self;
        let (settings, url, client) = (settings.clone(), url.clone(), Arc::clone(client));
        Self { settings, url, caller: Some(caller.to_owned()), client }
    }

    /// Hands SES a letter of the site `issuer`.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn send(&self, letter: &Letter, issuer: &str, now: Millis) -> Result<(), MailError> {
        let request = self.request(&letter.to, &letter.words(issuer), now)?;
        let request = reqwest::Request::try_from(request).map_err(|_| MailError::NotAsked("the endpoint is no URL"))?;
        let answer = self.client()?.execute(request).await.map_err(|_| MailError::Unreachable)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let code = answer.headers().get("x-amzn-errortype").and_then(|code| code.to_str().ok()).unwrap_or_default();
        // `MessageRejected:http://…`, in some of AWS's answers.
        let code = code.split(':').next().unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).take(64);
        Err(MailError::Refused { status: status.as_u16(), code: code.collect() })
    }

    fn client(&self) -> Result<&Client, MailError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let roots = Roots::of(self.settings.aws.endpoint.as_ref());
        let client = roots.ok().and_then(|roots| aws::client(&roots).ok());
        let client = client.ok_or(MailError::NotAsked("the roots can't be read"))?;
        Ok(self.client.get_or_init(|| client))
    }

    /// The request, signed.
    fn request(&self, to: &str, words: &Words, now: Millis) -> Result<Request<Vec<u8>>, MailError> {
        let text = |text: &str| json!({ "Data": text, "Charset": "UTF-8" });
        let body = json!({
            "FromEmailAddress": self.settings.from,
            "Destination": { "ToAddresses": [to] },
            "Content": { "Simple": { "Subject": text(&words.subject), "Body": { "Text": text(&words.body) } } },
        });
        let body = body.to_string().into_bytes();
        let unsigned = |_| MailError::NotAsked("the request can't be signed");
        let signable = SignableRequest::new(
            "POST",
            &self.url,
            [("content-type", "application/json")].into_iter(),
            SignableBody::Bytes(&body),
        );
        let Aws { region, access_key_id, secret_access_key, session_token, .. } = &self.settings.aws;
        let session = session_token.as_ref().map(|token| token.expose_secret().to_owned());
        let secret = secret_access_key.expose_secret();
        let identity = Credentials::new(access_key_id, secret, session, None, "lambda").into();
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).unwrap_or_default());
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name("ses")
            .time(time)
            .settings(SigningSettings::default())
            .build()
            .map_err(|_| MailError::NotAsked("the credentials are incomplete"))?;
        let (signature, _) = sign(signable.map_err(unsigned)?, &params.into()).map_err(unsigned)?.into_parts();
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.parse().map_err(|_| MailError::NotAsked("the endpoint is no URL"))?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        signature.apply_to_request_http1x(&mut request);
        if let Some(caller) = self.caller.as_deref().and_then(|caller| format!("bangumoe app/{caller}").parse().ok()) {
            request.headers_mut().insert(USER_AGENT, caller);
        }
        Ok(request)
    }
}
