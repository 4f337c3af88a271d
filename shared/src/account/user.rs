//! A user.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::details::{DETAILS, Details};
use super::identifier::{Identifier, IdentifierKind};
use crate::clock::Time;
use crate::id::UserId;

/// A user as the table has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// For ever.
    pub user_id: UserId,
    /// Raised by every change.
    pub version: u64,
    /// Codes, families and sessions carry it and must be equal: raising it ends them all.
    pub epoch: u64,
    /// Whether the account may be used.
    pub status: UserStatus,
    /// As the user wrote it.
    #[serde(default)]
    pub username: Option<String>,
    /// Lower-cased.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether its owner confirmed it. An address that nobody confirmed proves nothing.
    #[serde(default)]
    pub email_verified: bool,
    /// E.164.
    #[serde(default)]
    pub phone: Option<String>,
    /// Whether its owner confirmed it.
    #[serde(default)]
    pub phone_verified: bool,
    /// What to call them.
    #[serde(default)]
    pub nickname: Option<String>,
    /// A picture's https address.
    #[serde(default)]
    pub avatar: Option<String>,
    /// A few words.
    #[serde(default)]
    pub intro: Option<String>,
    /// What else they tell about themselves.
    #[serde(default, skip_serializing_if = "Details::is_empty")]
    pub details: Details,
    /// Whether there is no password: they sign in with accounts elsewhere alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passwordless: bool,
    /// When they registered.
    pub created_at: Time,
    /// When the profile last changed.
    pub updated_at: Time,
}

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// It may.
    Active,
    /// An operator closed it.
    Disabled,
    /// Its owner deleted it; what is left of it is being removed.
    Deleted,
}

impl User {
    /// A new user without any identifier yet.
    pub fn new(user_id: UserId, now: Time) -> Self {
        Self {
            user_id,
            version: 1,
            epoch: 1,
            status: UserStatus::Active,
            username: None,
            email: None,
            email_verified: false,
            phone: None,
            phone_verified: false,
            nickname: None,
            avatar: None,
            intro: None,
            details: Details::default(),
            passwordless: false,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether the account may be used.
    pub fn is_active(&self) -> bool {
        self.status == UserStatus::Active
    }

    /// What to call them where people read.
    pub fn display_name(&self) -> String {
        let names = [&self.nickname, &self.username, &self.email, &self.phone];
        names.into_iter().flatten().next().cloned().unwrap_or_else(|| self.user_id.to_string())
    }

    /// What they can sign in with.
    pub fn identifiers(&self) -> Vec<Identifier> {
        let of = |kind, value: &Option<String>| value.clone().map(|value| Identifier { kind, value });
        [
            of(IdentifierKind::Username, &self.username),
            of(IdentifierKind::Email, &self.email),
            of(IdentifierKind::Phone, &self.phone),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Gives or takes an identifier. A new address or number is unconfirmed.
    pub fn set_identifier(&mut self, kind: IdentifierKind, value: Option<String>) {
        match kind {
            IdentifierKind::Username => self.username = value,
            IdentifierKind::Email => {
                self.email_verified &= self.email == value;
                self.email = value;
            }
            IdentifierKind::Phone => {
                self.phone_verified &= self.phone == value;
                self.phone = value;
            }
        }
    }

    /// The user as they see themselves, in JSON. Of the details, those that they tell.
    pub fn to_json(&self) -> Value {
        let mut json = json!({
            "user_id": self.user_id,
            "username": self.username,
            "email": self.email,
            "email_verified": self.email_verified,
            "phone": self.phone,
            "phone_verified": self.phone_verified,
            "nickname": self.nickname,
            "avatar": self.avatar,
            "intro": self.intro,
            "has_password": !self.passwordless,
            "created_at": self.created_at.to_string(),
        });
        let details = DETAILS.iter().filter(|detail| detail.of_address().is_none());
        let details = details.map(|detail| (detail.name, self.details.get(detail.name).map(Value::from)));
        for (name, value) in details.chain([("address", self.details.address())]) {
            if let (Some(members), Some(value)) = (json.as_object_mut(), value) {
                members.insert(name.to_owned(), value);
            }
        }
        json
    }
}
