//! What a provider answered: whether it is an error, and which.

use http::StatusCode;
use secrecy::SecretString;
use serde::de::IgnoredAny;

use super::file::{ClaimPlaces, Errors, Source};
use super::{Claims, Tokens, UpstreamError, json};
use crate::clock::Time;
use crate::fetch::{Answered, FetchError};

/// Why something failed. What the log is told stands in this source: nothing that a provider wrote gets there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    pub(super) error: UpstreamError,
    pub(super) why: &'static str,
    /// Of the answer; 0 where there was none.
    pub(super) status: u16,
}

impl Failure {
    pub(super) fn malformed(why: &'static str) -> Self {
        Self { error: UpstreamError::Malformed, why, status: 0 }
    }

    pub(super) fn unavailable(why: &'static str) -> Self {
        Self { error: UpstreamError::Unavailable, why, status: 0 }
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::TooLarge => Self::malformed(error.as_str()),
            _ => Self::unavailable(error.as_str()),
        }
    }
}

/// Codes that say what an operator has to look at. Others are not told: a provider may write what it likes.
const KNOWN: [&str; 10] = [
    "invalid_client",
    "invalid_request",
    "invalid_scope",
    "unauthorized_client",
    "unsupported_grant_type",
    "redirect_uri_mismatch",
    "incorrect_client_credentials",
    "invalid_token",
    "insufficient_scope",
    "bad_verification_code",
];

/// The JSON of an answer that is a success.
pub(super) fn read<'a>(answered: &'a Answered, success: &[u16], errors: &Errors) -> Result<&'a str, Failure> {
    let status = answered.status;
    let failure = |error, why| Failure { error, why, status: status.as_u16() };
    // What an outage says is no judgement about anything that it was shown.
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(failure(UpstreamError::Busy, "it is asked too much"));
    }
    if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT {
        return Err(failure(UpstreamError::Unavailable, "it failed, or has too much to do"));
    }
    let malformed = |why| failure(UpstreamError::Malformed, why);
    if status.is_redirection() {
        return Err(malformed("it redirects"));
    }
    let text = std::str::from_utf8(&answered.body).ok().map(str::trim);
    let object = |text: &&str| text.starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok();
    let text = text.filter(object).ok_or(malformed("it is no JSON object"))?;
    let raw = errors.codes.iter().filter_map(|pointer| json::at(text, pointer)).filter(|raw| json::says_something(raw));
    let codes: Vec<_> = raw.map(|raw| json::text(raw).unwrap_or_default()).collect();
    let among = |listed: &[String]| codes.iter().any(|code| listed.contains(code));
    if among(&errors.invalid_grant) {
        return Err(failure(UpstreamError::InvalidGrant, "the code or token is not accepted"));
    }
    if among(&errors.denied) {
        return Err(failure(UpstreamError::Denied, "it is denied"));
    }
    if among(&errors.unavailable) {
        return Err(failure(UpstreamError::Unavailable, "it says that it can't now"));
    }
    if !codes.is_empty() {
        let known = KNOWN.into_iter().find(|known| codes.iter().any(|code| code == known));
        return Err(malformed(known.unwrap_or("an error that its file does not name")));
    }
    match success.contains(&status.as_u16()) {
        true => Ok(text),
        false => Err(malformed("another status than the file has")),
    }
}

/// The answers that there are.
#[derive(Clone, Copy, Default)]
pub(super) struct Answers<'a> {
    pub(super) token: Option<&'a str>,
    pub(super) profile: Option<&'a str>,
    pub(super) id_token: Option<&'a str>,
}

impl<'a> Answers<'a> {
    /// What stands there, if anything does.
    pub(super) fn at(&self, source: Source, pointer: &str) -> Option<&'a str> {
        let json = match source {
            Source::Token => self.token,
            Source::Profile => self.profile,
            Source::IdToken => self.id_token,
        };
        json::at(json?, pointer).filter(|raw| *raw != "null")
    }

    /// What else is known of somebody.
    pub(super) fn claims(&self, places: &ClaimPlaces) -> Claims {
        let mut claims = Claims::default();
        for (name, place) in places.all() {
            let text = self.at(place.source, &place.pointer).and_then(json::text);
            let text = text.filter(|text| (1..=512).contains(&text.len()) && !text.contains(char::is_control));
            match name {
                "name" => claims.name = text,
                "username" => claims.username = text,
                "picture" => claims.picture = text,
                _ => claims.email = text,
            }
        }
        claims
    }
}

/// The longest that an access token is believed to last, in seconds: ten years.
const LONGEST: i64 = 10 * 365 * 86_400;

/// The tokens of a token request's answer.
pub(super) fn tokens(json: &str, now: Time) -> Result<Tokens, Failure> {
    let member = |pointer| json::at(json, pointer).and_then(json::text).filter(|text| !text.is_empty());
    let access_token = member("/access_token").ok_or(Failure::malformed("there is no access token"))?;
    let seconds = member("/expires_in").and_then(|text| text.parse().ok());
    Ok(Tokens {
        access_token: SecretString::from(access_token),
        refresh_token: member("/refresh_token").map(SecretString::from),
        expires_at: seconds.filter(|seconds| (0..=LONGEST).contains(seconds)).map(|seconds: i64| now + seconds),
    })
}
