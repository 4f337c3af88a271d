//! Puts the files of `providers/` into the crate, so that adding a provider is adding a file.
//!
//! They are embedded as JSON, which every function reads anyhow: reading TOML costs nobody anything who is deployed.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../providers");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=build.rs");
    let files: Result<Vec<PathBuf>, _> = fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut files = files?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    let (mut texts, mut parsed) = ("&[\n".to_owned(), "&[\n".to_owned());
    for path in files {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a provider's file has no name")?;
        let text = fs::read_to_string(&path)?;
        let file: serde_json::Value = toml::from_str(&text).map_err(|error| format!("providers/{name}: {error}"))?;
        let id = name.trim_end_matches(".toml");
        texts += &format!("    ({name:?}, {text:?}),\n");
        parsed += &format!("    ({id:?}, {:?}),\n", file.to_string());
    }
    let out = variable("OUT_DIR")?;
    fs::write(Path::new(&out).join("provider_texts.rs"), texts + "]\n")?;
    fs::write(Path::new(&out).join("providers.rs"), parsed + "]\n")?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "Cargo speaks to build scripts through the environment")]
fn variable(name: &str) -> Result<String, env::VarError> {
    env::var(name)
}
