//! AcWing (<https://www.acwing.com>): the token endpoint is a GET, client id and secret have names of their own, and an
//! error comes with status 200.

use http::{Method, StatusCode};
use serde_json::json;

use super::control::Endpoint;
use super::desk::{Desk, Route, System, Twist, Wanted};
use super::message::{Asked, json};
use crate::answer::Answer;

const LIFETIME: i64 = 7200;

pub(super) static SYSTEM: System = System {
    id: "acwing",
    title: "AcWing",
    addresses: &[("site", "")],
    routes: &[
        Route {
            method: Method::GET,
            path: "/third_party/api/oauth2/web/authorize/",
            endpoint: Endpoint::Authorize,
            handler: authorize,
        },
        Route {
            method: Method::POST,
            path: "/third_party/api/oauth2/web/authorize/",
            endpoint: Endpoint::Authorize,
            handler: authorize,
        },
        Route {
            method: Method::GET,
            path: "/third_party/api/oauth2/access_token/",
            endpoint: Endpoint::Token,
            handler: token,
        },
        Route {
            method: Method::GET,
            path: "/third_party/api/meta/identity/getinfo/",
            endpoint: Endpoint::Profile,
            handler: profile,
        },
    ],
    refuse,
};

fn authorize(desk: &Desk, asked: &Asked, _: &Twist) -> Answer {
    let wanted = desk.knows(asked.query("appid")).and_then(|()| {
        if asked.query("scope") != Some("userinfo") {
            return Err("scope is not userinfo");
        }
        let redirect_uri = asked.query("redirect_uri").ok_or("redirect_uri is missing")?.to_owned();
        Ok(Wanted { redirect_uri, state: asked.query("state").map(str::to_owned), ..Wanted::default() })
    });
    desk.authorize(asked, wanted)
}

fn token(desk: &Desk, asked: &Asked, twist: &Twist) -> Answer {
    if !desk.is_client(asked.query("appid"), asked.query("secret")) {
        return refuse("invalid_client");
    }
    match desk.redeem(asked.query("code").unwrap_or_default()) {
        Some(code) => {
            let person = twist.person(code.person);
            let body = json!({
                "access_token": desk.access_token(&person, LIFETIME),
                "expires_in": LIFETIME,
                "openid": person.hexadecimal(&desk.client_id),
                "scope": "userinfo",
                "refresh_token": desk.refresh_token(&person, twist.era),
            });
            twist.answer(StatusCode::OK, body, "openid")
        }
        None => refuse("invalid_grant"),
    }
}

fn profile(desk: &Desk, asked: &Asked, twist: &Twist) -> Answer {
    match asked.query("access_token").and_then(|token| desk.bearer(token)) {
        Some((person, _)) if asked.query("openid") == Some(&*person.hexadecimal(&desk.client_id)) => {
            let person = twist.person(person);
            let body = json!({ "username": person.name, "photo": "https://cdn.acwing.com/media/user/photo.jpg" });
            json(StatusCode::OK, &body)
        }
        _ => refuse("invalid_token"),
    }
}

fn refuse(error: &'static str) -> Answer {
    let number = match error {
        "invalid_client" => "40002",
        "invalid_grant" => "40001",
        _ => "40003",
    };
    json(StatusCode::OK, &json!({ "errcode": number, "errmsg": error.replace('_', " ") }))
}
