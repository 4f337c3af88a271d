//! What the first request waits for: the start of a process, and its first answer.
//!
//! Every start is a fresh process of a binary as it is deployed, handed one event by a Runtime API of our own. The
//! starts of all functions, of all ways to the table and of the bare function take turns, so that what else the machine
//! does hits all alike.

mod quota;
mod report;
mod runtime_api;
mod tls;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Args;
use serde_json::Value;

use self::quota::Quota;
use self::report::{Report, Row};
use self::runtime_api::{Heard, RuntimeApi};
use self::tls::TlsTable;
use crate::build::Binaries;
use crate::process::{self, Running};
use crate::project::{Function, Project, Scene};
use crate::stage::{Stage, status};
use crate::{Result, build, package};

/// The package of the function that does nothing.
const BARE: &str = "bare";

/// The share of a core that a function of 256 MB has: 1,769 MB is one (Lambda's documentation, "Configure memory").
const SHARE: f64 = 256.0 / 1769.0;

/// How long one start may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How to measure.
#[derive(Args)]
pub(crate) struct Options {
    /// Starts of each function and way
    #[arg(long, default_value_t = 30)]
    runs: usize,
    /// Measure the binaries that are there, without building
    #[arg(long)]
    built: bool,
    /// Only these functions
    functions: Vec<String>,
}

/// The way to the table, and the processor that the function has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Way {
    Plain,
    Tls,
    SlowPlain,
    SlowTls,
}

impl Way {
    const ALL: [Self; 4] = [Self::Plain, Self::Tls, Self::SlowPlain, Self::SlowTls];

    fn is_tls(self) -> bool {
        matches!(self, Self::Tls | Self::SlowTls)
    }

    fn is_slow(self) -> bool {
        matches!(self, Self::SlowPlain | Self::SlowTls)
    }
}

/// One start.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// From the start of the process until it asks for its first event.
    ready: Duration,
    /// From then until its first answer.
    answer: Duration,
    /// The most memory that it had by then, in KiB.
    peak: u64,
}

/// An event, and the binary that is to answer it.
struct Subject {
    scene: Scene,
    event: Bytes,
    expected: Value,
    binary: PathBuf,
    environment: HashMap<Way, HashMap<String, String>>,
    samples: HashMap<Way, Vec<Sample>>,
}

/// Measures, and prints the tables of docs/cold-start.md.
pub(crate) async fn run(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) {
        // The table and the Runtime API are this process, and must not be what is waited for.
        let mut cargo = Command::new("cargo");
        cargo
            .args(["run", "--quiet", "--profile", "bench", "--package", "xtask", "--"])
            .args(std::env::args_os().skip(1));
        return process::run(&mut cargo);
    }
    let project = Project::load()?;
    let stage = Stage::set().await?;
    // What is measured is a site that has been in use: keys are there, and whoever signs in exists.
    let story = project.story()?;
    for scene in &story {
        stage.play(&project, scene).await?;
    }
    let mut functions = project.functions()?;
    functions.retain(|function| options.functions.is_empty() || options.functions.contains(&function.name));
    let names: Vec<_> = functions.iter().map(|function| function.name.clone()).collect();
    let binaries = Binaries::deployable(&project);
    if !options.built {
        build::deployable(&project, &names, false)?;
        build::deployable(&project, &[BARE.to_owned()], false)?;
    }

    let tls = TlsTable::start(stage.endpoint()?).await?;
    let quota = Quota::new(SHARE).inspect_err(|error| eprintln!("not measured with a share of a core: {error}")).ok();
    let ways: Vec<_> = Way::ALL.into_iter().filter(|way| quota.is_some() || !way.is_slow()).collect();
    let mut subjects = Vec::new();
    for scene in story {
        // Told a second time, the story has other answers: a name is taken, say.
        let expected = stage.answer(&project, &scene).await?;
        let event = std::fs::read(project.event(&scene.event))?.into();
        let Some(function) = functions.iter().find(|function| function.name == scene.function) else { continue };
        let environment = ways.iter().map(|way| Ok((*way, environment(&stage, function, *way, &tls)?)));
        let environment = environment.collect::<Result<_>>()?;
        let binary = binaries.find(&function.name);
        subjects.push(Subject { scene, event, expected, binary, environment, samples: HashMap::new() });
    }
    // It is handed a request, as the functions are that somebody waits for.
    let request = subjects.iter().find(|subject| subject.scene.status.is_some());
    subjects.insert(0, bare(request.ok_or("there is nothing to measure the others by")?, &binaries.find(BARE)));

    let mut api = RuntimeApi::start().await?;
    for _ in 0..options.runs {
        for subject in &mut subjects {
            for way in &ways {
                let sample = start(&mut api, subject, *way, quota.as_ref()).await?;
                subject.samples.entry(*way).or_default().push(sample);
            }
        }
    }

    let mut rows = Vec::new();
    for Subject { scene, binary, samples, .. } in subjects {
        let zip = package::zip(&binary, &binary.with_extension("zip"))?;
        rows.push(Row { function: scene.function, event: scene.event, samples, binary: binary.metadata()?.len(), zip });
    }
    print!("{}", Report(rows));
    Ok(())
}

/// The function that does nothing, beside `other`, whose event it is handed.
fn bare(other: &Subject, binary: &Path) -> Subject {
    Subject {
        scene: Scene { function: BARE.to_owned(), event: String::new(), status: Some(200) },
        event: other.event.clone(),
        expected: 200.into(),
        binary: binary.to_owned(),
        environment: other.environment.clone(),
        samples: HashMap::new(),
    }
}

fn environment(stage: &Stage, function: &Function, way: Way, tls: &TlsTable) -> Result<HashMap<String, String>> {
    let mut environment = stage.environment(function, if way.is_tls() { tls.endpoint() } else { stage.endpoint()? })?;
    if way.is_tls() {
        environment.insert("AWS_CA_BUNDLE".to_owned(), tls.roots().display().to_string());
    }
    Ok(environment)
}

/// One start.
async fn start(api: &mut RuntimeApi, subject: &Subject, way: Way, quota: Option<&Quota>) -> Result<Sample> {
    let name = &subject.scene.function;
    let mut command = match quota.filter(|_| way.is_slow()) {
        Some(quota) => quota.command(&subject.binary),
        None => Command::new(&subject.binary),
    };
    command.env_clear().env("AWS_LAMBDA_RUNTIME_API", api.address()).stdout(Stdio::null()).stderr(Stdio::null());
    command.envs(subject.environment.get(&way).into_iter().flatten());
    api.offer(subject.event.clone());
    let began = Instant::now();
    let process = Running::start(&mut command)?;
    let heard = tokio::time::timeout(PATIENCE, async {
        let mut ready = None;
        loop {
            match (api.hear().await, ready) {
                (Some(Heard::Ready(at)), None) => ready = Some(at),
                (Some(Heard::Answer(at, body)), Some(ready)) => return Ok((ready, at, body)),
                (Some(Heard::Failed(error)), _) => return Err(String::from_utf8_lossy(&error).into_owned()),
                _ => return Err("it answered before it was asked".to_owned()),
            }
        }
    });
    let (ready, answered, body) = heard.await.map_err(|_| format!("{name} does not answer"))??;
    let answer: Value = serde_json::from_slice(&body)?;
    if status(&answer) != subject.expected {
        return Err(format!("{name}, {}: {} was expected: {answer}", subject.scene.event, subject.expected).into());
    }
    let peak = peak(process.0.id())?;
    Ok(Sample { ready: ready.duration_since(began), answer: answered.duration_since(ready), peak })
}

/// The most memory that a process has had so far, in KiB.
fn peak(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("the kernel tells no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
