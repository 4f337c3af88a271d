//! Registering an application by hand; programs use the JSON face of the same endpoint (RFC 7591).

use askama::Template;

use super::Layout;
use crate::account::FieldError;

/// `GET /oauth2/register`, and the same `POST` that failed. The form posts `client_name`, `redirect_uri` (one per
/// line), `public` (`true`, if ticked) and `csrf`.
#[derive(Debug, Template)]
#[template(path = "application_form.html")]
pub struct ApplicationForm<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// What was typed.
    pub client_name: &'a str,
    /// What was typed, one per line.
    pub redirect_uri: &'a str,
    /// Whether the box was ticked: a public client.
    pub public: bool,
    /// What is wrong with the fields.
    pub errors: Vec<FieldError>,
    /// What is wrong with the whole, in words.
    pub error: Option<&'a str>,
}

/// `POST /oauth2/register` that succeeded.
#[derive(Debug, Template)]
#[template(path = "application_created.html")]
pub struct ApplicationCreated<'a> {
    /// The frame.
    pub layout: Layout<'a>,
    /// The application's name.
    pub client_name: &'a str,
    /// Its identifier.
    pub client_id: &'a str,
    /// Its secret, which is shown this once; a public client has none.
    pub client_secret: Option<&'a str>,
    /// The issuer, without a slash at its end.
    pub issuer: &'a str,
}
