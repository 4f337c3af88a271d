//! That letters are sent: at once, or by the sweep.

use std::time::Duration;

use local::fakes::{Endpoint, Fault, MAIL_FROM};
use local::site::{Options, Site, Storage};
use shared::config::{Aws, MailSettings};
use shared::i18n::Lang;
use shared::id::{Attempt, UserId};
use shared::mail::{self, Letter, MailError, Mailer};
use shared::store::letters::write_letter;
use shared::store::transaction::Transacted;
use tests::{Reply, TestSite, json};

use super::{bound, fakes, send, sweep, waiting, written};

#[tokio::test]
async fn a_letter_is_sent_at_once_and_nothing_is_left_of_it() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let letter = send(&site, &user).await;
    let letters = fakes(&site).letters();
    assert_eq!((letters.len(), waiting(&site).await), (1, 0));
    let words = letter.words(site.issuer());
    assert_eq!((&letters[0].to, letters[0].from.as_str()), (&letter.to, MAIL_FROM));
    assert_eq!((&letters[0].subject, &letters[0].text), (&words.subject, &words.body));
    sweep(&site).await;
    site.clock.advance(86_400);
    sweep(&site).await;
    assert_eq!(fakes(&site).letters().len(), 1, "once");
}

#[tokio::test]
async fn a_letter_that_is_not_taken_is_sent_again_for_a_while_each_time_later() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let asked = || fakes(&site).control().requests_to("ses", Endpoint::Mail).len();
    fakes(&site).control().set("ses", Endpoint::Mail, Fault::Status(500));
    send(&site, &user).await;
    sweep(&site).await;
    assert_eq!((asked(), waiting(&site).await), (1, 1), "not at once");
    site.clock.advance(3600);
    sweep(&site).await;
    site.clock.advance(3599);
    sweep(&site).await;
    assert_eq!(asked(), 2, "each time later");
    fakes(&site).control().heal();
    site.clock.advance(1);
    sweep(&site).await;
    assert_eq!((asked(), fakes(&site).letters().len(), waiting(&site).await), (3, 1, 0));

    // In the end it is given up.
    fakes(&site).control().set("ses", Endpoint::Mail, Fault::InvalidGrant);
    send(&site, &user).await;
    for _ in 0..48 {
        site.clock.advance(3600);
        sweep(&site).await;
    }
    assert_eq!((asked(), waiting(&site).await), (3 + 6, 0));
}

#[tokio::test]
async fn as_long_as_ses_takes_them_one_sweep_sends_all_that_wait() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    for _ in 0..12 {
        written(&site, &user).await;
    }
    site.clock.advance(3600);
    fakes(&site).control().set("ses", Endpoint::Mail, Fault::Cut);
    sweep(&site).await;
    assert_eq!(waiting(&site).await, 12, "and where it does not, a run is not kept waiting by all");
    let asked = fakes(&site).control().requests_to("ses", Endpoint::Mail).len();
    assert_eq!(asked, 5);
    fakes(&site).control().heal();
    site.clock.advance(7200);
    sweep(&site).await;
    assert_eq!((fakes(&site).letters().len(), waiting(&site).await), (12, 0));
}

#[tokio::test]
async fn a_letter_that_does_not_read_keeps_no_other_from_being_sent() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    for _ in 0..2 {
        written(&site, &user).await;
    }
    let mut strange = site.dump().await.into_iter().find(|item| item["type"]["S"] == "letter").unwrap();
    strange["kind"] = json!({ "S": "of another version" });
    site.write_item(&strange).await;
    site.clock.advance(3600);
    sweep(&site).await;
    assert_eq!((fakes(&site).letters().len(), waiting(&site).await), (1, 1));
}

#[tokio::test]
async fn of_two_sweeps_at_once_one_sends_a_letter() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    for _ in 0..3 {
        written(&site, &user).await;
    }
    site.clock.advance(3600);
    tokio::join!(sweep(&site), sweep(&site), sweep(&site));
    assert_eq!(fakes(&site).letters().len(), 3);
}

#[tokio::test]
async fn whoever_did_it_waits_two_seconds_at_the_most() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    for fault in [Fault::Slow, Fault::Cut, Fault::Redirect, Fault::Status(429)] {
        fakes(&site).control().set("ses", Endpoint::Mail, fault);
        let letter = written(&site, &user).await;
        let waits = tokio::time::timeout(Duration::from_secs(8), mail::send_now(site.site.app(), &letter));
        assert!(waits.await.is_ok(), "{fault:?}");
    }
    assert_eq!((waiting(&site).await, fakes(&site).letters().len()), (4, 0));
}

#[tokio::test]
async fn a_letter_stands_and_falls_with_what_it_tells() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let app = site.site.app();
    let stored = super::stored(&site, &user).await;
    let letter = Letter::to(app, &stored, bound(), Lang::En).unwrap();
    let attempt = Attempt::new(&app.entropy);
    let done = app.store.transact(vec![write_letter(&letter).unwrap()], attempt).await.unwrap();
    assert!(matches!(done, Transacted::Done));
    let again = app.store.transact(vec![write_letter(&letter).unwrap()], Attempt::new(&app.entropy)).await.unwrap();
    assert!(matches!(again, Transacted::Lost(_)), "a letter is written once");
    assert_eq!(waiting(&site).await, 1);
    site.clock.advance(3600);
    sweep(&site).await;
    assert_eq!(fakes(&site).letters().len(), 1);
}

#[tokio::test]
async fn the_mailbox_shows_the_newest_letter_first_and_nothing_that_runs() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let page = || Reply::to(site.http.get(fakes(&site).mailbox()).header("accept", "text/html"));
    assert!(page().await.body.contains("id=\"empty\""));
    send(&site, &user).await;
    let own = site.sign_in(&user).await;
    let locale = tests::json!({ "locale": "ja" });
    assert_eq!(site.patch("/account", Some(&own), locale).await.status, 200);
    send(&site, &user).await;
    let shown = page().await;
    assert_eq!((shown.status, shown.header("content-type")), (200, "text/html; charset=utf-8"));
    let [ja, en] = ["連携されました", "can now sign in"].map(|words| shown.body.find(words));
    assert!(ja.is_some() && ja < en, "{}", shown.body);
    assert!(!shown.body.contains("<script"));
    let json = Reply::to(site.http.get(fakes(&site).mailbox())).await.json();
    assert_eq!(json["letters"].as_array().unwrap().len(), 2);
    assert_eq!(json["letters"][1]["to"], format!("{}@moe.example", user.username));
}

#[tokio::test]
async fn where_nobody_sends_letters_none_is_written() {
    let site = Site::start(Options { fakes: false, ..Options::new(Storage::Memory) }).await.unwrap();
    assert!(site.fakes().is_none() && site.app().mailer.is_none());
    let mut user = shared::account::User::new(UserId::new(&site.app().entropy), site.app().clock.now());
    user.email = Some("sakura@moe.example".to_owned());
    assert!(Letter::to(site.app(), &user, bound(), Lang::En).is_none());
}

#[tokio::test]
async fn ses_is_asked_with_whatever_credentials_there_are_and_its_no_is_one_word() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let (app, letter) = (site.site.app(), written(&site, &user).await);
    let settings = app.config.mail.clone().unwrap();
    let send = async |settings: &MailSettings| {
        let mailer = Mailer::new(settings.clone()).named("connect");
        mailer.send(&letter, site.issuer(), app.clock.now_millis()).await
    };
    assert_eq!(send(&settings).await, Ok(()));
    // As a Lambda's are.
    let session_token = Some("a session's token".into());
    let lambdas = MailSettings { aws: Aws { session_token, ..settings.aws.clone() }, ..settings.clone() };
    assert_eq!(send(&lambdas).await, Ok(()));
    let noted = fakes(&site).control().requests_to("ses", Endpoint::Mail).pop().unwrap();
    assert_eq!(noted.header("x-amz-security-token"), "a session's token");
    assert!(noted.header("authorization").contains("/20260101/us-east-1/ses/aws4_request"));
    assert_eq!(noted.header("user-agent"), "bangumoe app/connect");

    let refused = |status, code: &str| Err(MailError::Refused { status, code: code.to_owned() });
    let stranger = MailSettings { from: "somebody@else.example".to_owned(), ..settings.clone() };
    assert_eq!(send(&stranger).await, refused(400, "MailFromDomainNotVerifiedException"));
    let thief =
        MailSettings { aws: Aws { secret_access_key: "wrong".into(), ..settings.aws.clone() }, ..settings.clone() };
    assert_eq!(send(&thief).await, refused(403, "SignatureDoesNotMatch"));
    fakes(&site).control().set("ses", Endpoint::Mail, Fault::Status(503));
    assert_eq!(send(&settings).await, refused(503, ""));
    fakes(&site).control().set("ses", Endpoint::Mail, Fault::Cut);
    assert_eq!(send(&settings).await, Err(MailError::Unreachable));
    assert_eq!(fakes(&site).letters().len(), 2);
}
