//! Resource servers that a token may be for (RFC 8707).

use url::Url;

use super::client::Client;
use super::error::{ErrorCode, OAuthError};
use super::params::Params;

fn invalid(description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidTarget, description)
}

/// The resource servers that a request names, all of which `client` may ask tokens for; none, if it names none. This site
/// is one itself, by its issuer.
///
/// # Errors
/// `invalid_target`.
pub fn asked(client: &Client, params: &Params, issuer: &str) -> Result<Vec<String>, OAuthError> {
    let mut resources = Vec::new();
    for resource in params.get_all("resource") {
        // §2: an absolute URI without a fragment.
        if Url::parse(resource).is_err() || resource.contains('#') {
            return Err(invalid("resource must be an absolute URI without a fragment"));
        }
        if resource != issuer && !client.policies.resources.iter().any(|allowed| allowed == resource) {
            return Err(invalid("an administrator has not allowed the application this resource"));
        }
        if !resources.iter().any(|known| known == resource) {
            resources.push(resource.to_owned());
        }
    }
    Ok(resources)
}

/// What a token request asks for, within what was `granted` (§2.2); all of that, if it names none. An empty list is this
/// site alone.
///
/// # Errors
/// `invalid_target`.
pub fn narrowed(granted: &[String], params: &Params, issuer: &str) -> Result<Vec<String>, OAuthError> {
    let ours = [issuer.to_owned()];
    let allowed = if granted.is_empty() { &ours } else { granted };
    let mut narrowed = Vec::new();
    for resource in params.get_all("resource") {
        if !allowed.iter().any(|allowed| allowed == resource) {
            return Err(invalid("resource must be one that the authorization request named"));
        }
        if !narrowed.iter().any(|known| known == resource) {
            narrowed.push(resource.to_owned());
        }
    }
    Ok(if narrowed.is_empty() { granted.to_vec() } else { narrowed })
}
