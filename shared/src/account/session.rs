//! Signed-in browsers: what the cookie holds, what the table holds, and when both fit.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::user::User;
use crate::clock::Time;
use crate::entropy::Entropy;
use crate::id::{SessionId, UserId};
use crate::oauth::lifetimes::{DAY, SESSION_ABSOLUTE, SESSION_IDLE, SESSION_TOUCH};
use crate::seal::{Sealer, Unsealable};

/// A session as the table has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// Its name. A new one at every sign-in.
    pub session_id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// Hexadecimal SHA-256 of the cookie's secret: the table alone signs nobody in.
    pub secret_hash: String,
    /// The user's epoch: once the user's is higher, the session is over.
    pub epoch: u64,
    /// When the user proved who they are.
    pub auth_time: Time,
    /// When it was last used, to the hour.
    pub last_seen_at: Time,
    /// When it ends unless used.
    pub idle_expires_at: Time,
    /// When it ends.
    pub expires_at: Time,
    /// The browser's name for itself, shortened.
    #[serde(default)]
    pub user_agent: String,
}

/// What the cookie holds: which session, and a secret that only this browser has.
pub struct SessionToken {
    /// Whose.
    pub user_id: UserId,
    /// Which.
    pub session_id: SessionId,
    secret: [u8; 32],
}

const HANDLE: &str = "session";

impl Session {
    /// A new session of `user`, who proved at `now` who they are.
    pub fn start(user: &User, user_agent: &str, entropy: &Entropy, now: Time) -> (Self, SessionToken) {
        let token =
            SessionToken { user_id: user.user_id, session_id: SessionId::new(entropy), secret: entropy.bytes() };
        let session = Self {
            session_id: token.session_id,
            user_id: user.user_id,
            secret_hash: hash(&token.secret),
            epoch: user.epoch,
            auth_time: now,
            last_seen_at: now,
            idle_expires_at: now + SESSION_IDLE,
            expires_at: now + SESSION_ABSOLUTE,
            user_agent: user_agent.chars().take(200).collect(),
        };
        (session, token)
    }

    /// Whether it still stands for `user`, who must be who it was made for.
    pub fn is_live(&self, user: &User, now: Time) -> bool {
        let theirs = user.user_id == self.user_id && user.is_active() && user.epoch == self.epoch;
        theirs && now < self.idle_expires_at && now < self.expires_at
    }

    /// Whether `token` is this session's.
    pub fn belongs_to(&self, token: &SessionToken) -> bool {
        hash(&token.secret).as_bytes().ct_eq(self.secret_hash.as_bytes()).into()
    }

    /// Whether its use should be noted: once an hour at most.
    pub fn wants_touch(&self, now: Time) -> bool {
        now - self.last_seen_at >= SESSION_TOUCH
    }

    /// The session, used at `now`.
    pub fn touched(&self, now: Time) -> Self {
        let idle_expires_at = (now + SESSION_IDLE).min(self.expires_at);
        Self { last_seen_at: now, idle_expires_at, ..self.clone() }
    }

    /// When the table may forget it.
    pub fn ttl(&self) -> Time {
        self.idle_expires_at.min(self.expires_at) + DAY
    }
}

impl SessionToken {
    /// The cookie's value.
    pub fn seal(&self, sealer: &Sealer) -> String {
        let handle = sealer.handle(HANDLE, &[self.user_id.0, self.session_id.0].concat());
        format!("{handle}.{}", BASE64URL_NOPAD.encode(&self.secret))
    }

    /// Reads a cookie's value. Garbage is refused before any read of the table.
    ///
    /// # Errors
    /// [`Unsealable::Garbage`].
    pub fn open(sealer: &Sealer, text: &str) -> Result<Self, Unsealable> {
        let (handle, secret) = text.split_once('.').ok_or(Unsealable::Garbage)?;
        let ids = sealer.open_handle::<32>(HANDLE, handle)?;
        let (user, session) = ids.split_first_chunk::<16>().ok_or(Unsealable::Garbage)?;
        let session = session.first_chunk::<16>().ok_or(Unsealable::Garbage)?;
        let secret = BASE64URL_NOPAD.decode(secret.as_bytes()).map_err(|_| Unsealable::Garbage)?;
        let secret = secret.try_into().map_err(|_| Unsealable::Garbage)?;
        Ok(Self { user_id: UserId(*user), session_id: SessionId(*session), secret })
    }
}

fn hash(secret: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA256, secret).as_ref())
}
