//! Requests that come by way of the browser, in the open or as a request object (RFC 9101).

use shared::app::App;
use shared::http::request_object;
use shared::oauth::authorization_request::RequestInProgress;
use shared::oauth::{Client, OAuthError, Params};

use crate::request::Settled;

/// What the request says. A refusal is told by redirect if the address that was sent along is the client's.
pub(crate) async fn settle(app: &App, client: &Client, progress: &RequestInProgress, sent: Params) -> Settled {
    if progress.settled {
        return Settled { params: sent, refusal: None, object: false };
    }
    // RFC 9126 §6. Before anything is fetched or verified for somebody who proved nothing.
    let resolved = if client.metadata.require_pushed_authorization_requests {
        Err(OAuthError::invalid_request("this application must push its requests (RFC 9126)"))
    } else {
        request_object::resolve(app, client, &sent).await
    };
    match resolved {
        Ok(Some(params)) => Settled { params, refusal: None, object: true },
        Ok(None) => Settled { params: sent, refusal: None, object: false },
        Err(error) => Settled { params: sent, refusal: Some(error), object: false },
    }
}
