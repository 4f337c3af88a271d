//! An authorization request (RFC 6749 §4.1.1; OpenID Connect Core §3.1.2.1), read in two steps: first what decides
//! whether the user may be sent back at all, then the rest, whose errors are told by redirect.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::claims::ClaimsParameter;
use super::client::Client;
use super::error::{ErrorCode, OAuthError};
use super::metadata::GrantType;
use super::params::Params;
use super::pkce;
use super::redirect_uri::RedirectUri;
use super::resource;
use super::response_mode::ResponseMode;
use super::response_type::ResponseType;
use super::scope::{Scope, ScopeToken};
use crate::account::Session;
use crate::clock::Time;
use crate::id::SessionId;
use crate::seal::Sealable;

/// The whole request may be this long: it travels sealed in an address when the user has to sign in first.
pub const MAX_LENGTH: usize = 4096;

const LEGACY_NONCE: usize = 512;

/// Where the answer goes. Trusted: the client registered it.
#[derive(Clone, Debug)]
pub struct ReturnAddress {
    /// The address as the client sent it, or its only registered one.
    pub redirect_uri: String,
    /// Whether the request named it: then the token request must as well (RFC 6749 §4.1.3).
    pub named: bool,
    /// Given back byte for byte.
    pub state: Option<String>,
    /// How the answer goes there.
    pub mode: ResponseMode,
}

impl ReturnAddress {
    /// Finds where the answer goes.
    ///
    /// # Errors
    /// `invalid_request`, to be shown on a page and never by redirect (RFC 6749 §4.1.2.1, RFC 9700 §4.11).
    pub fn find(client: &Client, params: &Params) -> Result<Self, OAuthError> {
        let registered = &client.metadata.redirect_uris;
        let state = params.get("state").map(str::to_owned);
        // The rest of the request is judged later: by then it must be known how to tell its errors.
        let mode = ResponseMode::of(client, params).unwrap_or_else(|_| ResponseMode::default_of(client, params));
        if let Some(presented) = params.get("redirect_uri") {
            if !registered.iter().any(|uri| uri.matches(presented, client.is_native())) {
                return Err(OAuthError::invalid_request("redirect_uri is not one that the application registered"));
            }
            return Ok(Self { redirect_uri: presented.to_owned(), named: true, state, mode });
        }
        // OpenID Connect Core §3.1.2.1 requires it; OAuth lets it be left out where there is only one.
        let openid = params.get("scope").is_some_and(|scope| scope.split(' ').any(|word| word == "openid"));
        match registered.as_slice() {
            [only] if !openid => Ok(Self { redirect_uri: only.as_str().to_owned(), named: false, state, mode }),
            _ => Err(OAuthError::invalid_request("redirect_uri is missing")),
        }
    }
}

impl ReturnAddress {
    /// Whether a redirect can carry the state back whole: a gateway passes headers of 10 KB.
    pub fn can_carry_state(&self) -> bool {
        let carried = self.state.as_ref().map(|state| RedirectUri::with_query("", &[("state", state)]).len());
        carried.is_none_or(|length| length <= MAX_LENGTH)
    }
}

/// `prompt` (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Nothing may be shown.
    pub none: bool,
    /// Sign in again.
    pub login: bool,
    /// Ask for consent again.
    pub consent: bool,
    /// Offer another account.
    pub select_account: bool,
}

/// A request that passed every check that needs no user.
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    /// What the answer is to hold.
    pub response_type: ResponseType,
    /// What is asked for, within what the client registered.
    pub scope: Scope,
    /// Claims asked for one by one, and of whom.
    pub claims: ClaimsParameter,
    /// For the ID token.
    pub nonce: Option<String>,
    /// PKCE.
    pub code_challenge: Option<String>,
    /// Resource servers that its tokens are to be for (RFC 8707).
    pub resources: Vec<String>,
    /// The key that the code is to be bound to (RFC 9449 §10).
    pub dpop_jkt: Option<String>,
    /// What to show.
    pub prompt: Prompt,
    /// How old a sign-in may be, in seconds.
    pub max_age: Option<i64>,
    /// Whom the application expects.
    pub login_hint: Option<String>,
}

impl AuthorizationRequest {
    /// Reads and checks the rest of the request to the site that `issuer` names.
    ///
    /// # Errors
    /// To be told by redirect.
    pub fn parse(client: &Client, params: &Params, issuer: &str) -> Result<Self, OAuthError> {
        let invalid = OAuthError::invalid_request;
        params.refuse_doubled()?;
        // Where request objects are understood, they have been made an ordinary request by now. Elsewhere they are refused
        // by name rather than ignored, since their contents would override the rest (OpenID Connect Core §6).
        if params.get("request").is_some() {
            return Err(OAuthError::new(ErrorCode::RequestNotSupported, "request objects are not supported here"));
        }
        if params.get("request_uri").is_some() {
            return Err(OAuthError::new(ErrorCode::RequestUriNotSupported, "request_uri is not supported here"));
        }
        let response_type = response_type(client, params)?;
        ResponseMode::of(client, params)?;
        let code_challenge = pkce::challenge(params)?;
        if code_challenge.is_none() && client.needs_pkce() && response_type.code {
            return Err(invalid("code_challenge is missing: this application must use PKCE with S256"));
        }
        let mut scope = scope(client, params)?;
        let nonce = params.get("nonce").map(str::to_owned);
        if !response_type.code {
            // OpenID Connect Core §11.
            scope = scope.without(ScopeToken::OfflineAccess);
        }
        if response_type.id_token {
            if !scope.contains(ScopeToken::Openid) {
                return Err(invalid("an ID token needs the scope openid"));
            }
            // OpenID Connect Core §3.2.2.1, §3.3.2.11: else it could be put into another session.
            match nonce.as_deref() {
                None => return Err(invalid("nonce is missing: an ID token that comes by redirect needs one")),
                // It is carried in the code and in the token, which go back in one header.
                Some(nonce) if nonce.len() > LEGACY_NONCE => return Err(invalid("nonce is longer than 512 bytes")),
                Some(_) => {}
            }
        }
        Ok(Self {
            response_type,
            claims: match params.get("claims") {
                // Without openid it is no request of OpenID Connect's, whose parameter this is.
                Some(text) if scope.contains(ScopeToken::Openid) => ClaimsParameter::parse(client, text)?,
                _ => ClaimsParameter::default(),
            },
            scope,
            nonce,
            code_challenge,
            resources: resource::asked(client, params, issuer)?,
            dpop_jkt: dpop_jkt(params)?,
            prompt: prompt(params)?,
            max_age: max_age(params)?.or(client.metadata.default_max_age),
            login_hint: params.get("login_hint").map(str::to_owned),
        })
    }

    /// What the user has to consent to: the scope, and what would let out the claims that are asked for beside it.
    pub fn consent(&self) -> Scope {
        self.scope.union(&self.claims.requested.scope())
    }

    /// Whether somebody who signed in at `auth_time` must do so again. A sign-in that was made for this request
    /// satisfies both `prompt=login` and any `max_age`.
    pub fn needs_sign_in(&self, auth_time: Time, made_for_this: bool, now: Time) -> bool {
        // `max_age=0` asks for a new sign-in, like `prompt=login`, also within the second (OpenID Connect Core §15.1).
        let too_old = |seconds| seconds == 0 || now - auth_time > seconds;
        !made_for_this && (self.prompt.login || self.max_age.is_some_and(too_old))
    }
}

/// The implicit grant and its hybrids are for whom an administrator allowed them (RFC 9700 §2.1.2); to anybody else it is as
/// if there were none.
fn response_type(client: &Client, params: &Params) -> Result<ResponseType, OAuthError> {
    let Some(text) = params.get("response_type") else {
        return Err(OAuthError::invalid_request("response_type is missing: it must be code"));
    };
    let known = |asked: &ResponseType| *asked == ResponseType::CODE || client.allows(GrantType::Implicit);
    let Some(asked) = text.parse().ok().filter(known) else {
        let description = "response_type must be code";
        return Err(OAuthError::new(ErrorCode::UnsupportedResponseType, description));
    };
    let refuse = |description: &'static str| Err(OAuthError::new(ErrorCode::UnauthorizedClient, description));
    if asked.code && !client.allows(GrantType::AuthorizationCode) {
        return refuse("the application is not registered for authorization_code");
    }
    if asked.is_legacy() && !client.metadata.response_types.contains(&asked) {
        return refuse("the application is not registered for this response_type");
    }
    // Nobody proves a key on the way back to an address.
    if asked.token && (client.metadata.dpop_bound_access_tokens || client.metadata.is_fapi()) {
        return refuse("the application gets access tokens from the token endpoint alone, bound to a key");
    }
    Ok(asked)
}

/// What a request asks for, within what the client registered.
///
/// # Errors
/// `invalid_scope`.
pub fn scope(client: &Client, params: &Params) -> Result<Scope, OAuthError> {
    let asked = match params.get("scope") {
        Some(text) => text.parse().unwrap_or_default(),
        None => Scope::default_request(),
    };
    let mut scope = asked.intersection(&client.metadata.scope);
    // OpenID Connect Core §11: where no refresh token can be issued, offline_access means nothing.
    if !client.allows(GrantType::RefreshToken) {
        scope = scope.without(ScopeToken::OfflineAccess);
    }
    if scope.is_empty() {
        let description = "scope holds none that the application is registered for";
        return Err(OAuthError::new(ErrorCode::InvalidScope, description));
    }
    Ok(scope)
}

fn dpop_jkt(params: &Params) -> Result<Option<String>, OAuthError> {
    match params.get("dpop_jkt") {
        Some(jkt) if jkt.len() != 43 || BASE64URL_NOPAD.decode(jkt.as_bytes()).is_err() => {
            Err(OAuthError::invalid_request("dpop_jkt must be the base64url of a SHA-256 thumbprint"))
        }
        jkt => Ok(jkt.map(str::to_owned)),
    }
}

fn prompt(params: &Params) -> Result<Prompt, OAuthError> {
    let mut prompt = Prompt::default();
    for word in params.get("prompt").unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
        match word {
            "none" => prompt.none = true,
            "login" => prompt.login = true,
            "consent" => prompt.consent = true,
            "select_account" => prompt.select_account = true,
            _ => return Err(OAuthError::invalid_request("prompt must be none, login, consent or select_account")),
        }
    }
    if prompt.none && (prompt.login || prompt.consent || prompt.select_account) {
        return Err(OAuthError::invalid_request("prompt=none goes with no other prompt"));
    }
    Ok(prompt)
}

fn max_age(params: &Params) -> Result<Option<i64>, OAuthError> {
    let Some(text) = params.get("max_age") else { return Ok(None) };
    match text.parse() {
        Ok(seconds) if seconds >= 0 => Ok(Some(seconds)),
        _ => Err(OAuthError::invalid_request("max_age must be a number of seconds")),
    }
}

/// A request that waits while its user signs in, chooses an account or reads the consent page. Everything in it is
/// checked anew when it goes on: the seal only says when it began and what was chosen.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestInProgress {
    /// The request as it came, as a query.
    pub params: String,
    /// When it came.
    pub began_at: Time,
    /// The application's name, for the sign-in page.
    #[serde(default)]
    pub client_name: String,
    /// The session at that time: a later one is a sign-in made for this request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// The session whose user chose to go on with it, or was shown the consent page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_to: Option<SessionId>,
    /// The path's dialect, if not the standard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
    /// `params` are what a request object said. It was verified when it came, and may have expired since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub settled: bool,
}

impl RequestInProgress {
    /// Whether a session began for this request: since it came, and in place of the one that was there.
    pub fn made(&self, session: &Session) -> bool {
        self.session_id != Some(session.session_id) && session.auth_time >= self.began_at
    }
}

impl Sealable for RequestInProgress {
    const PURPOSE: &'static str = "authorization request in progress";
}
