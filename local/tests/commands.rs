//! The binary: its commands, their answers, and where they go.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

fn bangumoe(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bangumoe"));
    command.args(arguments).arg("--data").arg(folder).env_remove("AWS_ENDPOINT_URL_DYNAMODB").env_remove("RUST_LOG");
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    bangumoe(folder, arguments).output().unwrap()
}

/// The answer of a command that succeeded: JSON, and nothing on the other stream.
fn answer(folder: &Path, arguments: &[&str]) -> Value {
    let output = run(folder, arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), errors.as_str()), (Some(0), ""), "{arguments:?}");
    serde_json::from_slice(&output.stdout).unwrap()
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
    ] {
        let output = run(folder.path(), arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(errors.starts_with("bangumoe: ") && errors.contains(why), "{arguments:?}: {errors}");
        assert!(!errors.contains("panicked"), "{errors}");
    }
    // What clap refuses is its own exit code, with a hint.
    let output = run(folder.path(), &["client", "allow", "x", "--grant", "implicit"]);
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
