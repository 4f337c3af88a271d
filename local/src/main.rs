//! `bangumoe`: the site on this machine, and the operator's commands.

use std::process::ExitCode;

use clap::Parser as _;
use local::cli::{self, Cli};

#[tokio::main]
async fn main() -> ExitCode {
    cli::run(Cli::parse()).await
}
