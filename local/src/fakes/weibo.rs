//! Weibo (<https://open.weibo.com/wiki/Oauth2>): the token's reply says who it is.

use http::{Method, StatusCode};
use serde_json::json;

use super::control::Endpoint;
use super::desk::{Desk, Route, System, Twist, Wanted};
use super::message::{Asked, json};
use crate::answer::Answer;

/// What its document's example has: some five years.
const LIFETIME: i64 = 157_679_999;

pub(super) static SYSTEM: System = System {
    id: "weibo",
    title: "Weibo (微博)",
    addresses: &[("api", "")],
    routes: &[
        Route { method: Method::GET, path: "/oauth2/authorize", endpoint: Endpoint::Authorize, handler: authorize },
        Route { method: Method::POST, path: "/oauth2/authorize", endpoint: Endpoint::Authorize, handler: authorize },
        Route { method: Method::POST, path: "/oauth2/access_token", endpoint: Endpoint::Token, handler: token },
        Route { method: Method::GET, path: "/2/users/show.json", endpoint: Endpoint::Profile, handler: profile },
    ],
    refuse,
};

fn authorize(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    let wanted = desk.knows(asked.query("client_id")).and_then(|()| {
        if asked.query("response_type") != Some("code") {
            return Err("response_type is not code");
        }
        let redirect_uri = asked.query("redirect_uri").ok_or("redirect_uri is missing")?.to_owned();
        Ok(Wanted { redirect_uri, state: asked.query("state").map(str::to_owned), ..Wanted::default() })
    });
    desk.authorize(asked, wanted)
}

fn token(desk: &Desk, asked: &Asked, twist: &Twist) -> Answer {
    if !desk.is_client(asked.form("client_id").as_deref(), asked.form("client_secret").as_deref()) {
        return refuse("invalid_client");
    }
    if asked.form("grant_type").as_deref() != Some("authorization_code") {
        return refuse("unsupported_grant_type");
    }
    let (code, redirect_uri) = (asked.form("code").unwrap_or_default(), asked.form("redirect_uri"));
    match desk.redeem(&code).filter(|code| Some(&code.wanted.redirect_uri) == redirect_uri.as_ref()) {
        Some(code) => {
            let person = twist.person(code.person);
            let body = json!({
                "access_token": desk.access_token(&person, LIFETIME),
                "remind_in": LIFETIME.to_string(),
                "expires_in": LIFETIME,
                "uid": person.number.to_string(),
                "isRealName": "true",
            });
            twist.answer(StatusCode::OK, body, "uid")
        }
        None => refuse("invalid_grant"),
    }
}

/// Who a token's owner is, and nobody else: the document knows no other use.
fn profile(desk: &Desk, asked: &Asked, twist: &Twist) -> Answer {
    match asked.query("access_token").and_then(|token| desk.bearer(token)) {
        Some((person, _)) if asked.query("uid") == Some(&*person.number.to_string()) => {
            let person = twist.person(person);
            let body = json!({
                "id": person.number,
                "idstr": person.number.to_string(),
                "screen_name": person.name,
                "name": person.name,
                "avatar_large": "https://tva1.sinaimg.cn/default.jpg",
            });
            twist.answer(StatusCode::OK, body, "id")
        }
        Some(_) => refuse("invalid_request"),
        None => refuse("invalid_token"),
    }
}

fn refuse(error: &'static str) -> Answer {
    let number = match error {
        "invalid_client" => 21_324,
        "invalid_grant" => 21_325,
        "invalid_token" => 21_332,
        _ => 21_323,
    };
    let body = json!({ "error": error, "error_code": number, "error_description": error.replace('_', " ") });
    json(StatusCode::BAD_REQUEST, &body)
}
