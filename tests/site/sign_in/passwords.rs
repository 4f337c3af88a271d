//! What may be a password, and how it is kept.

use shared::account::Password;
use shared::id::{Attempt, UserId};
use tests::{TestSite, json};

async fn register(site: &TestSite, name: &str, password: &str) -> (u16, String) {
    let reply = site.post("/register", None, json!({ "username": name, "password": password })).await;
    let code = reply.json().pointer("/errors/0/code").and_then(|code| code.as_str()).unwrap_or_default().to_owned();
    (reply.status, code)
}

async fn log_in(site: &TestSite, name: &str, password: &str) -> u16 {
    site.post("/login", None, json!({ "username": name, "password": password })).await.status
}

#[tokio::test]
async fn s50_a_password_has_8_to_128_characters_of_any_script() {
    let site = TestSite::start().await;
    for (name, password) in [
        ("ascii8", "x7#kQ2!z".to_owned()),
        ("ascii128", "a".repeat(128)),
        ("kanji-8", "木之本桜知世小狼".to_owned()),
        ("emoji128", "🌸".repeat(128)),
        ("spaces", "  a  b  ".to_owned()),
    ] {
        assert_eq!(register(&site, name, &password).await, (201, String::new()), "{name}");
        assert_eq!(log_in(&site, name, &password).await, 200, "{name}");
    }
    for (password, code) in [
        ("x7#kQ2!".to_owned(), "too_short"),
        ("木之本桜知世狼".to_owned(), "too_short"),
        ("".to_owned(), "too_short"),
        ("a".repeat(129), "too_long"),
        ("🌸".repeat(129), "too_long"),
        ("a".repeat(50_000), "too_long"),
    ] {
        assert_eq!(register(&site, "sakura", &password).await, (422, code.to_owned()), "{}", password.len());
    }
}

#[tokio::test]
async fn s50_no_password_is_truncated() {
    let site = TestSite::start().await;
    for (name, first) in [("ascii-name", "a"), ("emoji-name", "🌸")] {
        let right = format!("{}1", first.repeat(127));
        assert_eq!(register(&site, name, &right).await.0, 201);
        for wrong in [format!("{}2", first.repeat(127)), first.repeat(127), format!("{right}1"), right.repeat(2)] {
            assert_eq!(log_in(&site, name, &wrong).await, 401);
        }
        assert_eq!(log_in(&site, name, &right).await, 200);
    }
}

#[tokio::test]
async fn s50_a_password_is_the_same_however_the_keyboard_composes_it() {
    let site = TestSite::start().await;
    // The same syllables, composed and as letters (what another machine may send), at the greatest length.
    let composed = "한글".repeat(64);
    let letters = "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}".repeat(64);
    assert_eq!(register(&site, "hangul", &composed).await.0, 201);
    assert_eq!(log_in(&site, "hangul", &letters).await, 200);
    assert_eq!(register(&site, "letters", &letters).await.0, 201);
    assert_eq!(log_in(&site, "letters", &composed).await, 200);
}

#[tokio::test]
async fn s50_the_commonest_passwords_are_refused() {
    let site = TestSite::start().await;
    for password in ["password", "12345678", "PASSWORD1", "iloveyou", "1234567890", "qwertyuiop", "11111111"] {
        assert_eq!(register(&site, "sakura", password).await, (422, "too_common".to_owned()), "{password}");
    }
}

#[tokio::test]
async fn s50_passwords_are_kept_by_argon2id_and_rehashed_at_sign_in_when_parameters_rise() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let (app, id) = (site.site.app(), user.user_id.parse::<UserId>().unwrap());
    let stored = async || app.store.find_user_and_password(id).await.unwrap().1.unwrap();
    let first = stored().await;
    assert!(first.hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", first.hash);

    // As it was before the parameters rose: less memory, then fewer passes.
    for (memory, passes) in [(8 * 1024, 2), (19 * 1024, 1)] {
        let weak = Password::new(&user.password).hash_with(memory, passes).unwrap();
        app.store.rehash_password(id, &stored().await, weak.clone(), Attempt::new(&app.entropy)).await.unwrap();
        assert_eq!(stored().await.hash, weak);
        assert_eq!(log_in(&site, "sakura", "not the password").await, 401);
        assert_eq!(stored().await.hash, weak, "a wrong password changes nothing");
        assert_eq!(log_in(&site, "sakura", &user.password).await, 200);
        let renewed = stored().await.hash;
        assert!(renewed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{renewed}");
        assert_eq!(log_in(&site, "sakura", &user.password).await, 200);
        assert_eq!(stored().await.hash, renewed, "once is enough");
    }
    // Two people with one password have nothing in common in the table.
    let other = site.register("tomoyo").await;
    let theirs = app.store.find_user_and_password(other.user_id.parse().unwrap()).await.unwrap().1.unwrap();
    assert_ne!(theirs.hash, stored().await.hash);
}
