//! Identifiers: 128 random bits, written as 26 characters of lower-case base32 (RFC 4648 §6, no padding).

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::entropy::Entropy;

static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = Specification::new();
    spec.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    // A fixed, valid specification: the alternative can't be reached, and would still be an encoding.
    spec.encoding().unwrap_or(data_encoding::BASE32_NOPAD)
});

/// The text was not an identifier of this kind.
#[derive(Debug, thiserror::Error)]
#[error("not an identifier")]
pub struct NotAnId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub [u8; 16]);

        impl $name {
            /// A fresh one.
            pub fn new(entropy: &Entropy) -> Self {
                Self(entropy.bytes())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                f.write_str(&BASE32.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let text = text.strip_prefix($prefix).ok_or(NotAnId)?;
                let bytes = BASE32.decode(text.as_bytes()).map_err(|_| NotAnId)?;
                Ok(Self(bytes.try_into().map_err(|_| NotAnId)?))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// A user; also the public `sub`.
    UserId, ""
);
id!(
    /// An OAuth client. Prefixed, so that a client's `sub` is never a user's.
    ClientId, "client_"
);
id!(
    /// A consent. Given again after a withdrawal it is another one, so that old codes and families stay dead.
    GrantId, ""
);
id!(
    /// A token family: everything that came of one authorization code.
    FamilyId, ""
);
id!(
    /// A browser's signed-in session.
    SessionId, ""
);
id!(
    /// An authorization that a device waits for.
    DeviceId, ""
);
id!(
    /// A sign-out that clients are told of.
    LogoutId, ""
);
id!(
    /// A letter.
    LetterId, ""
);
id!(
    /// One HTTP request's attempt at a write: tells the SDK's retry from somebody else's write.
    Attempt, ""
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_26_lower_case_letters_and_digits_and_read_back() {
        let entropy = Entropy::seeded(1);
        let user = UserId::new(&entropy);
        let text = user.to_string();
        assert_eq!(text.len(), 26);
        assert!(text.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b)));
        assert_eq!(text.parse::<UserId>().unwrap(), user);
    }

    #[test]
    fn a_client_id_is_never_a_user_id() {
        let client = ClientId::new(&Entropy::seeded(1)).to_string();
        assert!(client.starts_with("client_"));
        assert!(client.parse::<UserId>().is_err());
        assert!("aaaa".parse::<UserId>().is_err());
        assert!("AAAAAAAAAAAAAAAAAAAAAAAAAA".parse::<UserId>().is_err());
    }
}
