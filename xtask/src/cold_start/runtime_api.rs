//! Lambda's Runtime API, as far as one invocation goes: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use shared::clock::Clock;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::Result;

/// What a function did, and when.
pub(super) enum Heard {
    /// It asked for its first event.
    Ready(Instant),
    /// It answered.
    Answer(Instant, Bytes),
    /// It gave up.
    Failed(Bytes),
}

/// The API, for one function after the other.
pub(super) struct RuntimeApi {
    address: String,
    event: Arc<Mutex<Option<Bytes>>>,
    heard: UnboundedReceiver<Heard>,
}

impl RuntimeApi {
    /// Listens.
    pub(super) async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        let event = Arc::default();
        let (tell, heard) = unbounded_channel();
        tokio::spawn(accept(listener, Arc::clone(&event), tell));
        Ok(Self { address, event, heard })
    }

    /// What `AWS_LAMBDA_RUNTIME_API` is to say.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Holds out an event to whoever asks first, and forgets what was heard before.
    pub(super) fn offer(&mut self, event: Bytes) {
        *self.event.lock().unwrap_or_else(PoisonError::into_inner) = Some(event);
        while self.heard.try_recv().is_ok() {}
    }

    /// The next thing that the function does.
    pub(super) async fn hear(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }
}

async fn accept(listener: TcpListener, event: Arc<Mutex<Option<Bytes>>>, tell: UnboundedSender<Heard>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let (event, tell) = (Arc::clone(&event), tell.clone());
        let service = service_fn(move |request| answer(request, Arc::clone(&event), tell.clone()));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    request: Request<Incoming>,
    event: Arc<Mutex<Option<Bytes>>>,
    tell: UnboundedSender<Heard>,
) -> std::result::Result<Response<Full<Bytes>>, Infallible> {
    let now = Instant::now();
    let path = request.uri().path().to_owned();
    if path.ends_with("/invocation/next") {
        let offered = event.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(event) = offered else {
            // There is no second event: the process is ended while it waits.
            return std::future::pending().await;
        };
        let _ = tell.send(Heard::Ready(now));
        let deadline = Clock::system().now_millis().0 + 10_000;
        let response = Response::builder()
            .header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
            .header("lambda-runtime-deadline-ms", deadline)
            .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:f")
            .header(
                "lambda-runtime-trace-id",
                "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
            )
            .body(Full::new(event));
        return Ok(response.unwrap_or_default());
    }
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let _ = tell.send(if path.ends_with("/response") { Heard::Answer(now, body) } else { Heard::Failed(body) });
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::ACCEPTED;
    Ok(response)
}
