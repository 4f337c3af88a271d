//! Which client asks, and whether it may.

use secrecy::{ExposeSecret, SecretString};
use shared::account::Password;
use shared::account::limits::FAILURES_PER_CLIENT_AND_ADDRESS;
use shared::http::oauth_error::Failure;
use shared::http::{client_auth, dpop, sign_in};
use shared::oauth::client::HashedSecret;
use shared::oauth::metadata::GrantType;
use shared::oauth::{Client, ErrorCode, OAuthError};
use shared::store::rates::Counter;

use crate::Exchange;

impl Exchange<'_> {
    /// Authenticates the client that was read, and checks that it is registered for `grant`.
    ///
    /// # Errors
    /// `invalid_client`, `unauthorized_client`; 429 for guesses at a secret.
    pub(crate) async fn authenticate(&self, client: Option<Client>, grant: GrantType) -> Result<Client, Failure> {
        let allowed = self.dialect.is_some_and(|dialect| dialect.chosen_secrets);
        let chosen = match client.as_ref().filter(|client| allowed && !client.disabled) {
            Some(Client { secret: Some(HashedSecret::Argon2(hash)), .. }) => Some(hash.clone()),
            _ => None,
        };
        let client = match (client, chosen, self.credentials.secret()) {
            (Some(client), Some(hash), Some(secret)) => {
                self.check_chosen(&client, hash, secret).await?;
                client
            }
            (client, ..) => client_auth::authenticate(self.app, self.incoming, &self.credentials, client).await?,
        };
        if self.dialect.is_some_and(|dialect| !dialect.is_of(&client)) {
            let description = "the client is not registered for the dialect of this path";
            return Err(OAuthError::new(ErrorCode::UnauthorizedClient, description).into());
        }
        if !client.allows(grant) {
            let description = "the client is not registered for this grant";
            return Err(OAuthError::new(ErrorCode::UnauthorizedClient, description).into());
        }
        if let Some(proof) = &self.proof {
            dpop::check_alg(&client, proof)?;
        }
        // RFC 9449 §5.2: its tokens are never of use to who steals them.
        if client.metadata.dpop_bound_access_tokens && self.proof.is_none() {
            let description = "this client must send a DPoP proof";
            return Err(OAuthError::new(ErrorCode::InvalidDpopProof, description).into());
        }
        Ok(client)
    }

    /// A secret that its client chose may be as short as six characters: it works in the dialect that lets it be chosen,
    /// and nowhere else, and guesses at it are counted by client and address before they are tried.
    async fn check_chosen(&self, client: &Client, hash: String, secret: &SecretString) -> Result<(), Failure> {
        let place = format!("{} {}", client.client_id, self.incoming.client_network());
        let now = self.app.clock.now();
        let counters = [Counter::new("CLIENT", &place, FAILURES_PER_CLIENT_AND_ADDRESS, now)];
        sign_in::claim(self.app, &counters).await?;
        let secret = Password::new(secret.expose_secret());
        if secret.verify(&self.app.hashers, Some(hash)).await.is_none() {
            return Err(OAuthError::invalid_client("the chosen secret is wrong").into());
        }
        sign_in::give_back(self.app, &counters).await;
        Ok(())
    }
}
