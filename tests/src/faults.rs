//! A proxy between the SDK and the table: it records every call, and fails those that a test wants to fail.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::permissions::Policies;

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The table throttles; nothing is done.
    Throttle,
    /// The table answers 500; nothing is done.
    Error,
    /// The connection is cut before anything is done.
    CutBefore,
    /// The connection is cut after it was done.
    CutAfter,
    /// It is done, and no answer ever comes.
    Silence,
    /// A write meets somebody else's transaction; nothing is done. Reads go through.
    Conflict,
    /// `BatchGetItem` leaves every key unprocessed. Other calls go through.
    Unprocessed,
}

impl Fault {
    /// All that need no waiting for.
    pub const QUICK: [Self; 4] = [Self::Throttle, Self::Error, Self::CutBefore, Self::CutAfter];

    /// Whether a call of `operation` can fail so.
    pub fn befalls(self, operation: &str) -> bool {
        match self {
            Self::Conflict => matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems"),
            Self::Unprocessed => operation == "BatchGetItem",
            _ => true,
        }
    }
}

/// A call of the table, as it was asked and answered.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function that made it; empty for what is no function: a start, an operator's command, a test.
    pub function: String,
    /// `GetItem`, …
    pub operation: String,
    /// The request.
    pub request: Value,
    /// The answer; null if none was sent.
    pub answer: Value,
    /// The answer's status; 0 if none was sent.
    pub status: u16,
    /// Which round trip it was, where the proxy counts them: see [`Proxy::count_round_trips`].
    pub round_trip: usize,
}

impl Call {
    /// Consumed capacity in units, of the table and its indexes together.
    pub fn units(&self) -> f64 {
        match &self.answer["ConsumedCapacity"] {
            Value::Array(tables) => tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum(),
            table => table["CapacityUnits"].as_f64().unwrap_or_default(),
        }
    }

    /// Whether it only reads.
    pub fn is_read(&self) -> bool {
        matches!(self.operation.as_str(), "GetItem" | "BatchGetItem" | "Query")
    }
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    /// What happens to the next calls, in order; then nothing.
    plan: VecDeque<Option<Fault>>,
    /// What happens once the plan is over, until it is cleared.
    then: Option<Fault>,
    /// How long calls wait for others.
    gather: Option<Duration>,
    arrived: usize,
    round_trip: usize,
    /// What happens to every call of an operation, until it is cleared.
    every: Option<(&'static str, Fault)>,
}

/// The proxy.
pub struct Proxy {
    /// Where it listens.
    pub url: String,
    state: Arc<Mutex<State>>,
    server: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Proxy {
    /// A proxy before `endpoint`.
    pub async fn start(endpoint: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let http = reqwest::Client::new();
        let (endpoint, shared) = (endpoint.to_owned(), Arc::clone(&state));
        let server = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let (endpoint, state, http) = (endpoint.clone(), Arc::clone(&shared), http.clone());
                let service =
                    service_fn(move |request| forward(request, endpoint.clone(), Arc::clone(&state), http.clone()));
                // A service that fails closes the connection without an answer: that is how it is cut.
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { url, state, server }
    }

    /// Lets the next `skip` calls through and fails the one after, once.
    pub fn fail_once(&self, skip: usize, fault: Fault) {
        let mut state = self.state.lock().unwrap();
        state.plan = (0..skip).map(|_| None).chain([Some(fault)]).collect();
        state.then = None;
    }

    /// Fails each of the next `calls` calls when it is made, and lets it through when it is tried again.
    pub fn fail_each_once(&self, calls: usize, fault: Fault) {
        let mut state = self.state.lock().unwrap();
        state.plan = (0..calls).flat_map(|_| [Some(fault), None]).collect();
        state.then = None;
    }

    /// Lets the next `skip` calls through and fails every one after.
    pub fn fail_from(&self, skip: usize, fault: Fault) {
        let mut state = self.state.lock().unwrap();
        state.plan = (0..skip).map(|_| None).collect();
        state.then = Some(fault);
    }

    /// Fails every call of `operation`, and no other.
    pub fn fail_every(&self, operation: &'static str, fault: Fault) {
        self.state.lock().unwrap().every = Some((operation, fault));
    }

    /// Fails nothing any more.
    pub fn heal(&self) {
        let mut state = self.state.lock().unwrap();
        state.every = None;
        state.plan.clear();
        state.then = None;
    }

    /// Holds calls until no other has come for `gather`: those that are made at once are then one round trip, and
    /// whatever waits for an answer is the next. With `None`, not any more.
    pub fn count_round_trips(&self, gather: Option<Duration>) {
        self.state.lock().unwrap().gather = gather;
    }

    /// Forgets what was recorded.
    pub fn forget(&self) {
        self.state.lock().unwrap().calls.clear();
    }

    /// What was recorded since the last [`Proxy::forget`].
    pub fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }
}

#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut")
    }
}

impl std::error::Error for Cut {}

async fn forward(
    request: hyper::Request<Incoming>,
    endpoint: String,
    state: Arc<Mutex<State>>,
    http: reqwest::Client,
) -> Result<hyper::Response<Full<Bytes>>, Cut> {
    let (parts, body) = request.into_parts();
    let target = parts.headers.get("x-amz-target").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let Ok(body) = body.collect().await else { return Err(Cut) };
    let asked: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
    let fault = {
        let mut state = state.lock().unwrap();
        let planned = state.plan.pop_front();
        let every = state.every.filter(|(name, _)| *name == operation).map(|(_, fault)| fault);
        planned.unwrap_or(state.then).or(every)
    };
    let fault = fault.filter(|fault| fault.befalls(&operation));
    let function = function_of(&parts.headers);
    let round_trip = gather(&state).await;
    let record = |answer: Value, status: u16| {
        let function = function.clone();
        let call = Call { function, operation: operation.clone(), request: asked.clone(), answer, status, round_trip };
        state.lock().unwrap().calls.push(call);
    };
    let reply = |status: u16, body: Value| {
        record(body.clone(), status);
        answer(status, Bytes::from(body.to_string()))
    };
    let refuse = |status: u16, kind: &str| {
        let kind = format!("com.amazonaws.dynamodb.v20120810#{kind}");
        reply(status, json!({ "__type": kind, "message": "on purpose", "CancellationReasons": conflicts(&asked) }))
    };
    if let Some(refusal) = refusal(&function, &operation, &asked) {
        // In the test's output: the function itself can only answer 503.
        eprintln!("IAM refuses: {refusal}");
        return Ok(refuse(400, "AccessDeniedException"));
    }
    match fault {
        Some(Fault::Throttle) => return Ok(refuse(400, "ProvisionedThroughputExceededException")),
        Some(Fault::Error) => return Ok(refuse(500, "InternalServerError")),
        Some(Fault::CutBefore) => {
            record(Value::Null, 0);
            return Err(Cut);
        }
        Some(Fault::Conflict) if operation == "TransactWriteItems" => {
            return Ok(refuse(400, "TransactionCanceledException"));
        }
        Some(Fault::Conflict) => return Ok(refuse(400, "TransactionConflictException")),
        Some(Fault::Unprocessed) => {
            return Ok(reply(200, json!({ "Responses": {}, "UnprocessedKeys": asked["RequestItems"] })));
        }
        Some(Fault::CutAfter | Fault::Silence) | None => {}
    }
    let mut metered = asked.clone();
    metered["ReturnConsumedCapacity"] = "TOTAL".into();
    let mut forwarded = http.post(&endpoint).body(metered.to_string());
    for name in ["x-amz-target", "content-type", "authorization", "x-amz-date"] {
        if let Some(value) = parts.headers.get(name) {
            forwarded = forwarded.header(name, value);
        }
    }
    let Ok(answered) = forwarded.send().await else { return Err(Cut) };
    let status = answered.status().as_u16();
    let Ok(bytes) = answered.bytes().await else { return Err(Cut) };
    record(serde_json::from_slice(&bytes).unwrap_or_default(), status);
    match fault {
        Some(Fault::CutAfter) => Err(Cut),
        Some(Fault::Silence) => match std::future::pending::<Infallible>().await {},
        _ => Ok(answer(status, bytes)),
    }
}

/// The name that [`shared::store::Store::named`] gave.
fn function_of(headers: &hyper::HeaderMap) -> String {
    let agent = headers.get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
    agent.split(' ').find_map(|part| part.strip_prefix("app/")).unwrap_or_default().to_owned()
}

/// Why the table would refuse the call at AWS, if it would. What is no function has the operator's rights.
fn refusal(function: &str, operation: &str, asked: &Value) -> Option<String> {
    if function.is_empty() { None } else { Policies::deployed().refusal(function, operation, asked) }
}

/// Waits until no other call comes, where calls are gathered, and says which round trip it was.
async fn gather(state: &Mutex<State>) -> usize {
    let (gather, round_trip) = {
        let mut state = state.lock().unwrap();
        state.arrived += 1;
        (state.gather, state.round_trip)
    };
    let Some(gather) = gather else { return round_trip };
    loop {
        let arrived = state.lock().unwrap().arrived;
        tokio::time::sleep(gather).await;
        let mut state = state.lock().unwrap();
        if state.arrived == arrived {
            state.round_trip = round_trip + 1;
            return round_trip;
        }
    }
}

/// The reasons of a cancelled transaction: its first action is in conflict.
fn conflicts(asked: &Value) -> Value {
    let actions = asked["TransactItems"].as_array().map(Vec::len).unwrap_or_default();
    let reason = |at: usize| if at == 0 { "TransactionConflict" } else { "None" };
    (0..actions).map(|at| json!({ "Code": reason(at) })).collect()
}

fn answer(status: u16, body: Bytes) -> hyper::Response<Full<Bytes>> {
    let response = hyper::Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    response.body(Full::new(body)).unwrap()
}
