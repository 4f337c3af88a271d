//! Dependencies point one way.

use std::collections::BTreeSet;

use super::{at, code, files, functions, name, product, read, words_after};

/// The crates that a manifest names for the product itself; those of its tests are no dependencies of what is shipped.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let text = read(&at(manifest));
    let (_, rest) = text.split_once("\n[dependencies]\n").unwrap();
    let section = rest.split("\n[").next().unwrap();
    let lines = section.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split(['.', ' ', '=']).next().unwrap().to_owned()).collect()
}

#[test]
fn a_function_depends_on_shared_and_on_no_other_function() {
    let functions = functions();
    for function in &functions {
        let dependencies = dependencies(&format!("functions/{function}/Cargo.toml"));
        assert!(dependencies.contains("shared"), "{function}");
        for other in functions.iter().map(String::as_str).chain(["local", "openapi", "tests"]) {
            assert!(!dependencies.contains(other), "{function} depends on {other}");
        }
    }
}

#[test]
fn shared_depends_on_none_of_ours_and_local_not_on_the_tests() {
    let shared = dependencies("shared/Cargo.toml");
    for ours in functions().iter().map(String::as_str).chain(["local", "openapi", "tests"]) {
        assert!(!shared.contains(ours), "shared depends on {ours}");
    }
    let local = dependencies("local/Cargo.toml");
    assert!(!local.contains("tests"));
    for function in functions() {
        assert!(local.contains(&function), "the laptop lacks {function}");
    }
}

/// Shared's modules from the bottom up. A module may use those of its own line and of the lines before it.
const LAYERS: [&[&str]; 7] = [
    // Time, chance, settings.
    &["clock", "entropy", "config"],
    &["aws", "i18n", "id", "log", "seal"],
    // The rules: pure.
    &["account", "collection", "oauth"],
    // What speaks to the outside, and the whole that a handler is given.
    &["store", "fetch", "jose", "mail", "upstream", "bangumi", "works", "app"],
    // What is shown.
    &["pages"],
    &["http", "lambda"],
    // What functions do together, without anybody asking.
    &["sync"],
];

#[test]
fn in_shared_nothing_knows_of_what_stands_above_it() {
    let mut modules = BTreeSet::new();
    for (height, layer) in LAYERS.iter().enumerate() {
        for module in *layer {
            modules.insert((*module).to_owned());
            let file = at(&format!("shared/src/{module}.rs"));
            let path = if file.exists() { format!("shared/src/{module}.rs") } else { format!("shared/src/{module}") };
            let below: Vec<_> = LAYERS.iter().take(height + 1).flat_map(|layer| layer.iter()).collect();
            for file in files(&path, ".rs") {
                let code = code(&file);
                assert!(!code.contains("crate::{"), "{}: one `use` for each module", name(&file));
                for used in words_after(&code, "crate::") {
                    assert!(below.iter().any(|known| **known == used), "{} uses {used}", name(&file));
                }
            }
        }
    }
    let lib = code(&at("shared/src/lib.rs"));
    let declared: BTreeSet<_> = words_after(&lib, "mod ").into_iter().map(str::to_owned).collect();
    assert_eq!(modules, declared, "every module has its layer");
}

#[test]
fn the_pages_show_what_they_are_given_and_read_nothing() {
    for file in files("shared/src/pages", ".rs") {
        for used in words_after(&code(&file), "crate::") {
            assert!(["account", "i18n", "oauth", "collection", "clock", "id", "pages"].contains(&used), "{used}");
        }
    }
}

#[test]
fn the_rules_know_of_no_http_framework_no_aws_and_no_network() {
    for folder in ["account", "collection", "oauth"] {
        for file in files(&format!("shared/src/{folder}"), ".rs") {
            let code = code(&file);
            for outside in
                ["axum::", "lambda_http", "hyper", "aws_sdk", "aws_config", "tokio::net", "std::fs", "std::net::Tcp"]
            {
                assert!(!code.contains(outside), "{} names {outside}", name(&file));
            }
        }
    }
}

#[test]
fn only_the_store_names_the_aws_sdk_and_only_mail_the_signer() {
    let mut named = 0;
    for file in product().into_iter().chain(files("tests", ".rs")) {
        let file_name = name(&file);
        if file_name.starts_with("tests/site/architecture") {
            continue;
        }
        let names_it = ["aws_sdk", "aws_config", "aws_smithy"].iter().any(|name| code(&file).contains(name));
        assert!(!names_it || file_name.starts_with("shared/src/store/"), "{file_name} names the AWS SDK");
        let signs = ["aws_sigv4", "aws_credential"].iter().any(|name| code(&file).contains(name));
        assert!(!signs || file_name == "shared/src/mail/ses.rs", "{file_name} names AWS's signer");
        named += usize::from(names_it);
    }
    assert!(named > 0);
    for manifest in ["functions", "local", "tests"].iter().flat_map(|folder| files(folder, "Cargo.toml")) {
        assert!(!read(&manifest).contains("aws-sdk"), "{}", name(&manifest));
    }
}

#[test]
fn only_the_file_lambda_rs_starts_a_lambda() {
    for function in functions() {
        for file in files(&format!("functions/{function}"), ".rs") {
            let code = code(&file);
            assert!(!code.contains("lambda_runtime") && !code.contains("lambda_http"), "{}", name(&file));
            if file.ends_with("src/main.rs") {
                assert!(code.contains("shared::lambda::") && code.lines().count() == 3, "{}", name(&file));
            }
        }
    }
}
