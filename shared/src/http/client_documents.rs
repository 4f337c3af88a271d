//! Clients that nobody registered: their `client_id` is an address, and what they are stands there
//! (draft-ietf-oauth-client-id-metadata-document). Off, unless the site's settings say otherwise.
//!
//! What was fetched is kept as a client in the table. So whatever comes later (a code, a refresh token, userinfo) reads it
//! as it reads any client; a token costs no look at its client's site; and an operator's `disabled` stands beside it, and
//! is read before anything is fetched.

use super::oauth_error::Failure;
use super::sector;
use crate::app::App;
use crate::fetch::{FetchError, Fetched};
use crate::id::Attempt;
use crate::oauth::client_document::{self, Document, LIMIT, refuse};
use crate::oauth::{Client, ClientName, ErrorCode, OAuthError};
use crate::store::StoreError;
use crate::store::table::Written;

/// What it means that a client's site can't be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// Nothing new begins (§5.1).
    Refuses,
    /// What began goes on for three days with what is known: a site that is down signs nobody out.
    IsBridged,
}

/// The client of that name. One that registered is what was found in the table. One that is named by an address is, too,
/// for as long as its document is fresh; then that is fetched again.
///
/// # Errors
/// `invalid_client`; 503.
pub async fn resolve(
    app: &App,
    name: &ClientName,
    found: Option<Client>,
    outage: Outage,
) -> Result<Option<Client>, Failure> {
    let Some(url) = name.document() else { return Ok(found) };
    if !app.config.client_id_documents {
        return Ok(None);
    }
    let now = app.clock.now();
    let known = found.as_ref().and_then(|client| client.document.as_ref());
    let will_do = outage == Outage::IsBridged && known.is_some_and(|document| document.will_do(now));
    // What an operator has disabled is so, whatever stands at its address.
    let settled = found.as_ref().is_some_and(|client| client.disabled)
        || known.is_some_and(|document| document.is_fresh(now) || (will_do && document.is_out_of_reach(now)));
    if settled {
        return Ok(found);
    }
    match app.fetcher.get(url, LIMIT).await {
        Ok(fetched) => Ok(renew(app, url, &fetched, found).await?),
        Err(error) if will_do && is_outage(error) => {
            tracing::warn!(client = %name.id(), "a client's document is out of reach: what is known of it is used");
            Ok(note_outage(app, found).await?)
        }
        Err(error) => {
            let description = "the document at client_id could not be fetched: it must answer in time, with status 200, \
                               https, no redirect, and 5 KB at the most";
            Err(refuse(description).because(error.as_str()).into())
        }
    }
}

/// Whether the site may be well again soon. Where it answers that there is nothing, or something else, that is what its
/// owner says.
fn is_outage(error: FetchError) -> bool {
    match error {
        FetchError::Unreachable => true,
        FetchError::Status(status) => status >= 500 || status == 429,
        FetchError::Forbidden | FetchError::TooLarge => false,
    }
}

/// Judges what was fetched, and keeps it. Nothing is kept that is not good (§5.2).
async fn renew(app: &App, url: &str, fetched: &Fetched, found: Option<Client>) -> Result<Option<Client>, Failure> {
    let judged = match client_document::read(url, &fetched.content_type, &fetched.body) {
        Ok(metadata) => sector::check(app, &metadata).await.map(|()| metadata),
        Err(error) => Err(error),
    };
    // At the token endpoint it is the client that is no good, whatever is wrong with what it says of itself.
    let metadata = judged.map_err(|error| OAuthError { code: ErrorCode::InvalidClient, ..error })?;
    let now = app.clock.now();
    let document = Document::fetched(url, &fetched.cache_control, now);
    let attempt = Attempt::new(&app.entropy);
    let (client, kept) = match found {
        Some(before) => {
            let client = before.renewed(document, metadata);
            let kept = app.store.update_client(&client, attempt).await?;
            (client, kept)
        }
        None => {
            let client = Client::of_document(document, metadata, now);
            let kept = matches!(app.store.create_client(&client, attempt).await?, Written::Done);
            (client, kept)
        }
    };
    // Somebody came between: another request, with the same document, or an operator, who has the last word.
    if kept { Ok(Some(client)) } else { Ok(app.store.find_client(client.client_id).await?) }
}

/// So that not everybody waits for a site that does not answer.
async fn note_outage(app: &App, found: Option<Client>) -> Result<Option<Client>, StoreError> {
    let Some(mut client) = found else { return Ok(None) };
    client.document = client.document.map(|document| document.out_of_reach(app.clock.now()));
    if app.store.update_client(&client, Attempt::new(&app.entropy)).await? {
        return Ok(Some(client));
    }
    app.store.find_client(client.client_id).await
}
