//! What the API is, told to machines: an OpenAPI 3.1 document, made from the code.
//!
//! A file for each function has its operations; enumerations, scopes, claims, the dialects' tables and whatever types are
//! read or written as they are come from `shared` itself. `functions/pages/src/openapi.json` is what this makes, so that
//! no function carries any of it; `cargo xtask openapi` writes it anew. Tests hold the document to the template's routes,
//! to that file, and to every answer that the test suite gets.

mod account;
mod authorize;
mod clients;
mod collection_pages;
mod collections;
mod components;
mod connect;
mod connections;
mod device;
mod dialects;
mod discovery;
mod end_session;
mod inspect;
mod login;
mod operation;
mod pages;
mod par;
mod register;
mod schema;
mod subjects;
mod sync;
mod token;
mod userinfo;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use operation::Operation;

/// What stands in the file for the site's own address.
pub const ISSUER: &str = "https://id.example.org";

/// Where the file is, from the project's root.
pub const FILE: &str = "functions/pages/src/openapi.json";

const DESCRIPTION: &str = "An identity provider (OAuth 2.1, OpenID Connect) and anime-collection service.\n\n\
    A page and its JSON are two faces of one address: HTML goes to whoever's `Accept` names `text/html`. A page's forms \
    carry its form token (`csrf`), are answered with redirects, and where they fail with the page again. Errors are \
    `application/problem+json` (RFC 9457), those of the OAuth endpoints as RFC 6749 has them. A 503 means that nothing was \
    half-written: try again.\n\n\
    What is not in this document API Gateway answers itself, as `{\"message\": …}`: 404 for a path or method that is not \
    here, 413 and 431 for a request of over 6 MB, or 10 KB of headers, 429 where everybody together asks too much, \
    500 and 503 where a function fails.";

/// One file's operations.
fn operations() -> Vec<Operation> {
    [
        account::operations(),
        authorize::operations(),
        clients::operations(),
        collection_pages::operations(),
        collections::operations(),
        connect::operations(),
        connections::operations(),
        device::operations(),
        dialects::operations(),
        discovery::operations(),
        end_session::operations(),
        inspect::operations(),
        login::operations(),
        pages::operations(),
        par::operations(),
        register::operations(),
        subjects::operations(),
        sync::operations(),
        token::operations(),
        userinfo::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The document.
pub fn document() -> Value {
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let mut errors = BTreeMap::new();
    for operation in operations() {
        errors.extend(operation.errors());
        let path = paths.entry(operation.path().to_owned()).or_default();
        path.insert(operation.method().to_owned(), operation.into_json());
    }
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "bangumoe",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": env!("CARGO_PKG_LICENSE") },
        },
        "servers": [{ "url": ISSUER }],
        "tags": components::tags(),
        "paths": paths,
        "components": components::components(errors),
    })
}

/// The document as the file has it: a line for each operation and each component, so that a change of one is a change of
/// a line, and nobody is sent white space.
pub fn render(document: &Value) -> String {
    let mut text = String::new();
    write(&mut text, document, 0);
    text.push('\n');
    text
}

fn write(text: &mut String, value: &Value, depth: usize) {
    let Value::Object(members) = value else { return text.push_str(&value.to_string()) };
    if depth == 3 || members.is_empty() {
        return text.push_str(&value.to_string());
    }
    text.push('{');
    for (at, (name, value)) in members.iter().enumerate() {
        text.push_str(if at == 0 { "\n" } else { ",\n" });
        text.push_str(&Value::from(name.as_str()).to_string());
        text.push(':');
        write(text, value, depth + 1);
    }
    text.push_str("\n}");
}
