//! What a registration or a change asks for, read field by field with every mistake named.

use serde_json::{Map, Value};

use super::details::{DETAILS, is_https};
use super::identifier::{Identifier, IdentifierKind};
use super::user::User;
use crate::clock::Time;

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field.
    pub field: &'static str,
    /// A word for programs: `required`, `taken`, `invalid_email`, `too_long`, …
    pub code: &'static str,
    /// A sentence for people who read JSON.
    pub message: &'static str,
}

impl FieldError {
    /// The error with its sentence.
    pub fn new(field: &'static str, code: &'static str) -> Self {
        let message = match code {
            "required" => "is needed",
            "need_identifier" => "one of username, email and phone is needed",
            "last_identifier" => "is the last of username, email and phone: one must stay",
            "taken" => "belongs to another account",
            "invalid_username" => "must be 6 to 32 ASCII letters, digits, _ and -, with at least one letter",
            "invalid_email" => "is not an e-mail address",
            "invalid_phone" => "must be in E.164, such as +8613800138000; 11 digits alone mean +86",
            "invalid_url" => "must be an https address",
            "invalid_birthdate" => "must be YYYY-MM-DD, 0000-MM-DD or YYYY",
            "invalid_zoneinfo" => "must be a time zone's name, such as Asia/Tokyo",
            "invalid_locale" => "must be a language tag, such as zh-CN",
            "not_an_object" => "must be an object of strings",
            "too_short" => "must be of 8 characters or more",
            "too_long" => "is too long",
            "too_common" => "is among the commonest passwords",
            "wrong_password" => "is not the account's password",
            _ => "has the wrong type: it must be a string",
        };
        Self { field, code, message }
    }
}

/// Changes to a profile: `None` leaves a field alone, `Some(None)` empties it.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Identifiers to give or take.
    pub identifiers: Vec<(IdentifierKind, Option<Identifier>)>,
    /// Nickname.
    pub nickname: Option<Option<String>>,
    /// Avatar.
    pub avatar: Option<Option<String>>,
    /// Introduction.
    pub intro: Option<Option<String>>,
    /// Details, by their names: `None` tells one no longer.
    pub details: Vec<(&'static str, Option<String>)>,
}

/// Characters of a nickname.
pub const NICKNAME: usize = 50;
/// Characters of an introduction.
pub const INTRO: usize = 500;
/// Characters of an avatar's address.
pub const AVATAR: usize = 1000;

impl Changes {
    /// Reads the known fields of a JSON object; unknown ones are ignored.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn parse(object: &Map<String, Value>) -> Result<Self, Vec<FieldError>> {
        let mut changes = Self::default();
        let mut errors = Vec::new();
        for (kind, code) in [
            (IdentifierKind::Username, "invalid_username"),
            (IdentifierKind::Email, "invalid_email"),
            (IdentifierKind::Phone, "invalid_phone"),
        ] {
            let field = kind.as_str();
            match text(object.get(field), field) {
                Ok(None) => {}
                Ok(Some(None)) => changes.identifiers.push((kind, None)),
                Ok(Some(Some(value))) => match Identifier::parse(kind, value) {
                    Some(identifier) => changes.identifiers.push((kind, Some(identifier))),
                    None => errors.push(FieldError::new(field, code)),
                },
                Err(error) => errors.push(error),
            }
        }
        let mut free = |field, most| match text(object.get(field), field) {
            Ok(Some(Some(value))) if value.chars().count() > most || value.contains('\0') => {
                errors.push(FieldError::new(field, "too_long"));
                None
            }
            Ok(value) => value.map(|value| value.map(str::to_owned)),
            Err(error) => {
                errors.push(error);
                None
            }
        };
        changes.nickname = free("nickname", NICKNAME);
        changes.avatar = free("avatar", AVATAR);
        changes.intro = free("intro", INTRO);
        if let Some(Some(address)) = &changes.avatar {
            // Other pages show it: an address that is not https would leak who looks at it, or run something.
            if !is_https(address) {
                errors.push(FieldError::new("avatar", "invalid_url"));
            }
        }
        changes.details = details(object, &mut errors);
        if errors.is_empty() { Ok(changes) } else { Err(errors) }
    }

    /// The user after these changes.
    ///
    /// # Errors
    /// When nothing would be left to sign in with.
    pub fn apply(&self, user: &User, now: Time) -> Result<User, Vec<FieldError>> {
        let mut changed = user.clone();
        for (kind, identifier) in &self.identifiers {
            changed.set_identifier(*kind, identifier.clone().map(|identifier| identifier.value));
        }
        if changed.identifiers().is_empty() {
            // `identifier` stands for username, e-mail address and phone number together.
            let code = if user.identifiers().is_empty() { "need_identifier" } else { "last_identifier" };
            return Err(vec![FieldError::new("identifier", code)]);
        }
        for (field, change) in [
            (&mut changed.nickname, &self.nickname),
            (&mut changed.avatar, &self.avatar),
            (&mut changed.intro, &self.intro),
        ] {
            if let Some(value) = change {
                field.clone_from(value);
            }
        }
        for (name, value) in &self.details {
            changed.details.set(name, value.clone());
        }
        changed.updated_at = now;
        Ok(changed)
    }
}

/// The details that `object` changes. An address is an object in JSON (one that is null is told no longer), and fields of
/// their own in a form: `address.country`.
fn details(object: &Map<String, Value>, errors: &mut Vec<FieldError>) -> Vec<(&'static str, Option<String>)> {
    let mut changes = Vec::new();
    let address = object.get("address");
    if !address.is_none_or(|address| address.is_object() || address.is_null()) {
        errors.push(FieldError::new("address", "not_an_object"));
    }
    for detail in &DETAILS {
        let nested = detail.of_address().and_then(|member| match address? {
            Value::Object(address) => address.get(member),
            gone => Some(gone).filter(|gone| gone.is_null()),
        });
        match text(nested.or_else(|| object.get(detail.name)), detail.name) {
            Ok(None) => {}
            Ok(Some(None)) => changes.push((detail.name, None)),
            Ok(Some(Some(value))) => match detail.wrong(value) {
                Some(code) => errors.push(FieldError::new(detail.name, code)),
                None => changes.push((detail.name, Some(value.to_owned()))),
            },
            Err(error) => errors.push(error),
        }
    }
    changes
}

/// A string field: absent, null or empty, or text without white space around it.
fn text<'a>(value: Option<&'a Value>, field: &'static str) -> Result<Option<Option<&'a str>>, FieldError> {
    match value {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::String(value)) => Ok(Some(Some(value.trim()).filter(|value| !value.is_empty()))),
        Some(_) => Err(FieldError::new(field, "wrong_type")),
    }
}
