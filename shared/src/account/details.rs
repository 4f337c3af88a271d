//! What people may tell about themselves beyond what the site itself shows: the rest of OpenID Connect Core §5.1.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

/// One thing that people may tell.
#[derive(Debug)]
pub struct Detail {
    /// The claim; of an address (§5.1.1), `address.` and the member.
    pub name: &'static str,
    /// Its characters, at the most.
    pub most: usize,
    /// What is wrong with a value that does not fit.
    code: &'static str,
    fits: fn(&str) -> bool,
}

const fn text(name: &'static str, most: usize) -> Detail {
    Detail { name, most, code: "too_long", fits: |_| true }
}

const fn special(name: &'static str, most: usize, code: &'static str, fits: fn(&str) -> bool) -> Detail {
    Detail { name, most, code, fits }
}

/// All of them, in the order in which they are asked for.
pub static DETAILS: [Detail; 15] = [
    text("given_name", 100),
    text("middle_name", 100),
    text("family_name", 100),
    text("gender", 50),
    special("birthdate", 10, "invalid_birthdate", is_birthdate),
    special("profile", 1000, "invalid_url", is_https),
    special("website", 1000, "invalid_url", is_https),
    special("zoneinfo", 64, "invalid_zoneinfo", is_zone),
    special("locale", 35, "invalid_locale", is_locale),
    text("address.street_address", 300),
    text("address.locality", 100),
    text("address.region", 100),
    text("address.postal_code", 20),
    text("address.country", 100),
    text("address.formatted", 500),
];

impl Detail {
    /// The member of the address that it is, if it is one.
    pub fn of_address(&self) -> Option<&'static str> {
        self.name.strip_prefix("address.")
    }

    /// What is wrong with a value, as a word for programs.
    pub(super) fn wrong(&self, value: &str) -> Option<&'static str> {
        if value.chars().count() > self.most || value.contains('\0') {
            return Some("too_long");
        }
        (!(self.fits)(value)).then_some(self.code)
    }
}

/// What somebody tells, by the names of [`DETAILS`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Details(BTreeMap<String, String>);

impl Details {
    /// Whether nothing is told.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One of them.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Tells one of them, or no longer.
    pub fn set(&mut self, name: &str, value: Option<String>) {
        match value {
            Some(value) => self.0.insert(name.to_owned(), value),
            None => self.0.remove(name),
        };
    }

    /// The address as a claim (§5.1.1), if there is one.
    pub fn address(&self) -> Option<Value> {
        let members = DETAILS.iter().filter_map(|detail| Some((detail.of_address()?, self.get(detail.name)?)));
        let address: Map<_, _> = members.map(|(member, value)| (member.to_owned(), value.into())).collect();
        (!address.is_empty()).then_some(Value::Object(address))
    }
}

/// An address that may be shown: of https, since other pages lead there.
pub(super) fn is_https(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.host().is_some())
}

/// `YYYY-MM-DD`; `0000-MM-DD` where the year is nobody's business; `YYYY` (§5.1).
fn is_birthdate(text: &str) -> bool {
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return false;
    }
    let year = |text: &str| text.parse::<i16>().ok().filter(|_| text.len() == 4);
    let small = |text: &str| text.parse::<i8>().ok().filter(|_| text.len() == 2);
    match text.split('-').collect::<Vec<_>>().as_slice() {
        [only] => year(only).is_some_and(|year| year > 0),
        [year_text, month, day] => match (year(year_text), small(month), small(day)) {
            // A year that is not told may be a leap year.
            (Some(0), Some(month), Some(day)) => Date::new(2000, month, day).is_ok(),
            (Some(year), Some(month), Some(day)) => Date::new(year, month, day).is_ok(),
            _ => false,
        },
        _ => false,
    }
}

/// A name as the time zone database has them: `Asia/Tokyo`, `Etc/GMT+9`, `UTC`. Whether there is such a zone changes
/// several times a year; whoever reads it asks their own database.
fn is_zone(text: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-".contains(&b))
    };
    text.split('/').count() <= 3 && text.split('/').all(part)
}

/// A language tag (BCP 47, RFC 5646 §2.1), as it is written: `ja`, `zh-Hant-TW`.
fn is_locale(text: &str) -> bool {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    let fits = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    (2..=8).contains(&language.len()) && language.bytes().all(|b| b.is_ascii_alphabetic()) && parts.all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn birthdates_are_days_that_there_are_or_years_or_days_without_their_year() {
        for good in ["1996-04-01", "0000-04-01", "0000-02-29", "2000-02-29", "1996"] {
            assert!(is_birthdate(good), "{good}");
        }
        for bad in [
            "1996-4-1",
            "1999-02-29",
            "1996-13-01",
            "1996-04",
            "0000",
            "96",
            "",
            "--",
            "1996-04-01T",
            "+996",
            "１９９６",
        ] {
            assert!(!is_birthdate(bad), "{bad}");
        }
    }

    #[test]
    fn zones_and_languages_are_spelled_as_they_are() {
        for good in ["Asia/Tokyo", "America/Argentina/Buenos_Aires", "UTC", "Etc/GMT+9", "America/Port-au-Prince"] {
            assert!(is_zone(good), "{good}");
        }
        for bad in ["", "Asia/", "/Tokyo", "Asia//Tokyo", "a/b/c/d", "../etc/passwd", "Asia/Tokyo ", "+9", "東京"] {
            assert!(!is_zone(bad), "{bad}");
        }
        for good in ["ja", "zh-Hant-TW", "en-US", "de-1996", "sl-rozaj-biske"] {
            assert!(is_locale(good), "{good}");
        }
        for bad in ["", "j", "ja_JP", "ja-", "-ja", "en-toolongpart", "日本語", "en US"] {
            assert!(!is_locale(bad), "{bad}");
        }
    }
}
