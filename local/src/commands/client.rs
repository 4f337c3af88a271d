//! Changing an application.

use std::fs;

use serde_json::{Value, json};
use shared::clock::Clock;
use shared::entropy::Entropy;
use shared::id::{Attempt, ClientId};
use shared::oauth::client_document::Document;
use shared::oauth::metadata::Requested;
use shared::oauth::{Client, ClientName};
use shared::store::Store;

use super::{CommandError, change};
use crate::cli::ClientChanges;

/// The client that is called so: by its `client_id`, or as the table does.
pub(super) fn id(text: &str) -> Option<ClientId> {
    text.parse::<ClientName>().map(|name| name.id()).or_else(|_| text.parse()).ok()
}

/// Makes a place in the table for the client of an address, if `id` is one and has none yet: whoever is to be disabled
/// need not have been here before.
pub(super) async fn meet(store: &Store, id: &str, clock: &Clock, entropy: &Entropy) -> Result<(), CommandError> {
    let Some(url) = id.parse::<ClientName>().ok().and_then(|name| name.document().map(str::to_owned)) else {
        return Ok(());
    };
    let nothing = Requested {
        token_endpoint_auth_method: Some("none".to_owned()),
        response_types: Some(Vec::new()),
        grant_types: Some(vec!["refresh_token".to_owned()]),
        ..Requested::default()
    };
    let metadata = nothing.complete(&[]).map_err(|error| CommandError::Refused(error.to_string()))?;
    let client = Client::of_document(Document::unseen(&url), metadata, clock.now());
    store.create_client(&client, Attempt::new(entropy)).await?;
    Ok(())
}

/// Refuses to change what a client's own document says of it: the next time that it is fetched it would say so again.
///
/// # Errors
/// [`CommandError::Refused`].
pub(super) fn refuse_of_document(client: &Client) -> Result<(), CommandError> {
    match &client.document {
        None => Ok(()),
        Some(document) => Err(CommandError::Refused(format!(
            "what it registered stands at {}: only its policies, and whether it is disabled, are decided here",
            document.url
        ))),
    }
}

/// Applies `changes`. What comes of it must make sense as a registration does.
pub(super) async fn set(
    store: &Store,
    id: &str,
    changes: &ClientChanges,
    entropy: &Entropy,
) -> Result<Value, CommandError> {
    let jwks = changes.jwks.as_ref().map(|file| {
        let unreadable = || CommandError::Refused(format!("{} is not readable as JSON", file.display()));
        fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok()).ok_or_else(unreadable)
    });
    let jwks = jwks.transpose()?;
    change(store, id, entropy, |client| {
        let before = client.metadata.clone();
        apply_to_metadata(client, changes, jwks.clone())?;
        if client.metadata != before {
            refuse_of_document(client)?;
        }
        apply_to_policies(client, changes);
        Ok(())
    })
    .await
}

fn apply_to_metadata(client: &mut Client, changes: &ClientChanges, jwks: Option<Value>) -> Result<(), CommandError> {
    let refused = |error: &dyn std::fmt::Display| CommandError::Refused(error.to_string());
    let before: Requested = serde_json::from_value(json!(client.metadata)).map_err(|error| refused(&error))?;
    let changes_keys = jwks.is_some() || changes.jwks_uri.is_some();
    let or = |change: &Option<String>, before| match change {
        Some(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        None => before,
    };
    let requested = Requested {
        client_name: or(&changes.name, before.client_name),
        redirect_uris: list(&changes.redirect_uris).or(before.redirect_uris),
        scope: or(&changes.scope, before.scope),
        // Keys are in one place or in the other.
        jwks: jwks.or(before.jwks.filter(|_| !changes_keys)),
        jwks_uri: or(&changes.jwks_uri, before.jwks_uri.filter(|_| !changes_keys)),
        token_endpoint_auth_method: or(&changes.token_endpoint_auth_method, before.token_endpoint_auth_method),
        profile: or(&changes.profile, before.profile),
        require_pkce: changes.require_pkce.or(before.require_pkce),
        require_pushed_authorization_requests: changes
            .require_pushed_authorization_requests
            .or(before.require_pushed_authorization_requests),
        require_signed_request_object: changes.require_signed_request_object.or(before.require_signed_request_object),
        dpop_bound_access_tokens: changes.dpop_bound_access_tokens.or(before.dpop_bound_access_tokens),
        ..before
    };
    // A profile brings methods and algorithms of its own: those of before may not be among them.
    let requested = match &changes.profile {
        Some(profile) if !profile.is_empty() => Requested {
            token_endpoint_auth_method: changes.token_endpoint_auth_method.clone(),
            id_token_signed_response_alg: None,
            ..requested
        },
        _ => requested,
    };
    client.metadata = requested.complete(&client.policies.privileges).map_err(|error| refused(&error))?;
    let needs_secret = client.metadata.token_endpoint_auth_method.has_secret();
    if needs_secret && client.secret.is_none() {
        return Err(CommandError::Refused("it has no secret: register it anew, with one".to_owned()));
    }
    client.secret = client.secret.take().filter(|_| needs_secret);
    if client.metadata.is_fapi() {
        client.rotate_refresh_tokens = false;
    }
    Ok(())
}

fn apply_to_policies(client: &mut Client, changes: &ClientChanges) {
    client.rotate_refresh_tokens = changes.rotate_refresh_tokens.unwrap_or(client.rotate_refresh_tokens);
    let policies = &mut client.policies;
    policies.first_party = changes.first_party.unwrap_or(policies.first_party);
    policies.access_token_lifetime = changes.access_token_lifetime.or(policies.access_token_lifetime);
    policies.refresh_token_idle_lifetime = changes.refresh_token_idle_lifetime.or(policies.refresh_token_idle_lifetime);
    policies.refresh_token_lifetime = changes.refresh_token_lifetime.or(policies.refresh_token_lifetime);
    if let Some(resources) = list(&changes.resources) {
        policies.resources = resources;
    }
    if let Some(audiences) = list(&changes.audiences) {
        policies.audiences = audiences;
    }
}

/// A list without the empty text, which stands for none.
fn list(texts: &Option<Vec<String>>) -> Option<Vec<String>> {
    let texts = texts.as_ref()?;
    Some(texts.iter().filter(|text| !text.is_empty()).cloned().collect())
}
