//! Passwords: NIST SP 800-63B for what may be one, OWASP's Password Storage Cheat Sheet for how it is kept.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{CustomizedPasswordHasher, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use crate::entropy::Entropy;

/// A password as somebody typed it, in the form that is hashed (Unicode NFKC: the same keys on another machine may
/// give another sequence). Never shortened.
pub struct Password(SecretString);

/// Why a password can't be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordProblem {
    /// Under 8 characters.
    TooShort,
    /// Over 128.
    TooLong,
    /// Among the 3,000 commonest.
    TooCommon,
}

impl PasswordProblem {
    /// Its code in error replies.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::TooCommon => "too_common",
        }
    }
}

/// The commonest passwords of 8 characters and more, lower-cased, one a line.
const COMMON: &str = include_str!("common_passwords.txt");

/// Nobody's hash, with today's parameters: checked where there is no user, so that it takes the same time.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// No password was ever longer than this many bytes: 128 characters of 4.
const MOST_BYTES: usize = 512;

/// No password was ever typed in more bytes than this: a character may come in several parts, a Hangul syllable in 9
/// bytes.
const MOST_TYPED: usize = 4 * MOST_BYTES;

/// How many passwords are hashed at once in one process: each takes 19 MiB.
const HASHERS: usize = 4;

/// Where passwords are hashed.
pub struct Hashers {
    permits: Semaphore,
    /// For salts.
    entropy: Entropy,
}

fn argon2() -> Argon2<'static> {
    // OWASP: argon2id, 19 MiB, 2 passes, 1 lane. The constants are within the algorithm's limits.
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

impl Password {
    /// Takes the text as typed.
    pub fn new(text: &str) -> Self {
        // What is too long to be a password is not worth normalising: it can only fail.
        let text = if text.len() > MOST_TYPED { text.to_owned() } else { text.nfkc().collect() };
        Self(text.into())
    }

    /// Whether it may be chosen.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn acceptable(&self) -> Result<(), PasswordProblem> {
        let text = self.0.expose_secret();
        match text.chars().count() {
            0..8 => return Err(PasswordProblem::TooShort),
            8..=128 => {}
            _ => return Err(PasswordProblem::TooLong),
        }
        let lower = text.to_lowercase();
        if COMMON.lines().any(|common| common == lower) { Err(PasswordProblem::TooCommon) } else { Ok(()) }
    }

    /// Hashes it with a fresh salt, on a thread of its own: it takes tens of milliseconds and 19 MiB.
    ///
    /// Empty, which no password fits, in the unreachable case that Argon2 refuses its own parameters.
    pub async fn hash(self, hashers: &Hashers) -> String {
        let salt = hashers.entropy.bytes::<16>();
        hashers
            .run(move || {
                let hash = argon2().hash_password_with_salt(self.0.expose_secret().as_bytes(), &salt);
                hash.map(|hash: PasswordHash| hash.to_string()).unwrap_or_default()
            })
            .await
    }

    /// Checks it against a stored hash, or against nobody's, which takes the same time. On success, tells whether the
    /// hash was made with weaker parameters than today's.
    pub async fn verify(&self, hashers: &Hashers, stored: Option<String>) -> Option<Verified> {
        let text = self.0.clone();
        hashers
            .run(move || {
                if text.expose_secret().len() > MOST_BYTES {
                    return None;
                }
                let hash = PasswordHash::new(stored.as_deref().unwrap_or(NOBODY)).ok()?;
                argon2().verify_password(text.expose_secret().as_bytes(), &hash).ok()?;
                stored?;
                let weak = Params::try_from(&hash).map_or(true, |params| is_weaker(&params));
                Some(Verified { weak })
            })
            .await
    }

    /// Hashes with parameters of one's choice. For tests of the rehash at sign-in.
    #[doc(hidden)]
    pub fn hash_with(&self, memory_kib: u32, passes: u32) -> Option<String> {
        let params = Params::new(memory_kib, passes, 1, None).ok()?;
        let text = self.0.expose_secret().as_bytes();
        let hash = argon2().hash_password_customized(text, &[7; 16], None, None, params);
        hash.ok().map(|hash: PasswordHash| hash.to_string())
    }
}

/// A password that was right.
#[derive(Clone, Copy, Debug)]
pub struct Verified {
    /// Its hash should be made anew.
    pub weak: bool,
}

fn is_weaker(params: &Params) -> bool {
    params.m_cost() < 19 * 1024 || params.t_cost() < 2
}

impl Hashers {
    /// Those of a process.
    pub fn new(entropy: Entropy) -> Self {
        Self { permits: Semaphore::new(HASHERS), entropy }
    }

    async fn run<T: Default + Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        // The semaphore is never closed, and hashing does not panic: neither default is reached.
        let _permit = self.permits.acquire().await;
        tokio::task::spawn_blocking(work).await.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters_of_any_script() {
        assert_eq!(Password::new("1234567").acceptable(), Err(PasswordProblem::TooShort));
        assert_eq!(Password::new("パスワードひみつ").acceptable(), Ok(()));
        assert_eq!(Password::new(&"🌸".repeat(128)).acceptable(), Ok(()));
        assert_eq!(Password::new(&"a".repeat(129)).acceptable(), Err(PasswordProblem::TooLong));
    }

    #[test]
    fn the_commonest_are_refused_in_any_case() {
        for common in ["password", "12345678", "PassWord1", "iloveyou"] {
            assert_eq!(Password::new(common).acceptable(), Err(PasswordProblem::TooCommon), "{common}");
        }
        assert_eq!(COMMON.lines().count(), 3000);
    }

    #[test]
    fn the_hash_of_nobody_has_todays_parameters() {
        let hash = PasswordHash::new(NOBODY).unwrap();
        let params = Params::try_from(&hash).unwrap();
        assert!(!is_weaker(&params));
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (19 * 1024, 2, 1));
    }
}
