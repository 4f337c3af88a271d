//! JSON Schema (2020-12) in few words.

use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// A string.
pub(crate) fn text() -> Value {
    json!({ "type": "string" })
}

/// A string that means something.
pub(crate) fn words(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

/// A string of `least` to `most` characters.
pub(crate) fn within(least: usize, most: usize) -> Value {
    json!({ "type": "string", "minLength": least, "maxLength": most })
}

/// A string of this form.
pub(crate) fn like(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

/// An address.
pub(crate) fn url() -> Value {
    json!({ "type": "string", "format": "uri" })
}

/// A moment in RFC 3339, in UTC.
pub(crate) fn moment() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

/// A whole number.
pub(crate) fn integer(least: i64) -> Value {
    json!({ "type": "integer", "minimum": least })
}

/// A whole number from `least` to `most`.
pub(crate) fn between(least: i64, most: i64) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

/// True or false.
pub(crate) fn boolean() -> Value {
    json!({ "type": "boolean" })
}

/// One of these words.
pub(crate) fn one_of<T: Into<Value>>(words: impl IntoIterator<Item = T>) -> Value {
    json!({ "type": "string", "enum": words.into_iter().map(Into::into).collect::<Vec<_>>() })
}

/// Always this.
pub(crate) fn always(value: impl Into<Value>) -> Value {
    json!({ "const": value.into() })
}

/// A list.
pub(crate) fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// The same, or null.
pub(crate) fn nullable(mut schema: Value) -> Value {
    match schema.get_mut("type") {
        Some(kind) => {
            *kind = json!([kind.clone(), "null"]);
            if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
                words.push(Value::Null);
            }
            schema
        }
        None => json!({ "anyOf": [schema, { "type": "null" }] }),
    }
}

/// A schema of the components.
pub(crate) fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// The same with a sentence about it.
pub(crate) fn about(description: &str, mut schema: Value) -> Value {
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".to_owned(), description.into());
    }
    schema
}

/// Members of an object; a name that ends with `?` may be missing.
pub(crate) type Members<'a> = Vec<(&'a str, Value)>;

/// What is sent: an object with these members and whatever else, which is ignored.
pub(crate) fn open(members: Members<'_>) -> Value {
    let is_needed = |name: &&str| !name.ends_with('?');
    let required: Vec<_> = members.iter().map(|(name, _)| *name).filter(is_needed).collect();
    let properties: Map<String, Value> =
        members.iter().map(|(name, schema)| (name.trim_end_matches('?').to_owned(), schema.clone())).collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if let (false, Some(schema)) = (required.is_empty(), schema.as_object_mut()) {
        schema.insert("required".to_owned(), required.into());
    }
    schema
}

/// What is answered: an object with these members and no other.
pub(crate) fn closed(members: Members<'_>) -> Value {
    let mut schema = open(members);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("additionalProperties".to_owned(), false.into());
    }
    schema
}

/// An object's schema with more members, which may be missing.
pub(crate) fn extended<'a>(mut schema: Value, more: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.extend(more.into_iter().map(|(name, schema)| (name.to_owned(), schema)));
    }
    schema
}

/// A form's schema for the same in JSON, where a number or a boolean is as good as its text, null as nothing, and a list
/// as the parameter several times.
pub(crate) fn scalars(mut schema: Value) -> Value {
    for member in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        if member.get("enum").is_none()
            && let Some(kind) = member.get_mut("type")
        {
            *kind = json!(["string", "number", "boolean", "null", "array"]);
        }
    }
    schema
}

/// The schema of a type as it is written, and the types that it names; or as it is read.
fn generator(contract: Contract) -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .with(|settings| {
            settings.contract = contract;
            settings.inline_subschemas = true;
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        })
        .into_generator()
}

/// A type of the code as it is read.
pub(crate) fn read<T: JsonSchema>() -> Value {
    tidy(generator(Contract::Deserialize).into_root_schema_for::<T>().to_value())
}

/// A type of the code as it is written.
pub(crate) fn written<T: JsonSchema>() -> Value {
    let mut schema = tidy(generator(Contract::Serialize).into_root_schema_for::<T>().to_value());
    if let (true, Some(members)) = (schema.get("properties").is_some(), schema.as_object_mut()) {
        members.insert("additionalProperties".to_owned(), false.into());
    }
    schema
}

/// A type's documentation is written for who reads its source: links lose their brackets, and the type its Rust name.
fn tidy(mut schema: Value) -> Value {
    match &mut schema {
        Value::Object(members) => {
            members.retain(|name, value| !(name == "title" && value.is_string()));
            for (name, value) in members.iter_mut() {
                match value {
                    Value::String(text) if name == "description" => {
                        *text = text.replace("[`", "`").replace("`]", "`").replace("(super::Dialect)", "");
                    }
                    value => *value = tidy(value.take()),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = tidy(item.take())),
        _ => {}
    }
    schema
}
