//! Front ends that fetch the address and post the code themselves.

use tests::connect::PROVIDERS;
use tests::{Browser, Reply, TestSite, Value, json};

use super::{code, kept};

/// What the provider sent back, as a front end posts it.
async fn answer(browser: &Browser<'_>, provider: &str, intent: &str, name: &str) -> Value {
    let begun = browser.ask(&format!("/connect/{provider}?intent={intent}")).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    let there = begun.json()["url"].as_str().unwrap().to_owned();
    let back: url::Url = browser.allow_there(&there, name).await.parse().unwrap();
    let pairs: std::collections::HashMap<_, _> = back.query_pairs().into_owned().collect();
    json!({ "code": pairs.get("code"), "state": pairs.get("state") })
}

#[tokio::test]
async fn l58_a_front_end_does_all_of_it_in_json() {
    let site = TestSite::start().await;
    for (n, provider) in PROVIDERS.into_iter().enumerate() {
        let browser = site.browser();
        let (callback, pending) = (format!("/connect/{provider}/callback"), format!("/connect/{provider}/pending"));
        let waits = browser.post(&callback, &answer(&browser, provider, "sign_in", "sakura").await).await;
        assert_eq!(waits.json(), json!({ "outcome": "pending", "next": pending }));
        let asked = browser.ask(&pending).await.json();
        assert_eq!(asked, json!({ "provider": provider, "expires_in": 600, "link_to": null }));
        let create = |username: &str| json!({ "action": "create", "username": username });
        let wrong = browser.post(&pending, &create("x")).await;
        assert_eq!((wrong.status, wrong.wrong_fields()), (422, vec!["username".to_owned()]));
        let made = browser.post(&pending, &create(&format!("sakura-{n}"))).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let token = made.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(made.json()["user"]["has_password"], json!(false));
        assert_eq!(site.get("/account", Some(&token)).await.json()["username"], format!("sakura-{n}"));
        // Again.
        let again = site.browser();
        let here = again.post(&callback, &answer(&again, provider, "sign_in", "sakura").await).await;
        assert_eq!(here.json()["user"]["user_id"], made.json()["user"]["user_id"]);
        assert!(here.json()["access_token"].is_string() && here.set_cookie("session").is_some());
        // And another account is bound.
        let member = site.member(&format!("tomoyo-{n}")).await;
        let bound = member.post(&callback, &answer(&member, provider, "bind", "tomoyo").await).await;
        assert_eq!((bound.status, bound.json()), (200, json!({ "outcome": "bound" })));
        let taken = member.post(&callback, &answer(&member, provider, "bind", "sakura").await).await;
        assert_eq!((taken.status, code(&taken)), (409, "bound_to_another".to_owned()));
    }
}

#[tokio::test]
async fn l58_a_front_end_binds_what_is_pending_after_a_sign_in_and_cancels() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    site.clock.advance(1);
    let callback = "/connect/weibo/callback";
    let pending = "/connect/weibo/pending";
    browser.post(callback, &answer(&browser, "weibo", "sign_in", "sakura").await).await;
    let early = browser.post(pending, &json!({ "action": "link" })).await;
    assert_eq!((early.status, code(&early)), (403, "fresh_sign_in_required".to_owned()));
    browser.post("/login", &json!({ "username": user.username, "password": user.password })).await;
    assert_eq!(browser.ask(pending).await.json()["link_to"], "sakura");
    assert_eq!(browser.post(pending, &json!({ "action": "link" })).await.json(), json!({ "outcome": "bound" }));
    assert_eq!(kept(&site).await[1..], [1, 1, 0]);

    let stranger = site.browser();
    stranger.post(callback, &answer(&stranger, "weibo", "sign_in", "tomoyo").await).await;
    assert_eq!(stranger.post(pending, &json!({ "action": "link" })).await.status, 401);
    assert_eq!(stranger.post(pending, &json!({ "action": "cancel" })).await.status, 204);
    assert_eq!(kept(&site).await[3], 0);
    assert_eq!(code(&stranger.post(pending, &json!({ "action": "cancel" })).await), "nothing_pending");
}

#[tokio::test]
async fn l58_a_token_decides_who_binds_where_a_cookie_comes_with_it() {
    let site = TestSite::start().await;
    let (browser, tomoyo) = (site.member("sakura").await, site.register("tomoyo").await);
    let token = site.sign_in(&tomoyo).await;
    let begun = Reply::to(browser.http.get(site.url("/connect/weibo?intent=bind")).bearer_auth(&token)).await;
    let back = browser.allow_there(begun.json()["url"].as_str().unwrap(), "tomoyo").await;
    // Sakura's cookie is not Tomoyo's token.
    let back: url::Url = back.parse().unwrap();
    let path = format!("{}?{}", back.path(), back.query().unwrap());
    assert_eq!(code(&browser.ask(&path).await), "session_changed");
    let bound = Reply::to(browser.http.get(back).bearer_auth(&token)).await;
    assert_eq!(bound.json(), json!({ "outcome": "bound" }));
    assert_eq!(site.get("/connections", Some(&token)).await.json()["items"][0]["provider"], "weibo");
}

#[tokio::test]
async fn l57_a_code_is_posted_as_json_and_from_our_own_pages_alone() {
    let site = TestSite::start().await;
    let browser = site.browser();
    let body = answer(&browser, "weibo", "sign_in", "sakura").await;
    let url = site.url("/connect/weibo/callback");
    let from = browser.http.post(&url).header("origin", "https://evil.example").json(&body);
    assert_eq!(Reply::to(from).await.status, 403);
    let (code, state) = (body["code"].as_str().unwrap(), body["state"].as_str().unwrap());
    let form = browser.http.post(&url).form(&[("code", code), ("state", state)]);
    assert_eq!(Reply::to(form).await.status, 415);
    let pending = "/connect/weibo/pending";
    assert_eq!(browser.post("/connect/weibo/callback", &body).await.status, 200);
    let from = browser.http.post(site.url(pending)).header("origin", "https://evil.example");
    assert_eq!(Reply::to(from.json(&json!({ "action": "cancel" }))).await.status, 403);
    assert_eq!(browser.post(pending, &json!({ "action": 1 })).await.status, 400);
    assert_eq!(browser.post(pending, &json!([])).await.status, 400);
}
