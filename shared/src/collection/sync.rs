//! How far the synchronisation of a user's collection is.

use serde::{Deserialize, Serialize};

use super::merge::Settings;
use crate::clock::{Millis, Time};
use crate::id::{LeaseId, UserId};

/// Seconds between two runs of a user to whom nothing happens here.
pub const EVERY: i64 = 24 * 60 * 60;
/// Seconds between two looks at everything that is there: what changed without moving its time is found by them alone.
pub const FULL_EVERY: i64 = 7 * EVERY;
/// Seconds from a change here until it is sent: others that follow go with it.
pub const SOON: i64 = 30;
/// Seconds until the first run after a setback, which double with each one more, up to [`SETBACK_MOST`].
const SETBACK: i64 = 5 * 60;
/// The longest that a setback puts a user off.
const SETBACK_MOST: i64 = 6 * 60 * 60;

/// A user's synchronisation. What is in `progress` is the run's, under its lease; the rest is everybody's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SyncState {
    /// Whose.
    pub user_id: UserId,
    /// How the user wants it.
    #[serde(default)]
    pub settings: Settings,
    /// When it is due; never, where nothing is to be done before somebody does something.
    #[serde(default)]
    pub next_run_at: Option<Time>,
    /// When somebody last wanted it to run: a run that began before does not end that.
    #[serde(default)]
    pub wanted_at: Option<Millis>,
    /// Who runs it now.
    #[serde(default)]
    pub lease_id: Option<LeaseId>,
    /// Until when nobody else may.
    #[serde(default)]
    pub lease_until: Option<Time>,
    /// What its owner has to do something about.
    #[serde(default)]
    pub attention: Option<Attention>,
    /// How far it is.
    #[serde(default)]
    pub progress: Progress,
}

/// What only its owner can mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Attention {
    /// Bangumi refuses the binding's tokens: the account has to be bound again.
    BindAgain,
}

/// What kept a run from its end. It goes on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Setback {
    /// Bangumi did not answer, or not in a way that can be understood.
    Unavailable,
    /// Bangumi was asked too often.
    RateLimited,
}

/// How far a run is, and what is known from those before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The account there that all of this is about.
    pub account: String,
    /// When that was bound.
    pub linked_at: Option<Time>,
    /// What the settings were.
    pub settings: Settings,
    /// What addresses call it there; asked again where it is not found under it.
    pub username: Option<String>,
    /// What is being done.
    pub place: Place,
    /// How new the newest entry there was when it was last pulled.
    pub watermark: Option<Millis>,
    /// When everything there is looked at again; nothing: at once.
    pub full_at: Option<Time>,
    /// How many entries there were there, as Bangumi counts.
    pub total: Option<u32>,
    /// How many runs in a row were kept from their end.
    pub setbacks: u32,
    /// By what.
    pub setback: Option<Setback>,
    /// When the present run began.
    pub began_at: Option<Time>,
    /// What the present run did so far.
    pub counts: Counts,
    /// When the last run ended that was not kept from it.
    pub ended_at: Option<Time>,
    /// What it did.
    pub last: Counts,
    /// When a run last brought something here without telling it among the changes: what was worked out of all entries before
    /// that is old.
    pub pulled_at: Option<Millis>,
}

/// What is being done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Nothing.
    #[default]
    Idle,
    /// Reading what changed there, the newest first, from this row on.
    Pull {
        /// How many rows were read.
        offset: u32,
        /// How new the newest was.
        top: Millis,
    },
    /// Reading all that is there.
    Full {
        /// How many rows were read.
        offset: u32,
        /// How new the newest was.
        top: Millis,
        /// When this pass began: its name.
        pass: i64,
    },
    /// Looking, one by one, at what was not among all that is there.
    Missing {
        /// The pass.
        pass: i64,
        /// The last one that was looked at.
        after: u32,
    },
    /// Sending what changed here.
    Send {
        /// The last one that was sent.
        after: u32,
    },
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Counts {
    /// How many entries there it has looked at.
    pub seen: u32,
    /// Of how many, as far as is known.
    pub of: u32,
    /// How many it changed here, or brought here.
    pub pulled: u32,
    /// How many it changed there, or brought there.
    pub pushed: u32,
    /// Of how many it asks their owner.
    pub asked: u32,
    /// How many Bangumi did not take.
    pub refused: u32,
}

impl Progress {
    /// Goes on from where the last run was cut off, or begins anew: with all that is there, where that is due, another
    /// account is bound, or it is wanted otherwise.
    pub fn begin(&mut self, account: &str, linked_at: Time, settings: Settings, now: Time) {
        if self.account != account {
            *self = Self { account: account.to_owned(), ..Self::default() };
        }
        let is_other = self.linked_at != Some(linked_at) || self.settings != settings;
        if is_other || self.watermark.is_none() {
            self.full_at = None;
        }
        (self.linked_at, self.settings) = (Some(linked_at), settings);
        if self.place != Place::Idle && !is_other {
            // The run before may have died before it could say so.
            self.pulled_at = Some(Millis(now.0 * 1000));
            return;
        }
        (self.began_at, self.counts) = (Some(now), Counts::default());
        let pass = now.0;
        self.place = if self.full_at.is_none_or(|full_at| full_at <= now) {
            Place::Full { offset: 0, top: Millis(0), pass }
        } else if settings.direction.pulls() {
            Place::Pull { offset: 0, top: Millis(0) }
        } else {
            Place::Send { after: 0 }
        };
    }

    /// The run is through.
    pub fn end(&mut self, now: Time) {
        self.place = Place::Idle;
        (self.setbacks, self.setback) = (0, None);
        (self.last, self.ended_at, self.began_at) = (self.counts, Some(now), None);
    }

    /// The run was kept from its end. Gives when to go on, where `chance` from 0 to 255 scatters those that meet the same
    /// setback.
    pub fn set_back(&mut self, by: Setback, now: Time, chance: u8) -> Time {
        let pause = (SETBACK << self.setbacks.min(10)).min(SETBACK_MOST);
        self.setbacks = self.setbacks.saturating_add(1);
        self.setback = Some(by);
        now + scattered(pause, chance)
    }
}

/// From three quarters to five quarters of `seconds`.
pub fn scattered(seconds: i64, chance: u8) -> i64 {
    seconds * 3 / 4 + seconds * i64::from(chance) / 2 / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_767_225_600);

    fn begun(progress: &mut Progress, at: Time) -> Place {
        progress.begin("42", Time(5), Settings::default(), at);
        progress.place
    }

    #[test]
    fn the_first_run_looks_at_everything_and_those_after_it_at_what_is_new() {
        let mut progress = Progress::default();
        assert!(matches!(begun(&mut progress, NOW), Place::Full { offset: 0, .. }));
        (progress.watermark, progress.full_at) = (Some(Millis(1)), Some(NOW + FULL_EVERY));
        progress.end(NOW);
        assert!(matches!(begun(&mut progress, NOW + EVERY), Place::Pull { offset: 0, .. }));
        progress.end(NOW + EVERY);
        assert!(matches!(begun(&mut progress, NOW + FULL_EVERY), Place::Full { .. }), "once a week");
    }

    #[test]
    fn what_was_cut_off_goes_on_unless_the_account_the_binding_or_the_settings_are_others() {
        let mut progress = Progress::default();
        begun(&mut progress, NOW);
        (progress.watermark, progress.full_at) = (Some(Millis(1)), Some(NOW + FULL_EVERY));
        progress.place = Place::Send { after: 7 };
        assert_eq!(begun(&mut progress, NOW), Place::Send { after: 7 });
        let mut other = progress.clone();
        other.begin("43", Time(5), Settings::default(), NOW);
        assert!(matches!(other.place, Place::Full { .. }) && other.watermark.is_none());
        let mut again = progress.clone();
        again.begin("42", Time(6), Settings::default(), NOW);
        assert!(matches!(again.place, Place::Full { .. }) && again.watermark.is_some());
        let wanted = Settings { direction: super::super::Direction::Push, ..Settings::default() };
        progress.begin("42", Time(5), wanted, NOW);
        assert!(matches!(progress.place, Place::Full { .. }));
    }

    #[test]
    fn setbacks_put_off_for_twice_as_long_each_time_and_not_all_for_as_long() {
        let mut progress = Progress::default();
        let pause = |progress: &mut Progress, chance| progress.set_back(Setback::Unavailable, NOW, chance) - NOW;
        assert_eq!(pause(&mut progress, 0), 225);
        assert_eq!(pause(&mut progress, 255), 750);
        for _ in 0..20 {
            pause(&mut progress, 0);
        }
        assert_eq!(pause(&mut progress, 255), SETBACK_MOST * 5 / 4);
        progress.end(NOW);
        assert_eq!((progress.setbacks, progress.setback), (0, None));
    }
}
