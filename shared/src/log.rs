//! One line in the log for each request, and what is counted.
//!
//! Handlers have no logger. Who finds out something that the line should tell says so here ([`client`], [`user`],
//! [`refused`], …), and [`request`] writes the line once the answer is known.
//!
//! Architecture invariant: all that can be said is an id of ours, a number, or a text of this source. Nothing that a
//! caller sent reaches the log, and no secret; a test greps everything that the suite logs.
//!
//! # The line
//! In a Lambda, an object on one line of standard output, whose target is `request`; on a laptop, text on standard error.
//!
//! | field | what it is |
//! |---|---|
//! | `function` | the function's name |
//! | `route` | API Gateway's key: `POST /oauth2/token`, `GET /collections/{subject_id}` |
//! | `status` | of the answer |
//! | `duration_ms` | from the event to the answer |
//! | `request_id` | Lambda's; other lines of the same request carry it too |
//! | `gateway_id` | API Gateway's, which it tells the caller in the header `apigw-requestid` |
//! | `client` | which client the request named, authenticated or not; nothing that is no client id |
//! | `user` | whose account it was about: who is signed in, whom a token names, or who was to be signed in |
//! | `error` | the error code of OAuth, or else the status in words |
//! | `detail` | which check failed, where the answer does not say it |
//!
//! A scheduled function's line has the target `run`, `outcome` (`ok` or `error`) and `done`, how many things it did.
//!
//! # Metrics
//! A line also carries what was counted, if anything was, in CloudWatch's embedded metric format: CloudWatch makes
//! metrics of it, in the namespace `METRICS_NAMESPACE` and without dimensions, since each combination of those is billed as a
//! metric of its own. What did not happen is not told: an alarm treats missing data as good.
//!
//! | metric | unit | what it counts |
//! |---|---|---|
//! | `TableErrors` | Count | calls of DynamoDB that failed or were throttled for good, after their retries |
//! | `ServerErrors` | Count | answers of 500 and above |
//! | `SignInFailures` | Count | passwords that were wrong, or for nobody |
//! | `Throttled` | Count | answers of 429: guesses at passwords and secrets, and registrations in bulk |
//! | `ReplaysDetected` | Count | codes and refresh tokens used again, whose families were revoked: something was stolen |
//! | `BadClientAuthentication` | Count | answers of `invalid_client` |

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Instant;

use http::{Response, StatusCode};
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;

use crate::clock::{Clock, Millis};
use crate::config;
use crate::id::{ClientId, UserId};

/// What is logged where `RUST_LOG` says nothing. The SDK tells more than it should below `warn`, and lambda_runtime
/// would keep a span for each request.
pub const USUAL: &str = "info,aws=warn,lambda_runtime=warn";

const REQUEST: &str = "request";
const RUN: &str = "run";

tokio::task_local! {
    /// What is known of the request under way.
    static FACTS: RefCell<Facts>;
}

#[derive(Default)]
struct Facts {
    request_id: String,
    client: Option<ClientId>,
    user: Option<UserId>,
    error: Option<&'static str>,
    detail: Option<&'static str>,
    done: u64,
    counts: BTreeMap<Metric, u64>,
    ended_at: Option<Millis>,
}

/// What is counted: see the table above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// A call of the table failed for good.
    TableErrors,
    /// The answer was 500 or above.
    ServerErrors,
    /// A password was wrong.
    SignInFailures,
    /// The answer was 429.
    Throttled,
    /// A code or refresh token was used again.
    ReplaysDetected,
    /// The answer was `invalid_client`.
    BadClientAuthentication,
}

impl Metric {
    /// Its name in CloudWatch.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TableErrors => "TableErrors",
            Self::ServerErrors => "ServerErrors",
            Self::SignInFailures => "SignInFailures",
            Self::Throttled => "Throttled",
            Self::ReplaysDetected => "ReplaysDetected",
            Self::BadClientAuthentication => "BadClientAuthentication",
        }
    }
}

/// The request names this client.
pub fn client(id: ClientId) {
    note(|facts| facts.client = Some(id));
}

/// The request is about this user's account.
pub fn user(id: UserId) {
    note(|facts| facts.user = Some(id));
}

/// The request is refused with `error`, for a reason that only the log is told.
pub fn refused(error: &'static str, detail: Option<&'static str>) {
    note(|facts| {
        facts.error = Some(error);
        facts.detail = detail.or(facts.detail);
    });
}

/// A scheduled function did one more of the things that it is for.
pub fn done() {
    note(|facts| facts.done += 1);
}

/// Counts one.
pub fn count(metric: Metric) {
    note(|facts| *facts.counts.entry(metric).or_default() += 1);
}

/// Outside a request, as in the operator's commands, there is nothing to note it for.
fn note(change: impl FnOnce(&mut Facts)) {
    let _ = FACTS.try_with(|facts| facts.try_borrow_mut().map(|mut facts| change(&mut facts)));
}

/// How a request came.
#[derive(Debug, Default)]
pub struct Heading {
    /// The function's name.
    pub function: String,
    /// Lambda's.
    pub request_id: String,
    /// API Gateway's.
    pub gateway_id: String,
    /// API Gateway's route key.
    pub route: String,
}

/// Lets a request be answered, and writes its line.
pub async fn request<B>(heading: Heading, clock: &Clock, answer: impl Future<Output = Response<B>>) -> Response<B> {
    let Heading { function, request_id, gateway_id, route } = heading;
    let facts = Facts { request_id, ..Facts::default() };
    let logged = async {
        let started = Instant::now();
        let response = answer.await;
        let status = response.status();
        let (mut client, mut user, mut error, mut detail) = (None, None, None, None);
        note(|facts| {
            facts.judge(status);
            facts.ended_at = Some(clock.now_millis());
            (client, user, error, detail) = (facts.client, facts.user, facts.error, facts.detail);
        });
        tracing::info!(
            target: REQUEST,
            route,
            status = status.as_u16(),
            duration_ms = milliseconds(started),
            error,
            detail,
            client = client.map(display),
            user = user.map(display),
            function,
            gateway_id,
        );
        response
    };
    FACTS.scope(RefCell::new(facts), logged).await
}

/// Lets a scheduled function run, and writes its line.
///
/// # Errors
/// The function's own.
pub async fn run<E: fmt::Display>(
    function: &str,
    request_id: String,
    clock: &Clock,
    work: impl Future<Output = Result<(), E>>,
) -> Result<(), E> {
    let facts = Facts { request_id, ..Facts::default() };
    let logged = async {
        let started = Instant::now();
        let outcome = work.await;
        let mut done = 0;
        note(|facts| {
            facts.ended_at = Some(clock.now_millis());
            done = facts.done;
        });
        tracing::info!(
            target: RUN,
            function,
            outcome = if outcome.is_ok() { "ok" } else { "error" },
            done,
            duration_ms = milliseconds(started),
            error = outcome.as_ref().err().map(display),
        );
        outcome
    };
    FACTS.scope(RefCell::new(facts), logged).await
}

fn milliseconds(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 1e6).round() / 1e3
}

impl Facts {
    /// What an answer's status tells.
    fn judge(&mut self, status: StatusCode) {
        if status.is_client_error() || status.is_server_error() {
            self.error = self.error.or(status.canonical_reason());
        }
        let judged = [
            (Metric::ServerErrors, status.is_server_error()),
            (Metric::Throttled, status == StatusCode::TOO_MANY_REQUESTS),
            (Metric::BadClientAuthentication, self.error == Some("invalid_client")),
        ];
        self.counts.extend(judged.into_iter().filter(|(_, so)| *so).map(|(metric, _)| (metric, 1)));
    }

    /// The counts in CloudWatch's embedded metric format: each a member of the root, and what they are under `_aws`.
    fn measure(&self, namespace: &str, line: &mut Map<String, Value>) {
        let Some(ended_at) = self.ended_at.filter(|_| !self.counts.is_empty()) else { return };
        line.extend(self.counts.iter().map(|(metric, count)| (metric.as_str().to_owned(), (*count).into())));
        let metrics = self.counts.keys().map(|metric| json!({ "Name": metric.as_str(), "Unit": "Count" }));
        let directive = json!({
            "Namespace": namespace,
            // One set of no dimensions.
            "Dimensions": [[]],
            "Metrics": metrics.collect::<Vec<_>>(),
        });
        line.insert("_aws".to_owned(), json!({ "Timestamp": ended_at.0, "CloudWatchMetrics": [directive] }));
    }
}

/// Logs lines of JSON by `write` from now on, in the whole process; the first call decides.
pub fn start(write: impl Fn(&str) + Send + Sync + 'static) {
    let lines = JsonLines { filter: filter(USUAL), namespace: config::metrics_namespace(), write };
    let _ = tracing::subscriber::set_global_default(lines);
}

/// What `RUST_LOG` lets through (`info`, or `warn,request=info`), or where it says nothing `usual`.
pub fn filter(usual: &str) -> Targets {
    let asked = config::log_filter().and_then(|directives| directives.parse().ok());
    asked.or_else(|| usual.parse().ok()).unwrap_or_default()
}

/// Writes each event as an object on a line. It keeps no spans: a registry of them takes 32 KB at every cold start.
struct JsonLines<W> {
    filter: Targets,
    namespace: String,
    write: W,
}

impl<W: Fn(&str) + 'static> Subscriber for JsonLines<W> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.filter.would_enable(metadata.target(), metadata.level())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Layer::<Self>::max_level_hint(&self.filter)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let (level, target) = (event.metadata().level().as_str(), event.metadata().target());
        let mut line = Map::new();
        line.insert("level".to_owned(), level.into());
        line.insert("target".to_owned(), target.into());
        event.record(&mut Members(&mut line));
        let _ = FACTS.try_with(|facts| {
            let Ok(facts) = facts.try_borrow() else { return };
            if !facts.request_id.is_empty() {
                line.insert("request_id".to_owned(), facts.request_id.as_str().into());
            }
            if matches!(target, REQUEST | RUN) {
                facts.measure(&self.namespace, &mut line);
            }
        });
        (self.write)(&format!("{}\n", Value::Object(line)));
    }
}

/// An event's fields as members of an object.
struct Members<'a>(&'a mut Map<String, Value>);

impl Members<'_> {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Members<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn requests_are_usually_logged_and_what_the_sdk_does_is_not() {
        let usual: Targets = USUAL.parse().unwrap();
        assert!(usual.would_enable(REQUEST, &Level::INFO) && usual.would_enable(RUN, &Level::INFO));
        for target in ["aws_runtime::auth", "aws_types", "lambda_runtime::layers::trace"] {
            assert!(usual.would_enable(target, &Level::WARN) && !usual.would_enable(target, &Level::INFO), "{target}");
        }
    }
}
