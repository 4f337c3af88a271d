//! What each flow costs, over HTTP through the gateway: requests per second, and the server's CPU time for one.
//!
//! `cargo bench` starts the binary in memory as a process of its own and asks it from a few connections at once, each
//! flow for three seconds; `cargo bench -- --quick` only shows that it works. The floor is a preflight,
//! `OPTIONS /oauth2/token`, which a function answers without reading anything: what a request costs before there is
//! anything to do. CPU time is the whole process's, its table's thread included, which stands for DynamoDB and is shown
//! apart.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark that can't go on has nothing to say"
)]

#[path = "flows/key.rs"]
mod key;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use key::Key;
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use url::Url;

const CONNECTIONS: usize = 4;
const ENTRIES: usize = 1_000;
const REDIRECT: &str = "https://app.example/cb";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// What is measured.
#[derive(Clone, Copy)]
enum Flow {
    Floor,
    Code,
    Refresh,
    ClientCredentials,
    Userinfo,
    Push,
    RefreshWithDpop,
    UserinfoWithDpop,
    Introspection,
    Login,
    CollectionPage,
    CollectionEdit,
}

impl Flow {
    const ALL: [(Self, &str); 12] = [
        (Self::Floor, "floor: a preflight"),
        (Self::Code, "code flow: authorize + token"),
        (Self::Refresh, "refresh"),
        (Self::ClientCredentials, "client credentials"),
        (Self::Userinfo, "userinfo"),
        (Self::Push, "PAR: a request is pushed"),
        (Self::RefreshWithDpop, "refresh, with DPoP"),
        (Self::UserinfoWithDpop, "userinfo, with DPoP"),
        (Self::Introspection, "introspection"),
        (Self::Login, "login (Argon2)"),
        (Self::CollectionPage, "a page of 1,000 entries"),
        (Self::CollectionEdit, "an edit of an entry"),
    ];
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let (warm_up, span) = if quick { (50, 200) } else { (1_000, 3_000) };
    let server = Server::start();
    let person = Arc::new(Person::prepare(&server.url).await);
    let mut workers = Vec::new();
    for _ in 0..CONNECTIONS {
        workers.push(Worker::new(Arc::clone(&person)).await);
    }
    println!("| flow | per second | CPU time | of which table | CPU time / floor |");
    println!("|---|---:|---:|---:|---:|");
    let mut floor = None;
    for (flow, name) in Flow::ALL {
        (workers, _) = run(workers, flow, Duration::from_millis(warm_up)).await;
        let (before, begun) = (server.cpu(), Instant::now());
        let done;
        (workers, done) = run(workers, flow, Duration::from_millis(span)).await;
        let (after, seconds) = (server.cpu(), begun.elapsed().as_secs_f64());
        let each = |ticks: u32| f64::from(ticks) * 10.0 / f64::from(done.max(1));
        let (whole, table) = (each(after.whole - before.whole), each(after.table - before.table));
        let floor = *floor.get_or_insert(whole);
        println!(
            "| {name} | {:.0} | {whole:.3} ms | {table:.3} ms | {:.1} |",
            f64::from(done) / seconds,
            whole / floor
        );
    }
}

/// Repeats a flow on every connection until the time is over. Returns the workers, and how often it was done.
async fn run(workers: Vec<Worker>, flow: Flow, span: Duration) -> (Vec<Worker>, u32) {
    let end = Instant::now() + span;
    let mut running = JoinSet::new();
    for mut worker in workers {
        running.spawn(async move {
            let mut done = 0;
            while Instant::now() < end {
                worker.step(flow).await;
                done += 1;
            }
            (worker, done)
        });
    }
    let (workers, done): (Vec<_>, Vec<u32>) = running.join_all().await.into_iter().unzip();
    (workers, done.iter().sum())
}

/// The site's process.
struct Server {
    process: Child,
    url: String,
}

/// CPU time used so far, in clock ticks of 10 ms.
struct Ticks {
    whole: u32,
    table: u32,
}

impl Server {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bangumoe"));
        command.args(["--memory", "--port", "0", "--data", env!("CARGO_TARGET_TMPDIR")]);
        command.env_remove("AWS_ENDPOINT_URL_DYNAMODB").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("bangumoe is ready: ").unwrap_or_else(|| panic!("not ready: {line:?}"));
        Self { process, url: url.to_owned() }
    }

    fn cpu(&self) -> Ticks {
        let process = format!("/proc/{}", self.process.id());
        let tasks = std::fs::read_dir(format!("{process}/task")).unwrap().map(|task| task.unwrap().path());
        let is_table =
            |task: &Path| std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == "table");
        let table = tasks.filter(|task| is_table(task)).map(|task| ticks(&task)).sum();
        Ticks { whole: ticks(Path::new(&process)), table }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `utime` and `stime` of proc(5): the 14th and 15th field, counted after the name, which may have spaces.
fn ticks(process: &Path) -> u32 {
    let stat = std::fs::read_to_string(process.join("stat")).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    fields.split(' ').skip(11).take(2).map(|field| field.parse::<u32>().unwrap()).sum()
}

/// Somebody with a collection, who is signed in and has consented to an application.
struct Person {
    url: String,
    client_id: String,
    client_secret: String,
    /// The session, as a `Cookie` header.
    cookie: String,
    /// The token of their own sign-in.
    own_token: String,
    /// How many edits were made of the collection.
    edits: AtomicUsize,
}

const LOGIN: [(&str, &str); 2] = [("username", "sakura"), ("password", "correct horse battery")];

impl Person {
    async fn prepare(url: &str) -> Self {
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        let login: Value = LOGIN.into_iter().collect();
        json_of(http.post(format!("{url}/register")).json(&login).send().await.unwrap()).await;
        let client = json!({
            "client_name": "Anime Diary", "redirect_uris": [REDIRECT],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        });
        let client = json_of(http.post(format!("{url}/oauth2/register")).json(&client).send().await.unwrap()).await;
        let signed_in = http.post(format!("{url}/login")).json(&login).send().await.unwrap();
        let session = cookies(&signed_in);
        let person = Self {
            url: url.to_owned(),
            client_id: text(&client, "client_id"),
            client_secret: text(&client, "client_secret"),
            own_token: text(&json_of(signed_in).await, "access_token"),
            cookie: session,
            edits: AtomicUsize::new(0),
        };
        person.consent(&http).await;
        person.collect(&http).await;
        person
    }

    async fn consent(&self, http: &Client) {
        let page = http.get(self.authorization()).header("cookie", &self.cookie).header("accept", "text/html");
        let page = page.send().await.unwrap();
        let cookie = format!("{}; {}", self.cookie, cookies(&page));
        let html = page.text().await.unwrap();
        let form = [("csrf", input(&html, "csrf")), ("request", input(&html, "request")), ("decision", "allow")];
        let send = http.post(format!("{}/oauth2/authorize", self.url)).header("cookie", cookie).form(&form);
        assert_eq!(send.send().await.unwrap().status(), 303);
    }

    async fn collect(&self, http: &Client) {
        for subject in 1..=ENTRIES {
            let entry = json!({ "status": "done", "rating": 8, "comment": "とても良かった", "tags": ["2024", "TV"] });
            let put = http.put(format!("{}/collections/{subject}", self.url)).bearer_auth(&self.own_token).json(&entry);
            assert_eq!(put.send().await.unwrap().status(), 201);
        }
    }

    fn authorization(&self) -> String {
        format!(
            "{}/oauth2/authorize?response_type=code&client_id={}&redirect_uri={REDIRECT}&state=xyz&nonce=n\
             &scope=openid%20profile%20offline_access%20collections:read\
             &code_challenge={CHALLENGE}&code_challenge_method=S256",
            self.url, self.client_id
        )
    }
}

/// One connection.
struct Worker {
    http: Client,
    person: Arc<Person>,
    tokens: Tokens,
    /// The same, bound to the key.
    bound: Tokens,
    key: Key,
}

struct Tokens {
    access: String,
    refresh: String,
}

impl Tokens {
    fn read(json: &Value) -> Self {
        Self { access: text(json, "access_token"), refresh: text(json, "refresh_token") }
    }
}

impl Worker {
    async fn new(person: Arc<Person>) -> Self {
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        let none = || Tokens { access: String::new(), refresh: String::new() };
        let mut worker = Self { http, person, tokens: none(), bound: none(), key: Key::new() };
        worker.tokens = Tokens::read(&worker.code_flow(false).await);
        // The first proof only learns what the next ones have to say.
        let first = worker.token_request(&[("grant_type", "client_credentials")], true).send().await.unwrap();
        first.headers()["dpop-nonce"].to_str().unwrap().clone_into(&mut worker.key.nonce);
        worker.bound = Tokens::read(&worker.code_flow(true).await);
        worker
    }

    async fn step(&mut self, flow: Flow) {
        match flow {
            Flow::Floor => {
                let request = self.http.request(Method::OPTIONS, format!("{}/oauth2/token", self.person.url));
                assert_eq!(request.send().await.unwrap().status(), 204);
            }
            Flow::Code => drop(self.code_flow(false).await),
            Flow::Refresh => {
                let form = [("grant_type", "refresh_token"), ("refresh_token", self.tokens.refresh.as_str())];
                self.tokens.refresh = text(&self.token(&form, false).await, "refresh_token");
            }
            Flow::ClientCredentials => drop(self.token(&[("grant_type", "client_credentials")], false).await),
            Flow::Userinfo => drop(self.get("/oauth2/userinfo", Some(&self.tokens.access)).await),
            Flow::Push => {
                let url = Url::parse(&self.person.authorization()).unwrap();
                let form: Vec<_> = url.query_pairs().collect();
                json_of(self.as_client("/oauth2/par").form(&form).send().await.unwrap()).await;
            }
            Flow::RefreshWithDpop => {
                let form = [("grant_type", "refresh_token"), ("refresh_token", self.bound.refresh.as_str())];
                self.bound.refresh = text(&self.token(&form, true).await, "refresh_token");
            }
            Flow::UserinfoWithDpop => {
                let (url, token) = (format!("{}/oauth2/userinfo", self.person.url), &self.bound.access);
                let request = self.http.get(&url).header("authorization", format!("DPoP {token}"));
                let request = request.header("dpop", self.key.proof("GET", &url, Some(token)));
                json_of(request.send().await.unwrap()).await;
            }
            Flow::Introspection => {
                let about = self.as_client("/oauth2/introspect").form(&[("token", &self.tokens.access)]);
                assert_eq!(json_of(about.send().await.unwrap()).await["active"], true);
            }
            Flow::Login => {
                let login: Value = LOGIN.into_iter().collect();
                let request = self.http.post(format!("{}/login", self.person.url)).json(&login);
                json_of(request.send().await.unwrap()).await;
            }
            Flow::CollectionPage => {
                let page = self.get("/collections", Some(&self.tokens.access)).await;
                assert!(page["next_cursor"].is_string());
            }
            Flow::CollectionEdit => {
                // Another entry each time, and another rating when its turn comes again.
                let turn = self.person.edits.fetch_add(1, Ordering::Relaxed);
                let url = format!("{}/collections/{}", self.person.url, turn % ENTRIES + 1);
                let patch = self.http.patch(url).bearer_auth(&self.person.own_token);
                json_of(patch.json(&json!({ "rating": turn / ENTRIES % 7 + 1 })).send().await.unwrap()).await;
            }
        }
    }

    /// Authorizes and redeems, `bound` to the key or to nothing.
    async fn code_flow(&self, bound: bool) -> Value {
        let request = self.http.get(self.person.authorization()).header("cookie", &self.person.cookie);
        let reply = request.header("accept", "text/html").send().await.unwrap();
        let location = reply.headers()["location"].to_str().unwrap();
        let code = location.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")).unwrap();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        self.token(&form, bound).await
    }

    async fn token(&self, form: &[(&str, &str)], bound: bool) -> Value {
        json_of(self.token_request(form, bound).send().await.unwrap()).await
    }

    fn token_request(&self, form: &[(&str, &str)], bound: bool) -> RequestBuilder {
        let request = self.as_client("/oauth2/token").form(form);
        let url = format!("{}/oauth2/token", self.person.url);
        if bound { request.header("dpop", self.key.proof("POST", &url, None)) } else { request }
    }

    /// A request that says and proves which application asks.
    fn as_client(&self, path: &str) -> RequestBuilder {
        let Person { url, client_id, client_secret, .. } = &*self.person;
        self.http.post(format!("{url}{path}")).basic_auth(client_id, Some(client_secret))
    }

    async fn get(&self, path: &str, token: Option<&str>) -> Value {
        let request = self.http.get(format!("{}{path}", self.person.url));
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        json_of(request.send().await.unwrap()).await
    }
}

/// The body of a success.
async fn json_of(reply: Response) -> Value {
    let (status, url) = (reply.status(), reply.url().clone());
    let body = reply.text().await.unwrap();
    assert!(status.is_success(), "{url}: {status} {body}");
    serde_json::from_str(&body).unwrap()
}

fn text(json: &Value, name: &str) -> String {
    json.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("no {name}: {json}")).to_owned()
}

/// The cookies that an answer sets, as a browser sends them back.
fn cookies(reply: &Response) -> String {
    let set = reply.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    set.filter_map(|cookie| cookie.split(';').next()).collect::<Vec<_>>().join("; ")
}

/// The value of a form's field.
fn input<'p>(html: &'p str, name: &str) -> &'p str {
    let (_, after) =
        html.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("no {name}: {html}"));
    after.split('"').next().unwrap_or_default()
}
