//! Other systems' words over the same endpoints, read from the dialects' own tables.

use serde_json::{Map, Value, json};
use shared::oauth::dialect::{ACWING, Dialect, LIANLUO, Member, OAUTH2_0, SIX_PARK, WEIBO};

use crate::authorize::{answers, only};
use crate::components::CLIENT_ID;
use crate::operation::Errors::{OAuth, OAuthOrPage, Page, Problem};
use crate::operation::{Operation, get, post};
use crate::schema::{always, boolean, closed, extended, integer, nullable, open, text};

/// Both spellings of the prefix of bangumoe's own first interface.
pub(crate) const OWN: [&str; 2] = ["/oauth2.0/", "/aouth2.0/"];

/// What tells the operations of one spelling from those of the other.
pub(crate) fn suffix(place: &str) -> &'static str {
    if place == "/aouth2.0/" { "Again" } else { "" }
}

pub(crate) fn operations() -> Vec<Operation> {
    let own = OWN.into_iter().flat_map(own);
    own.chain([weibo()]).chain(acwing()).chain(lianluo()).chain(six_park()).collect()
}

/// A parameter in the dialect's words.
fn theirs(dialect: &Dialect, name: &'static str) -> &'static str {
    dialect.parameters.iter().find(|(_, standard)| *standard == name).map_or(name, |(theirs, _)| *theirs)
}

/// An authorization request in the query.
fn authorize(dialect: &Dialect, path: &str, id: &str) -> Operation {
    let names = ["client_id", "redirect_uri", "response_type", "scope", "state"];
    let operation = get(path, id, &format!("Authorizes an application of the dialect {}", dialect.name));
    let operation = names.into_iter().fold(operation, |operation, name| {
        let example = if name == "client_id" { json!(CLIENT_ID) } else { Value::Null };
        operation.in_query(&format!("{}?", theirs(dialect, name)), text(), example, name)
    });
    answers(operation)
}

/// What a token request may have.
const TOKEN: [&str; 8] =
    ["client_id", "client_secret", "grant_type", "code", "redirect_uri", "refresh_token", "username", "password"];

fn by_post(dialect: &Dialect, path: String, id: &str) -> Operation {
    let body = extended(open(vec![]), TOKEN.map(|name| (theirs(dialect, name), text())));
    let example =
        json!({ theirs(dialect, "client_id"): CLIENT_ID, theirs(dialect, "client_secret"): "secret", "code": "…" });
    tokens(dialect, post(path, id, &summary("Gives tokens in", dialect)).takes_either(body, example))
}

fn summary(what: &str, dialect: &Dialect) -> String {
    format!("{what} the dialect {}", dialect.name)
}

fn tokens(dialect: &Dialect, operation: Operation) -> Operation {
    let (schema, example) = members(dialect.token_reply, None);
    operation
        .security(&["client", ""])
        .answers(dialect.status, "The tokens.", schema, example)
        .fails(OAuth, &[400, 401, 403, 429, 503])
}

fn profile(dialect: &Dialect, operation: Operation) -> Operation {
    let (schema, example) = members(dialect.profile, Some(dialect.unset));
    operation
        .security(&[""])
        .answers(dialect.status, "Who the token's user is.", schema, example)
        .fails(Problem, &[400, 401, 403, 503])
}

/// A reply's schema and an example. Of a profile nothing is left out: there is something for what is not known.
fn members(table: &'static [(&'static str, Member)], unset: Option<Option<&'static str>>) -> (Value, Value) {
    let mut example = Map::new();
    let mut schema = closed(vec![]);
    for (name, member) in table {
        let (kind, value) = match member {
            Member::Of(["expires_in"]) => (integer(1), json!(600)),
            Member::Of(["email_verified"]) => (boolean(), json!(false)),
            Member::Of(_) | Member::Phone(_) | Member::Scope | Member::User => (text(), json!("…")),
            Member::Text(_) => (text(), json!("600")),
            Member::Always(word) => (always(*word), json!(word)),
            Member::Null => (json!({ "type": "null" }), Value::Null),
        };
        let kind = if unset == Some(None) { nullable(kind) } else { kind };
        schema = extended(schema, [(*name, kind)]);
        example.insert((*name).to_owned(), value);
    }
    if let (true, Some(schema)) = (unset.is_some(), schema.as_object_mut()) {
        schema.insert("required".to_owned(), table.iter().map(|(name, _)| *name).collect());
    }
    (schema, example.into())
}

fn own(place: &'static str) -> Vec<Operation> {
    let dialect = &OAUTH2_0;
    let id = |name: &str| format!("{name}{}", suffix(place));
    let show = format!("{place}show");
    let request = ["client_id", "redirect_uri", "scope", "state", "username", "password"];
    let request = extended(open(vec![]), request.map(|name| (theirs(dialect, name), text())));
    let user = json!({ "client_id": CLIENT_ID, "email": "sakura@moe.example", "password": "correct horse battery" });
    let token = open(vec![(theirs(dialect, "access_token"), text())]);
    let get_info = post(format!("{place}getinfo"), &id("getinfo"), &summary("Who a token's user is, in", dialect));
    vec![
        authorize(dialect, &show, &id("show")),
        post(
            show,
            &id("showByPost"),
            "The same by POST; in JSON, a code for a user's password, where an administrator allowed it",
        )
        .security(&["session", ""])
        .takes_either(request, user)
        .body_may_be_missing()
        .answers(200, "The code, or a page.", closed(vec![("code", text())]), json!({ "code": "…" }))
        .shows(200, "")
        .redirects("To the application, or to the sign-in page.")
        .fails(OAuthOrPage, &[400, 403, 429, 503]),
        by_post(dialect, format!("{place}granttoken"), &id("granttoken")),
        profile(dialect, get_info.takes_either(token, json!({ "token": "eyJ…" }))),
    ]
}

fn weibo() -> Operation {
    by_post(&WEIBO, "/oauth2/access_token".to_owned(), "weiboToken")
}

/// Each with the slash of its document, and without.
fn acwing() -> Vec<Operation> {
    let dialect = &ACWING;
    let in_query = |operation: Operation, names: &[&'static str]| {
        names.iter().fold(operation, |operation, name| {
            operation.in_query(&format!("{}?", theirs(dialect, name)), text(), Value::Null, name)
        })
    };
    let of = |slash: &str| {
        let id = |name: &str| format!("{name}{}", if slash.is_empty() { "" } else { "Slash" });
        let path = |path: &str| format!("/third_party/api/{path}{slash}");
        let token = get(path("oauth2/access_token"), &id("acwingToken"), &summary("Gives tokens in", dialect));
        let info =
            get(path("meta/identity/getinfo"), &id("acwingInfo"), &summary("Who a token's user is, in", dialect));
        [
            authorize(dialect, &path("oauth2/web/authorize"), &id("acwingAuthorize")),
            tokens(dialect, in_query(token, &["client_id", "client_secret", "code", "refresh_token"])),
            profile(dialect, in_query(info, &["access_token", "openid"])),
        ]
    };
    ["", "/"].into_iter().flat_map(of).collect()
}

fn lianluo() -> Vec<Operation> {
    let info = get("/api/oauth2/v1/users", "lianluoUser", &summary("Who a token's user is, in", &LIANLUO));
    vec![
        authorize(&LIANLUO, "/oauth2/auth", "lianluoAuthorize"),
        by_post(&LIANLUO, "/account/v1/tokens".to_owned(), "lianluoToken"),
        profile(&LIANLUO, info.in_query("access_token?", text(), Value::Null, "the token")),
    ]
}

/// All its endpoints are one page, which the query tells apart.
fn six_park() -> Vec<Operation> {
    let path = "/index.php";
    let app = |operation: Operation, endpoint: &str| {
        operation.in_query("app", only(endpoint), endpoint, "which endpoint is meant")
    };
    vec![
        app(authorize(&SIX_PARK, path, "sixParkAuthorize"), "authorize").fails(Page, &[404]),
        app(by_post(&SIX_PARK, path.to_owned(), "sixParkToken"), "token").fails(Problem, &[404]),
    ]
}
