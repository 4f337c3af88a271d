//! Bangumi's API v0, as far as it is asked: who somebody is.

use http::{StatusCode, header};
use serde_json::json;

use super::super::desk::{Desk, Twist};
use super::super::message::{Asked, json};
use super::super::person::Person;
use crate::answer::Answer;

pub(super) fn me(desk: &Desk, asked: &Asked, twist: &Twist) -> Answer {
    match admit(desk, asked) {
        Ok(Some(person)) => {
            let person = twist.person(person);
            let username = username(&person);
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
        Ok(None) => refuse((StatusCode::UNAUTHORIZED, "Unauthorized", "need to login")),
        Err(refused) => refuse(refused),
    }
}

/// A status, and its title and description.
type Refusal = (StatusCode, &'static str, &'static str);

/// Who asks: nobody, or whose token it is. A request is refused whose `User-Agent` does not say whose it is, and one whose
/// token is no good, also where none is needed.
fn admit(desk: &Desk, asked: &Asked) -> Result<Option<Person>, Refusal> {
    if !asked.header(header::USER_AGENT).is_some_and(is_user_agent) {
        return Err((StatusCode::FORBIDDEN, "Forbidden", "the User-Agent must be owner/app/version (homepage)"));
    }
    if asked.header(header::AUTHORIZATION).is_none() {
        return Ok(None);
    }
    let found = asked.bearer().and_then(|token| desk.bearer(token));
    let invalid = (StatusCode::UNAUTHORIZED, "Unauthorized", "access token has been expired or doesn't exist");
    found.map(|(person, _)| Some(person)).ok_or(invalid)
}

/// A username that people chose, else the number.
fn username(person: &Person) -> String {
    let chosen = person.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if chosen { person.name.clone() } else { person.number.to_string() }
}

/// `owner/app/version (homepage)`.
fn is_user_agent(text: &str) -> bool {
    let Some((product, homepage)) = text.split_once(" (") else { return false };
    let parts: Vec<_> = product.split('/').collect();
    parts.len() == 3
        && parts.iter().all(|part| !part.is_empty() && !part.contains(' '))
        && homepage.strip_suffix(')').is_some_and(|homepage| homepage.starts_with("https://"))
}

fn refuse((status, title, description): Refusal) -> Answer {
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
