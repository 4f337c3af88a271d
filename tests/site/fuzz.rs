//! Inputs that nobody thought of, to whatever reads what strangers send: a few dozen of each kind in every run of the
//! suite, and as many as fit where `FUZZ_MINUTES` says for how long each kind is to go on:
//!
//! ```text
//! FUZZ_MINUTES=60 cargo test --release --test site fuzz:: -- --show-output
//! ```
//!
//! A failure is made as small as it gets before it is told. What was found stands as a test beside what it was about.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking, and whoever runs them says for how long"
)]

mod documents;
mod inputs;
mod jwts;
mod parameters;
mod sealed;

use std::fmt::Debug;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestRunner};
use shared::store::Patience;
use tests::flow::REDIRECT;
use tests::keys::Key;
use tests::{Browser, Client, DocumentSite, Reply, TestSite, Wishes, json};
use tokio::runtime::Runtime;

/// A site that takes addresses as client ids, with somebody signed in, and two applications of theirs: one has a secret, one a key.
struct Scene<'s> {
    site: &'s DocumentSite,
    browser: Browser<'s>,
    client: Client,
    keyed: Client,
    key: Key,
}

/// Feeds inputs to `check`, which panics at what must not be.
fn fuzz<T: Debug>(inputs: impl Strategy<Value = T>, check: impl AsyncFn(&Scene<'_>, T)) {
    let minutes: Option<u64> = std::env::var("FUZZ_MINUTES").ok().and_then(|text| text.parse().ok());
    let runtime = Runtime::new().unwrap();
    let until = Instant::now() + Duration::from_secs(60 * minutes.unwrap_or(0));
    // The suite has the same inputs in every run.
    let config = Config { cases: 48, failure_persistence: None, ..Config::default() };
    let (cases, mut rounds) = (AtomicU64::new(0), 0);
    loop {
        // What the sites, their table and their log remember of the inputs before is in memory.
        let site = runtime.block_on(start(minutes.is_some()));
        let scene = runtime.block_on(scene(&site));
        for _ in 0..20 {
            // A runner counts what it has run, and after its 48 it runs nothing more: each round has one of its own.
            let config = config.clone();
            let mut runner =
                if minutes.is_some() { TestRunner::new(config) } else { TestRunner::new_with_rng(config, fixed()) };
            let (runtime, scene, inputs) = (AssertUnwindSafe(&runtime), AssertUnwindSafe(&scene), &inputs);
            let outcome = runner.run(&inputs, |input| {
                cases.fetch_add(1, Ordering::Relaxed);
                runtime.block_on(check(&scene, input));
                Ok(())
            });
            if let Err(error) = outcome {
                panic!("{error}");
            }
            rounds += 1;
            assert_eq!(cases.load(Ordering::Relaxed), 48 * rounds, "a round that tries nothing finds nothing");
            if Instant::now() >= until {
                println!("{}: {} inputs", std::thread::current().name().unwrap_or("?"), cases.into_inner());
                return;
            }
        }
        tests::logs::forget();
    }
}

/// A site, which on a busy machine waits for its table as long as it takes: a long run shares the machine with others.
async fn start(patient: bool) -> DocumentSite {
    let long = Duration::from_secs(300);
    let patience = patient.then_some(Patience { attempt: long, operation: 3 * long });
    DocumentSite::start_with(Wishes { patience, ..Wishes::default() }).await
}

async fn scene(site: &DocumentSite) -> Scene<'_> {
    let (browser, key) = (site.browser(), Key::es256());
    browser.sign_in(&site.register("sakura").await).await;
    let client = site.client().await;
    browser.authorize_and_redeem(&client, "openid profile offline_access collections:read").await;
    let keyed = site.keyed_client(&key, json!({})).await;
    Scene { site, browser, client, keyed, key }
}

fn fixed() -> proptest::test_runner::TestRng {
    proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha)
}

/// No input makes a 5xx, and none sends anybody anywhere but to a registered address or a page of ours.
fn assert_sound(site: &TestSite, reply: &Reply) {
    assert!(reply.status < 500, "{} {}", reply.status, reply.body);
    let location = reply.header("location");
    let ours = location.starts_with('/') && !location.starts_with("//");
    let registered = location == REDIRECT || location.starts_with(&format!("{REDIRECT}?"));
    assert!(location.is_empty() || ours || registered || location.starts_with(site.issuer()), "{location}");
}
