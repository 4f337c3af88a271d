//! The consent page: what it says, what is remembered, and what a decision does.

use tests::flow::{REDIRECT, VERIFIER};
use tests::{Browser, Client, Reply, TestSite, User, json};

const SCOPES: &str = "openid profile email phone offline_access collections:read collections:write";

async fn signed_in<'s>(site: &'s TestSite, name: &str) -> (Browser<'s>, User) {
    let user = site.register(name).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    (browser, user)
}

/// Whether it is the consent page.
fn asks(reply: &Reply) -> bool {
    reply.status == 200 && reply.body.contains("name=\"decision\"")
}

/// The text of the page without its marks.
fn text(page: &Reply) -> String {
    let mut text = String::new();
    for part in page.body.split('<').skip(1) {
        text.push_str(part.split_once('>').map(|(_, text)| text).unwrap_or_default());
    }
    text
}

#[tokio::test]
async fn a14_the_page_names_application_destination_scopes_and_duration_in_three_languages() {
    let site = TestSite::start().await;
    let (browser, _) = signed_in(&site, "sakura").await;
    let client = site.client_with(json!({ "client_uri": "https://diary.example/about" })).await;
    for (lang, words) in [
        (
            "en",
            [
                "Anime Diary would like to use your account",
                "Know who you are",
                "See your profile",
                "See your e-mail address",
                "See your phone number",
                "See your anime collection",
                "Change your anime collection",
                "10 minutes",
                "Allow",
                "Deny",
            ],
        ),
        (
            "zh-CN",
            [
                "Anime Diary 请求使用你的账号",
                "确认你的身份",
                "查看你的个人资料",
                "查看你的邮箱",
                "查看你的手机号",
                "查看你的番剧收藏",
                "修改你的番剧收藏",
                "10 分钟",
                "允许",
                "拒绝",
            ],
        ),
        (
            "ja",
            [
                "Anime Diary があなたのアカウントの利用を求めています",
                "あなたが誰かを確認する",
                "プロフィールを見る",
                "メールアドレスを見る",
                "電話番号を見る",
                "アニメの記録を見る",
                "アニメの記録を変更する",
                "10 分",
                "許可する",
                "許可しない",
            ],
        ),
    ] {
        let scope = SCOPES.replace("offline_access ", "");
        let query = client.query_with(&[("scope", &scope), ("ui_locales", lang)]);
        let page = browser.authorize(&query).await;
        assert!(asks(&page), "{}", page.body);
        assert!(page.body.contains(&format!("<html lang=\"{lang}\">")));
        let text = text(&page);
        for words in words {
            assert!(text.contains(words), "{lang}: {words} is not in {text}");
        }
        for fact in ["app.example", "diary.example", "sakura"] {
            assert!(text.contains(fact), "{lang}: {fact}");
        }
        assert!(page.body.contains("<bdi id=\"redirect_host\">app.example</bdi>"));
        for button in ["name=\"decision\" value=\"allow\"", "name=\"decision\" value=\"deny\""] {
            assert!(page.body.contains(button), "{button}");
        }
        // No identifier of a scope is left untranslated.
        assert!(!text.contains("collections:") && !text.contains("openid"), "{text}");
    }
}

#[tokio::test]
async fn a14_access_that_lasts_says_so() {
    let site = TestSite::start().await;
    let (browser, _) = signed_in(&site, "sakura").await;
    let client = site.client().await;
    for (lang, lasts, minutes) in [
        ("en", "until you withdraw it", "10 minutes"),
        ("zh-CN", "直到你撤回为止", "10 分钟"),
        ("ja", "取り消す", "10 分"),
    ] {
        let query = |scope| client.query_with(&[("scope", scope), ("ui_locales", lang)]);
        let page = text(&browser.authorize(&query("openid offline_access")).await);
        assert!(page.contains(lasts) && !page.contains(minutes), "{lang}: {page}");
        let page = text(&browser.authorize(&query("openid")).await);
        assert!(page.contains(minutes) && !page.contains(lasts), "{lang}: {page}");
    }
}

#[tokio::test]
async fn a14_the_destination_is_the_address_that_this_request_goes_to() {
    let site = TestSite::start().await;
    let (browser, _) = signed_in(&site, "sakura").await;
    let uris =
        json!(["https://one.example/cb", "https://two.example:8443/cb", "org.example.app:/cb", "http://127.0.0.1/"]);
    let client = site.client_with(json!({ "redirect_uris": uris, "application_type": "native" })).await;
    for (uri, shown) in [
        ("https://one.example/cb", "one.example"),
        ("https://two.example:8443/cb", "two.example:8443"),
        ("org.example.app:/cb", "org.example.app"),
        ("http://127.0.0.1:4711/", "127.0.0.1:4711"),
    ] {
        let page = browser.authorize(&client.query_with(&[("scope", "openid"), ("redirect_uri", uri)])).await;
        assert!(page.body.contains(&format!("<bdi id=\"redirect_host\">{shown}</bdi>")), "{uri}: {}", page.body);
    }
}

#[tokio::test]
async fn a14_what_an_application_calls_itself_is_shown_and_not_obeyed() {
    let site = TestSite::start().await;
    let (browser, _) = signed_in(&site, "sakura").await;
    let name = "<script>alert(1)</script>\"'&{client}";
    let client = site.client_with(json!({ "client_name": name })).await;
    let page = browser.authorize(&client.query("openid")).await;
    assert!(!page.body.contains("<script"));
    assert!(
        page.body.contains("<bdi>&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;{client}</bdi>"),
        "{}",
        page.body
    );
    // One without a name is called what it is.
    let client = site.client_with(json!({ "client_name": "  " })).await;
    assert!(text(&browser.authorize(&client.query("openid")).await).contains(&client.id));
}

#[tokio::test]
async fn a14_deny_sends_the_user_back_with_access_denied() {
    let site = TestSite::start().await;
    let (browser, _) = signed_in(&site, "sakura").await;
    let client = site.client().await;
    let page = browser.authorize(&client.query("openid")).await;
    let reply = browser.decide(&page, "deny").await;
    assert!(reply.location().starts_with("https://app.example/cb?error=access_denied&"), "{}", reply.location());
    assert_eq!(reply.parameter("state").as_deref(), Some("xyz"));
    assert_eq!(reply.parameter("iss").as_deref(), Some(site.issuer()));
    assert_eq!(reply.parameter("code"), None);
    // No is not remembered.
    assert!(asks(&browser.authorize(&client.query("openid")).await));
}

#[tokio::test]
async fn consent_is_remembered_and_a_subset_of_it_asks_nothing() {
    let site = TestSite::start().await;
    let (browser, _) = signed_in(&site, "sakura").await;
    let client = site.client().await;
    let page = browser.authorize(&client.query("openid profile email")).await;
    assert!(browser.decide(&page, "allow").await.parameter("code").is_some());
    for scope in ["openid profile email", "email", "openid", "profile openid"] {
        let reply = browser.authorize(&client.query(scope)).await;
        let code = reply.parameter("code").unwrap_or_else(|| panic!("{scope}"));
        // What is granted is what was asked for this time.
        let granted = site.redeem(&client, &code, VERIFIER).await.json()["scope"].clone();
        let mut words: Vec<_> = granted.as_str().unwrap().split(' ').collect();
        let mut asked: Vec<_> = scope.split(' ').collect();
        words.sort_unstable();
        asked.sort_unstable();
        assert_eq!(words, asked);
    }
    // It outlives the session.
    site.clock.advance(15 * 86_400);
    let login = browser.open(browser.authorize(&client.query("openid")).await.location()).await;
    let user = User { user_id: String::new(), username: "sakura".into(), password: tests::PASSWORD.into() };
    let back = browser.fill_login(&login, &user).await;
    assert!(browser.open(back.location()).await.parameter("code").is_some());
}

#[tokio::test]
async fn a_wider_request_asks_again_and_marks_what_is_new() {
    let site = TestSite::start().await;
    let (browser, _) = signed_in(&site, "sakura").await;
    let client = site.client().await;
    let first = browser.authorize(&client.query("openid profile")).await;
    assert!(!first.body.contains("class=\"tag"), "nothing to tell apart yet");
    browser.decide(&first, "allow").await;
    let page = browser.authorize(&client.query("openid email collections:read")).await;
    assert!(asks(&page));
    let mark = |words: &str| {
        let (_, rest) = page.body.split_once(words).unwrap();
        rest.split_once("</li>").unwrap().0.to_owned()
    };
    assert!(mark("Know who you are").contains("already allowed"));
    for new in ["See your e-mail address", "See your anime collection"] {
        assert!(mark(new).contains("tag new"), "{new}");
    }
    assert!(!page.body.contains("See your profile"), "it was not asked for this time");
    // Denied, the old consent stands; allowed, both do.
    browser.decide(&page, "deny").await;
    assert!(browser.authorize(&client.query("profile")).await.parameter("code").is_some());
    assert!(asks(&browser.authorize(&client.query("email")).await));
    browser.decide(&page, "allow").await;
    let all = browser.authorize(&client.query("openid profile email collections:read")).await;
    assert!(all.parameter("code").is_some());
    assert!(asks(&browser.authorize(&client.query("openid phone")).await));
}

#[tokio::test]
async fn consent_is_of_one_user_to_one_application() {
    let site = TestSite::start().await;
    let (sakura, _) = signed_in(&site, "sakura").await;
    let (tomoyo, _) = signed_in(&site, "tomoyo").await;
    let (one, two) = (site.client().await, site.client().await);
    sakura.code(&one, "openid").await;
    assert!(asks(&sakura.authorize(&two.query("openid")).await));
    assert!(asks(&tomoyo.authorize(&one.query("openid")).await));
}

#[tokio::test]
async fn two_consents_at_once_both_count() {
    let site = TestSite::start().await;
    let (browser, _) = signed_in(&site, "sakura").await;
    let client = site.client().await;
    // The first consent is there, or it is not.
    for before in [false, true] {
        let client = if before { client.clone() } else { site.client().await };
        if before {
            browser.code(&client, "openid").await;
        }
        let email = browser.authorize(&client.query("openid email")).await;
        let phone = browser.authorize(&client.query("openid phone")).await;
        let (one, two) = tokio::join!(browser.decide(&email, "allow"), browser.decide(&phone, "allow"));
        for reply in [one, two] {
            let code = reply.parameter("code").unwrap();
            assert_eq!(site.redeem(&client, &code, VERIFIER).await.status, 200);
        }
        assert!(browser.authorize(&client.query("openid email phone")).await.parameter("code").is_some());
    }
}

#[tokio::test]
async fn the_same_page_sent_twice_gives_two_codes_of_one_consent() {
    let site = TestSite::start().await;
    let (browser, _) = signed_in(&site, "sakura").await;
    let client = site.client().await;
    let page = browser.authorize(&client.query("openid")).await;
    let codes = [browser.decide(&page, "allow").await, browser.decide(&page, "allow").await];
    let codes = codes.map(|reply| reply.parameter("code").unwrap());
    assert_ne!(codes[0], codes[1]);
    for code in codes {
        assert_eq!(site.redeem(&client, &code, VERIFIER).await.status, 200);
    }
}

#[tokio::test]
async fn switching_the_account_on_the_page_asks_the_other_one() {
    let site = TestSite::start().await;
    let (browser, _) = signed_in(&site, "sakura").await;
    let tomoyo = site.register("tomoyo").await;
    let client: Client = site.client().await;
    let pairs = [("scope", "openid"), ("redirect_uri", REDIRECT), ("prompt", "select_account")];
    let choice = browser.authorize(&client.query_with(&pairs)).await;
    let page = browser.open(&choice.href("continue")).await;
    site.clock.advance(5);
    let login = browser.open(&page.href("switch")).await;
    let back = browser.fill_login(&login, &tomoyo).await;
    let page = browser.open(back.location()).await;
    // Signing in was the choice: it is not asked for again.
    assert!(asks(&page), "{}", page.body);
    assert!(page.body.contains("<bdi id=\"user\">tomoyo</bdi>"));
}
