//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use shared::clock::Clock;
use shared::config::FetchPolicy;
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
    /// The site's address as people and applications see it, where a proxy stands in front: `https://id.example.org`
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Call applications' addresses on this machine and in its network too, which may be plain http at `localhost`
    #[arg(long)]
    allow_private_fetch: bool,
    /// A PEM file of roots to trust there beside the machine's
    #[arg(long, value_name = "FILE", requires = "allow_private_fetch")]
    fetch_ca: Option<PathBuf>,
    /// Leave out the stand-ins for Bangumi and others, and for the mail: nobody is signed in elsewhere, and nobody written to
    #[arg(long)]
    no_fakes: bool,
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
    /// Take a grant from an application again
    Disallow {
        /// The client id
        id: String,
        /// The grant
        #[arg(long, value_enum)]
        grant: Grant,
    },
    /// Change what an application registered, and what only an administrator decides about it
    Set {
        /// The client id
        id: String,
        /// What is to be otherwise
        #[command(flatten)]
        changes: Box<ClientChanges>,
    },
    /// Disable an application: none of its tokens works from then on
    Disable {
        /// The client id
        id: String,
    },
    /// Enable a disabled application again, with whatever of its tokens has not expired
    Enable {
        /// The client id
        id: String,
    },
}

/// What is to be otherwise; what is left out stays. Lists are replaced as a whole; an empty text empties.
#[derive(Debug, Default, Args)]
pub struct ClientChanges {
    /// What people read on the consent page
    #[arg(long)]
    pub name: Option<String>,
    /// Where people are sent back to; may be given again
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub redirect_uris: Option<Vec<String>>,
    /// The scopes that it may ask for, separated by spaces
    #[arg(long)]
    pub scope: Option<String>,
    /// A file with its public keys (JWKS)
    #[arg(long, value_name = "FILE")]
    pub jwks: Option<PathBuf>,
    /// Where its public keys are
    #[arg(long, value_name = "URL")]
    pub jwks_uri: Option<String>,
    /// How it proves itself at the token endpoint
    #[arg(long, value_name = "METHOD")]
    pub token_endpoint_auth_method: Option<String>,
    /// Many rules at once: fapi2
    #[arg(long)]
    pub profile: Option<String>,
    /// Whether its authorization requests must carry a code challenge
    #[arg(long)]
    pub require_pkce: Option<bool>,
    /// Whether its authorization requests must be pushed
    #[arg(long)]
    pub require_pushed_authorization_requests: Option<bool>,
    /// Whether its authorization requests must be signed
    #[arg(long)]
    pub require_signed_request_object: Option<bool>,
    /// Whether its access tokens must be bound to a key
    #[arg(long)]
    pub dpop_bound_access_tokens: Option<bool>,
    /// Whether its refresh tokens change with every use; a public application's always do
    #[arg(long)]
    pub rotate_refresh_tokens: Option<bool>,
    /// Whether it is the site's own, whose users are not asked for consent
    #[arg(long)]
    pub first_party: Option<bool>,
    /// How long its access tokens live, in seconds: 60 to 86400
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(60..=86_400))]
    pub access_token_lifetime: Option<i64>,
    /// How long a refresh token lives that nobody uses, in seconds: at most 180 days
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(60..=15_552_000))]
    pub refresh_token_idle_lifetime: Option<i64>,
    /// How long refresh tokens live, however much they are used, in seconds: at most 180 days
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(60..=15_552_000))]
    pub refresh_token_lifetime: Option<i64>,
    /// A resource server that it may ask tokens for; may be given again
    #[arg(long = "resource", value_name = "URI")]
    pub resources: Option<Vec<String>>,
    /// A resource server that it is; may be given again
    #[arg(long = "audience", value_name = "URI")]
    pub audiences: Option<Vec<String>>,
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
    let options = Options {
        port: cli.port,
        issuer: cli.issuer,
        announce_in: Some(cli.data),
        entropy,
        fakes: !cli.no_fakes,
        fetch: FetchPolicy { allow_private: cli.allow_private_fetch, roots: cli.fetch_ca },
        ..Options::new(storage)
    };
    let site = Site::start(options).await?;
    let url = site.url();
    let stand_ins = site.fakes().map(|fakes| {
        let (at, mailbox) = (fakes.url(), fakes.mailbox());
        format!(
            "To try \"sign in with Bangumi\" choose it at {url}/login: a stand-in at {at} believes whoever types a name.\n  \
             The letters that the site writes are at {mailbox}\n  "
        )
    });
    let stand_ins = stand_ins.unwrap_or_default();
    let ready = format!(
        "bangumoe is ready: {url}\n  \
         Open it in a browser, register, and sign in; applications are registered at {url}/oauth2/register.\n  \
         OpenID Connect clients find the rest at {url}/.well-known/openid-configuration\n  \
         {stand_ins}\
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
    fn private_addresses_are_called_only_where_that_is_asked_for() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' '));
        let cli = parse("bangumoe --issuer https://id.example.org --allow-private-fetch --fetch-ca roots.pem").unwrap();
        assert!(cli.allow_private_fetch && cli.fetch_ca.is_some() && cli.issuer.is_some());
        assert!(!parse("bangumoe").unwrap().allow_private_fetch);
        assert!(!parse("bangumoe").unwrap().no_fakes && parse("bangumoe --no-fakes").unwrap().no_fakes);
        assert!(parse("bangumoe --fetch-ca roots.pem").is_err());
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
