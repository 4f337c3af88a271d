//! What a failing table does to each flow: every fault at every call, once and for good.
//!
//! A flow says which route it goes by, and [`withstands`] tries it with everything that can befall its calls. Whatever
//! route of the template no flow goes by calls the table never.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod access;
mod accounts;
mod applications;
mod authorizations;
mod client_keys;
mod collections;
mod connect;
mod device;
mod dialects;
mod documents;
mod inspect;
mod legacy;
mod links;
mod logout;
mod mail;
mod operator;
mod par;
mod passwords;
mod people;
mod sign_in;
mod site;
mod sweep;
mod sync;
mod tokens;
mod works;

use std::path::Path;

use local::template::{Route, Template};
use tests::faults::Call;
use tests::{Fault, Reply, TestSite, Value};

/// How a flow ended that met a fault.
struct Ended {
    reply: Reply,
    /// Something was written for it, and no answer said so.
    unsaid: bool,
    case: String,
}

impl Ended {
    /// Whether it succeeded in spite of the fault.
    fn well(&self) -> bool {
        self.reply.status != 503
    }

    /// What it was answered; where that was 503, what the next try is answered.
    async fn or_else(self, again: impl Future<Output = Reply>) -> Reply {
        if self.well() { self.reply } else { again.await }
    }
}

/// Runs a flow by `route` once with nothing wrong. Then with each fault at each of its calls: once, which must change
/// nothing, and for good, which must be a success or a 503. Each time `prepare` makes a state to begin from and `after`
/// looks, when all is well again, at what became of it.
async fn withstands<S>(
    site: &TestSite,
    route: &str,
    prepare: impl AsyncFn() -> S,
    run: impl AsyncFn(&S) -> Reply,
    after: impl AsyncFn(&S, Ended),
) {
    let ready = async || {
        let state = prepare().await;
        // The clock may have gone on: the signing keys are read again here, not in the flow.
        site.site.app().site().await.unwrap();
        site.proxy.forget();
        state
    };
    let state = ready().await;
    let clean = run(&state).await;
    let status = clean.status;
    assert!(status < 500, "{route}: {status} {}", clean.body);
    assert!(goes_by(route, &clean.path), "{} is not {route}", clean.path);
    let calls = site.proxy.call_sites();
    assert!(!calls.is_empty(), "{route} calls nothing");
    after(&state, Ended { reply: clean, unsaid: false, case: format!("{route}, nothing wrong") }).await;

    for call in &calls {
        for fault in Fault::of(call.operation()) {
            for for_good in [false, true] {
                let state = ready().await;
                if for_good {
                    site.proxy.fail_from_call(call, fault)
                } else {
                    site.proxy.fail_once(call, fault)
                }
                let reply = run(&state).await;
                site.proxy.heal();
                let case = format!("{route}: {fault:?} at {call} {}", if for_good { "and after" } else { "once" });
                let failed: Vec<_> = site.proxy.calls().into_iter().filter(|call| call.fault.is_some()).collect();
                if for_good {
                    // Each call is tried three times; less would be a retry that nobody saw.
                    assert!(failed.len() >= 3, "{case}: {}", failed.len());
                } else {
                    assert_eq!(failed.len(), 1, "{case}");
                }
                if for_good && reply.status == 503 {
                    assert_ne!(reply.header("retry-after"), "", "{case}");
                } else {
                    assert_eq!(reply.status, status, "{case}: {}", reply.body);
                }
                let unsaid = reply.status == 503 && failed.iter().any(wrote);
                after(&state, Ended { reply, unsaid, case }).await;
            }
        }
    }
}

/// Whether a call wrote something unheard that is more than a count of attempts.
fn wrote(call: &Call) -> bool {
    !call.is_read() && call.was_lost() && !call.request.to_string().contains("\"RATE#")
}

/// Whether a path is one of the route's: `GET /collections/{subject_id}`. What goes by none has an empty path.
fn goes_by(route: &str, path: &str) -> bool {
    let Some((_, declared)) = route.split_once(" /") else { return path.is_empty() };
    let fits = |(declared, given): (&str, &str)| declared == given || declared.starts_with('{');
    let (declared, given) = (declared.split('/'), path.trim_start_matches('/').split('/'));
    declared.clone().count() == given.clone().count() && declared.zip(given).all(fits)
}

/// What somebody is told who does not come by HTTP, as if they did.
fn told<E: std::fmt::Display>(outcome: Result<Value, E>) -> Reply {
    let (status, body) = match outcome {
        Ok(answer) => (200, answer.to_string()),
        Err(error) => (503, error.to_string()),
    };
    let headers = [("retry-after".parse().unwrap(), "1".parse().unwrap())].into_iter().collect();
    Reply { path: String::new(), status, headers, body }
}

/// Distinct names.
fn fresh(prefix: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// The routes that stand in the source of the flows.
fn tried() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("site/faults");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let text: String = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let is_route = |literal: &&str| {
        let methods = ["GET /", "POST /", "PUT /", "PATCH /", "DELETE /"];
        methods.iter().any(|method| literal.starts_with(method))
    };
    text.split('"').filter(is_route).map(str::to_owned).collect()
}

#[tokio::test]
async fn e61_every_route_that_calls_the_table_is_tried_with_every_fault() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let tried = tried();
    let routes = Template::embedded().unwrap().routes;
    assert!(
        tried.iter().all(|tried| routes.iter().any(|Route { method, path, .. }| *tried == format!("{method} {path}")))
    );
    for Route { method, path, .. } in routes {
        let route = format!("{method} {path}");
        // The dialect's other spelling leads to the same code.
        if tried.contains(&route.replacen("/aouth2.0/", "/oauth2.0/", 1)) {
            continue;
        }
        assert!(method.is_safe(), "no flow goes by {route}");
        site.proxy.forget();
        let reply = site.send(browser.http.request(method, site.url(&path)).header("accept", "text/html"), None).await;
        assert!(reply.status < 500 && site.proxy.calls().is_empty(), "no flow goes by {route}, which calls the table");
    }
}
