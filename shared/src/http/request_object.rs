//! Request objects (RFC 9101; OpenID Connect Core §6): fetched, verified, and made an ordinary request of.

use crate::app::App;
use crate::clock::Time;
use crate::config::Issuer;
use crate::fetch::USUAL_LIMIT;
use crate::jose::client_keys::{self, BadJwt, Jwt};
use crate::oauth::metadata::{RequestObjectAlg, SigningAlg};
use crate::oauth::request_object::{self, Outside, invalid};
use crate::oauth::{Client, ErrorCode, OAuthError, Params};

/// How far a client's clock may be ahead, in seconds.
const CLOCK_SKEW: i64 = 60;
/// How long a request object of a FAPI client may live, and how old it may be, in seconds (FAPI 2.0 Message Signing
/// §5.3.1).
const FAPI_LIFETIME: i64 = 3600;

/// The request that a request object makes, if one came: `request` with it, `request_uri` with its address.
///
/// # Errors
/// `invalid_request_object`, `invalid_request_uri`; `invalid_request` where both came, or none from a client that must
/// sign.
pub async fn resolve(app: &App, client: &Client, outside: &Params) -> Result<Option<Params>, OAuthError> {
    let metadata = &client.metadata;
    let text = match (outside.get("request"), outside.get("request_uri")) {
        (None, None) if metadata.require_signed_request_object => {
            let description = "this application must send its request as a signed request object";
            return Err(OAuthError::invalid_request(description));
        }
        (None, None) => return Ok(None),
        // RFC 9101 §5.
        (Some(_), Some(_)) => {
            return Err(OAuthError::invalid_request("request and request_uri must not come together"));
        }
        (Some(text), None) => text.to_owned(),
        (None, Some(uri)) => fetch(app, client, uri).await?,
    };
    let strict = metadata.is_fapi() || metadata.require_signed_request_object;
    let unsigned = matches!(metadata.request_object_signing_alg, Some(RequestObjectAlg::Unsigned(_)));
    let jwt = match unsigned {
        // RFC 9101 §10.5.
        true if strict => return Err(invalid("this application must sign its request objects")),
        true => read_unsigned(&text)?,
        false => verify(app, client, &text).await?,
    };
    let counts = match (unsigned, strict) {
        (true, _) => Outside::Everything,
        (false, false) => Outside::Necessities,
        (false, true) => Outside::Nothing,
    };
    check(client, &jwt, &app.config.issuer, app.clock.now(), !unsigned)?;
    request_object::combine(request_object::parameters(&jwt.claims)?, outside, counts).map(Some)
}

/// What stands at an address that the client registered. A fragment only says which version of it (OpenID Connect Core
/// §6.2), and may differ.
async fn fetch(app: &App, client: &Client, uri: &str) -> Result<String, OAuthError> {
    let refuse = |description| OAuthError::new(ErrorCode::InvalidRequestUri, description);
    let address = |uri: &str| uri.split('#').next().unwrap_or_default().to_owned();
    // RFC 9101 §10.4: whoever may name any address would have this server call it.
    if !client.metadata.request_uris.iter().any(|registered| address(registered) == address(uri)) {
        return Err(refuse("request_uri is not one that the application registered"));
    }
    let fetched = app.fetcher.get(uri, USUAL_LIMIT).await;
    let fetched = fetched.map_err(|error| refuse("request_uri could not be fetched").because(error.as_str()))?;
    let text =
        String::from_utf8(fetched.body).map_err(|_| invalid("what stands at request_uri is no request object"))?;
    Ok(text.trim().to_owned())
}

/// An object that nobody signed, because the client's registration says so.
fn read_unsigned(text: &str) -> Result<Jwt, OAuthError> {
    let jwt = Jwt::read(text).ok().filter(|jwt| jwt.alg == "none" && text.ends_with('.'));
    jwt.ok_or_else(|| invalid("request is not an unsigned JWT, which this application registered"))
}

async fn verify(app: &App, client: &Client, text: &str) -> Result<Jwt, OAuthError> {
    let algs: Vec<_> = match client.metadata.request_object_signing_alg {
        Some(RequestObjectAlg::Signed(registered)) => vec![registered],
        _ => SigningAlg::ALL.into_iter().filter(|alg| !client.metadata.is_fapi() || alg.is_fapi()).collect(),
    };
    client_keys::verify(app, client, text, &algs).await.map_err(|error| {
        let description = match error {
            BadJwt::Unfetched(_) => "the keys at jwks_uri could not be fetched",
            BadJwt::Malformed | BadJwt::Critical => "request is not a signed JWT",
            BadJwt::Algorithm => "the request object is signed with another algorithm than the application registered",
            BadJwt::NoKeys | BadJwt::UnknownKey | BadJwt::Signature => {
                "the request object is not signed with a key that the application registered"
            }
        };
        invalid(description).because(error.as_str())
    })
}

/// What the object says of itself (RFC 9101 §4 and §10).
fn check(client: &Client, jwt: &Jwt, issuer: &Issuer, now: Time, signed: bool) -> Result<(), OAuthError> {
    let id = client.name();
    let typ = jwt.typ.as_deref().map(str::to_ascii_lowercase);
    let typed = typ.as_deref().map(|typ| typ.trim_start_matches("application/"));
    if !matches!(typed, None | Some("jwt" | "oauth-authz-req+jwt")) {
        return Err(invalid("typ of the request object must be oauth-authz-req+jwt"));
    }
    // RFC 9101 §10.8: it could be, or become, an assertion with which its client authenticates.
    if jwt.claims.get("sub").is_some_and(|sub| *sub == id.as_str()) {
        return Err(invalid("sub of the request object must not be the client_id"));
    }
    // Signed, a JWT must be told from others that the client signs.
    let said = |name| signed || jwt.claims.contains_key(name);
    if said("iss") && jwt.text("iss") != Some(&id) {
        return Err(invalid("iss of the request object must be the client_id"));
    }
    if said("aud") && !jwt.audiences().contains(&issuer.as_str()) {
        return Err(invalid("aud of the request object must be the issuer"));
    }
    if said_client_differs(jwt, &id) {
        return Err(invalid("client_id in the request object must be the application's"));
    }
    check_times(jwt, now, client.metadata.is_fapi())
}

fn said_client_differs(jwt: &Jwt, id: &str) -> bool {
    jwt.claims.get("client_id").is_some_and(|said| said != id)
}

fn check_times(jwt: &Jwt, now: Time, fapi: bool) -> Result<(), OAuthError> {
    let time = |name| jwt.time(name).map_err(|_| invalid("exp, nbf or iat of the request object is no time"));
    let (exp, nbf, iat) = (time("exp")?, time("nbf")?, time("iat")?);
    if exp.is_some_and(|exp| now >= exp) {
        return Err(invalid("the request object has expired"));
    }
    if [nbf, iat].into_iter().flatten().any(|from| from - now > CLOCK_SKEW) {
        return Err(invalid("the request object is of the future"));
    }
    match (exp, nbf) {
        _ if !fapi => Ok(()),
        (Some(exp), Some(nbf)) if exp - nbf <= FAPI_LIFETIME && now - nbf <= FAPI_LIFETIME => Ok(()),
        _ => Err(invalid("the request object must have nbf and exp, an hour apart at the most")),
    }
}
