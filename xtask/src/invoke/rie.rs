//! The Runtime Interface Emulator: what AWS's own images run functions in. SAM brings it along.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{PATIENCE, free_port, listening};
use crate::Result;
use crate::build::Binaries;
use crate::process::Running;
use crate::project::Function;
use crate::stage::Stage;

/// An emulator for each function that was invoked so far.
pub(super) struct Rie {
    emulator: PathBuf,
    binaries: Binaries,
    running: HashMap<String, (Running, u16)>,
}

impl Rie {
    /// Finds the emulator inside SAM's package; it starts with the first event.
    pub(super) fn new(binaries: Binaries) -> Result<Self> {
        Ok(Self { emulator: emulator()?, binaries, running: HashMap::new() })
    }

    /// Hands an event to a function.
    pub(super) async fn invoke(&mut self, stage: &Stage, function: &Function, event: &Path) -> Result<Value> {
        if !self.running.contains_key(&function.name) {
            let started = self.start(stage, function).await?;
            self.running.insert(function.name.clone(), started);
        }
        let port = self.running.get(&function.name).map(|(_, port)| *port).unwrap_or_default();
        let url = format!("http://127.0.0.1:{port}/2015-03-31/functions/function/invocations");
        let request = reqwest::Client::new().post(url).timeout(PATIENCE).body(std::fs::read(event)?);
        Ok(request.send().await?.json().await?)
    }

    async fn start(&self, stage: &Stage, function: &Function) -> Result<(Running, u16)> {
        let port = free_port()?;
        let mut command = Command::new(&self.emulator);
        command
            .args(["--runtime-interface-emulator-address", &format!("127.0.0.1:{port}")])
            .args(["--runtime-api-address", &format!("127.0.0.1:{}", free_port()?)])
            .args(["--log-level", "error"])
            .arg(self.binaries.find(&function.name))
            .envs(stage.environment(function, stage.endpoint()?)?)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let running = Running::start(&mut command)?;
        listening(port).await?;
        Ok((running, port))
    }
}

/// It lies in the Python package, whose interpreter stands beside the command.
fn emulator() -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let sam = std::env::split_paths(&path).map(|folder| folder.join("sam")).find(|sam| sam.is_file());
    let sam = sam.ok_or("there is no `sam` in PATH (.ci/requirements.txt names the tools)")?.canonicalize()?;
    let python = sam.with_file_name("python3");
    let print = "import os, samcli; print(os.path.dirname(samcli.__file__))";
    let output = Command::new(python).args(["-c", print]).output()?;
    let folder = Path::new(String::from_utf8(output.stdout)?.trim()).join("local/rapid");
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let emulator = folder.join(format!("aws-lambda-rie-{arch}"));
    if emulator.is_file() { Ok(emulator) } else { Err(format!("SAM has no {}", emulator.display()).into()) }
}
