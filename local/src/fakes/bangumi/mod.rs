//! Bangumi (<https://github.com/bangumi/api>): OAuth at bgm.tv, the API at api.bgm.tv.

mod api;
mod catalogue;
mod collections;
mod oauth;
mod subjects;
mod world;

use http::Method;

use super::control::Endpoint;
use super::desk::{Handler, Route, System};

pub use world::{Deed, Line, Quirks, Row, World};

/// bgm.tv stands at `/bangumi`, api.bgm.tv at `/bangumi/api`.
pub(super) static SYSTEM: System = System {
    id: "bangumi",
    title: "Bangumi",
    addresses: &[("oauth", ""), ("api", "/api")],
    routes: &[
        route(Method::GET, "/oauth/authorize", Endpoint::Authorize, oauth::authorize),
        route(Method::POST, "/oauth/authorize", Endpoint::Authorize, oauth::authorize),
        route(Method::POST, "/oauth/access_token", Endpoint::Token, oauth::token),
        route(Method::POST, "/oauth/token_status", Endpoint::Status, oauth::status),
        route(Method::GET, "/api/v0/me", Endpoint::Profile, api::me),
        route(Method::GET, "/api/calendar", Endpoint::Calendar, subjects::calendar),
        route(Method::POST, "/api/v0/search/subjects", Endpoint::Search, subjects::search),
        route(Method::GET, "/api/v0/subjects/{}", Endpoint::Subject, subjects::subject),
        route(Method::GET, "/api/v0/episodes", Endpoint::Episodes, subjects::episodes),
        route(Method::GET, "/api/v0/users/{}/collections", Endpoint::Collections, collections::list),
        route(Method::GET, "/api/v0/users/{}/collections/{}", Endpoint::Collection, collections::one),
        route(Method::POST, "/api/v0/users/-/collections/{}", Endpoint::Save, collections::save),
        route(Method::PATCH, "/api/v0/users/-/collections/{}", Endpoint::Save, collections::change),
        route(Method::GET, "/api/v0/users/-/collections/{}/episodes", Endpoint::Marks, collections::marks),
        route(Method::PATCH, "/api/v0/users/-/collections/{}/episodes", Endpoint::Mark, collections::mark),
        route(Method::PUT, "/api/v0/users/-/collections/-/episodes/{}", Endpoint::Mark, collections::mark_one),
    ],
    refuse: oauth::refuse,
};

const fn route(method: Method, path: &'static str, endpoint: Endpoint, handler: Handler) -> Route {
    Route { method, path, endpoint, handler }
}
