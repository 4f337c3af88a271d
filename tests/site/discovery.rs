//! What the server says about itself (OpenID Connect Discovery §3; RFC 8414 §2; RFC 7517).

#![expect(clippy::panic, reason = "helpers of tests fail by panicking, as tests do")]

use tests::flow::{CHALLENGE, REDIRECT, claims};
use tests::keys::{ASSERTION_TYPE, Key, jwks, unsigned};
use tests::{TestSite, Value, Wishes, json};

const DOCUMENTS: [&str; 2] = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];

async fn metadata(site: &TestSite) -> Value {
    let reply = site.get(DOCUMENTS[0], None).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()
}

fn listed(document: &Value, name: &str) -> Vec<String> {
    let values = document[name].as_array().cloned().unwrap_or_default();
    values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()
}

/// The path of one of the document's addresses, which must be below the issuer.
fn path(site: &TestSite, document: &Value, name: &str) -> String {
    let url = document[name].as_str().unwrap_or_default();
    let path = url.strip_prefix(site.issuer()).unwrap_or_else(|| panic!("{name}: {url}"));
    assert!(path.starts_with('/'), "{name}: {url}");
    path.to_owned()
}

#[tokio::test]
async fn u38_both_documents_are_one_and_may_be_kept_and_read_by_scripts() {
    let site = TestSite::start().await;
    let mut bodies = Vec::new();
    for document in DOCUMENTS {
        let reply = site.get(document, None).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
        assert_eq!(reply.header("cache-control"), "public, max-age=300");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert_eq!(reply.header("access-control-allow-credentials"), "");
        assert_eq!(reply.header("set-cookie"), "");
        bodies.push(reply.json());
    }
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(bodies[0]["issuer"], site.issuer());
    assert!(!site.issuer().ends_with('/'));
}

#[tokio::test]
async fn u38_the_issuer_is_the_configured_one_whatever_host_is_asked() {
    let issuer = "https://id.example.org";
    let site = TestSite::start_with(Wishes { issuer: Some(issuer.to_owned()), ..Wishes::default() }).await;
    for host in ["id.example.org", "evil.example"] {
        let reply = site.send(site.http.get(site.url(DOCUMENTS[0])).header("host", host), None).await;
        assert_eq!(reply.status, 200, "{host}: {}", reply.body);
        let document = reply.json();
        for (name, value) in document.as_object().unwrap() {
            let url = value.as_str().filter(|text| text.starts_with("http"));
            assert!(url.is_none_or(|url| url.starts_with(issuer)), "{name}: {value}");
        }
        assert_eq!(document["issuer"], issuer);
    }
}

#[tokio::test]
async fn u38_every_address_in_it_answers() {
    let site = TestSite::start().await;
    let document = metadata(&site).await;
    let addresses: Vec<_> = document
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, value)| value.as_str().is_some_and(|text| text.starts_with("http")))
        .map(|(name, _)| name.as_str())
        .collect();
    for name in &addresses {
        if *name == "issuer" {
            continue;
        }
        let path = path(&site, &document, name);
        // What each says to a caller who brings nothing.
        let (reply, status) = match *name {
            "authorization_endpoint" => (site.get(&path, None).await, 400),
            "token_endpoint" | "device_authorization_endpoint" | "revocation_endpoint" | "introspection_endpoint" => {
                (site.form(&path, &[]).await, 401)
            }
            "pushed_authorization_request_endpoint" => (site.form(&path, &[]).await, 401),
            "end_session_endpoint" => (site.get(&path, None).await, 200),
            "userinfo_endpoint" => (site.get(&path, None).await, 401),
            "jwks_uri" => (site.get(&path, None).await, 200),
            "registration_endpoint" => (site.post(&path, None, json!({})).await, 400),
            other => panic!("{other} is listed and nothing here knows how to ask it"),
        };
        assert_eq!(reply.status, status, "{name}: {}", reply.body);
    }
    let required =
        ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "registration_endpoint"];
    assert!(required.iter().all(|name| addresses.contains(name)), "{addresses:?}");
}

#[tokio::test]
async fn u38_every_scope_method_and_grant_in_it_works() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let document = metadata(&site).await;
    let browser = site.browser();
    browser.sign_in(&user).await;

    let scopes = listed(&document, "scopes_supported").join(" ");
    let all = "openid profile email phone address offline_access collections:read collections:write";
    assert_eq!(scopes, all);
    let methods = listed(&document, "token_endpoint_auth_methods_supported");
    assert_eq!(methods, ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]);
    assert_eq!(listed(&document, "response_types_supported"), ["code"]);
    assert_eq!(listed(&document, "response_modes_supported"), ["query", "form_post"]);
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    let grants = listed(&document, "grant_types_supported");
    assert_eq!(grants, ["authorization_code", "refresh_token", "client_credentials", device]);
    let key = Key::es256();
    for method in methods {
        let public = method == "none";
        let grants: Vec<_> = grants.iter().filter(|grant| !public || *grant != "client_credentials").collect();
        let metadata = json!({ "token_endpoint_auth_method": method, "grant_types": grants, "jwks": jwks(&[&key]) });
        let client = site.client_with(metadata).await;
        let token = async |pairs: &[(&str, &str)]| {
            let request = site.http.post(site.url(&path(&site, &document, "token_endpoint")));
            let assertion = key.assertion(&site, &client);
            let asserted = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion.as_str())];
            let request = match method.as_str() {
                "client_secret_basic" => request.basic_auth(&client.id, client.secret.as_deref()).form(pairs),
                "private_key_jwt" => request.form(&[&asserted[..], pairs].concat()),
                _ => request.form(&[&client.in_body()[..], pairs].concat()),
            };
            site.send(request, None).await
        };
        let code = browser.code(&client, &scopes).await;
        let reply = token(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", tests::flow::REDIRECT),
            ("code_verifier", tests::flow::VERIFIER),
        ])
        .await;
        assert_eq!((reply.status, &reply.json()["scope"]), (200, &json!(all)), "{method}: {}", reply.body);
        let refresh = reply.json()["refresh_token"].as_str().unwrap().to_owned();
        assert_eq!(
            token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await.status,
            200,
            "{method}"
        );
        if !public {
            assert_eq!(token(&[("grant_type", "client_credentials")]).await.status, 200, "{method}");
        }
        let header = reply.json()["id_token"].as_str().unwrap().split('.').next().unwrap().to_owned();
        let header: Value =
            serde_json::from_slice(&data_encoding::BASE64URL_NOPAD.decode(header.as_bytes()).unwrap()).unwrap();
        let signed = header["alg"].as_str().unwrap().to_owned();
        assert!(listed(&document, "id_token_signing_alg_values_supported").contains(&signed));
    }
}

#[tokio::test]
async fn u38_every_claim_in_it_is_told_of_a_person_who_has_them_all() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let account = site.sign_in(&user).await;
    let full = json!({
        "phone": "+8613800138000", "avatar": "https://example.org/kero.png", "given_name": "Sakura", "middle_name": "K.",
        "family_name": "Kinomoto", "gender": "female", "birthdate": "1996-04-01", "zoneinfo": "Asia/Tokyo",
        "profile": "https://moe.example/sakura", "website": "https://sakura.example", "locale": "ja",
        "address": { "country": "JP" },
    });
    assert_eq!(site.patch("/account", Some(&account), full).await.status, 200);
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let query = client.query_with(&[("scope", "openid profile email phone address"), ("nonce", "n")]);
    let code = browser.authorize_fully(&query).await.parameter("code").unwrap();
    let tokens = tests::Tokens::read(&site.redeem(&client, &code, "").await);
    let id = claims(&tokens.id_token);
    let info = site.userinfo(&tokens.access_token).await.json();
    let claimed = listed(&metadata(&site).await, "claims_supported");
    for claim in &claimed {
        assert!(id.get(claim).is_some() || info.get(claim).is_some(), "{claim}");
    }
    for told in [&id, &info].iter().flat_map(|claims| claims.as_object().unwrap().keys()) {
        assert!(claimed.contains(told), "{told} is told and not listed");
    }
}

#[tokio::test]
async fn u38_what_does_not_work_is_said_where_silence_would_mean_that_it_does() {
    let site = TestSite::start().await;
    let document = metadata(&site).await;
    for (name, value) in [
        ("request_uri_parameter_supported", true),
        ("request_parameter_supported", true),
        ("require_request_uri_registration", true),
        ("require_signed_request_object", false),
        ("require_pushed_authorization_requests", false),
        ("claims_parameter_supported", true),
        ("authorization_response_iss_parameter_supported", true),
    ] {
        assert_eq!(document[name], value, "{name}");
    }
    assert_eq!(listed(&document, "code_challenge_methods_supported"), ["S256"]);
    assert_eq!(listed(&document, "subject_types_supported"), ["public", "pairwise"]);
    assert_eq!(listed(&document, "claim_types_supported"), ["normal"]);
    assert_eq!(listed(&document, "ui_locales_supported"), ["zh-CN", "en", "ja"]);
}

#[tokio::test]
async fn u38_a_client_that_registers_no_algorithm_may_sign_its_requests_with_any_in_it_and_with_no_other() {
    let site = TestSite::start().await;
    let listed = listed(&metadata(&site).await, "request_object_signing_alg_values_supported");
    let names = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"];
    assert_eq!(listed, names, "an unsigned one is for whose registration says so");
    // RFC 9864's name for EdDSA is tried where assertions are.
    for alg in listed.into_iter().filter(|alg| alg != "Ed25519") {
        let key = Key::new("key", alg.parse().unwrap());
        let client = site.client_with(json!({ "jwks": jwks(&[&key]) })).await;
        let object = |alg: &str| {
            let claims = json!({
                "iss": client.id, "aud": site.issuer(), "client_id": client.id, "response_type": "code",
                "redirect_uri": REDIRECT, "scope": "openid",
            });
            match alg {
                "none" => unsigned(&json!({ "alg": "none" }), &claims),
                _ => key.sign(&claims),
            }
        };
        let query = |object: &str| client.query_with(&[("scope", "openid"), ("request", object)]);
        let browser = site.browser();
        assert!(browser.authorize(&query(&object(&alg))).await.location().starts_with("/login?"), "{alg}");
        let refused = browser.authorize(&query(&object("none"))).await;
        assert_eq!(refused.parameter("error").as_deref(), Some("invalid_request_object"), "{alg}");
    }
}

#[tokio::test]
async fn u38_every_prompt_in_it_is_understood() {
    let site = TestSite::start().await;
    let client = site.client().await;
    let browser = site.browser();
    let prompts = listed(&metadata(&site).await, "prompt_values_supported");
    assert_eq!(prompts, ["none", "login", "consent", "select_account"]);
    for prompt in prompts {
        let query = client.query_with(&[
            ("scope", "openid"),
            ("prompt", &prompt),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let location = browser.authorize(&query).await.location().to_owned();
        let expected = if prompt == "none" { "error=login_required" } else { "/login?" };
        assert!(location.contains(expected), "{prompt}: {location}");
    }
}

#[tokio::test]
async fn u39_the_published_keys_are_public_and_named_and_sign_what_is_issued() {
    let site = TestSite::start().await;
    let reply = site.get("/oauth2/jwks", None).await;
    assert_eq!((reply.status, reply.header("cache-control")), (200, "public, max-age=300"));
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    let keys = reply.json()["keys"].as_array().unwrap().clone();
    let mut kids = Vec::new();
    for key in &keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(key.get(private).is_none(), "{private}: {key}");
        }
        let members = match key["kty"].as_str().unwrap() {
            "RSA" => ["n", "e"],
            "EC" => ["x", "y"],
            "OKP" => ["crv", "x"],
            other => panic!("{other}"),
        };
        assert!(members.iter().all(|member| key[member].as_str().is_some_and(|text| !text.is_empty())), "{key}");
        assert_eq!(key["use"], "sig");
        kids.push(key["kid"].as_str().unwrap().to_owned());
    }
    let algorithms: Vec<_> = keys.iter().map(|key| key["alg"].as_str().unwrap()).collect();
    assert_eq!(algorithms, ["RS256", "ES256", "EdDSA"]);
    assert_eq!(keys[1]["crv"], "P-256");
    let unique: std::collections::BTreeSet<_> = kids.iter().collect();
    assert_eq!(unique.len(), kids.len());

    let user = site.register("sakura").await;
    let client = site.client().await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let tokens = browser.authorize_and_redeem(&client, "openid").await;
    let jwks: jsonwebtoken::jwk::JwkSet = serde_json::from_value(reply.json()).unwrap();
    for token in [&tokens.id_token, &tokens.access_token] {
        let header = jsonwebtoken::decode_header(token).unwrap();
        let jwk = jwks.find(header.kid.as_deref().unwrap()).unwrap();
        let mut validation = jsonwebtoken::Validation::new(header.alg);
        (validation.validate_exp, validation.validate_aud) = (false, false);
        let key = jsonwebtoken::DecodingKey::from_jwk(jwk).unwrap();
        jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap();
    }
}

#[tokio::test]
async fn t28_scripts_of_any_site_may_read_discovery_and_keys() {
    let site = TestSite::start().await;
    for path in [DOCUMENTS[0], DOCUMENTS[1], "/oauth2/jwks"] {
        let request = site.http.request("OPTIONS".parse().unwrap(), site.url(path));
        let request = request.header("origin", "https://app.example").header("access-control-request-method", "GET");
        let reply = site.send(request, None).await;
        assert_eq!(reply.status, 204, "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(reply.header("access-control-allow-methods"), "GET", "{path}");
    }
}

#[tokio::test]
async fn t28_scripts_of_other_sites_may_read_no_registration_or_authorization() {
    let site = TestSite::start().await;
    for path in ["/oauth2/register", "/oauth2/authorize", "/oauth2.0/show", "/oauth2.0/sign", "/login", "/account"] {
        let request = || site.http.post(site.url(path)).header("origin", "https://app.example");
        let reply = site.send(request().json(&json!({})), None).await;
        assert_eq!(reply.header("access-control-allow-origin"), "", "{path}: {}", reply.body);
        let preflight = site.http.request("OPTIONS".parse().unwrap(), site.url(path));
        let reply = site.send(preflight.header("origin", "https://app.example"), None).await;
        assert_eq!(reply.header("access-control-allow-origin"), "", "{path}");
    }
}
