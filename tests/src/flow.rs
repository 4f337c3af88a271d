//! People, applications and tokens.

use local::cli::{ClientCommand, Command, Grant};
use serde_json::{Value, json};
use shared::id::Attempt;

use super::{PASSWORD, Reply, TestSite};

/// RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Its S256 challenge.
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Where test applications live. Nothing listens there.
pub const REDIRECT: &str = "https://app.example/cb";

/// A registered person.
#[derive(Clone, Debug)]
pub struct User {
    /// Their id.
    pub user_id: String,
    /// Their username.
    pub username: String,
    /// Their password.
    pub password: String,
}

/// A registered application.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its secret; a public one has none.
    pub secret: Option<String>,
}

/// What a JWT says, whoever signed it.
pub fn claims(jwt: &str) -> Value {
    let payload = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap()).unwrap()
}

/// What a token request got.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token.
    pub access_token: String,
    /// The refresh token, or nothing.
    pub refresh_token: String,
    /// The ID token, or nothing.
    pub id_token: String,
}

impl Tokens {
    /// Reads a reply that must have been a success.
    pub fn read(reply: &Reply) -> Self {
        assert_eq!(reply.status, 200, "{}", reply.body);
        let json = reply.json();
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Self { access_token: text("access_token"), refresh_token: text("refresh_token"), id_token: text("id_token") }
    }
}

impl Client {
    /// A good authorization request for `scope`: with PKCE, and `state=xyz`.
    pub fn query(&self, scope: &str) -> String {
        self.query_with(&[
            ("scope", scope),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("state", "xyz"),
        ])
    }

    /// An authorization request with just these parameters beside the necessary ones.
    pub fn query_with(&self, pairs: &[(&str, &str)]) -> String {
        let base = [("response_type", "code"), ("client_id", self.id.as_str()), ("redirect_uri", REDIRECT)];
        // A parameter that is given replaces the usual one.
        let base = base.iter().filter(|(name, _)| !pairs.iter().any(|(given, _)| given == name));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(base).extend_pairs(pairs).finish()
    }

    /// The fields that say who it is, in a form.
    pub fn in_body(&self) -> Vec<(&str, &str)> {
        let mut pairs = vec![("client_id", self.id.as_str())];
        pairs.extend(self.secret.as_deref().map(|secret| ("client_secret", secret)));
        pairs
    }
}

impl TestSite {
    /// Registers somebody, with an e-mail address as well.
    pub async fn register(&self, username: &str) -> User {
        let email = format!("{username}@moe.example");
        let body = json!({ "username": username, "email": email, "password": PASSWORD, "nickname": username });
        let reply = self.post("/register", None, body).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        let user_id = reply.json()["user_id"].as_str().unwrap().to_owned();
        User { user_id, username: username.to_owned(), password: PASSWORD.to_owned() }
    }

    /// Signs in by JSON, and gives the access token of one's own account.
    pub async fn sign_in(&self, user: &User) -> String {
        let reply = self.post("/login", None, json!({ "username": user.username, "password": user.password })).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// Registers a confidential application with every usual grant.
    pub async fn client(&self) -> Client {
        self.client_with(json!({})).await
    }

    /// Registers a public application.
    pub async fn public_client(&self) -> Client {
        self.client_with(json!({
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
        }))
        .await
    }

    /// Registers an application with some metadata of its own.
    pub async fn client_with(&self, metadata: Value) -> Client {
        let mut body = json!({
            "client_name": "Anime Diary",
            "redirect_uris": [REDIRECT],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        });
        body.as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
        let reply = self.post("/oauth2/register", None, body).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        let json = reply.json();
        Client {
            id: json["client_id"].as_str().unwrap().to_owned(),
            secret: json["client_secret"].as_str().map(str::to_owned),
        }
    }

    /// Changes an application behind its back, as an operator does.
    pub async fn change_client(&self, client: &Client, change: impl Fn(&mut shared::oauth::Client)) {
        let app = self.site.app();
        let mut stored = app.store.find_client(client.id.parse().unwrap()).await.unwrap().unwrap();
        change(&mut stored);
        assert!(app.store.update_client(&stored, Attempt::new(&app.entropy)).await.unwrap());
    }

    /// Lets an application use one more grant, as an operator does.
    pub async fn allow(&self, client: &Client, grant: Grant) {
        self.operate(Command::Client(ClientCommand::Allow { id: client.id.clone(), grant })).await;
    }

    /// A token request of `client`, authenticated in the body.
    pub async fn token(&self, client: &Client, pairs: &[(&str, &str)]) -> Reply {
        let mut all = client.in_body();
        all.extend(pairs);
        self.form("/oauth2/token", &all).await
    }

    /// Redeems a code.
    pub async fn redeem(&self, client: &Client, code: &str, verifier: &str) -> Reply {
        let mut pairs = vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT)];
        if !verifier.is_empty() {
            pairs.push(("code_verifier", verifier));
        }
        self.token(client, &pairs).await
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, client: &Client, token: &str) -> Reply {
        self.token(client, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Asks userinfo.
    pub async fn userinfo(&self, access_token: &str) -> Reply {
        self.get("/oauth2/userinfo", Some(access_token)).await
    }
}
