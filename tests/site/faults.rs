//! What a failing table does to each flow: at every call, once and for good.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests fail by panicking")]

mod accounts;
mod applications;
mod collections;
mod silence;
mod sweep;
mod tokens;

use tests::faults::Call;
use tests::{Fault, Reply, TestSite};

/// The faults that a call of `operation` is tried with, the flow's `at`th.
type Faults = fn(at: usize, operation: &str) -> Vec<Fault>;

/// All that need no waiting for and differ: a read that was cut after it was done is as one that was not done.
fn every(_: usize, operation: &str) -> Vec<Fault> {
    let all = [Fault::Throttle, Fault::Error, Fault::CutBefore, Fault::CutAfter, Fault::Conflict, Fault::Unprocessed];
    all.into_iter().filter(|fault| tells(*fault, operation)).collect()
}

/// For flows that hash passwords: of the faults after which nothing was done, one at each call in turn.
fn sampled(at: usize, operation: &str) -> Vec<Fault> {
    let in_turn = [Fault::Throttle, Fault::Error, Fault::CutBefore][at % 3];
    let own = if operation == "TransactWriteItems" { Fault::Conflict } else { Fault::Unprocessed };
    [in_turn, Fault::CutAfter, own].into_iter().filter(|fault| tells(*fault, operation)).collect()
}

fn tells(fault: Fault, operation: &str) -> bool {
    let reads = matches!(operation, "GetItem" | "BatchGetItem" | "Query");
    fault.befalls(operation) && !(reads && fault == Fault::CutAfter)
}

/// How a flow ended that met a fault.
struct Ended {
    reply: Reply,
    /// What the flow is for was written, and no answer said so.
    unsaid: bool,
    case: String,
}

impl Ended {
    /// Whether it succeeded in spite of the fault.
    fn well(&self) -> bool {
        self.reply.status != 503
    }
}

/// Runs a flow once with nothing wrong. Then with each fault at each of its calls: once, which must change nothing,
/// and for good, which must be a success or a 503. Each time `prepare` makes a state to begin from and `after` looks,
/// when all is well again, at what became of it.
async fn withstands<S>(
    site: &TestSite,
    faults: Faults,
    prepare: impl AsyncFn() -> S,
    run: impl AsyncFn(&S) -> Reply,
    after: impl AsyncFn(&S, &Ended),
) {
    let ready = async || {
        let state = prepare().await;
        // The clock may have gone on: the signing keys are read again here, not in the flow.
        assert_eq!(site.get("/oauth2/jwks", None).await.status, 200);
        site.proxy.forget();
        state
    };
    let state = ready().await;
    let clean = Ended { reply: run(&state).await, unsaid: false, case: "nothing wrong".to_owned() };
    let operations: Vec<_> = site.proxy.calls().into_iter().map(|call| call.operation).collect();
    assert!(!operations.is_empty() && clean.reply.status < 500, "{} {}", clean.reply.status, clean.reply.body);
    after(&state, &clean).await;
    let mut cases = Vec::new();
    for (at, operation) in operations.iter().enumerate() {
        cases.extend(faults(at, operation).into_iter().map(|fault| (at, operation, fault)));
    }
    // What fails once costs nothing of the SDK's budget for retries; what fails for good does, so it comes last.
    for (at, operation, fault) in cases.iter().copied() {
        let state = ready().await;
        site.proxy.fail_once(at, fault);
        let reply = run(&state).await;
        site.proxy.heal();
        let case = format!("{fault:?} once at call {at} ({operation})");
        assert_eq!(reply.status, clean.reply.status, "{case}: {}", reply.body);
        after(&state, &Ended { reply, unsaid: false, case }).await;
    }
    for (at, operation, fault) in cases {
        let state = ready().await;
        site.proxy.fail_from(at, fault);
        let reply = run(&state).await;
        site.proxy.heal();
        let case = format!("{fault:?} from call {at} on ({operation})");
        let unsaid = fault == Fault::CutAfter && site.proxy.calls().iter().skip(at).any(wrote);
        if reply.status == 503 {
            assert_ne!(reply.header("retry-after"), "", "{case}");
        } else {
            assert_eq!(reply.status, clean.reply.status, "{case}: {}", reply.body);
        }
        after(&state, &Ended { reply, unsaid, case }).await;
    }
}

/// Whether a call wrote something that is more than a count of attempts.
fn wrote(call: &Call) -> bool {
    !call.is_read() && call.status == 200 && !call.request.to_string().contains("\"RATE#")
}

/// Distinct names.
fn fresh(prefix: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}{}", COUNT.fetch_add(1, Ordering::Relaxed))
}
