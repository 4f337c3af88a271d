//! What the pages say, in three languages.
//!
//! Architecture invariant: no page has words of its own. Each language is one `Messages` constant in a file of
//! its own, so a sentence that one of them lacks doesn't compile. Sentences with a gap hold `{name}`
//! placeholders, which are the same in every language (a test checks it).

mod en;
mod ja;
mod messages;
mod negotiate;
mod zh_cn;

use serde::{Deserialize, Serialize};

pub use messages::Messages;
pub use negotiate::negotiate;

/// A language that the site speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lang {
    /// Chinese, simplified.
    #[serde(rename = "zh-CN")]
    ZhCn,
    /// English.
    #[serde(rename = "en")]
    En,
    /// Japanese.
    #[serde(rename = "ja")]
    Ja,
}

impl Lang {
    /// Every language, in the order in which the pages offer them.
    pub const ALL: [Self; 3] = [Self::ZhCn, Self::En, Self::Ja];

    /// The language's tag (BCP 47), which is also the cookie's value.
    pub fn tag(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
            Self::Ja => "ja",
        }
    }

    /// The language's name in itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::ZhCn => "简体中文",
            Self::En => "English",
            Self::Ja => "日本語",
        }
    }

    /// The language that a tag asks for, in any case and with any script or region: `zh`, `zh-Hans`, `ja-JP`,
    /// `en_GB`. Readers of traditional Chinese get simplified, the nearest there is.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?.trim();
        [("zh", Self::ZhCn), ("en", Self::En), ("ja", Self::Ja)]
            .into_iter()
            .find_map(|(name, lang)| primary.eq_ignore_ascii_case(name).then_some(lang))
    }

    /// The words.
    pub fn messages(self) -> &'static Messages {
        match self {
            Self::ZhCn => &zh_cn::MESSAGES,
            Self::En => &en::MESSAGES,
            Self::Ja => &ja::MESSAGES,
        }
    }
}

/// Puts values into a sentence's `{name}` placeholders, in one pass: a value that looks like a placeholder stays
/// as it is. A placeholder without a value stays too. The result is plain text, which the page escapes.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, name, after)) = next_placeholder(rest) {
        filled.push_str(before);
        match values.iter().find(|(key, _)| *key == name) {
            Some((_, value)) => filled.push_str(value),
            None => {
                filled.push('{');
                filled.push_str(name);
                filled.push('}');
            }
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// What stands before and after a sentence's only placeholder, so that a page can mark up the value between.
pub fn around(text: &str) -> (&str, &str) {
    next_placeholder(text).map_or((text, ""), |(before, _, after)| (before, after))
}

fn next_placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placeholders(mut text: &str) -> Vec<&str> {
        let mut names = Vec::new();
        while let Some((_, name, after)) = next_placeholder(text) {
            names.push(name);
            text = after;
        }
        names.sort_unstable();
        names
    }

    #[test]
    fn every_language_says_everything_with_the_same_placeholders() {
        let english = Lang::En.messages().all();
        for lang in Lang::ALL {
            for ((field, text), (_, original)) in lang.messages().all().into_iter().zip(&english) {
                assert!(!text.trim().is_empty(), "{lang:?} has no words for {field}");
                assert_eq!(placeholders(text), placeholders(original), "{field} in {lang:?}");
            }
        }
    }

    #[test]
    fn tags_are_understood_in_any_case_script_and_region() {
        for lang in Lang::ALL {
            assert_eq!(Lang::from_tag(lang.tag()), Some(lang));
        }
        for (tag, lang) in [("ZH", Lang::ZhCn), ("zh-Hans-SG", Lang::ZhCn), ("ja-JP", Lang::Ja), ("en_GB", Lang::En)] {
            assert_eq!(Lang::from_tag(tag), Some(lang), "{tag}");
        }
        for tag in ["", "de", "english", "*", "-"] {
            assert_eq!(Lang::from_tag(tag), None, "{tag}");
        }
    }

    #[test]
    fn a_value_that_looks_like_a_placeholder_is_not_filled_again() {
        let values = [("client", "{user}"), ("user", "moe")];
        assert_eq!(fill("{client} asks {user} for {other}", &values), "{user} asks moe for {other}");
        assert_eq!(around("Hello, {name}!"), ("Hello, ", "!"));
        assert_eq!(around("Hello"), ("Hello", ""));
    }
}
