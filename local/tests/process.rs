//! The binary as somebody runs it: a process with a command line, a folder and signals.

#![cfg(unix)]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking, as tests do"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

use local::table::Table;
use reqwest::Client;
use serde_json::{Value, json};
use shared::clock::Clock;
use tempfile::TempDir;

/// The binary, to be run in `folder`, with nothing of this machine's settings.
fn bangumoe(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bangumoe"));
    command.current_dir(folder).args(arguments).env_remove("AWS_ENDPOINT_URL_DYNAMODB").env_remove("RUST_LOG");
    command
}

/// A running site.
struct Running {
    process: Child,
    stdout: BufReader<ChildStdout>,
    url: String,
}

impl Running {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::of(bangumoe(folder, arguments))
    }

    /// Waits for the line that says where it is.
    fn of(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("bangumoe is ready: ").unwrap_or_else(|| panic!("not ready: {line:?}"));
        Self { process, url: url.to_owned(), stdout }
    }

    /// Sends a signal, and waits for the end.
    fn signal(&mut self, name: &str) -> ExitStatus {
        let kill = format!("kill -{name} {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        self.process.wait().unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        let reply = Client::new().post(format!("{}{path}", self.url)).json(&body).send().await.unwrap();
        (reply.status().as_u16(), reply.json().await.unwrap())
    }

    async fn get(&self, path: &str, token: &str) -> (u16, Value) {
        let reply = Client::new().get(format!("{}{path}", self.url)).bearer_auth(token).send().await.unwrap();
        (reply.status().as_u16(), reply.json().await.unwrap())
    }

    async fn register(&self) {
        let (status, _) = self.post("/register", json!({ "username": "sakura", "password": PASSWORD })).await;
        assert_eq!(status, 201);
    }

    /// The token of one's own sign-in; nothing where there is no such user.
    async fn sign_in(&self) -> Option<String> {
        let (_, body) = self.post("/login", json!({ "username": "sakura", "password": PASSWORD })).await;
        body["access_token"].as_str().map(str::to_owned)
    }

    async fn add(&self, token: &str, subject: u32) {
        let request = Client::new().put(format!("{}/collections/{subject}", self.url)).bearer_auth(token);
        assert_eq!(request.json(&json!({ "status": "wish" })).send().await.unwrap().status(), 201);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const PASSWORD: &str = "correct horse battery";

/// Runs the binary where it must give up, and returns what it said.
fn refusal(mut command: Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert_eq!(status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&stdout), "", "it is not ready");
    let said = String::from_utf8_lossy(&stderr).into_owned();
    assert!(!said.contains("panicked") && !said.contains("Error {"), "told plainly: {said}");
    said
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A free port that nobody is given who asks for any.
fn free_port() -> u16 {
    let first = u16::try_from(std::process::id() % 10_000).unwrap();
    let mut ports = (0..10_000).map(|n| 20_000 + (first + n) % 10_000);
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn port_0_takes_any_port_and_the_issuer_follows_it() {
    let (one, two) = (folder(), folder());
    let sites = [Running::start(one.path(), &["--port", "0"]), Running::start(two.path(), &["--port=0", "--memory"])];
    assert_ne!(sites[0].url, sites[1].url);
    for site in sites {
        let port: u16 = site.url.strip_prefix("http://localhost:").unwrap().parse().unwrap();
        assert_ne!(port, 0);
        let (status, document) = site.get("/.well-known/openid-configuration", "").await;
        assert_eq!((status, &document["issuer"]), (200, &json!(site.url)));
    }
}

#[tokio::test]
async fn a_port_of_ones_choice_is_taken_and_whoever_comes_second_is_told_so() {
    let (one, two) = (folder(), folder());
    let port = free_port().to_string();
    let site = Running::start(one.path(), &["--port", &port]);
    assert_eq!(site.url, format!("http://localhost:{port}"));
    let said = refusal(bangumoe(two.path(), &["--port", &port]));
    assert!(said.contains(&format!("port {port} is already in use")) && said.contains("--port"), "{said}");
    assert_eq!(site.get("/health", "").await.0, 200);
}

#[test]
fn a_second_site_in_the_same_folder_is_told_so() {
    let folder = folder();
    let _site = Running::start(folder.path(), &["--port", "0", "--data", "data"]);
    let said = refusal(bangumoe(folder.path(), &["--port", "0", "--data", "data"]));
    assert!(said.contains("data") && said.contains("in use") && said.contains("--data"), "{said}");
}

#[tokio::test]
async fn everything_is_still_there_after_ctrl_c_and_after_kill_9() {
    let folder = folder();
    let port = free_port().to_string();
    let start = || Running::start(folder.path(), &["--port", &port, "--data", "some/where"]);
    let mut site = start();
    site.register().await;
    let token = site.sign_in().await.unwrap();
    site.add(&token, 1).await;
    let (_, keys) = site.get("/oauth2/jwks", "").await;
    assert_eq!(site.signal("INT").code(), Some(0));

    let mut site = start();
    assert_eq!(site.get("/oauth2/jwks", "").await.1, keys);
    assert_eq!(site.get("/collections/1", &token).await.0, 200, "a token of before is still good");
    site.add(&token, 2).await;
    site.signal("KILL");

    let mut site = start();
    assert_eq!(site.get("/collections/2", &token).await.0, 200, "what was answered was written");
    assert!(site.sign_in().await.is_some());
    assert_eq!(site.signal("TERM").code(), Some(0), "a supervisor's way to say Ctrl-C");
}

#[tokio::test]
async fn requests_under_way_are_answered_before_it_stops() {
    let folder = folder();
    let mut site = Running::start(folder.path(), &["--port", "0"]);
    site.register().await;
    let address = site.url.replace("http://localhost", "127.0.0.1");
    let send = |head: &str, body: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        let length = body.len();
        let head = format!("{head} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
        write!(stream, "{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
        stream
    };
    let read = |mut stream: TcpStream| {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    // Argon2 takes its time: the stop comes in the middle of it.
    let login = send("POST /login", &json!({ "username": "sakura", "password": PASSWORD }).to_string());
    // Connections are accepted in turn: once this is answered, that one is under way.
    assert!(read(send("GET /health", "")).starts_with("HTTP/1.1 200"));
    assert_eq!(site.signal("INT").code(), Some(0));
    let answer = read(login);
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("access_token"), "{answer}");
}

#[tokio::test]
async fn without_data_the_folder_is_dot_local_and_nobody_else_can_read_it() {
    let folder = folder();
    let mut site = Running::start(folder.path(), &["--port", "0"]);
    site.register().await;
    let data = folder.path().join(".local");
    for _ in 0..2 {
        assert_eq!(data.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let names = names(&data);
        for wanted in ["secret_key", "table.db"] {
            assert!(names.iter().any(|name| name == wanted), "{wanted}");
        }
        for name in names {
            let mode = data.join(&name).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name}: {mode:o}");
        }
        site.signal("INT");
        site = Running::start(folder.path(), &["--port", "0"]);
    }
}

#[tokio::test]
async fn memory_keeps_nothing() {
    let folder = folder();
    let arguments = ["--memory", "--port", "0", "--data", "data"];
    let mut site = Running::start(folder.path(), &arguments);
    site.register().await;
    assert!(site.sign_in().await.is_some());
    assert_eq!(site.signal("INT").code(), Some(0));
    for kept in ["secret_key", "table.db"] {
        assert!(!folder.path().join("data").join(kept).exists(), "{kept}");
    }
    let site = Running::start(folder.path(), &arguments);
    assert_eq!(site.sign_in().await, None);
}

#[tokio::test]
async fn another_dynamodb_is_used_where_the_environment_names_it() {
    let folder = folder();
    let table = Table::memory(Clock::system()).unwrap();
    let with = |endpoint: &str| {
        let mut command = bangumoe(folder.path(), &["--port", "0"]);
        command.env("AWS_ENDPOINT_URL_DYNAMODB", endpoint);
        command
    };
    let mut site = Running::of(with(table.endpoint()));
    site.register().await;
    assert_eq!(site.signal("INT").code(), Some(0));
    assert!(!folder.path().join(".local/table.db").exists(), "no table of its own");
    assert!(folder.path().join(".local/secret_key").exists());

    // A site of its own knows nobody of that table; one that is told of it again does.
    let mut own = Running::of(with(""));
    assert_eq!(own.sign_in().await, None);
    own.signal("INT");
    let mut site = Running::of(with(table.endpoint()));
    assert!(site.sign_in().await.is_some());
    site.signal("INT");

    let endpoint = table.endpoint().to_owned();
    table.stop();
    let said = refusal(with(&endpoint));
    assert!(said.contains(&format!("DynamoDB at {endpoint}")), "{said}");
}

#[test]
fn a_secret_key_that_is_not_the_datas_own_is_told_plainly() {
    let folder = folder();
    Running::start(folder.path(), &["--port", "0"]).signal("INT");
    let key = folder.path().join(".local/secret_key");
    std::fs::write(&key, "another secret key, of 32 characters or more").unwrap();
    let said = refusal(bangumoe(folder.path(), &["--port", "0"]));
    assert!(said.contains("SECRET_KEY"), "{said}");
    std::fs::write(&key, "short").unwrap();
    let said = refusal(bangumoe(folder.path(), &["--port", "0"]));
    assert!(said.contains("secret_key is not a secret key"), "{said}");
}

#[test]
fn help_names_every_option_and_command_and_an_unknown_one_is_refused() {
    let folder = folder();
    let help = bangumoe(folder.path(), &["--help"]).output().unwrap();
    assert!(help.status.success());
    let text = String::from_utf8(help.stdout).unwrap();
    for word in [
        "--port",
        "--memory",
        "--data",
        "--help",
        "--table",
        "client",
        "user",
        "key",
        "epoch",
        "reseal",
        "AWS_ENDPOINT_URL_DYNAMODB",
        "3000",
        ".local",
    ] {
        assert!(text.contains(word), "{word}");
    }
    let unknown = bangumoe(folder.path(), &["--prot", "0"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("--prot"));
    assert_eq!(names(folder.path()), [""; 0], "neither leaves anything behind");
}

#[test]
fn the_ready_message_tells_where_to_go_on() {
    let folder = folder();
    let mut site = Running::start(folder.path(), &["--port", "0", "--data", "here"]);
    assert_eq!(site.signal("INT").code(), Some(0));
    let mut rest = String::new();
    site.stdout.read_to_string(&mut rest).unwrap();
    for word in ["/oauth2/register", "/.well-known/openid-configuration", "here", "Ctrl-C"] {
        assert!(rest.contains(word), "{word}: {rest}");
    }
}

#[tokio::test]
async fn it_says_how_to_try_signing_in_with_bangumi_and_where_the_letters_are() {
    let folder = folder();
    let said = |arguments: &[&str]| {
        let mut site = Running::start(folder.path(), arguments);
        let mut lines = Vec::new();
        while !lines.iter().any(|line: &String| line.contains("Ctrl-C")) {
            let mut line = String::new();
            assert_ne!(site.stdout.read_line(&mut line).unwrap(), 0, "it ends early: {lines:?}");
            lines.push(line);
        }
        (site, lines.concat())
    };
    let (site, text) = said(&["--port", "0", "--memory"]);
    assert!(text.contains(&format!("\"sign in with Bangumi\" choose it at {}/login", site.url)), "{text}");
    let mailbox = text.split_whitespace().find(|word| word.ends_with("/mailbox")).unwrap();
    let reply: Value = Client::new().get(mailbox).send().await.unwrap().json().await.unwrap();
    assert_eq!(reply, json!({ "letters": [] }));
    let (_site, text) = said(&["--port", "0", "--memory", "--no-fakes"]);
    assert!(!text.contains("Bangumi") && !text.contains("mailbox"), "{text}");
}
