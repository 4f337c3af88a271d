//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use shared::clock::Clock;
use shared::entropy::Entropy;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::commands::{self, ConnectError};
use crate::data::DataFolder;
use crate::site::{Options, Site, StartError, Storage};

/// An identity provider and anime-collection service, whole on this machine. Without a command it runs the site.
#[derive(Debug, Parser)]
#[command(name = "bangumoe", version)]
pub struct Cli {
    /// The port, which is also the issuer's: `http://localhost:PORT`; 0 takes any that is free
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Keep everything in memory, and forget it at the end
    #[arg(long)]
    memory: bool,
    /// The folder with the table and the secret key; made if it isn't there
    #[arg(long, global = true, value_name = "DIR", default_value = ".local")]
    data: PathBuf,
    /// Another DynamoDB to use instead of the embedded one
    #[arg(long, global = true, value_name = "URL", env = "AWS_ENDPOINT_URL_DYNAMODB")]
    dynamodb_endpoint: Option<String>,
    /// For commands: the table of a deployed site, with AWS's credentials and region from the environment
    #[arg(long, global = true, value_name = "NAME", env = "TABLE_NAME")]
    table: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// The operator's commands. They answer in JSON, and speak to the deployed table that `--table` names, else to the
/// running site's if there is one.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Applications
    #[command(subcommand)]
    Client(ClientCommand),
    /// People
    #[command(subcommand)]
    User(UserCommand),
    /// Signing keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// The site's epoch: whatever was handed out in an earlier one is refused
    #[command(subcommand)]
    Epoch(EpochCommand),
    /// Seal everything that is sealed at rest under the first secret key: of SECRET_KEY for the table that --table names,
    /// else of the data folder's file secret_key
    Reseal,
}

impl Command {
    /// Whether it opens or seals something.
    pub fn needs_secret_keys(&self) -> bool {
        matches!(self, Self::Key(_) | Self::Reseal)
    }
}

/// What an operator does with signing keys. They succeed one another by themselves.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Remove a stolen key at once, with all that it has signed, and put another in its place
    Replace {
        /// Its name: the kid in a token's header, and in /oauth2/jwks
        kid: String,
    },
}

/// What an operator does with the site's epoch.
#[derive(Debug, Subcommand)]
pub enum EpochCommand {
    /// Refuse every code, token, session and form of before, as after a restore from a backup
    Raise,
}

/// What an operator does with applications.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Register an application; its secret is shown this once
    Create(NewClient),
    /// List every application
    List,
    /// Let an application use one more grant
    Allow {
        /// The client id
        id: String,
        /// The grant
        #[arg(long, value_enum)]
        grant: Grant,
    },
    /// Disable an application: none of its tokens works from then on
    Disable {
        /// The client id
        id: String,
    },
}

/// An application to register.
#[derive(Debug, Args)]
pub struct NewClient {
    /// What people read on the consent page
    #[arg(long)]
    pub name: String,
    /// Where people are sent back to; may be given again
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub redirect_uris: Vec<String>,
    /// How it gets tokens; may be given again
    #[arg(long = "grant", value_enum, default_values = ["authorization_code", "refresh_token"])]
    pub grants: Vec<Grant>,
    /// It can't keep a secret: an app on a phone, or in a browser
    #[arg(long)]
    pub public: bool,
    /// The scopes that it may ask for, separated by spaces; may be given again
    #[arg(long = "scope", value_delimiter = ' ')]
    pub scopes: Vec<String>,
    /// Another system's words that it may use: oauth2.0, weibo, acwing, lianluo or 6park; may be given again
    #[arg(long = "dialect", value_name = "NAME")]
    pub dialects: Vec<String>,
}

/// A grant type, by its OAuth name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Grant {
    /// People are sent through the authorization endpoint.
    AuthorizationCode,
    /// Tokens are renewed.
    RefreshToken,
    /// The application acts for itself.
    ClientCredentials,
    /// A device without a browser or a keyboard shows a code, which its owner types elsewhere.
    DeviceCode,
    /// The application trades a token that it was sent for one of its own.
    TokenExchange,
    /// A legacy application gets tokens in the address that people are sent back to.
    Implicit,
    /// A legacy application sends the person's password.
    Password,
}

impl Grant {
    /// `authorization_code`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
            Self::Implicit => "implicit",
            Self::Password => "password",
        }
    }
}

/// What an operator does with people.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Disable an account: nobody signs in to it, and none of its tokens works from then on
    Disable {
        /// Their id, username, e-mail address or phone number
        user: String,
    },
}

/// Runs what the command line says.
pub async fn run(cli: Cli) -> ExitCode {
    let outcome = match &cli.command {
        None => {
            log(shared::log::USUAL);
            run_site(cli).await.map_err(|error| error.to_string())
        }
        Some(command) => {
            log("warn");
            run_command(command, &cli).await
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(std::io::stderr(), &format!("bangumoe: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

async fn run_site(cli: Cli) -> Result<(), StartError> {
    let entropy = Entropy::system();
    // Listened for from the beginning: a stop during the start is one too.
    let stop = stop_signal().map_err(|error| StartError::Port(cli.port, error))?;
    // With another DynamoDB the folder still has the secret key, and is still one site's.
    let mut folder = None;
    let endpoint = cli.dynamodb_endpoint.filter(|url| !url.is_empty());
    let (storage, where_is_it) = match endpoint {
        _ if cli.memory => (Storage::Memory, "in memory: all is forgotten at the end".to_owned()),
        Some(url) => {
            let secret_keys = folder.insert(DataFolder::open(&cli.data)?).secret_keys(&entropy)?;
            let where_is_it = format!("at {url}, its secret key in {}", cli.data.display());
            (Storage::Endpoint { url, secret_keys }, where_is_it)
        }
        None => (Storage::Folder(cli.data.clone()), format!("in {}", cli.data.display())),
    };
    let options = Options { port: cli.port, announce_in: Some(cli.data), entropy, ..Options::new(storage) };
    let site = Site::start(options).await?;
    let url = site.url();
    let ready = format!(
        "bangumoe is ready: {url}\n  \
         Open it in a browser, register, and sign in; applications are registered at {url}/oauth2/register.\n  \
         OpenID Connect clients find the rest at {url}/.well-known/openid-configuration\n  \
         The data is {where_is_it}. Ctrl-C stops; README.md and --help tell more.\n"
    );
    tell(std::io::stdout(), &ready);
    stop.await;
    site.stop().await;
    Ok(())
}

async fn run_command(command: &Command, cli: &Cli) -> Result<(), String> {
    let endpoint = cli.dynamodb_endpoint.as_deref().filter(|url| !url.is_empty());
    let table = cli.table.as_deref().filter(|name| !name.is_empty());
    let failed = |error: ConnectError| error.to_string();
    let secret_keys = match command.needs_secret_keys() {
        true => commands::secret_keys(&cli.data, table).map_err(failed)?,
        false => Vec::new(),
    };
    let connection = commands::connect(&cli.data, endpoint, table).await.map_err(failed)?;
    let (clock, entropy) = (Clock::system(), Entropy::system());
    let answer = commands::run(command, connection.store(), &secret_keys, &clock, &entropy).await;
    let answer = answer.map_err(|error| error.to_string())?;
    tell(std::io::stdout(), &format!("{answer:#}\n"));
    Ok(())
}

/// Ctrl-C, or what a supervisor sends.
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}

fn log(default: &str) {
    let lines = fmt::layer().compact().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(shared::log::filter(default)).with(lines).init();
}

/// Prints; a reader that has gone away is no reason to fall over.
fn tell(mut to: impl std::io::Write, text: &str) {
    let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_application_has_the_code_flow_unless_told_otherwise() {
        let parse = |line: &str| match Cli::parse_from(line.split(' ')).command {
            Some(Command::Client(ClientCommand::Create(client))) => client,
            other => panic!("{other:?}"),
        };
        let line = "bangumoe client create --name A --redirect-uri https://a/cb --redirect-uri https://a/two";
        let client = parse(line);
        assert_eq!(client.redirect_uris, ["https://a/cb", "https://a/two"]);
        assert_eq!(client.grants, [Grant::AuthorizationCode, Grant::RefreshToken]);
        let client = parse(&format!("{line} --grant client_credentials --public --data elsewhere"));
        assert_eq!((client.grants, client.public), (vec![Grant::ClientCredentials], true));
    }
}
