//! Lianluo's user centre: the token endpoint reads JSON, every answer is a 201, and only the profile says who it is.

use http::{Method, StatusCode};
use serde_json::json;

use super::control::Endpoint;
use super::desk::{Desk, Route, System, Twist, Wanted};
use super::message::{Asked, json};
use crate::answer::Answer;

/// A day.
const LIFETIME: i64 = 86_400;

pub(super) static SYSTEM: System = System {
    id: "lianluo",
    title: "Lianluo (联络)",
    addresses: &[("center", "")],
    routes: &[
        Route { method: Method::GET, path: "/oauth2/auth", endpoint: Endpoint::Authorize, handler: authorize },
        Route { method: Method::POST, path: "/oauth2/auth", endpoint: Endpoint::Authorize, handler: authorize },
        Route { method: Method::POST, path: "/oauth2/token", endpoint: Endpoint::Token, handler: token },
        Route { method: Method::GET, path: "/api/oauth2/v1/users", endpoint: Endpoint::Profile, handler: profile },
    ],
    refuse,
};

fn authorize(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    let wanted = desk.knows(asked.query("client_id")).and_then(|()| {
        if asked.query("response_type") != Some("code") {
            return Err("response_type is not code");
        }
        asked.query("xoauth_displayname").ok_or("xoauth_displayname is missing")?;
        let redirect_uri = asked.query("redirect_uri").ok_or("redirect_uri is missing")?.to_owned();
        Ok(Wanted { redirect_uri, state: asked.query("state").map(str::to_owned), ..Wanted::default() })
    });
    desk.authorize(asked, wanted)
}

fn token(desk: &Desk, asked: &Asked, twist: &Twist) -> Answer {
    if !desk.is_client(asked.json("client_id").as_deref(), asked.json("client_secret").as_deref()) {
        return refuse("invalid_client");
    }
    if asked.json("grant_type").as_deref() != Some("authorization_code") {
        return refuse("unsupported_grant_type");
    }
    let (code, redirect_uri) = (asked.json("code").unwrap_or_default(), asked.json("redirect_uri"));
    // The address may be left out (可选择).
    match desk.redeem(&code).filter(|code| redirect_uri.is_none_or(|uri| uri == code.wanted.redirect_uri)) {
        Some(code) => {
            let body = json!({
                "access_token": desk.access_token(&code.person, LIFETIME),
                "expires_in": LIFETIME,
                "token_type": "Bearer",
                "scope": null,
                "refresh_token": desk.refresh_token(&code.person, twist.era),
            });
            json(StatusCode::CREATED, &body)
        }
        None => refuse("invalid_grant"),
    }
}

fn profile(desk: &Desk, asked: &Asked, twist: &Twist) -> Answer {
    match asked.query("access_token").and_then(|token| desk.bearer(token)) {
        Some((person, _)) => {
            let person = twist.person(person);
            let body = json!({
                "union_id": person.opaque("lianluo"),
                "avatar": null,
                "username": person.name,
                "email": format!("{}@users.lianluo.example", person.number),
                "phone": "17002108009",
            });
            twist.answer(StatusCode::CREATED, body, "union_id")
        }
        None => {
            let body = json!({ "name": "Unauthorized", "message": "Your request was made with invalid credentials.", "status": 401 });
            json(StatusCode::UNAUTHORIZED, &body)
        }
    }
}

fn refuse(error: &'static str) -> Answer {
    json(StatusCode::BAD_REQUEST, &json!({ "error": error, "error_description": error.replace('_', " ") }))
}
