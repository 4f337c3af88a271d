//! How much a run may ask of Bangumi: taken out of the bucket that all share, a handful at a time.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Mutex;

use super::Stop;
use crate::app::App;
use crate::id::Attempt;

/// How many requests are taken out of the bucket at once.
const HANDFUL: u32 = 20;

/// What all that work in one process have taken out and not used yet.
#[derive(Debug, Default)]
pub struct Budget {
    left: Mutex<u32>,
    is_out: AtomicBool,
}

impl Budget {
    /// Whether the bucket was found to be empty: nobody else need begin.
    pub fn is_out(&self) -> bool {
        self.is_out.load(Ordering::Relaxed)
    }

    /// Takes one request.
    pub(super) async fn take(&self, app: &App) -> Result<(), Stop> {
        let mut left = self.left.lock().await;
        if *left == 0 {
            let attempt = Attempt::new(&app.entropy);
            if !app.store.claim_requests(HANDFUL, app.clock.now_millis(), attempt).await? {
                self.is_out.store(true, Ordering::Relaxed);
                return Err(Stop::Budget);
            }
            *left = HANDFUL;
        }
        *left -= 1;
        Ok(())
    }
}
