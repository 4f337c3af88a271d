//! `cargo lambda watch`, with binaries that are built already, and `cargo lambda invoke`.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{PATIENCE, free_port, listening};
use crate::Result;
use crate::build::Binaries;
use crate::process::Running;
use crate::project::Function;
use crate::stage::Stage;

/// The watcher, and a process for each function that was invoked so far.
pub(super) struct CargoLambda {
    binaries: Binaries,
    running: HashMap<String, Running>,
    port: u16,
    _watch: Running,
}

impl CargoLambda {
    /// Starts the watcher alone; functions start with their first event.
    pub(super) async fn start(binaries: Binaries) -> Result<Self> {
        let port = free_port()?;
        // Not by way of cargo, which would live on without its child.
        let mut watch = Command::new("cargo-lambda");
        watch
            .args(["lambda", "watch", "--only-lambda-apis", "--ignore-changes", "--quiet"])
            .args(["--invoke-address", "127.0.0.1", "--invoke-port", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let watch = Running::start(&mut watch)?;
        listening(port).await?;
        Ok(Self { binaries, running: HashMap::new(), port, _watch: watch })
    }

    /// Hands an event to a function.
    pub(super) async fn invoke(&mut self, stage: &Stage, function: &Function, event: &Path) -> Result<Value> {
        let (name, port) = (function.name.as_str(), self.port.to_string());
        if !self.running.contains_key(name) {
            let mut command = Command::new(self.binaries.find(name));
            command
                .envs(stage.environment(function, stage.endpoint()?)?)
                .env("AWS_LAMBDA_RUNTIME_API", format!("http://127.0.0.1:{port}/.rt/{name}"))
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            self.running.insert(name.to_owned(), Running::start(&mut command)?);
        }
        let mut invoke = tokio::process::Command::new("cargo-lambda");
        invoke
            .args(["lambda", "invoke", name, "--invoke-address", "127.0.0.1", "--invoke-port", &port])
            .arg("--data-file")
            .arg(event)
            .kill_on_drop(true);
        let output = tokio::time::timeout(PATIENCE, invoke.output()).await.map_err(|_| "no answer")??;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}
