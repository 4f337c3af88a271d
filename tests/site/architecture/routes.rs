//! Template and routers agree: what the template declares is answered, and nothing else is.

use std::collections::BTreeSet;

use local::functions::routers;
use local::template::{Route, Template};
use tests::{TestSite, Value, json};

use super::{at, code, files, functions};

/// Whether a route's path is one of those that another takes: `/connect/bangumi/callback` of `/connect/{provider}/callback`.
/// The gateway asks the more special one's function.
fn takes(general: &str, path: &str) -> bool {
    let (general, path) = (general.split('/'), path.split('/'));
    general.clone().count() == path.clone().count()
        && general
            .zip(path)
            .all(|(general, path)| general == path || (general.starts_with('{') && !general.ends_with("+}")))
}

/// A route's path with something in its parameters.
fn filled(path: &str) -> String {
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { "1" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

fn declared() -> Vec<Route> {
    Template::embedded().unwrap().routes
}

#[tokio::test]
async fn every_route_of_the_template_is_answered_by_its_function() {
    let site = TestSite::start().await;
    for Route { method, path, function } in declared() {
        let request = site.http.request(method.clone(), site.url(&filled(&path)));
        let reply = site.send(request, None).await;
        assert!(
            reply.status < 500 && reply.status != 405,
            "{method} {path} of {function}: {} {}",
            reply.status,
            reply.body
        );
        assert_ne!(reply.body, r#"{"message":"Not Found"}"#, "{method} {path}");
    }
}

#[tokio::test]
async fn a_function_answers_nothing_that_the_template_does_not_route_to_it() {
    let site = TestSite::start().await;
    let declared = declared();
    let paths: BTreeSet<_> = declared.iter().map(|route| &route.path).collect();
    for (name, router) in routers() {
        let router = shared::lambda::logged(router, site.site.app());
        for path in &paths {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
                let own = || declared.iter().filter(|route| route.function == name);
                // A path that is one of the function's own is no `{…}` of another of its paths.
                let stands = own().any(|route| route.path == **path);
                let is_declared = own()
                    .filter(|route| if stands { route.path == **path } else { takes(&route.path, path) })
                    .any(|route| route.method.as_str() == method);
                let event = event(method, &filled(path));
                let answer = shared::lambda::invoke(name, &router, event.to_string().as_bytes()).await.unwrap();
                // 405: the path is there, the method isn't; or what is in the path is a word of ours.
                let is_answered = answer["body"] != shared::http::NO_ROUTE && answer["statusCode"] != 405;
                assert_eq!(is_answered, is_declared, "{name}: {method} {path}: {answer}");
            }
        }
    }
}

fn event(method: &str, path: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": format!("{method} {path}"), "rawPath": path, "rawQueryString": "",
        "headers": { "host": "id.example.org" }, "isBase64Encoded": false,
        "requestContext": {
            "accountId": "123456789012", "apiId": "a1b2c3d4e5", "domainName": "id.example.org", "domainPrefix": "id",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9", "userAgent": "" },
            "requestId": "WkOhY3tjMEPMA=", "routeKey": format!("{method} {path}"), "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1_767_225_600_000_i64,
        },
    })
}

#[test]
fn every_path_in_a_functions_source_is_in_the_template_for_it() {
    let declared: BTreeSet<_> = declared().into_iter().map(|route| (route.function, route.path)).collect();
    let mut written = BTreeSet::new();
    for function in functions() {
        for file in files(&format!("functions/{function}/src"), ".rs") {
            for rest in code(&file).split(".route(").skip(1) {
                let literal = rest.trim_start().strip_prefix('"').expect("a route's path stands where it is used");
                let path = literal.split('"').next().unwrap();
                // A `{more+}` of the template takes nothing as well, which here is a route of its own.
                let path = match path.strip_suffix('/').filter(|path| !path.is_empty()) {
                    Some(path) => format!("{path}/{{more+}}"),
                    None => path.replace("{*more}", "{more+}"),
                };
                written.insert((function.clone(), path));
            }
        }
    }
    assert_eq!(written, declared);
}

#[test]
fn every_folder_of_functions_is_a_function_of_the_template() {
    let template = Template::embedded().unwrap();
    let routed = template.routes.iter().map(|route| route.function.clone());
    let declared: BTreeSet<_> = routed.chain(template.schedules.iter().map(|one| one.function.clone())).collect();
    assert_eq!(declared, functions().into_iter().collect());
    assert!(at("template.yaml").exists());
}
