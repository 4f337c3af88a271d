//! A letter: to whom, in which language, and what it says.

use serde::{Deserialize, Serialize};

use crate::account::User;
use crate::app::App;
use crate::clock::Time;
use crate::i18n::{Lang, fill};
use crate::id::LetterId;
use crate::oauth::lifetimes::LETTER_RETRY;

/// A letter as the table has it until it is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// Its name.
    pub letter_id: LetterId,
    /// The address that it goes to.
    pub to: String,
    /// The language that it is written in.
    pub lang: Lang,
    /// What it tells.
    pub kind: LetterKind,
    /// Which account it is about, in a word that its owner knows.
    pub account: String,
    /// When it happened.
    pub happened_at: Time,
    /// How often it was tried, but for the first time, when it happened.
    pub attempts: u32,
    /// When it is tried again.
    pub due_at: Time,
}

/// What a letter tells. `provider` is a provider's name as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum LetterKind {
    /// An account elsewhere was bound.
    Bound {
        /// Where it is.
        provider: String,
    },
    /// … was unbound.
    Unbound {
        /// Where it is.
        provider: String,
    },
    /// … does not let us in any more, and has to be bound again.
    BindingBroken {
        /// Where it is.
        provider: String,
    },
}

/// A letter in words: plain text, nothing to click on but addresses of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The subject line.
    pub subject: String,
    /// The text.
    pub body: String,
}

impl Letter {
    /// A letter to a user, or none: where the site writes none, and to who has no address. It is in the language that their
    /// profile names, else in `lang`, the request's.
    pub fn to(app: &App, user: &User, kind: LetterKind, lang: Lang) -> Option<Self> {
        app.mailer.as_ref()?;
        let (to, now) = (user.email.clone()?, app.clock.now());
        Some(Self {
            letter_id: LetterId::new(&app.entropy),
            lang: user.details.get("locale").and_then(Lang::from_tag).unwrap_or(lang),
            kind,
            // No nickname: it may be any text, and whoever registers somebody else's address chooses it.
            account: user.username.clone().unwrap_or_else(|| to.clone()),
            to,
            happened_at: now,
            attempts: 0,
            due_at: now + LETTER_RETRY,
        })
    }

    /// What it says, on the site of that issuer.
    pub fn words(&self, issuer: &str) -> Words {
        let m = self.lang.messages();
        let (provider, subject, tells, advises) = match &self.kind {
            LetterKind::Bound { provider } => {
                (provider, m.letter_bound_subject, m.letter_bound, m.letter_bound_not_you)
            }
            LetterKind::Unbound { provider } => {
                (provider, m.letter_unbound_subject, m.letter_unbound, m.letter_unbound_not_you)
            }
            LetterKind::BindingBroken { provider } => {
                (provider, m.letter_broken_subject, m.letter_broken, m.letter_broken_what_to_do)
            }
        };
        let time = self.happened_at.to_string().replace('T', " ").replace('Z', " UTC");
        let account_page = format!("{issuer}/account");
        let values =
            [("provider", &**provider), ("account", &*self.account), ("time", &*time), ("url", &*account_page)];
        let paragraphs = [tells, advises, m.letter_no_reply].map(|paragraph| fill(paragraph, &values));
        Words {
            subject: fill(subject, &values),
            body: format!("{}\n\n-- \nbangumoe\n{issuer}\n", paragraphs.join("\n\n")),
        }
    }
}
