//! OpenID Connect RP-Initiated Logout 1.0.

use data_encoding::BASE64URL_NOPAD;
use tests::{Reply, TestSite, json};

use super::{BYE, browser, client, logout, signed_in};

/// Nobody is sent anywhere, in words.
fn assert_refused(reply: &Reply, why: &str) {
    assert_eq!(reply.status, 400, "{why}: {}", reply.body);
    assert!(reply.header("location").is_empty() && reply.header("content-type").starts_with("text/html"), "{why}");
}

#[tokio::test]
async fn s47_an_id_token_of_this_session_signs_out_at_once_and_leads_back_with_the_state() {
    let site = TestSite::start().await;
    let (user, client) = (site.register("sakura").await, client(&site).await);
    for by_post in [false, true] {
        let browser = browser(&site, &user).await;
        let hint = browser.authorize_and_redeem(&client, "openid").await.id_token;
        // It may have expired: it says who is meant, and proves nothing.
        site.clock.advance(86_400);
        let pairs = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "a+b &=ü")];
        let reply = match by_post {
            true => browser.submit_from("/oauth2/logout", &pairs, "https://app.example").await,
            false => browser.open(&logout(&pairs)).await,
        };
        assert_eq!((reply.status, reply.parameter("state").as_deref()), (303, Some("a+b &=ü")), "{}", reply.body);
        assert!(reply.location().starts_with("https://app.example/bye?state="), "{}", reply.location());
        assert!(reply.set_cookie("session").unwrap().contains("Max-Age=0"));
        assert!(!signed_in(&browser).await);
    }
}

#[tokio::test]
async fn s47_an_address_keeps_its_own_query_and_gets_nothing_that_was_not_asked_for() {
    let site = TestSite::start().await;
    let (user, client) = (site.register("sakura").await, client(&site).await);
    let browser = browser(&site, &user).await;
    let hint = browser.authorize_and_redeem(&client, "openid").await.id_token;
    let address = "https://app.example/bye?x=1";
    let pairs = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", address), ("client_id", &client.id)];
    assert_eq!(browser.open(&logout(&pairs)).await.location(), address);
    // Nobody is signed in any more: there is nothing to ask.
    let again = [("client_id", client.id.as_str()), ("post_logout_redirect_uri", address), ("state", "s")];
    assert_eq!(browser.open(&logout(&again)).await.location(), "https://app.example/bye?x=1&state=s");
    let page = browser.open("/oauth2/logout").await;
    assert!(page.status == 200 && page.body.contains("You’re signed out"), "{}", page.body);
}

#[tokio::test]
async fn s47_without_a_hint_the_user_is_asked_and_may_stay() {
    let site = TestSite::start().await;
    let (user, client) = (site.register("sakura").await, client(&site).await);
    let browser = browser(&site, &user).await;
    let pairs = [("client_id", client.id.as_str()), ("post_logout_redirect_uri", BYE), ("state", "s")];
    let decide = async |page: &Reply, decision: &str| {
        let (csrf, request) = (page.input("csrf"), page.input("request"));
        browser.submit("/oauth2/logout", &[("csrf", &csrf), ("request", &request), ("decision", decision)]).await
    };
    let page = browser.open(&logout(&pairs)).await;
    assert!(page.status == 200 && page.body.contains("Anime Diary") && page.body.contains("sakura"), "{}", page.body);
    assert_eq!(decide(&page, "stay").await.location(), "/");
    assert_eq!(decide(&page, "nonsense").await.status, 400);
    assert!(signed_in(&browser).await);
    assert_eq!(decide(&page, "sign_out").await.location(), "https://app.example/bye?state=s");
    assert!(!signed_in(&browser).await);
    // Once more is no error.
    assert_eq!(decide(&page, "sign_out").await.location(), "https://app.example/bye?state=s");
    // And without an application.
    browser.sign_in(&user).await;
    let page = browser.open("/oauth2/logout?ui_locales=ja&logout_hint=sakura").await;
    assert!(page.body.contains("ログアウトしますか？"), "{}", page.body);
    let done = decide(&page, "sign_out").await;
    assert!(done.status == 200 && !signed_in(&browser).await, "{}", done.body);
}

#[tokio::test]
async fn s47_a_hint_of_somebody_else_or_another_session_signs_nobody_out() {
    let site = TestSite::start().await;
    let (user, stranger) = (site.register("sakura").await, site.register("tomoyo").await);
    let client = client(&site).await;
    let browser_of = async |user| browser(&site, user).await;
    let browser = browser_of(&user).await;
    let others = browser_of(&stranger).await.authorize_and_redeem(&client, "openid").await.id_token;
    let elsewhere = browser_of(&user).await.authorize_and_redeem(&client, "openid").await.id_token;
    let forgotten = {
        // A key that is not published any more, or never was.
        let header = BASE64URL_NOPAD.encode(json!({ "alg": "RS256", "kid": "x" }).to_string().as_bytes());
        format!("{header}.{}", others.split_once('.').unwrap().1)
    };
    for hint in [others, elsewhere, forgotten] {
        let page = browser.open(&logout(&[("id_token_hint", &hint)])).await;
        assert!(page.status == 200 && page.body.contains("Sign out?"), "{}", page.body);
        assert!(signed_in(&browser).await);
    }
}

#[tokio::test]
async fn s47_nobody_is_sent_to_an_address_that_is_not_registered_or_by_a_forged_hint() {
    let site = TestSite::start().await;
    let (user, client, other) = (site.register("sakura").await, client(&site).await, site.client().await);
    let browser = browser(&site, &user).await;
    let tokens = browser.authorize_and_redeem(&client, "openid").await;
    let of_other = browser.authorize_and_redeem(&other, "openid").await.id_token;
    let hint = tokens.id_token.as_str();
    for address in [
        "https://evil.example/",
        "https://app.example/bye/",
        "https://app.example/Bye",
        "https://app.example/bye?y",
        "//x",
    ] {
        let reply = browser.open(&logout(&[("id_token_hint", hint), ("post_logout_redirect_uri", address)])).await;
        assert_refused(&reply, address);
    }
    let (head, _) = hint.rsplit_once('.').unwrap();
    let unsigned = {
        let header = BASE64URL_NOPAD.encode(br#"{"alg":"none","kid":"x"}"#);
        format!("{header}.{}.", hint.split('.').nth(1).unwrap())
    };
    let forged = format!("{head}.{}", BASE64URL_NOPAD.encode(&[7; 256]));
    let address = ("post_logout_redirect_uri", BYE);
    for (why, pairs) in [
        ("nobody says which application", vec![address]),
        ("another application's", vec![("id_token_hint", of_other.as_str()), address]),
        ("two applications", vec![("id_token_hint", hint), ("client_id", &other.id), address]),
        ("an unknown one", vec![("client_id", "client_aaaaaaaaaaaaaaaaaaaaaaaaaa"), address]),
        ("nonsense", vec![("client_id", "x"), address]),
        ("forged", vec![("id_token_hint", forged.as_str()), address]),
        ("unsigned", vec![("id_token_hint", unsigned.as_str()), address]),
        ("an access token", vec![("id_token_hint", tokens.access_token.as_str()), address]),
        ("garbage", vec![("id_token_hint", "a.b.c")]),
        ("twice", vec![("state", "a"), ("state", "b")]),
    ] {
        assert_refused(&browser.open(&logout(&pairs)).await, why);
    }
    site.change_client(&client, |client| client.disabled = true).await;
    assert_refused(&browser.open(&logout(&[("id_token_hint", hint), address])).await, "a disabled application");
    assert!(signed_in(&browser).await);
}

#[tokio::test]
async fn s47_the_page_can_not_be_answered_from_elsewhere_or_for_somebody_else() {
    let site = TestSite::start().await;
    let (user, other) = (site.register("sakura").await, site.register("tomoyo").await);
    let browser = browser(&site, &user).await;
    let page = browser.open("/oauth2/logout").await;
    let (csrf, request) = (page.input("csrf"), page.input("request"));
    let decision = [("decision", "sign_out"), ("request", request.as_str())];
    assert_eq!(browser.submit("/oauth2/logout", &decision).await.status, 403);
    let with_csrf = [&decision[..], &[("csrf", csrf.as_str())]].concat();
    assert_eq!(browser.submit_from("/oauth2/logout", &with_csrf, "https://evil.example").await.status, 403);
    let changed = [("decision", "sign_out"), ("request", "x"), ("csrf", &csrf)];
    assert_eq!(browser.submit("/oauth2/logout", &changed).await.status, 400);
    assert!(signed_in(&browser).await);
    // Somebody else signs in while the page is open: they are asked themselves.
    browser.sign_in(&other).await;
    let csrf = browser.open("/account").await.input("csrf");
    let asked = [&decision[..], &[("csrf", csrf.as_str())]].concat();
    let page = browser.submit("/oauth2/logout", &asked).await;
    assert!(page.status == 200 && page.body.contains("tomoyo"), "{}", page.body);
    assert!(signed_in(&browser).await);
}

#[tokio::test]
async fn s47_a_post_of_the_applications_page_without_our_cookie_comes_back_with_it() {
    let site = TestSite::start().await;
    let client = client(&site).await;
    let pairs = [("client_id", client.id.as_str()), ("post_logout_redirect_uri", BYE), ("state", "s")];
    // Browsers send no cookie with it, so it looks like nobody's.
    let request = site.http.post(site.url("/oauth2/logout")).header("origin", "https://app.example").form(&pairs);
    let reply = site.send(request, None).await;
    assert_eq!((reply.status, reply.location()), (303, logout(&pairs).as_str()));
    let long = "x".repeat(9000);
    let request = site.http.post(site.url("/oauth2/logout")).header("origin", "https://app.example");
    let reply = site.send(request.form(&[("state", &long)]).header("accept", "text/html"), None).await;
    assert_refused(&reply, "no gateway would pass the redirect");
}
