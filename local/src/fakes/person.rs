//! Who signs in: whoever types a name is its owner.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

/// Somebody with accounts at all of the stand-ins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: String,
    /// What systems that count their users know them by.
    pub(super) number: u64,
}

impl Person {
    /// The owner of a name. A number is that number's; other names have one that is theirs for ever.
    pub(super) fn named(name: &str) -> Self {
        let [a, b, c, d, ..] = hash(&["number", name]);
        // Above what people type as numbers, mostly.
        let made_up = 100_000 + u64::from(u32::from_be_bytes([a, b, c, d]));
        Self { name: name.to_owned(), number: name.parse().unwrap_or(made_up) }
    }

    /// Whoever `Fault::OtherSubject` puts in anybody's place.
    pub(super) fn other() -> Self {
        Self::named("somebody else")
    }

    /// 32 characters by which a system knows them; another for each of its `scopes`.
    pub(super) fn opaque(&self, scope: &str) -> String {
        BASE64URL_NOPAD.encode(hash(&[scope, &self.name]).split_at(24).0)
    }

    /// The same, in 32 hexadecimal digits.
    pub(super) fn hexadecimal(&self, scope: &str) -> String {
        HEXLOWER.encode(hash(&[scope, &self.name]).split_at(16).0)
    }
}

fn hash(parts: &[&str]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, parts.join("\0").as_bytes()).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_person_for_ever_and_a_number_is_that_number() {
        let (one, again, other) = (Person::named("sakura"), Person::named("sakura"), Person::named("tomoyo"));
        assert_eq!(one, again);
        assert!(one.number != other.number && one.number >= 100_000);
        assert_eq!(Person::named("382951").number, 382_951);
        assert_eq!((one.opaque("a").len(), one.hexadecimal("a").len()), (32, 32));
        assert!(one.opaque("a") != one.opaque("b") && one.opaque("a") != other.opaque("a"));
    }
}
