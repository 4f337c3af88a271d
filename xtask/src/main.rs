//! The project's own commands, for what cargo alone does not do: the functions as the binaries that AWS runs.
//!
//! | command | what it does |
//! |---|---|
//! | `cargo xtask package` | builds every function for deployment, and zips it |
//! | `cargo xtask invoke --with rie` | feeds `events/` to the real binaries, and checks their answers |
//! | `cargo xtask start-api` | the whole API in containers, with a table of its own, after `sam build` |
//! | `cargo xtask cold-start` | measures what the first request waits for: docs/cold-start.md |
//! | `cargo xtask openapi` | writes the OpenAPI document anew, from the code |
//! | `cargo xtask cost` | what a million of each flow, and an idle month, cost at AWS |

mod build;
mod cold_start;
mod cost;
mod invoke;
mod package;
mod process;
mod project;
mod sam;
mod stage;

use std::process::ExitCode;

use clap::Parser;

/// Whatever ended a command, in words.
type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

/// The project's own commands
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Cli {
    /// Build every function for deployment and zip it: target/lambda/FUNCTION/bootstrap.zip
    Package(package::Options),
    /// Feed every event of events/ to the real binaries
    Invoke(invoke::Options),
    /// Serve the API with `sam local start-api`, from what `sam build` built, on a table in memory
    StartApi(sam::Containers),
    /// Measure cold starts, beside a function that does nothing
    ColdStart(cold_start::Options),
    /// Write the OpenAPI document anew, from the code
    Openapi,
    /// Say what a million of each flow, and an idle month, cost at AWS: from the template and what was measured
    Cost,
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Cli::parse() {
        Cli::Package(options) => package::run(&options),
        Cli::Invoke(options) => invoke::run(&options).await,
        Cli::StartApi(containers) => sam::start_api(&containers).await,
        Cli::ColdStart(options) => cold_start::run(&options).await,
        Cli::Openapi => write_openapi(),
        Cli::Cost => cost::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cargo xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes what the code says that the API is to where the function `pages` has it.
fn write_openapi() -> Result<()> {
    let file = project::Project::load()?.root.join(openapi::FILE);
    std::fs::write(&file, openapi::render(&openapi::document()))?;
    println!("{}", file.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
