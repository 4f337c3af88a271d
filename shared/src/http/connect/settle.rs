//! What is done once the provider has said who it is.

use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use http::StatusCode;
use serde_json::json;

use super::pending_path;
use super::refusal::{CONNECTIONS, Refusal};
use crate::account::User;
use crate::app::{App, Site};
use crate::http::cookies::Cookie;
use crate::http::csrf::Browser;
use crate::http::incoming::Incoming;
use crate::http::page::{continuation, see_other};
use crate::http::problem::Problem;
use crate::http::{json, links, sign_in};
use crate::id::{Attempt, UserId};
use crate::log;
use crate::mail::{self, Letter, LetterKind};
use crate::oauth::client::sha256_hex;
use crate::oauth::lifetimes::PENDING_LINK;
use crate::store::StoreError;
use crate::store::links::Linked;
use crate::store::pendings::Pending;
use crate::upstream::{Identified, Provider};

/// Everything around it.
pub(super) struct Settle<'a> {
    pub(super) app: &'a App,
    pub(super) site: &'a Site,
    pub(super) incoming: &'a Incoming,
    pub(super) provider: &'a Provider,
    /// Whether a page is answered, or a program.
    pub(super) page: bool,
}

impl Settle<'_> {
    /// Signs `owner` in: with a session of its own, as a password does, whoever was signed in here before.
    pub(super) async fn sign_in(
        &self,
        owner: UserId,
        identified: &Identified,
        go_on: Option<&str>,
    ) -> Result<Response, Problem> {
        let Self { app, site, incoming, .. } = *self;
        log::user(owner);
        let user = app.store.find_user(owner).await?.filter(User::is_active).ok_or(Refusal::Closed)?;
        let (begun, kept) =
            tokio::join!(sign_in::begin_session(app, incoming, &user), self.keep_tokens(owner, identified));
        let (session, token) = begun?;
        if let Err(error) = kept {
            tracing::warn!(%error, "tokens of an account elsewhere could not be kept");
        }
        let mut response = if self.page {
            see_other(&continuation(go_on))
        } else {
            sign_in::answer(app, site, StatusCode::OK, &user, &session)?
        };
        sign_in::remember(app, site, user.user_id, &token, &mut response);
        Ok(response)
    }

    /// Binds it to `user`, who is signed in and said so.
    pub(super) async fn bind(
        &self,
        user: &User,
        identified: &Identified,
        go_on: Option<&str>,
    ) -> Result<Response, Problem> {
        let app = self.app;
        let (subject, tokens) = (identified.subject.clone(), identified.tokens.as_ref());
        let link = links::new_link(app, user.user_id, self.provider, subject, tokens, self.incoming.lang());
        let letter = self.letter(user).await?;
        match app.store.create_link(user, &link, letter.as_ref(), Attempt::new(&app.entropy)).await? {
            Linked::Done => {}
            // Twice at once, in two windows.
            Linked::Already => return Ok(self.done(go_on)),
            lost => return Err(refused(lost).into()),
        }
        self.send(letter.as_ref()).await;
        Ok(self.done(go_on))
    }

    /// It was bound already. Its tokens are new, and mend a binding that was broken.
    pub(super) async fn bound(
        &self,
        user: &User,
        identified: &Identified,
        go_on: Option<&str>,
    ) -> Result<Response, Problem> {
        self.keep_tokens(user.user_id, identified).await?;
        Ok(self.done(go_on))
    }

    /// Keeps it until its owner has said whose it is to be. The page is told nothing but that there is one.
    pub(super) async fn wait(
        &self,
        browser: &Browser,
        identified: &Identified,
        go_on: Option<&str>,
    ) -> Result<Response, Problem> {
        let (app, issuer) = (self.app, &self.app.config.issuer);
        let pending = Pending {
            provider: self.provider.id().clone(),
            subject: identified.subject.clone(),
            tokens: None,
            created_at: app.clock.now(),
            continue_to: go_on.map(str::to_owned),
        };
        let pending = match links::kept(self.provider, identified.tokens.as_ref()) {
            Some(tokens) => pending.with_tokens(&links::at_rest(app), tokens),
            None => pending,
        };
        let secret = BASE64URL_NOPAD.encode(&app.entropy.bytes::<32>());
        app.store.create_pending(&hash(&secret, browser), &pending, Attempt::new(&app.entropy)).await?;
        let path = pending_path(self.provider);
        let mut response = if self.page {
            see_other(&path)
        } else {
            json(StatusCode::OK, &json!({ "outcome": "pending", "next": path }))
        };
        Cookie::Pending.set(&mut response, issuer, &secret, PENDING_LINK);
        Ok(response)
    }

    /// What somebody is answered whose account elsewhere is bound now.
    pub(super) fn done(&self, go_on: Option<&str>) -> Response {
        match go_on {
            _ if !self.page => json(StatusCode::OK, &json!({ "outcome": "bound" })),
            None => see_other(&format!("{CONNECTIONS}?done=bound")),
            go_on => see_other(&continuation(go_on)),
        }
    }

    /// The letter that tells of it, in the transaction that does it.
    pub(super) async fn letter(&self, user: &User) -> Result<Option<Letter>, StoreError> {
        let kind = LetterKind::Bound { provider: self.provider.name().to_owned() };
        mail::about(self.app, user, kind, self.incoming.lang()).await
    }

    /// Sends it, after the transaction.
    pub(super) async fn send(&self, letter: Option<&Letter>) {
        if let Some(letter) = letter {
            mail::send_now(self.app, letter).await;
        }
    }

    /// Keeps the tokens of a sign-in with an account that is bound.
    async fn keep_tokens(&self, user: UserId, identified: &Identified) -> Result<(), StoreError> {
        links::keep_tokens(self.app, user, self.provider, &identified.subject, identified.tokens.as_ref()).await
    }
}

/// What was lost, but for a link that is there.
pub(super) fn refused(lost: Linked) -> Refusal {
    match lost {
        Linked::TakenByAnother => Refusal::Foreign,
        Linked::ProviderTaken => Refusal::Another,
        Linked::UserGone => Refusal::Left,
        Linked::PendingGone | Linked::Already | Linked::Done => Refusal::Gone,
    }
}

/// Where a pending account is kept: by its secret and the browser that has it. Either alone leads nowhere.
pub(super) fn hash(secret: &str, browser: &Browser) -> String {
    sha256_hex(&format!("{secret}.{}", browser.id()))
}
