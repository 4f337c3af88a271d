//! What no file may have.

use super::{at, code, files, name, product, read};

/// The manifests of our own crates.
fn manifests() -> Vec<std::path::PathBuf> {
    ["shared", "functions", "local", "openapi", "tests", "xtask"]
        .iter()
        .flat_map(|folder| files(folder, "Cargo.toml"))
        .collect()
}

#[test]
fn only_keys_rs_makes_key_strings() {
    for file in product() {
        let file_name = name(&file);
        if file_name == "shared/src/store/keys.rs" {
            continue;
        }
        let code = code(&file);
        // The store may also put together again what it has read.
        let makes_keys = code.contains(" Key {") || code.contains("(Key {");
        assert!(!makes_keys || file_name.starts_with("shared/src/store/"), "{file_name} makes a key");
        for literal in code.split('"').skip(1) {
            let word = literal.trim_start_matches(|c: char| c.is_ascii_uppercase());
            let is_key = word.len() < literal.len() && word.starts_with('#');
            assert!(!is_key, "{file_name} has the key string {literal:?}");
        }
    }
}

#[test]
fn nothing_scans_the_table() {
    for file in product() {
        let code = code(&file);
        for scan in [".scan()", "operation::scan", "ScanInput", "DynamoDB_20120810.Scan"] {
            assert!(!code.contains(scan), "{}: {scan}", name(&file));
        }
    }
    assert!(!read(&at("template.yaml")).contains("dynamodb:Scan"));
}

#[test]
fn every_version_stands_in_the_root_manifest_alone() {
    for manifest in manifests() {
        let (text, file_name) = (read(&manifest), name(&manifest));
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            assert!(text.contains(&format!("\n{key}.workspace = true")), "{file_name}: {key}");
        }
        for section in text.split("\n[").filter(|section| section.contains("dependencies]\n")) {
            for line in section.lines().skip(1).filter(|line| !line.is_empty() && !line.starts_with('#')) {
                let inherited = line.ends_with(".workspace = true") || line.contains("{ workspace = true");
                assert!(inherited && !line.contains("version"), "{file_name}: {line}");
            }
        }
        // One crate gives a function its C name, which takes an `allow` with its reason; `forbid` would not hear of one.
        let lints = match file_name.as_str() {
            "shared/pow/Cargo.toml" => {
                "[lints.rust]\nmissing_docs = \"warn\"\nunsafe_code = \"deny\"\nunreachable_pub = \"warn\"\n"
            }
            _ => "[lints]\nworkspace = true\n",
        };
        assert!(text.ends_with(lints), "{file_name}: lints");
    }
}

#[test]
fn nothing_is_left_for_later_and_no_test_is_switched_off() {
    for file in product().into_iter().chain(files("tests", ".rs")).chain(files("local/tests", ".rs")) {
        let file_name = name(&file);
        if file_name == "tests/site/architecture/rules.rs" {
            continue;
        }
        let text = read(&file);
        for word in ["todo!", "unimplemented!", "dbg!(", "#[ignore", "TODO", "FIXME", "XXX"] {
            assert!(!text.contains(word), "{file_name}: {word}");
        }
        // An exception says why.
        for marker in ["#[allow(", "#![allow(", "#[expect(", "#![expect("] {
            for rest in text.split(marker).skip(1) {
                assert!(rest.split(")]").next().unwrap().contains("reason = "), "{file_name}: {marker}");
            }
        }
    }
}

#[test]
fn nobody_but_config_rs_reads_the_environment_and_nobody_but_clock_rs_the_time() {
    for (words, only) in [
        (&["env::var(", "env::vars("][..], "shared/src/config.rs"),
        (&["Timestamp::now(", "SystemTime::now(", "Zoned::now("][..], "shared/src/clock.rs"),
    ] {
        for file in product() {
            let (code, file_name) = (code(&file), name(&file));
            let found = words.iter().any(|word| code.contains(word));
            assert!(!found || file_name == only, "{file_name} has one of {words:?}");
        }
    }
}
