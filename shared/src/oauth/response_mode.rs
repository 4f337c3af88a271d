//! How an answer goes back (OAuth 2.0 Multiple Response Type Encoding Practices §2.1; OAuth 2.0 Form Post Response Mode).

use super::client::Client;
use super::error::OAuthError;
use super::metadata::GrantType;
use super::params::Params;
use super::response_type::ResponseType;

/// How an answer goes back to the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the address's query.
    Query,
    /// Behind the address's `#`, where scripts alone read it.
    Fragment,
    /// In a form that a page posts there.
    FormPost,
}

impl ResponseMode {
    /// What a request means that asks for none; and how it is told that it asks for one that can't be.
    pub fn default_of(client: &Client, params: &Params) -> Self {
        // Whoever is not allowed the implicit grant asks for tokens in vain, and is told as if they had asked for a code.
        if client.allows(GrantType::Implicit) && carries_tokens(params) { Self::Fragment } else { Self::Query }
    }

    /// What a request asks for.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn of(client: &Client, params: &Params) -> Result<Self, OAuthError> {
        let refuse = |description: &'static str| Err(OAuthError::invalid_request(description));
        match params.get("response_mode") {
            None => Ok(Self::default_of(client, params)),
            // Multiple Response Types §5: a query is sent to servers and kept in histories, where no token may be.
            Some("query") if carries_tokens(params) => refuse("response_mode=query goes with response_type=code alone"),
            Some("query") => Ok(Self::Query),
            Some("fragment") if client.allows(GrantType::Implicit) => Ok(Self::Fragment),
            Some("fragment") => refuse("response_mode=fragment needs the implicit grant, which an administrator gives"),
            // A browser that posts a form rewrites line breaks (HTML §4.10.21.4): state would not be what it was.
            Some("form_post") if params.get("state").is_some_and(|state| state.contains(char::is_control)) => {
                refuse("response_mode=form_post can not carry a state with control characters")
            }
            Some("form_post") => Ok(Self::FormPost),
            Some(_) => refuse("response_mode must be query, fragment or form_post"),
        }
    }
}

fn carries_tokens(params: &Params) -> bool {
    let response_type = params.get("response_type").and_then(|text| text.parse::<ResponseType>().ok());
    response_type.is_some_and(ResponseType::is_legacy)
}
