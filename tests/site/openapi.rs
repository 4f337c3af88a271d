//! The OpenAPI document: made from the code, complete, and true. That every answer of every other test is as it says,
//! `tests::contract` checks.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::collections::BTreeSet;

use local::template::Template;
use tests::contract::{DOCUMENT, resolved, validator, wrong};
use tests::{TestSite, Value, Wishes};

use super::architecture::{at, read};

/// Every operation, with its method and path.
fn operations() -> Vec<(String, &'static Value)> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        item.as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    });
    operations.collect()
}

#[test]
fn every_route_of_the_template_is_described_and_nothing_else() {
    // What a `{more+}` takes beyond a slash is nothing: the slash is what it is there for.
    let routes = Template::embedded().unwrap().routes;
    let declared: BTreeSet<_> =
        routes.iter().map(|route| format!("{} {}", route.method, route.path.replace("{more+}", ""))).collect();
    let described: BTreeSet<_> = operations().into_iter().map(|(name, _)| name).collect();
    assert_eq!(described, declared, "openapi/src/ has a file for each function");
}

#[test]
fn the_file_that_is_served_is_what_the_code_makes() {
    let file = read(&at(openapi::FILE));
    assert!(file == openapi::render(&DOCUMENT), "run `cargo xtask openapi`");
    assert_eq!(serde_json::from_str::<Value>(&file).unwrap(), *DOCUMENT);
}

#[tokio::test]
async fn anybody_may_read_and_keep_it_and_it_names_this_site() {
    let issuer = "https://moe.example";
    let site = TestSite::start_with(Wishes { issuer: Some(issuer.to_owned()), ..Wishes::default() }).await;
    let reply = site.get("/openapi.json", None).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
    assert_eq!(reply.header("cache-control"), "public, max-age=300");
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert_eq!(reply.header("set-cookie"), "");
    assert_eq!(reply.json()["servers"][0]["url"], issuer);
    assert!(!reply.body.contains(openapi::ISSUER));
    let preflight = site.http.request(reqwest::Method::OPTIONS, site.url("/openapi.json"));
    let preflight = site.send(preflight.header("origin", "https://docs.example"), None).await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-methods")), (204, "GET"));
}

/// Fails where a media type's or parameter's example is missing, if there must be one, or does not fit its schema.
fn example(name: &str, holder: &Value, is_needed: bool) {
    let example = &holder["example"];
    if example.is_null() {
        assert!(!is_needed, "{name} has no example");
        return;
    }
    let wrong = wrong(&validator(&holder["schema"]), example);
    assert!(wrong.is_none(), "{name}: {}: {example}", wrong.unwrap_or_else(|| panic!()));
}

#[test]
fn every_body_has_an_example_and_every_example_fits_its_schema() {
    for (name, operation) in operations() {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let required = parameter["required"] == true;
            example(&format!("{name}: {}", parameter["name"]), parameter, required);
        }
        let responses = operation["responses"].as_object().unwrap();
        let bodies = responses.iter().map(|(status, response)| (status.as_str(), resolved(response)));
        for (part, body) in bodies.chain([("request", &operation["requestBody"])]) {
            for (media, content) in body["content"].as_object().into_iter().flatten() {
                let is_told = media.ends_with("json") || media.ends_with("urlencoded");
                example(&format!("{name}: {part}: {media}"), content, is_told);
            }
        }
    }
}

#[test]
fn every_operation_has_a_name_of_its_own_a_summary_and_an_answer_that_is_no_error() {
    let mut names = BTreeSet::new();
    let tags: Vec<_> = DOCUMENT["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    for (name, operation) in operations() {
        assert!(names.insert(operation["operationId"].as_str().unwrap()), "{name}");
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name}");
        assert!(tags.contains(&&operation["tags"][0]), "{name}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.as_str() < "400"), "{name}");
        for (status, response) in responses {
            assert!(!resolved(response)["description"].as_str().unwrap().is_empty(), "{name} {status}");
        }
        for way in operation["security"].as_array().into_iter().flatten().flat_map(|way| way.as_object().unwrap()) {
            assert!(DOCUMENT["components"]["securitySchemes"][way.0].is_object(), "{name}: {}", way.0);
        }
    }
}
