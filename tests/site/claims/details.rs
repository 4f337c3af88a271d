//! What people tell about themselves (§5.1), and to whom.

use tests::{TestSite, Value, json};

use super::somebody;

fn everything() -> Value {
    json!({
        "given_name": "桜", "middle_name": "K.", "family_name": "木之本", "gender": "female", "birthdate": "0000-04-01",
        "profile": "https://moe.example/sakura", "website": "https://sakura.example/", "zoneinfo": "Asia/Tokyo",
        "locale": "ja-JP",
        "address": {
            "street_address": "1-2-3\r\nクロウ館", "locality": "友枝町", "region": "東京都", "postal_code": "100-0001",
            "country": "JP", "formatted": "〒100-0001 東京都友枝町",
        },
    })
}

#[tokio::test]
async fn u36_everything_that_people_tell_is_told_by_the_scopes_profile_and_address() {
    let site = TestSite::start().await;
    let (user, browser, client) = somebody(&site, "sakura").await;
    let own = site.sign_in(&user).await;
    let changed = site.patch("/account", Some(&own), everything()).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let account = site.get("/account", Some(&own)).await.json();
    let told = |scope: &str| {
        let (browser, client, site, scope) = (&browser, &client, &site, scope.to_owned());
        async move {
            let tokens = browser.authorize_and_redeem(client, &scope).await;
            site.userinfo(&tokens.access_token).await.json()
        }
    };
    let (profile, address) = (told("openid profile").await, told("openid address").await);
    for (name, value) in everything().as_object().into_iter().flatten() {
        assert_eq!(account[name], *value, "{name}");
        let (with, without) = if name == "address" { (&address, &profile) } else { (&profile, &address) };
        assert_eq!((&with[name], without.get(name)), (value, None), "{name}");
    }
    assert!(told("openid email phone").await.as_object().is_some_and(|told| told.len() == 3));
}

#[tokio::test]
async fn u36_details_are_checked_and_every_mistake_is_named() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let own = site.sign_in(&user).await;
    let long = "あ".repeat(501);
    let wrong = json!({
        "given_name": long, "birthdate": "1996-02-30", "profile": "javascript:alert(1)", "website": "http://x.example",
        "zoneinfo": "../etc/passwd", "locale": "ja_JP", "gender": 1,
        "address": { "country": ["JP"], "formatted": long, "unheard_of": 1 },
    });
    let reply = site.patch("/account", Some(&own), wrong).await;
    assert_eq!(reply.status, 422);
    let expected = [
        "given_name",
        "gender",
        "birthdate",
        "profile",
        "website",
        "zoneinfo",
        "locale",
        "address.country",
        "address.formatted",
    ];
    assert_eq!(reply.wrong_fields(), expected);
    let reply = site.patch("/account", Some(&own), json!({ "address": "Tokyo" })).await;
    assert_eq!((reply.status, reply.wrong_fields()), (422, vec!["address".to_owned()]));
    assert!(site.get("/account", Some(&own)).await.json()["given_name"].is_null(), "nothing was changed");
}

#[tokio::test]
async fn u36_details_are_changed_one_by_one_and_told_no_longer_when_they_are_empty() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let own = site.sign_in(&user).await;
    assert_eq!(site.patch("/account", Some(&own), everything()).await.status, 200);
    let change = json!({ "address": { "region": null, "country": " CN " }, "gender": "" });
    let changed = site.patch("/account", Some(&own), change).await.json();
    assert_eq!((&changed["address"]["country"], &changed["address"]["locality"]), (&json!("CN"), &json!("友枝町")));
    assert_eq!((&changed["address"]["region"], &changed["gender"]), (&Value::Null, &Value::Null));
    let emptied: Value =
        everything().as_object().into_iter().flatten().map(|(name, _)| (name.clone(), Value::Null)).collect();
    let changed = site.patch("/account", Some(&own), emptied).await.json();
    assert!(changed["address"].is_null() && changed["birthdate"].is_null());
    // Who tells nothing takes no room for it.
    let profiles: Vec<_> = site.dump().await.into_iter().filter(|item| item["SK"]["S"] == "PROFILE").collect();
    assert!(profiles.len() == 1 && profiles.iter().all(|profile| profile.get("details").is_none()), "{profiles:?}");
}

#[tokio::test]
async fn u36_the_account_page_has_every_detail_and_says_what_is_wrong_with_it() {
    let site = TestSite::start().await;
    let (user, browser, _) = somebody(&site, "sakura").await;
    let page = browser.open("/account").await;
    assert!(page.body.contains("<details id=\"details\">") && page.body.contains("More about you"));
    let csrf = page.input("csrf");
    let sent = [
        ("csrf", csrf.as_str()),
        ("nickname", "sakura"),
        ("birthdate", "1996-04-01"),
        ("address.country", "日本"),
        ("address.street_address", "1-2-3\r\n\"館\""),
        ("locale", "ja"),
    ];
    let saved = browser.submit("/account", &sent).await;
    assert_eq!(saved.location(), "/account?saved=profile");
    let page = browser.open("/account").await;
    assert_eq!((page.input("birthdate").as_str(), page.input("address.country").as_str()), ("1996-04-01", "日本"));
    assert!(page.body.contains("1-2-3\r\n&#34;館&#34;</textarea>"), "{}", page.body);
    let own = site.sign_in(&user).await;
    let account = site.get("/account", Some(&own)).await.json();
    assert_eq!(account["address"], json!({ "country": "日本", "street_address": "1-2-3\r\n\"館\"" }));

    let wrong = [("csrf", csrf.as_str()), ("nickname", "sakura"), ("birthdate", "1.4.1996"), ("locale", "ja")];
    let page = browser.submit("/account", &wrong).await;
    assert_eq!((page.status, page.input("birthdate").as_str()), (422, "1.4.1996"));
    assert!(page.body.contains("<details id=\"details\" open>") && page.body.contains("id=\"birthdate-error\""));
}

#[tokio::test]
async fn u36_a_deleted_account_tells_nothing_any_more() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let own = site.sign_in(&user).await;
    assert_eq!(site.patch("/account", Some(&own), everything()).await.status, 200);
    let gone = site.delete("/account", Some(&own), json!({ "password": user.password })).await;
    assert_eq!(gone.status, 204);
    assert!(!site.dump().await.iter().any(|item| item.to_string().contains("友枝町")));
}
