//! What is seen.

use tests::TestSite;

#[tokio::test]
async fn l58_the_pages_for_signing_in_and_registering_show_the_providers_in_three_languages() {
    let site = TestSite::start().await;
    for (lang, login, register) in [
        ("en", "Sign in with <bdi>Bangumi</bdi>", "Continue with <bdi>Bangumi</bdi>"),
        ("zh-CN", "用 <bdi>Bangumi</bdi> 登录", "用 <bdi>Bangumi</bdi> 继续"),
        ("ja", "<bdi>Bangumi</bdi> でログイン", "<bdi>Bangumi</bdi> で続ける"),
    ] {
        let browser = site.browser();
        browser.accept(&format!("lang={lang}"));
        for (path, words) in [("/login", login), ("/register", register)] {
            let page = browser.open(&format!("{path}?continue=%2Faccount")).await;
            assert!(page.body.contains(words), "{lang} {path}: {}", page.body);
            assert_eq!(page.href("with-bangumi"), "/connect/bangumi?intent=sign_in&continue=%2Faccount");
        }
    }
}

#[tokio::test]
async fn l58_what_is_pending_is_shown_in_three_languages_and_is_never_kept_by_a_browser() {
    let site = TestSite::start().await;
    for (lang, words) in [("en", "I have an account here"), ("zh-CN", "我已有账号"), ("ja", "アカウントを持っている")]
    {
        let browser = site.browser();
        browser.accept(&format!("lang={lang}"));
        browser.come_from("bangumi", "sakura").await;
        let page = browser.open("/connect/bangumi/pending").await;
        assert!(page.status == 200 && page.body.contains(words), "{lang}: {}", page.body);
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(!page.body.contains("<script"), "{}", page.body);
    }
}

#[tokio::test]
async fn l57_a_page_that_refuses_does_not_lead_back_to_the_answer() {
    let site = TestSite::start().await;
    let browser = site.browser();
    let page = browser.open("/connect/bangumi/callback?code=c0de&state=st4te").await;
    assert_eq!(page.status, 400);
    assert!(!page.body.contains("c0de") && !page.body.contains("st4te"), "{}", page.body);
    assert_eq!(page.header("referrer-policy"), "same-origin");
}
