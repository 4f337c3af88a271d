//! What is known about a request before anything is decided: one read.

use http::StatusCode;
use shared::app::{App, Site};
use shared::http::client_documents::{self, Outage};
use shared::http::oauth_error::Failure;
use shared::http::session::{self, SignedIn};
use shared::http::{Incoming, Problem};
use shared::jose::id_token_hint;
use shared::log;
use shared::oauth::authorization_request::{MAX_LENGTH, RequestInProgress, ReturnAddress};
use shared::oauth::{AuthorizationRequest, Client, ClientName, Dialect, ErrorCode, OAuthError, Params};
use shared::store::grants::Grant;
use shared::store::keys;

use crate::{object, pushed};

/// A request, its client, and who is signed in.
pub(crate) struct Asked {
    pub(crate) progress: RequestInProgress,
    pub(crate) params: Params,
    pub(crate) client: Client,
    pub(crate) address: ReturnAddress,
    pub(crate) signed_in: Option<SignedIn>,
    pub(crate) grant: Option<Grant>,
    /// The pushed request that it is, by its reference.
    pub(super) pushed: Option<String>,
    /// What is wrong with the way in which it was sent.
    refusal: Option<OAuthError>,
}

/// What a request says, once a pushed request is read and a request object verified.
pub(crate) struct Settled {
    pub(crate) params: Params,
    /// To be told by redirect, if it can be.
    pub(crate) refusal: Option<OAuthError>,
    /// Whether a request object said it.
    pub(crate) object: bool,
}

/// An error for a page: without a client and an address of its that can be trusted nobody is redirected anywhere
/// (RFC 6749 §4.1.2.1).
pub(crate) fn untrusted(description: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, description)
}

/// What stands at a `client_id` is no client: for a page, as everything about clients.
fn untrusted_document(failure: Failure) -> Problem {
    match failure {
        Failure::OAuth(OAuthError { code, description, detail }) => {
            log::refused(code.as_str(), detail);
            untrusted(description)
        }
        Failure::Other(problem) => problem,
    }
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
        mut progress: RequestInProgress,
    ) -> Result<Self, Problem> {
        // It came by POST, and the redirect that says so would repeat its `state`, in a header that no gateway lets pass.
        if progress.params.len() > 2 * MAX_LENGTH {
            return Err(untrusted(format!("the request is longer than {MAX_LENGTH} bytes")));
        }
        let sent = Params::from_urlencoded(&progress.params)?;
        if ["client_id", "redirect_uri", "request", "request_uri"].into_iter().any(|name| sent.is_doubled(name)) {
            return Err(untrusted("client_id, redirect_uri, request or request_uri was sent more than once"));
        }
        let unknown = || untrusted("client_id is not that of a registered application");
        let name: ClientName = sent.get("client_id").and_then(|id| id.parse().ok()).ok_or_else(unknown)?;
        let client_id = name.id();
        log::client(client_id);
        let client_key = keys::client(&client_id.to_string());
        let token = session::token(app, site, incoming);
        let theirs = token.as_ref().map(|token| {
            let user = token.user_id;
            (keys::session(user, token.session_id), keys::profile(user), keys::grant(user, &client_id.to_string()))
        });
        let pushed = pushed::reference(&sent).map(str::to_owned);
        let pushed_key = pushed.as_deref().map(shared::store::pushed::key);
        let mut wanted = vec![client_key.clone()];
        wanted.extend(pushed_key.clone());
        if let Some((session, profile, grant)) = &theirs {
            wanted.extend([session.clone(), profile.clone(), grant.clone()]);
        }
        let mut found = app.store.batch_get(&wanted).await?;
        let client = client_documents::resolve(app, &name, found.take(&client_key)?, Outage::Refuses).await;
        let client: Client = client.map_err(untrusted_document)?.ok_or_else(unknown)?;
        if client.disabled {
            return Err(untrusted("the application is disabled"));
        }
        let settled = match &pushed_key {
            Some(key) => pushed::settle(app, &progress, client_id, found.take(key)?)?,
            None => object::settle(app, &client, &progress, sent).await,
        };
        let Settled { params, refusal, object } = settled;
        if object {
            progress = RequestInProgress { params: params.to_urlencoded(), settled: true, ..progress };
        }
        let address = match (ReturnAddress::find(&client, &params), &refusal) {
            (Ok(address), _) => address,
            (Err(_), Some(refusal)) => return Err(refusal.clone().into()),
            (Err(error), None) => return Err(error.into()),
        };
        if !address.can_carry_state() {
            return Err(untrusted("state is too long to be sent back"));
        }
        let (mut signed_in, mut grant) = (None, None);
        if let (Some(token), Some((session_key, profile_key, grant_key))) = (&token, &theirs) {
            signed_in = session::judge(app, token, found.take(session_key)?, found.take(profile_key)?).await?;
            grant = found.take(grant_key)?;
        }
        Ok(Self { progress, params, client, address, signed_in, grant, pushed, refusal })
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
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
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
            let hint = id_token_hint::read(site, &app.config.issuer, hint).ok();
            let hint = hint.filter(|hint| hint.aud.id() == self.client.client_id).ok_or_else(|| {
                OAuthError::invalid_request("id_token_hint is no ID token of this server for this application")
            })?;
            request.claims.narrow(Some(vec![hint.sub]));
        }
        Ok(request)
    }
}
