//! EventBridge Scheduler on a laptop: runs the scheduled functions at their rates.

use shared::app::App;
use shared::log;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::functions::Run;
use crate::template::Schedule;

/// The scheduled functions, waiting for their time. Dropping it stops them.
pub(crate) struct Scheduler {
    _tasks: JoinSet<()>,
}

impl Scheduler {
    /// Runs every schedule whose function is known, the first time after one period. (A deployed schedule runs at once when
    /// it is created; what a new site needs of that, its start has done.)
    pub(crate) fn start(schedules: &[Schedule], functions: &[(&'static str, Run)], app: &App) -> Self {
        let mut tasks = JoinSet::new();
        for Schedule { every, function } in schedules {
            let Some((name, run)) = functions.iter().find(|(name, _)| name == function) else { continue };
            tasks.spawn(repeat(name, *run, *every, app.of_function(name)));
        }
        Self { _tasks: tasks }
    }
}

async fn repeat(name: &'static str, run: Run, every: std::time::Duration, app: App) {
    let mut ticks = interval_at(Instant::now() + every, every);
    // A laptop that slept for a night owes one run, not eight.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // A task of its own, so that a panic ends one run and not the schedule.
        let (clock, work) = (app.clock.clone(), run(app.clone()));
        let logged = async move { log::run(name, String::new(), &clock, work).await };
        if let Err(panic) = tokio::spawn(logged).await {
            tracing::error!(function = name, %panic, "the scheduled run failed");
        }
    }
}
