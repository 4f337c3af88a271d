//! The one client that runs all providers: to the provider, back with a code, and again for new tokens.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use secrecy::{ExposeSecret as _, SecretString};
use url::{Url, form_urlencoded};

use super::file::{self, Body, ClientAuthentication, Request, Source};
use super::providers::Provider;
use super::reply::{self, Answers, Failure};
use super::template::{Hole, Location, Template};
use super::{Attempting, Claims, Identified, Subject, Tokens, UpstreamError, json};
use crate::app::App;
use crate::entropy::Entropy;
use crate::fetch::{Answered, Outgoing};

/// How long all that one call here asks may take together.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an answer may be, in bytes.
const LIMIT: usize = 1024 * 1024;
/// What is asked with a code that came by a browser.
const IDENTIFY: &str = "identify";

impl Provider {
    /// A fresh code verifier (RFC 7636 §4.1), where the provider has PKCE.
    pub fn code_verifier(&self, entropy: &Entropy) -> Option<String> {
        self.file.pkce.unwrap_or(self.is_oidc()).then(|| BASE64URL_NOPAD.encode(&entropy.bytes::<32>()))
    }

    /// A fresh nonce (OpenID Connect Core §3.1.2.1), where the provider has one.
    pub fn nonce(&self, entropy: &Entropy) -> Option<String> {
        self.has_nonce().then(|| BASE64URL_NOPAD.encode(&entropy.bytes::<16>()))
    }

    pub(super) fn has_nonce(&self) -> bool {
        self.file.nonce.unwrap_or(self.is_oidc())
    }

    /// Where the browser goes. An OpenID Connect provider may be asked first where that is.
    ///
    /// # Errors
    /// [`UpstreamError::Unavailable`], [`UpstreamError::Busy`], [`UpstreamError::Malformed`], for such a provider.
    pub async fn authorize_url(&self, app: &App, attempt: &Attempting) -> Result<Url, UpstreamError> {
        let values = Values { attempt: Some(attempt), ..Values::of(self) };
        if self.is_oidc() {
            let document = self.guarded(app, "discovery", self.discover(app)).await?;
            return self.authorization(&document.authorization_endpoint, &values, self.oidc_parameters(&values));
        }
        let mut parameters = Vec::new();
        for (name, template) in &self.file.authorize.parameters {
            parameters
                .push((name.as_str(), values.fill(template).map_err(|failure| self.failed("authorize", failure))?));
        }
        let url =
            self.located(self.file.authorize.url.as_ref()).map_err(|failure| self.failed("authorize", failure))?;
        self.authorization(&url, &values, parameters)
    }

    fn authorization(
        &self,
        url: &str,
        values: &Values<'_>,
        parameters: Vec<(&str, String)>,
    ) -> Result<Url, UpstreamError> {
        let failed = |why| self.failed("authorize", Failure::malformed(why));
        let mut url = Url::parse(url).map_err(|_| failed("its address is none"))?;
        let mut query = url.query_pairs_mut();
        query.extend_pairs(parameters);
        if self.file.pkce.unwrap_or(self.is_oidc()) {
            let challenge = values.challenge().ok_or_else(|| failed("there is no code verifier"))?;
            query.append_pair("code_challenge", &challenge).append_pair("code_challenge_method", "S256");
        }
        drop(query);
        Ok(url)
    }

    /// Who comes back with this code. Everything is checked, nothing is stored.
    ///
    /// # Errors
    /// [`UpstreamError`].
    pub async fn identify(&self, app: &App, code: &str, attempt: &Attempting) -> Result<Identified, UpstreamError> {
        self.guarded(app, IDENTIFY, self.exchange(app, code, attempt)).await
    }

    async fn exchange(&self, app: &App, code: &str, attempt: &Attempting) -> Result<Identified, Failure> {
        let values = Values { attempt: Some(attempt), code: Some(code), ..Values::of(self) };
        let token = if self.is_oidc() {
            let document = self.discover(app).await?;
            self.ask(&document.token_endpoint, &self.oidc_token_request("authorization_code"), &values).await?
        } else {
            let request = self.file.token.as_ref().ok_or(Failure::malformed("its file has no token request"))?;
            self.ask(&self.located(request.url.as_ref())?, request, &values).await?
        };
        let token = reply::read(&token, self.success(self.file.token.as_ref()), &self.file.errors)?;
        let tokens = reply::tokens(token, app.clock.now())?;
        let (subject, claims) = match self.is_oidc() {
            true => self.who_is_signed(app, token, &tokens, attempt).await?,
            false => self.who_answers(token, &tokens).await?,
        };
        Ok(Identified { subject, claims, tokens: self.keeps_tokens().then_some(tokens) })
    }

    async fn who_answers(&self, token: &str, tokens: &Tokens) -> Result<(Subject, Claims), Failure> {
        let answers = Answers { token: Some(token), ..Answers::default() };
        // Who it is, is all that is needed: where that is known, or the profile does not say it, nobody is asked for more.
        let known = self.subject(&answers)?;
        let elsewhere = self.file.subject.iter().any(|place| place.source == Source::Profile);
        let profile = match &self.file.profile {
            Some(request) if known.is_none() && elsewhere => Some(self.profile(request, token, tokens).await?),
            _ => None,
        };
        let answers = Answers { profile: profile.as_deref(), ..answers };
        let subject = self.subject(&answers)?.ok_or(Failure::malformed("it does not say who it is"))?;
        Ok((subject, answers.claims(&self.file.claims)))
    }

    async fn profile(&self, request: &Request, token: &str, tokens: &Tokens) -> Result<String, Failure> {
        let access_token = Some(tokens.access_token.expose_secret());
        let values = Values { access_token, token: Some(token), ..Values::of(self) };
        let answered = self.ask(&self.located(request.url.as_ref())?, request, &values).await?;
        let json =
            reply::read(&answered, &request.success, &self.file.errors).map_err(|failure| match failure.error {
                // The token is seconds old: that it is refused says nothing about what it was got with.
                UpstreamError::InvalidGrant => Failure { error: UpstreamError::Malformed, ..failure },
                _ => failure,
            })?;
        Ok(json.to_owned())
    }

    /// Who the answers say it is: at the first place where something is. If others say something else, it is nobody.
    pub(super) fn subject(&self, answers: &Answers<'_>) -> Result<Option<Subject>, Failure> {
        let mut found: Option<Subject> = None;
        for place in &self.file.subject {
            let Some(raw) = answers.at(place.source, &place.pointer) else { continue };
            let subject = Subject::from_json(raw).ok_or(Failure::malformed("what it calls its user is no name"))?;
            if found.as_ref().is_some_and(|found| *found != subject) {
                return Err(Failure::malformed("its answers are about two people"));
            }
            found = Some(subject);
        }
        Ok(found)
    }

    /// New tokens of `subject`. Where the provider gives no new refresh token, the old one is still good (RFC 6749 §6).
    ///
    /// # Errors
    /// [`UpstreamError`]; [`UpstreamError::InvalidGrant`] alone means that nobody can renew them any more.
    pub async fn refresh(
        &self,
        app: &App,
        refresh_token: &SecretString,
        subject: &Subject,
    ) -> Result<Tokens, UpstreamError> {
        self.guarded(app, "refresh", self.renew(app, refresh_token, subject)).await
    }

    async fn renew(&self, app: &App, refresh_token: &SecretString, subject: &Subject) -> Result<Tokens, Failure> {
        let request =
            self.file.refresh.as_ref().ok_or(Failure::malformed("its file does not say how tokens are renewed"))?;
        let values = Values { refresh_token: Some(refresh_token.expose_secret()), ..Values::of(self) };
        let answered = if self.is_oidc() {
            let document = self.discover(app).await?;
            self.ask(&document.token_endpoint, &self.oidc_token_request("refresh_token"), &values).await?
        } else {
            self.ask(&self.located(request.url.as_ref())?, request, &values).await?
        };
        let json = reply::read(&answered, &request.success, &self.file.errors)?;
        let tokens = reply::tokens(json, app.clock.now())?;
        let said = match self.is_oidc() {
            true => self.who_is_renewed(json)?,
            false => self.subject(&Answers { token: Some(json), ..Answers::default() })?,
        };
        // Else one person's tokens would be another's from then on.
        if said.is_some_and(|said| said != *subject) {
            return Err(Failure::malformed("the new tokens are somebody else's"));
        }
        Ok(Tokens { refresh_token: tokens.refresh_token.or_else(|| Some(refresh_token.clone())), ..tokens })
    }

    /// Asks the provider something, unless it has not answered for a while, and not for longer than [`PATIENCE`].
    pub(super) async fn guarded<T>(
        &self,
        app: &App,
        what: &'static str,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, UpstreamError> {
        if !self.breaker.allows(app.clock.now()) {
            return Err(self.failed(what, Failure::unavailable("it did not answer before, and is not asked now")));
        }
        let outcome = tokio::time::timeout(PATIENCE, work).await;
        let outcome = outcome.unwrap_or(Err(Failure::unavailable("it did not answer in time")));
        match &outcome {
            Err(Failure { error: UpstreamError::Unavailable | UpstreamError::Busy, status, .. }) => {
                // Codes are made up by anybody. What they make a provider answer, 429 or 500, must not keep everybody
                // else from it; that it says nothing at all is no code's doing.
                if what != IDENTIFY || *status == 0 {
                    self.breaker.note(false, app.clock.now());
                }
            }
            _ => self.breaker.note(true, app.clock.now()),
        }
        outcome.map_err(|failure| self.failed(what, failure))
    }

    pub(super) fn failed(&self, what: &'static str, failure: Failure) -> UpstreamError {
        let Failure { error, why, status } = failure;
        tracing::warn!(provider = %self.id, what, why, status, "a provider did not do what it was asked for");
        error
    }

    fn located(&self, location: Option<&Location>) -> Result<String, Failure> {
        let location = location.ok_or(Failure::malformed("its file has no address"))?;
        let base = self.addresses.get(&location.base).ok_or(Failure::malformed("its file has no address"))?;
        Ok(format!("{}{}", base.trim_end_matches('/'), location.rest))
    }

    fn success<'a>(&self, request: Option<&'a Request>) -> &'a [u16] {
        request.map_or(&[200], |request| &request.success)
    }

    /// Sends a request of the file.
    pub(super) async fn ask(&self, url: &str, request: &Request, values: &Values<'_>) -> Result<Answered, Failure> {
        let mut parameters = Vec::new();
        for (name, template) in &request.parameters {
            parameters.push((name.as_str(), values.fill(template)?));
        }
        // RFC 7636 §4.5.
        if let (true, Some(_)) = (self.file.pkce.unwrap_or(self.is_oidc()), values.code) {
            let verifier = values.attempt.and_then(|attempt| attempt.code_verifier.clone());
            parameters.push(("code_verifier", verifier.ok_or(Failure::malformed("there is no code verifier"))?));
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(authorization) = self.authorization_header(request, values) {
            let mut value = HeaderValue::from_str(&authorization)
                .map_err(|_| Failure::malformed("a token has characters that no header can have"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let (method, body) = request.shape(values.access_token.is_some());
        let mut url = Url::parse(url).map_err(|_| Failure::malformed("its address is none"))?;
        let body = match body {
            Body::Query => {
                if !parameters.is_empty() {
                    url.query_pairs_mut().extend_pairs(&parameters);
                }
                None
            }
            Body::Form => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
                Some(form_urlencoded::Serializer::new(String::new()).extend_pairs(&parameters).finish())
            }
            Body::Json => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                let object: serde_json::Map<_, _> =
                    parameters.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
                Some(serde_json::Value::from(object).to_string())
            }
        };
        let method = match method {
            file::Method::Get => Method::GET,
            file::Method::Post => Method::POST,
        };
        Ok(self.fetcher.exchange(Outgoing { method, url: url.into(), headers, body }, LIMIT).await?)
    }

    fn authorization_header(&self, request: &Request, values: &Values<'_>) -> Option<String> {
        if let (true, Some(token)) = (request.bearer, values.access_token) {
            return Some(format!("Bearer {token}"));
        }
        let (id, secret) = (self.client_id.as_str(), self.client_secret.expose_secret());
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = match request.client_authentication? {
            // RFC 6749 §2.3.1.
            ClientAuthentication::Basic => format!("{}:{}", encoded(id), encoded(secret)),
            ClientAuthentication::BasicUnencoded => format!("{id}:{secret}"),
            ClientAuthentication::Parameters => return None,
        };
        Some(format!("Basic {}", BASE64.encode(pair.as_bytes())))
    }
}

/// What the places in a file's templates are filled with.
pub(super) struct Values<'a> {
    provider: &'a Provider,
    pub(super) attempt: Option<&'a Attempting>,
    code: Option<&'a str>,
    access_token: Option<&'a str>,
    refresh_token: Option<&'a str>,
    /// The token request's answer.
    token: Option<&'a str>,
}

impl<'a> Values<'a> {
    pub(super) fn of(provider: &'a Provider) -> Self {
        Self { provider, attempt: None, code: None, access_token: None, refresh_token: None, token: None }
    }

    fn fill(&self, template: &Template) -> Result<String, Failure> {
        template.fill(|hole| self.value(hole)).ok_or(Failure::malformed("something that its file wants is not there"))
    }

    fn value(&self, hole: &Hole) -> Option<String> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        match hole {
            Hole::ClientId => Some(self.provider.client_id.clone()),
            Hole::ClientSecret => owned(Some(self.provider.client_secret.expose_secret())),
            Hole::RedirectUri => Some(match self.attempt {
                Some(attempt) => attempt.redirect_uri.clone(),
                None => self.provider.redirect_uri().to_owned(),
            }),
            Hole::State => self.attempt.map(|attempt| attempt.state.clone()),
            Hole::Scope => Some(self.scope()),
            Hole::Code => owned(self.code),
            Hole::AccessToken => owned(self.access_token),
            Hole::RefreshToken => owned(self.refresh_token),
            Hole::Token(pointer) => json::at(self.token?, pointer).and_then(json::text),
        }
    }

    pub(super) fn scope(&self) -> String {
        self.provider.file.scopes.join(" ")
    }

    /// RFC 7636 §4.2.
    fn challenge(&self) -> Option<String> {
        let verifier = self.attempt?.code_verifier.as_deref()?;
        Some(BASE64URL_NOPAD.encode(digest(&SHA256, verifier.as_bytes()).as_ref()))
    }
}
