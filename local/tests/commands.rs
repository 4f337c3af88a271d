//! The binary: its commands, their answers, and where they go.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

fn bangumoe(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bangumoe"));
    command.args(arguments).arg("--data").arg(folder);
    for setting in ["AWS_ENDPOINT_URL_DYNAMODB", "TABLE_NAME", "SECRET_KEY", "RUST_LOG"] {
        command.env_remove(setting);
    }
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    bangumoe(folder, arguments).output().unwrap()
}

/// The answer of a command that succeeded: JSON, and nothing on the other stream.
fn answer(folder: &Path, arguments: &[&str]) -> Value {
    answer_of(bangumoe(folder, arguments))
}

fn answer_of(mut command: Command) -> Value {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""), "{command:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a command says that fails.
fn error_of(mut command: Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{command:?}: {errors}");
    assert!(errors.starts_with("bangumoe: ") && !errors.contains("panicked"), "{errors}");
    errors
}

/// A running site. It is killed in the end, if a test has not stopped it.
struct Site {
    process: Child,
    port: u16,
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Site {
    fn start(folder: &Path, more: &[&str]) -> Self {
        let mut command = bangumoe(folder, &[&["--port", "0"], more].concat());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let (_, port) = line.trim().rsplit_once(':').unwrap_or_else(|| panic!("not ready: {line}"));
        Self { port: port.parse().unwrap(), process }
    }

    /// The status of a GET.
    fn get(&self, path: &str) -> u16 {
        let mut stream = TcpStream::connect(("localhost", self.port)).unwrap();
        let host = format!("localhost:{}", self.port);
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

const CREATE: [&str; 6] = ["client", "create", "--name", "Anime Diary", "--redirect-uri", "https://app.example/cb"];

#[test]
fn every_command_answers_in_json_while_no_site_is_running() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert_eq!(answer(folder, &["client", "list"]), json!([]));
    let created = answer(folder, &CREATE);
    let id = created["client_id"].as_str().unwrap();
    assert_eq!(created["client_name"], "Anime Diary");
    assert_eq!(created["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert!(created["client_secret"].is_string());
    let more = ["--grant", "authorization_code", "--grant", "refresh_token", "--public"];
    let public = answer(folder, &[&CREATE[..], &more].concat());
    assert_eq!(public["token_endpoint_auth_method"], "none");
    let allowed = answer(folder, &["client", "allow", id, "--grant", "password"]);
    assert_eq!(allowed["grant_types"], json!(["authorization_code", "refresh_token", "password"]));
    assert_eq!(answer(folder, &["client", "disable", id])["disabled"], true);
    let listed = answer(folder, &["client", "list"]);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    let disabled: Vec<_> = listed.as_array().unwrap().iter().filter(|client| client["disabled"] == true).collect();
    assert_eq!((disabled.len(), &disabled[0]["client_id"]), (1, &json!(id)));
}

#[test]
fn an_error_is_told_on_the_other_stream_with_exit_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let bad = ["client", "create", "--name", "A", "--redirect-uri", "http://app.example/cb"];
    for (arguments, why) in [
        (&["client", "disable", "client_nobody"][..], "no client has the id client_nobody"),
        (&["client", "allow", "x", "--grant", "password"], "no client has the id x"),
        (&["user", "disable", "nobody1"], "nobody has the id or name nobody1"),
        (&bad, "redirect URI"),
        (&["client", "list", "--dynamodb-endpoint", "http://127.0.0.1:9"], "bangumoe: "),
        (&["epoch", "raise"], "rotate-keys, which makes them, has not run yet"),
        (&["reseal"], "secret_key: "),
        (&["reseal", "--table", "bangumoe"], "SECRET_KEY must be of 32 characters or more"),
    ] {
        let errors = error_of(bangumoe(folder.path(), arguments));
        assert!(errors.contains(why), "{arguments:?}: {errors}");
    }
    // What clap refuses is its own exit code, with a hint.
    let output = run(folder.path(), &["client", "allow", "x", "--grant", "magic"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn commands_reach_the_site_that_runs_and_are_seen_there_at_once() {
    for memory in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let site = Site::start(folder, if memory { &["--memory"] } else { &[] });
        let created = answer(folder, &CREATE);
        let id = created["client_id"].as_str().unwrap();
        let authorize = format!("/oauth2/authorize?response_type=code&client_id={id}");
        assert_eq!(site.get(&authorize), 303);
        answer(folder, &["client", "disable", id]);
        assert_eq!(site.get(&authorize), 400);
        drop(site);
        // The site was killed. What was in the folder is still there; what was in memory is not.
        let left = answer(folder, &["client", "list"]);
        assert_eq!(left.as_array().unwrap().len(), usize::from(!memory), "{left}");
    }
}

#[test]
fn a_new_secret_key_is_put_before_the_old_one_and_then_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    drop(Site::start(folder, &[]));
    let file = folder.join("secret_key");
    let old = std::fs::read_to_string(&file).unwrap();
    let new = "a new secret key of 32 characters or more";
    let counts = |answer: Value| answer["signing_keys"].clone();
    assert_eq!(counts(answer(folder, &["reseal"])), json!({ "resealed": 0, "already_right": 3 }));
    std::fs::write(&file, new).unwrap();
    assert!(error_of(bangumoe(folder, &["reseal"])).contains("SECRET_KEY"));
    std::fs::write(&file, format!("{new}\n{old}\n")).unwrap();
    let site = Site::start(folder, &[]);
    let resealed = answer(folder, &["reseal"]);
    assert_eq!(counts(resealed.clone()), json!({ "resealed": 3, "already_right": 0 }));
    assert!(resealed["old_secret_needed_until"].as_str().unwrap().ends_with('Z'), "{resealed}");
    assert_eq!(site.get("/oauth2/jwks"), 200);
    drop(site);
    std::fs::write(&file, new).unwrap();
    assert_eq!(Site::start(folder, &[]).get("/oauth2/jwks"), 200);
    assert!(error_of(bangumoe(folder, &["key", "replace", "x"])).contains("no signing key has the name x"));
    let raised = answer(folder, &["epoch", "raise"]);
    assert_eq!(raised["old_epoch"], 1);
    assert!(raised["epoch"].as_u64().unwrap() > 1, "{raised}");
}

#[test]
fn a_deployed_table_is_reached_by_its_name_with_the_secret_keys_of_the_environment() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [site_folder, folder] = folders.each_ref().map(tempfile::TempDir::path);
    let _site = Site::start(site_folder, &[]);
    let endpoint = std::fs::read_to_string(site_folder.join("endpoint")).unwrap();
    let secret_key = std::fs::read_to_string(site_folder.join("secret_key")).unwrap();
    let new = "a new secret key of 32 characters or more";
    let deployed = |arguments: &[&str], table: &str, secret_keys: &str| {
        let mut command = bangumoe(folder, arguments);
        command.env("AWS_ENDPOINT_URL_DYNAMODB", endpoint.trim()).env("TABLE_NAME", table);
        command.env("SECRET_KEY", secret_keys);
        command
    };
    let created = answer_of(deployed(&CREATE, "bangumoe", ""));
    assert_eq!(answer(site_folder, &["client", "list"])[0]["client_id"], created["client_id"]);
    let both = format!("{new},{secret_key}");
    assert_eq!(answer_of(deployed(&["reseal"], "bangumoe", &both))["signing_keys"]["resealed"], 3);
    assert_eq!(answer_of(deployed(&["reseal"], "bangumoe", new))["signing_keys"]["already_right"], 3);
    assert!(error_of(deployed(&["reseal"], "bangumoe", &secret_key)).contains("signing key"));
    assert_eq!(answer_of(deployed(&["epoch", "raise"], "bangumoe", ""))["old_epoch"], 1);
    assert!(error_of(deployed(&["client", "list"], "restored", "")).contains("ResourceNotFound"));
    // What is named comes before what runs here.
    let mut named = bangumoe(site_folder, &["client", "list", "--table", "restored"]);
    named.env("AWS_ENDPOINT_URL_DYNAMODB", endpoint.trim());
    assert!(error_of(named).contains("ResourceNotFound"));
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "the folder is left alone");
}
