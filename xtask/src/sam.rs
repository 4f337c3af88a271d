//! `sam local`: functions in Docker containers, from what `sam build` built.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::Result;
use crate::process::run;
use crate::project::{Function, Project};
use crate::stage::Stage;

/// Not declared in the template: a deployed function has AWS's own.
const ENDPOINT: &str = "AWS_ENDPOINT_URL_DYNAMODB";

/// How to run containers.
#[derive(Args)]
pub(crate) struct Containers {
    /// The image that `sam` is to run functions in, where it can't pull AWS's own
    #[arg(long, value_name = "NAME:TAG")]
    image: Option<String>,
}

/// What `sam local` is told: the built template, and where the table is.
pub(crate) struct Sam {
    template: PathBuf,
    variables: PathBuf,
    image: Option<String>,
    forwarding: JoinHandle<()>,
}

/// Serves the whole API with `sam local start-api`, until it is stopped.
pub(crate) async fn start_api(containers: &Containers) -> Result<()> {
    let project = Project::load()?;
    let stage = Stage::set().await?;
    let sam = Sam::prepare(&project, &project.functions()?, &stage, containers).await?;
    // A request is a new container, and the table has to answer it meanwhile.
    tokio::task::block_in_place(|| run(&mut sam.command("start-api")))
}

impl Sam {
    /// Opens the table to containers, and writes what `sam local` reads.
    pub(crate) async fn prepare(
        project: &Project,
        functions: &[Function],
        stage: &Stage,
        containers: &Containers,
    ) -> Result<Self> {
        let built = project.root.join(".aws-sam/build/template.yaml");
        let yaml = std::fs::read_to_string(&built)
            .map_err(|error| format!("{}: {error}: run `sam build` first", built.display()))?;
        let (forwarding, endpoint) = forward(stage.endpoint()?).await?;
        let sam = Self {
            template: built.with_file_name("local.json"),
            variables: built.with_file_name("variables.json"),
            image: containers.image.clone(),
            forwarding,
        };
        std::fs::write(&sam.template, with_endpoint(&yaml)?.to_string())?;
        let variables =
            functions.iter().map(|function| Ok((&*function.resource, stage.environment(function, &endpoint)?)));
        std::fs::write(&sam.variables, serde_json::to_string(&variables.collect::<Result<HashMap<_, _>>>()?)?)?;
        Ok(sam)
    }

    /// Hands an event to a function.
    pub(crate) async fn invoke(&self, function: &Function, event: &Path) -> Result<Value> {
        let mut command = tokio::process::Command::from(self.command("invoke"));
        let output = command.arg(&function.resource).arg("--event").arg(event).kill_on_drop(true).output().await?;
        // The answer is the last line; where there is none, SAM says why on the other channel.
        let answer = String::from_utf8(output.stdout)?;
        let Some(line) = answer.lines().last().filter(|_| output.status.success()) else {
            return Err(String::from_utf8_lossy(&output.stderr).trim().into());
        };
        Ok(serde_json::from_str(line)?)
    }

    fn command(&self, subcommand: &str) -> Command {
        let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
        let mut command = Command::new("sam");
        command
            .args(["local", subcommand, "--region", "us-east-1", "--parameter-overrides"])
            .arg(format!("Architecture={architecture}"))
            .arg("--template")
            .arg(&self.template)
            .arg("--env-vars")
            .arg(&self.variables)
            .env("SAM_CLI_TELEMETRY", "0");
        if let Some(image) = &self.image {
            command.args(["--skip-pull-image", "--invoke-image", image]);
        }
        command
    }
}

impl Drop for Sam {
    fn drop(&mut self) {
        self.forwarding.abort();
    }
}

/// The built template, declaring one variable more: `sam local` sets none that isn't declared.
fn with_endpoint(built: &str) -> Result<Value> {
    let mut template: Value = serde_saphyr::from_str(built).map_err(|error| format!("the built template: {error}"))?;
    let variables = template.pointer_mut("/Globals/Function/Environment/Variables").and_then(Value::as_object_mut);
    variables.ok_or("the built template has no variables for all functions")?.insert(ENDPOINT.to_owned(), json!(""));
    Ok(template)
}

/// Makes the table reachable from containers: at the bridge's address, and at no other. Returns its endpoint there.
async fn forward(endpoint: &str) -> Result<(JoinHandle<()>, String)> {
    let table = endpoint.strip_prefix("http://").ok_or("the table is not at http")?.to_owned();
    let mut docker = Command::new("docker");
    docker.args(["network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"]);
    let output = docker.output().map_err(|error| format!("docker: {error}"))?;
    let bridge = String::from_utf8(output.stdout)?.trim().to_owned();
    if !output.status.success() || bridge.is_empty() {
        return Err(format!("docker: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
    }
    let listener = TcpListener::bind((bridge.as_str(), 0)).await.map_err(|error| format!("{bridge}: {error}"))?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let forwarding = tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            let table = table.clone();
            tokio::spawn(async move { copy_bidirectional(&mut from, &mut TcpStream::connect(table).await?).await });
        }
    });
    Ok((forwarding, endpoint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_declared_beside_what_the_template_declares() {
        let built = "
Globals: { Function: { Environment: { Variables: { ISSUER: { Ref: Issuer } } } } }
Resources: { A: { Type: AWS::Serverless::Function } }
";
        let template = with_endpoint(built).unwrap();
        let variables = &template["Globals"]["Function"]["Environment"]["Variables"];
        assert_eq!(variables, &json!({ "ISSUER": { "Ref": "Issuer" }, ENDPOINT: "" }));
        assert_eq!(template["Resources"]["A"]["Type"], "AWS::Serverless::Function");
        assert!(with_endpoint("Resources: {}").is_err());
    }
}
