//! Feeds the events to the real binaries, in the ways that people run Lambdas without AWS.

mod cargo_lambda;
mod rie;

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use serde_json::Value;

use self::cargo_lambda::CargoLambda;
use self::rie::Rie;
use crate::project::{Function, Project, Scene};
use crate::sam::{Containers, Sam};
use crate::stage::Stage;
use crate::{Result, build};

/// How long a binary may take to answer. They are slow in the quick profile.
const PATIENCE: Duration = Duration::from_secs(60);

/// How to invoke.
#[derive(Args)]
pub(crate) struct Options {
    /// What stands in for Lambda
    #[arg(long, value_enum)]
    with: Way,
    /// The binaries that are deployed, instead of quickly built ones
    #[arg(long)]
    release: bool,
    #[command(flatten)]
    containers: Containers,
    /// Only these functions
    functions: Vec<String>,
}

/// What stands in for Lambda.
#[derive(Clone, Copy, ValueEnum)]
enum Way {
    /// The Runtime Interface Emulator that comes with SAM; needs no Docker
    Rie,
    /// `cargo lambda watch` and `cargo lambda invoke`
    CargoLambda,
    /// `sam local invoke`, in Docker, of what `sam build` built
    Sam,
}

/// One of them, running.
enum Emulator {
    Rie(Rie),
    CargoLambda(CargoLambda),
    Sam(Sam),
}

/// Tells the story of events/story.json. What is not asked for is played in this process, so that everything finds what
/// it needs.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let project = Project::load()?;
    let functions = project.functions()?;
    let is_asked_for = |name: &str| options.functions.is_empty() || options.functions.iter().any(|asked| asked == name);
    if let Some(unknown) = options.functions.iter().find(|name| functions.iter().all(|known| known.name != **name)) {
        return Err(format!("template.yaml has no function {unknown}").into());
    }
    let stage = Stage::set().await?;
    let built = || {
        let names = functions.iter().map(|function| &function.name).filter(|name| is_asked_for(name));
        let names: Vec<_> = names.cloned().collect();
        if options.release { build::deployable(&project, &names, false) } else { build::quick(&project, &names) }
    };
    let mut emulator = match options.with {
        Way::Rie => Emulator::Rie(Rie::new(built()?)?),
        Way::CargoLambda => Emulator::CargoLambda(CargoLambda::start(built()?).await?),
        Way::Sam => Emulator::Sam(Sam::prepare(&project, &functions, &stage, &options.containers).await?),
    };
    let mut failed = 0;
    for scene in project.story()? {
        let function = functions.iter().find(|function| function.name == scene.function);
        let function = function.ok_or_else(|| format!("{} is of no function", scene.event))?;
        if !is_asked_for(&function.name) {
            stage.play(&project, &scene).await?;
            continue;
        }
        let start = Instant::now();
        let outcome = emulator.invoke(&project, &stage, function, &scene).await;
        let outcome = outcome.and_then(|answer| scene.judge(&answer));
        let (mark, status) = (if outcome.is_ok() { "ok" } else { "FAILED" }, scene.status);
        let status = status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        println!(
            "{mark:<6} {:<12} {:<26} {status:<3} {:>6} ms",
            scene.function,
            scene.event,
            start.elapsed().as_millis()
        );
        if let Err(error) = outcome {
            println!("       {error}");
            failed += 1;
        }
    }
    if failed == 0 { Ok(()) } else { Err(format!("{failed} answers are wrong").into()) }
}

impl Emulator {
    async fn invoke(&mut self, project: &Project, stage: &Stage, function: &Function, scene: &Scene) -> Result<Value> {
        let event = project.event(&scene.event);
        match self {
            Self::Rie(rie) => rie.invoke(stage, function, &event).await,
            Self::CargoLambda(watch) => watch.invoke(stage, function, &event).await,
            Self::Sam(sam) => sam.invoke(function, &event).await,
        }
    }
}

/// A port of this machine that nobody listens at.
fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Waits until somebody listens at that port.
async fn listening(port: u16) -> Result<()> {
    let connected = async {
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, connected).await.map_err(|_| format!("nothing listens at port {port}").into())
}
