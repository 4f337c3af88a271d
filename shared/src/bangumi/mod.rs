//! Bangumi's API v0: works, and what people collected there.
//!
//! Architecture invariant: nothing of what Bangumi answers is logged, and nothing is remembered here but whether it answers.

mod wire;

use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use url::Url;

pub use wire::{
    ANIME, Airing, Day, Episode, EpisodeId, Images, MAIN, Me, Modify, PICTURES, Paged, Rating, SPECIAL, SlimSubject,
    Subject, SubjectId, Tag, UserCollection, UserEpisode, Weekday,
};

use crate::app::App;
use crate::config::{FetchPolicy, Issuer};
use crate::fetch::{Answered, FetchError, Fetcher, Outgoing};
use crate::upstream::{Breaker, Providers};
use wire::Trouble;

/// The most that one page of collections may have.
pub const COLLECTIONS: u32 = 50;
/// The most that one page of marked episodes may have.
pub const MARKS: u32 = 1_000;
/// The most that one page of episodes may have.
pub const EPISODES: u32 = 200;
/// The most that one page of a search may have.
pub const FOUND: u32 = 20;

/// Where the API is, unless the settings of the provider `bangumi` say otherwise.
const API: &str = "https://api.bgm.tv";
/// How long all that one call here asks may take together.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an answer may be, in bytes: a thousand episodes with what they are about.
const LIMIT: usize = 4 * 1024 * 1024;

/// Why Bangumi gave nothing. What exactly it was is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BangumiError {
    /// The token is no good (any more).
    #[error("Bangumi does not accept the token")]
    Unauthorized,
    /// The work is not in this collection.
    #[error("the work is not collected there")]
    NotCollected,
    /// There is no such thing (any more), or nobody can change it.
    #[error("there is no such thing at Bangumi")]
    NotFound,
    /// What was sent is wrong.
    #[error("Bangumi does not accept what it was sent")]
    Refused,
    /// It was asked too often. It does not say until when.
    #[error("Bangumi was asked too often")]
    RateLimited,
    /// It did not answer, or said that it can't now.
    #[error("Bangumi does not answer")]
    Unavailable,
    /// It answered something that can't be read.
    #[error("Bangumi's answer is not understood")]
    Malformed,
}

/// The client. One for a process, which all its functions share.
pub struct Bangumi {
    base: Result<Url, url::ParseError>,
    fetcher: Fetcher,
    breaker: Breaker,
}

/// Why something failed, in words of this source.
struct Failure {
    error: BangumiError,
    why: &'static str,
    /// Of the answer; 0 where there was none.
    status: u16,
}

impl Failure {
    fn new(error: BangumiError, why: &'static str) -> Self {
        Self { error, why, status: 0 }
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::TooLarge => Self::new(BangumiError::Malformed, error.as_str()),
            _ => Self::new(BangumiError::Unavailable, error.as_str()),
        }
    }
}

/// A request, before it has an address.
struct Ask<'a> {
    method: Method,
    path: &'a [&'a str],
    query: &'a [(&'a str, u32)],
    token: Option<&'a SecretString>,
    body: Option<String>,
}

impl<'a> Ask<'a> {
    fn get(path: &'a [&'a str], query: &'a [(&'a str, u32)]) -> Self {
        Self { method: Method::GET, path, query, token: None, body: None }
    }

    fn by(self, token: &'a SecretString) -> Self {
        Self { token: Some(token), ..self }
    }

    fn send(method: Method, path: &'a [&'a str], body: &impl Serialize) -> Self {
        // What is sent here are numbers and texts: there is nothing that JSON can't say.
        Self { method, path, query: &[], token: None, body: serde_json::to_string(body).ok() }
    }
}

impl Bangumi {
    /// The client, where the providers' settings say that Bangumi is.
    pub fn new(issuer: &Issuer, policy: &FetchPolicy, providers: &Providers) -> Self {
        let base = providers.find("bangumi").and_then(|provider| provider.address("api")).unwrap_or(API);
        Self { base: Url::parse(base), fetcher: Fetcher::for_providers(issuer, policy), breaker: Breaker::default() }
    }

    /// Whose token it is.
    ///
    /// # Errors
    /// [`BangumiError`], as everywhere here.
    pub async fn me(&self, app: &App, token: &SecretString) -> Result<Me, BangumiError> {
        self.read(app, "me", Ask::get(&["v0", "me"], &[]).by(token)).await
    }

    /// A part of somebody's anime, what was changed last first; private ones for their owner alone. Wants the username of
    /// [`Me`].
    ///
    /// # Errors
    /// [`BangumiError`].
    pub async fn collections(
        &self,
        app: &App,
        token: &SecretString,
        username: &str,
        offset: u32,
        limit: u32,
    ) -> Result<Paged<UserCollection>, BangumiError> {
        let path = ["v0", "users", username, "collections"];
        let query = [("subject_type", ANIME.into()), ("limit", limit), ("offset", offset)];
        self.read(app, "collections", Ask::get(&path, &query).by(token)).await
    }

    /// One work in somebody's collection.
    ///
    /// # Errors
    /// [`BangumiError`]; [`BangumiError::NotCollected`] says that it is not in there, [`BangumiError::NotFound`] that there is
    /// no such work.
    pub async fn collection(
        &self,
        app: &App,
        token: &SecretString,
        username: &str,
        subject: SubjectId,
    ) -> Result<UserCollection, BangumiError> {
        let subject = subject.to_string();
        let path = ["v0", "users", username, "collections", &subject];
        self.read(app, "collection", Ask::get(&path, &[]).by(token)).await
    }

    /// Puts a work into the collection of the token's owner, or changes it there.
    ///
    /// # Errors
    /// [`BangumiError`].
    pub async fn save_collection(
        &self,
        app: &App,
        token: &SecretString,
        subject: SubjectId,
        modify: &Modify,
    ) -> Result<(), BangumiError> {
        let subject = subject.to_string();
        let path = ["v0", "users", "-", "collections", &subject];
        self.write(app, "save collection", Ask::send(Method::POST, &path, modify).by(token)).await
    }

    /// A part of a work's episodes, with the marks of the token's owner.
    ///
    /// # Errors
    /// [`BangumiError`].
    pub async fn episode_marks(
        &self,
        app: &App,
        token: &SecretString,
        subject: SubjectId,
        offset: u32,
        limit: u32,
    ) -> Result<Paged<UserEpisode>, BangumiError> {
        let subject = subject.to_string();
        let path = ["v0", "users", "-", "collections", &subject, "episodes"];
        self.read(app, "marks", Ask::get(&path, &[("limit", limit), ("offset", offset)]).by(token)).await
    }

    /// Marks episodes of a collected work: 0 not at all, 1 wish, 2 done, 3 dropped.
    ///
    /// # Errors
    /// [`BangumiError`]; [`BangumiError::NotCollected`] where the work is to be collected first.
    pub async fn mark_episodes(
        &self,
        app: &App,
        token: &SecretString,
        subject: SubjectId,
        episodes: &[EpisodeId],
        mark: u8,
    ) -> Result<(), BangumiError> {
        let subject = subject.to_string();
        let path = ["v0", "users", "-", "collections", &subject, "episodes"];
        let body = json!({ "episode_id": episodes, "type": mark });
        self.write(app, "mark episodes", Ask::send(Method::PATCH, &path, &body).by(token)).await
    }

    /// A work. What was merged into another is that other one.
    ///
    /// # Errors
    /// [`BangumiError`].
    pub async fn subject(&self, app: &App, subject: SubjectId) -> Result<Subject, BangumiError> {
        let ask = async {
            let base = self.base()?;
            let number = subject.to_string();
            let url = address(base, &["v0", "subjects", &number], &[])?;
            let mut answered = self.exchange(Method::GET, &url, None, None).await?;
            if answered.status.is_redirection() {
                let astray = || Failure {
                    status: answered.status.as_u16(),
                    ..Failure::new(BangumiError::Malformed, "it redirects to no work of its own")
                };
                let to = answered.location.as_deref().and_then(|to| url.join(to).ok()).ok_or_else(astray)?;
                if to.origin() != base.origin() {
                    return Err(astray());
                }
                answered = self.exchange(Method::GET, &to, None, None).await?;
            }
            parse(&success(answered)?)
        };
        self.guarded(app, "subject", ask).await
    }

    /// A part of a work's episodes.
    ///
    /// # Errors
    /// [`BangumiError`].
    pub async fn episodes(
        &self,
        app: &App,
        subject: SubjectId,
        offset: u32,
        limit: u32,
    ) -> Result<Paged<Episode>, BangumiError> {
        let query = [("subject_id", subject), ("limit", limit), ("offset", offset)];
        self.read(app, "episodes", Ask::get(&["v0", "episodes"], &query)).await
    }

    /// A part of the anime that words find.
    ///
    /// # Errors
    /// [`BangumiError`].
    pub async fn search(
        &self,
        app: &App,
        keyword: &str,
        offset: u32,
        limit: u32,
    ) -> Result<Paged<Subject>, BangumiError> {
        let body = json!({ "keyword": keyword, "sort": "match", "filter": { "type": [ANIME] } });
        let query = [("limit", limit), ("offset", offset)];
        let ask = Ask { query: &query, ..Ask::send(Method::POST, &["v0", "search", "subjects"], &body) };
        self.read(app, "search", ask).await
    }

    /// What is being shown, by the day of the week.
    ///
    /// # Errors
    /// [`BangumiError`].
    pub async fn calendar(&self, app: &App) -> Result<Vec<Day>, BangumiError> {
        self.read(app, "calendar", Ask::get(&["calendar"], &[])).await
    }

    async fn read<T: DeserializeOwned>(&self, app: &App, what: &'static str, ask: Ask<'_>) -> Result<T, BangumiError> {
        self.guarded(app, what, async { parse(&self.ask(ask).await?) }).await
    }

    async fn write(&self, app: &App, what: &'static str, ask: Ask<'_>) -> Result<(), BangumiError> {
        // A page in place of an answer under 200 is an outage's: nothing was saved.
        let write = async {
            let body = self.ask(ask).await?;
            if is_page(&body) {
                return Err(Failure::new(BangumiError::Unavailable, "it answers with a page"));
            }
            Ok(())
        };
        self.guarded(app, what, write).await
    }

    /// Asks, unless there was no answer for a while, and not for longer than [`PATIENCE`].
    async fn guarded<T>(
        &self,
        app: &App,
        what: &'static str,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, BangumiError> {
        let outcome = if self.breaker.allows(app.clock.now()) {
            let outcome = tokio::time::timeout(PATIENCE, work).await;
            let outcome = outcome.unwrap_or(Err(Failure::new(BangumiError::Unavailable, "it did not answer in time")));
            let answered = !matches!(&outcome, Err(failure) if failure.error == BangumiError::Unavailable);
            self.breaker.note(answered, app.clock.now());
            outcome
        } else {
            Err(Failure::new(BangumiError::Unavailable, "it did not answer before, and is not asked now"))
        };
        outcome.map_err(|Failure { error, why, status }| {
            if !matches!(error, BangumiError::NotFound | BangumiError::NotCollected) {
                tracing::warn!(what, why, status, "Bangumi did not do what it was asked for");
            }
            error
        })
    }

    fn base(&self) -> Result<&Url, Failure> {
        self.base.as_ref().map_err(|_| Failure::new(BangumiError::Malformed, "its address is none"))
    }

    async fn ask(&self, ask: Ask<'_>) -> Result<Vec<u8>, Failure> {
        let url = address(self.base()?, ask.path, ask.query)?;
        success(self.exchange(ask.method, &url, ask.token, ask.body).await?)
    }

    async fn exchange(
        &self,
        method: Method,
        url: &Url,
        token: Option<&SecretString>,
        body: Option<String>,
    ) -> Result<Answered, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
                .map_err(|_| Failure::new(BangumiError::Unauthorized, "a token that no header can have"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        if body.is_some() {
            // Exactly this: a charset behind it is refused.
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let outgoing = Outgoing { method, url: url.as_str().to_owned(), headers, body };
        Ok(self.fetcher.exchange(outgoing, LIMIT).await?)
    }
}

fn address(base: &Url, path: &[&str], query: &[(&str, u32)]) -> Result<Url, Failure> {
    let mut url = base.clone();
    let none = |()| Failure::new(BangumiError::Malformed, "its address is none");
    url.path_segments_mut().map_err(none)?.pop_if_empty().extend(path);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query.iter().map(|(name, value)| (name, value.to_string())));
    }
    Ok(url)
}

/// The body of an answer that is a success.
fn success(answered: Answered) -> Result<Vec<u8>, Failure> {
    let Answered { status, body, .. } = answered;
    let failure = |error, why| Err(Failure { error, why, status: status.as_u16() });
    let trouble = || serde_json::from_slice::<Trouble>(&body).unwrap_or_default();
    match status {
        StatusCode::UNAUTHORIZED => failure(BangumiError::Unauthorized, "the token is not accepted"),
        StatusCode::TOO_MANY_REQUESTS => failure(BangumiError::RateLimited, "it was asked too often"),
        StatusCode::NOT_FOUND if is_page(&body) => failure(BangumiError::Unavailable, "it answers with a page"),
        StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST if trouble().says(&NOT_COLLECTED) => {
            failure(BangumiError::NotCollected, "it is not collected")
        }
        StatusCode::NOT_FOUND => failure(BangumiError::NotFound, "there is no such thing"),
        StatusCode::BAD_REQUEST if trouble().says(&["locked", "merged"]) => {
            failure(BangumiError::NotFound, "it is locked or merged")
        }
        StatusCode::REQUEST_TIMEOUT => failure(BangumiError::Unavailable, "it has too much to do"),
        _ if status.is_success() => Ok(body),
        _ if status.is_server_error() => failure(BangumiError::Unavailable, "it failed"),
        _ if status.is_client_error() => failure(BangumiError::Refused, "it does not accept what it was sent"),
        _ => failure(BangumiError::Malformed, "it redirects, or has not done yet"),
    }
}

/// How it says that a work is to be collected first.
const NOT_COLLECTED: [&str; 4] =
    ["not collected", "haven't collected", "to your collection first", "add the subject first"];

fn is_page(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    if is_page(body) {
        return Err(Failure::new(BangumiError::Unavailable, "it answers with a page"));
    }
    serde_json::from_slice(body).map_err(|_| Failure::new(BangumiError::Malformed, "it is not what was asked for"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: u16, body: &str) -> Result<Vec<u8>, BangumiError> {
        let status = StatusCode::from_u16(status).unwrap();
        success(Answered { status, body: body.into(), location: None }).map_err(|failure| failure.error)
    }

    #[test]
    fn every_answer_means_one_thing() {
        let trouble = |text: &str| format!(r#"{{"title": "x", "description": "{text}", "details": {{"path": "/"}}}}"#);
        for (status, body, error) in [
            (401, trouble(""), BangumiError::Unauthorized),
            (404, trouble("subject is not collected by user"), BangumiError::NotCollected),
            (404, trouble("subject not found"), BangumiError::NotFound),
            (404, "[]".to_owned(), BangumiError::NotFound),
            (404, "<html>".to_owned(), BangumiError::Unavailable),
            (400, trouble("you need to add subject to your collection first"), BangumiError::NotCollected),
            (400, trouble("subject is locked or merged"), BangumiError::NotFound),
            (400, trouble("offset is too large"), BangumiError::Refused),
            (403, String::new(), BangumiError::Refused),
            (408, String::new(), BangumiError::Unavailable),
            (429, String::new(), BangumiError::RateLimited),
            (500, String::new(), BangumiError::Unavailable),
            (502, "<html>".to_owned(), BangumiError::Unavailable),
            (302, String::new(), BangumiError::Malformed),
        ] {
            assert_eq!(outcome(status, &body), Err(error), "{status} {body}");
        }
        for status in [200, 202, 204] {
            assert_eq!(outcome(status, ""), Ok(Vec::new()));
        }
    }

    #[test]
    fn a_page_is_an_outage_and_other_text_is_not_understood() {
        let read = |text: &str| parse::<Me>(text.as_bytes()).map_err(|failure| failure.error);
        assert_eq!(read(" \n<!DOCTYPE html>"), Err(BangumiError::Unavailable));
        assert_eq!(read("{\"id\": 1, \"user"), Err(BangumiError::Malformed));
        assert_eq!(read(r#"{"id": 1, "username": "a"}"#).map(|me| me.username), Ok("a".to_owned()));
    }

    #[test]
    fn no_name_leads_to_another_address() {
        let base = Url::parse("http://localhost:1/bangumi/api").unwrap();
        let at =
            |name| address(&base, &["v0", "users", name, "collections"], &[("limit", 5)]).ok().unwrap().to_string();
        assert_eq!(at("sai"), "http://localhost:1/bangumi/api/v0/users/sai/collections?limit=5");
        assert_eq!(at("a/b?c#d"), "http://localhost:1/bangumi/api/v0/users/a%2Fb%3Fc%23d/collections?limit=5");
    }
}
