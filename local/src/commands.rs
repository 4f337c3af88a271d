//! What the operator's commands do, and the table that they do it to.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use shared::clock::Clock;
use shared::entropy::Entropy;
use shared::store::{Store, StoreError};

use crate::cli::{ClientCommand, Command, Grant, NewClient, UserCommand};
use crate::data::{Announcement, DataError, DataFolder};
use crate::table::{TABLE_NAME, Table, TableError};

/// How long a site that is just starting, or another command that is just ending, is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The table, and what keeps it open.
pub struct Connection {
    store: Store,
    // Where no site is running, the table is opened here, and the folder kept from a site that starts meanwhile.
    _table: Option<Table>,
    _folder: Option<DataFolder>,
}

/// The table can't be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The table in it.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// A command could not be done.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// What it was told is wrong.
    #[error("{0}")]
    Refused(String),
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Connection {
    /// The table.
    pub fn store(&self) -> &Store {
        &self.store
    }
}

/// The table of the site that is running on `folder`; where none is, the one at `endpoint`; else the folder's own.
///
/// # Errors
/// [`ConnectError`].
pub async fn connect(folder: &Path, endpoint: Option<&str>) -> Result<Connection, ConnectError> {
    let mut waited = Duration::ZERO;
    loop {
        if let Some(endpoint) = Announcement::read(folder).as_deref().or(endpoint) {
            let store = Store::connect(TABLE_NAME, Some(endpoint)).await;
            return Ok(Connection { store, _table: None, _folder: None });
        }
        match DataFolder::open(folder) {
            Ok(folder) => {
                let table = Table::file(&folder.table()?)?;
                let store = Store::connect(TABLE_NAME, Some(table.endpoint())).await;
                return Ok(Connection { store, _table: Some(table), _folder: Some(folder) });
            }
            Err(DataError::InUse(_)) if waited < PATIENCE => {
                waited += Duration::from_millis(50);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Does `command`. The answer is what is printed.
///
/// # Errors
/// [`CommandError`].
pub async fn run(command: &Command, store: &Store, clock: &Clock, entropy: &Entropy) -> Result<Value, CommandError> {
    match command {
        Command::Client(ClientCommand::Create(client)) => client_create(store, client, clock, entropy).await,
        Command::Client(ClientCommand::List) => client_list(store).await,
        Command::Client(ClientCommand::Allow { id, grant }) => client_allow(store, id, *grant, entropy).await,
        Command::Client(ClientCommand::Disable { id }) => client_disable(store, id, clock, entropy).await,
        Command::User(UserCommand::Disable { user }) => user_disable(store, user, clock, entropy).await,
    }
}

fn not_wired_yet() -> Result<Value, CommandError> {
    Err(CommandError::Refused("not wired yet".to_owned()))
}

async fn client_create(_: &Store, _: &NewClient, _: &Clock, _: &Entropy) -> Result<Value, CommandError> {
    not_wired_yet()
}

async fn client_list(_: &Store) -> Result<Value, CommandError> {
    not_wired_yet()
}

async fn client_allow(_: &Store, _id: &str, _: Grant, _: &Entropy) -> Result<Value, CommandError> {
    not_wired_yet()
}

async fn client_disable(_: &Store, _id: &str, _: &Clock, _: &Entropy) -> Result<Value, CommandError> {
    not_wired_yet()
}

async fn user_disable(_: &Store, _user: &str, _: &Clock, _: &Entropy) -> Result<Value, CommandError> {
    not_wired_yet()
}
