//! One operation: a route and a method, what is sent there, and every answer.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::components;
use crate::schema::scalars;

pub(crate) const JSON: &str = "application/json";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const HTML: &str = "text/html";
pub(crate) const PROBLEM: &str = "application/problem+json";

/// How an operation tells what went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errors {
    /// `application/problem+json`, whoever asks.
    Problem,
    /// The same, or a page for who reads those.
    ProblemOrPage,
    /// A page.
    Page,
    /// As RFC 6749 §5.2 has them.
    OAuth,
    /// The same, or a page for who sent a form.
    OAuthOrPage,
}

/// One operation.
pub(crate) struct Operation {
    method: &'static str,
    path: String,
    members: Map<String, Value>,
    parameters: Vec<Value>,
    body: Map<String, Value>,
    body_is_needed: bool,
    responses: BTreeMap<u16, Map<String, Value>>,
    errors: Vec<(Errors, u16)>,
}

macro_rules! methods {
    ($($method:ident)*) => {$(
        pub(crate) fn $method(path: impl Into<String>, id: &str, summary: &str) -> Operation {
            Operation::new(stringify!($method), path.into(), id, summary)
        }
    )*};
}
methods! { get put post delete patch }

/// The preflight of scripts at other sites (Fetch §3.2.2).
pub(crate) fn options(path: &str, id: &str) -> Operation {
    let operation = Operation::new("options", path.to_owned(), id, "Says that scripts of any site may ask here");
    let operation = operation.nothing(204, "They may.");
    ["Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"]
        .into_iter()
        .fold(operation, |operation, name| operation.with_header(204, name))
}

impl Operation {
    fn new(method: &'static str, path: String, id: &str, summary: &str) -> Self {
        let tag = components::tag_of(&path);
        let members = json!({ "operationId": id, "summary": summary, "tags": [tag] });
        Self {
            method,
            path,
            members: members.as_object().cloned().unwrap_or_default(),
            parameters: Vec::new(),
            body: Map::new(),
            body_is_needed: true,
            responses: BTreeMap::new(),
            errors: Vec::new(),
        }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn method(&self) -> &str {
        self.method
    }

    /// Its errors, which the components describe.
    pub(crate) fn errors(&self) -> impl Iterator<Item = (String, Value)> {
        self.errors
            .iter()
            .map(|(errors, status)| (components::error_name(*errors, *status), components::error(*errors, *status)))
    }

    /// What the summary leaves out.
    pub(crate) fn description(mut self, text: &str) -> Self {
        self.members.insert("description".to_owned(), text.into());
        self
    }

    /// The ways in which a caller may prove who it is: each alone is enough. An empty name: without.
    pub(crate) fn security(mut self, ways: &[&str]) -> Self {
        let way = |name: &&str| match name.split_once(' ') {
            _ if name.is_empty() => json!({}),
            Some((name, scope)) => json!({ name: [scope] }),
            None => json!({ *name: [] }),
        };
        self.members.insert("security".to_owned(), ways.iter().map(way).collect());
        self
    }

    fn parameter(mut self, place: &str, name: &str, schema: Value, example: Value, text: &str) -> Self {
        let (name, needed) = (name.trim_end_matches('?'), !name.ends_with('?'));
        let mut parameter = json!({ "name": name, "in": place, "description": text, "schema": schema });
        if let Some(members) = parameter.as_object_mut() {
            if needed {
                members.insert("required".to_owned(), true.into());
            }
            if !example.is_null() {
                members.insert("example".to_owned(), example);
            }
        }
        self.parameters.push(parameter);
        self
    }

    /// A parameter of the path.
    pub(crate) fn in_path(self, name: &str, schema: Value, example: impl Into<Value>, text: &str) -> Self {
        self.parameter("path", name, schema, example.into(), text)
    }

    /// A parameter of the query; a name that ends with `?` may be missing.
    pub(crate) fn in_query(mut self, name: &str, schema: Value, example: impl Into<Value>, text: &str) -> Self {
        self = self.parameter("query", name, schema, example.into(), text);
        // A parameter without a value is as good as none (RFC 6749 §3.1).
        if let (true, Some(parameter)) =
            (name.ends_with('?'), self.parameters.last_mut().and_then(Value::as_object_mut))
        {
            parameter.insert("allowEmptyValue".to_owned(), true.into());
        }
        self
    }

    /// A header that may be sent.
    pub(crate) fn in_header(self, name: &str, schema: Value, example: impl Into<Value>, text: &str) -> Self {
        self.parameter("header", name, schema, example.into(), text)
    }

    /// A body.
    pub(crate) fn takes(mut self, media: &str, schema: Value, example: Value) -> Self {
        self.body.insert(media.to_owned(), json!({ "schema": schema, "example": example }));
        // Whatever the function, its request is read before it is asked.
        self.fails(Errors::Problem, &[413])
    }

    /// The same parameters, as a form or in JSON.
    pub(crate) fn takes_either(self, schema: Value, example: Value) -> Self {
        self.takes(FORM, schema.clone(), example.clone()).takes(JSON, scalars(schema), example)
    }

    /// It works without a body as well.
    pub(crate) fn body_may_be_missing(mut self) -> Self {
        self.body_is_needed = false;
        self
    }

    fn answer(&mut self, status: u16, text: &str) -> &mut Map<String, Value> {
        let described = || Map::from_iter([("description".to_owned(), text.into())]);
        self.responses.entry(status).or_insert_with(described)
    }

    fn content(mut self, status: u16, text: &str, media: &str, content: Value) -> Self {
        let members = self.answer(status, text);
        let contents = members.entry("content").or_insert_with(|| json!({}));
        if let Some(contents) = contents.as_object_mut() {
            contents.insert(media.to_owned(), content);
        }
        self
    }

    /// An answer in JSON.
    pub(crate) fn answers(self, status: u16, text: &str, schema: Value, example: Value) -> Self {
        self.content(status, text, JSON, json!({ "schema": schema, "example": example }))
    }

    /// An answer in another format.
    pub(crate) fn answers_as(self, status: u16, text: &str, media: &str) -> Self {
        self.content(status, text, media, json!({ "schema": { "type": "string" } }))
    }

    /// A page.
    pub(crate) fn shows(self, status: u16, text: &str) -> Self {
        self.answers_as(status, text, HTML)
    }

    /// An answer without a body.
    pub(crate) fn nothing(mut self, status: u16, text: &str) -> Self {
        self.answer(status, text);
        self
    }

    /// A redirect that GET follows.
    pub(crate) fn redirects(self, text: &str) -> Self {
        self.nothing(303, text).with_header(303, "Location")
    }

    /// A header that every answer of this status has.
    pub(crate) fn with_header(mut self, status: u16, name: &str) -> Self {
        let headers = self.answer(status, "").entry("headers").or_insert_with(|| json!({}));
        if let Some(headers) = headers.as_object_mut() {
            headers.insert(name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }));
        }
        self
    }

    /// What may go wrong.
    pub(crate) fn fails(mut self, errors: Errors, statuses: &[u16]) -> Self {
        for status in statuses {
            let name = components::error_name(errors, *status);
            let reference = format!("#/components/responses/{name}");
            self.responses.insert(*status, Map::from_iter([("$ref".to_owned(), reference.into())]));
            self.errors.push((errors, *status));
        }
        self
    }

    /// As the document has it.
    pub(crate) fn into_json(mut self) -> Value {
        if !self.parameters.is_empty() {
            self.members.insert("parameters".to_owned(), self.parameters.into());
        }
        if !self.body.is_empty() {
            let body = json!({ "required": self.body_is_needed, "content": self.body });
            self.members.insert("requestBody".to_owned(), body);
        }
        let responses = self.responses.into_iter().map(|(status, response)| (status.to_string(), response.into()));
        self.members.insert("responses".to_owned(), Value::Object(responses.collect()));
        self.members.into()
    }
}

/// The name of a status.
pub(crate) fn reason(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default()
}
