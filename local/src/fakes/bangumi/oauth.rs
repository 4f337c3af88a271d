//! Bangumi's OAuth. A code lives 60 s; a refresh token dies when it is used; `scope` means nothing; there is no PKCE.

use http::StatusCode;
use serde_json::{Value, json};

use super::super::desk::{Desk, Twist, Wanted};
use super::super::message::{Asked, json};
use super::super::person::Person;
use crate::answer::Answer;

/// A week.
const LIFETIME: i64 = 604_800;

pub(super) fn authorize(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    let wanted = desk.knows(asked.query("client_id")).and_then(|()| {
        if asked.query("response_type") != Some("code") {
            return Err("response_type is not code");
        }
        let redirect_uri = asked.query("redirect_uri").ok_or("redirect_uri is missing")?.to_owned();
        Ok(Wanted { redirect_uri, state: asked.query("state").map(str::to_owned), ..Wanted::default() })
    });
    desk.authorize(asked, wanted)
}

pub(super) fn token(desk: &Desk, asked: &Asked, twist: &Twist) -> Answer {
    let (id, secret) = (asked.form("client_id"), asked.form("client_secret"));
    let (Some(grant), Some(_), Some(_)) = (asked.form("grant_type"), &id, &secret) else {
        return refuse("invalid_request");
    };
    if !desk.is_client(id.as_deref(), secret.as_deref()) {
        return refuse("invalid_client");
    }
    // Always wanted, with both grants.
    let Some(redirect_uri) = asked.form("redirect_uri") else { return refuse("invalid_request") };
    match grant.as_str() {
        "authorization_code" => {
            let Some(code) = asked.form("code") else { return refuse("invalid_request") };
            match desk.redeem(&code).filter(|code| code.wanted.redirect_uri == redirect_uri) {
                Some(code) => {
                    let person = twist.person(code.person);
                    let mut reply = reply(desk, &person, twist.era);
                    if let Some(members) = reply.as_object_mut() {
                        members.insert("user_id".to_owned(), person.number.into());
                    }
                    twist.answer(StatusCode::OK, reply, "user_id")
                }
                None => refuse("invalid_grant"),
            }
        }
        "refresh_token" => {
            let Some(token) = asked.form("refresh_token") else { return refuse("invalid_request") };
            match desk.rotate(&token, twist.era).filter(|_| redirect_uri == desk.redirect_uri) {
                Some(person) => json(StatusCode::OK, &reply(desk, &person, twist.era)),
                None => refuse("invalid_grant"),
            }
        }
        _ => refuse("unsupported_grant_type"),
    }
}

/// Both grants' reply; that of a code says who it is as well.
fn reply(desk: &Desk, person: &Person, era: u64) -> Value {
    json!({
        "access_token": desk.access_token(person, LIFETIME),
        "expires_in": LIFETIME,
        "token_type": "Bearer",
        "scope": null,
        "refresh_token": desk.refresh_token(person, era),
    })
}

pub(super) fn status(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    let Some(token) = asked.form("access_token") else { return refuse("invalid_request") };
    let Some((person, expires_at)) = desk.bearer(&token) else { return refuse("invalid_token") };
    let body = json!({
        "access_token": token,
        "client_id": desk.client_id,
        "user_id": person.number,
        "expires": expires_at.0,
        "scope": null,
    });
    json(StatusCode::OK, &body)
}

pub(super) fn refuse(error: &'static str) -> Answer {
    let description = match error {
        "invalid_grant" => "Authorization code doesn't exist or is invalid for the client",
        "invalid_client" => "The client credentials are invalid",
        "invalid_token" => "The access token provided is invalid",
        _ => "The request can't be understood",
    };
    json(StatusCode::BAD_REQUEST, &json!({ "error": error, "error_description": description }))
}
