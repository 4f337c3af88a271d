//! Client authentication (RFC 6749 §2.3): what came, and whether it fits. Every endpoint that wants to know which client
//! asks calls [`credentials`], then [`authenticate`].

use data_encoding::BASE64;
use http::header;
use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use super::client_documents::{self, Outage};
use super::incoming::Incoming;
use super::oauth_error::Failure;
use super::problem::Problem;
use crate::account::limits::FAILURES_PER_CLIENT_AND_ADDRESS;
use crate::app::App;
use crate::clock::Time;
use crate::id::Attempt;
use crate::jose::client_keys::{self, BadJwt, Jwt};
use crate::log;
use crate::oauth::client::HashedSecret;
use crate::oauth::metadata::{AuthMethod, SigningAlg};
use crate::oauth::{Client, ClientName, ErrorCode, OAuthError, Params};
use crate::store::once::Once;
use crate::store::rates::Counter;

/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How long an assertion may live from now, in seconds: until then its `jti` is remembered.
const ASSERTION_LIFETIME: i64 = 600;
/// How far a client's clock may be ahead, in seconds (FAPI 2.0 Security Profile §5.3.2.1 has it between 10 and 60).
const CLOCK_SKEW: i64 = 60;

/// What a client says of itself.
#[derive(Debug)]
pub struct Credentials {
    /// Its `client_id`.
    pub client: ClientName,
    /// What is to prove it.
    pub proof: Proof,
}

/// What is to prove who a client is.
#[derive(Debug)]
pub enum Proof {
    /// Nothing: a public client.
    None,
    /// A secret, however it came.
    Secret(SecretString),
    /// A JWT that the client signed.
    Assertion(SecretString),
}

impl Credentials {
    /// Also tells the log which client it is said to be.
    fn of(client_id: &str, proof: Proof) -> Result<Self, OAuthError> {
        let client: Result<ClientName, _> = client_id.parse();
        let client = client.map_err(|_| OAuthError::invalid_client("no client has such a client_id"))?;
        log::client(client.id());
        Ok(Self { client, proof })
    }

    /// The secret, if that is what came.
    pub fn secret(&self) -> Option<&SecretString> {
        match &self.proof {
            Proof::Secret(secret) => Some(secret),
            Proof::None | Proof::Assertion(_) => None,
        }
    }
}

/// Whether the request tried HTTP Basic: then a refusal must challenge it (RFC 6749 §5.2).
pub fn used_basic(incoming: &Incoming) -> bool {
    incoming
        .header(header::AUTHORIZATION)
        .is_some_and(|value| value.split_once(' ').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")))
}

/// The parameters that say and prove who a client is: they are no part of what it asks for.
pub const PARAMETERS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// Reads the client's credentials from header or body.
///
/// # Errors
/// `invalid_request` where they stand in the query or came in two ways; `invalid_client` where there are none.
pub fn credentials(incoming: &Incoming, params: &Params) -> Result<Credentials, OAuthError> {
    // RFC 6749 §2.3.1: the query ends up in logs.
    let query = incoming.query_params()?;
    if ["client_secret", "client_secrets", "client_assertion"].into_iter().any(|name| query.has(name)) {
        return Err(OAuthError::invalid_request("credentials must not stand in the query"));
    }
    // RFC 6749 §2.3: one method at a time.
    let asserted = params.has("client_assertion") || params.has("client_assertion_type");
    let ways = [used_basic(incoming), params.has("client_secret"), asserted];
    if ways.into_iter().filter(|used| *used).count() > 1 {
        return Err(OAuthError::invalid_request("the client authenticated in two ways at once"));
    }
    let in_body = params.get("client_id");
    if asserted {
        return assertion(params, in_body);
    }
    if !used_basic(incoming) {
        let client_id = in_body.ok_or_else(|| OAuthError::invalid_client("no client_id"))?;
        let secret = params.get("client_secret").map(SecretString::from);
        return Credentials::of(client_id, secret.map_or(Proof::None, Proof::Secret));
    }
    let (client_id, secret) =
        basic(incoming).ok_or_else(|| OAuthError::invalid_client("the Basic header is malformed"))?;
    if in_body.is_some_and(|other| other != client_id) {
        return Err(OAuthError::invalid_request("client_id in the body is another than in the header"));
    }
    Credentials::of(&client_id, Proof::Secret(secret))
}

/// HTTP Basic, with both parts percent-encoded as RFC 6749 §2.3.1 and appendix B want.
fn basic(incoming: &Incoming) -> Option<(String, SecretString)> {
    let (_, encoded) = incoming.header(header::AUTHORIZATION)?.split_once(' ')?;
    let bytes = BASE64.decode(encoded.trim().as_bytes()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8().ok().map(|text| text.into_owned())
    };
    Some((decode(id)?, decode(secret)?.into())).filter(|(id, _)| !id.is_empty())
}

/// A client's assertion. Which client made it, it says itself (RFC 7521 §4.2); nothing in it is believed yet.
fn assertion(params: &Params, in_body: Option<&str>) -> Result<Credentials, OAuthError> {
    if params.get("client_assertion_type") != Some(ASSERTION_TYPE) {
        return Err(OAuthError::invalid_client("client_assertion_type is not jwt-bearer"));
    }
    let text = params.get("client_assertion").unwrap_or_default();
    let jwt = Jwt::read(text).map_err(|error| OAuthError::invalid_client(error.as_str()))?;
    let client_id = jwt.text("sub").ok_or_else(|| OAuthError::invalid_client("the assertion has no sub"))?;
    if in_body.is_some_and(|other| other != client_id) {
        return Err(OAuthError::invalid_client("client_id is another than the assertion's sub"));
    }
    Credentials::of(client_id, Proof::Assertion(text.into()))
}

/// Authenticates the client that was read, by the method that it registered. (A confidential client may send its secret
/// either way, whichever it registered: the secret is the same, and so is the channel.)
///
/// # Errors
/// `invalid_client`; 429 for guesses at a secret; 503.
pub async fn authenticate(
    app: &App,
    incoming: &Incoming,
    credentials: &Credentials,
    client: Option<Client>,
) -> Result<Client, Failure> {
    let client = client_documents::resolve(app, &credentials.client, client, Outage::IsBridged).await?;
    let client = client.ok_or_else(|| OAuthError::invalid_client("no client has this client_id"))?;
    if client.disabled {
        return Err(OAuthError::invalid_client("the client is disabled").into());
    }
    match (client.metadata.token_endpoint_auth_method, &credentials.proof) {
        (AuthMethod::None, Proof::None) => {}
        (AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost, Proof::Secret(presented)) => {
            let stored = client.secret.as_ref();
            if !stored.is_some_and(|stored| stored.verifies_generated(presented)) {
                return Err(wrong_secret(app, incoming, &client).await?);
            }
        }
        (AuthMethod::PrivateKeyJwt, Proof::Assertion(text)) => check_assertion(app, incoming, &client, text).await?,
        (_, Proof::None) => return Err(OAuthError::invalid_client("the client must prove itself").into()),
        _ => return Err(OAuthError::invalid_client("the client is registered for another method").into()),
    }
    Ok(client)
}

/// What a wrong secret is told. Generated secrets can't be guessed, but nobody need be let try: failures are counted by
/// client and address, so that they lock nobody else out. What is right costs no write.
async fn wrong_secret(app: &App, incoming: &Incoming, client: &Client) -> Result<Failure, Failure> {
    let wrong = OAuthError::invalid_client("the secret is wrong");
    if !matches!(client.secret, Some(HashedSecret::Sha256(_))) {
        return Ok(wrong.into());
    }
    let now = app.clock.now();
    let place = format!("{} {}", client.client_id, incoming.client_network());
    let counter = Counter::new("CLIENT", &place, FAILURES_PER_CLIENT_AND_ADDRESS, now);
    match app.store.claim_attempt(&counter, Attempt::new(&app.entropy)).await? {
        true => Ok(wrong.into()),
        false => Ok(Problem::too_many(counter.retry_after(now)).into()),
    }
}

/// RFC 7523 §3; OpenID Connect Core §9; for its clients, FAPI 2.0 Security Profile §5.3.2.1.
async fn check_assertion(app: &App, incoming: &Incoming, client: &Client, text: &SecretString) -> Result<(), Failure> {
    use secrecy::ExposeSecret as _;
    let refuse = OAuthError::invalid_client;
    let fapi = client.metadata.is_fapi();
    let algs: Vec<_> = match client.metadata.token_endpoint_auth_signing_alg {
        Some(registered) => vec![registered],
        None => SigningAlg::ALL.into_iter().filter(|alg| !fapi || alg.is_fapi()).collect(),
    };
    let jwt = client_keys::verify(app, client, text.expose_secret(), &algs).await.map_err(|error| match error {
        BadJwt::Unfetched(_) => OAuthError::new(ErrorCode::InvalidClient, "the keys at jwks_uri could not be fetched")
            .because(error.as_str()),
        error => refuse(error.as_str()),
    })?;
    let (id, issuer) = (client.name(), &app.config.issuer);
    if jwt.text("iss") != Some(&id) || jwt.text("sub") != Some(&id) {
        return Err(refuse("the assertion's iss and sub must be the client_id").into());
    }
    // A JWT for somebody else must not be of use here, nor ours elsewhere: FAPI wants the issuer and nothing beside it.
    let meant = if fapi {
        jwt.text("aud") == Some(issuer.as_str())
    } else {
        let ours = [issuer.as_str(), &issuer.url("/oauth2/token"), &issuer.url(&incoming.path)];
        jwt.audiences().iter().any(|audience| ours.contains(audience))
    };
    if !meant {
        return Err(refuse("the assertion's aud is not the issuer").into());
    }
    let expires_at = check_times(&jwt, app.clock.now()).map_err(refuse)?;
    let jti = jwt.text("jti").filter(|jti| !jti.is_empty()).ok_or_else(|| refuse("the assertion has no jti"))?;
    // Last, since it writes: the assertion is used up, whatever becomes of the request.
    let once = Once::new("ASSERTION", &format!("{id} {jti}"), expires_at);
    if !app.store.use_once(&once, Attempt::new(&app.entropy)).await? {
        return Err(refuse("the assertion was used before").into());
    }
    Ok(())
}

/// When an assertion ends, if it is good now.
fn check_times(jwt: &Jwt, now: Time) -> Result<Time, &'static str> {
    let time = |name| jwt.time(name).map_err(|_| "a time in the assertion is none");
    let expires_at = time("exp")?.ok_or("the assertion has no exp")?;
    if now >= expires_at {
        return Err("the assertion has expired");
    }
    if expires_at - now > ASSERTION_LIFETIME + CLOCK_SKEW {
        return Err("the assertion lives for more than ten minutes");
    }
    if [time("iat")?, time("nbf")?].into_iter().flatten().any(|from| from - now > CLOCK_SKEW) {
        return Err("the assertion is of the future");
    }
    Ok(expires_at)
}
