//! Binding.

use tests::{TestSite, json};

use super::kept;

#[tokio::test]
async fn l59_what_is_bound_to_somebody_else_stays_theirs_and_the_other_is_told() {
    let site = TestSite::start().await;
    site.browser().join_from("bangumi", "sakura", "kinomoto").await;
    let browser = site.member("tomoyo").await;
    let before = kept(&site).await;
    let page = browser.bind("bangumi", "sakura").await;
    assert!(page.status == 409 && page.body.contains("bound to another account here"), "{}", page.body);
    assert_eq!(page.href("other"), "/connections");
    assert_eq!(kept(&site).await, before);
    let again = site.browser();
    again.come_from("bangumi", "sakura").await;
    assert_eq!(again.me().await["username"], "kinomoto");
}

#[tokio::test]
async fn s55_the_user_is_told_by_letter_that_an_account_was_bound() {
    let site = TestSite::start().await;
    let browser = site.member("sakura").await;
    assert_eq!(browser.bind("bangumi", "sakura").await.status, 303);
    let letters = site.site.fakes().unwrap().letters();
    assert_eq!(letters.len(), 1);
    assert!(letters[0].text.contains("Bangumi"), "{}", letters[0].text);
    assert_eq!(letters[0].to, "sakura@moe.example");
    // What was bound before is no news.
    assert_eq!(browser.bind("bangumi", "sakura").await.status, 303);
    assert_eq!(site.site.fakes().unwrap().letters().len(), 1);
    // Whoever comes by it, and gives an address, is told too.
    site.browser().come_from("bangumi", "tomoyo").await;
    let new = site.browser();
    new.come_from("bangumi", "tomoyo").await;
    let fields = [("username", "daidouji"), ("email", "tomoyo@moe.example")];
    assert_eq!(new.choose("bangumi", "create", &fields).await.status, 303);
    assert_eq!(site.site.fakes().unwrap().letters().len(), 2);
}

#[tokio::test]
async fn s55_the_user_is_told_by_letter_that_an_account_was_unbound_and_once() {
    let site = TestSite::start().await;
    let browser = site.member("sakura").await;
    browser.bind("weibo", "sakura").await;
    for _ in 0..2 {
        assert_eq!(browser.delete("/connections/weibo").await.status, 204);
        let letters = site.site.fakes().unwrap().letters();
        assert_eq!(letters.len(), 2, "bound, unbound");
        assert_ne!(letters[0].subject, letters[1].subject);
        assert!(letters.iter().all(|letter| letter.text.contains("微博")), "{letters:?}");
    }
}

#[tokio::test]
async fn the_user_is_told_by_letter_that_a_binding_is_broken_and_once() {
    let site = TestSite::start().await;
    let browser = site.member("sakura").await;
    browser.bind("bangumi", "sakura").await;
    let fakes = site.site.fakes().unwrap();
    let state = async || browser.ask("/connections").await.json()["items"][0]["state"].clone();
    fakes.control().revoke_refresh_tokens("bangumi");
    // The sweep looks at what expires within a day.
    site.clock.advance(6 * 86_400 + 3600);
    for _ in 0..2 {
        site.site.run_scheduled("sweep").await.unwrap();
        assert_eq!(state().await, "needs_attention");
        let letters = fakes.letters();
        assert_eq!(letters.len(), 2, "bound, broken: {letters:?}");
        assert!(letters.iter().all(|letter| letter.text.contains("Bangumi")), "{letters:?}");
        site.clock.advance(3600);
    }
}

#[tokio::test]
async fn a_letter_that_nobody_asks_for_is_in_the_language_in_which_it_was_bound() {
    let site = TestSite::start().await;
    let fakes = site.site.fakes().unwrap();
    for (lang, word, new) in [("ja", "期限", false), ("zh-CN", "授权", false), ("ja", "期限", true)] {
        let name = format!("sakura-{lang}-{new}").to_lowercase();
        let browser = if new { site.browser() } else { site.member(&name).await };
        browser.accept(&format!("lang={lang}"));
        if new {
            browser.come_from("bangumi", &name).await;
            let fields = [("username", &*name), ("email", "new@moe.example")];
            assert_eq!(browser.choose("bangumi", "create", &fields).await.status, 303);
        } else {
            browser.bind("bangumi", &name).await;
        }
        let before = fakes.letters().len();
        fakes.control().revoke_refresh_tokens("bangumi");
        site.clock.advance(6 * 86_400 + 3600);
        site.site.run_scheduled("sweep").await.unwrap();
        let letters = fakes.letters();
        assert_eq!(letters.len(), before + 1);
        let letter = &letters[0];
        assert!(letter.text.contains(word) && letter.subject.contains("Bangumi"), "{lang} {new}: {letter:?}");
    }
}

#[tokio::test]
async fn l58_a_binding_returns_to_the_page_that_it_began_from() {
    let site = TestSite::start().await;
    let browser = site.member("sakura").await;
    let page = browser.open("/connect/weibo?intent=bind&continue=/account").await;
    let (csrf, go_on) = (page.input("csrf"), page.input("continue"));
    let fields = [("csrf", csrf.as_str()), ("intent", "bind"), ("continue", &go_on)];
    let begun = browser.submit("/connect/weibo", &fields).await;
    let back = browser.allow_there(begun.location(), "sakura").await;
    assert_eq!(browser.open(&back).await.location(), "/account");
}

#[tokio::test]
async fn l58_coming_again_mends_what_was_broken_and_keeps_the_new_tokens() {
    let site = TestSite::start().await;
    let browser = site.browser();
    browser.join_from("bangumi", "sakura", "kinomoto").await;
    let tokens = async || {
        let items = site.dump().await;
        let link = items.into_iter().find(|item| item["type"]["S"] == "link").unwrap();
        link["tokens"]["S"].as_str().unwrap().to_owned()
    };
    let first = tokens().await;
    site.browser().come_from("bangumi", "sakura").await;
    let second = tokens().await;
    assert_eq!(browser.bind("bangumi", "sakura").await.status, 303);
    let third = tokens().await;
    assert!(first != second && second != third && first != third);
    assert_eq!(browser.ask("/connections").await.json()["items"][0]["state"], json!("healthy"));
}

#[tokio::test]
async fn an_address_that_nobody_has_verified_gets_ten_letters_an_hour_and_what_they_tell_of_is_done_all_the_same() {
    use shared::account::User;
    use shared::i18n::Lang;
    use shared::mail::{self, LetterKind};
    let site = TestSite::start().await;
    let fakes = site.site.fakes().unwrap();
    let browser = site.member("sakura").await;
    for _ in 0..7 {
        assert_eq!(browser.bind("weibo", "sakura").await.location(), "/connections?done=bound");
        assert_eq!(browser.delete("/connections/weibo").await.status, 204);
    }
    assert_eq!((fakes.letters().len(), kept(&site).await[1]), (10, 0));
    let app = site.site.app();
    let id = browser.me().await["user_id"].as_str().unwrap().parse().unwrap();
    let user = app.store.find_user(id).await.unwrap().unwrap();
    let letter = async |user: &User| {
        let kind = LetterKind::Bound { provider: "Bangumi".to_owned() };
        mail::about(app, user, kind, Lang::En).await.unwrap().is_some()
    };
    // An account anew is no way around it, nor is another address.
    let other = shared::id::UserId::new(&app.entropy);
    assert!(!letter(&User { user_id: other, email: Some("SAKURA@moe.example".to_owned()), ..user.clone() }).await);
    assert!(!letter(&User { email: Some("sakura+1@moe.example".to_owned()), ..user.clone() }).await);
    // Whose it is, wants to know.
    assert!(letter(&User { email_verified: true, ..user.clone() }).await);
    site.clock.advance(3600);
    assert!(letter(&user).await);
}

#[tokio::test]
async fn s55_a_sign_in_that_is_not_recent_any_more_when_they_come_back_binds_nothing() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    for provider in ["weibo", "bangumi"] {
        let browser = site.browser();
        browser.sign_in(&user).await;
        site.clock.advance(599);
        let begun = browser.open(&format!("/connect/{provider}?intent=bind&continue=/account")).await;
        let form = [("csrf", &*begun.input("csrf")), ("intent", "bind"), ("continue", "/account")];
        let there = browser.submit(&format!("/connect/{provider}"), &form).await.location().to_owned();
        let back = browser.allow_there(&there, "sakura").await;
        site.clock.advance(1);
        let reply = browser.ask(back.strip_prefix(site.issuer()).unwrap()).await;
        assert_eq!((reply.status, &*super::code(&reply)), (403, "fresh_sign_in_required"), "{}", reply.body);
        let page = browser.open(&back).await;
        let again = format!("/connect/{provider}?intent=bind&continue=%2Faccount");
        let (path, query) = page.location().split_once('?').unwrap();
        let query: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!((path, query), ("/login", vec![("continue".to_owned(), again)]));
        assert_eq!(kept(&site).await[1..], [0, 0, 0]);
        let control = site.site.fakes().unwrap().control();
        assert!(control.requests_to(provider, local::fakes::Endpoint::Token).is_empty(), "the code is not spent");
        // Who signs in again begins again.
        browser.sign_in(&user).await;
        assert_eq!(browser.bind(provider, "sakura").await.location(), "/connections?done=bound");
        assert_eq!(browser.delete(&format!("/connections/{provider}")).await.status, 204);
    }
}
