//! The list that a sector's clients share (OpenID Connect Core §8.1; Dynamic Client Registration §5).

use crate::app::App;
use crate::fetch::USUAL_LIMIT;
use crate::oauth::metadata::Metadata;
use crate::oauth::{ErrorCode, OAuthError};

/// Checks that whoever answers at `sector_identifier_uri` counts this client in: clients of one sector know people by the
/// same pairwise names, so nobody joins uninvited.
///
/// # Errors
/// `invalid_client_metadata`.
pub async fn check(app: &App, metadata: &Metadata) -> Result<(), OAuthError> {
    let Some(uri) = &metadata.sector_identifier_uri else { return Ok(()) };
    let refuse = |description| OAuthError::new(ErrorCode::InvalidClientMetadata, description);
    let fetched = app.fetcher.get(uri, USUAL_LIMIT).await.map_err(|error| {
        let description = "sector_identifier_uri could not be fetched: it must answer in time, with status 200, https, and \
                           64 KiB at the most";
        refuse(description).because(error.as_str())
    })?;
    let listed: Vec<String> = serde_json::from_slice(&fetched.body)
        .map_err(|_| refuse("what stands at sector_identifier_uri is not a list of addresses in JSON"))?;
    if metadata.redirect_uris.iter().all(|uri| listed.iter().any(|listed| listed == uri.as_str())) {
        Ok(())
    } else {
        Err(refuse("the list at sector_identifier_uri lacks one of redirect_uris"))
    }
}
