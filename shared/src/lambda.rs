//! The one place that starts a Lambda.

use std::future::Future;
use std::io::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use lambda_http::Context;
use lambda_http::lambda_runtime::{self, LambdaEvent, service_fn};
use lambda_http::request::{LambdaRequest, RequestContext};
// Linked for its symbol alone.
use pow as _;
use tower_service::Service as _;

use crate::app::App;
use crate::clock::Clock;
use crate::config::{Aws, Config};
use crate::entropy::Entropy;
use crate::log::{self, Heading};
use crate::store::{Patience, Store};
use crate::upstream::Providers;

/// What ends a Lambda.
pub type Error = lambda_http::Error;

/// Runs an HTTP function: settings, table and signing keys once per cold start, then an event at a time.
///
/// # Errors
/// Missing settings, all named; or the runtime's own.
pub fn serve(router: Router<App>) -> Result<(), Error> {
    block_on(async {
        let app = start()?;
        read_keys(&app).await;
        lambda_http::run(logged(router, &app)).await
    })
}

/// Runs an HTTP function of whose requests many need neither table nor keys: whoever needs them first waits for them.
/// docs/cold-start.md has what this saves the others, and what it costs that one.
///
/// # Errors
/// As [`serve`].
pub fn serve_lazily(router: Router<App>) -> Result<(), Error> {
    block_on(async {
        let app = start()?;
        lambda_http::run(logged(router, &app)).await
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
        let app = start()?;
        let handler = |event: LambdaEvent<serde_json::Value>| {
            let (app, context) = (app.clone(), event.context);
            async move {
                // Boxed: what a run awaits is deep, and with what is around it too deep for the compiler.
                let run = Box::pin(run(app.clone()));
                log::run(&context.env_config.function_name, context.request_id, &app.clock, run).await
            }
        };
        lambda_runtime::run(service_fn(handler)).await
    })
}

/// A router with what its handlers need. Each of its answers leaves a line in the log.
pub fn logged(router: Router<App>, app: &App) -> Router {
    let clock = app.clock.clone();
    let log = move |request: Request, next: Next| {
        let (heading, clock) = (heading(&request), clock.clone());
        async move { log::request(heading, &clock, next.run(request)).await }
    };
    router.with_state(app.clone()).layer(from_fn(log))
}

fn heading(request: &Request) -> Heading {
    let context = request.extensions().get::<Context>();
    let (gateway_id, route) = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV2(gateway)) => (gateway.request_id.clone(), gateway.route_key.clone()),
        _ => (None, None),
    };
    Heading {
        function: context.map(|context| context.env_config.function_name.clone()).unwrap_or_default(),
        request_id: context.map(|context| context.request_id.clone()).unwrap_or_default(),
        gateway_id: gateway_id.unwrap_or_default(),
        route: route.unwrap_or_default(),
    }
}

/// Hands one API Gateway event (payload 2.0) to the router of `function` through the same door as AWS does.
///
/// # Errors
/// The event is not one, or its answer can't be written: never the handler's own failures, which are answers.
pub async fn invoke(function: &str, router: &Router, event: &[u8]) -> Result<serde_json::Value, Error> {
    let request: LambdaRequest = serde_json::from_slice(event)?;
    let mut context = Context::default();
    context.env_config =
        Arc::new(lambda_runtime::Config { function_name: function.to_owned(), ..lambda_runtime::Config::default() });
    if let LambdaRequest::ApiGatewayV2(request) = &request {
        context.request_id = request.request_context.request_id.clone().unwrap_or_default();
    }
    let event = LambdaEvent::new(request, context);
    // The adapter is not `Send`; what it returns is.
    let answering = lambda_http::Adapter::from(router.clone()).call(event);
    Ok(serde_json::to_value(&answering.await?)?)
}

fn start() -> Result<App, Error> {
    let config = Config::from_env()?;
    let store = Store::in_lambda(&config.table, &Aws::from_env()?, Patience::LAMBDA)?;
    let providers = Providers::built_in(&config.providers, &config.issuer, &config.fetch)?;
    Ok(App::new(config, Clock::system(), Entropy::system(), store, providers))
}

/// Reads the signing keys before the first request: Lambda gives more CPU during start-up, and it opens the connection.
/// If it fails, the request that needs the keys says so.
async fn read_keys(app: &App) {
    if let Err(error) = app.site().await {
        tracing::warn!(%error, "the signing keys could not be read at start");
    }
}

fn block_on(run: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    log::start(|line| {
        let _ = std::io::stdout().write_all(line.as_bytes());
    });
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run)
}
