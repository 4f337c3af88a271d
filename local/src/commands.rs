//! What the operator's commands do, and the table that they do it to.

mod client;
mod keys;

use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Value, json};
use shared::account::{Identifier, UserStatus};
use shared::clock::Clock;
use shared::config::{self, ConfigError};
use shared::entropy::Entropy;
use shared::id::{Attempt, ClientId, UserId};
use shared::jose::keys::KeyError;
use shared::oauth::Client;
use shared::oauth::client::{HashedSecret, Policies, Registration};
use shared::oauth::metadata::{GrantType, Requested};
use shared::store::{self, Patience, Store, StoreError};

use crate::cli::{ClientCommand, Command, EpochCommand, Grant, KeyCommand, NewClient, UserCommand};
use crate::data::{self, Announcement, DataError, DataFolder};
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
    /// The way to it.
    #[error(transparent)]
    Store(#[from] store::ConnectError),
    /// The secret keys of a deployed site.
    #[error("{0}: give it as the deployed functions have it")]
    Config(#[from] ConfigError),
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
    /// The signing keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

impl Connection {
    /// The table.
    pub fn store(&self) -> &Store {
        &self.store
    }
}

/// A deployed site's `table`, at AWS or at `endpoint`. Without `table`, that of the site that is running on `folder`;
/// where none is, the one at `endpoint`; else the folder's own.
///
/// # Errors
/// [`ConnectError`].
pub async fn connect(folder: &Path, endpoint: Option<&str>, table: Option<&str>) -> Result<Connection, ConnectError> {
    if let Some(table) = table {
        let store = Store::connect(table, endpoint, Patience::LOCAL).await?;
        return Ok(Connection { store, _table: None, _folder: None });
    }
    let mut waited = Duration::ZERO;
    loop {
        if let Some(endpoint) = Announcement::read(folder).as_deref().or(endpoint) {
            let store = Store::connect(TABLE_NAME, Some(endpoint), Patience::LOCAL).await?;
            return Ok(Connection { store, _table: None, _folder: None });
        }
        match DataFolder::open(folder) {
            Ok(folder) => {
                let table = Table::file(&folder.table()?)?;
                let store = Store::connect(TABLE_NAME, Some(table.endpoint()), Patience::LOCAL).await?;
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

/// The secret keys of the site whose table [`connect()`] connects to: a deployed one's are in `SECRET_KEY`, the others' in
/// the folder.
///
/// # Errors
/// [`ConnectError`].
pub fn secret_keys(folder: &Path, table: Option<&str>) -> Result<Vec<SecretString>, ConnectError> {
    Ok(match table {
        Some(_) => config::secret_keys_from_env()?,
        None => data::read_secret_keys(folder)?,
    })
}

/// Does `command`. The answer is what is printed. The secret keys are those of the site,
/// where the command [needs](Command::needs_secret_keys) them.
///
/// # Errors
/// [`CommandError`].
pub async fn run(
    command: &Command,
    store: &Store,
    secret_keys: &[SecretString],
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Value, CommandError> {
    match command {
        Command::Epoch(EpochCommand::Raise) => keys::epoch_raise(store, clock, entropy).await,
        Command::Key(KeyCommand::Replace { kid }) => keys::replace(store, kid, secret_keys, clock, entropy).await,
        Command::Reseal => keys::reseal(store, secret_keys, clock, entropy).await,
        Command::Client(ClientCommand::Create(client)) => client_create(store, client, clock, entropy).await,
        Command::Client(ClientCommand::List) => client_list(store).await,
        Command::Client(ClientCommand::Allow { id, grant }) => client_allow(store, id, *grant, entropy).await,
        Command::Client(ClientCommand::Disallow { id, grant }) => client_disallow(store, id, *grant, entropy).await,
        Command::Client(ClientCommand::Set { id, changes }) => client::set(store, id, changes, entropy).await,
        Command::Client(ClientCommand::Disable { id }) => {
            client::meet(store, id, clock, entropy).await?;
            client_disable(store, id, true, entropy).await
        }
        Command::Client(ClientCommand::Enable { id }) => client_disable(store, id, false, entropy).await,
        Command::User(UserCommand::Disable { user }) => user_disable(store, user, entropy).await,
    }
}

async fn client_create(
    store: &Store,
    new: &NewClient,
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Value, CommandError> {
    let grants: Vec<_> = new.grants.iter().filter_map(|grant| GrantType::parse(grant.as_str())).collect();
    let privileges: Vec<_> = grants.into_iter().filter(|grant| grant.is_privilege()).collect();
    let requested = Requested {
        client_name: Some(new.name.clone()),
        redirect_uris: Some(new.redirect_uris.clone()),
        token_endpoint_auth_method: new.public.then(|| "none".to_owned()),
        grant_types: Some(new.grants.iter().map(|grant| grant.as_str().to_owned()).collect()),
        dialects: Some(new.dialects.clone()),
        scope: Some(new.scopes.join(" ")).filter(|scope| !scope.is_empty()),
        ..Requested::default()
    };
    let metadata = requested.complete(&privileges).map_err(|error| CommandError::Refused(error.to_string()))?;
    let (secret, hashed) = (!new.public).then(|| HashedSecret::generate(entropy)).unzip();
    let mut client = Client::new(ClientId::new(entropy), metadata, hashed, None, clock.now());
    client.policies.privileges = privileges;
    store.create_client(&client, Attempt::new(entropy)).await?;
    Ok(json!(client.registration(secret.as_ref())))
}

async fn client_list(store: &Store) -> Result<Value, CommandError> {
    Ok(store.list_clients(None).await?.iter().map(describe).collect())
}

async fn client_allow(store: &Store, id: &str, grant: Grant, entropy: &Entropy) -> Result<Value, CommandError> {
    change(store, id, entropy, |client| {
        client::refuse_of_document(client)?;
        if let Some(grant) = GrantType::parse(grant.as_str()) {
            client.allow(grant);
        }
        Ok(())
    })
    .await
}

async fn client_disallow(store: &Store, id: &str, grant: Grant, entropy: &Entropy) -> Result<Value, CommandError> {
    change(store, id, entropy, |client| {
        client::refuse_of_document(client)?;
        if let Some(grant) = GrantType::parse(grant.as_str()) {
            client.disallow(grant);
        }
        Ok(())
    })
    .await
}

async fn client_disable(store: &Store, id: &str, disabled: bool, entropy: &Entropy) -> Result<Value, CommandError> {
    change(store, id, entropy, |client| {
        client.disabled = disabled;
        Ok(())
    })
    .await
}

/// Changes a client, over again if somebody else's change came between.
async fn change(
    store: &Store,
    id: &str,
    entropy: &Entropy,
    edit: impl Fn(&mut Client) -> Result<(), CommandError>,
) -> Result<Value, CommandError> {
    let unknown = || CommandError::Refused(format!("no client has the id {id}"));
    let id = client::id(id).ok_or_else(unknown)?;
    for _ in 0..5 {
        let mut client = store.find_client(id).await?.ok_or_else(unknown)?;
        edit(&mut client)?;
        if store.update_client(&client, Attempt::new(entropy)).await? {
            return Ok(describe(&client));
        }
    }
    Err(busy())
}

/// What an operator sees of a client.
fn describe(client: &Client) -> Value {
    #[derive(Serialize)]
    struct Described<'a> {
        disabled: bool,
        owner_id: Option<UserId>,
        rotate_refresh_tokens: bool,
        policies: &'a Policies,
        #[serde(flatten)]
        registration: Registration<'a>,
    }
    json!(Described {
        disabled: client.disabled,
        owner_id: client.owner_id,
        rotate_refresh_tokens: client.rotates(),
        policies: &client.policies,
        registration: client.registration(None),
    })
}

async fn user_disable(store: &Store, user: &str, entropy: &Entropy) -> Result<Value, CommandError> {
    let unknown = || CommandError::Refused(format!("nobody has the id or name {user}"));
    let id = match (user.parse::<UserId>(), Identifier::guess(user)) {
        (Ok(id), _) => Some(id),
        (Err(_), Some(identifier)) => store.find_identifier(&identifier).await?,
        (Err(_), None) => None,
    };
    let id = id.ok_or_else(unknown)?;
    for _ in 0..5 {
        let user = store.find_user(id).await?.ok_or_else(unknown)?;
        if store.set_user_status(&user, UserStatus::Disabled, Attempt::new(entropy)).await? {
            return Ok(json!({ "user_id": id, "status": UserStatus::Disabled }));
        }
    }
    Err(busy())
}

fn busy() -> CommandError {
    CommandError::Refused("it is being changed elsewhere at this moment: try again".to_owned())
}
