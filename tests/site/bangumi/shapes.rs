//! Every answer has the shape that Bangumi's OpenAPI description gives it: `tests/data/bangumi.json` is the part of it that
//! is asked for here, without its prose, and without what it says of infoboxes' values: not even Bangumi keeps to that.

use std::sync::LazyLock;

use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::Bench;

static PUBLISHED: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../data/bangumi.json")).unwrap());

/// What the description does not say, and the API does all the same: what is null where nothing stands.
fn without_null(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, value| !(value.is_null() && ["comment", "date", "data"].contains(&name.as_str())));
            members.values_mut().for_each(without_null);
        }
        Value::Array(values) => values.iter_mut().for_each(without_null),
        _ => {}
    }
}

async fn ask(bench: &Bench, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let base = bench.app().upstream.find("bangumi").unwrap().address("api").unwrap();
    let request = bench.site.http.request(method, format!("{base}{path}"));
    let request = request.header("user-agent", "moe/bangumoe/0.1.0 (https://example.org)");
    let request = request.bearer_auth(bench.token.expose_secret());
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(body.to_string()),
        None => request,
    };
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

fn check(name: &str, path: &str, mut answer: Value) {
    without_null(&mut answer);
    let schema = json!({ "allOf": [PUBLISHED["answers"][name]], "components": PUBLISHED["components"] });
    assert!(PUBLISHED["answers"][name].is_object(), "{name}");
    let validator = jsonschema::draft4::new(&schema).unwrap();
    let wrong: Vec<_> = validator.iter_errors(&answer).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{path}: {wrong:?}: {answer}");
}

#[tokio::test]
async fn answers_are_as_published() {
    let bench = Bench::start().await;
    bench.world().fill("sakura", 60);
    for (name, path) in [
        ("GET /v0/me", "/v0/me"),
        ("GET /v0/users/{username}/collections", "/v0/users/sakura/collections?subject_type=2&limit=50"),
        ("GET /v0/users/{username}/collections", "/v0/users/sakura/collections?offset=60"),
        ("GET /v0/users/{username}/collections/{subject_id}", "/v0/users/sakura/collections/4"),
        ("GET /v0/users/-/collections/{subject_id}/episodes", "/v0/users/-/collections/4/episodes?limit=1000"),
        ("GET /v0/users/-/collections/{subject_id}/episodes", "/v0/users/-/collections/899/episodes?offset=1000"),
        ("GET /v0/users/-/collections/{subject_id}/episodes", "/v0/users/-/collections/37/episodes"),
        ("GET /v0/subjects/{subject_id}", "/v0/subjects/253"),
        ("GET /v0/subjects/{subject_id}", "/v0/subjects/37"),
        ("GET /v0/subjects/{subject_id}", "/v0/subjects/3"),
        ("GET /v0/episodes", "/v0/episodes?subject_id=9717&limit=200"),
    ] {
        let (status, answer) = ask(&bench, Method::GET, path, None).await;
        assert_eq!(status, 200, "{path}: {answer}");
        check(name, path, answer);
    }
    let body = Some(json!({ "keyword": "魔法", "filter": { "type": [2] } }));
    let (status, answer) = ask(&bench, Method::POST, "/v0/search/subjects?limit=20", body).await;
    assert_eq!((status, answer["data"].as_array().unwrap().len()), (200, 20));
    check("POST /v0/search/subjects", "search", answer);
    for path in
        ["/v0/subjects/400", "/v0/users/sakura/collections/9717", "/v0/users/nobody/collections", "/v0/episodes"]
    {
        let (status, answer) = ask(&bench, Method::GET, path, None).await;
        assert!(status == 404 || status == 400, "{path}: {answer}");
        check("error", path, answer);
    }
}
