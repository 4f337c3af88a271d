//! The operator, who speaks to the table behind the site's back.

use local::cli::Command;
use local::commands::{self, CommandError};
use serde_json::Value;

use super::TestSite;

impl TestSite {
    /// Does an operator's command.
    ///
    /// # Errors
    /// The command's own.
    pub async fn try_to_operate(&self, command: Command) -> Result<Value, CommandError> {
        let app = self.site.app();
        commands::run(&command, &app.store, &app.config.secret_keys, &self.clock, &app.entropy).await
    }

    /// Does an operator's command that must succeed.
    pub async fn operate(&self, command: Command) -> Value {
        self.try_to_operate(command).await.unwrap()
    }
}
