//! Letters: what they say, to whom they go, and that they go.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod delivery;
mod words;

use local::fakes::Fakes;
use shared::i18n::Lang;
use shared::id::Attempt;
use shared::mail::{Letter, LetterKind};
use shared::{account, mail};
use tests::{TestSite, User};

fn bound() -> LetterKind {
    LetterKind::Bound { provider: "Bangumi".to_owned() }
}

fn fakes(site: &TestSite) -> &Fakes {
    site.site.fakes().unwrap()
}

async fn stored(site: &TestSite, user: &User) -> account::User {
    site.site.app().store.find_user(user.user_id.parse().unwrap()).await.unwrap().unwrap()
}

/// A letter to a user that is written down, and not sent yet.
async fn written(site: &TestSite, user: &User) -> Letter {
    let app = site.site.app();
    let letter = Letter::to(app, &stored(site, user).await, bound(), Lang::En).unwrap();
    app.store.create_letter(&letter, Attempt::new(&app.entropy)).await.unwrap();
    letter
}

/// … and sent, as far as SES takes it.
async fn send(site: &TestSite, user: &User) -> Letter {
    let letter = written(site, user).await;
    mail::send_now(site.site.app(), &letter).await;
    letter
}

/// How many letters wait in the table.
async fn waiting(site: &TestSite) -> usize {
    site.dump().await.iter().filter(|item| item["type"]["S"] == "letter").count()
}

async fn sweep(site: &TestSite) {
    site.site.run_scheduled("sweep").await.unwrap();
}
