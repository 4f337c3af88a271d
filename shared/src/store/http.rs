//! The SDK's way to HTTP: the client that fetches everything else as well (reqwest), so that a function carries one.

use std::sync::OnceLock;

use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::result::ConnectorError;
use reqwest::Client;

use crate::aws::{self, Roots};

/// A client that trusts `roots`. It is made when the table is first asked.
pub(super) fn client(roots: Roots) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(Connector { roots, client: OnceLock::new() });
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Debug)]
struct Connector {
    roots: Roots,
    client: OnceLock<Client>,
}

impl Connector {
    fn client(&self) -> Result<Client, ConnectorError> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = aws::client(&self.roots).map_err(failed)?;
        Ok(self.client.get_or_init(|| client).clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.client();
        HttpConnectorFuture::new(async move { exchange(client?, request).await })
    }
}

async fn exchange(client: Client, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    // What is asked of DynamoDB is in memory, and so is what it answers: 16 MB at the most.
    let request = request.map(|body| body.bytes().map(<[u8]>::to_vec).unwrap_or_default());
    let mut response = client.execute(request.try_into().map_err(failed)?).await.map_err(failed)?;
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let mut answer = http::Response::new(response.bytes().await.map_err(failed)?.into());
    (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
    HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
}

/// Whatever fails on the way may be tried again: who writes does so on a condition.
fn failed(error: reqwest::Error) -> ConnectorError {
    if error.is_builder() {
        ConnectorError::user(error.into())
    } else if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
