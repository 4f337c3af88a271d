//! OpenID Connect providers: discovered, and believed only where their signature and every claim is right.

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::Algorithm;
use shared::http::links::{self, TokenError};
use shared::jose::id_token::half_hash;
use shared::oauth::metadata::SigningAlg;
use shared::store::links::Link;
use shared::upstream::{Attempting, Identified, UpstreamError};
use tests::keys::{Key, jwks, unsigned};
use tests::remote::Answer;
use tests::{Value, json};

use super::{Stage, expected, pairs, token};

const CONFIGURATION: &str = "/.well-known/openid-configuration";

/// A provider that signs with `key`, and one sign-in there.
struct Relying {
    stage: Stage,
    key: Key,
    attempt: Attempting,
}

impl Relying {
    async fn new(key: Key) -> Self {
        let stage = Stage::new("oidc", &["issuer"]).await;
        let url = &stage.remote.url;
        let document = json!({
            "issuer": url, "authorization_endpoint": format!("{url}/authorize?x=1"),
            "token_endpoint": format!("{url}/token"), "jwks_uri": format!("{url}/jwks"),
        });
        stage.remote.put(CONFIGURATION, Answer::json(&document));
        stage.remote.put("/jwks", Answer::json(&jwks(&[&key])));
        let attempt = stage.attempt();
        Self { stage, key, attempt }
    }

    /// Good claims.
    fn claims(&self) -> Value {
        let now = self.stage.site.clock.now();
        json!({
            "iss": self.stage.remote.url, "sub": "248289761001", "aud": "our-id", "exp": now + 300, "iat": now,
            "nonce": self.attempt.nonce, "name": "Jane", "email": "jane@example.com",
        })
    }

    fn with(&self, name: &str, value: Value) -> Value {
        let mut claims = self.claims();
        let members = claims.as_object_mut().unwrap();
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.to_owned(), value),
        };
        claims
    }

    async fn identify(&self, id_token: &str) -> Result<Identified, UpstreamError> {
        self.stage.remote.put("/token", token(json!({ "id_token": id_token })));
        self.stage.provider().identify(self.stage.app(), "the-code", &self.attempt).await
    }

    /// Whether these claims, signed, are believed.
    async fn believed(&self, claims: &Value) -> bool {
        match self.identify(&self.key.sign(claims)).await {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error, UpstreamError::Malformed);
                false
            }
        }
    }

    fn asked(&self, path: &str) -> usize {
        self.stage.remote.requests().iter().filter(|asked| asked.path() == path).count()
    }
}

#[tokio::test]
async fn everything_is_discovered_and_asked_for_with_pkce_and_nonce() {
    let relying = Relying::new(Key::es256()).await;
    let (stage, attempt) = (&relying.stage, &relying.attempt);
    let url = stage.provider().authorize_url(stage.app(), attempt).await.unwrap();
    let mut parameters = pairs(url.query().unwrap());
    let challenge = parameters.remove("code_challenge").unwrap();
    let callback = stage.site.issuer().to_owned() + "/connect/oidc/callback";
    let wanted = [
        ("x", "1"),
        ("client_id", "our-id"),
        ("response_type", "code"),
        ("scope", "openid profile email"),
        ("redirect_uri", &callback),
        ("state", "the state"),
        ("nonce", attempt.nonce.as_deref().unwrap()),
        ("code_challenge_method", "S256"),
    ];
    assert_eq!((url.path(), parameters), ("/authorize", expected(&wanted)));
    let identified = relying.identify(&relying.key.sign(&relying.claims())).await.unwrap();
    let who = format!("{} 248289761001", stage.remote.url);
    assert_eq!((identified.subject.as_str(), identified.claims.name.as_deref()), (who.as_str(), Some("Jane")));
    assert!(identified.tokens.is_none());
    let requests = stage.remote.requests();
    let exchange = requests.iter().find(|asked| asked.path() == "/token").unwrap();
    let mut form = pairs(&exchange.body);
    assert!(shared::oauth::pkce::verifies(&challenge, &form.remove("code_verifier").unwrap()));
    let wanted = [("grant_type", "authorization_code"), ("code", "the-code"), ("redirect_uri", &callback)];
    assert_eq!(form, expected(&wanted));
    assert!(exchange.head.contains("Basic b3VyLWlkOnVwc3RyZWFtK3MzY3JldA=="), "{}", exchange.head);
    assert_eq!(relying.asked(CONFIGURATION), 1);
    stage.site.clock.advance(3600);
    assert!(relying.believed(&relying.claims()).await);
    assert_eq!(relying.asked(CONFIGURATION), 2, "it is kept for an hour");
}

#[tokio::test]
async fn a_configuration_of_another_issuer_or_without_what_is_needed_is_none() {
    let relying = Relying::new(Key::es256()).await;
    let (stage, url) = (&relying.stage, relying.stage.remote.url.clone());
    let document = |name: &str, value: Value| {
        let mut document = json!({
            "issuer": url, "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token"), "jwks_uri": format!("{url}/jwks"),
        });
        document[name] = value;
        Answer::json(&document)
    };
    for (name, value) in [
        ("issuer", json!("https://accounts.google.com")),
        ("issuer", json!(format!("{url}/"))),
        ("token_endpoint", json!(null)),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("authorization_endpoint", json!("http://accounts.example/authorize")),
    ] {
        stage.remote.put(CONFIGURATION, document(name, value.clone()));
        let url = stage.provider().authorize_url(stage.app(), &relying.attempt).await;
        assert_eq!(url.unwrap_err(), UpstreamError::Malformed, "{name} {value}");
    }
    stage.remote.put(CONFIGURATION, Answer::new(503, "text/html", "<html>"));
    let url = stage.provider().authorize_url(stage.app(), &relying.attempt).await;
    assert_eq!(url.unwrap_err(), UpstreamError::Unavailable);
    // Where it leads is judged like every address.
    stage.remote.put(CONFIGURATION, document("token_endpoint", json!("http://169.254.169.254/latest")));
    assert_eq!(relying.identify("x").await.unwrap_err(), UpstreamError::Unavailable);
}

#[tokio::test]
async fn of_an_id_token_every_claim_is_checked() {
    let relying = Relying::new(Key::es256()).await;
    let now = relying.stage.site.clock.now();
    for (name, value) in [
        ("iss", json!("https://accounts.google.com")),
        ("iss", json!(null)),
        ("aud", json!("another")),
        ("aud", json!(["another"])),
        ("aud", json!(["our-id", "another"])),
        ("aud", json!(null)),
        ("azp", json!("another")),
        ("azp", json!(1)),
        ("exp", json!(now + -60)),
        ("exp", json!("soon")),
        ("exp", json!(null)),
        ("iat", json!(now + 61)),
        ("iat", json!(null)),
        ("nonce", json!("another")),
        ("nonce", json!(null)),
        ("at_hash", json!(half_hash(SigningAlg::Es256, "another token"))),
        ("at_hash", json!(1)),
        ("sub", json!(null)),
        ("sub", json!("")),
        ("sub", json!(true)),
        ("sub", json!(1.5)),
    ] {
        assert!(!relying.believed(&relying.with(name, value.clone())).await, "{name} {value}");
    }
    for (name, value) in [
        ("aud", json!(["our-id"])),
        ("azp", json!("our-id")),
        ("exp", json!(now + -59)),
        ("iat", json!(now + 60)),
        ("at_hash", json!(half_hash(SigningAlg::Es256, "the-token"))),
    ] {
        assert!(relying.believed(&relying.with(name, value.clone())).await, "{name} {value}");
    }
    let mut shared = relying.with("aud", json!(["our-id", "another"]));
    shared["azp"] = json!("our-id");
    assert!(relying.believed(&shared).await);
    // A number beyond what a f64 holds is kept.
    let text = relying.key.sign(&relying.with("sub", json!(9_007_199_254_740_993_u64)));
    assert!(relying.identify(&text).await.unwrap().subject.as_str().ends_with(" 9007199254740993"));
}

#[tokio::test]
async fn an_id_token_is_signed_by_a_key_of_its_issuer() {
    for alg in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let relying = Relying::new(Key::new("k", alg)).await;
        let claims = relying.claims();
        assert!(relying.believed(&claims).await, "{alg:?}");
        let hash = SigningAlg::ALL.into_iter().find(|known| Algorithm::from(*known) == alg).unwrap();
        assert!(relying.believed(&relying.with("at_hash", json!(half_hash(hash, "the-token")))).await, "{alg:?}");
    }
    let relying = Relying::new(Key::es256()).await;
    let claims = relying.claims();
    let good = relying.key.sign(&claims);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let mut forged = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
    forged[5] ^= 1;
    for bad in [
        format!("{message}.{}", BASE64URL_NOPAD.encode(&forged)),
        format!("{message}."),
        unsigned(&json!({ "alg": "none" }), &claims),
        unsigned(&json!({ "alg": "HS256", "kid": "es256" }), &claims) + "AAAA",
        Key::es256().sign(&claims),
        String::new(),
        "a.b.c".to_owned(),
    ] {
        assert_eq!(relying.identify(&bad).await.unwrap_err(), UpstreamError::Malformed, "{bad}");
    }
    relying.stage.remote.put("/token", token(json!({})));
    let without = relying.stage.provider().identify(relying.stage.app(), "the-code", &relying.attempt).await;
    assert_eq!(without.unwrap_err(), UpstreamError::Malformed, "there is none");
    // A sign-in that has no nonce of its own takes nobody else's token.
    let attempt = Attempting { nonce: None, ..relying.attempt.clone() };
    relying
        .stage
        .remote
        .put("/token", token(json!({ "id_token": relying.key.sign(&relying.with("nonce", json!(null))) })));
    let identified = relying.stage.provider().identify(relying.stage.app(), "the-code", &attempt).await;
    assert_eq!(identified.unwrap_err(), UpstreamError::Malformed);
}

#[tokio::test]
async fn keys_are_kept_and_their_rotation_is_noticed() {
    let relying = Relying::new(Key::es256()).await;
    for _ in 0..3 {
        assert!(relying.believed(&relying.claims()).await);
    }
    assert_eq!(relying.asked("/jwks"), 1);
    let next = Key::new("next", Algorithm::ES256);
    relying.stage.remote.put("/jwks", Answer::json(&jwks(&[&relying.key, &next])));
    let signed = next.sign(&relying.claims());
    assert!(relying.identify(&signed).await.is_err(), "made-up key names are no requests without end");
    relying.stage.site.clock.advance(10);
    assert!(relying.identify(&signed).await.is_ok());
    assert_eq!(relying.asked("/jwks"), 2);
    // Keys that can't be had are an outage.
    relying.stage.remote.put("/jwks", Answer::new(500, "text/plain", ""));
    relying.stage.site.clock.advance(290);
    assert!(relying.identify(&signed).await.is_ok());
    relying.stage.site.clock.advance(10);
    let claims = relying.claims();
    assert_eq!(relying.identify(&next.sign(&claims)).await.unwrap_err(), UpstreamError::Unavailable);
}

#[tokio::test]
async fn a_provider_may_say_its_secret_among_the_parameters_and_renew_tokens() {
    let text = "name = \"Corp\"\nkind = \"oidc\"\nscopes = [\"openid\"]\nnonce = false\npkce = false\n\
        [addresses]\nissuer = \"https://corp.example\"\n[authorize.parameters]\nprompt = \"login\"\n\
        [token]\nclient_authentication = \"parameters\"\n[refresh]\n";
    let mut relying = Relying::new(Key::es256()).await;
    let stage = Stage::with("corp", &["issuer"], vec![("corp.toml".to_owned(), text.to_owned())]).await;
    let url = &stage.remote.url;
    let document = json!({
        "issuer": url, "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"), "jwks_uri": format!("{url}/jwks"),
    });
    stage.remote.put(CONFIGURATION, Answer::json(&document));
    stage.remote.put("/jwks", Answer::json(&jwks(&[&relying.key])));
    relying.attempt = stage.attempt();
    relying.stage = stage;
    assert!(relying.attempt.nonce.is_none() && relying.attempt.code_verifier.is_none());
    let (_, parameters) = relying.stage.authorization().await;
    assert_eq!(parameters["prompt"], "login");
    assert!(!parameters.contains_key("nonce") && !parameters.contains_key("code_challenge"));
    let claims = relying.with("nonce", json!(null));
    assert!(relying.identify(&relying.key.sign(&claims)).await.unwrap().tokens.is_some());
    // The ID token beside is about whom it was about.
    let who = format!("{} 248289761001", relying.stage.remote.url).try_into().unwrap();
    let renewed = async || relying.stage.provider().refresh(relying.stage.app(), &"old".into(), &who).await.map(|_| ());
    assert_eq!(renewed().await, Ok(()));
    let requests = relying.stage.remote.requests();
    let forms: Vec<_> =
        requests.iter().filter(|asked| asked.path() == "/token").map(|asked| pairs(&asked.body)).collect();
    for (name, value) in
        [("sub", json!("2")), ("sub", json!(null)), ("iss", json!("https://corp.example")), ("iss", json!(null))]
    {
        let id_token = relying.key.sign(&relying.with(name, value));
        relying.stage.remote.put("/token", token(json!({ "id_token": id_token })));
        assert_eq!(renewed().await, Err(UpstreamError::Malformed), "{name}");
    }
    relying.stage.remote.put("/token", token(json!({})));
    assert_eq!(renewed().await, Ok(()), "it may be left out");
    let asked = relying.stage.remote.requests().len();
    // What another issuer gave, which was here before, is not shown to this one.
    let user = relying.stage.site.register("sakura").await;
    let (app, corp) = (relying.stage.app(), "corp".parse().unwrap());
    let before = "https://before.example 1".to_owned().try_into().unwrap();
    let link = Link::new(user.user_id.parse().unwrap(), corp, before, app.clock.now());
    let link = link.with_tokens(&links::at_rest(app), &crate::links::tokens(app, "before", 60));
    assert!(matches!(links::renew(app, &link).await, Err(TokenError::Stuck)));
    assert_eq!(relying.stage.remote.requests().len(), asked);
    let ours = [("client_id", "our-id"), ("client_secret", "upstream s3cret")];
    let callback = relying.attempt.redirect_uri.as_str();
    let exchange = [("grant_type", "authorization_code"), ("code", "the-code"), ("redirect_uri", callback)];
    let renewal = [("grant_type", "refresh_token"), ("refresh_token", "old")];
    assert_eq!(forms, [expected(&[&exchange[..], &ours].concat()), expected(&[&renewal[..], &ours].concat())]);
}
