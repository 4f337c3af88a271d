//! What is deployed: every function zipped, with the binary at the zip's root.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use clap::Args;
use serde_json::json;
use zip::write::SimpleFileOptions;
use zip::{DateTime, ZipWriter};

use crate::project::Project;
use crate::{Result, build};

/// The most that a function's zip may have, in bytes.
const LIMIT: u64 = 3_000_000;

/// How to package.
#[derive(Args)]
pub(crate) struct Options {
    /// For arm64, instead of this machine's processor
    #[arg(long)]
    arm64: bool,
}

/// Builds and zips every function, and prints each one's size in bytes.
pub(crate) fn run(options: &Options) -> Result<()> {
    let project = Project::load()?;
    let functions: Vec<_> = project.functions()?.into_iter().map(|function| function.name).collect();
    let binaries = build::deployable(&project, &functions, options.arm64)?;
    let mut too_large = Vec::new();
    for function in &functions {
        let from = binaries.find(function);
        let to = from.with_extension("zip");
        let size = zip(&from, &to)?;
        let line = json!({
            "function": function, "binary": from.metadata()?.len(), "zip": size,
            "file": project.shown(&to).to_string(),
        });
        println!("{line}");
        if size > LIMIT {
            too_large.push(function.as_str());
        }
    }
    if too_large.is_empty() { Ok(()) } else { Err(format!("over {LIMIT} bytes: {}", too_large.join(", ")).into()) }
}

/// Zips a binary as `bootstrap`. The same binary always gives the same zip. Returns its size in bytes.
pub(crate) fn zip(binary: &Path, to: &Path) -> Result<u64> {
    let options = SimpleFileOptions::default()
        .compression_level(Some(9))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(BufWriter::new(File::create(to)?));
    zip.start_file("bootstrap", options)?;
    std::io::copy(&mut File::open(binary)?, &mut zip)?;
    zip.finish()?.flush()?;
    Ok(to.metadata()?.len())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn the_same_binary_always_gives_the_same_zip() {
        let folder = tempfile::tempdir().unwrap();
        let [binary, first, second] = ["binary", "1.zip", "2.zip"].map(|name| folder.path().join(name));
        std::fs::write(&binary, "machine code ".repeat(1000)).unwrap();
        let size = zip(&binary, &first).unwrap();
        assert!(size < 1000, "it is compressed");
        // Neither the clock nor the file's own time gets into it.
        std::fs::write(&binary, "machine code ".repeat(1000)).unwrap();
        File::open(&binary).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        zip(&binary, &second).unwrap();
        assert_eq!(std::fs::read(&first).unwrap(), std::fs::read(&second).unwrap());

        let mut archive = zip::ZipArchive::new(File::open(&first).unwrap()).unwrap();
        let mut bootstrap = archive.by_name("bootstrap").unwrap();
        assert_eq!(bootstrap.unix_mode().unwrap() & 0o777, 0o755);
        let mut text = String::new();
        bootstrap.read_to_string(&mut text).unwrap();
        assert_eq!(text.len(), 13_000);
    }
}
