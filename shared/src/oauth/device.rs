//! Devices without a browser or a keyboard (RFC 8628): codes that people type, and what becomes of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::code::AuthorizationCode;
use super::lifetimes::DEVICE_INTERVAL;
use super::scope::Scope;
use crate::clock::Time;
use crate::entropy::Entropy;
use crate::id::{ClientId, DeviceId};
use crate::seal::Sealable;

/// Consonants alone, so that no code is a word (RFC 8628 §6.1). Eight of these are 34 bits, which nobody guesses within ten
/// minutes at ten tries a quarter of an hour (§5.1).
const LETTERS: [char; 20] =
    ['B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Z'];
const LENGTH: usize = 8;

/// What a person types: eight letters, shown as `WDJB-MJHT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCode(String);

/// It has other letters, or more or less of them.
#[derive(Debug)]
pub struct NotAUserCode;

impl UserCode {
    /// A fresh one.
    pub fn new(entropy: &Entropy) -> Self {
        let mut code = String::with_capacity(LENGTH);
        while code.len() < LENGTH {
            // Of 256 values 240 are shared out evenly; the rest is drawn again.
            let [byte] = entropy.bytes::<1>();
            code.extend(LETTERS.get(usize::from(byte % 20)).filter(|_| byte < 240));
        }
        Self(code)
    }

    /// The letters alone.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at_checked(LENGTH / 2).unwrap_or((&self.0, ""));
        write!(f, "{first}-{second}")
    }
}

/// In any case, and with anything between the letters that people put there.
impl FromStr for UserCode {
    type Err = NotAUserCode;
    fn from_str(text: &str) -> Result<Self, NotAUserCode> {
        let typed = text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_uppercase());
        let letters: Vec<_> = typed.take(LENGTH + 1).collect();
        let ours = letters.len() == LENGTH && letters.iter().all(|letter| LETTERS.contains(letter));
        if ours { Ok(Self(letters.into_iter().collect())) } else { Err(NotAUserCode) }
    }
}

/// What the device holds, sealed: it says where to look.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceCode {
    /// Which authorization; user codes come again, this doesn't.
    pub device_id: DeviceId,
    /// What its user types, in letters alone.
    pub user_code: String,
}

impl Sealable for DeviceCode {
    const PURPOSE: &'static str = "device code";
}

/// An authorization that a device waits for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceAuthorization {
    /// Its name.
    pub device_id: DeviceId,
    /// Whose device.
    pub client_id: ClientId,
    /// What is asked for, within what the client registered.
    pub scope: Scope,
    /// Resource servers that its tokens may be for (RFC 8707).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// When it ends.
    pub expires_at: Time,
    /// How long the device waits between two polls, in seconds.
    pub interval: i64,
    /// When it last polled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polled_at: Option<Time>,
    /// Whether the user said no.
    #[serde(default)]
    pub denied: bool,
    /// What the user's yes is worth: like a code, it becomes a family once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<AuthorizationCode>,
}

/// What a poll gets.
#[derive(Clone, Debug)]
pub enum Poll<'a> {
    /// The user said yes.
    Approved(&'a AuthorizationCode),
    /// The user said no.
    Denied,
    /// Nobody said anything yet.
    Pending,
    /// The same, and the device did not wait: from now on it has to wait for this many seconds.
    TooFast(i64),
    /// It is too late.
    Expired,
}

impl DeviceAuthorization {
    /// Whether its user can still decide.
    pub fn is_open(&self, now: Time) -> bool {
        now < self.expires_at && !self.denied && self.approved.is_none()
    }

    /// Judges a poll at `now` (RFC 8628 §3.5).
    pub fn poll(&self, now: Time) -> Poll<'_> {
        match (&self.approved, self.polled_at) {
            _ if now >= self.expires_at => Poll::Expired,
            _ if self.denied => Poll::Denied,
            (Some(code), _) => Poll::Approved(code),
            (None, Some(last)) if now - last < self.interval => Poll::TooFast(self.interval + DEVICE_INTERVAL),
            (None, _) => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_code_is_eight_consonants_that_can_be_typed_in_any_way() {
        let code = UserCode::new(&Entropy::seeded(3));
        let shown = code.to_string();
        assert!(shown.len() == 9 && shown.chars().nth(4) == Some('-'), "{shown}");
        assert!(shown.chars().all(|c| c == '-' || LETTERS.contains(&c)), "{shown}");
        for typed in [shown.clone(), shown.to_lowercase(), shown.replace('-', ""), shown.replace('-', " – ")] {
            assert_eq!(typed.parse::<UserCode>().unwrap(), code, "{typed}");
        }
        for typed in ["", "BCDF", "BCDFGHJKL", "BCDFGHJA", "1CDFGHJK", "ＢCDFGHJK"] {
            assert!(typed.parse::<UserCode>().is_err(), "{typed}");
        }
    }

    #[test]
    fn every_letter_comes_and_none_more_often() {
        let entropy = Entropy::seeded(1);
        let text: String = (0..2000).map(|_| UserCode::new(&entropy).0).collect();
        for letter in LETTERS {
            let count = text.chars().filter(|c| *c == letter).count();
            assert!((650..950).contains(&count), "{letter}: {count}");
        }
    }
}
