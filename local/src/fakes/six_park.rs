//! 6park, 留园网: it sends people back to the one address that was registered, wants a `state`, and knows its applications
//! by HTTP Basic. An answer without `access_token` is an error, whatever its status.

use http::{Method, StatusCode};
use serde_json::json;

use super::control::Endpoint;
use super::desk::{Desk, Route, System, Twist, Wanted};
use super::message::{Asked, answer, json};
use crate::answer::Answer;

const LIFETIME: i64 = 3600;

/// The authorization server stands at `/6park`, the resource server at `/6park/resource`.
pub(super) static SYSTEM: System = System {
    id: "6park",
    title: "6park (留园网)",
    addresses: &[("auth", ""), ("resource", "/resource")],
    routes: &[
        Route {
            method: Method::GET,
            path: "/index.php?app=authorize",
            endpoint: Endpoint::Authorize,
            handler: authorize,
        },
        Route {
            method: Method::POST,
            path: "/index.php?app=authorize",
            endpoint: Endpoint::Authorize,
            handler: authorize,
        },
        Route { method: Method::POST, path: "/index.php?app=token", endpoint: Endpoint::Token, handler: token },
        Route {
            method: Method::POST,
            path: "/resource/index.php?app=user",
            endpoint: Endpoint::Profile,
            handler: profile,
        },
    ],
    refuse,
};

fn authorize(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    let wanted = desk.knows(asked.query("client_id")).and_then(|()| {
        if asked.query("response_type") != Some("code") {
            return Err("response_type is not code");
        }
        let state = asked.query("state").filter(|state| !state.is_empty()).ok_or("state is missing")?;
        // Whatever the request says of it.
        Ok(Wanted { redirect_uri: desk.redirect_uri.clone(), state: Some(state.to_owned()), ..Wanted::default() })
    });
    desk.authorize(asked, wanted)
}

fn token(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    if !is_client(desk, asked) || asked.form("client_id").as_ref() != Some(&desk.client_id) {
        return refuse("invalid_client");
    }
    if asked.form("grant_type").as_deref() != Some("authorization_code") {
        return refuse("unsupported_grant_type");
    }
    match desk.redeem(&asked.form("code").unwrap_or_default()) {
        Some(code) => {
            let token = desk.access_token(&code.person, LIFETIME);
            json(StatusCode::OK, &json!({ "access_token": token, "expires_in": LIFETIME }))
        }
        None => refuse("invalid_grant"),
    }
}

/// As its own client asks it (<https://github.com/sixpark-source/OAuth2>): a POST, with the application's own
/// authentication beside the token.
fn profile(desk: &Desk, asked: &Asked, twist: &Twist) -> Answer {
    if asked.query("act") != Some("userinfo") || !is_client(desk, asked) {
        return refuse("invalid_client");
    }
    match asked.form("token").and_then(|token| desk.bearer(&token)) {
        Some((person, _)) => {
            let person = twist.person(person);
            let info = json!({ "uid": person.number.to_string(), "username": person.name });
            answer(StatusCode::OK, "application/json", format!("{{\"info\":{}}}", twist.text(info, "uid")))
        }
        None => refuse("invalid_token"),
    }
}

fn is_client(desk: &Desk, asked: &Asked) -> bool {
    asked.basic().is_some_and(|(id, secret)| desk.is_client(Some(&id), Some(&secret)))
}

fn refuse(error: &'static str) -> Answer {
    json(StatusCode::OK, &json!({ "error": error, "error_description": error.replace('_', " ") }))
}
