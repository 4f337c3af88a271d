//! Authorizations that devices wait for.

use super::item::{Condition, flag, item, map, number, text};
use super::keys;
use super::table::{Store, StoreError, Written};
use crate::clock::Time;
use crate::id::{Attempt, DeviceId};
use crate::oauth::AuthorizationCode;
use crate::oauth::device::{DeviceAuthorization, UserCode};

/// That it is this one, and nobody has decided yet.
fn open(device_id: DeviceId) -> Condition {
    let undecided = "#device_id = :device AND #denied = :no AND attribute_not_exists(#approved)";
    Condition::new(undecided).bind(":device", text(device_id)).bind(":no", flag(false))
}

impl Store {
    /// Writes a new one under its user code. False where another has that code, which is over at the earliest at its end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_device(
        &self,
        code: &UserCode,
        device: &DeviceAuthorization,
        now: Time,
        attempt: Attempt,
    ) -> Result<bool, StoreError> {
        let mut item = item(&keys::device(code.as_str()), "device", device)?;
        item.insert("ttl".to_owned(), number(device.expires_at.0));
        let free = Condition::new("attribute_not_exists(#PK) OR #expires_at <= :now").bind(":now", number(now.0));
        Ok(matches!(self.put(item, free, attempt).await?, Written::Done))
    }

    /// Notes that a device polled, and how long it has to wait from now on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_poll(
        &self,
        code: &str,
        device_id: DeviceId,
        interval: i64,
        now: Time,
        attempt: Attempt,
    ) -> Result<(), StoreError> {
        let polled = open(device_id).bind(":now", number(now.0)).bind(":interval", number(interval));
        let update = "SET #polled_at = :now, #interval = :interval";
        self.update(&keys::device(code), update, polled, attempt).await.map(drop)
    }

    /// Writes the user's decision down: what their yes is worth, or no. False where somebody has decided already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn decide_device(
        &self,
        code: &UserCode,
        device_id: DeviceId,
        approved: Option<&AuthorizationCode>,
        attempt: Attempt,
    ) -> Result<bool, StoreError> {
        let key = keys::device(code.as_str());
        let written = match approved {
            Some(approved) => {
                let decided = open(device_id).bind(":approved", map("device", approved)?);
                self.update(&key, "SET #approved = :approved", decided, attempt).await?
            }
            None => {
                let decided = open(device_id).bind(":yes", flag(true));
                self.update(&key, "SET #denied = :yes", decided, attempt).await?
            }
        };
        Ok(matches!(written, Written::Done))
    }
}
