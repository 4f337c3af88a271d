//! `POST /register`.

use tests::{PASSWORD, TestSite, json};

use super::{documented, fields};

#[tokio::test]
async fn an_account_has_exactly_the_documented_fields() {
    let site = TestSite::start().await;
    let body = json!({ "username": "Sakura-1", "email": "Sakura@Moe.Example", "phone": "13800138000",
                       "password": PASSWORD, "nickname": "さくら" });
    let reply = site.post("/register", None, body).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    assert_eq!(fields(&reply), documented());
    let user = reply.json();
    assert_eq!(user["username"], "Sakura-1");
    assert_eq!(user["email"], "sakura@moe.example");
    assert_eq!(user["phone"], "+8613800138000", "11 digits are a number in China");
    assert_eq!(user["nickname"], "さくら");
    assert_eq!(user["email_verified"], false, "an address that nobody confirmed proves nothing");
    assert_eq!(user["phone_verified"], false);
    assert_eq!(user["created_at"], "2026-01-01T00:00:00Z");
    assert_eq!((&user["avatar"], &user["intro"]), (&json!(null), &json!(null)));
    assert!(!reply.body.contains(PASSWORD) && !reply.body.contains("argon2"));
    assert_eq!(reply.header("cache-control"), "no-store");
    assert!(reply.set_cookie("session").is_none(), "registering by JSON signs nobody in");
}

#[tokio::test]
async fn one_identifier_of_any_kind_is_enough() {
    let site = TestSite::start().await;
    for (field, value) in [("username", "sakura"), ("email", "a@moe.example"), ("phone", "+14155550100")] {
        let reply = site.post("/register", None, json!({ field: value, "password": PASSWORD })).await;
        assert_eq!(reply.status, 201, "{field}: {}", reply.body);
        assert_eq!(reply.json()[field], value);
        let login = site.post("/login", None, json!({ "username": value, "password": PASSWORD })).await;
        assert_eq!(login.status, 200, "{field}: {}", login.body);
    }
    let nobody = site.post("/register", None, json!({ "nickname": "Nobody", "password": PASSWORD })).await;
    assert_eq!((nobody.status, nobody.wrong_fields()), (422, vec!["identifier".to_owned()]));
    // An empty text is none.
    let empty = json!({ "username": " ", "email": "", "phone": null, "password": PASSWORD });
    assert_eq!(site.post("/register", None, empty).await.wrong_fields(), ["identifier"]);
}

#[tokio::test]
async fn identifiers_follow_the_rules_of_their_kind() {
    let site = TestSite::start().await;
    let long = "a".repeat(33);
    for (field, value, code) in [
        ("username", "short", "invalid_username"),
        ("username", &long, "invalid_username"),
        ("username", "123456", "invalid_username"),
        ("username", "with space", "invalid_username"),
        ("username", "dotted.name", "invalid_username"),
        ("username", "さくらさくら", "invalid_username"),
        ("email", "sakura", "invalid_email"),
        ("email", "sakura@", "invalid_email"),
        ("email", "Sakura <s@moe.example>", "invalid_email"),
        ("phone", "1234567890", "invalid_phone"),
        ("phone", "+0123456789", "invalid_phone"),
        ("phone", "+1234567890123456", "invalid_phone"),
        ("phone", "1380013800a", "invalid_phone"),
    ] {
        let reply = site.post("/register", None, json!({ field: value, "password": PASSWORD })).await;
        assert_eq!(reply.status, 422, "{field} {value}: {}", reply.body);
        assert_eq!(reply.header("content-type"), "application/problem+json");
        let error = reply.json()["errors"][0].clone();
        assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!(code)), "{value}");
        assert!(!error["message"].as_str().unwrap().is_empty());
    }
    for value in ["a-b_c1", "_-_-_a", &"b".repeat(32), "12345a"] {
        let reply = site.post("/register", None, json!({ "username": value, "password": PASSWORD })).await;
        assert_eq!(reply.status, 201, "{value}: {}", reply.body);
    }
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let site = TestSite::start().await;
    let long = "x".repeat(501);
    let body = json!({ "username": "!", "email": 5, "phone": "12", "password": "short", "nickname": long,
                       "avatar": "javascript:alert(1)", "intro": long });
    let reply = site.post("/register", None, body).await;
    assert_eq!(reply.status, 422);
    let mut wrong = reply.wrong_fields();
    wrong.sort();
    assert_eq!(wrong, ["avatar", "email", "intro", "nickname", "password", "phone", "username"]);

    let reply = site.post("/register", None, json!({ "username": ["a"], "password": 12_345_678 })).await;
    assert_eq!((reply.status, reply.wrong_fields()), (422, vec!["username".to_owned(), "password".to_owned()]));
    let reply = site.post("/register", None, json!({})).await;
    assert_eq!((reply.status, reply.wrong_fields()), (422, vec!["identifier".to_owned(), "password".to_owned()]));
}

#[tokio::test]
async fn s51_registration_names_the_taken_fields() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let body = json!({ "phone": "+8613800138000", "password": PASSWORD });
    assert_eq!(site.post("/register", None, body).await.status, 201);
    for (body, taken) in [
        (json!({ "username": "SAKURA" }), vec!["username"]),
        (json!({ "email": "SAKURA@MOE.EXAMPLE" }), vec!["email"]),
        (json!({ "phone": "13800138000" }), vec!["phone"]),
        (json!({ "username": "Sakura", "email": "other@moe.example" }), vec!["username"]),
        (
            json!({ "username": "sakura", "email": "sakura@moe.example", "phone": "13800138000" }),
            vec!["username", "email", "phone"],
        ),
    ] {
        let mut body = body;
        body["password"] = PASSWORD.into();
        let reply = site.post("/register", None, body.clone()).await;
        assert_eq!(
            (reply.status, reply.wrong_fields()),
            (409, taken.iter().map(|t| (*t).to_owned()).collect()),
            "{body}"
        );
        assert_eq!(reply.json()["errors"][0]["code"], "taken");
    }
}

#[tokio::test]
async fn where_one_of_two_identifiers_is_taken_nothing_is() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let both = json!({ "username": "sakura", "email": "free@moe.example", "password": PASSWORD });
    assert_eq!(site.post("/register", None, both).await.status, 409);
    let login = json!({ "username": "free@moe.example", "password": PASSWORD });
    assert_eq!(site.post("/login", None, login).await.status, 401, "the free one was not taken along");
    let alone = json!({ "email": "free@moe.example", "password": PASSWORD });
    assert_eq!(site.post("/register", None, alone).await.status, 201);
}

#[tokio::test]
async fn a_registration_that_is_no_json_object_is_refused_plainly() {
    let site = TestSite::start().await;
    let send = async |kind: &str, body: &str| {
        let request = site.http.post(site.url("/register")).header("content-type", kind).body(body.to_owned());
        site.send(request, None).await
    };
    for (kind, body, status) in [
        ("application/json", "", 400),
        ("application/json", "[]", 400),
        ("application/json", "null", 400),
        ("application/json", "{\"username\":", 400),
        ("application/json", "\"sakura\"", 400),
        ("text/plain", r#"{"username":"sakura","password":"correct horse battery"}"#, 415),
        ("multipart/form-data; boundary=x", "--x--", 415),
    ] {
        let reply = send(kind, body).await;
        assert_eq!(reply.status, status, "{kind} {body}: {}", reply.body);
    }
    let good = r#"{"username":"sakura","password":"correct horse battery"}"#;
    assert_eq!(send("application/json; charset=utf-8", good).await.status, 201);
}

#[tokio::test]
async fn s51_registration_is_throttled_per_address() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    // The counter is the code's own, so that this needs no five hundred passwords hashed.
    let (now, store) = (site.clock.now(), &site.site.app().store);
    let limit = shared::account::limits::REGISTRATIONS_PER_ADDRESS;
    let counter = shared::store::rates::Counter::new("REGISTER", "127.0.0.1", limit, now);
    for _ in 1..limit {
        let attempt = shared::id::Attempt::new(&site.site.app().entropy);
        assert!(store.claim_attempt(&counter, attempt).await.unwrap());
    }
    let body = json!({ "username": "tomoyo", "password": PASSWORD });
    let reply = site.post("/register", None, body.clone()).await;
    assert_eq!(reply.status, 429);
    assert_eq!(reply.header("retry-after"), "900");
    site.clock.advance(900);
    assert_eq!(site.post("/register", None, body).await.status, 201);
}
