//! Somebody's server, good or hostile, that the site calls.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// A server on this machine, without TLS.
pub struct Remote {
    /// Its address: `http://localhost:<port>`.
    pub url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    answers: Mutex<HashMap<String, Answer>>,
    requests: Mutex<Vec<Asked>>,
    came: Notify,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `GET /keys HTTP/1.1` and the headers.
    pub head: String,
    /// The body.
    pub body: String,
}

impl Asked {
    /// What was asked for.
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }
}

/// What stands at a path.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status line and headers.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the connection then stays open for good, and nothing more comes.
    pub stalls: bool,
}

impl Answer {
    /// An answer of that status and type, with its length.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let head =
            format!("HTTP/1.1 {status} Whatever\r\ncontent-type: {content_type}\r\ncontent-length: {}", body.len());
        Self { head, body, stalls: false }
    }

    /// JSON.
    pub fn json(value: &Value) -> Self {
        Self::new(200, "application/json", value.to_string())
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Remote {
    /// A server at which nothing stands yet.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let shared = Arc::<Shared>::default();
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self { url, shared, task }
    }

    /// Puts something at a path, in place of what stood there.
    pub fn put(&self, path: &str, answer: Answer) -> String {
        self.shared.answers.lock().unwrap().insert(path.to_owned(), answer);
        format!("{}{path}", self.url)
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<Asked> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Waits for the next request; one that came while nobody waited counts.
    pub async fn next(&self) {
        self.shared.came.notified().await;
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let Some(asked) = read(&mut stream).await else { return };
    let answer = shared.answers.lock().unwrap().get(asked.path()).cloned();
    let answer = answer.unwrap_or_else(|| Answer::new(404, "text/plain", "nothing"));
    shared.requests.lock().unwrap().push(asked);
    shared.came.notify_one();
    let _ = stream.write_all(format!("{}\r\nconnection: close\r\n\r\n", answer.head).as_bytes()).await;
    let _ = stream.write_all(&answer.body).await;
    if answer.stalls {
        std::future::pending().await
    }
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let whole = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = whole.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length = length.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(Asked { head: head.to_owned(), body: body.to_owned() });
            }
        }
        // Who greets with TLS is not kept waiting.
        if text.first() == Some(&0x16) {
            return None;
        }
        let length = stream.read(&mut buffer).await.ok().filter(|length| *length > 0)?;
        text.extend_from_slice(&buffer[..length]);
    }
}
