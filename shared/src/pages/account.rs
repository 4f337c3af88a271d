//! Accounts: making one, signing in, choosing one, changing it.

use askama::Template;

use super::{Layout, ProviderLink};
use crate::account::FieldError;

/// `GET /register`, and `POST /register` that failed. The form posts `username`, `email`, `phone`, `password`,
/// `nickname`, `csrf` and `continue`.
#[derive(Debug, Template)]
#[template(path = "register.html")]
pub struct Register<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// What was typed.
    pub username: &'a str,
    /// What was typed.
    pub email: &'a str,
    /// What was typed.
    pub phone: &'a str,
    /// What was typed.
    pub nickname: &'a str,
    /// Where to go afterwards: the form's `continue`, and in the link to sign-in.
    pub continue_to: Option<&'a str>,
    /// The providers with whose accounts one can come instead.
    pub providers: Vec<ProviderLink<'a>>,
    /// What is wrong with the fields.
    pub errors: Vec<FieldError>,
    /// What is wrong with the whole, in words.
    pub error: Option<&'a str>,
}

/// `GET /login`, and `POST /login` that failed. The form posts `username`, `password`, `csrf` and `continue`.
#[derive(Debug, Template)]
#[template(path = "login.html")]
pub struct Login<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// What was typed, or the request's `login_hint`.
    pub username: &'a str,
    /// Where to go afterwards: the form's `continue`, and in the link to registration.
    pub continue_to: Option<&'a str>,
    /// The application that the user is on the way to.
    pub client_name: Option<&'a str>,
    /// The providers with whose accounts one can sign in instead.
    pub providers: Vec<ProviderLink<'a>>,
    /// Why it failed, in words.
    pub error: Option<&'a str>,
}

/// Shown for `prompt=select_account`.
#[derive(Debug, Template)]
#[template(path = "select_account.html")]
pub struct SelectAccount<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// The display name of whoever is signed in.
    pub current: &'a str,
    /// The application that asks.
    pub client_name: Option<&'a str>,
    /// Goes on with that account.
    pub continue_href: &'a str,
    /// Signs in with another.
    pub other_href: &'a str,
}

/// `GET /account`. Its forms: `POST /account` (`nickname`, `username`, `email`, `phone`, `avatar`, `intro`,
/// and those of [`crate::account::DETAILS`]),
/// `POST /account/password` (`old_password`, `new_password`), `POST /logout`, and `POST /account/delete`
/// (`password`); each with `csrf`.
#[derive(Debug, Template)]
#[template(path = "account.html")]
pub struct Account<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// The identifier that applications see as `sub`.
    pub user_id: &'a str,
    /// When the account was made: RFC 3339. The page shows the date.
    pub created_at: &'a str,
    /// The profile's.
    pub nickname: &'a str,
    /// The profile's, or empty.
    pub username: &'a str,
    /// The profile's, or empty.
    pub email: &'a str,
    /// Whether the e-mail address is the user's for certain.
    pub email_verified: bool,
    /// The profile's, or empty.
    pub phone: &'a str,
    /// Whether the phone number is the user's for certain.
    pub phone_verified: bool,
    /// The address of a picture, or empty.
    pub avatar: &'a str,
    /// The profile's, or empty.
    pub intro: &'a str,
    /// What else the profile has, in order.
    pub details: Vec<Detail<'a>>,
    /// Whether there is no password: then the forms that ask for the present one don't.
    pub passwordless: bool,
    /// Whether what was sent wants a more recent sign-in.
    pub sign_in_again: bool,
    /// What just succeeded, in words: `account_saved`, `account_password_changed`.
    pub notice: Option<&'a str>,
    /// What is wrong with the fields of any of the forms.
    pub errors: Vec<FieldError>,
    /// What is wrong with the whole, in words.
    pub error: Option<&'a str>,
}

/// One thing more that a profile has.
#[derive(Clone, Debug)]
pub struct Detail<'a> {
    /// The field's name: `birthdate`, `address.country`.
    pub name: &'static str,
    /// The profile's, or empty.
    pub value: std::borrow::Cow<'a, str>,
}

impl Detail<'_> {
    fn is_long(&self) -> bool {
        matches!(self.name, "address.street_address" | "address.formatted")
    }

    fn kind(&self) -> &'static str {
        if matches!(self.name, "profile" | "website") { "url" } else { "text" }
    }

    /// HTML §4.10.19.7: what a browser may fill in.
    fn autocomplete(&self) -> &'static str {
        match self.name {
            "given_name" => "given-name",
            "middle_name" => "additional-name",
            "family_name" => "family-name",
            "gender" => "sex",
            "birthdate" => "bday",
            "website" => "url",
            "locale" => "language",
            "address.locality" => "address-level2",
            "address.region" => "address-level1",
            "address.postal_code" => "postal-code",
            "address.country" => "country-name",
            _ => "off",
        }
    }
}

impl Account<'_> {
    /// Whether something of the details is wrong: then they are shown.
    fn details_are_wrong(&self) -> bool {
        self.errors.iter().any(|error| self.details.iter().any(|detail| detail.name == error.field))
    }

    /// The date of [`Account::created_at`].
    fn created_date(&self) -> &str {
        self.created_at.split('T').next().unwrap_or_default()
    }

    /// Whether the e-mail address is verified, in words; nothing where there is none.
    fn email_state(&self) -> &'static str {
        self.state(self.email, self.email_verified)
    }

    /// The same of the phone number.
    fn phone_state(&self) -> &'static str {
        self.state(self.phone, self.phone_verified)
    }

    fn state(&self, value: &str, verified: bool) -> &'static str {
        match (value.is_empty(), verified) {
            (true, _) => "",
            (false, true) => self.layout.m.account_verified,
            (false, false) => self.layout.m.account_unverified,
        }
    }
}
