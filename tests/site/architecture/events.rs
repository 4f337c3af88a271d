//! `events/`: what AWS hands each function, and that it answers.

use std::collections::{BTreeSet, HashMap};

use local::template::Template;
use reqwest::header::{HeaderMap, HeaderName};
use tests::{Reply, TestSite, Value, Wishes, contract, json};

use super::{at, files, functions, read};

/// `events/story.json`: the events in an order in which they can be told, each with its function and the status of its
/// answer (`None` where the clock calls, and nobody is answered). `cargo xtask invoke` tells it to the real binaries.
fn story() -> Vec<(String, String, Option<u16>)> {
    serde_json::from_str(&read(&at("events/story.json"))).unwrap()
}

/// What the clock alone calls.
const SCHEDULED: [&str; 3] = ["rotate-keys", "sweep", "sync"];

fn event(file: &str) -> Value {
    serde_json::from_str(&read(&at("events").join(file))).unwrap()
}

/// A site as it is deployed: at a name of its own.
async fn deployed() -> TestSite {
    TestSite::start_with(Wishes { issuer: Some("https://id.example.org".to_owned()), ..Wishes::default() }).await
}

#[tokio::test]
async fn every_event_of_api_gateway_is_answered_by_its_function() {
    let site = deployed().await;
    let routers: HashMap<_, _> = local::functions::routers().into_iter().collect();
    for (file, function, expected) in story() {
        let Some(expected) = expected else { continue };
        let router = shared::lambda::logged(routers[&*function].clone(), site.site.app());
        let event = read(&at("events").join(&file));
        let answer = shared::lambda::invoke(&function, &router, event.as_bytes()).await.unwrap();
        assert_eq!(answer["statusCode"], expected, "{file}: {answer}");
        assert!(answer["headers"]["content-type"].is_string(), "{file}: {answer}");
        is_described(&event, &answer);
    }
}

/// The answer is as the OpenAPI document has it.
fn is_described(event: &str, answer: &Value) {
    let event: Value = serde_json::from_str(event).unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        headers.insert(name.parse::<HeaderName>().unwrap(), value.as_str().unwrap().parse().unwrap());
    }
    for cookie in answer["cookies"].as_array().into_iter().flatten() {
        headers.append("set-cookie", cookie.as_str().unwrap().parse().unwrap());
    }
    // API Gateway's.
    headers.insert("apigw-requestid", "1".parse().unwrap());
    let reply = Reply {
        path: event["rawPath"].as_str().unwrap().to_owned(),
        status: answer["statusCode"].as_u64().unwrap().try_into().unwrap(),
        headers,
        body: answer["body"].as_str().unwrap_or_default().to_owned(),
    };
    contract::check(&event["requestContext"]["http"]["method"].as_str().unwrap().parse().unwrap(), &reply);
}

#[tokio::test]
async fn the_clocks_events_run_the_scheduled_functions() {
    let site = deployed().await;
    let mut names = Vec::new();
    for (name, run) in local::functions::scheduled() {
        let event = event(&format!("{name}.json"));
        assert_eq!((&event["source"], &event["detail-type"]), (&json!("aws.scheduler"), &json!("Scheduled Event")));
        run(site.site.app().clone()).await.unwrap();
        names.push(name);
    }
    assert_eq!(names, SCHEDULED);
}

#[test]
fn every_function_has_an_event_and_every_event_its_place_in_a_test() {
    let files = files("events", ".json");
    let names = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap().to_owned());
    let names: BTreeSet<_> = names.filter(|name| name != "story.json").collect();
    let told: BTreeSet<_> = story().into_iter().map(|(file, _, _)| file).collect();
    assert_eq!(names, told);
    for function in functions() {
        assert!(names.iter().any(|name| name.starts_with(&function)), "{function} has no event");
    }
}

#[test]
fn every_event_is_of_a_route_that_the_template_gives_to_that_function() {
    let routes = Template::embedded().unwrap().routes;
    for (file, function, expected) in story() {
        assert!(file.starts_with(&function));
        let scheduled = local::functions::scheduled().into_iter().any(|(name, _)| name == function);
        assert_eq!(expected.is_none(), scheduled, "{file}");
        if scheduled {
            continue;
        }
        let event = event(&file);
        assert_eq!(event["version"], "2.0");
        let key = event["routeKey"].as_str().unwrap();
        let route = routes.iter().find(|route| format!("{} {}", route.method, route.path) == key).unwrap();
        assert_eq!(route.function, function, "{file}");
        let context = &event["requestContext"];
        assert_eq!((&context["routeKey"], &context["http"]["method"]), (&json!(key), &json!(route.method.as_str())));
        assert_eq!(context["http"]["path"], event["rawPath"], "{file}");
    }
}

#[tokio::test]
async fn a_path_in_letters_of_any_script_does_not_break_a_function() {
    let site = deployed().await;
    let routers: HashMap<_, _> = local::functions::routers().into_iter().collect();
    let router = shared::lambda::logged(routers["collections"].clone(), site.site.app());
    // API Gateway may have decoded it.
    for path in
        ["/users/桜/collections", "/users/a b/collections", "/users/%E6%A1%9C/collections", "/users/%/collections"]
    {
        let mut event = event("collections-public.json");
        event["rawPath"] = path.into();
        event["requestContext"]["http"]["path"] = path.into();
        let answer = shared::lambda::invoke("collections", &router, event.to_string().as_bytes()).await.unwrap();
        let status = answer["statusCode"].as_u64().unwrap();
        assert!((400..500).contains(&status), "{path}: {answer}");
    }
}
