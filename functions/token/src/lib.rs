//! The token endpoint (RFC 6749 §3.2): one file per grant.

mod authenticate;
mod authorization_code;
mod client_credentials;
mod device_code;
mod password;
mod refresh_token;
mod reply;
mod token_exchange;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use shared::app::{App, Site};
use shared::http::client_auth::{Credentials, credentials, used_basic};
use shared::http::oauth_error::Failure;
use shared::http::{Incoming, Problem, cors, dpop, no_referrer, not_found};
use shared::id::ClientId;
use shared::jose::dpop::Proof;
use shared::oauth::Dialect;
use shared::oauth::{Client, ErrorCode, OAuthError, Params};

use reply::Reply;

/// The function's routes.
pub fn router() -> Router<App> {
    shared::http::router()
        .route("/oauth2/token", post(token).options(|| async { cors::preflight("POST") }))
        .route("/oauth2.0/granttoken", post(token))
        .route("/aouth2.0/granttoken", post(token))
        .route("/oauth2/access_token", post(token))
        .route("/third_party/api/oauth2/access_token", get(token))
        .route("/third_party/api/oauth2/access_token/", get(token))
        .route("/third_party/api/oauth2/access_token/{*more}", get(not_found))
        .route("/account/v1/tokens", post(token))
        .route("/index.php", post(token))
}

async fn token(State(app): State<App>, incoming: Incoming) -> Response {
    let dialect = Dialect::of_path(&incoming.path);
    let query = incoming.query_params().unwrap_or_default();
    if dialect.is_some_and(|dialect| !dialect.means(&query, "token")) {
        return Problem::not_found().to_json_response();
    }
    let mut response = match exchange(&app, &incoming, dialect).await {
        Ok(reply) => reply.render(dialect),
        Err(failure) => failure.to_json_response(used_basic(&incoming)),
    };
    cors::allow(&mut response);
    if incoming.method.is_safe() {
        no_referrer(&mut response);
    }
    // RFC 9449 §8.2: who sends proofs is given the nonce for the next one.
    if dpop::came(&incoming)
        && let Ok(site) = app.site().await
        && let Some(nonce) = dpop::nonce(&site)
    {
        response.headers_mut().insert(dpop::NONCE, nonce);
    }
    response
}

/// A token request, read.
struct Exchange<'a> {
    app: &'a App,
    site: &'a Site,
    incoming: &'a Incoming,
    params: Params,
    credentials: Credentials,
    dialect: Option<&'static Dialect>,
    /// That the client has a key, if it says so.
    proof: Option<Proof>,
}

impl Exchange<'_> {
    /// The client that is to prove itself.
    fn client_id(&self) -> ClientId {
        self.credentials.client.id()
    }

    /// The key to which what is issued is bound.
    fn jkt(&self) -> Option<&str> {
        self.proof.as_ref().map(|proof| proof.jkt.as_str())
    }

    /// How long access tokens live, in seconds.
    fn lifetime(&self, client: &Client) -> i64 {
        client.access_token_lifetime_in(self.dialect)
    }

    /// Uses the proof up, if one came: just before something is written or issued, so that a request that fails
    /// otherwise can be mended and sent again.
    ///
    /// # Errors
    /// `invalid_dpop_proof` for one that was used before (RFC 9449 §11.1); 503.
    async fn use_up_proof(&self) -> Result<(), Failure> {
        match &self.proof {
            Some(proof) if !dpop::use_up(self.app, proof).await? => Err(dpop::used_before().into()),
            _ => Ok(()),
        }
    }
}

async fn exchange(app: &App, incoming: &Incoming, dialect: Option<&'static Dialect>) -> Result<Reply, Failure> {
    let mut params = incoming.params()?;
    if let Some(dialect) = dialect {
        dialect.translate(&mut params);
    }
    params.refuse_doubled()?;
    let grant_type = params.get("grant_type").map(str::to_owned);
    let credentials = credentials(incoming, &params)?;
    let site = app.site().await?;
    let proof = dpop::proof(app, &site, incoming)?;
    let exchange = Exchange { app, site: &site, incoming, params, credentials, dialect, proof };
    match grant_type.as_deref() {
        Some("authorization_code") => authorization_code::exchange(&exchange).await,
        Some("refresh_token") => refresh_token::exchange(&exchange).await,
        Some("client_credentials") => client_credentials::exchange(&exchange).await,
        Some("password") => password::exchange(&exchange).await,
        Some("urn:ietf:params:oauth:grant-type:device_code") => device_code::exchange(&exchange).await,
        Some("urn:ietf:params:oauth:grant-type:token-exchange") => token_exchange::exchange(&exchange).await,
        None => Err(OAuthError::invalid_request("grant_type is missing").into()),
        Some(_) => Err(unsupported()),
    }
}

fn unsupported() -> Failure {
    let description = "grant_type must be one of grant_types_supported in the metadata";
    OAuthError::new(ErrorCode::UnsupportedGrantType, description).into()
}
