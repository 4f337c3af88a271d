//! `POST /login` and `POST /logout`.

use shared::account::UserStatus;
use shared::id::Attempt;
use tests::{PASSWORD, TestSite, json};

#[tokio::test]
async fn signing_in_gives_a_token_the_user_and_the_session_cookie() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let reply = site.post("/login", None, json!({ "username": "sakura", "password": PASSWORD })).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.header("cache-control"), "no-store");
    let json = reply.json();
    let mut fields: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
    fields.sort();
    assert_eq!(fields, ["access_token", "expires_in", "token_type", "user"]);
    assert_eq!((&json["token_type"], &json["expires_in"]), (&json!("Bearer"), &json!(600)));
    assert_eq!(json["user"]["user_id"], user.user_id.as_str());
    assert!(reply.set_cookie("session").is_some());
    let token = json["access_token"].as_str().unwrap();
    assert_eq!(site.get("/account", Some(token)).await.json(), json["user"]);
    // The token is not for ever.
    site.clock.advance(599);
    assert_eq!(site.get("/account", Some(token)).await.status, 200);
    site.clock.advance(1);
    let late = site.get("/account", Some(token)).await;
    assert_eq!((late.status, late.error().as_str()), (401, "invalid_token"));
}

#[tokio::test]
async fn any_identifier_signs_in_in_any_case() {
    let site = TestSite::start().await;
    let body = json!({ "username": "Sakura", "email": "Sakura@Moe.Example", "phone": "13800138000",
                       "password": PASSWORD });
    assert_eq!(site.post("/register", None, body).await.status, 201);
    for name in
        ["Sakura", "sAKURA", " sakura ", "sakura@moe.example", "SAKURA@MOE.EXAMPLE", "13800138000", "+8613800138000"]
    {
        let reply = site.post("/login", None, json!({ "username": name, "password": PASSWORD })).await;
        assert_eq!(reply.status, 200, "{name}: {}", reply.body);
    }
    let other_case = json!({ "username": "sakura", "password": PASSWORD.to_uppercase() });
    assert_eq!(site.post("/login", None, other_case).await.status, 401, "but a password is as it is");
}

#[tokio::test]
async fn s51_an_unknown_user_is_refused_in_the_same_words_and_steps_as_a_wrong_password() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    // The signing keys are read here.
    assert_eq!(site.get("/oauth2/jwks", None).await.status, 200);
    let mut seen = Vec::new();
    for name in ["sakura", "nobody-at-all", "sakura@moe.example", "nobody@moe.example", "13800138000", "??", ""] {
        site.proxy.forget();
        let reply = site.post("/login", None, json!({ "username": name, "password": "not the password" })).await;
        let calls: Vec<_> = site
            .proxy
            .calls()
            .iter()
            .map(|call| {
                let keys = call.request["RequestItems"]["bangumoe"]["Keys"].as_array().map_or(0, Vec::len);
                (call.operation.clone(), keys, call.request["UpdateExpression"].clone())
            })
            .collect();
        let mut names: Vec<_> = calls.iter().map(|(operation, keys, _)| format!("{operation} {keys}")).collect();
        names.sort();
        let mut headers: Vec<_> = reply.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        assert!(reply.set_cookie("session").is_none() && reply.set_cookie("known").is_none());
        seen.push((reply.status, reply.body, headers, names));
    }
    assert_eq!(seen[0].0, 401);
    assert_eq!(seen[0].3, ["BatchGetItem 2", "GetItem 0", "UpdateItem 0", "UpdateItem 0"]);
    for other in &seen[1..] {
        assert_eq!(other, &seen[0]);
    }
}

#[tokio::test]
async fn a_disabled_user_is_refused_like_a_wrong_password_and_their_sessions_are_over() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let wrong = site.post("/login", None, json!({ "username": "sakura", "password": "not the password" })).await;

    let app = site.site.app();
    let stored = app.store.find_user(user.user_id.parse().unwrap()).await.unwrap().unwrap();
    assert!(app.store.set_user_status(&stored, UserStatus::Disabled, Attempt::new(&app.entropy)).await.unwrap());

    let right = site.post("/login", None, json!({ "username": "sakura", "password": PASSWORD })).await;
    assert_eq!((right.status, right.body), (401, wrong.body));
    assert_eq!(site.get("/account", Some(&token)).await.status, 401);
    assert_eq!(site.send(browser.http.get(site.url("/account")), None).await.status, 401);
}

#[tokio::test]
async fn a15_sign_in_by_json_is_taken_as_json_alone_and_from_our_own_pages() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    let body = json!({ "username": "sakura", "password": PASSWORD }).to_string();
    let send = async |headers: &[(&str, &str)]| {
        let mut request = site.http.post(site.url("/login")).body(body.clone());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let reply = site.send(request, None).await;
        assert_eq!(reply.status == 200, reply.set_cookie("session").is_some());
        reply.status
    };
    let json = ("content-type", "application/json");
    assert_eq!(send(&[json]).await, 200);
    assert_eq!(send(&[json, ("origin", site.issuer())]).await, 200);
    assert_eq!(send(&[json, ("sec-fetch-site", "same-origin")]).await, 200);
    for (status, headers) in [
        (415, vec![]),
        (415, vec![("content-type", "text/plain")]),
        (415, vec![("content-type", "text/plain; application/json")]),
        (403, vec![("content-type", "application/x-www-form-urlencoded")]),
        (403, vec![json, ("origin", "https://evil.example")]),
        (403, vec![json, ("origin", "null")]),
        (403, vec![json, ("origin", "http://localhost")]),
        (403, vec![json, ("sec-fetch-site", "cross-site")]),
        (403, vec![json, ("sec-fetch-site", "same-site")]),
    ] {
        assert_eq!(send(&headers).await, status, "{headers:?}");
    }
}

#[tokio::test]
async fn a_sign_in_without_name_or_password_is_told_so() {
    let site = TestSite::start().await;
    for body in [json!({}), json!({ "username": "sakura" }), json!({ "username": 5, "password": [] }), json!([])] {
        let reply = site.post("/login", None, body.clone()).await;
        assert_eq!(reply.status, 400, "{body}: {}", reply.body);
    }
}

#[tokio::test]
async fn sign_out_works_by_cookie_by_token_and_by_form() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;

    let token = site.sign_in(&user).await;
    let reply = site.post("/logout", Some(&token), json!({})).await;
    assert_eq!(reply.status, 204, "{}", reply.body);
    assert_eq!(site.get("/account", Some(&token)).await.status, 401);
    assert_eq!(site.post("/logout", Some(&token), json!({})).await.status, 401, "twice is once too often");

    let browser = site.browser();
    browser.sign_in(&user).await;
    let reply = site.send(browser.http.post(site.url("/logout")), None).await;
    assert_eq!(reply.status, 204);
    let cleared = reply.set_cookie("session").unwrap();
    assert!(cleared.starts_with("session=;") && cleared.contains("Max-Age=0"), "{cleared}");
    assert_eq!(site.send(browser.http.get(site.url("/account")), None).await.status, 401);

    browser.sign_in(&user).await;
    let csrf = browser.open("/").await.input("csrf");
    let reply = browser.submit("/logout", &[("csrf", &csrf)]).await;
    assert_eq!((reply.status, reply.location()), (303, "/"));
    assert_eq!(browser.open("/account").await.location(), "/login?continue=/account");

    // Who isn't signed in is signed out.
    assert_eq!(site.post("/logout", None, json!({})).await.status, 204);
}

#[tokio::test]
async fn a15_no_other_site_signs_anybody_out() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let csrf = browser.open("/").await.input("csrf");
    let bare = browser.http.post(site.url("/logout"));
    let replies = [
        browser.submit_from("/logout", &[("csrf", &csrf)], "https://evil.example").await,
        browser.submit("/logout", &[]).await,
        site.send(bare.try_clone().unwrap().header("origin", "https://evil.example"), None).await,
        site.send(bare.try_clone().unwrap().header("sec-fetch-site", "cross-site"), None).await,
    ];
    for reply in replies {
        assert_eq!(reply.status, 403, "{}", reply.body);
    }
    let plain = bare.header("content-type", "text/plain").body("x");
    assert_eq!(site.send(plain, None).await.status, 415);
    assert_eq!(site.send(browser.http.get(site.url("/account")), None).await.status, 200);
}
