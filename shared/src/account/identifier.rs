//! What a user signs in with: a username, an e-mail address or a phone number. No text is two of them.

use email_address::{EmailAddress, Options};

/// Which kind of identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdentifierKind {
    /// 6 to 32 ASCII letters, digits, `_` and `-`, with at least one letter.
    Username,
    /// An e-mail address.
    Email,
    /// A phone number in E.164.
    Phone,
}

impl IdentifierKind {
    /// The field's name in requests, and the kind's in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }
}

/// An identifier that follows its kind's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    /// Which kind.
    pub kind: IdentifierKind,
    /// As the user wrote it; of a phone number, the E.164 form; of an e-mail address, lower-cased.
    pub value: String,
}

impl Identifier {
    /// Reads `text` as an identifier of `kind`.
    pub fn parse(kind: IdentifierKind, text: &str) -> Option<Self> {
        let text = text.trim();
        let value = match kind {
            IdentifierKind::Username => username(text)?,
            IdentifierKind::Email => email(text)?,
            IdentifierKind::Phone => phone(text)?,
        };
        Some(Self { kind, value })
    }

    /// Reads what somebody signs in with, whichever kind it is.
    pub fn guess(text: &str) -> Option<Self> {
        let kinds = [IdentifierKind::Email, IdentifierKind::Phone, IdentifierKind::Username];
        kinds.into_iter().find_map(|kind| Self::parse(kind, text))
    }

    /// What must be unique. Names that differ by case alone are the same name.
    pub fn normalised(&self) -> String {
        self.value.to_lowercase()
    }
}

fn username(text: &str) -> Option<String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    let valid =
        (6..=32).contains(&text.len()) && text.bytes().all(allowed) && text.bytes().any(|b| b.is_ascii_alphabetic());
    valid.then(|| text.to_owned())
}

fn email(text: &str) -> Option<String> {
    let options = Options::default().without_display_text().without_domain_literal();
    let valid = text.len() <= 254 && !text.contains(['"', '\\']) && !text.chars().any(char::is_whitespace);
    (valid && EmailAddress::parse_with_options(text, options).is_ok()).then(|| text.to_lowercase())
}

/// E.164: a plus sign and 7 to 15 digits, the first not zero. Eleven digits alone are a Chinese number.
fn phone(text: &str) -> Option<String> {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if text.len() == 11 && digits(text) {
        return Some(format!("+86{text}"));
    }
    let number = text.strip_prefix('+')?;
    ((7..=15).contains(&number.len()) && digits(number) && !number.starts_with('0')).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use IdentifierKind::{Email, Phone, Username};

    #[test]
    fn each_kind_keeps_its_rules() {
        for (kind, text) in [
            (Username, "sakura"),
            (Username, "A-1_bc"),
            (Username, &"a".repeat(32)),
            (Email, "a@b.example"),
            (Email, "2333@moe.com"),
            (Phone, "+8613800138000"),
            (Phone, "17002108009"),
            (Phone, "+14155550100"),
        ] {
            assert!(Identifier::parse(kind, text).is_some(), "{text}");
        }
        for (kind, text) in [
            (Username, "short"),
            (Username, "1234567"),
            (Username, &"a".repeat(33)),
            (Username, "with space"),
            (Username, "名前名前名前"),
            (Username, "a@b.cd"),
            (Email, "a@"),
            (Email, "@b"),
            (Email, "a b@c.d"),
            (Email, "A <a@b.c>"),
            (Email, ""),
            (Phone, "123"),
            (Phone, "+0123456789"),
            (Phone, "+12345678901234567"),
            (Phone, "1380013800a"),
        ] {
            assert!(Identifier::parse(kind, text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_sign_in_name_is_of_one_kind_only() {
        assert_eq!(Identifier::guess("17002108009").map(|i| (i.kind, i.value)), Some((Phone, "+8617002108009".into())));
        assert_eq!(
            Identifier::guess("Me@Example.org").map(|i| (i.kind, i.value)),
            Some((Email, "me@example.org".into()))
        );
        assert_eq!(Identifier::guess("Sakura").map(|i| (i.kind, i.normalised())), Some((Username, "sakura".into())));
        assert_eq!(Identifier::guess("no"), None);
    }
}
