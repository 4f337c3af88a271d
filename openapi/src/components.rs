//! What several operations share: schemas, errors, headers, and how callers prove who they are.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::account::DETAILS;
use shared::account::profile::{AVATAR, INTRO, NICKNAME};
use shared::collection::activity::Happened;
use shared::collection::entry;
use shared::collection::{Mark, Status};
use shared::jose::AccessClaims;
use shared::jose::access_token::Actor;
use shared::oauth::claims::CLAIMS;
use shared::oauth::client::Registration;
use shared::oauth::dialect::Dialect;
use shared::oauth::metadata::Requested;
use shared::oauth::{ErrorCode, ScopeToken};

use crate::ISSUER;
use crate::operation::{Errors, HTML, JSON, PROBLEM, reason};
use crate::schema::{
    about, always, between, boolean, closed, extended, integer, like, list, moment, named, nullable, one_of, open,
    read, text, url, within, words, written,
};

/// A user's, a session's, a family's id: 128 bits in base32.
pub(crate) const ID: &str = "^[a-z2-7]{25}[aeimquy4]$";

/// An application's id.
pub(crate) const CLIENT: &str = "^client_[a-z2-7]{25}[aeimquy4]$";

/// An example of one.
pub(crate) const USER_ID: &str = "mvzgk4tfon2gk4tfonzxi33nny";
/// Of an application's.
pub(crate) const CLIENT_ID: &str = "client_mvzgk4tfon2gk4tfonzxi33nny";

/// The parts of the document, by the paths that belong to each.
const TAGS: [(&str, &str, &[&str]); 8] = [
    ("account", "People and their own accounts.", &["/register", "/login", "/logout", "/account"]),
    ("elsewhere", "Accounts elsewhere: signing in with them, and binding them.", &["/connect"]),
    ("collections", "The anime collection.", &["/collections", "/me", "/users"]),
    ("works", "Anime, as Bangumi describes them.", &["/subjects", "/calendar"]),
    ("discovery", "What the server says about itself.", &["/.well-known", "/oauth2/jwks", "/openapi.json"]),
    ("dialects", "Other systems' words, for applications that were written for those: docs/dialects.md.", &[]),
    ("oauth", "OAuth 2.1 and OpenID Connect.", &["/oauth2", "/device"]),
    ("pages", "Home, files, the choice of language, a sign of life.", &["/"]),
];

pub(crate) fn tags() -> Value {
    TAGS.iter().map(|(name, description, _)| json!({ "name": name, "description": description })).collect()
}

/// The part that a path belongs to.
pub(crate) fn tag_of(path: &str) -> &'static str {
    if Dialect::of_path(path).is_some() {
        return "dialects";
    }
    let fits = |paths: &[&str]| paths.iter().any(|start| path.starts_with(start));
    TAGS.iter().find(|(_, _, paths)| fits(paths)).map_or("pages", |(name, ..)| *name)
}

/// Every error code that an endpoint of the protocol answers in JSON.
const CODES: [ErrorCode; 21] = [
    ErrorCode::InvalidRequest,
    ErrorCode::InvalidClient,
    ErrorCode::InvalidGrant,
    ErrorCode::UnauthorizedClient,
    ErrorCode::UnsupportedGrantType,
    ErrorCode::UnsupportedResponseType,
    ErrorCode::InvalidScope,
    ErrorCode::AccessDenied,
    ErrorCode::TemporarilyUnavailable,
    ErrorCode::InvalidRequestObject,
    ErrorCode::InvalidRequestUri,
    ErrorCode::RequestNotSupported,
    ErrorCode::InvalidToken,
    ErrorCode::InvalidTarget,
    ErrorCode::InvalidDpopProof,
    ErrorCode::UseDpopNonce,
    ErrorCode::InvalidRedirectUri,
    ErrorCode::InvalidClientMetadata,
    ErrorCode::SlowDown,
    ErrorCode::AuthorizationPending,
    ErrorCode::ExpiredToken,
];

/// Those of a token that came with a request (RFC 6750 §3.1, RFC 9449 §7.1).
const TOKEN_CODES: [ErrorCode; 4] =
    [ErrorCode::InvalidToken, ErrorCode::InsufficientScope, ErrorCode::InvalidDpopProof, ErrorCode::UseDpopNonce];

/// The name of an error's response.
pub(crate) fn error_name(errors: Errors, status: u16) -> String {
    format!("{errors:?}{status}")
}

/// An error's response.
pub(crate) fn error(errors: Errors, status: u16) -> Value {
    let code = match status {
        401 => ErrorCode::InvalidClient,
        403 => ErrorCode::AccessDenied,
        429 => ErrorCode::SlowDown,
        503 => ErrorCode::TemporarilyUnavailable,
        _ => ErrorCode::InvalidRequest,
    };
    let problem =
        json!({ "type": "about:blank", "title": reason(status), "status": status, "detail": meaning(status) });
    let oauth = json!({ "error": code.as_str(), "error_description": meaning(status) });
    let problem = (PROBLEM, json!({ "schema": named("Problem"), "example": problem }));
    let oauth = (JSON, json!({ "schema": named("OAuthError"), "example": oauth }));
    let page = (HTML, json!({ "schema": text() }));
    let content = match errors {
        Errors::Problem => vec![problem],
        Errors::ProblemOrPage => vec![problem, page],
        Errors::Page => vec![page],
        Errors::OAuth => vec![oauth],
        Errors::OAuthOrPage => vec![oauth, page],
    };
    let content: Map<String, Value> = content.into_iter().map(|(media, content)| (media.to_owned(), content)).collect();
    let mut response = json!({ "description": meaning(status), "content": content });
    let header = match status {
        401 => Some("WWW-Authenticate"),
        429 | 503 => Some("Retry-After"),
        _ => None,
    };
    if let (Some(header), Some(response)) = (header, response.as_object_mut()) {
        let reference = json!({ header: { "$ref": format!("#/components/headers/{header}") } });
        response.insert("headers".to_owned(), reference);
    }
    response
}

fn meaning(status: u16) -> &'static str {
    match status {
        400 => "the request can't be read, or asks for what there is not",
        401 => "nobody is signed in, or the token or the client's credentials are wrong",
        403 => "the caller may not do this, or another site's page made the request",
        404 => "there is no such thing",
        409 => "it belongs to somebody else, or is being changed elsewhere",
        413 => "the body may have 64 KiB at the most",
        412 => "it is not as If-Match or If-None-Match says",
        415 => "the body must be JSON, and its Content-Type say so",
        422 => "some fields are wrong: errors names them",
        429 => "too many attempts: wait before the next",
        503 => "something that this needs does not answer: try again",
        _ => reason(status),
    }
}

pub(crate) fn components(errors: BTreeMap<String, Value>) -> Value {
    json!({
        "schemas": schemas(),
        "responses": errors,
        "headers": headers(),
        "securitySchemes": security_schemes(),
    })
}

fn headers() -> Value {
    let header = |description: &str, required: bool, example: &str| json!({ "description": description, "required": required, "schema": { "type": "string" }, "example": example });
    json!({
        "Access-Control-Allow-Headers": header("Which headers a script may send.", true, "Authorization, Content-Type, DPoP"),
        "Access-Control-Allow-Methods": header("What a script may do.", true, "GET"),
        "Access-Control-Allow-Origin": header("Scripts of any site may read the answer.", true, "*"),
        "Cache-Control": header("How long it may be kept.", true, "public, max-age=300"),
        "ETag": header("The entry as it is, for If-Match and If-None-Match.", true, "\"1767225600000-1\""),
        "Location": header("Where to go on.", true, "/"),
        "Retry-After": header("Seconds to wait.", false, "2"),
        "Set-Cookie": header("The session, and that the browser is known.", true, "__Host-session=…; Path=/; HttpOnly; SameSite=Lax; Secure"),
        "WWW-Authenticate": header("How to prove who asks (RFC 9110 §11.6.1, RFC 6750 §3, RFC 9449 §7.1).", false, "Bearer"),
    })
}

fn security_schemes() -> Value {
    let scopes: Map<String, Value> =
        ScopeToken::ALL.into_iter().map(|scope| (scope.as_str().to_owned(), meaning_of(scope).into())).collect();
    json!({
        "bearer": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "The user's own access token, from `POST /login` (RFC 6750).",
        },
        "session": {
            "type": "apiKey", "in": "cookie", "name": "__Host-session",
            "description": "Who signed in with this browser; `session` where the issuer is not https. An unsafe request must \
                be JSON, or a form with the page's `csrf`, and come from this site.",
        },
        "oauth": {
            "type": "oauth2",
            "description": "An application's access token, as `Authorization: Bearer`.",
            "flows": { "authorizationCode": {
                "authorizationUrl": format!("{ISSUER}/oauth2/authorize"),
                "tokenUrl": format!("{ISSUER}/oauth2/token"),
                "refreshUrl": format!("{ISSUER}/oauth2/token"),
                "scopes": scopes,
            } },
        },
        "dpop": {
            "type": "http", "scheme": "DPoP",
            "description": "An access token that is bound to a key, with the header `DPoP` that proves it (RFC 9449 §7.1).",
        },
        "client": {
            "type": "http", "scheme": "basic",
            "description": "An application's id and secret, each percent-encoded (RFC 6749 §2.3.1). Instead, they may stand \
                in the body, `client_id` alone where the application is public, or `client_assertion` \
                (RFC 7523 §2.2).",
        },
        "registration": {
            "type": "http", "scheme": "bearer",
            "description": "A registration's own `registration_access_token` (RFC 7592 §3), or its owner's access token.",
        },
    })
}

fn meaning_of(scope: ScopeToken) -> &'static str {
    match scope {
        ScopeToken::Openid => "an ID token, and userinfo",
        ScopeToken::Profile => "nickname, username, picture and what else people tell about themselves",
        ScopeToken::Email => "the e-mail address",
        ScopeToken::Phone => "the phone number",
        ScopeToken::Address => "the postal address",
        ScopeToken::OfflineAccess => "a refresh token in an OpenID request",
        ScopeToken::CollectionsRead => "reading the collection",
        ScopeToken::CollectionsWrite => "changing the collection",
    }
}

fn schemas() -> Value {
    let mut schemas = own_schemas();
    if let Some(members) = schemas.as_object_mut() {
        let more = crate::sync::components().into_iter().chain(crate::collections::components());
        members.extend(more.map(|(name, schema)| (name.to_owned(), schema)));
    }
    schemas
}

fn own_schemas() -> Value {
    let wrong_field = closed(vec![
        ("field", words("the field")),
        ("code", words("a word for programs: required, taken, invalid_email, too_long, …")),
        ("message", words("a sentence for people")),
    ]);
    json!({
        "Problem": about("An error (RFC 9457); of a token, with the members of RFC 6750 as well.", closed(vec![
            ("type", always("about:blank")),
            ("title", words("the status in words")),
            ("status", between(400, 599)),
            ("detail", words("what is wrong and how to mend it")),
            ("code?", words("a word for programs, where the status alone does not say what is to be done")),
            ("errors?", list(wrong_field)),
            ("error?", one_of(TOKEN_CODES.map(ErrorCode::as_str))),
            ("error_description?", text()),
        ])),
        "OAuthError": about("An error of the protocol (RFC 6749 §5.2, RFC 7591 §3.2.2).", closed(vec![
            ("error", one_of(CODES.map(ErrorCode::as_str))),
            ("error_description", text()),
        ])),
        "User": user(),
        "Profile": about("Changes of a profile. Null or an empty string empties a field.", profile()),
        "Address": about("OpenID Connect Core §5.1.1.", address(text())),
        "Status": read::<Status>(),
        "Entry": entry(),
        "Page": about("A page of a collection.", closed(vec![
            ("items", list(named("Entry"))),
            ("next_cursor", about("null on the last page", nullable(text()))),
        ])),
        "Activity": activity(),
        "Marked": about("An entry whose episodes were marked.", closed(vec![
            ("entry", named("Entry")),
            ("offer", about("what its owner may want next: nothing is done by itself", nullable(one_of(["done"])))),
        ])),
        "Marks": about("The episodes of an entry that are marked.", closed(vec![("items", list(closed(vec![
            ("episode_id", integer(1)),
            ("mark", one_of(Mark::ALL.map(Mark::as_str))),
            ("main", about("whether it is no special, opening or trailer", boolean())),
        ])))])),
        "ClientMetadata": about("What an application registers (RFC 7591 §2).", read::<Requested>()),
        "Registration": about("An application as it is registered (RFC 7591 §3.2.1, RFC 7592 §3).", written::<Registration<'static>>()),
        "Claims": claims(),
        "Introspection": introspection(),
        "Actor": written::<Actor>(),
    })
}

/// The members of an address, each as `member` says.
fn address(member: Value) -> Value {
    let names = DETAILS.iter().filter_map(|detail| detail.of_address());
    extended(closed(vec![]), names.map(|name| (name, member.clone())))
}

/// What people may tell beyond what the site itself shows, but for the address.
fn details(member: Value) -> impl Iterator<Item = (&'static str, Value)> {
    let plain = DETAILS.iter().filter(|detail| detail.of_address().is_none());
    plain.map(move |detail| (detail.name, member.clone()))
}

fn user() -> Value {
    let schema = closed(vec![
        ("user_id", like(ID)),
        ("username", nullable(text())),
        ("email", nullable(text())),
        ("email_verified", boolean()),
        ("phone", about("E.164", nullable(text()))),
        ("phone_verified", boolean()),
        ("nickname", nullable(text())),
        ("avatar", nullable(url())),
        ("intro", nullable(text())),
        ("has_password", about("false where they sign in with accounts elsewhere alone", boolean())),
        ("created_at", moment()),
        ("address?", named("Address")),
    ]);
    about(
        "A person, as they themselves see their account. What they do not tell about themselves is left out.",
        extended(schema, details(text())),
    )
}

fn profile() -> Value {
    let username = about("6 to 32 ASCII letters, digits, _ and -, with at least one letter", nullable(text()));
    let schema = open(vec![
        ("username?", username),
        ("email?", nullable(text())),
        ("phone?", about("E.164; eleven digits alone are a Chinese number", nullable(text()))),
        ("nickname?", nullable(within(0, NICKNAME))),
        ("avatar?", about("an https address", nullable(within(0, AVATAR)))),
        ("intro?", nullable(within(0, INTRO))),
        ("address?", about("members that are left out stay; null empties it", nullable(address(nullable(text()))))),
    ]);
    extended(schema, details(nullable(text())))
}

/// An example of a user.
pub(crate) fn sakura() -> Value {
    json!({
        "user_id": USER_ID, "username": "sakura", "email": "sakura@moe.example", "email_verified": false, "phone": null,
        "phone_verified": false, "nickname": "桜", "avatar": null, "intro": null, "has_password": true,
        "created_at": "2026-01-01T00:00:00Z",
    })
}

fn entry() -> Value {
    about(
        "What a user says about one work.",
        closed(vec![
            ("subject_id", about("the work, as Bangumi numbers it", between(1, u32::MAX.into()))),
            ("subject", about("the work in short; null where that is not known", nullable(named("Work")))),
            ("status", named("Status")),
            ("rating", nullable(between(1, 10))),
            ("comment", nullable(within(1, entry::COMMENT))),
            ("tags", json!({ "type": "array", "maxItems": entry::TAGS, "items": within(1, entry::TAG) })),
            ("private", about("whether only its owner sees it", boolean())),
            ("rewatch_count", between(0, entry::REWATCHES.cast_signed())),
            ("started_at", about("a date, or a moment in RFC 3339, as it was sent", nullable(text()))),
            ("finished_at", nullable(text())),
            (
                "progress",
                about("how many episodes were watched", closed(vec![("main", integer(0)), ("special", integer(0))])),
            ),
            ("created_at", moment()),
            ("updated_at", moment()),
            ("version", about("raised by every change", integer(1))),
            ("deleted_at?", about("when it was removed, among what was", moment())),
        ]),
    )
}

/// A page of what somebody did to their collection.
fn activity() -> Value {
    let value = || json!({ "type": ["string", "integer", "boolean", "array", "object", "null"] });
    let field = closed(vec![("field", text()), ("before", value()), ("after", value())]);
    let change = closed(vec![
        ("subject_id", between(1, u32::MAX.into())),
        ("at", moment()),
        ("happened", written::<Happened>()),
        ("fields", about("what is not as before", list(field))),
    ]);
    let items = list(change);
    about(
        "A page of changes.",
        closed(vec![("items", items), ("next_cursor", about("null on the last page", nullable(text())))]),
    )
}

/// An example of an entry.
pub(crate) fn clannad() -> Value {
    json!({
        "subject_id": 12, "subject": crate::sync::work(), "status": "watching", "rating": 9, "comment": null, "tags": ["京アニ"], "private": false,
        "rewatch_count": 0, "started_at": "2026-01-01", "finished_at": null,
        "progress": { "main": 7, "special": 0 }, "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z", "version": 1,
    })
}

fn claims() -> Value {
    let schema = closed(vec![("sub", words("who it is"))]);
    let member = |claim: &str| match claim {
        "email_verified" | "phone_number_verified" => boolean(),
        "updated_at" => integer(0),
        "address" => named("Address"),
        _ => text(),
    };
    let claims = CLAIMS.into_iter().map(|(claim, scope)| {
        let schema = member(claim);
        let told = format!("with the scope {}", scope.as_str());
        (claim, if schema.get("$ref").is_some() { schema } else { about(&told, schema) })
    });
    about("What a token's scope lets out about its user (OpenID Connect Core §5.1).", extended(schema, claims))
}

/// Whatever an access token says, and what this server adds.
fn introspection() -> Value {
    let schema =
        closed(vec![("active", boolean()), ("token_type?", one_of(["Bearer", "DPoP"])), ("username?", text())]);
    let token = written::<AccessClaims>();
    let claims = token.get("properties").and_then(Value::as_object).into_iter().flatten();
    let schema = extended(schema, claims.map(|(name, schema)| (name.as_str(), schema.clone())));
    about(
        "What a token is (RFC 7662 §2.2); of one that is not active, or not the caller's to know, nothing more.",
        schema,
    )
}
