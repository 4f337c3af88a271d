//! DynamoDB in process: `dynoxide` behind a socket, so that the AWS SDK speaks to it as to the real one.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use dynoxide::{Database, DynoxideError};
use shared::clock::Clock;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::template::{TableDefinition, Template, TemplateError};

/// The table's name on a laptop.
pub const TABLE_NAME: &str = "bangumoe";

/// Expired items are removed this often. AWS takes up to days.
const SWEEP: Duration = Duration::from_secs(60);

/// How long a client that has sent half a request can hold up the end.
const GRACE: Duration = Duration::from_millis(500);

/// A running table. Dropping it stops its thread and closes its file.
pub struct Table {
    endpoint: String,
    database: Database,
    running: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// The table could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The template declares none.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The template declares one that can't be made.
    #[error("template.yaml's table: {0}")]
    Definition(#[from] serde_json::Error),
    /// The file can't be read, or is no table.
    #[error("the table can't be opened: {0}")]
    Database(#[from] DynoxideError),
    /// No socket or thread.
    #[error("the table can't be served: {0}")]
    Io(#[from] std::io::Error),
}

impl Table {
    /// A table that is gone when it stops. It expires items by `clock`.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn memory(clock: Clock) -> Result<Self, TableError> {
        Self::start(Database::memory_with_clock(Arc::new(TableClock(clock)))?)
    }

    /// A table kept in the file at `path`, made if it isn't there. It expires items by the system's clock.
    ///
    /// # Errors
    /// [`TableError`].
    pub fn file(path: &Path) -> Result<Self, TableError> {
        Self::start(Database::new(&path.to_string_lossy())?)
    }

    /// Where it listens: `http://127.0.0.1:49152`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Removes what has expired, now. Returns how many items that were.
    ///
    /// # Errors
    /// [`TableError::Database`].
    pub fn sweep(&self) -> Result<usize, TableError> {
        Ok(self.database.sweep_ttl()?)
    }

    /// Stops it, and waits until its file is closed.
    pub fn stop(self) {}

    fn start(database: Database) -> Result<Self, TableError> {
        create_missing(&database, &Template::embedded()?.table)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let (running, stop) = watch::channel(());
        // It works synchronously under one lock, so it gets a thread where it holds up nobody else.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let served = database.clone();
        let thread = std::thread::Builder::new()
            .name("table".to_owned())
            .spawn(move || serve(&runtime, listener, served, stop))?;
        Ok(Self { endpoint, database, running: Some(running), thread: Some(thread) })
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        drop(self.running.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so already.
            let _ = thread.join();
        }
    }
}

fn create_missing(database: &Database, definition: &TableDefinition) -> Result<(), TableError> {
    if database.get_table_metadata(TABLE_NAME)?.is_some() {
        return Ok(());
    }
    database.create_table(serde_json::from_value(definition.create_table(TABLE_NAME))?)?;
    database.update_time_to_live(serde_json::from_value(definition.update_time_to_live(TABLE_NAME))?)?;
    Ok(())
}

fn serve(runtime: &Runtime, listener: TcpListener, database: Database, mut stop: watch::Receiver<()>) {
    let mut told = stop.clone();
    let sweeper = runtime.spawn(sweep_often(database.clone()));
    runtime.block_on(async move {
        let server = async {
            let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| error.to_string())?;
            let stopped = async move { drop(stop.changed().await) };
            dynoxide::server::serve_with_shutdown(listener, database, stopped).await
        };
        let deadline = async {
            let _ = told.changed().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            ended = server => if let Err(error) = ended { tracing::error!(error, "the table stopped") },
            () = deadline => {}
        }
    });
    sweeper.abort();
}

async fn sweep_often(database: Database) {
    let mut ticks = tokio::time::interval_at(Instant::now() + SWEEP, SWEEP);
    loop {
        ticks.tick().await;
        match database.sweep_ttl() {
            Ok(0) => {}
            Ok(items) => tracing::debug!(items, "expired items removed"),
            Err(error) => tracing::warn!(%error, "expired items could not be removed"),
        }
    }
}

/// Our clock, as the table reads it.
struct TableClock(Clock);

impl dynoxide::storage_backend::Clock for TableClock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.0.now().0).unwrap_or_default()
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds stay exact for 285,000 years")]
    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now_millis().0 as f64 / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::clock::Millis;

    use super::*;

    fn put(table: &Table, ttl: i64) {
        let item = json!({ "PK": { "S": "a" }, "SK": { "S": "b" }, "ttl": { "N": ttl.to_string() } });
        let request = serde_json::from_value(json!({ "TableName": TABLE_NAME, "Item": item })).unwrap();
        table.database.put_item(request).unwrap();
    }

    #[test]
    fn items_expire_by_the_clock_that_it_was_given() {
        let clock = Clock::manual(Millis(1_700_000_000_000));
        let table = Table::memory(clock.clone()).unwrap();
        put(&table, 1_700_000_060);
        assert_eq!(table.sweep().unwrap(), 0);
        clock.advance(120);
        assert_eq!(table.sweep().unwrap(), 1);
    }

    #[test]
    fn a_file_is_still_the_same_table_when_it_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.db");
        let table = Table::file(&path).unwrap();
        put(&table, 1);
        table.stop();
        assert_eq!(Table::file(&path).unwrap().sweep().unwrap(), 1);
    }
}
