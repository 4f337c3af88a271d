//! HTTP/1.1 on sockets: the site's, and those of what stands beside it.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::answer::Answer;

/// How long requests under way may take to finish once the server is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Several times what the gateway lets pass, so that it is the gateway that refuses; and less than the length of a
/// target that hyper answers with 414, so that a head beyond it gets hyper's own 431.
const READ_BUFFER: usize = 48 * 1024;

/// What answers.
pub(crate) trait Respond: Clone + Send + Sync + 'static {
    /// Answers a request, or cuts the connection.
    fn respond(&self, request: Request<Incoming>, source: IpAddr) -> impl Future<Output = io::Result<Answer>> + Send;
}

/// The sockets being served. Dropping it ends every connection at once; [`Server::stop`] lets them finish.
pub(crate) struct Server {
    running: watch::Sender<()>,
    listeners: JoinSet<()>,
}

impl Server {
    /// Serves every listener.
    pub(crate) fn start(sockets: Vec<TcpListener>, answers: impl Respond) -> Self {
        let (running, stop) = watch::channel(());
        let mut listeners = JoinSet::new();
        for socket in sockets {
            listeners.spawn(accept(socket, answers.clone(), stop.clone()));
        }
        Self { running, listeners }
    }

    /// Stops listening, and waits for the requests under way.
    pub(crate) async fn stop(self) {
        drop(self.running);
        self.listeners.join_all().await;
    }
}

async fn accept(socket: TcpListener, answers: impl Respond, mut stop: watch::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            // Nothing is ever sent: that the sender is gone is the word.
            _ = stop.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = socket.accept() => match accepted {
                Ok((stream, source)) => {
                    connections.spawn(serve(stream, source, answers.clone(), stop.clone()));
                }
                Err(error) => {
                    // Out of file descriptors, most likely: some come free.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
    drop(socket);
    let _ = tokio::time::timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
}

async fn serve(stream: TcpStream, source: SocketAddr, answers: impl Respond, mut stop: watch::Receiver<()>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| answers.respond(request, source.ip()));
    let connection = http1::Builder::new().max_buf_size(READ_BUFFER).serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}
