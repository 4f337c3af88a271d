//! The functions' IAM policies: what the whole suite does passes them (the proxy refuses the rest), and what they grant
//! is used.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "helpers of tests fail by panicking, as tests do")]

mod access;
mod client_keys;
mod connect;
mod device;
mod dialects;
mod documents;
mod inspect;
mod legacy;
mod links;
mod logout;
mod mail;
mod par;
mod proofs;
mod registrations;
mod sync;
mod works;

use std::collections::BTreeSet;

use local::cli::{ClientCommand, Command, Grant};
use shared::account::Password;
use shared::id::{Attempt, UserId};
use tests::flow::{REDIRECT, VERIFIER};
use tests::permissions::{Need, Policies, needs};
use tests::{DocumentSite, PASSWORD, Remote, TestSite, Tokens, Value, json};

/// Every function does here whatever it ever asks of the table.
async fn grand_tour(site: &TestSite, remote: &Remote) {
    // So that each function reads the signing keys itself, and notes that a session is used.
    let later = || site.clock.advance(3700);
    let user = site.register("sakura").await;
    let email_only = json!({ "email": "tomoyo@moe.example", "password": PASSWORD });
    assert_eq!(site.post("/register", None, email_only).await.status, 201);
    let own = site.sign_in(&user).await;
    let (browser, client) = (site.browser(), site.client().await);
    browser.sign_in(&user).await;

    // Applications: authorized, their codes used twice, their tokens refreshed, theirs and the user's shown around.
    let scope = "openid offline_access collections:read collections:write";
    let tokens = browser.authorize_and_redeem(&client, scope).await;
    later();
    let code = browser.code(&client, scope).await;
    later();
    let refreshed = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    assert_eq!(site.redeem(&client, &code, VERIFIER).await.status, 400, "too late");
    let code = browser.code(&client, scope).await;
    Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
    assert_eq!(site.redeem(&client, &code, VERIFIER).await.status, 400, "twice");
    let theirs = Tokens::read(&site.token(&client, &[("grant_type", "client_credentials")]).await).access_token;
    let subject = "/collections/12";
    registrations::tour(site).await;
    for token in [&refreshed.access_token, &theirs, &own] {
        site.userinfo(token).await;
        site.get("/account", Some(token)).await;
        site.get(subject, Some(token)).await;
        site.post("/oauth2/register", Some(token), json!({ "redirect_uris": [REDIRECT] })).await;
        site.post("/logout", Some(token), json!({})).await;
    }
    inspect::tour(site, &client, &refreshed, &theirs).await;
    later();
    site.userinfo("eyJhbGciOiJFUzI1NiIsImtpZCI6IngifQ.e30.AA").await;

    client_keys::tour(site).await;
    par::tour(site, &browser, &client).await;
    proofs::tour(site, &user, &client).await;

    // Pages, an hour after each other.
    for path in ["/", "/health", "/account", "/oauth2/register", "/login", "/register", "/oauth2/jwks", "/collections"]
    {
        later();
        browser.open(path).await;
    }

    // The collection.
    let own = site.sign_in(&user).await;
    assert_eq!(site.put(subject, Some(&own), json!({ "status": "wish" })).await.status, 201);
    assert_eq!(site.patch(subject, Some(&own), json!({ "rating": 7 })).await.status, 200);
    for list in ["/collections", "/collections?status=wish"] {
        assert_eq!(site.get(list, Some(&own)).await.status, 200);
    }
    assert_eq!(site.get("/users/sakura/collections", None).await.status, 200);
    assert_eq!(site.delete(subject, Some(&own), json!({})).await.status, 204);
    for list in ["/collections/removed", "/collections/activity"] {
        assert_eq!(site.get(list, Some(&own)).await.status, 200);
    }
    assert_eq!(site.post("/collections/12/restore", Some(&own), json!({})).await.status, 200);
    assert_eq!(site.delete(subject, Some(&own), json!({})).await.status, 204);
    assert_eq!(site.put(subject, Some(&own), json!({ "status": "wish" })).await.status, 201);

    // The dialect's sign-in by name and password, and its short secrets.
    let body = json!({ "client_secrets": "123456", "redirect_url": REDIRECT });
    let id = site.post("/oauth2.0/sign", None, body).await.json()["client_id"].as_str().unwrap_or_default().to_owned();
    let allowed = browser.open(&format!("/oauth2.0/show?client_id={id}&redirect_url={REDIRECT}")).await;
    let allowed = browser.decide(&allowed, "allow").await;
    let code = allowed.parameter("code").unwrap_or_default();
    for secret in ["wrong one", "123456"] {
        let body = json!({ "client_id": id, "client_secrets": secret, "code": code });
        site.post("/oauth2.0/granttoken", None, body).await;
    }
    weaken(site, &user.user_id).await;
    site.operate(Command::Client(ClientCommand::Allow { id: id.clone(), grant: Grant::Password })).await;
    let show = json!({
        "client_id": id, "redirect_url": REDIRECT, "username": user.username, "password": user.password,
    });
    let shown = site.post("/oauth2.0/show", None, show).await;
    assert!(shown.status < 400, "{} {}", shown.status, shown.body);
    legacy::tour(site, &user, &client).await;
    dialects::tour(site, &user).await;
    weaken(site, &user.user_id).await;

    access::tour(site, &browser, &client, &site.sign_in(&user).await).await;

    logout::tour(site, &browser, &user).await;
    mail::tour(site, &user).await;
    device::tour(site, &browser).await;
    links::tour(site, remote, &client).await;
    links::later(site).await;

    // The account is changed, renamed over somebody else's change, given another password and deleted.
    let own = site.sign_in(&user).await;
    let patch = |name: String| site.patch("/account", Some(&own), json!({ "username": name, "nickname": name }));
    // Two at once, until one of them came between the other's read and write: it reads again then.
    let again = |need: &Need| need.action == "dynamodb:GetItem" && need.partition.starts_with("USER#");
    let read_again = || {
        let calls = site.proxy.calls().into_iter().filter(|call| call.function == "account");
        calls.into_iter().any(|call| needs(&call.operation, &call.request).iter().any(again))
    };
    for n in 0..100 {
        let (one, other) = tokio::join!(patch(format!("tomoyo-{n}")), patch(format!("chiharu-{n}")));
        assert_eq!((one.status, other.status), (200, 200));
        if read_again() {
            break;
        }
    }
    let body = json!({ "old_password": PASSWORD, "new_password": "another password" });
    assert_eq!(site.post("/account/password", Some(&own), body).await.status, 204);
    let form = browser.open("/account").await;
    assert_eq!(form.status, 303, "every other session is dead");
    let page = browser.open("/login").await;
    let pairs = [
        ("csrf", page.input("csrf")),
        ("username", "sakura@moe.example".into()),
        ("password", "another password".into()),
    ];
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.submit("/login", &pairs).await.status, 303);
    later();
    let csrf = browser.open("/register").await.input("csrf");
    assert_eq!(browser.submit("/logout", &[("csrf", &csrf)]).await.status, 303);
    let again = json!({ "username": "sakura@moe.example", "password": "another password" });
    let own = site.post("/login", None, again).await.json()["access_token"].as_str().unwrap_or_default().to_owned();
    let metadata = json!({ "redirect_uris": [REDIRECT] });
    assert_eq!(site.post("/oauth2/register", Some(&own), metadata).await.status, 201);
    let gone = site.delete("/account", Some(&own), json!({ "password": "another password" })).await;
    assert_eq!(gone.status, 204, "{}", gone.body);
    site.site.run_scheduled("sweep").await.expect("the sweep");

    // The signing keys succeed one another, and the old ones are retired.
    for days in [30, 2] {
        site.clock.advance(days * 86_400);
        site.site.run_scheduled("rotate-keys").await.expect("the rotation");
    }
}

/// Keeps somebody's password as it was before the parameters rose: the next sign-in hashes it anew.
async fn weaken(site: &TestSite, user_id: &str) {
    let (app, id) = (site.site.app(), user_id.parse::<UserId>().expect("an id"));
    let stored = app.store.find_user_and_password(id).await.expect("the table").1.expect("a password");
    let weak = Password::new(PASSWORD).hash_with(8 * 1024, 1).expect("a hash");
    app.store.rehash_password(id, &stored, weak, Attempt::new(&app.entropy)).await.expect("the table");
}

#[tokio::test]
async fn every_right_that_a_policy_grants_is_one_that_its_function_uses() {
    let remote = Remote::start().await;
    let site = crate::links::start(&remote).await;
    grand_tour(&site, &remote).await;
    // Where the providers are their stand-ins, and where an address is a client_id.
    let (elsewhere, documents) = (TestSite::start().await, DocumentSite::start().await);
    connect::tour(&elsewhere).await;
    works::tour(&elsewhere).await;
    sync::tour(&elsewhere).await;
    documents::tour(&documents).await;
    let policies = Policies::deployed();
    let mut used = BTreeSet::new();
    let calls = [site.proxy.calls(), elsewhere.proxy.calls(), documents.proxy.calls()].concat();
    for call in calls.iter().filter(|call| !call.function.is_empty()) {
        for need in needs(&call.operation, &call.request) {
            used.extend(policies.grant_of(&call.function, &need).cloned());
        }
    }
    let unused: Vec<_> = policies.all().difference(&used).cloned().collect();
    assert!(unused.is_empty(), "granted and never used: {unused:#?}");
    // SES is not behind the proxy: its stand-in notes who sends.
    let senders: BTreeSet<_> = [&site, &elsewhere].into_iter().flat_map(mail::senders).collect();
    assert_eq!(&senders, policies.mailers(), "who sends letters, and who may");
}

#[tokio::test]
async fn a_function_without_the_right_is_refused_and_answers_503() {
    let policies = Policies::deployed();
    let get = |key: &str| json!({ "Key": { "PK": { "S": key }, "SK": { "S": "X" } } });
    assert_eq!(policies.refusal("collections", "GetItem", &get("COLLECTION#a")), None);
    for (function, operation, request) in [
        ("collections", "GetItem", get("SECRET#a")),
        ("collections", "DeleteItem", get("COLLECTION#a")),
        ("collections", "DeleteItem", get("USER#a")),
        ("pages", "GetItem", get("SECRET#a")),
        ("discovery", "UpdateItem", get("KEYS")),
        ("nobody", "GetItem", get("USER#a")),
        (
            "userinfo",
            "BatchGetItem",
            json!({ "RequestItems": { "t": { "Keys": [get("USER#a")["Key"], get("SECRET#a")["Key"]] } } }),
        ),
        ("register", "TransactWriteItems", json!({ "TransactItems": [{ "Delete": get("USER#a") }] })),
        ("login", "Query", json!({ "IndexName": "GSI1", "ExpressionAttributeValues": { ":pk": { "S": "CLIENTS" } } })),
    ] {
        assert!(policies.refusal(function, operation, &request).is_some(), "{function} {operation} {request}");
    }
    // And the proxy asks: a call of a function that must not make it does not reach the table.
    let site = TestSite::start().await;
    let store = site.site.app().of_function("discovery").store.clone();
    let refused = store.get::<Value>(&shared::store::keys::profile(UserId::new(&site.site.app().entropy))).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("AccessDenied")));
}
