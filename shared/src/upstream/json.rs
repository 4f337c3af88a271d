//! JSON as it was written: of a number that a `f64` would round, every digit counts.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// What stands at a JSON pointer (RFC 6901) in `json`, as written there. `None` where nothing does, or it is no JSON.
pub(super) fn at<'a>(json: &'a str, pointer: &str) -> Option<&'a str> {
    let mut here: &RawValue = serde_json::from_str(json).ok()?;
    for step in pointer.split('/').skip(1) {
        // RFC 6901 §4.
        let step = step.replace("~1", "/").replace("~0", "~");
        here = match here.get().as_bytes().first()? {
            b'{' => Members::deserialize(here).ok()?.get(&step).copied()?,
            b'[' => Vec::<&RawValue>::deserialize(here).ok()?.get(step.parse::<usize>().ok()?).copied()?,
            _ => return None,
        };
    }
    Some(here.get())
}

type Members<'a> = BTreeMap<String, &'a RawValue>;

/// What is written, as text: that of a string, the digits of an integer. Everything else is none.
pub(super) fn text(raw: &str) -> Option<String> {
    match raw.as_bytes() {
        [b'"', ..] => serde_json::from_str(raw).ok(),
        // JSON has neither leading zeros nor a plus sign, so that an integer is written in one way alone: but for -0.
        [b'-' | b'0'..=b'9', ..] => {
            let integer = raw != "-0" && raw.bytes().skip(1).all(|byte| byte.is_ascii_digit());
            integer.then(|| raw.to_owned())
        }
        _ => None,
    }
}

/// Whether it says that something is there: not null, false, 0, or nothing.
pub(super) fn says_something(raw: &str) -> bool {
    !matches!(raw, "null" | "false" | "0" | "\"0\"" | "\"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_leads_to_what_is_written() {
        let json = r#" {"a": {"b": [10, {"c/d~e": 123456789012345678901234567890}]}, "": 1.0, "a~1": true} "#;
        assert_eq!(at(json, "/a/b/1/c~1d~0e"), Some("123456789012345678901234567890"));
        assert_eq!(at(json, "/a/b/0"), Some("10"));
        assert_eq!(at(json, "/"), Some("1.0"));
        assert_eq!(at(json, "").map(str::len), Some(json.trim().len()));
        for pointer in ["/b", "/a/b/2", "/a/b/x", "/a/b/-1", "/a/b/0/x", "/a~1"] {
            assert_eq!(at(json, pointer), None, "{pointer}");
        }
        for broken in ["", "{", "<html>", "{\"a\":1} x"] {
            assert_eq!(at(broken, "/a"), None, "{broken}");
        }
    }

    #[test]
    fn strings_and_integers_are_texts() {
        for (raw, expected) in [
            ("\"a\\u00e9\\\"\"", "aé\""),
            ("1", "1"),
            ("-7", "-7"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("\"\"", ""),
        ] {
            assert_eq!(text(raw).as_deref(), Some(expected));
        }
        for raw in ["null", "true", "false", "1.0", "1e3", "1E3", "-0", "-0.0", "{}", "[]", "[1]"] {
            assert_eq!(text(raw), None, "{raw}");
        }
    }
}
