//! What a failing table does to each flow: at every call, once and for good.

mod accounts;
mod applications;
mod collections;
mod silence;
mod sweep;
mod tokens;

use tests::{Fault, Reply, TestSite};

/// All that need no waiting for.
const FAULTS: [Fault; 6] =
    [Fault::Throttle, Fault::Error, Fault::CutBefore, Fault::CutAfter, Fault::Conflict, Fault::Unprocessed];

/// How a flow ended that met a fault.
struct Ended {
    reply: Reply,
    /// Something was written, and no answer said so.
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
    let cases = || {
        let calls = operations.iter().enumerate();
        calls.flat_map(|(at, operation)| FAULTS.map(|fault| (at, operation, fault)))
    };
    // What fails once costs nothing of the SDK's budget for retries; what fails for good does, so it comes last.
    for (at, operation, fault) in cases().filter(|(_, operation, fault)| fault.befalls(operation)) {
        let state = ready().await;
        site.proxy.fail_once(at, fault);
        let reply = run(&state).await;
        site.proxy.heal();
        let case = format!("{fault:?} once at call {at} ({operation})");
        assert_eq!(reply.status, clean.reply.status, "{case}: {}", reply.body);
        after(&state, &Ended { reply, unsaid: false, case }).await;
    }
    for (at, operation, fault) in cases().filter(|(_, operation, fault)| fault.befalls(operation)) {
        let state = ready().await;
        site.proxy.fail_from(at, fault);
        let reply = run(&state).await;
        site.proxy.heal();
        let case = format!("{fault:?} from call {at} on ({operation})");
        let unsaid = fault == Fault::CutAfter
            && site.proxy.calls().iter().skip(at).any(|call| !call.is_read() && call.status == 200);
        if reply.status == 503 {
            assert_ne!(reply.header("retry-after"), "", "{case}");
        } else {
            assert_eq!(reply.status, clean.reply.status, "{case}: {}", reply.body);
        }
        after(&state, &Ended { reply, unsaid, case }).await;
    }
}

/// Distinct names.
fn fresh(prefix: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}{}", COUNT.fetch_add(1, Ordering::Relaxed))
}
