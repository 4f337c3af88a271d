//! The house's own rules, read off its source: what each part may know of, and that template, routers and events agree.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use std::path::{Path, PathBuf};

mod dependencies;
mod deployment;
mod events;
mod routes;
mod rules;

/// A path in the repository.
pub(crate) fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path)
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// A path as it is written in the repository: `shared/src/lib.rs`.
fn name(path: &Path) -> String {
    path.strip_prefix(at("")).unwrap().to_str().unwrap().to_owned()
}

/// All files of that ending under a folder (or the file itself), in order.
fn files(under: &str, ending: &str) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![at(under)]);
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    assert!(!found.is_empty(), "nothing under {under} ends in {ending}");
    found
}

/// The source of the product: without tests' own crates.
fn product() -> Vec<PathBuf> {
    ["shared/src", "functions", "local/src"].iter().flat_map(|folder| files(folder, ".rs")).collect()
}

/// The functions' names, as their folders have them.
fn functions() -> Vec<String> {
    let folders = std::fs::read_dir(at("functions")).unwrap().map(|folder| folder.unwrap().file_name());
    let mut functions: Vec<_> = folders.map(|name| name.into_string().unwrap()).collect();
    functions.sort();
    functions
}

/// A source without what it says in comments.
fn code(path: &Path) -> String {
    let text = read(path);
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The words that follow `marker` in a text: letters, digits, `_` and `-`.
fn words_after<'t>(text: &'t str, marker: &str) -> Vec<&'t str> {
    let rest = text.split(marker).skip(1);
    rest.map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').next().unwrap()).collect()
}
