//! The one `now()`, and moments as the system stores and sends them.
//!
//! Architecture invariant: nothing else reads the time (`clippy.toml` bans it), so a test that moves the
//! clock moves everything.

use std::fmt;
use std::ops::{Add, Sub};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Where the time comes from: the system, or a test's hand.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it. Clones share the hand.
    pub fn manual(start: Millis) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.0))))
    }

    /// Moves a manual clock on by `seconds`; a system clock stays as it is.
    pub fn advance(&self, seconds: i64) {
        if let Source::Manual(now) = &self.0 {
            now.fetch_add(seconds.saturating_mul(1000), Ordering::SeqCst);
        }
    }

    /// The present moment, in milliseconds.
    pub fn now_millis(&self) -> Millis {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
            Source::System => Millis(Timestamp::now().as_millisecond()),
            Source::Manual(now) => Millis(now.load(Ordering::SeqCst)),
        }
    }

    /// The present moment, in whole seconds.
    pub fn now(&self) -> Time {
        self.now_millis().time()
    }
}

/// A moment in whole seconds since the Unix epoch: what tokens and table items carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub i64);

/// A moment in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Add<i64> for Time {
    type Output = Time;
    /// Moves on by whole seconds.
    fn add(self, seconds: i64) -> Time {
        Time(self.0.saturating_add(seconds))
    }
}

impl Sub for Time {
    type Output = i64;
    /// The seconds between two moments.
    fn sub(self, other: Time) -> i64 {
        self.0.saturating_sub(other.0)
    }
}

impl Millis {
    /// The same moment in whole seconds, rounded down.
    pub fn time(self) -> Time {
        Time(self.0.div_euclid(1000))
    }
}

/// RFC 3339 in UTC, to the second: `2026-11-21T15:00:00Z`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Timestamp::from_second(self.0).unwrap_or(Timestamp::UNIX_EPOCH), f)
    }
}

/// RFC 3339 in UTC, to the millisecond: `2026-11-21T15:00:00.123Z`.
impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH);
        write!(f, "{at:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_print_as_rfc_3339() {
        assert_eq!(Time(1_700_000_000).to_string(), "2023-11-14T22:13:20Z");
        assert_eq!(Millis(1_700_000_000_050).to_string(), "2023-11-14T22:13:20.050Z");
    }

    #[test]
    fn clones_of_a_manual_clock_share_its_hand() {
        let clock = Clock::manual(Millis(1_000));
        let other = clock.clone();
        clock.advance(5);
        assert_eq!(other.now(), Time(6));
    }
}
