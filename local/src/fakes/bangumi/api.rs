//! Bangumi's API v0: who asks, and what everybody is told.

use http::{StatusCode, header};
use serde_json::{Value, json};

use super::super::desk::{Desk, Twist};
use super::super::message::{Asked, json};
use super::super::person::Person;
use super::world;
use crate::answer::Answer;

/// A status, and its title and description.
pub(super) type Refusal = (StatusCode, &'static str, &'static str);

pub(super) const NEEDS_LOGIN: Refusal = (StatusCode::UNAUTHORIZED, "Unauthorized", "need to login");

pub(super) const fn bad(description: &'static str) -> Refusal {
    (StatusCode::BAD_REQUEST, "Bad Request", description)
}

pub(super) const fn missing(description: &'static str) -> Refusal {
    (StatusCode::NOT_FOUND, "Not Found", description)
}

pub(super) fn me(desk: &Desk, asked: &Asked, twist: &Twist) -> Answer {
    match owner(desk, asked) {
        Ok(person) => {
            let person = twist.person(person);
            let username = world::account(&mut desk.world.state().accounts, &person).username.clone();
            let picture = |size: &str| format!("https://lain.bgm.tv/pic/user/{size}/icon.jpg");
            let body = json!({
                "id": person.number,
                "username": username,
                "nickname": person.name,
                "avatar": { "large": picture("l"), "medium": picture("m"), "small": picture("s") },
                "sign": "",
                "user_group": 10,
                "email": format!("{}@users.bangumi.example", person.number),
                "reg_time": "2015-04-01T12:00:00+08:00",
                "time_offset": 8,
                "url": format!("https://bgm.tv/user/{username}"),
            });
            twist.answer(StatusCode::OK, body, "id")
        }
        Err(refused) => refuse(refused),
    }
}

/// Who asks, where somebody has to.
pub(super) fn owner(desk: &Desk, asked: &Asked) -> Result<Person, Refusal> {
    admit(desk, asked)?.ok_or(NEEDS_LOGIN)
}

/// Who asks: nobody, or whose token it is. A request is refused whose `User-Agent` does not say whose it is, and one whose
/// token is no good, also where none is needed; and that of somebody who asks too often.
pub(super) fn admit(desk: &Desk, asked: &Asked) -> Result<Option<Person>, Refusal> {
    let mut state = desk.world.state();
    if state.quirks.user_agent && !asked.header(header::USER_AGENT).is_some_and(is_user_agent) {
        return Err((StatusCode::FORBIDDEN, "Forbidden", "the User-Agent must be owner/app/version (homepage)"));
    }
    let person = match asked.header(header::AUTHORIZATION) {
        None => None,
        Some(_) => {
            let found = asked.bearer().and_then(|token| desk.bearer(token));
            let invalid = (StatusCode::UNAUTHORIZED, "Unauthorized", "access token has been expired or doesn't exist");
            Some(found.ok_or(invalid)?.0)
        }
    };
    let who = person.as_ref().map_or_else(|| "an address".to_owned(), |person| person.number.to_string());
    if !desk.world.admits(&mut state, who) {
        return Err((StatusCode::TOO_MANY_REQUESTS, "Too Many Requests", "slow down"));
    }
    Ok(person)
}

/// `limit` and `offset` of a list.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) limit: usize,
    pub(super) offset: usize,
}

impl Part {
    pub(super) fn of(asked: &Asked, usual: usize, most: usize) -> Result<Self, Refusal> {
        let number = |name, usual| asked.query(name).map_or(Ok(usual), str::parse);
        let limit = number("limit", usual).map_err(|_| bad("limit is no number"))?;
        let offset = number("offset", 0).map_err(|_| bad("offset is no number"))?;
        if limit == 0 || limit > most {
            return Err(bad("limit is too large, or 0"));
        }
        Ok(Self { limit, offset })
    }

    /// The part of `all` that was asked for.
    pub(super) fn cut<T>(self, all: Vec<T>) -> Result<Vec<T>, Refusal> {
        if self.offset > all.len() {
            return Err(bad("offset should be less than or equal to total"));
        }
        Ok(all.into_iter().skip(self.offset).take(self.limit).collect())
    }

    pub(super) fn page(self, total: usize, rows: Vec<Value>, null: bool) -> Answer {
        let data = if rows.is_empty() && null { Value::Null } else { rows.into() };
        ok(&json!({ "total": total, "limit": self.limit, "offset": self.offset, "data": data }))
    }
}

/// A query's number, where it has one.
pub(super) fn number(asked: &Asked, name: &str) -> Result<Option<u8>, Refusal> {
    asked.query(name).map(str::parse).transpose().map_err(|_| bad("a parameter is no number"))
}

/// What stands between the slashes of a path, from the `n`th on.
pub(super) fn segment(asked: &Asked, n: usize) -> String {
    let segment = asked.path.trim_start_matches("/api/").split('/').nth(n).unwrap_or_default();
    form_urlencoded::parse(segment.replace('+', "%2B").as_bytes())
        .next()
        .map(|pair| pair.0.into_owned())
        .unwrap_or_default()
}

/// The same, which is a number.
pub(super) fn numeral(asked: &Asked, n: usize) -> Result<u32, Refusal> {
    segment(asked, n).parse().map_err(|_| bad("an id is no number"))
}

/// The JSON of a request that writes.
pub(super) fn body(desk: &Desk, asked: &Asked, known: &[&str]) -> Result<Value, Refusal> {
    let strict = desk.world.state().quirks.strict_bodies;
    if strict && asked.header(header::CONTENT_TYPE) != Some("application/json") {
        return Err(bad("the content type must be application/json"));
    }
    let value: Value = serde_json::from_str(&asked.body).map_err(|_| bad("the body is no JSON"))?;
    let members = value.as_object().ok_or(bad("the body is no object"))?;
    if strict && members.keys().any(|name| !known.contains(&name.as_str())) {
        return Err(bad("the body has an unknown field"));
    }
    Ok(value)
}

pub(super) fn ok(body: &Value) -> Answer {
    json(StatusCode::OK, body)
}

pub(super) fn finish(answer: Result<Answer, Refusal>) -> Answer {
    answer.unwrap_or_else(refuse)
}

/// `owner/app/version (homepage)`. A laptop's own site has its homepage there.
fn is_user_agent(text: &str) -> bool {
    let Some((product, homepage)) = text.split_once(" (") else { return false };
    let parts: Vec<_> = product.split('/').collect();
    let address = |homepage: &str| homepage.starts_with("https://") || homepage.starts_with("http://localhost");
    parts.len() == 3
        && parts.iter().all(|part| !part.is_empty() && !part.contains(' '))
        && homepage.strip_suffix(')').is_some_and(address)
}

pub(super) fn refuse((status, title, description): Refusal) -> Answer {
    json(status, &json!({ "title": title, "description": description, "details": { "path": "/v0" } }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_says_owner_app_version_and_homepage() {
        assert!(is_user_agent("moe/bangumoe/0.1.0 (https://github.com/moe/bangumoe)"));
        for bad in [
            "",
            "curl/8.5.0",
            "reqwest/0.13",
            "bangumoe/0.1.0",
            "bangumoe/0.1.0 (https://a)",
            "a/b/c",
            "a//c (https://a)",
        ] {
            assert!(!is_user_agent(bad), "{bad}");
        }
    }
}
