//! Cargo, asked for the functions' binaries.

use std::path::PathBuf;
use std::process::Command;

use crate::Result;
use crate::process::run;
use crate::project::Project;

/// Where the binaries are that were built.
pub(crate) struct Binaries {
    folder: PathBuf,
    /// In a folder each, as `bootstrap`.
    apart: bool,
}

impl Binaries {
    /// Those that are deployed.
    pub(crate) fn deployable(project: &Project) -> Self {
        Self { folder: project.target.join("lambda"), apart: true }
    }

    /// The binary of that name.
    pub(crate) fn find(&self, name: &str) -> PathBuf {
        let path = self.folder.join(name);
        if self.apart { path.join("bootstrap") } else { path }
    }
}

/// Builds functions in the quick profile, with what the tests built already.
pub(crate) fn quick(project: &Project, functions: &[String]) -> Result<Binaries> {
    // The whole workspace, of which only these: so that crates have the features that they have in its tests.
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--workspace"]);
    run(cargo.args(functions.iter().flat_map(|name| ["--bin", name.as_str()])))?;
    Ok(Binaries { folder: project.target.join("debug"), apart: false })
}

/// Builds packages as they are deployed: linked by zig, so that they run on Amazon Linux, and with all that the release
/// profile asks for.
pub(crate) fn deployable(project: &Project, packages: &[String], arm64: bool) -> Result<Binaries> {
    let mut cargo = Command::new("cargo");
    cargo.args(["lambda", "build", "--release", "--quiet"]);
    if arm64 {
        cargo.arg("--arm64");
    }
    // Cargo.toml tells cargo-lambda to build all functions; it can be told to leave out what is not wanted.
    for package in project.packages.iter().filter(|package| !packages.contains(package)) {
        cargo.args(["--exclude", package]);
    }
    run(&mut cargo)?;
    Ok(Binaries::deployable(project))
}
