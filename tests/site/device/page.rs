//! The page on which a person lets a device in.

use tests::TestSite;

use super::{SCOPE, answer, browser, codes, decide, enter, poll, television};

#[tokio::test]
async fn u40_the_page_says_who_asks_for_what_and_warns_whom_it_lets_in() {
    let site = TestSite::start().await;
    let client = television(&site).await;
    let lasting = codes(&site, &client, SCOPE).await;
    let browser = browser(&site, "sakura").await;
    let page = enter(&browser, &lasting.user_code).await;
    for words in [
        "Living Room",
        "television.example",
        "See your anime collection",
        "Stay signed in",
        "sakura",
        lasting.user_code.as_str(),
        "in front of you",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    // And for how long.
    let brief = codes(&site, &client, "openid profile").await;
    let of_brief = enter(&browser, &brief.user_code).await.body;
    assert!(page.body.contains("until you withdraw it") && of_brief.contains("10 minutes"), "{of_brief}");
    assert!(decide(&browser, &page, "allow").await.body.contains("go back to your device"));
}

#[tokio::test]
async fn u40_a_code_can_be_typed_as_people_type() {
    let site = TestSite::start().await;
    let client = television(&site).await;
    let browser = browser(&site, "sakura").await;
    let code = codes(&site, &client, SCOPE).await.user_code;
    for typed in [code.to_lowercase(), code.replace('-', ""), format!(" {} ", code.replace('-', " "))] {
        assert_eq!(enter(&browser, &typed).await.status, 200, "{typed}");
    }
    for typed in ["", "x", "BCDF-GHJA", "BCDFGHJKL"] {
        let page = enter(&browser, typed).await;
        assert!(page.status == 400 && page.body.contains("No device is waiting"), "{typed}: {}", page.body);
    }
}

#[tokio::test]
async fn u40_a_link_fills_the_code_in_and_nothing_more() {
    let site = TestSite::start().await;
    let client = television(&site).await;
    let codes = codes(&site, &client, SCOPE).await;
    let path = codes.complete.strip_prefix(site.issuer()).unwrap().to_owned();
    let user = site.register("sakura").await;
    let browser = site.browser();
    // Who is not signed in signs in, and comes back to it.
    let login = browser.open(&path).await;
    assert!(login.location().starts_with("/login?continue="), "{}", login.location());
    let page = browser.open(login.location()).await;
    let back = browser.fill_login(&page, &user).await;
    assert_eq!(back.location(), path);
    let page = browser.open(&path).await;
    assert_eq!(page.input("user_code"), codes.user_code);
    assert!(!page.body.contains("Living Room"), "the device's code is to be compared first: {}", page.body);
    let csrf = page.input("csrf");
    let asked = browser.submit("/device", &[("csrf", &csrf), ("user_code", &codes.user_code)]).await;
    assert!(asked.body.contains("Living Room"), "{}", asked.body);
    assert_eq!(browser.open("/device?user_code=<script>").await.input("user_code"), "");
    assert_eq!(poll(&site, &client, &codes).await.error(), "authorization_pending");
}

#[tokio::test]
async fn u40_codes_are_not_guessed() {
    let site = TestSite::start().await;
    let client = television(&site).await;
    let browser = browser(&site, "sakura").await;
    let code = codes(&site, &client, SCOPE).await.user_code;
    // What is right does not count.
    for _ in 0..12 {
        assert_eq!(enter(&browser, &code).await.status, 200);
    }
    for _ in 0..10 {
        assert_eq!(enter(&browser, "BBBB-BBBB").await.status, 400);
    }
    let page = enter(&browser, &code).await;
    assert_eq!(page.status, 429);
    assert!(!page.header("retry-after").is_empty() && page.body.contains("Too many attempts"), "{}", page.body);
    site.clock.advance(900);
    let code = codes(&site, &client, SCOPE).await.user_code;
    assert_eq!(enter(&browser, &code).await.status, 200);
}

#[tokio::test]
async fn u40_nobody_lets_a_device_in_for_somebody_else() {
    let site = TestSite::start().await;
    let client = television(&site).await;
    let codes = codes(&site, &client, SCOPE).await;
    let browser = browser(&site, "sakura").await;
    let other = site.register("tomoyo").await;
    let page = enter(&browser, &codes.user_code).await;
    let (csrf, request) = (page.input("csrf"), page.input("request"));
    let decision = [("request", request.as_str()), ("decision", "allow")];
    let with_csrf = [&decision[..], &[("csrf", csrf.as_str())]].concat();
    assert_eq!(browser.submit("/device", &decision).await.status, 403);
    assert_eq!(browser.submit_from("/device", &with_csrf, "https://evil.example").await.status, 403);
    let code = [("user_code", codes.user_code.as_str())];
    assert_eq!(browser.submit("/device", &code).await.status, 403);
    assert_eq!(site.browser().submit("/device", &code).await.status, 403);
    let changed = [("request", "x"), ("decision", "allow"), ("csrf", csrf.as_str())];
    assert_eq!(browser.submit("/device", &changed).await.status, 400);
    let nonsense = [("request", request.as_str()), ("decision", "perhaps"), ("csrf", csrf.as_str())];
    assert_eq!(browser.submit("/device", &nonsense).await.status, 400);
    // Somebody else signs in while the page is open: they are asked themselves.
    browser.sign_in(&other).await;
    assert_eq!(browser.submit("/device", &with_csrf).await.status, 303);
    assert_eq!(poll(&site, &client, &codes).await.error(), "authorization_pending");
    answer(&browser, &codes.user_code, "deny").await;
    assert_eq!(enter(&browser, &codes.user_code).await.status, 400, "a code is decided on once");
}

#[tokio::test]
async fn u40_a_disabled_application_is_not_let_in() {
    let site = TestSite::start().await;
    let client = television(&site).await;
    let codes = codes(&site, &client, SCOPE).await;
    let browser = browser(&site, "sakura").await;
    let page = enter(&browser, &codes.user_code).await;
    site.change_client(&client, |client| client.disabled = true).await;
    assert_eq!(decide(&browser, &page, "allow").await.status, 400);
    assert_eq!(enter(&browser, &codes.user_code).await.status, 400);
}
