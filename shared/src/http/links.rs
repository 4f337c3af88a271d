//! What functions do with accounts elsewhere: keeping their tokens, and giving one that is valid.
//!
//! A refresh token may work once (RFC 9700 §4.14.2; Bangumi's does), so that one holder at a time presents it, under a
//! lease, and what it brings is written only under the same lease. Only `invalid_grant` says that a binding is broken: an
//! outage says nothing.

use std::time::Duration;

use secrecy::SecretString;

use crate::app::App;
use crate::clock::Time;
use crate::i18n::Lang;
use crate::id::{Attempt, LeaseId, UserId};
use crate::jose::keys;
use crate::log;
use crate::mail::{self, Letter, LetterKind};
use crate::oauth::lifetimes::{TOKENS_MARGIN, TOKENS_PUT_OFF};
use crate::seal::Sealer;
use crate::store::StoreError;
use crate::store::links::Link;
use crate::upstream::{Provider, ProviderId, Subject, Tokens, UpstreamError};

/// Why there is no access token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The user has no account bound there, or its tokens are not kept.
    #[error("no account is bound, or its tokens are not kept")]
    NotLinked,
    /// The provider refuses the tokens for good: the user has to bind the account again.
    #[error("the account has to be bound again")]
    Broken,
    /// The provider does not answer, or somebody else is just asking it: later.
    #[error("the provider does not answer")]
    Unavailable,
    /// They can't be renewed as things are, and that is this link's matter rather than the provider's: that is not
    /// configured any more, or answers nonsense, or they don't open. [`renew`] alone says so, and has put the link off.
    #[error("the tokens can't be renewed as things are")]
    Stuck,
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What seals tokens of accounts elsewhere.
pub fn at_rest(app: &App) -> Sealer {
    keys::at_rest(&app.config.secret_keys, &app.clock, &app.entropy)
}

/// The tokens of a sign-in that are worth keeping: those that can be renewed.
pub fn kept<'t>(provider: &Provider, tokens: Option<&'t Tokens>) -> Option<&'t Tokens> {
    tokens.filter(|tokens| provider.keeps_tokens() && tokens.refresh_token.is_some())
}

/// A link that is to be written, with the tokens that are worth keeping. `lang` is the request's.
pub fn new_link(
    app: &App,
    user: UserId,
    provider: &Provider,
    subject: Subject,
    tokens: Option<&Tokens>,
    lang: Lang,
) -> Link {
    let link = Link { lang: Some(lang), ..Link::new(user, provider.id().clone(), subject, app.clock.now()) };
    match kept(provider, tokens) {
        Some(tokens) => link.with_tokens(&at_rest(app), tokens),
        None => link,
    }
}

/// Keeps the tokens of another sign-in with an account that is bound already. They mend a binding that was broken.
///
/// # Errors
/// [`StoreError`].
pub async fn keep_tokens(
    app: &App,
    user: UserId,
    provider: &Provider,
    subject: &Subject,
    tokens: Option<&Tokens>,
) -> Result<(), StoreError> {
    let Some(tokens) = kept(provider, tokens) else { return Ok(()) };
    // Somebody may be renewing the old ones, or unbind it.
    for _ in 0..3 {
        let link = app.store.find_link(user, provider.id()).await?.filter(|link| link.subject == *subject);
        let Some(link) = link else { return Ok(()) };
        let after = link.clone().with_tokens(&at_rest(app), tokens);
        if app.store.replace_tokens(&link, &after, Attempt::new(&app.entropy)).await? {
            if link.broken_since.is_some() && link.provider == ProviderId::bangumi() {
                // It had been waiting for that.
                app.store.want_sync(user, app.clock.now_millis(), Attempt::new(&app.entropy)).await?;
            }
            return Ok(());
        }
    }
    tracing::warn!("the tokens of a sign-in were not kept: the binding changed each time");
    Ok(())
}

/// An access token of a user's account at a provider that is valid now, renewed where it has to be.
///
/// # Errors
/// [`TokenError`].
pub async fn access_token(app: &App, user: UserId, provider: &ProviderId) -> Result<SecretString, TokenError> {
    let link = app.store.find_link(user, provider).await?.ok_or(TokenError::NotLinked)?;
    let tokens = tokens_of(app, &link).map_err(for_now)?;
    let now = app.clock.now();
    if lasts(&tokens, now + TOKENS_MARGIN) {
        return Ok(tokens.access_token);
    }
    match renew(app, &link).await.map_err(for_now) {
        Ok(renewed) => Ok(renewed.access_token),
        // It can wait, then.
        Err(TokenError::Unavailable) if lasts(&tokens, now) => Ok(tokens.access_token),
        Err(error) => Err(error),
    }
}

/// The same where it is not to be renewed: whoever may not write accounts asks so.
///
/// # Errors
/// [`TokenError`]; it is [`TokenError::Unavailable`] once the token has expired.
pub async fn present_token(app: &App, user: UserId, provider: &ProviderId) -> Result<SecretString, TokenError> {
    let link = app.store.find_link(user, provider).await?.ok_or(TokenError::NotLinked)?;
    let tokens = tokens_of(app, &link).map_err(for_now)?;
    if lasts(&tokens, app.clock.now()) { Ok(tokens.access_token) } else { Err(TokenError::Unavailable) }
}

/// To who needs a token it is all the same why there is none now.
fn for_now(error: TokenError) -> TokenError {
    match error {
        TokenError::Stuck => TokenError::Unavailable,
        error => error,
    }
}

fn lasts(tokens: &Tokens, until: Time) -> bool {
    tokens.expires_at.is_none_or(|expires_at| expires_at > until)
}

fn tokens_of(app: &App, link: &Link) -> Result<Tokens, TokenError> {
    if link.broken_since.is_some() {
        return Err(TokenError::Broken);
    }
    let opened = link.open_tokens(&at_rest(app)).map_err(|error| {
        // The provider has not refused them: with the right key they are good.
        tracing::error!(%error, "tokens can't be read: is SECRET_KEY the one that they were sealed with?");
        TokenError::Stuck
    })?;
    opened.ok_or(TokenError::NotLinked)
}

/// Renews a link's tokens, or finds that somebody else has.
///
/// # Errors
/// [`TokenError`].
pub async fn renew(app: &App, link: &Link) -> Result<Tokens, TokenError> {
    let refresh_token = match tokens_of(app, link) {
        Ok(tokens) => tokens.refresh_token,
        Err(TokenError::Stuck) => None,
        Err(error) => return Err(error),
    };
    // What one issuer gave is not shown to another.
    let of_link = |provider: &&Provider| provider.keeps_tokens() && provider.names(&link.subject);
    let provider = app.upstream.find(link.provider.as_str()).filter(of_link);
    let (Some(refresh_token), Some(provider)) = (refresh_token, provider) else {
        return Err(put_off(app, link, None).await);
    };
    let (lease, now) = (LeaseId::new(&app.entropy), app.clock.now());
    let leased = app.store.lease_tokens(link, lease, now, Attempt::new(&app.entropy)).await?;
    let Some(leased) = leased else { return by_another(app, link).await };
    match provider.refresh(app, &refresh_token, &link.subject).await {
        Ok(renewed) => {
            // RFC 6749 §6: a provider that gives no new one goes on with the old.
            let refresh_token = renewed.refresh_token.clone().or(Some(refresh_token));
            let renewed = Tokens { refresh_token, ..renewed };
            if write(app, &leased, &renewed).await? { Ok(renewed) } else { by_another(app, link).await }
        }
        Err(UpstreamError::InvalidGrant) => {
            // Whoever was too slow for their lease may have renewed it, or its owner bound it again: then the provider
            // refused what is no longer in use.
            let again = app.store.find_link(link.user_id, &link.provider).await?;
            match again.filter(|again| again.lease_id == Some(lease)) {
                Some(ours) => give_up(app, provider, &ours).await,
                None => by_another(app, link).await,
            }
        }
        // The lease is not given back: it keeps everybody from asking again for a minute.
        Err(UpstreamError::Unavailable | UpstreamError::Busy) => Err(TokenError::Unavailable),
        Err(UpstreamError::Denied | UpstreamError::Malformed) => Err(put_off(app, &leased, Some(lease)).await),
    }
}

/// Puts a link off that can't be renewed as things are, so that the sweep, which meets it first, gets to the others: for a
/// day, and for twice as long each time. While it is put off, who needs a token may try all the same, and nothing is
/// prolonged by that.
async fn put_off(app: &App, link: &Link, ours: Option<LeaseId>) -> TokenError {
    let now = app.clock.now();
    let is_off = link.put_off_until.is_some_and(|until| until > now);
    // Another's write is fenced by the version that they have read: what they are given by the provider must not be lost.
    let in_hands = link.lease_until.is_some_and(|until| until > now) && link.lease_id != ours;
    if is_off || in_hands {
        return TokenError::Stuck;
    }
    let until = now + (TOKENS_PUT_OFF << link.put_off.min(5));
    match app.store.put_tokens_off(link, until, Attempt::new(&app.entropy)).await {
        Ok(_) => TokenError::Stuck,
        Err(error) => error.into(),
    }
}

/// Milliseconds before each try to write new tokens. The old ones are dead by now: what is not written is lost, and with it
/// the binding, so that more is tried than elsewhere.
const PAUSES: [u64; 3] = [0, 200, 800];

async fn write(app: &App, leased: &Link, renewed: &Tokens) -> Result<bool, StoreError> {
    let after = leased.clone().with_tokens(&at_rest(app), renewed);
    let attempt = Attempt::new(&app.entropy);
    let mut written = Ok(false);
    for pause in PAUSES {
        if pause > 0 {
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        written = app.store.renew_tokens(leased, &after, attempt).await;
        if written.is_ok() {
            break;
        }
    }
    written
}

/// What somebody else has made of a link.
async fn by_another(app: &App, before: &Link) -> Result<Tokens, TokenError> {
    let link = app.store.find_link(before.user_id, &before.provider).await?.ok_or(TokenError::NotLinked)?;
    let tokens = tokens_of(app, &link)?;
    if lasts(&tokens, app.clock.now() + TOKENS_MARGIN) { Ok(tokens) } else { Err(TokenError::Unavailable) }
}

/// Marks a link as broken, and tells its owner, once.
async fn give_up(app: &App, provider: &Provider, leased: &Link) -> Result<Tokens, TokenError> {
    log::user(leased.user_id);
    let user = app.store.find_user(leased.user_id).await?.filter(crate::account::User::is_active);
    let kind = LetterKind::BindingBroken { provider: provider.name().to_owned() };
    // There is no request whose language it could be.
    let lang = leased.lang.unwrap_or(Lang::En);
    let letter = user.and_then(|user| Letter::to(app, &user, kind, lang));
    let attempt = Attempt::new(&app.entropy);
    if !app.store.break_link(leased, letter.as_ref(), app.clock.now(), attempt).await? {
        return by_another(app, leased).await;
    }
    tracing::warn!(provider = %provider.id(), "a binding is broken: the provider refuses its refresh token");
    if let Some(letter) = letter {
        mail::send_now(app, &letter).await;
    }
    Err(TokenError::Broken)
}
