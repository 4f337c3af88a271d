//! What letters say.

use shared::i18n::Lang;
use shared::mail::{Letter, LetterKind};
use tests::{TestSite, json};

use super::{bound, stored};

#[tokio::test]
async fn every_letter_says_when_where_which_account_and_what_to_do_in_each_language() {
    let site = TestSite::start().await;
    let user = stored(&site, &site.register("sakura").await).await;
    let provider = || "Bangumi".to_owned();
    let mut subjects = Vec::new();
    for lang in Lang::ALL {
        for kind in [
            LetterKind::Bound { provider: provider() },
            LetterKind::Unbound { provider: provider() },
            LetterKind::BindingBroken { provider: provider() },
        ] {
            let letter = Letter::to(site.site.app(), &user, kind, lang).unwrap();
            let words = letter.words(site.issuer());
            assert!(words.subject.contains("Bangumi") && !words.subject.contains('\n'), "{}", words.subject);
            for part in ["Bangumi", "2026-01-01 00:00:00 UTC", user.username.as_deref().unwrap(), &site.url("/account")]
            {
                assert!(words.body.contains(part), "{lang:?}: no {part} in {}", words.body);
            }
            assert!(!words.subject.contains('{') && !words.body.contains('{'), "a gap is left: {}", words.body);
            subjects.push(words.subject);
        }
    }
    subjects.sort();
    subjects.dedup();
    assert_eq!(subjects.len(), 9, "each has words of its own");
}

#[tokio::test]
async fn a_letter_is_in_the_language_of_the_profile_and_else_of_the_request() {
    let site = TestSite::start().await;
    let sakura = site.register("sakura").await;
    let app = site.site.app();
    let lang = async |asked| Letter::to(app, &stored(&site, &sakura).await, bound(), asked).unwrap().lang;
    assert_eq!(lang(Lang::ZhCn).await, Lang::ZhCn);
    let own = site.sign_in(&sakura).await;
    for (locale, expected) in [("ja-JP", Lang::Ja), ("de", Lang::ZhCn)] {
        assert_eq!(site.patch("/account", Some(&own), json!({ "locale": locale })).await.status, 200);
        assert_eq!(lang(Lang::ZhCn).await, expected, "{locale}");
    }
}

#[tokio::test]
async fn who_has_no_address_is_not_written_to() {
    let site = TestSite::start().await;
    let mut user = stored(&site, &site.register("sakura").await).await;
    user.email = None;
    assert!(Letter::to(site.site.app(), &user, bound(), Lang::En).is_none());
}

#[tokio::test]
async fn a_letter_says_nothing_that_whoever_registered_an_address_could_choose_freely() {
    let site = TestSite::start().await;
    let mut user = stored(&site, &site.register("sakura").await).await;
    user.nickname = Some("You have won! Go to https://evil.example".to_owned());
    for username in [user.username.clone(), None] {
        user.username = username;
        let letter = Letter::to(site.site.app(), &user, bound(), Lang::En).unwrap();
        assert!(!letter.words(site.issuer()).body.contains("evil"));
    }
}
