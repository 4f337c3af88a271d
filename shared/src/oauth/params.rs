//! Request parameters, from a query, a form or a JSON object.

use std::collections::HashSet;
use std::fmt;

use percent_encoding::percent_decode_str;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::Value;

use super::error::OAuthError;

/// Parameters in the order in which they came. A parameter without a value counts as left out (RFC 6749 §3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

/// RFC 8707 and RFC 8693 let these repeat.
const REPEATABLE: [&str; 2] = ["resource", "audience"];

impl Params {
    /// None.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Those pairs, in their order.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// Reads `application/x-www-form-urlencoded` text: a query or a form.
    ///
    /// # Errors
    /// `invalid_request` where it is not UTF-8.
    pub fn from_urlencoded(text: &str) -> Result<Self, OAuthError> {
        let decode = |part: &str| {
            let part = part.replace('+', " ");
            let decoded = percent_decode_str(&part).decode_utf8().map(|text| text.into_owned());
            decoded.map_err(|_| OAuthError::invalid_request("a parameter is not valid UTF-8"))
        };
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        });
        pairs.collect::<Result<_, _>>().map(Self)
    }

    /// Reads a JSON object whose values are strings, numbers, booleans, null, or lists of those.
    ///
    /// # Errors
    /// `invalid_request` where it is anything else.
    pub fn from_json(bytes: &[u8]) -> Result<Self, OAuthError> {
        let malformed = || OAuthError::invalid_request("the body is not a JSON object");
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let pairs = deserializer.deserialize_map(Pairs).map_err(|_| malformed())?;
        deserializer.end().map_err(|_| malformed())?;
        let mut params = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            match value {
                Value::Array(values) => {
                    for value in values {
                        params.push((name.clone(), scalar(value)?));
                    }
                }
                value => params.push((name, scalar(value)?)),
            }
        }
        Ok(Self(params))
    }

    /// The parameter's value. Of several, the first: call [`Params::refuse_doubled`] before.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(n, value)| n == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter that may repeat.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, value)| n == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Whether the parameter came at all, if only empty.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }

    /// Whether one parameter came twice.
    pub fn is_doubled(&self, name: &str) -> bool {
        self.0.iter().filter(|(n, _)| n == name).count() > 1
    }

    /// Refuses a parameter that came twice (RFC 6749 §3.1), whichever it is.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn refuse_doubled(&self) -> Result<(), OAuthError> {
        // A body has room for thousands: comparing each with all others would take seconds.
        let mut seen = HashSet::new();
        for (name, _) in &self.0 {
            if !seen.insert(name) && !REPEATABLE.contains(&name.as_str()) {
                return Err(OAuthError::invalid_request("a parameter was sent more than once"));
            }
        }
        Ok(())
    }

    /// Gives the parameters of a dialect their standard names.
    pub fn rename(&mut self, aliases: &[(&str, &str)]) {
        for (name, _) in &mut self.0 {
            if let Some((_, standard)) = aliases.iter().find(|(alias, _)| alias == name) {
                *name = (*standard).to_owned();
            }
        }
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Adds a parameter unless it came.
    pub fn set_default(&mut self, name: &str, value: &str) {
        if self.get(name).is_none() {
            self.0.retain(|(n, _)| n != name);
            self.0.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Drops these parameters.
    pub fn remove(&mut self, names: &[&str]) {
        self.0.retain(|(name, _)| !names.contains(&name.as_str()));
    }

    /// Drops all but these parameters.
    pub fn keep(&mut self, names: &[&str]) {
        self.0.retain(|(name, _)| names.contains(&name.as_str()));
    }

    /// Gives a parameter this value, whether it came or not. One that came twice stays so, to be refused.
    pub fn set(&mut self, name: &str, value: &str) {
        if !self.has(name) {
            self.0.push((name.to_owned(), String::new()));
        }
        for (_, old) in self.0.iter_mut().filter(|(n, _)| n == name) {
            *old = value.to_owned();
        }
    }

    /// Writes them as a query.
    pub fn to_urlencoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

fn scalar(value: Value) -> Result<String, OAuthError> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(value) => Ok(value.to_string()),
        Value::Array(_) | Value::Object(_) => Err(OAuthError::invalid_request("a parameter is not a plain value")),
    }
}

/// The members of a JSON object with repeats kept, which a map would drop in silence.
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, Value)>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_decodes_plus_and_percent() {
        let params = Params::from_urlencoded("a=1+2%2B3&b=%E7%95%AA&c&=x").unwrap();
        assert_eq!(params.get("a"), Some("1 2+3"));
        assert_eq!(params.get("b"), Some("番"));
        assert_eq!(params.get("c"), None);
        assert!(params.has("c"));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused() {
        assert!(Params::from_urlencoded("a=%FF").is_err());
    }

    #[test]
    fn a_doubled_parameter_is_refused_in_a_form_and_in_json() {
        assert!(Params::from_urlencoded("a=1&a=1").unwrap().refuse_doubled().is_err());
        assert!(Params::from_urlencoded("a=&a=1").unwrap().refuse_doubled().is_err());
        assert!(Params::from_json(br#"{"a":"1","a":"2"}"#).unwrap().refuse_doubled().is_err());
        assert!(Params::from_urlencoded("resource=a&resource=b").unwrap().refuse_doubled().is_ok());
    }

    #[test]
    fn json_that_is_not_a_flat_object_is_refused() {
        for body in ["[]", "1", "{", r#"{"a":{}}"#, r#"{"a":[[]]}"#, r#"{"a":1} x"#, ""] {
            assert!(Params::from_json(body.as_bytes()).is_err(), "{body}");
        }
        assert!(Params::from_json("[".repeat(1_000_000).as_bytes()).is_err());
        assert_eq!(Params::from_json(br#"{"n":1,"s":"x","z":null}"#).unwrap().get("n"), Some("1"));
    }
}
