//! Who does not answer is left alone for a while, so that nobody waits for them in vain.

use std::sync::{Mutex, PoisonError};

use crate::clock::Time;

/// After how many failures in a row a provider is left alone.
pub(super) const FAILURES: u32 = 5;
/// For how long, in seconds.
pub(super) const PAUSE: i64 = 30;

/// What is remembered of a provider, in this process.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    closed_until: Option<Time>,
}

impl Breaker {
    /// Whether the provider may be asked. After each pause one asks, and the others wait for what comes of that.
    pub(crate) fn allows(&self, now: Time) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.closed_until {
            Some(until) if now < until => false,
            Some(_) => {
                state.closed_until = Some(now + PAUSE);
                true
            }
            None => true,
        }
    }

    /// What came of asking.
    pub(crate) fn note(&self, answered: bool, now: Time) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answered {
            *state = State::default();
            return;
        }
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES {
            state.closed_until = Some(now + PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_five_failures_in_a_row_one_asks_every_thirty_seconds_until_there_is_an_answer() {
        let (breaker, start) = (Breaker::default(), Time(1_000));
        for _ in 0..2 {
            for _ in 0..FAILURES - 1 {
                breaker.note(false, start);
            }
            assert!(breaker.allows(start));
            breaker.note(true, start);
        }
        for _ in 0..FAILURES {
            assert!(breaker.allows(start));
            breaker.note(false, start);
        }
        assert!(!breaker.allows(start) && !breaker.allows(start + 29));
        assert!(breaker.allows(start + 30));
        assert!(!breaker.allows(start + 30), "one tries, and the others don't wait with it");
        breaker.note(false, start + 31);
        assert!(!breaker.allows(start + 60));
        assert!(breaker.allows(start + 61), "and again, also where nobody noted what came of it");
        assert!(breaker.allows(start + 91));
        breaker.note(true, start + 91);
        assert!(breaker.allows(start + 91) && breaker.allows(start + 91));
    }
}
