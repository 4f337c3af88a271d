//! What is known about a request before anything is decided: one read.

use http::StatusCode;
use shared::app::{App, Site};
use shared::http::session::{self, SignedIn};
use shared::http::{Incoming, Problem};
use shared::id::ClientId;
use shared::jose::hint;
use shared::log;
use shared::oauth::authorization_request::{MAX_LENGTH, RequestInProgress, ReturnAddress};
use shared::oauth::{AuthorizationRequest, Client, Dialect, ErrorCode, OAuthError, Params, RedirectUri};
use shared::store::grants::Grant;
use shared::store::keys;

/// A request, its client, and who is signed in.
pub(crate) struct Asked {
    pub(crate) progress: RequestInProgress,
    pub(crate) params: Params,
    pub(crate) client: Client,
    pub(crate) address: ReturnAddress,
    pub(crate) signed_in: Option<SignedIn>,
    pub(crate) grant: Option<Grant>,
}

/// An error for a page: without a client and an address of its that can be trusted nobody is redirected anywhere
/// (RFC 6749 §4.1.2.1).
fn untrusted(description: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, description)
}

impl Asked {
    /// Reads what a new request needs.
    ///
    /// # Errors
    /// 400 where nobody may be sent back; 503.
    pub(crate) async fn begin(
        app: &App,
        site: &Site,
        incoming: &Incoming,
        progress: RequestInProgress,
    ) -> Result<Self, Problem> {
        let mut asked = Self::read(app, site, incoming, progress).await?;
        asked.progress.session_id = asked.signed_in.as_ref().map(|signed_in| signed_in.session.session_id);
        asked.progress.client_name = asked.client.display_name();
        Ok(asked)
    }

    /// Reads client, session, profile and consent in one round trip.
    ///
    /// # Errors
    /// 400 where nobody may be sent back; 503.
    pub(crate) async fn read(
        app: &App,
        site: &Site,
        incoming: &Incoming,
        progress: RequestInProgress,
    ) -> Result<Self, Problem> {
        // It came by POST, and the redirect that says so would repeat its `state`, in a header that no gateway lets pass.
        if progress.params.len() > 2 * MAX_LENGTH {
            return Err(untrusted(format!("the request is longer than {MAX_LENGTH} bytes")));
        }
        let params = Params::from_urlencoded(&progress.params)?;
        if params.is_doubled("client_id") || params.is_doubled("redirect_uri") {
            return Err(untrusted("client_id or redirect_uri was sent more than once"));
        }
        let unknown = || untrusted("client_id is not that of a registered application");
        let client_id: ClientId = params.get("client_id").and_then(|id| id.parse().ok()).ok_or_else(unknown)?;
        log::client(client_id);
        let client_key = keys::client(&client_id.to_string());
        let token = session::token(app, site, incoming);
        let theirs = token.as_ref().map(|token| {
            let user = token.user_id;
            (keys::session(user, token.session_id), keys::profile(user), keys::grant(user, &client_id.to_string()))
        });
        let mut wanted = vec![client_key.clone()];
        if let Some((session, profile, grant)) = &theirs {
            wanted.extend([session.clone(), profile.clone(), grant.clone()]);
        }
        let mut found = app.store.batch_get(&wanted).await?;
        let client: Client = found.take(&client_key)?.ok_or_else(unknown)?;
        if client.disabled {
            return Err(untrusted("the application is disabled"));
        }
        let address = ReturnAddress::find(&client, &params)?;
        // A gateway passes headers of 10 KB: a state that no redirect could carry back whole is not sent back at all.
        let carried = address.state.as_ref().map(|state| RedirectUri::with_query("", &[("state", state)]).len());
        if carried.is_some_and(|length| length > MAX_LENGTH) {
            return Err(untrusted("state is too long to be sent back"));
        }
        let (mut signed_in, mut grant) = (None, None);
        if let (Some(token), Some((session_key, profile_key, grant_key))) = (&token, &theirs) {
            signed_in = session::judge(app, token, found.take(session_key)?, found.take(profile_key)?).await?;
            grant = found.take(grant_key)?;
        }
        Ok(Self { progress, params, client, address, signed_in, grant })
    }

    /// The path's dialect, if not the standard.
    pub(crate) fn dialect(&self) -> Option<&'static Dialect> {
        self.progress.dialect.as_deref().and_then(Dialect::named)
    }

    /// The rest of the request.
    ///
    /// # Errors
    /// To be told by redirect.
    pub(crate) fn request(&self, app: &App, site: &Site) -> Result<AuthorizationRequest, OAuthError> {
        if self.progress.params.len() > MAX_LENGTH {
            return Err(OAuthError::invalid_request(format!("the request is longer than {MAX_LENGTH} bytes")));
        }
        if let Some(dialect) = self.dialect() {
            if !dialect.is_of(&self.client) {
                let description = "the application is not registered for the dialect of this path";
                return Err(OAuthError::new(ErrorCode::UnauthorizedClient, description));
            }
            if dialect.needs_state && self.address.state.is_none() {
                return Err(OAuthError::invalid_request("state is missing"));
            }
        }
        let mut request = AuthorizationRequest::parse(&self.client, &self.params, app.config.issuer.as_str())?;
        if let Some(hint) = self.params.get("id_token_hint") {
            let client_id = self.client.client_id.to_string();
            let subject = hint::subject_of(site, &app.config.issuer, &client_id, hint).ok_or_else(|| {
                OAuthError::invalid_request("id_token_hint is no ID token of this server for this application")
            })?;
            request.claims.narrow(Some(vec![subject]));
        }
        Ok(request)
    }
}
