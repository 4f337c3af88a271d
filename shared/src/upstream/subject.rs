//! Who somebody is at a provider.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::json;

/// A user's name at their provider, kept exactly. With the provider it is an identity, for ever.
///
/// Providers that call somebody `1` and `"1"` mean the same. Of an OpenID provider it is issuer and `sub`, with a space
/// between: no other pair is one person (OpenID Connect Core §5.7), also where the issuer behind a provider's name changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subject(String);

/// The text can't be anybody.
#[derive(Debug, thiserror::Error)]
#[error("not a subject")]
pub struct NotASubject;

/// OpenID Connect Core §2 allows 255 characters. Others may count in bytes of their own.
const LONGEST: usize = 255;
/// The same with an issuer before it.
const LONGEST_AT_ISSUER: usize = 2048;

impl Subject {
    /// Reads what a provider wrote: an integer of any size, or a string.
    ///
    /// Two people must never become one: null, true and false, fractions, objects, and strings in which nothing is
    /// written are nobody.
    pub(super) fn from_json(raw: &str) -> Option<Self> {
        json::text(raw)?.try_into().ok().filter(|Self(text)| text.len() <= LONGEST)
    }

    /// This `sub` at its issuer: an address, which has no space.
    pub(super) fn at(self, issuer: &str) -> Option<Self> {
        format!("{issuer} {self}").try_into().ok()
    }

    /// Whether it is a `sub` at this issuer.
    pub(super) fn is_at(&self, issuer: &str) -> bool {
        self.0.strip_prefix(issuer).is_some_and(|rest| rest.starts_with(' '))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Subject {
    type Error = NotASubject;
    fn try_from(text: String) -> Result<Self, NotASubject> {
        let good = !text.trim().is_empty() && text.len() <= LONGEST_AT_ISSUER && !text.contains(char::is_control);
        good.then_some(Self(text)).ok_or(NotASubject)
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_its_text_are_the_same_subject_however_large() {
        for digits in ["1", "5865720694", "9007199254740993", "18446744073709551617", "123456789012345678901234567890"]
        {
            let number = Subject::from_json(digits).unwrap();
            assert_eq!(number, Subject::from_json(&format!("\"{digits}\"")).unwrap());
            assert_eq!(number.as_str(), digits);
        }
    }

    #[test]
    fn what_could_be_anybody_is_nobody() {
        for raw in
            ["null", "true", "false", "\"\"", "\" \"", "1.0", "1.5", "1e5", "-0", "{}", "[]", "[1]", "\"a\\u0000\""]
        {
            assert!(Subject::from_json(raw).is_none(), "{raw}");
        }
        assert!(Subject::from_json(&format!("\"{}\"", "a".repeat(256))).is_none());
        assert!(Subject::from_json(&format!("\"{}\"", "a".repeat(255))).is_some());
    }

    #[test]
    fn the_same_sub_at_two_issuers_is_two_people() {
        let sub = || Subject::from_json("\"1\"").unwrap();
        let one = sub().at("https://a.example").unwrap();
        assert_ne!(one, sub().at("https://a.example/").unwrap());
        assert_ne!(one, sub());
        assert!(one.is_at("https://a.example"));
        for other in ["https://a.exampl", "https://a.example/", "https://b.example", ""] {
            assert!(!one.is_at(other), "{other}");
        }
        // It is read as it was written, however long.
        let long = Subject::from_json(&format!("\"{}\"", "a".repeat(255))).unwrap().at("https://a.example").unwrap();
        assert_eq!(Subject::try_from(long.as_str().to_owned()).unwrap(), long);
        assert!(sub().at(&"a".repeat(2048)).is_none());
    }

    #[test]
    fn a_text_is_kept_exactly() {
        for text in ["AQAe4DrBlhnISCKKfNB791OPI8lBf-c-", "Zoë", "ＡＢ", "a b", "00017"] {
            assert_eq!(Subject::from_json(&serde_json::json!(text).to_string()).unwrap().as_str(), text);
        }
    }
}
