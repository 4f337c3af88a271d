//! Access tokens and what they open.

mod claims;
mod forged;
mod refusals;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use tests::{Client, TestSite, Tokens, User, Value};

/// Somebody with tokens of `scope` at a confidential application.
async fn with_tokens(site: &TestSite, scope: &str) -> (User, Client, Tokens) {
    let (user, client) = (site.register("sakura").await, site.client().await);
    let browser = site.browser();
    browser.sign_in(&user).await;
    let tokens = browser.authorize_and_redeem(&client, scope).await;
    (user, client, tokens)
}

/// Verifies a token with the published keys, as a stranger would: header and claims, or nothing.
async fn verified(site: &TestSite, token: &str, alg: Algorithm, audience: &str) -> Option<(Header, Value)> {
    let jwks: JwkSet = serde_json::from_str(&site.get("/oauth2/jwks", None).await.body).ok()?;
    let header = decode_header(token).ok()?;
    let key = DecodingKey::from_jwk(jwks.find(header.kid.as_deref()?)?).ok()?;
    let mut validation = Validation::new(alg);
    validation.set_issuer(&[site.issuer()]);
    validation.set_audience(&[audience]);
    // By the site's clock, below, which is not the machine's.
    validation.validate_exp = false;
    let claims = decode::<Value>(token, &key, &validation).ok()?.claims;
    let now = site.clock.now().0;
    let in_time = claims.get("iat")?.as_i64()? <= now && now < claims.get("exp")?.as_i64()?;
    in_time.then_some((header, claims))
}
