//! The page on which a person registers an application.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use secrecy::ExposeSecret;
use shared::account::{FieldError, User};
use shared::app::{App, Site};
use shared::config::RegistrationPolicy;
use shared::http::oauth_error::Failure;
use shared::http::page::{Frame, see_other};
use shared::http::session;
use shared::http::{Incoming, Problem, csrf};
use shared::oauth::metadata::Requested;
use shared::oauth::{ErrorCode, OAuthError, Params};
use shared::pages;

const SIGN_IN: &str = "/login?continue=/oauth2/register";

/// Shows the form. An application that a person registers is theirs, so they sign in first.
pub(crate) async fn show(State(app): State<App>, incoming: Incoming) -> Response {
    let answer = async {
        let site = app.site().await?;
        let Some(signed_in) = session::find(&app, &site, &incoming).await? else { return Ok(see_other(SIGN_IN)) };
        check_policy(&app)?;
        Ok::<_, Problem>(form(&app, &site, &incoming, &signed_in.user, &Params::empty(), None))
    };
    answer.await.unwrap_or_else(|problem| problem.to_page(&incoming))
}

/// Registers what the form describes.
pub(crate) async fn submit(app: &App, incoming: &Incoming) -> Response {
    let answer = async {
        // What another site's page typed is not shown again, with a fresh token, to be sent by a click.
        csrf::check_origin(app, incoming)?;
        let site = app.site().await?;
        let params = incoming.body_params()?;
        let Some(signed_in) = session::find(app, &site, incoming).await? else {
            // Whose session ended while the page was open signs in again; what never came from the page goes nowhere.
            csrf::check_form(app, &site, incoming, &params)?;
            return Ok(see_other(SIGN_IN));
        };
        check_policy(app)?;
        let user = &signed_in.user;
        if csrf::check_form(app, &site, incoming, &params).is_err() {
            return Ok(form(app, &site, incoming, user, &params, Some(&Refusal::ExpiredForm)));
        }
        let created = match requested(&params).complete(&[]) {
            Ok(metadata) => super::create(app, metadata, Some(user.user_id), None).await,
            Err(error) => Err(error.into()),
        };
        match created {
            Ok((client, secret)) => {
                let frame = Frame::new(app, &site, incoming, Some(user), "/oauth2/register");
                let page = pages::ApplicationCreated {
                    layout: frame.layout(),
                    client_name: &client.display_name(),
                    client_id: &client.client_id.to_string(),
                    client_secret: secret.as_ref().map(|secret| secret.expose_secret()),
                    issuer: app.config.issuer.as_str(),
                };
                Ok(frame.render(app, StatusCode::CREATED, &page))
            }
            Err(Failure::OAuth(error)) => {
                Ok(form(app, &site, incoming, user, &params, Some(&Refusal::Metadata(error))))
            }
            Err(Failure::Other(problem)) => Err(problem),
        }
    };
    answer.await.unwrap_or_else(|problem| problem.to_page(incoming))
}

/// Where applications need a token of the operator's, no person registers one.
fn check_policy(app: &App) -> Result<(), Problem> {
    match app.config.registration {
        RegistrationPolicy::Token(_) => {
            Err(Problem::new(StatusCode::FORBIDDEN, "applications are registered with a token of the operator's"))
        }
        RegistrationPolicy::Open | RegistrationPolicy::User => Ok(()),
    }
}

/// Why the form is shown again.
enum Refusal {
    ExpiredForm,
    Metadata(OAuthError),
}

/// The form asks for what a person knows; the rest is what most applications want.
fn requested(params: &Params) -> Requested {
    let lines = params.get("redirect_uri").unwrap_or_default().lines();
    let public = params.get("public").is_some();
    Requested {
        client_name: params.get("client_name").map(str::to_owned),
        redirect_uris: Some(lines.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()),
        token_endpoint_auth_method: public.then(|| "none".to_owned()),
        grant_types: Some(vec!["authorization_code".to_owned(), "refresh_token".to_owned()]),
        ..Requested::default()
    }
}

fn form(
    app: &App,
    site: &Site,
    incoming: &Incoming,
    user: &User,
    params: &Params,
    refusal: Option<&Refusal>,
) -> Response {
    let frame = Frame::new(app, site, incoming, Some(user), "/oauth2/register");
    let layout = frame.layout();
    let (status, errors, error) = match refusal {
        None => (StatusCode::OK, vec![], None),
        Some(Refusal::ExpiredForm) => (StatusCode::FORBIDDEN, vec![], Some(layout.m.expired_form)),
        Some(Refusal::Metadata(error)) => {
            let error = match error.code {
                ErrorCode::InvalidRedirectUri if params.get("redirect_uri").is_none() => ("redirect_uri", "required"),
                ErrorCode::InvalidRedirectUri => ("redirect_uri", "invalid_url"),
                _ => ("client_name", "invalid"),
            };
            (StatusCode::UNPROCESSABLE_ENTITY, vec![FieldError::new(error.0, error.1)], None)
        }
    };
    let page = pages::ApplicationForm {
        layout,
        client_name: params.get("client_name").unwrap_or_default(),
        redirect_uri: params.get("redirect_uri").unwrap_or_default(),
        public: params.get("public").is_some(),
        errors,
        error,
    };
    frame.render(app, status, &page)
}
