//! What is logged and measured: everything that an operator needs, and nothing that anybody sent.

#![expect(clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeSet;

use local::template::{Route, Template};
use tests::flow::VERIFIER;
use tests::{Fault, PASSWORD, Reply, START, TestSite, Value, json, logs};

/// A request's line without what differs each time; that is there, and what it should be.
fn line(site: &TestSite, reply: &Reply) -> Value {
    let mut line = site.logged(reply);
    let members = line.as_object_mut().unwrap();
    assert!(members.remove("duration_ms").unwrap().as_f64().unwrap() >= 0.0);
    for id in ["request_id", "gateway_id"] {
        assert_eq!(members.remove(id).unwrap(), reply.header("apigw-requestid"));
    }
    assert_eq!((members.remove("level"), members.remove("target")), (Some("INFO".into()), Some("request".into())));
    if let Some(metadata) = members.remove("_aws") {
        embedded(&metadata, members);
    }
    line
}

/// Checks a line's metadata against the specification of CloudWatch's embedded metric format.
fn embedded(metadata: &Value, root: &serde_json::Map<String, Value>) {
    let metadata = metadata.as_object().unwrap();
    assert_eq!(metadata.keys().collect::<Vec<_>>(), ["CloudWatchMetrics", "Timestamp"]);
    assert_eq!(metadata["Timestamp"], START.0);
    let [directive] = metadata["CloudWatchMetrics"].as_array().unwrap().as_slice() else { panic!("{metadata:?}") };
    let directive = directive.as_object().unwrap();
    assert_eq!(directive.keys().collect::<Vec<_>>(), ["Dimensions", "Metrics", "Namespace"]);
    // One set, of no dimensions: every further one would be billed as a metric of its own.
    assert_eq!((&directive["Namespace"], &directive["Dimensions"]), (&json!("bangumoe"), &json!([[]])));
    let metrics = directive["Metrics"].as_array().unwrap();
    assert!(!metrics.is_empty());
    for metric in metrics {
        let name = metric["Name"].as_str().unwrap();
        assert_eq!(*metric, json!({ "Name": name, "Unit": "Count" }));
        assert!(root[name].as_u64().unwrap() > 0, "what did not happen is not told");
    }
}

async fn log_in(site: &TestSite, name: &str, password: &str) -> Reply {
    site.post("/login", None, json!({ "username": name, "password": password })).await
}

#[tokio::test]
async fn every_route_leaves_one_line_that_names_it_as_the_template_does() {
    let site = TestSite::start().await;
    for Route { method, path, function } in Template::embedded().unwrap().routes {
        let filled = path
            .replace("{subject_id}", "1")
            .replace("{username}", "nobody")
            .replace("{file}", "site.css")
            .replace("{client_id}", "x");
        let reply = site.send(site.http.request(method.clone(), site.url(&filled)), None).await;
        let line = line(&site, &reply);
        assert_eq!(line["route"], format!("{method} {path}"));
        assert_eq!((&line["function"], &line["status"]), (&json!(function), &json!(reply.status)));
        assert_eq!(line["error"].is_string(), reply.status >= 400, "{line}");
    }
}

#[tokio::test]
async fn a_success_names_client_and_user() {
    let site = TestSite::start().await;
    let (user, client) = (site.register("sakura").await, site.client().await);
    let browser = site.browser();
    browser.sign_in(&user).await;
    let code = browser.code(&client, "openid offline_access").await;
    let reply = site.redeem(&client, &code, VERIFIER).await;
    let expected = json!({
        "function": "token", "route": "POST /oauth2/token", "status": 200, "client": client.id, "user": user.user_id,
    });
    assert_eq!(line(&site, &reply), expected);
    let tokens = tests::Tokens::read(&reply);
    for reply in [site.refresh(&client, &tokens.refresh_token).await, site.userinfo(&tokens.access_token).await] {
        let line = line(&site, &reply);
        assert_eq!((&line["client"], &line["user"]), (&json!(client.id), &json!(user.user_id)), "{line}");
    }
    let own = site.token(&client, &[("grant_type", "client_credentials")]).await;
    let line = line(&site, &own);
    assert_eq!((&line["client"], &line["user"]), (&json!(client.id), &Value::Null));
}

#[tokio::test]
async fn who_signs_in_registers_or_has_a_session_is_named() {
    let site = TestSite::start().await;
    let body = json!({ "username": "sakura", "password": PASSWORD });
    let registered = site.post("/register", None, body).await;
    let id = &registered.json()["user_id"];
    let signed_in = log_in(&site, "sakura", PASSWORD).await;
    let token = signed_in.json()["access_token"].as_str().unwrap().to_owned();
    let own = site.get("/account", Some(&token)).await;
    let cookie = signed_in.set_cookie("session").unwrap();
    let by_cookie = site.http.get(site.url("/account")).header("cookie", cookie.split(';').next().unwrap());
    let by_cookie = site.send(by_cookie, None).await;
    for reply in [&registered, &signed_in, &own, &by_cookie] {
        assert!(reply.status < 300, "{}", reply.body);
        assert_eq!(line(&site, reply)["user"], *id);
    }
    let made = site.post("/oauth2/register", Some(&token), json!({ "redirect_uris": ["https://a.example/cb"] })).await;
    let made_line = line(&site, &made);
    assert_eq!((&made_line["user"], &made_line["client"]), (id, &made.json()["client_id"]));
}

#[tokio::test]
async fn a_protocol_error_is_logged_with_its_code_and_with_what_the_answer_does_not_say() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let reply = site.refresh(&client, "no refresh token of ours").await;
    let expected = json!({
        "function": "token", "route": "POST /oauth2/token", "status": 400, "client": client.id,
        "error": "invalid_grant", "detail": "not a value that this server sealed",
    });
    assert_eq!((reply.status, line(&site, &reply)), (400, expected));

    let stranger = tests::Client { secret: Some("a guess at its secret".to_owned()), ..client.clone() };
    let reply = site.token(&stranger, &[("grant_type", "client_credentials")]).await;
    let expected = json!({
        "function": "token", "route": "POST /oauth2/token", "status": 401, "client": client.id,
        "error": "invalid_client", "detail": "the secret is wrong", "BadClientAuthentication": 1,
    });
    assert_eq!((reply.status, line(&site, &reply)), (401, expected));

    // By redirect the status says nothing.
    let reply = site.browser().authorize(&format!("{}&prompt=none", client.query("openid"))).await;
    let expected = json!({
        "function": "authorize", "route": "GET /oauth2/authorize", "status": 303, "client": client.id,
        "error": "login_required",
    });
    assert_eq!((reply.status, line(&site, &reply)), (303, expected));
}

#[tokio::test]
async fn a_refused_token_is_logged_with_the_reason_and_with_whom_it_names() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    assert_eq!(site.post("/logout", Some(&token), json!({})).await.status, 204);
    let reply = site.get("/collections", Some(&token)).await;
    let expected = json!({
        "function": "collections", "route": "GET /collections", "status": 401, "user": user.user_id,
        "error": "invalid_token", "detail": "the session is over",
    });
    assert_eq!((reply.status, line(&site, &reply)), (401, expected));
    let reply = site.get("/collections", Some("no.token.atall")).await;
    assert_eq!(line(&site, &reply)["detail"], "not an access token of ours");
    // Without a token there is no error of a token's; the status says what it is.
    let reply = site.get("/collections", None).await;
    let expected =
        json!({ "function": "collections", "route": "GET /collections", "status": 401, "error": "Unauthorized" });
    assert_eq!(line(&site, &reply), expected);
}

#[tokio::test]
async fn failed_sign_ins_are_counted_and_so_are_those_that_are_not_tried_any_more() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let wrong = log_in(&site, "sakura", "a wrong password").await;
    let expected = json!({
        "function": "login", "route": "POST /login", "status": 401, "user": user.user_id, "error": "Unauthorized",
        "SignInFailures": 1,
    });
    assert_eq!((wrong.status, line(&site, &wrong)), (401, expected));
    let nobody = line(&site, &log_in(&site, "nobody@moe.example", "a wrong password").await);
    assert_eq!((&nobody["SignInFailures"], &nobody["user"]), (&json!(1), &Value::Null));
    let mut last = wrong;
    for _ in 0..100 {
        if last.status == 429 {
            break;
        }
        last = log_in(&site, "sakura", "a wrong password").await;
    }
    let expected = json!({
        "function": "login", "route": "POST /login", "status": 429, "user": user.user_id,
        "error": "Too Many Requests", "Throttled": 1,
    });
    assert_eq!((last.status, line(&site, &last)), (429, expected));
    // A password that is asked again of who is signed in counts too.
    let token = site.sign_in(&site.register("tomoyo").await).await;
    let wrong = site.delete("/account", Some(&token), json!({ "password": "a wrong password" })).await;
    assert_eq!((wrong.status, &line(&site, &wrong)["SignInFailures"]), (403, &json!(1)));
}

#[tokio::test]
async fn a_failing_table_is_counted_and_what_it_said_carries_the_requests_id() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    site.proxy.fail_from(0, Fault::Throttle);
    let reply = site.get("/account", Some(&token)).await;
    site.proxy.heal();
    let expected = json!({
        "function": "account", "route": "GET /account", "status": 503, "user": user.user_id,
        "error": "Service Unavailable", "ServerErrors": 1, "TableErrors": 1,
    });
    assert_eq!((reply.status, line(&site, &reply)), (503, expected));
    let lines = logs::of(reply.header("apigw-requestid"));
    let failure = lines.iter().find(|line| line["message"] == "the table failed").unwrap();
    assert_eq!((&failure["level"], &failure["target"]), (&json!("ERROR"), &json!("shared::http::problem")));
    let said = failure["error"].as_str().unwrap();
    assert!(said.starts_with("BatchGetItem: ") && said.contains("ProvisionedThroughputExceeded"), "{said}");
    assert!(!said.contains("Response {"), "no bytes of the answer: {said}");
    // What was tried again with success did not fail.
    site.proxy.fail_each_once(Fault::Throttle);
    let again = site.get("/account", Some(&token)).await;
    assert_eq!((again.status, &line(&site, &again)["TableErrors"]), (200, &Value::Null));
}

#[tokio::test]
async fn a_code_or_refresh_token_that_comes_again_is_counted() {
    let site = TestSite::start().await;
    let (user, client) = (site.register("sakura").await, site.client().await);
    let browser = site.browser();
    browser.sign_in(&user).await;
    let code = browser.code(&client, "openid").await;
    assert_eq!(site.redeem(&client, &code, VERIFIER).await.status, 200);
    let again = site.redeem(&client, &code, VERIFIER).await;

    let first = browser.authorize_and_redeem(&client, "openid offline_access").await.refresh_token;
    for _ in 0..2 {
        let reply = site.refresh(&client, &first).await;
        assert_eq!((reply.status, &line(&site, &reply)["ReplaysDetected"]), (200, &Value::Null), "a lost answer");
    }
    site.clock.advance(11);
    let old = site.refresh(&client, &first).await;
    for (reply, warning) in [(again, "a code was used twice"), (old, "an old refresh token was used")] {
        let mut logged = site.logged(&reply);
        assert_eq!((&logged["status"], &logged["ReplaysDetected"]), (&json!(400), &json!(1)));
        let metrics = logged["_aws"]["CloudWatchMetrics"][0]["Metrics"].take();
        assert_eq!(metrics, json!([{ "Name": "ReplaysDetected", "Unit": "Count" }]));
        let lines = logs::of(reply.header("apigw-requestid"));
        let warnings = lines.iter().filter(|line| line["level"] == "WARN").collect::<Vec<_>>();
        let [warned] = warnings.as_slice() else { panic!("{lines:?}") };
        assert!(warned["message"].as_str().unwrap().starts_with(warning), "{warned}");
        assert_eq!((&warned["client"], &warned["user"]), (&json!(client.id), &json!(user.user_id)));
    }
}

#[tokio::test]
async fn a_quiet_request_carries_no_metrics_at_all() {
    let site = TestSite::start().await;
    for path in ["/", "/oauth2/jwks", "/static/nothing", "/users/nobody/collections"] {
        let reply = site.get(path, None).await;
        assert!(site.logged(&reply).get("_aws").is_none(), "{path}");
    }
}

#[tokio::test]
async fn the_module_documents_every_metric_and_there_are_no_more_than_are_free() {
    let source = include_str!("../../shared/src/log.rs");
    let named: BTreeSet<_> =
        source.lines().filter_map(|line| line.trim().strip_prefix("Self::")?.split_once(" => \"")).collect();
    let documented = source.lines().filter_map(|line| line.strip_prefix("//! | `")?.split_once("` | Count | "));
    let documented: BTreeSet<_> = documented.map(|(name, _)| name).collect();
    assert_eq!(documented, named.iter().map(|(name, _)| *name).collect());
    assert!((1..=6).contains(&documented.len()));
}

#[tokio::test]
async fn a_scheduled_run_leaves_a_line_of_what_it_did() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    let deleted = site.delete("/account", Some(&token), json!({ "password": PASSWORD })).await;
    assert_eq!(deleted.status, 204);
    let run = async |function: &'static str, id: &str| {
        let (app, mut scheduled) = (site.site.app(), local::functions::scheduled().into_iter());
        let (_, run) = scheduled.find(|(name, _)| *name == function).unwrap();
        let outcome = shared::log::run(function, id.to_owned(), &app.clock, run(app.clone())).await;
        let mut line = logs::of(id).into_iter().find(|line| line["target"] == "run").unwrap();
        assert!(line.as_object_mut().unwrap().remove("duration_ms").unwrap().is_number());
        (outcome.is_ok(), line)
    };
    let id = format!("run of {}", site.site.port());
    let expected = json!({
        "level": "INFO", "target": "run", "function": "sweep", "request_id": id, "outcome": "ok", "done": 1,
    });
    assert_eq!(run("sweep", &id).await, (true, expected));

    site.proxy.fail_from(0, Fault::Error);
    let (succeeded, line) = run("sweep", &format!("failing {id}")).await;
    assert_eq!((succeeded, &line["outcome"], &line["done"]), (false, &json!("error"), &json!(0)));
    assert!(line["error"].as_str().unwrap().starts_with("Query: "), "{line}");
    // Deleted accounts, sign-outs, letters and tokens: none waits for another.
    assert_eq!((&line["TableErrors"], &line["_aws"]["Timestamp"]), (&json!(4), &json!(START.0)));

    site.proxy.heal();
    site.clock.advance(30 * 24 * 3600);
    let (succeeded, line) = run("rotate-keys", &format!("rotating {id}")).await;
    assert_eq!((succeeded, &line["done"]), (true, &json!(3)), "the next key of each kind");
}

#[tokio::test]
async fn what_an_attacker_sends_is_nowhere_in_the_log() {
    let site = TestSite::start().await;
    let hostile = "x\"}\n{\"level\":\"ERROR\", evil";
    let with_id = |id: &str| tests::Client { id: id.to_owned(), secret: Some("s".to_owned()) };
    let replies = [
        site.token(&with_id(hostile), &[("grant_type", "refresh_token")]).await,
        site.token(&with_id("client_evilevilevilevilevilevi"), &[("grant_type", hostile), ("scope", hostile)]).await,
        site.send(site.http.post(site.url("/oauth2/token")).basic_auth(hostile, Some(hostile)), None).await,
        site.browser().authorize(&with_id(hostile).query(hostile)).await,
        log_in(&site, hostile, hostile).await,
        log_in(&site, "evil@moe.example", "evil evil evil").await,
        site.post("/register", None, json!({ "username": "evil", "email": hostile, "password": hostile })).await,
        site.post("/oauth2/register", None, json!({ "redirect_uris": "https://evil.example" })).await,
        site.get("/users/evil@moe.example/collections", None).await,
        site.get("/collections/evil?cursor=evil", None).await,
        site.get("/static/evil.css", None).await,
        site.get("/oauth2/userinfo", Some("evil.evil.evil")).await,
        site.send(site.http.get(site.url("/")).header("user-agent", "evil").header("cookie", "session=evil"), None)
            .await,
    ];
    for reply in &replies {
        let logged = site.logged(reply);
        assert!(!logged.to_string().contains("evil"), "{logged}");
        assert!(logged.get("client").is_none() && logged.get("user").is_none(), "{logged}");
    }
    // The gateway itself answers these.
    for path in ["/evil/path", "/evil@moe.example", "/oauth2/token/evil"] {
        let reply = site.get(path, None).await;
        assert_eq!((reply.status, logs::of(reply.header("apigw-requestid"))), (404, vec![]), "{path}");
    }
    assert!(!logs::everything().iter().any(|line| line.contains("evil.") || line.contains("/evil")));
}

#[tokio::test]
async fn an_item_that_does_not_read_is_not_quoted() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    let profile =
        site.dump().await.into_iter().find(|item| item["type"]["S"] == "user" && item["SK"]["S"] == "PROFILE");
    let mut profile = profile.unwrap();
    profile["epoch"] = json!({ "S": "secret@moe.example" });
    let body = json!({ "TableName": local::table::TABLE_NAME, "Item": profile });
    let put = site.http.post(site.table_endpoint()).header("x-amz-target", "DynamoDB_20120810.PutItem");
    let put = put.header("content-type", "application/x-amz-json-1.0").header("x-amz-date", "20260101T000000Z");
    let put = put.header(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0",
    );
    let put = put.body(body.to_string()).send().await.unwrap();
    assert_eq!(put.status(), 200);
    let reply = site.get("/account", Some(&token)).await;
    assert_eq!(reply.status, 503);
    let lines = logs::of(reply.header("apigw-requestid"));
    let failure = lines.iter().find(|line| line["message"] == "the table failed").unwrap();
    assert_eq!(failure["error"], "an item does not read: user");
}

#[tokio::test]
#[should_panic(expected = "logged, and should not be")]
async fn a_secret_in_the_log_fails_the_test_whose_secret_it_is() {
    let site = TestSite::start().await;
    let reply = log_in(&site, "sakura", "a Planted password").await;
    assert_eq!(reply.status, 401);
    // An error that quotes what it was given.
    let careless = async { Err("the hash of `a Planted password` could not be made") };
    let _ = shared::log::run("careless", String::new(), &site.clock, careless).await;
}

#[test]
fn what_looks_like_a_secret_is_found_whoever_sent_it() {
    for line in [
        r#"{"error":"no user sakura@moe.example"}"#,
        r#"{"error":"+8613800138000 is taken"}"#,
        r#"{"token":"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJhIn0.c2lnbmF0dXJl"}"#,
        r#"{"cookie":"session=AQx5Zm9vYmFyYmF6cXV4LWZvb2JhcmJhenF1eC1mb29iYXI"}"#,
        r#"{"client":"nobody"}"#,
        r#"{"user":"sakura"}"#,
    ] {
        assert!(logs::suspicious(line).is_some(), "{line}");
    }
    let good =
        r#"{"error":"PutItem: service error: io error (os error 111)","route":"GET /users/{username}/collections"}"#;
    assert_eq!(logs::suspicious(good), None);
}
