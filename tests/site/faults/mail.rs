//! Letters: a failing table loses none.

use local::fakes::{Endpoint, Fault as Wrong};
use shared::i18n::Lang;
use shared::id::Attempt;
use shared::mail::{Letter, LetterKind};

use super::{Ended, fresh, told, withstands};
use tests::{TestSite, Value};

#[tokio::test]
async fn e61_a_letter_that_waits_is_sent_in_the_end() {
    let site = TestSite::start().await;
    let (app, fakes) = (site.site.app(), site.site.fakes().unwrap());
    let run = async |_: &String| told(site.site.run_scheduled("sweep").await.map(|()| Value::Null));
    for taken in [true, false] {
        let prepare = async || {
            let user = site.register(&fresh("sakura")).await;
            let user = app.store.find_user(user.user_id.parse().unwrap()).await.unwrap().unwrap();
            let kind = LetterKind::Unbound { provider: "Bangumi".to_owned() };
            let letter = Letter::to(app, &user, kind, Lang::En).unwrap();
            app.store.create_letter(&letter, Attempt::new(&app.entropy)).await.unwrap();
            site.clock.advance(3600);
            if !taken {
                fakes.control().set("ses", Endpoint::Mail, Wrong::Status(500));
            }
            letter.to
        };
        let after = async |to: &String, ended: Ended| {
            let case = ended.case.clone();
            fakes.control().heal();
            // Whoever claimed it last may have been cut off: its time comes again.
            site.clock.advance(86_400);
            let reply = ended.or_else(run(to)).await;
            assert_eq!(reply.status, 200, "{case}: {}", reply.body);
            assert_eq!(run(to).await.status, 200, "{case}");
            let letters = fakes.letters().into_iter().filter(|letter| letter.to == *to).count();
            assert!((1..=2).contains(&letters), "{case}: {letters}");
            let waiting = site.dump().await.iter().filter(|item| item["type"]["S"] == "letter").count();
            assert_eq!(waiting, 0, "{case}");
        };
        withstands(&site, "sweep", prepare, run, after).await;
    }
}
