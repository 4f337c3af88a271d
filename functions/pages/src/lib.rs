//! Home, static files, the choice of language, health, and what the API is, told to machines.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use shared::app::App;
use shared::http::page::{Frame, local_path, see_other};
use shared::http::{Incoming, Problem, Segment, answer, cors, json, session};
use shared::i18n::Lang;
use shared::pages::{self, assets};

/// The OpenAPI document, as `cargo xtask openapi` makes it from the code.
const OPENAPI: &str = include_str!("openapi.json");

/// What stands in it for the issuer.
const PLACEHOLDER: &str = "https://id.example.org";

/// The function's routes.
pub fn router() -> Router<App> {
    shared::http::router()
        .route("/", get(home))
        .route("/static/{file}", get(file))
        .route("/language", get(language))
        .route("/health", get(health))
        .route("/openapi.json", get(openapi).options(|| async { cors::preflight("GET") }))
}

async fn home(State(app): State<App>, incoming: Incoming) -> Response {
    let page = async {
        let site = app.site().await?;
        let signed_in = session::find(&app, &site, &incoming).await?;
        let frame = Frame::new(&app, &site, &incoming, signed_in.as_ref().map(|signed_in| &signed_in.user), "/");
        Ok::<_, Problem>(frame.render(&app, StatusCode::OK, &pages::Home { layout: frame.layout() }))
    };
    page.await.unwrap_or_else(|problem| problem.to_page(&incoming))
}

async fn file(Segment(name): Segment, incoming: Incoming) -> Response {
    let Some((content_type, text)) = assets::asset(&name) else {
        return Problem::new(StatusCode::NOT_FOUND, "there is no such file").render(&incoming);
    };
    let mut response = answer(StatusCode::OK, content_type, text.to_owned());
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Remembers the language in a cookie and goes back to the page.
async fn language(State(app): State<App>, incoming: Incoming) -> Response {
    let params = match incoming.query_params() {
        Ok(params) => params,
        Err(error) => return Problem::from(error).render(&incoming),
    };
    let Some(lang) = params.get("lang").and_then(Lang::from_tag) else {
        return Problem::new(StatusCode::BAD_REQUEST, "lang must be zh-CN, en or ja").render(&incoming);
    };
    let mut response = see_other(params.get("return_to").and_then(local_path).unwrap_or("/"));
    let secure = if app.config.issuer.is_https() { "; Secure" } else { "" };
    let cookie = format!("lang={}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}", lang.tag());
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Whether the table answers.
async fn health(State(app): State<App>) -> Response {
    match app.store.ping().await {
        Ok(()) => json(StatusCode::OK, &serde_json::json!({ "status": "ok" })),
        Err(error) => Problem::from(error).to_json_response(),
    }
}

/// Anybody may read and keep it, as the discovery documents.
async fn openapi(State(app): State<App>) -> Response {
    // An issuer is an origin: nothing in it means anything in JSON.
    let text = OPENAPI.replace(PLACEHOLDER, app.config.issuer.as_str());
    let mut response = answer(StatusCode::OK, "application/json", text);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    cors::allow(&mut response);
    response
}
