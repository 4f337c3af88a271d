//! Every answer that a test gets is one that the OpenAPI document describes: its status, its headers, its format, and its
//! schema, which allows no member that it does not name.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};

use super::Reply;

/// The document.
pub static DOCUMENT: LazyLock<Value> = LazyLock::new(openapi::document);

/// Schemas that were made ready, by what they are of.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// A schema of the document, ready: it may refer to the components.
pub fn validator(schema: &Value) -> Validator {
    let schema = json!({ "allOf": [schema], "components": DOCUMENT["components"] });
    jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{schema}: {error}"))
}

/// What is wrong with a value, if anything.
pub fn wrong(validator: &Validator, value: &Value) -> Option<String> {
    let errors: Vec<_> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    (!errors.is_empty()).then(|| errors.join("; "))
}

/// What a reference of the document refers to; anything else is itself.
pub fn resolved(value: &Value) -> &Value {
    match value["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap_or_else(|| panic!("{reference}")),
        None => value,
    }
}

/// The document's path that a request's path is of: the one with the fewest parameters.
fn described(path: &str) -> Option<&'static str> {
    let paths = DOCUMENT["paths"].as_object().unwrap().keys();
    let is_parameter = |segment: &str| segment.starts_with('{');
    let fits = |template: &&String| {
        let segments = (template.split('/'), path.split('/'));
        template.matches('/').count() == path.matches('/').count()
            && segments.0.zip(segments.1).all(|(template, segment)| {
                if is_parameter(template) { !segment.is_empty() } else { template == segment }
            })
    };
    paths.filter(fits).min_by_key(|template| template.matches('{').count()).map(String::as_str)
}

/// API Gateway's own answers come from no function, and are described together in the document's text. So does the one with
/// which a laptop's moves a page to `localhost`.
fn is_the_gateways(method: &Method, reply: &Reply) -> bool {
    if method == Method::HEAD || reply.status == 307 {
        return true;
    }
    let body: Value = serde_json::from_str(&reply.body).unwrap_or_default();
    body.as_object().is_some_and(|body| body.len() == 1 && body.contains_key("message"))
}

/// Fails where `reply`, if it is a site's, is not what the document says.
pub fn check(method: &Method, reply: &Reply) {
    // Every answer of a site has a number, and none of the table's or anybody else's.
    if reply.header("apigw-requestid").is_empty() || is_the_gateways(method, reply) {
        return;
    }
    let Some(path) = described(&reply.path) else {
        assert_eq!(reply.status, 404, "{method} {} is not in the OpenAPI document: {}", reply.path, reply.body);
        return;
    };
    let operation = &DOCUMENT["paths"][path][method.as_str().to_ascii_lowercase()];
    let name = format!("{method} {path} {}", reply.status);
    let response = resolved(&operation["responses"][reply.status.to_string()]);
    assert!(response.is_object(), "{name} is not in the OpenAPI document: {}", reply.body);
    for (header, described) in response["headers"].as_object().into_iter().flatten() {
        let missing = resolved(described)["required"] == true && !reply.headers.contains_key(header);
        assert!(!missing, "{name} has no {header}, which the OpenAPI document promises");
    }
    let media = reply.header("content-type").split(';').next().unwrap();
    let Some(contents) = response["content"].as_object().filter(|_| !reply.body.is_empty()) else {
        let nothing = response["content"].is_null() && reply.body.is_empty();
        assert!(nothing, "{name} has a body where the OpenAPI document has none, or has none: {}", reply.body);
        return;
    };
    let content = contents.get(media).unwrap_or_else(|| panic!("{name}: the OpenAPI document has no {media}"));
    if media.ends_with("json") {
        let validator = Arc::clone(
            VALIDATORS
                .lock()
                .unwrap()
                .entry(format!("{name} {media}"))
                .or_insert_with(|| Arc::new(validator(&content["schema"]))),
        );
        let wrong = wrong(&validator, &reply.json());
        assert!(wrong.is_none(), "{name} is not as the OpenAPI document has it: {}: {}", wrong.unwrap(), reply.body);
    }
}
