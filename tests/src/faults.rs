//! A proxy between the SDK and the table: it records every call, and fails those that a test wants to fail.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use shared::store::Patience;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{advance, pause, resume, sleep};

use local::fakes::Pulse;

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
    /// It is done, and no answer comes before the SDK gives up. Nobody waits for that: the proxy moves the time on.
    Silence,
    /// A write meets somebody else's transaction; nothing is done.
    Conflict,
    /// A batch leaves everything unprocessed.
    Unprocessed,
    /// A batch does all but the last item, and leaves that unprocessed.
    Partly,
}

impl Fault {
    /// All there are.
    pub const ALL: [Self; 8] = [
        Self::Throttle,
        Self::Error,
        Self::CutBefore,
        Self::CutAfter,
        Self::Silence,
        Self::Conflict,
        Self::Unprocessed,
        Self::Partly,
    ];

    /// Those that can befall a call of `operation`.
    pub fn of(operation: &str) -> impl Iterator<Item = Self> + use<'_> {
        Self::ALL.into_iter().filter(move |fault| fault.befalls(operation))
    }

    /// Whether a call of `operation` can fail so. Others go through.
    pub fn befalls(self, operation: &str) -> bool {
        match self {
            Self::Conflict => matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems"),
            Self::Unprocessed | Self::Partly => matches!(operation, "BatchGetItem" | "BatchWriteItem"),
            _ => true,
        }
    }

    /// Whether the call is done, and its caller does not hear of it.
    fn loses_the_answer(self) -> bool {
        matches!(self, Self::CutAfter | Self::Silence)
    }
}

/// Which of a flow's calls: what it does to what, and the how manieth of that name it is, from 1.
///
/// Calls that are made at once come in any order, so a number alone would not always mean the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallSite {
    /// `PutItem USER/SESSION`, …
    pub name: String,
    /// From 1.
    pub nth: usize,
}

impl CallSite {
    /// `GetItem`, …
    pub fn operation(&self) -> &str {
        self.name.split(' ').next().unwrap_or_default()
    }
}

impl fmt::Display for CallSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nth == 1 { f.write_str(&self.name) } else { write!(f, "{} ({})", self.name, self.nth) }
    }
}

/// A call of the table, as it was asked and answered: one try of it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The function that made it; empty for what is no function: a start, an operator's command, a test.
    pub function: String,
    /// `GetItem`, …
    pub operation: String,
    /// Which call it is; its tries have it in common.
    pub site: CallSite,
    /// The request.
    pub request: Value,
    /// How it failed.
    pub fault: Option<Fault>,
    /// The table's answer, or the proxy's in its place; null if there was none.
    pub answer: Value,
    /// The answer's status; 0 if there was none.
    pub status: u16,
    /// Which round trip it was, where the proxy counts them: see [`Proxy::count_round_trips`].
    pub round_trip: usize,
}

impl Call {
    /// Consumed capacity in units, of the table and its indexes together. A write whose condition does not hold costs as much
    /// as one that is made, though the answer does not say so: one unit, where the item is small, as those are here.
    pub fn units(&self) -> f64 {
        let kind = self.answer["__type"].as_str().unwrap_or_default();
        if kind.ends_with("ConditionalCheckFailedException") {
            return 1.0;
        }
        match &self.answer["ConsumedCapacity"] {
            Value::Array(tables) => tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum(),
            table => table["CapacityUnits"].as_f64().unwrap_or_default(),
        }
    }

    /// Whether it only reads.
    pub fn is_read(&self) -> bool {
        matches!(self.operation.as_str(), "GetItem" | "BatchGetItem" | "Query")
    }

    /// Whether the table did it, and its caller never heard.
    pub fn was_lost(&self) -> bool {
        self.status == 200 && self.fault.is_some_and(Fault::loses_the_answer)
    }
}

/// What is to fail, and how.
struct Plan {
    what: What,
    fault: Fault,
    /// Every call after the first that fails, fails too.
    for_good: bool,
    began: bool,
}

enum What {
    /// This call, when it is first tried.
    Site(CallSite),
    /// Whatever comes after so many calls.
    After(usize),
    /// Every call of an operation.
    Operation(&'static str),
    /// Every call, when it is first tried.
    Each,
}

/// What comes in between.
type Meanwhile = Pin<Box<dyn Future<Output = ()> + Send>>;

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    /// What the SDK calls each call, by its name: a try has the same as the tries before.
    known: HashMap<String, Vec<String>>,
    plan: Option<Plan>,
    /// How long calls wait for others.
    gather: Option<Duration>,
    arrived: usize,
    round_trip: usize,
    /// How many calls are neither answered nor silent.
    under_way: usize,
    /// How often the time was moved on for the silent ones.
    leaps: usize,
    /// How long the SDK waits for an answer.
    patience: Duration,
    /// What happens before the first call of a name.
    meanwhile: Option<(&'static str, Meanwhile)>,
    /// Whether whoever calls still lives.
    pulse: Option<Pulse>,
}

impl State {
    /// Takes a call in: names it, and says how it is to fail.
    fn take_in(&mut self, operation: &str, request: &Value, invocation: &str) -> (CallSite, Option<Fault>) {
        let name = format!("{operation} {}", subject(request));
        let known = self.known.entry(name.clone()).or_default();
        let before = known.iter().position(|known| !invocation.is_empty() && known == invocation);
        let (first_try, nth) = (before.is_none(), before.unwrap_or(known.len()) + 1);
        if first_try {
            known.push(invocation.to_owned());
        }
        let site = CallSite { name, nth };
        let Some(plan) = &mut self.plan else { return (site, None) };
        let meant = match &mut plan.what {
            What::Site(meant) => *meant == site && first_try,
            What::After(0) => true,
            What::After(left) => {
                *left -= 1;
                false
            }
            What::Operation(meant) => *meant == operation,
            What::Each => first_try,
        };
        plan.began |= meant;
        let fails = meant || (plan.for_good && plan.began);
        (site, Some(plan.fault).filter(|fault| fails && fault.befalls(operation)))
    }
}

/// What a request is about: the kinds of its items, or of the index that it reads.
fn subject(request: &Value) -> String {
    let mut kinds = Vec::new();
    if let Value::Object(values) = &request["ExpressionAttributeValues"]
        && let (Some(partition), Some(from)) = (values.get(":pk"), values.get(":from"))
    {
        let index = request["IndexName"].as_str().unwrap_or("table");
        kinds.push(format!("{index} {}/{}", kind(partition), kind(from)));
    }
    collect_keys(request, &mut kinds);
    kinds.dedup();
    kinds.join(" ")
}

fn collect_keys(value: &Value, kinds: &mut Vec<String>) {
    match value {
        Value::Object(object) => match (object.get("PK"), object.get("SK")) {
            (Some(pk), Some(sk)) if pk["S"].is_string() => kinds.push(format!("{}/{}", kind(pk), kind(sk))),
            _ => object.values().for_each(|value| collect_keys(value, kinds)),
        },
        Value::Array(values) => values.iter().for_each(|value| collect_keys(value, kinds)),
        _ => {}
    }
}

/// The words of a key, without ids, hashes and times: `RATE#ADDRESS`.
fn kind(key: &Value) -> String {
    let parts = key["S"].as_str().unwrap_or_default().split('#');
    let is_word = |part: &&str| part.len() < 16 && part.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
    parts.filter(is_word).collect::<Vec<_>>().join("#")
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
    /// A proxy before `endpoint`, for an SDK of that patience.
    pub async fn start(endpoint: &str, patience: Patience) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { patience: patience.attempt, ..State::default() }));
        let http = crate::http_client().build().unwrap();
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

    /// Fails that call when it is first tried.
    pub fn fail_once(&self, site: &CallSite, fault: Fault) {
        self.plan(What::Site(site.clone()), fault, false);
    }

    /// Fails that call and every one after.
    pub fn fail_from_call(&self, site: &CallSite, fault: Fault) {
        self.plan(What::Site(site.clone()), fault, true);
    }

    /// Lets the next `skip` calls through and fails every one after.
    pub fn fail_from(&self, skip: usize, fault: Fault) {
        self.plan(What::After(skip), fault, true);
    }

    /// Fails each call when it is first tried.
    pub fn fail_each_once(&self, fault: Fault) {
        self.plan(What::Each, fault, false);
    }

    /// Fails every call of `operation`, and no other.
    pub fn fail_every(&self, operation: &'static str, fault: Fault) {
        self.plan(What::Operation(operation), fault, false);
    }

    fn plan(&self, what: What, fault: Fault, for_good: bool) {
        let mut state = self.state.lock().unwrap();
        state.known.clear();
        state.plan = Some(Plan { what, fault, for_good, began: false });
    }

    /// Fails nothing any more, and nothing happens meanwhile.
    pub fn heal(&self) {
        let mut state = self.state.lock().unwrap();
        state.plan = None;
        state.meanwhile = None;
    }

    /// Does something, once, before a call whose name begins so is let through: what loses a race.
    pub fn meanwhile(&self, name: &'static str, action: impl Future<Output = ()> + Send + 'static) {
        self.state.lock().unwrap().meanwhile = Some((name, Box::pin(action)));
    }

    /// From now on whoever calls is listened to only as long as this says true, asked before and after each call: a way to
    /// have them die in the middle.
    pub fn watch(&self, pulse: Option<Pulse>) {
        self.state.lock().unwrap().pulse = pulse;
    }

    /// Holds calls until no other has come for `gather`: those that are made at once are then one round trip, and
    /// whatever waits for an answer is the next. With `None`, not any more.
    pub fn count_round_trips(&self, gather: Option<Duration>) {
        self.state.lock().unwrap().gather = gather;
    }

    /// Forgets what was recorded.
    pub fn forget(&self) {
        let mut state = self.state.lock().unwrap();
        state.calls.clear();
        state.known.clear();
    }

    /// Which calls were made since the last [`Proxy::forget`], each once.
    pub fn call_sites(&self) -> Vec<CallSite> {
        let mut sites: Vec<CallSite> = Vec::new();
        for call in &self.state.lock().unwrap().calls {
            if !sites.contains(&call.site) {
                sites.push(call.site.clone());
            }
        }
        sites
    }

    /// What was recorded since the last [`Proxy::forget`].
    pub fn calls(&self) -> Vec<Call> {
        self.state.lock().unwrap().calls.clone()
    }
}

#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let operation = header("x-amz-target").rsplit('.').next().unwrap_or_default().to_owned();
    let Ok(body) = body.collect().await else { return Err(Cut) };
    let asked: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
    let (site, fault) = state.lock().unwrap().take_in(&operation, &asked, header("amz-sdk-invocation-id"));
    let under_way = UnderWay::begin(&state);
    let meanwhile = state.lock().unwrap().meanwhile.take_if(|(name, _)| site.name.starts_with(*name));
    if let Some((_, action)) = meanwhile {
        action.await;
    }
    let function = function_of(&parts.headers);
    let round_trip = gather(&state).await;
    let record = |answer: Value, status: u16| {
        let (function, operation, site, request) = (function.clone(), operation.clone(), site.clone(), asked.clone());
        let call = Call { function, operation, site, request, fault, answer, status, round_trip };
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
    if fault.is_some() {
        tokio::spawn(pass_a_pause());
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
        Some(Fault::CutAfter | Fault::Silence | Fault::Unprocessed | Fault::Partly) | None => {}
    }
    let pulse = state.lock().unwrap().pulse.clone();
    if pulse.as_ref().is_some_and(|lives| !lives()) {
        return Err(Cut);
    }
    let (mut done, left) = split(&asked, fault);
    if done.is_null() {
        return Ok(reply(200, with_left(json!({}), &operation, left)));
    }
    done["ReturnConsumedCapacity"] = "TOTAL".into();
    let mut forwarded = http.post(&endpoint).body(done.to_string());
    for name in ["x-amz-target", "content-type", "authorization", "x-amz-date"] {
        if let Some(value) = parts.headers.get(name) {
            forwarded = forwarded.header(name, value);
        }
    }
    let Ok(answered) = forwarded.send().await else { return Err(Cut) };
    let status = answered.status().as_u16();
    let Ok(bytes) = answered.bytes().await else { return Err(Cut) };
    let told = serde_json::from_slice(&bytes).unwrap_or_default();
    if !left.is_null() {
        return Ok(reply(status, with_left(told, &operation, left)));
    }
    record(told, status);
    if pulse.is_some_and(|lives| !lives()) {
        return Err(Cut);
    }
    match fault {
        Some(Fault::CutAfter) => Err(Cut),
        Some(Fault::Silence) => match fall_silent(&state, under_way).await {},
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

/// A call that is neither answered nor silent.
struct UnderWay(Arc<Mutex<State>>);

impl UnderWay {
    fn begin(state: &Arc<Mutex<State>>) -> Self {
        state.lock().unwrap().under_way += 1;
        Self(Arc::clone(state))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.lock().unwrap().under_way -= 1;
    }
}

/// Long enough for an answer to arrive, and for calls that are made at once to come.
const MOMENT: Duration = Duration::from_millis(2);

/// Longer than anything waits between two tries.
const PAUSE: Duration = Duration::from_millis(250);

/// Never answers. Once no other call is under way, the time moves on by what the SDK waits for an answer.
async fn fall_silent(state: &Mutex<State>, under_way: UnderWay) -> Infallible {
    drop(under_way);
    let leaps = state.lock().unwrap().leaps;
    loop {
        sleep(MOMENT).await;
        let mut state = state.lock().unwrap();
        // Of the calls that are silent together, one moves the time on for all.
        if state.leaps == leaps && state.under_way == 0 {
            state.leaps += 1;
            leap(state.patience);
            tokio::spawn(pass_a_pause());
        }
        if state.leaps > leaps {
            break;
        }
    }
    std::future::pending().await
}

/// Spares the test the SDK's pause before the next try.
async fn pass_a_pause() {
    sleep(MOMENT).await;
    leap(PAUSE);
}

/// Moves the time on for whatever waits in this runtime, which must be of one thread. It stands still for no longer
/// than this takes: a runtime that finds it standing moves it by itself, also where a socket is waited for.
fn leap(by: Duration) {
    pause();
    let _ = pin!(advance(by)).poll(&mut Context::from_waker(Waker::noop()));
    resume();
}

/// What of a request is done, null if nothing is, and what of a batch is left, null if nothing is.
fn split(asked: &Value, fault: Option<Fault>) -> (Value, Value) {
    let (mut done, mut left) = (asked.clone(), asked.clone());
    let kept = match fault {
        Some(Fault::Unprocessed) => 0,
        Some(Fault::Partly) => items(&mut done).len() - 1,
        _ => return (done, Value::Null),
    };
    items(&mut done).truncate(kept);
    items(&mut left).drain(..kept);
    (if kept == 0 { Value::Null } else { done }, left["RequestItems"].take())
}

/// The keys or writes of a batch, which is of one table.
fn items(batch: &mut Value) -> &mut Vec<Value> {
    let table = batch["RequestItems"].as_object_mut().unwrap().values_mut().next().unwrap();
    let items = if table.is_array() { table } else { &mut table["Keys"] };
    items.as_array_mut().unwrap()
}

/// The answer of a batch that left something.
fn with_left(mut answer: Value, operation: &str, left: Value) -> Value {
    answer[if operation == "BatchGetItem" { "UnprocessedKeys" } else { "UnprocessedItems" }] = left;
    answer
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
