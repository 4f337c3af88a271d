//! The one place that starts a Lambda.

use std::future::Future;

use axum::Router;
use lambda_http::lambda_runtime::{LambdaEvent, service_fn};
use tower_service::Service as _;
use tracing_subscriber::EnvFilter;

use crate::app::App;
use crate::clock::Clock;
use crate::config::{Aws, Config};
use crate::entropy::Entropy;
use crate::store::{Patience, Store};

/// What ends a Lambda.
pub type Error = lambda_http::Error;

/// Runs an HTTP function: settings and table once per cold start, then an event at a time.
///
/// # Errors
/// Missing settings, all named; or the runtime's own.
pub fn serve(router: Router<App>) -> Result<(), Error> {
    block_on(async {
        let app = start().await?;
        lambda_http::run(router.with_state(app)).await
    })
}

/// Runs a scheduled function.
///
/// # Errors
/// As [`serve`].
pub fn schedule<F>(run: fn(App) -> F) -> Result<(), Error>
where
    F: Future<Output = Result<(), Error>>,
{
    block_on(async {
        let app = start().await?;
        lambda_http::lambda_runtime::run(service_fn(move |_: LambdaEvent<serde_json::Value>| run(app.clone()))).await
    })
}

/// Hands one API Gateway event (payload 2.0) to a router through the same door as AWS does.
///
/// # Errors
/// The event is not one, or its answer can't be written: never the handler's own failures, which are answers.
pub async fn invoke(router: &Router, event: &[u8]) -> Result<serde_json::Value, Error> {
    let request: lambda_http::request::LambdaRequest = serde_json::from_slice(event)?;
    let event = LambdaEvent::new(request, lambda_http::Context::default());
    // The adapter is not `Send`; what it returns is.
    let answering = lambda_http::Adapter::from(router.clone()).call(event);
    Ok(serde_json::to_value(&answering.await?)?)
}

async fn start() -> Result<App, Error> {
    let config = Config::from_env()?;
    let store = Store::in_lambda(&config.table, &Aws::from_env()?, Patience::LAMBDA)?;
    let app = App::new(config, Clock::system(), Entropy::system(), store);
    // Read now rather than in the first request: Lambda gives more CPU during start-up, and it opens the connection.
    // If it fails, the request that needs the keys says so.
    if let Err(error) = app.site().await {
        tracing::warn!(%error, "the signing keys could not be read at start");
    }
    Ok(app)
}

fn block_on(run: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,aws=warn"));
    tracing_subscriber::fmt().json().with_env_filter(filter).without_time().init();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run)
}
