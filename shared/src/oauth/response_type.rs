//! `response_type` (RFC 6749 §3.1.1; OAuth 2.0 Multiple Response Type Encoding Practices §5).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the authorization endpoint is to answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseType {
    /// An authorization code.
    pub code: bool,
    /// An ID token.
    pub id_token: bool,
    /// An access token.
    pub token: bool,
}

/// None that this server knows.
#[derive(Debug, thiserror::Error)]
#[error("unknown response_type")]
pub struct UnknownResponseType;

impl ResponseType {
    /// The only one that anybody may register.
    pub const CODE: Self = Self { code: true, id_token: false, token: false };

    /// Those of the implicit grant and its hybrids, which only an administrator gives.
    pub const LEGACY: [Self; 6] = [
        Self { code: false, id_token: true, token: false },
        Self { code: false, id_token: false, token: true },
        Self { code: false, id_token: true, token: true },
        Self { code: true, id_token: true, token: false },
        Self { code: true, id_token: false, token: true },
        Self { code: true, id_token: true, token: true },
    ];

    /// Whether the answer itself has a token in it.
    pub fn is_legacy(self) -> bool {
        self.id_token || self.token
    }
}

/// The order of the words does not matter (RFC 6749 §3.1.1).
impl FromStr for ResponseType {
    type Err = UnknownResponseType;
    fn from_str(text: &str) -> Result<Self, UnknownResponseType> {
        let mut found = Self { code: false, id_token: false, token: false };
        for word in text.split(' ') {
            let member = match word {
                "code" => &mut found.code,
                "id_token" => &mut found.id_token,
                "token" => &mut found.token,
                _ => return Err(UnknownResponseType),
            };
            if std::mem::replace(member, true) {
                return Err(UnknownResponseType);
            }
        }
        Ok(found)
    }
}

impl fmt::Display for ResponseType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [(self.code, "code"), (self.id_token, "id_token"), (self.token, "token")];
        let words: Vec<_> = words.into_iter().filter_map(|(present, word)| present.then_some(word)).collect();
        f.write_str(&words.join(" "))
    }
}

impl Serialize for ResponseType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ResponseType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_in_any_order_and_none_twice() {
        assert_eq!("token code id_token".parse::<ResponseType>().unwrap().to_string(), "code id_token token");
        for text in ["", " ", "none", "code code", "code  token", "Code", "code,token"] {
            assert!(text.parse::<ResponseType>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn every_type_but_code_alone_is_legacy() {
        assert!(ResponseType::LEGACY.into_iter().all(ResponseType::is_legacy) && !ResponseType::CODE.is_legacy());
    }
}
