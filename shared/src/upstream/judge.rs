//! What a provider's file must be beyond its form: nothing that is used is missing, and nothing is where it must not be.

use url::Url;

use super::file::{Body, ClientAuthentication, Kind, Method, Place, ProviderFile, Request, Source};
use super::template::{Hole, Location};
use crate::config::is_loopback;

/// What is wrong, and where: the members that lead there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) path: Vec<String>,
    pub(super) message: String,
}

fn wrong<T>(path: &[&str], message: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { path: path.iter().map(|step| (*step).to_owned()).collect(), message: message.into() })
}

/// Judges a file.
pub(super) fn judge(file: &ProviderFile) -> Result<(), Wrong> {
    if file.name.trim().is_empty() || file.name.chars().count() > 64 {
        return wrong(&["name"], "a name to show has 1 to 64 characters");
    }
    for (name, address) in &file.addresses {
        if !address.is_empty() {
            address_is_one(address).or_else(|message| wrong(&["addresses", name], message))?;
        }
    }
    if let Some(scope) = file.scopes.iter().find(|scope| scope.is_empty() || scope.contains(char::is_whitespace)) {
        return wrong(&["scopes"], format!("{scope:?} is no scope"));
    }
    places(file)?;
    match file.kind {
        Kind::Oauth => oauth(file),
        Kind::Oidc => oidc(file),
    }
}

/// An address that something may be asked at: https, or plain http on this machine, which only a laptop's site may use.
pub(super) fn address_is_one(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "it is no address")?;
    let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    let bare =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    match (secure, bare) {
        (true, true) => Ok(url),
        (false, _) => Err("an address begins with https://"),
        (true, false) => Err("an address has no user, no query and no fragment"),
    }
}

fn oauth(file: &ProviderFile) -> Result<(), Wrong> {
    if file.nonce.is_some() {
        return wrong(&["nonce"], "only kind = \"oidc\" has a nonce: nothing else brings it back");
    }
    located(file, file.authorize.url.as_ref(), &["authorize"])?;
    filled(
        &file.authorize.parameters,
        &["authorize", "parameters"],
        &[Hole::ClientId, Hole::State],
        &[Hole::RedirectUri, Hole::Scope],
    )?;
    let Some(token) = &file.token else { return wrong(&[], "[token] is missing") };
    request(file, token, "token", &[Hole::Code], &[Hole::RedirectUri, Hole::State, Hole::Scope])?;
    if let Some(refresh) = &file.refresh {
        request(file, refresh, "refresh", &[Hole::RefreshToken], &[Hole::RedirectUri, Hole::Scope])?;
    }
    if let Some(profile) = &file.profile {
        located(file, profile.url.as_ref(), &["profile"])?;
        shape(profile, "profile", Body::Query)?;
        authenticated(profile, "profile", false)?;
        if !profile.bearer
            && !profile.parameters.values().any(|value| value.holes().any(|hole| *hole == Hole::AccessToken))
        {
            return wrong(&["profile"], "neither bearer = true nor a parameter has {access_token}");
        }
        let path = ["profile", "parameters"];
        for (name, value) in &profile.parameters {
            let known =
                |hole: &&Hole| matches!(hole, Hole::AccessToken | Hole::Token(_) | Hole::ClientId | Hole::ClientSecret);
            if let Some(hole) = value.holes().find(|hole| !known(hole)) {
                return wrong(&[path[0], path[1], name], format!("{} is not known here", hole.name()));
            }
        }
    }
    match file.subject.is_empty() {
        true => wrong(&["subject"], "subject says nowhere where the user's name at the provider stands"),
        false => Ok(()),
    }
}

fn oidc(file: &ProviderFile) -> Result<(), Wrong> {
    if !file.addresses.contains_key("issuer") {
        return wrong(
            &["addresses"],
            "kind = \"oidc\" needs the address `issuer`; it may be empty, and be in PROVIDERS",
        );
    }
    if file.authorize.url.is_some() {
        return wrong(&["authorize", "url"], "kind = \"oidc\" finds this address itself");
    }
    if !file.scopes.iter().any(|scope| scope == "openid") {
        return wrong(&["scopes"], "OpenID Connect needs the scope openid");
    }
    for (name, value) in &file.authorize.parameters {
        if value.holes().next().is_some() {
            return wrong(&["authorize", "parameters", name], "kind = \"oidc\" fills in its parameters itself");
        }
    }
    if file.profile.is_some() {
        return wrong(&["profile"], "kind = \"oidc\" reads the ID token and asks for nothing else");
    }
    for (section, request) in [("token", &file.token), ("refresh", &file.refresh)] {
        let Some(request) = request else { continue };
        let own = request.url.is_some() || request.method.is_some() || request.body.is_some() || request.bearer;
        if own
            || !request.parameters.is_empty()
            || request.client_authentication == Some(ClientAuthentication::BasicUnencoded)
        {
            return wrong(
                &[section],
                "kind = \"oidc\" leaves nothing to say here but client_authentication, basic or parameters",
            );
        }
    }
    Ok(())
}

/// A token request.
fn request(
    file: &ProviderFile,
    request: &Request,
    section: &str,
    needed: &[Hole],
    known: &[Hole],
) -> Result<(), Wrong> {
    located(file, request.url.as_ref(), &[section])?;
    shape(request, section, Body::Form)?;
    authenticated(request, section, true)?;
    if request.bearer {
        return wrong(&[section, "bearer"], "there is no token yet that could be shown");
    }
    let known = [known, &[Hole::ClientId, Hole::ClientSecret]].concat();
    filled(&request.parameters, &[section, "parameters"], needed, &known)
}

fn located(file: &ProviderFile, url: Option<&Location>, path: &[&str]) -> Result<(), Wrong> {
    let Some(url) = url else { return wrong(path, "url is missing") };
    match file.addresses.contains_key(&url.base) {
        true => Ok(()),
        false => wrong(&[path, &["url"]].concat(), format!("[addresses] has no `{}`", url.base)),
    }
}

fn shape(request: &Request, section: &str, usual: Body) -> Result<(), Wrong> {
    if request.method == Some(Method::Get) && request.body.unwrap_or(Body::Query) != Body::Query {
        return wrong(&[section, "body"], "a GET has no body: its parameters stand in the query");
    }
    if request.method == Some(Method::Post) && usual == Body::Query && request.body.is_none() {
        return wrong(&[section, "method"], "body says where the parameters of this POST stand");
    }
    match request.success.iter().find(|status| !(200..300).contains(*status)) {
        Some(status) => wrong(&[section, "success"], format!("{status} is no success")),
        None if request.success.is_empty() => wrong(&[section, "success"], "nothing would ever succeed"),
        None => Ok(()),
    }
}

/// The secret stands once, where the file says.
fn authenticated(request: &Request, section: &str, must: bool) -> Result<(), Wrong> {
    let secret = request.parameters.values().any(|value| value.holes().any(|hole| *hole == Hole::ClientSecret));
    match request.client_authentication {
        Some(ClientAuthentication::Basic | ClientAuthentication::BasicUnencoded) if secret => {
            wrong(&[section, "parameters"], "{client_secret} is in the header already: client_authentication says so")
        }
        Some(ClientAuthentication::Basic | ClientAuthentication::BasicUnencoded) => Ok(()),
        Some(ClientAuthentication::Parameters) if secret => Ok(()),
        None if secret || !must => Ok(()),
        _ => wrong(&[section], "no parameter has {client_secret}, and client_authentication is not \"basic\""),
    }
}

fn filled(
    parameters: &std::collections::BTreeMap<String, super::template::Template>,
    path: &[&str],
    needed: &[Hole],
    known: &[Hole],
) -> Result<(), Wrong> {
    for (name, value) in parameters {
        if let Some(hole) = value.holes().find(|hole| !needed.contains(hole) && !known.contains(hole)) {
            return wrong(&[path, &[name]].concat(), format!("{} is not known here", hole.name()));
        }
    }
    let missing =
        needed.iter().find(|hole| !parameters.values().any(|value| value.holes().any(|known| known == *hole)));
    match missing {
        Some(hole) => wrong(path, format!("no parameter has {}", hole.name())),
        None => Ok(()),
    }
}

fn places(file: &ProviderFile) -> Result<(), Wrong> {
    let known = |place: &Place| match (place.source, file.kind) {
        (Source::Token, _) | (Source::IdToken, Kind::Oidc) => true,
        (Source::Profile, _) => file.profile.is_some(),
        (Source::IdToken, Kind::Oauth) => false,
    };
    if !file.subject.iter().all(known) {
        return wrong(&["subject"], "it names an answer that this provider never gives");
    }
    // OpenID Connect Core §2: what is signed, and nothing beside it.
    if file.kind == Kind::Oidc && file.subject.iter().any(|place| place.source != Source::IdToken) {
        return wrong(&["subject"], "the subject of kind = \"oidc\" stands in the ID token");
    }
    if let Some((name, _)) = file.claims.all().find(|(_, place)| !known(place)) {
        return wrong(&["claims", name], "it names an answer that this provider never gives");
    }
    match file.errors.codes.iter().find(|pointer| !pointer.starts_with('/')) {
        Some(_) => wrong(&["errors", "codes"], "a JSON pointer begins with a slash"),
        None => Ok(()),
    }
}
