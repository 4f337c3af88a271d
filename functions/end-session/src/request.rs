//! What an application asks for, checked, and who is signed in: one read.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use shared::app::{App, Site};
use shared::http::session::{self, SignedIn};
use shared::http::{Incoming, Problem};
use shared::id::SessionId;
use shared::jose::id_token::sid;
use shared::jose::id_token_hint::{self, BadHint, HintClaims};
use shared::jose::subject::subject;
use shared::log;
use shared::oauth::{Client, ClientName, Params};
use shared::seal::Sealable;
use shared::store::keys;

/// A request that is sent on by GET may be this long: a gateway passes headers of 10 KB.
pub(crate) const MAX_LENGTH: usize = 8192;

/// What is left to do when the user has said yes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SignOut {
    /// Where to go afterwards: one of the client's registered addresses.
    pub(crate) return_to: Option<String>,
    /// Given back byte for byte.
    pub(crate) state: Option<String>,
    pub(crate) client_name: Option<String>,
    /// The session whose user is asked.
    pub(crate) shown_to: Option<SessionId>,
}

impl Sealable for SignOut {
    const PURPOSE: &'static str = "sign-out in progress";
}

/// A request, who is signed in, and whom the application means.
pub(crate) struct Asked {
    pub(crate) request: SignOut,
    pub(crate) signed_in: Option<SignedIn>,
    client: Option<Client>,
    hint: Option<HintClaims>,
}

/// For a page: nobody is redirected after a request that can't be trusted (§4).
fn untrusted(description: &'static str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, description)
}

impl Asked {
    /// Checks the request, and reads client, session and profile in one round trip.
    ///
    /// # Errors
    /// 400 for a hint that is not ours, another client than the hint's, and an address that it did not register; 503.
    pub(crate) async fn read(app: &App, site: &Site, incoming: &Incoming, params: &Params) -> Result<Self, Problem> {
        let hint = params.get("id_token_hint").map(|text| id_token_hint::read(site, &app.config.issuer, text));
        let hint = match hint.transpose() {
            Ok(hint) => hint,
            // So old that its key is retired: as if there was none.
            Err(BadHint::UnknownKey) => None,
            Err(BadHint::Forged) => return Err(untrusted("id_token_hint is not an ID token of this site")),
        };
        let named = params.get("client_id").map(str::parse::<ClientName>).transpose();
        let named = named.map_err(|_| untrusted("client_id is not that of a registered application"))?;
        if let (Some(named), Some(hint)) = (&named, &hint)
            && *named != hint.aud
        {
            return Err(untrusted("client_id is another than that of id_token_hint"));
        }
        let named = named.or_else(|| hint.as_ref().map(|hint| hint.aud.clone()));
        let client_id = named.map(|name| name.id()).inspect(|id| log::client(*id));
        let client_key = client_id.map(|id| keys::client(&id.to_string()));
        let token = session::token(app, site, incoming);
        let session_keys = token.as_ref().map(|token| {
            let user = token.user_id;
            (keys::session(user, token.session_id), keys::profile(user))
        });
        let mut wanted: Vec<_> = client_key.iter().cloned().collect();
        if let Some((session, profile)) = &session_keys {
            wanted.extend([session.clone(), profile.clone()]);
        }
        let mut found = app.store.batch_get(&wanted).await?;
        let client: Option<Client> = client_key.map(|key| found.take(&key)).transpose()?.flatten();
        let client = client.filter(|client| !client.disabled && app.admits(client));
        if client_id.is_some() && client.is_none() {
            return Err(untrusted("client_id is not that of a registered application"));
        }
        let return_to = params.get("post_logout_redirect_uri");
        if let Some(address) = return_to {
            // §3: exactly one of those that the client registered, or else this would send people anywhere.
            let registered = client.iter().flat_map(|client| &client.metadata.post_logout_redirect_uris);
            if !registered.into_iter().any(|uri| uri.as_str() == address) {
                return Err(untrusted(
                    "post_logout_redirect_uri is not one that the application registered; client_id or id_token_hint says which application",
                ));
            }
        }
        let mut signed_in = None;
        if let (Some(token), Some((session, profile))) = (&token, &session_keys) {
            signed_in = session::judge(app, token, found.take(session)?, found.take(profile)?).await?;
        }
        let request = SignOut {
            return_to: return_to.map(str::to_owned),
            state: params.get("state").map(str::to_owned),
            client_name: client.as_ref().map(Client::display_name),
            shown_to: None,
        };
        Ok(Self { request, signed_in, client, hint })
    }

    /// Whether the hint is of this user in this session. An ID token of another one, or of a session that is over, proves
    /// nothing about this one.
    pub(crate) fn means(&self, site: &Site, signed_in: &SignedIn) -> bool {
        let (Some(hint), Some(client)) = (&self.hint, &self.client) else { return false };
        let session = sid(signed_in.session.session_id);
        hint.sub == subject(site, client, signed_in.user.user_id)
            && hint.sid.as_ref().is_none_or(|named| *named == session)
    }
}
