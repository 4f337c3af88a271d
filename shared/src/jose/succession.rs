//! The succession of signing keys: which key should be given a successor, and which one nobody needs any more. Pure.
//!
//! A key is published when it is written, signs [`KEY_LEAD`] later, signs until its successor does, and is removed
//! [`KEY_REMAINS`] after that. Nobody counts on the schedule: a key signs on until there is a successor, however late
//! that one comes, and a successor is always published for the whole of [`KEY_LEAD`] first.

use jsonwebtoken::Algorithm;

use crate::clock::Time;
use crate::oauth::lifetimes::{KEY_LEAD, KEY_REMAINS, KEY_SIGNS};
use crate::store::signing_keys::StoredKey;

/// The newest key for `alg`: the one that the next succeeds.
pub fn newest(keys: &[StoredKey], alg: Algorithm) -> Option<&StoredKey> {
    let keys = keys.iter().filter(|key| key.alg == alg);
    keys.max_by(|a, b| (a.signs_from, &a.kid).cmp(&(b.signs_from, &b.kid)))
}

/// When the successor of `newest` is to sign, if it should be published now.
pub fn successor_signs_from(newest: &StoredKey, now: Time) -> Option<Time> {
    let signs_from = now + KEY_LEAD;
    (signs_from >= newest.signs_from + KEY_SIGNS).then_some(signs_from)
}

/// The keys whose last token has expired.
pub fn retired(keys: &[StoredKey], now: Time) -> impl Iterator<Item = &StoredKey> {
    keys.iter().filter(move |key| {
        let followed = |next: &StoredKey| {
            next.alg == key.alg && next.signs_from > key.signs_from && now - next.signs_from >= KEY_REMAINS
        };
        key.successor.is_some() && keys.iter().any(followed)
    })
}

/// From when a key must sign that takes the place of `removed`; none needs to where a newer one signs already.
pub fn replacement_signs_from(keys: &[StoredKey], removed: &StoredKey, now: Time) -> Option<Time> {
    let newer =
        |key: &StoredKey| key.alg == removed.alg && key.signs_from > removed.signs_from && key.signs_from <= now;
    (!keys.iter().any(newer)).then(|| removed.signs_from.max(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kid: &str, alg: Algorithm, signs_from: i64, successor: Option<&str>) -> StoredKey {
        let successor = successor.map(str::to_owned);
        StoredKey { kid: kid.to_owned(), alg, sealed: String::new(), signs_from: Time(signs_from), successor }
    }

    #[test]
    fn a_key_is_succeeded_once_its_time_ends_within_the_lead() {
        let only = key("a", Algorithm::ES256, 1_000, None);
        let end = 1_000 + KEY_SIGNS;
        assert_eq!(successor_signs_from(&only, Time(end - KEY_LEAD - 1)), None);
        assert_eq!(successor_signs_from(&only, Time(end - KEY_LEAD)), Some(Time(end)));
        // However late.
        assert_eq!(successor_signs_from(&only, Time(end + KEY_SIGNS)), Some(Time(end + KEY_SIGNS + KEY_LEAD)));
    }

    #[test]
    fn whoever_takes_a_keys_place_signs_when_it_would_have() {
        let keys = [1_000, 2_000, 3_000].map(|from| key(&from.to_string(), Algorithm::ES256, from, None));
        let from = |at: usize, now| replacement_signs_from(&keys, &keys[at], Time(now)).map(|from| from.0);
        assert_eq!((from(0, 2_500), from(1, 2_500), from(2, 2_500)), (None, Some(2_500), Some(3_000)));
        let other = key("r", Algorithm::RS256, 1, None);
        assert_eq!(replacement_signs_from(&keys, &other, Time(5_000)), Some(Time(5_000)));
    }

    #[test]
    fn of_two_that_begin_at_once_everybody_takes_the_same() {
        let keys = [key("b", Algorithm::ES256, 5, None), key("a", Algorithm::ES256, 5, None)];
        assert_eq!(newest(&keys, Algorithm::ES256).unwrap().kid, "b");
        let [b, a] = keys;
        assert_eq!(newest(&[a, b], Algorithm::ES256).unwrap().kid, "b");
    }

    #[test]
    fn a_key_remains_until_its_successor_has_signed_for_long_enough() {
        let kids = |keys: &[StoredKey], now| retired(keys, Time(now)).map(|key| key.kid.clone()).collect::<Vec<_>>();
        let next = key("b", Algorithm::ES256, 2_000, None);
        let keys = [key("a", Algorithm::ES256, 1_000, Some("b")), next, key("c", Algorithm::RS256, 0, Some("d"))];
        assert_eq!(kids(&keys, 2_000 + KEY_REMAINS - 1), [""; 0]);
        assert_eq!(kids(&keys, 2_000 + KEY_REMAINS), ["a"], "not the one whose successor is gone");
        let chain =
            [key("a", Algorithm::ES256, 0, Some("b")), key("b", Algorithm::ES256, 10, Some("c")), keys[1].clone()];
        assert_eq!(kids(&chain, 10 + KEY_REMAINS), ["a"]);
        // Nobody gave it a successor, so the next run does: nothing is removed before.
        let orphan = [key("a", Algorithm::ES256, 0, None), key("b", Algorithm::ES256, 10, None)];
        assert_eq!(kids(&orphan, 10 + 2 * KEY_REMAINS), [""; 0]);
    }
}
