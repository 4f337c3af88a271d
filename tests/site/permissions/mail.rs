//! Letters: who sends them.

use std::collections::BTreeSet;

use local::fakes::{Endpoint, Fault};
use shared::i18n::Lang;
use shared::id::Attempt;
use shared::mail::{Letter, LetterKind};
use tests::{TestSite, User};

/// A letter that could not be sent at once, and is sent by the sweep.
pub(super) async fn tour(site: &TestSite, user: &User) {
    let app = site.site.app();
    let user = app.store.find_user(user.user_id.parse().unwrap_or_else(|_| unreachable!())).await.ok().flatten();
    let kind = LetterKind::Bound { provider: "Bangumi".to_owned() };
    let letter = user.and_then(|user| Letter::to(app, &user, kind, Lang::En));
    let Some(letter) = letter else { unreachable!("the user has an address") };
    assert!(app.store.create_letter(&letter, Attempt::new(&app.entropy)).await.is_ok());
    let Some(fakes) = site.site.fakes() else { unreachable!("they are there unless left out") };
    fakes.control().set("ses", Endpoint::Mail, Fault::Status(500));
    site.clock.advance(3600);
    assert!(site.site.run_scheduled("sweep").await.is_ok());
    fakes.control().heal();
    site.clock.advance(3600);
    assert!(site.site.run_scheduled("sweep").await.is_ok());
    assert_eq!(fakes.letters().len(), 1);
}

/// The functions that asked SES for something.
pub(super) fn senders(site: &TestSite) -> BTreeSet<String> {
    let fakes = site.site.fakes().into_iter();
    let asked = fakes.flat_map(|fakes| fakes.control().requests_to("ses", Endpoint::Mail));
    let names =
        asked.filter_map(|asked| asked.header("user-agent").split_once("app/").map(|(_, name)| name.to_owned()));
    names.collect()
}
