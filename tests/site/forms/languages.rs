//! Three languages.

use tests::{Reply, TestSite};

fn lang(page: &Reply) -> String {
    page.body.split("<html lang=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_page_speaks_the_browsers_language() {
    let site = TestSite::start().await;
    for (accept, expected) in [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("zh-TW", "zh-CN"),
        ("ja,en;q=0.5", "ja"),
        ("de,ja;q=0.5,en;q=0.4", "ja"),
        ("de", "en"),
        ("*", "en"),
        (",;q=nan,", "en"),
    ] {
        for path in ["/", "/login", "/register"] {
            let request = site.http.get(site.url(path)).header("accept", "text/html");
            let page = site.send(request.header("accept-language", accept), None).await;
            assert_eq!((page.status, lang(&page).as_str()), (200, expected), "{accept} {path}");
        }
    }
    let none = site.browser().open("/").await;
    assert_eq!(lang(&none), "en");
}

#[tokio::test]
async fn an_application_asks_for_a_language_and_the_persons_choice_comes_before_it() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let browser = site.browser();
    let query = format!("{}&ui_locales=de%20ja%20en", client.query("openid"));
    let sign_in = browser.authorize(&query).await.location().to_owned();
    assert_eq!(lang(&browser.open(&sign_in).await), "ja", "{sign_in}");
    assert_eq!(lang(&browser.open("/login?ui_locales=zh-Hans").await), "zh-CN");
    let chosen = browser.open("/language?lang=en&return_to=/").await;
    assert_eq!(chosen.status, 303);
    assert_eq!(lang(&browser.open("/login?ui_locales=zh-Hans").await), "en");
    assert_eq!(lang(&browser.open(&sign_in).await), "en");
}

#[tokio::test]
async fn consent_is_asked_in_the_language_that_the_application_asks_for() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&site.register("sakura").await).await;
    let page = browser.authorize(&format!("{}&ui_locales=zh-CN", client.query("openid"))).await;
    assert_eq!((page.status, lang(&page).as_str()), (200, "zh-CN"));
}

#[tokio::test]
async fn the_choice_is_kept_and_leads_back_to_the_page() {
    let site = TestSite::start().await;
    let browser = site.browser();
    let page = browser.open("/login?continue=/account").await;
    for (tag, words) in [("ja", "ログイン"), ("zh-CN", "登录")] {
        let link = format!("/language?lang={tag}&amp;return_to=%2Flogin%3Fcontinue%3D%2Faccount");
        let start = page.body.find(&link).unwrap_or_else(|| panic!("{link}: {}", page.body));
        let href = page.body[start..].split('"').next().unwrap().replace("&amp;", "&");
        let reply = browser.open(&href).await;
        assert_eq!((reply.status, reply.location()), (303, "/login?continue=/account"));
        let set = reply.set_cookie("lang").unwrap();
        assert!(set.contains("; HttpOnly") && set.contains("; SameSite=Lax") && set.contains("; Path=/"), "{set}");
        let back = browser.open(reply.location()).await;
        assert_eq!(lang(&back), tag);
        assert!(back.body.contains(words), "{}", back.body);
        assert_eq!(back.input("continue"), "/account");
    }
}

#[tokio::test]
async fn errors_are_told_in_the_language_and_its_links_still_lead_back() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.open("/language?lang=zh-CN").await;
    let page = browser.open("/login?continue=/account").await;
    let wrong = tests::User { password: "not the password".to_owned(), ..user.clone() };
    let reply = browser.fill_login(&page, &wrong).await;
    assert_eq!((reply.status, lang(&reply).as_str()), (401, "zh-CN"));
    assert!(!reply.body.contains("Please try again"));
    assert!(reply.body.contains("return_to=%2Flogin%3Fcontinue%3D%252Faccount"), "{}", reply.body);
    let csrf = reply.input("csrf");
    let pairs = [("csrf", csrf.as_str()), ("username", "x"), ("continue", "/account")];
    let reply = browser.submit("/register", &pairs).await;
    assert_eq!(reply.status, 422);
    assert!(reply.body.contains("return_to=%2Fregister%3Fcontinue%3D%252Faccount"), "{}", reply.body);
    let back = browser.open("/register?continue=%2Faccount").await;
    assert_eq!(back.input("continue"), "/account");
    // An error page whose address only takes forms has no page to lead back to.
    let refused = browser.submit("/logout", &[]).await;
    assert_eq!((refused.status, lang(&refused).as_str()), (403, "zh-CN"));
    assert!(refused.body.contains("return_to=%2F\""), "{}", refused.body);
}

#[tokio::test]
async fn choosing_a_language_leads_to_no_other_site() {
    let site = TestSite::start().await;
    for target in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/%09/evil.example",
        "/%0d%0aset-cookie:x=y",
        "%20//evil.example",
        "javascript:alert(1)",
        "evil.example",
        "",
    ] {
        let reply = site.get(&format!("/language?lang=ja&return_to={target}"), None).await;
        assert_eq!((reply.status, reply.location()), (303, "/"), "{target}");
    }
    let good = site.get("/language?lang=ja&return_to=/login%3Fcontinue%3D/account", None).await;
    assert_eq!(good.location(), "/login?continue=/account");
    for query in ["", "?lang=", "?lang=tlh", "?lang=ja%3B%20Domain%3Devil.example"] {
        let reply = site.get(&format!("/language{query}"), None).await;
        assert_eq!((reply.status, reply.set_cookie("lang")), (400, None), "{query}");
    }
}
