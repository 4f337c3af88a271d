//! Bangumi (<https://github.com/bangumi/api>): OAuth at bgm.tv, the API at api.bgm.tv.

mod api;
mod oauth;

use http::Method;

use super::control::Endpoint;
use super::desk::{Route, System};

/// bgm.tv stands at `/bangumi`, api.bgm.tv at `/bangumi/api`.
pub(super) static SYSTEM: System = System {
    id: "bangumi",
    title: "Bangumi",
    addresses: &[("oauth", ""), ("api", "/api")],
    routes: &[
        Route {
            method: Method::GET,
            path: "/oauth/authorize",
            endpoint: Endpoint::Authorize,
            handler: oauth::authorize,
        },
        Route {
            method: Method::POST,
            path: "/oauth/authorize",
            endpoint: Endpoint::Authorize,
            handler: oauth::authorize,
        },
        Route { method: Method::POST, path: "/oauth/access_token", endpoint: Endpoint::Token, handler: oauth::token },
        Route { method: Method::POST, path: "/oauth/token_status", endpoint: Endpoint::Status, handler: oauth::status },
        Route { method: Method::GET, path: "/api/v0/me", endpoint: Endpoint::Profile, handler: api::me },
    ],
    refuse: oauth::refuse,
};
