//! Token families: everything that came of one code, under one head that can be cut off.

use serde::{Deserialize, Serialize};

use super::claims::RequestedClaims;
use super::client::Client;
use super::code::AuthorizationCode;
use super::dialect::Dialect;
use super::lifetimes::{CODE, FAMILY_MARGIN, LONGEST_TOKEN, REFRESH_GRACE, SESSION_ABSOLUTE};
use super::scope::Scope;
use crate::clock::Time;
use crate::id::{ClientId, FamilyId, GrantId, SessionId, UserId};
use crate::seal::{Sealer, Unsealable};

/// A token family. Never deleted by code, only marked revoked: else its code could be redeemed again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Family {
    /// Its name, which its code already carried.
    pub family_id: FamilyId,
    /// Whose it is.
    pub user_id: UserId,
    /// To whom it was issued.
    pub client_id: ClientId,
    /// The consent that it hangs on.
    pub grant_id: GrantId,
    /// The session in which consent was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// What was granted; narrowing a token never changes it.
    pub scope: Scope,
    /// Claims that were asked for one by one.
    #[serde(default, skip_serializing_if = "RequestedClaims::is_empty")]
    pub claims: RequestedClaims,
    /// Resource servers that its tokens may be for (RFC 8707); this one, if none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The key that its refresh tokens are bound to: a public client's, which proves nothing else (RFC 9449 §5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// When the user signed in.
    pub auth_time: Time,
    /// The user's epoch: once the user's is higher, all of this is dead.
    pub epoch: u64,
    /// Which refresh token is the current one.
    pub generation: u32,
    /// When it became the current one.
    pub rotated_at: Time,
    /// Whether there are refresh tokens at all.
    pub refreshable: bool,
    /// When the current refresh token ends, unless used.
    pub idle_expires_at: Time,
    /// When everything ends.
    pub expires_at: Time,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Time>,
    /// The dialect of its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
    /// Until when its client wants to be told that the session has ended, also after everything else has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listens_until: Option<Time>,
}

impl Family {
    /// The family that redeeming `code` of `client` creates. Its access tokens live for `access_lifetime` seconds.
    pub fn of(code: &AuthorizationCode, client: &Client, refreshable: bool, access_lifetime: i64, now: Time) -> Self {
        // An access token of a family never outlives it.
        let end = CODE.max(access_lifetime);
        let end = if refreshable { client.refresh_token_lifetime().max(end) } else { end };
        let listens = client.metadata.backchannel_logout_uri.is_some() && code.session_id.is_some();
        Self {
            family_id: code.family_id,
            user_id: code.user_id,
            client_id: code.client_id,
            grant_id: code.grant_id,
            session_id: code.session_id,
            scope: code.scope.clone(),
            claims: code.claims.clone(),
            resources: code.resources.clone(),
            dpop_jkt: None,
            auth_time: code.auth_time,
            epoch: code.epoch,
            generation: 0,
            rotated_at: now,
            refreshable,
            idle_expires_at: now + if refreshable { client.refresh_token_idle_lifetime() } else { end },
            expires_at: now + end,
            revoked_at: None,
            dialect: code.dialect.clone(),
            listens_until: listens.then(|| now + SESSION_ABSOLUTE),
        }
    }

    /// When the table may forget it: after its code and its last access token, with a margin. (It can't be refreshed
    /// after `idle_expires_at`, and no access token outlives `expires_at`.) Or after its session: whoever got tokens in it
    /// may want to be told of its end.
    pub fn ttl(&self) -> Time {
        let end = self.expires_at.min(self.idle_expires_at + LONGEST_TOKEN) + CODE + FAMILY_MARGIN;
        self.listens_until.map_or(end, |until| until.max(end))
    }
}

/// A refresh token: which family, which generation. It is a handle, so no secret of it is stored, and one that was
/// not made here is refused before any read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// Whose.
    pub user_id: UserId,
    /// Which family.
    pub family_id: FamilyId,
    /// Which generation of it.
    pub generation: u32,
}

const REFRESH_TOKEN: &str = "refresh token";

impl RefreshToken {
    /// The token as text.
    pub fn seal(&self, sealer: &Sealer) -> String {
        let generation = self.generation.to_be_bytes();
        sealer.handle(REFRESH_TOKEN, &[&self.user_id.0[..], &self.family_id.0, &generation].concat())
    }

    /// Reads a token.
    ///
    /// # Errors
    /// [`Unsealable::Garbage`].
    pub fn open(sealer: &Sealer, text: &str) -> Result<Self, Unsealable> {
        let bytes = sealer.open_handle::<36>(REFRESH_TOKEN, text)?;
        let (user, rest) = bytes.split_first_chunk::<16>().ok_or(Unsealable::Garbage)?;
        let (family, rest) = rest.split_first_chunk::<16>().ok_or(Unsealable::Garbage)?;
        let generation = rest.first_chunk::<4>().ok_or(Unsealable::Garbage)?;
        Ok(Self { user_id: UserId(*user), family_id: FamilyId(*family), generation: u32::from_be_bytes(*generation) })
    }
}

/// What presenting a refresh token means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It is the current one: make the next.
    Rotate,
    /// It is the current one and stays so: only its idle time begins anew.
    Renew,
    /// It was the current one until a moment ago: its answer may have been lost. The same successor again.
    Repeat,
    /// It was replaced long enough ago that somebody else must have it: the family dies (RFC 9700 §4.14.2).
    Replay,
    /// It is over or was never issued; nothing more follows from that.
    Dead,
}

impl Family {
    /// The dialect of its code, if not the standard.
    pub fn dialect(&self) -> Option<&'static Dialect> {
        self.dialect.as_deref().and_then(Dialect::named)
    }

    /// Judges generation `presented` of this family's refresh tokens, for `client` at `now`.
    pub fn judge(&self, presented: u32, client: &Client, now: Time) -> Use {
        if !self.refreshable || self.revoked_at.is_some() || now >= self.idle_expires_at || now >= self.expires_at {
            return Use::Dead;
        }
        if presented == self.generation {
            let rotates = client.rotates() && !self.dialect().is_some_and(|dialect| dialect.keeps_refresh_tokens);
            return if rotates { Use::Rotate } else { Use::Renew };
        }
        match self.generation.checked_sub(presented) {
            Some(1) if now - self.rotated_at <= REFRESH_GRACE => Use::Repeat,
            Some(_) => Use::Replay,
            // A generation that was never reached: the table was restored from a backup.
            None => Use::Dead,
        }
    }
}
