//! How much a run may ask of Bangumi: taken out of the bucket that all share, a handful at a time.

use tokio::sync::Mutex;

use super::Stop;
use crate::app::App;
use crate::id::Attempt;

/// How many requests are taken out of the bucket at once.
const HANDFUL: u32 = 20;

/// What all that work in one process have taken out and not used yet.
#[derive(Debug, Default)]
pub struct Budget(Mutex<u32>);

impl Budget {
    /// Takes one request.
    pub(super) async fn take(&self, app: &App) -> Result<(), Stop> {
        let mut left = self.0.lock().await;
        if *left == 0 {
            let attempt = Attempt::new(&app.entropy);
            if !app.store.claim_requests(HANDFUL, app.clock.now_millis(), attempt).await? {
                return Err(Stop::Budget);
            }
            *left = HANDFUL;
        }
        *left -= 1;
        Ok(())
    }
}
