//! Sealed values and handles: what the system hands out instead of writing it down.
//!
//! Both are authenticated ciphertext under keys that HKDF (RFC 5869) derives from the secret key, with the issuer,
//! the purpose and the site's epoch in its info: a value made for one purpose, site or epoch opens for no other.
//!
//! * [`Sealer::seal`]: any value, with an expiry inside, different every time (random nonce). Authorization codes,
//!   requests in progress, form tokens, page cursors: creating one writes nothing to the table.
//! * [`Sealer::handle`]: a few bytes of ids, the same text every time (constant nonce: the same plaintext has the
//!   same ciphertext, and nothing else leaks, which is what AES-GCM-SIV, RFC 8452 §9, is for). Refresh tokens, `jti`,
//!   session cookies: garbage is refused before any read.
//!
//! Layout: version (1 byte), key id (4), nonce (12; sealed values only), ciphertext and tag; base64url.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use data_encoding::BASE64URL_NOPAD;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::{Clock, Time};
use crate::entropy::Entropy;

const VERSION: u8 = 1;
const KEY_ID: usize = 4;
const NONCE: usize = 12;

/// What a sealed value is for. A value opens only as what it was sealed as.
pub trait Sealable: Serialize + DeserializeOwned {
    /// Associated data of the encryption, and part of the key's derivation.
    const PURPOSE: &'static str;
}

/// Why a sealed value did not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.as_str())]
pub enum Unsealable {
    /// Not made here, not for this purpose or browser, or changed on the way.
    Garbage,
    /// Made here, but its time is over.
    Expired,
}

impl Unsealable {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Garbage => "not a value that this server sealed",
            Self::Expired => "the sealed value has expired",
        }
    }
}

/// Seals and opens. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(Arc<Inner>);

struct Inner {
    /// The first seals; all open.
    roots: Vec<Root>,
    issuer: String,
    epoch: u64,
    clock: Clock,
    entropy: Entropy,
}

struct Root {
    id: [u8; KEY_ID],
    prk: Prk,
}

impl Sealer {
    /// A sealer for the site `issuer` in its `epoch`, with `secret_keys` of which the first seals and all open.
    pub fn new(secret_keys: &[SecretString], issuer: &str, epoch: u64, clock: Clock, entropy: Entropy) -> Self {
        let roots = secret_keys
            .iter()
            .map(|secret| {
                let prk = Salt::new(HKDF_SHA256, b"bangumoe").extract(secret.expose_secret().as_bytes());
                let mut id = [0; KEY_ID];
                expand(&prk, &[b"key id"], &mut id);
                Root { id, prk }
            })
            .collect();
        Self(Arc::new(Inner { roots, issuer: issuer.to_owned(), epoch, clock, entropy }))
    }

    /// Seals `value` for `lifetime` seconds. `context` must be given again to open it: a browser's id, say.
    ///
    /// Empty when the value can't be written as JSON or no secret key is configured: such a text opens nowhere.
    pub fn seal<T: Sealable>(&self, value: &T, lifetime: i64, context: &[u8]) -> String {
        let expires_at = self.0.clock.now() + lifetime;
        let (Some(root), Ok(json)) = (self.0.roots.first(), serde_json::to_vec(value)) else { return String::new() };
        let plaintext = [&expires_at.0.to_be_bytes()[..], &json].concat();
        self.seal_bytes(root, T::PURPOSE, context, plaintext)
    }

    /// Opens what [`Sealer::seal`] sealed with the same `context`.
    ///
    /// # Errors
    /// [`Unsealable::Garbage`] and [`Unsealable::Expired`].
    pub fn open<T: Sealable>(&self, text: &str, context: &[u8]) -> Result<T, Unsealable> {
        let (root, rest) = self.envelope(text)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(Unsealable::Garbage)?;
        let plaintext = self.decrypt(root, T::PURPOSE, context, *nonce, ciphertext.to_vec())?;
        let (expires_at, json) = plaintext.split_first_chunk::<8>().ok_or(Unsealable::Garbage)?;
        if self.0.clock.now() >= Time(i64::from_be_bytes(*expires_at)) {
            return Err(Unsealable::Expired);
        }
        serde_json::from_slice(json).map_err(|_| Unsealable::Garbage)
    }

    /// Seals anew what an older secret key sealed, as it is and for as long as it was, under the first. `None` where the
    /// first has sealed it already. What has expired is sealed anew as well.
    ///
    /// # Errors
    /// [`Unsealable::Garbage`].
    pub fn reseal<T: Sealable>(&self, text: &str, context: &[u8]) -> Result<Option<String>, Unsealable> {
        let (root, rest) = self.envelope(text)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(Unsealable::Garbage)?;
        let plaintext = self.decrypt(root, T::PURPOSE, context, *nonce, ciphertext.to_vec())?;
        let first = self.0.roots.first().filter(|first| first.id != root.id);
        Ok(first.map(|first| self.seal_bytes(first, T::PURPOSE, context, plaintext)))
    }

    /// The handle of `ids` for `purpose`: always the same text for the same bytes under the first key.
    pub fn handle(&self, purpose: &str, ids: &[u8]) -> String {
        let Some(root) = self.0.roots.first() else { return String::new() };
        let sealed = self.encrypt(root, purpose, b"", [0; NONCE], ids.to_vec());
        BASE64URL_NOPAD.encode(&[&[VERSION][..], &root.id, &sealed].concat())
    }

    /// The ids inside a handle for `purpose`.
    ///
    /// # Errors
    /// [`Unsealable::Garbage`] for anything that [`Sealer::handle`] did not make from `N` bytes.
    pub fn open_handle<const N: usize>(&self, purpose: &str, text: &str) -> Result<[u8; N], Unsealable> {
        let (root, ciphertext) = self.envelope(text)?;
        let ids = self.decrypt(root, purpose, b"", [0; NONCE], ciphertext)?;
        ids.try_into().map_err(|_| Unsealable::Garbage)
    }

    fn seal_bytes(&self, root: &Root, purpose: &str, context: &[u8], plaintext: Vec<u8>) -> String {
        let nonce = self.0.entropy.bytes::<NONCE>();
        let sealed = self.encrypt(root, purpose, context, nonce, plaintext);
        BASE64URL_NOPAD.encode(&[&[VERSION][..], &root.id, &nonce, &sealed].concat())
    }

    fn envelope(&self, text: &str) -> Result<(&Root, Vec<u8>), Unsealable> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| Unsealable::Garbage)?;
        let (head, rest) = bytes.split_first_chunk::<{ 1 + KEY_ID }>().ok_or(Unsealable::Garbage)?;
        let [version, id @ ..] = head;
        let root = self.0.roots.iter().find(|root| *version == VERSION && root.id == *id);
        Ok((root.ok_or(Unsealable::Garbage)?, rest.to_vec()))
    }

    fn encrypt(&self, root: &Root, purpose: &str, context: &[u8], nonce: [u8; NONCE], mut bytes: Vec<u8>) -> Vec<u8> {
        let sealed = self.key(root, purpose).and_then(|key| {
            let aad = Aad::from(associated_data(purpose, context));
            key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut bytes).ok()
        });
        // Unreachable for inputs of our sizes; an empty text opens nowhere.
        if sealed.is_none() {
            bytes.clear();
        }
        bytes
    }

    fn decrypt(
        &self,
        root: &Root,
        purpose: &str,
        context: &[u8],
        nonce: [u8; NONCE],
        mut bytes: Vec<u8>,
    ) -> Result<Vec<u8>, Unsealable> {
        let key = self.key(root, purpose).ok_or(Unsealable::Garbage)?;
        let aad = Aad::from(associated_data(purpose, context));
        let plaintext = key.open_in_place(Nonce::assume_unique_for_key(nonce), aad, &mut bytes);
        let length = plaintext.map_err(|_| Unsealable::Garbage)?.len();
        bytes.truncate(length);
        Ok(bytes)
    }

    fn key(&self, root: &Root, purpose: &str) -> Option<LessSafeKey> {
        let mut key = [0; 32];
        let epoch = self.0.epoch.to_be_bytes();
        expand(&root.prk, &[self.0.issuer.as_bytes(), b"\0", purpose.as_bytes(), b"\0", &epoch], &mut key);
        UnboundKey::new(&AES_256_GCM_SIV, &key).ok().map(LessSafeKey::new)
    }
}

fn associated_data(purpose: &str, context: &[u8]) -> Vec<u8> {
    [purpose.as_bytes(), b"\0", context].concat()
}

fn expand(prk: &Prk, info: &[&[u8]], out: &mut [u8]) {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    // Fails only for outputs over 255 hashes long: ours are 4 and 32 bytes.
    let _ = prk.expand(info, Length(out.len())).and_then(|okm| okm.fill(out));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::clock::Millis;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Ticket(String);
    impl Sealable for Ticket {
        const PURPOSE: &'static str = "ticket";
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Voucher(String);
    impl Sealable for Voucher {
        const PURPOSE: &'static str = "voucher";
    }

    const OLD: &str = "an old secret key of thirty-two characters";
    const NEW: &str = "a new secret key, also of enough characters";

    fn sealer(keys: &[&str], issuer: &str, epoch: u64) -> (Sealer, Clock) {
        let keys: Vec<_> = keys.iter().map(|key| SecretString::from(*key)).collect();
        let clock = Clock::manual(Millis(1_000_000));
        (Sealer::new(&keys, issuer, epoch, clock.clone(), Entropy::seeded(7)), clock)
    }

    #[test]
    fn a_value_opens_only_as_what_it_was_sealed() {
        let (sealer, _) = sealer(&[NEW], "https://a", 0);
        let text = sealer.seal(&Ticket("x".into()), 60, b"browser");
        assert_eq!(sealer.open::<Ticket>(&text, b"browser"), Ok(Ticket("x".into())));
        assert_eq!(sealer.open::<Voucher>(&text, b"browser"), Err(Unsealable::Garbage));
        assert_eq!(sealer.open::<Ticket>(&text, b"another"), Err(Unsealable::Garbage));
    }

    #[test]
    fn a_value_of_another_site_or_epoch_is_garbage() {
        let (ours, _) = sealer(&[NEW], "https://a", 1);
        let text = ours.seal(&Ticket("x".into()), 60, b"");
        for (issuer, epoch) in [("https://b", 1), ("https://a", 2)] {
            let (theirs, _) = sealer(&[NEW], issuer, epoch);
            assert_eq!(theirs.open::<Ticket>(&text, b""), Err(Unsealable::Garbage));
        }
    }

    #[test]
    fn a_value_expires_to_the_second() {
        let (sealer, clock) = sealer(&[NEW], "https://a", 0);
        let text = sealer.seal(&Ticket("x".into()), 60, b"");
        clock.advance(59);
        assert!(sealer.open::<Ticket>(&text, b"").is_ok());
        clock.advance(1);
        assert_eq!(sealer.open::<Ticket>(&text, b""), Err(Unsealable::Expired));
    }

    #[test]
    fn after_a_rotation_the_old_key_still_opens_and_the_new_one_seals() {
        let (before, _) = sealer(&[OLD], "https://a", 0);
        let (after, _) = sealer(&[NEW, OLD], "https://a", 0);
        let text = before.seal(&Ticket("x".into()), 60, b"");
        assert!(after.open::<Ticket>(&text, b"").is_ok());
        let handle = before.handle("refresh", &[1; 36]);
        assert_eq!(after.open_handle::<36>("refresh", &handle), Ok([1; 36]));
        let fresh = after.seal(&Ticket("x".into()), 60, b"");
        assert_eq!(before.open::<Ticket>(&fresh, b""), Err(Unsealable::Garbage));
    }

    #[test]
    fn what_is_resealed_opens_under_the_new_key_alone_until_its_old_end() {
        let (before, _) = sealer(&[OLD], "https://a", 0);
        let (between, clock) = sealer(&[NEW, OLD], "https://a", 0);
        let text = before.seal(&Ticket("x".into()), 60, b"browser");
        assert_eq!(between.reseal::<Voucher>(&text, b"browser"), Err(Unsealable::Garbage));
        assert_eq!(between.reseal::<Ticket>(&text, b"another"), Err(Unsealable::Garbage));
        clock.advance(30);
        let resealed = between.reseal::<Ticket>(&text, b"browser").unwrap().unwrap();
        assert_eq!(between.reseal::<Ticket>(&resealed, b"browser"), Ok(None));
        assert_eq!(before.open::<Ticket>(&resealed, b"browser"), Err(Unsealable::Garbage));
        let (after, clock) = sealer(&[NEW], "https://a", 0);
        assert_eq!(after.reseal::<Ticket>(&text, b"browser"), Err(Unsealable::Garbage));
        assert_eq!(after.open::<Ticket>(&resealed, b"browser"), Ok(Ticket("x".into())));
        clock.advance(60);
        assert_eq!(after.open::<Ticket>(&resealed, b"browser"), Err(Unsealable::Expired));
    }

    #[test]
    fn sealing_twice_differs_and_a_handle_does_not() {
        let (sealer, _) = sealer(&[NEW], "https://a", 0);
        assert_ne!(sealer.seal(&Ticket("x".into()), 60, b""), sealer.seal(&Ticket("x".into()), 60, b""));
        assert_eq!(sealer.handle("refresh", &[1; 36]), sealer.handle("refresh", &[1; 36]));
        assert_ne!(sealer.handle("refresh", &[1; 36]), sealer.handle("session", &[1; 36]));
    }

    proptest! {
        #[test]
        fn no_text_but_ours_opens(text in ".{0,200}") {
            let (sealer, _) = sealer(&[NEW], "https://a", 0);
            prop_assert!(sealer.open::<Ticket>(&text, b"").is_err());
            prop_assert!(sealer.open_handle::<36>("refresh", &text).is_err());
        }

        #[test]
        fn one_changed_bit_spoils_it(at in 0usize..600, content in "[a-z]{0,40}") {
            let (sealer, _) = sealer(&[NEW], "https://a", 0);
            let mut bytes = BASE64URL_NOPAD.decode(sealer.seal(&Ticket(content), 60, b"").as_bytes()).unwrap();
            let bit = at % (bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(sealer.open::<Ticket>(&BASE64URL_NOPAD.encode(&bytes), b""), Err(Unsealable::Garbage));
        }
    }
}
