//! Child processes that don't outlive their use.

use std::process::{Child, Command};

use crate::Result;

/// A process that is ended when it is dropped.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        Ok(Self(command.spawn().map_err(|error| not_found(command, &error))?))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a command to its end, in the foreground.
///
/// # Errors
/// It can't be started, or it fails; what it said was shown.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().map_err(|error| not_found(command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("{}: {status}", command.get_program().display()).into()) }
}

fn not_found(command: &Command, error: &std::io::Error) -> String {
    format!("{}: {error} (.ci/requirements.txt names the tools)", command.get_program().display())
}
