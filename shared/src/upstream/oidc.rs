//! OpenID Connect: the provider says where everything is, and signs who it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::file::{ClientAuthentication, Errors, Method, Request, Source};
use super::providers::Provider;
use super::reply::{self, Answers, Failure};
use super::run::Values;
use super::template::{Hole, Template};
use super::{Attempting, Claims, Subject, Tokens, json};
use crate::app::App;
use crate::clock::Time;
use crate::jose::client_keys::{BadJwt, ClientKeys, Jwt, verify_at};
use crate::jose::id_token::half_hash;
use crate::oauth::metadata::SigningAlg;

/// How long a provider's document is used, in seconds.
const KEPT: i64 = 3600;
/// By how much clocks may differ, in seconds.
const LEEWAY: i64 = 60;

/// What is remembered of an OpenID Connect provider, in this process.
#[derive(Default)]
pub(super) struct Discovery {
    document: Mutex<Option<(Time, Arc<Document>)>>,
    keys: ClientKeys,
}

/// OpenID Connect Discovery §3, what of it is needed.
#[derive(Deserialize)]
pub(super) struct Document {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    jwks_uri: String,
}

impl Provider {
    pub(super) fn issuer(&self) -> &str {
        self.addresses.get("issuer").map(String::as_str).unwrap_or_default()
    }

    /// The provider's document: the one in memory, or after an hour that at its address.
    pub(super) async fn discover(&self, app: &App) -> Result<Arc<Document>, Failure> {
        let mut remembered = self.discovery.document.lock().await;
        let now = app.clock.now();
        if let Some((_, document)) = remembered.as_ref().filter(|(at, _)| now - *at < KEPT) {
            return Ok(Arc::clone(document));
        }
        // OpenID Connect Discovery §4.1.
        let url = format!("{}/.well-known/openid-configuration", self.issuer().trim_end_matches('/'));
        let request = Request { method: Some(Method::Get), ..Request::default() };
        let answered = self.ask(&url, &request, &Values::of(self)).await?;
        let text = reply::read(&answered, &[200], &Errors::default())?;
        let document: Document =
            serde_json::from_str(text).map_err(|_| Failure::malformed("its configuration lacks something"))?;
        // §4.3: else anybody's document could stand for anybody.
        if document.issuer != self.issuer() {
            return Err(Failure::malformed("its configuration is another issuer's"));
        }
        if !self.fetcher.permits(&document.authorization_endpoint) {
            return Err(Failure::malformed("its authorization endpoint is no https address"));
        }
        let document = Arc::new(document);
        *remembered = Some((now, Arc::clone(&document)));
        Ok(document)
    }

    /// What the authorization endpoint is told (OpenID Connect Core §3.1.2.1), and what else the file has.
    pub(super) fn oidc_parameters(&self, values: &Values<'_>) -> Vec<(&str, String)> {
        let mut parameters = vec![
            ("client_id", self.client_id.clone()),
            ("response_type", "code".to_owned()),
            ("scope", values.scope()),
        ];
        if let Some(attempt) = values.attempt {
            parameters.extend([("redirect_uri", attempt.redirect_uri.clone()), ("state", attempt.state.clone())]);
            parameters.extend(attempt.nonce.clone().map(|nonce| ("nonce", nonce)));
        }
        let more = self.file.authorize.parameters.iter();
        parameters.extend(more.filter_map(|(name, value)| Some((name.as_str(), value.fill(|_| None)?))));
        parameters
    }

    /// A request to the token endpoint, with the client authentication that the file says.
    pub(super) fn oidc_token_request(&self, grant_type: &str) -> Request {
        let says = self.file.token.as_ref().and_then(|token| token.client_authentication);
        // OpenID Connect Core §9: client_secret_basic, if nothing else is said.
        let client_authentication = says.unwrap_or(ClientAuthentication::Basic);
        let mut parameters = BTreeMap::from([("grant_type", Template::literal(grant_type))]);
        match grant_type {
            "refresh_token" => parameters.extend([("refresh_token", Template::just(Hole::RefreshToken))]),
            _ => parameters
                .extend([("code", Template::just(Hole::Code)), ("redirect_uri", Template::just(Hole::RedirectUri))]),
        }
        if client_authentication == ClientAuthentication::Parameters {
            parameters.extend([
                ("client_id", Template::just(Hole::ClientId)),
                ("client_secret", Template::just(Hole::ClientSecret)),
            ]);
        }
        Request {
            parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            client_authentication: Some(client_authentication),
            ..Request::default()
        }
    }

    /// Who the ID token is about, if it is good.
    pub(super) async fn who_is_signed(
        &self,
        app: &App,
        token: &str,
        tokens: &Tokens,
        attempt: &Attempting,
    ) -> Result<(Subject, Claims), Failure> {
        let text = json::at(token, "/id_token").and_then(json::text);
        let text = text.ok_or(Failure::malformed("there is no ID token"))?;
        let document = self.discover(app).await?;
        let (now, keys) = (app.clock.now(), &self.discovery.keys);
        let jwt = verify_at(keys, &self.fetcher, now, &document.jwks_uri, &text, &SigningAlg::ALL).await;
        let jwt = jwt.map_err(|error| match error {
            BadJwt::Unfetched(error) => Failure::from(error),
            _ => Failure::malformed("the ID token's signature is not one of its issuer's"),
        })?;
        self.judge_id_token(&jwt, tokens, attempt, now)?;
        let payload = payload(&text);
        let answers = Answers { token: Some(token), id_token: Some(&payload), ..Answers::default() };
        Ok((self.who_is_named(&answers)?, answers.claims(&self.file.claims)))
    }

    /// Who an ID token is about that came with renewed tokens, as it may (OpenID Connect Core §12.2: `iss` and `sub` must be
    /// what they were). It came from the provider itself (§3.1.3.7, point 6), and nobody is signed in by it.
    pub(super) fn who_is_renewed(&self, token: &str) -> Result<Option<Subject>, Failure> {
        let Some(text) = json::at(token, "/id_token").and_then(json::text) else { return Ok(None) };
        let payload = payload(&text);
        let answers = Answers { token: Some(token), id_token: Some(&payload), ..Answers::default() };
        let iss = answers.at(Source::IdToken, "/iss").and_then(json::text);
        if iss.as_deref() != Some(self.issuer()) {
            return Err(Failure::malformed("the ID token is another issuer's"));
        }
        self.who_is_named(&answers).map(Some)
    }

    /// Whom an ID token names, which is this issuer's.
    fn who_is_named(&self, answers: &Answers<'_>) -> Result<Subject, Failure> {
        let subject = match self.file.subject.is_empty() {
            true => answers.at(Source::IdToken, "/sub").and_then(Subject::from_json),
            false => self.subject(answers)?,
        };
        let subject = subject.and_then(|subject| subject.at(self.issuer()));
        subject.ok_or(Failure::malformed("the ID token does not say who it is about"))
    }

    /// OpenID Connect Core §3.1.3.7.
    fn judge_id_token(&self, jwt: &Jwt, tokens: &Tokens, attempt: &Attempting, now: Time) -> Result<(), Failure> {
        let malformed = |why| Err(Failure::malformed(why));
        let time = |name| jwt.time(name).ok().flatten();
        if jwt.text("iss") != Some(self.issuer()) {
            return malformed("the ID token is another issuer's");
        }
        let audiences = jwt.audiences();
        if !audiences.contains(&self.client_id.as_str()) {
            return malformed("the ID token is for another client");
        }
        let azp = jwt.claims.get("azp");
        if (azp.is_some() || audiences.len() > 1) && azp.and_then(|azp| azp.as_str()) != Some(&self.client_id) {
            return malformed("the ID token was given to another client");
        }
        if time("exp").is_none_or(|exp| now >= exp + LEEWAY) {
            return malformed("the ID token has expired");
        }
        if time("iat").is_none_or(|iat| iat > now + LEEWAY) {
            return malformed("the ID token is from the future");
        }
        if self.has_nonce() && (attempt.nonce.is_none() || jwt.text("nonce") != attempt.nonce.as_deref()) {
            return malformed("the ID token is not of this sign-in");
        }
        let alg = SigningAlg::ALL.into_iter().find(|alg| alg.as_str() == jwt.alg);
        let hash = alg.map(|alg| half_hash(alg, tokens.access_token.expose_secret()));
        match jwt.claims.get("at_hash") {
            Some(at_hash) if at_hash.as_str() != hash.as_deref() => {
                malformed("the ID token belongs to another access token")
            }
            _ => Ok(()),
        }
    }
}

/// What a signed token says, as it was written there.
fn payload(text: &str) -> String {
    let payload = text.split('.').nth(1).and_then(|part| BASE64URL_NOPAD.decode(part.as_bytes()).ok());
    payload.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}
