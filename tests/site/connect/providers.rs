//! Every provider, from the first time to the last.

use local::site::ProviderOptions;
use shared::config::provider_settings;
use tests::connect::PROVIDERS;
use tests::remote::{Answer, Remote};
use tests::{TestSite, Wishes, json};

use super::kept;

#[tokio::test]
async fn l58_somebody_new_comes_from_each_provider_and_is_known_when_they_come_again() {
    let site = TestSite::start().await;
    for (n, provider) in PROVIDERS.into_iter().enumerate() {
        let username = format!("sakura-{n}");
        let browser = site.browser();
        browser.join_from(provider, "sakura", &username).await;
        let me = browser.me().await;
        assert_eq!((&me["username"], &me["has_password"]), (&json!(username), &json!(false)), "{provider}: {me}");
        assert_eq!(
            (&me["email"], &me["nickname"]),
            (&json!(null), &json!(null)),
            "what the provider says is not taken"
        );
        let another = site.browser();
        assert_eq!(another.come_from(provider, "sakura").await.location(), "/", "{provider}");
        assert_eq!(another.me().await["user_id"], me["user_id"], "{provider}");
        // And not whoever else has an account there.
        let stranger = site.browser().come_from(provider, "tomoyo").await;
        assert_eq!(stranger.location(), format!("/connect/{provider}/pending"));
    }
}

#[tokio::test]
async fn l58_an_account_of_each_provider_is_bound_signs_in_and_is_unbound() {
    let site = TestSite::start().await;
    let browser = site.member("sakura").await;
    let me = browser.me().await;
    for provider in PROVIDERS {
        assert_eq!(browser.bind(provider, "sakura").await.location(), "/connections?done=bound", "{provider}");
        let another = site.browser();
        assert_eq!(another.come_from(provider, "sakura").await.location(), "/", "{provider}");
        assert_eq!(another.me().await["user_id"], me["user_id"], "{provider}");
        // Again is no error, and changes nothing.
        let before = kept(&site).await;
        assert_eq!(browser.bind(provider, "sakura").await.location(), "/connections?done=bound", "{provider}");
        assert_eq!(kept(&site).await, before, "{provider}");
        // Another account of the same provider is one too many.
        let other = browser.bind(provider, "tomoyo").await;
        assert_eq!(other.status, 409, "{provider}: {}", other.body);
    }
    for provider in PROVIDERS {
        let gone = browser.delete(&format!("/connections/{provider}")).await;
        assert_eq!(gone.status, 204, "{provider}: {}", gone.body);
        let nobody = site.browser().come_from(provider, "sakura").await;
        assert_eq!(nobody.location(), format!("/connect/{provider}/pending"));
    }
}

#[tokio::test]
async fn l58_who_refuses_at_a_provider_is_told_so_and_nothing_is_kept() {
    let site = TestSite::start().await;
    for provider in PROVIDERS {
        let browser = site.browser();
        let there = browser.begin(provider).await;
        let back = browser.decide_there(&there, "sakura", "refuse").await;
        let page = browser.open(&back).await;
        assert!(page.status == 403 && page.body.contains("wasn’t allowed there"), "{provider}: {}", page.body);
        // They can think again, or come another way.
        assert_eq!(page.href("again"), format!("/connect/{provider}?intent=sign_in"));
        assert_eq!(page.href("other"), "/login");
    }
    assert_eq!(kept(&site).await, [0; 4]);
}

#[tokio::test]
async fn l56_the_same_subject_at_two_providers_is_two_identities() {
    let site = TestSite::start().await;
    let (one, other) = (site.browser(), site.browser());
    // To both they are the number 382951.
    one.join_from("bangumi", "382951", "kinomoto").await;
    assert_eq!(other.come_from("weibo", "382951").await.location(), "/connect/weibo/pending");
    other.join_from("weibo", "382951", "daidouji").await;
    assert_ne!(one.me().await["user_id"], other.me().await["user_id"]);
    let again = site.browser();
    again.come_from("weibo", "382951").await;
    assert_eq!(again.me().await["username"], "daidouji");
}

#[tokio::test]
async fn l58_nobody_is_recognised_by_an_e_mail_address_or_a_name() {
    let site = TestSite::start().await;
    site.register("sakura").await;
    // One with every name and address that a provider may tell of its sakura.
    for (username, email) in [("sakura1", "sakura@example.com"), ("sakura2", "sakura@example.org")] {
        let body = json!({ "username": username, "nickname": "sakura", "email": email, "password": tests::PASSWORD });
        assert_eq!(site.post("/register", None, body).await.status, 201);
    }
    for provider in PROVIDERS {
        let browser = site.browser();
        assert_eq!(browser.come_from(provider, "sakura").await.location(), format!("/connect/{provider}/pending"));
        assert_eq!(browser.me().await, json!(null));
    }
}

#[tokio::test]
async fn l58_a_provider_is_added_by_adding_its_file() {
    let remote = Remote::start().await;
    remote.put("/token", Answer::json(&json!({ "access_token": "t", "who": { "is": 9_007_199_254_740_993_u64 } })));
    let file = r#"
name = "Tomoeda"
subject = ["token:/who/is"]

[addresses]
base = "https://tomoeda.example"

[authorize]
url = "{base}/authorize"
parameters = { client_id = "{client_id}", redirect_uri = "{redirect_uri}", state = "{state}", response_type = "code" }

[token]
method = "POST"
url = "{base}/token"
body = "form"
client_authentication = "basic"
parameters = { grant_type = "authorization_code", code = "{code}", redirect_uri = "{redirect_uri}" }
"#;
    let providers = json!({ "tomoeda": {
        "client_id": "us", "client_secret": "our secret", "addresses": { "base": remote.url },
    } });
    let provider_files = vec![("tomoeda.toml".to_owned(), file.to_owned())];
    let settings = provider_settings(&providers.to_string()).unwrap();
    let providers = Some(ProviderOptions { files: provider_files, settings });
    let site = TestSite::start_with(Wishes { providers, ..Wishes::default() }).await;
    let page = site.browser().open("/login").await;
    assert!(page.href("with-tomoeda").starts_with("/connect/tomoeda?"), "{}", page.body);
    // Nobody is at that address to sign in to: the test is the provider's page.
    let come = async |browser: &tests::Browser<'_>| {
        let there: url::Url = browser.begin("tomoeda").await.parse().unwrap();
        assert!(there.as_str().starts_with(&remote.url), "{there}");
        let (_, state) = there.query_pairs().find(|(name, _)| name == "state").unwrap();
        browser.open(&format!("/connect/tomoeda/callback?code=c0de&state={state}")).await
    };
    let browser = site.browser();
    assert_eq!(come(&browser).await.location(), "/connect/tomoeda/pending");
    assert_eq!(browser.choose("tomoeda", "create", &[("username", "kinomoto")]).await.status, 303);
    let again = site.browser();
    assert_eq!(come(&again).await.location(), "/");
    assert_eq!(again.me().await["username"], "kinomoto");
}

#[tokio::test]
async fn l56_of_an_open_provider_somebody_is_known_by_issuer_and_subject() {
    use shared::id::Attempt;
    use shared::store::links::{Link, Linked};
    use shared::upstream::{ProviderId, Subject};
    let site = TestSite::start().await;
    let app = site.site.app();
    let attempt = || Attempt::new(&app.entropy);
    let oidc: ProviderId = "oidc".parse().unwrap();
    let browser = site.browser();
    browser.join_from("oidc", "sakura", "kinomoto").await;
    let id = browser.me().await["user_id"].as_str().unwrap().parse().unwrap();
    let link = app.store.find_link(id, &oidc).await.unwrap().unwrap();
    let (issuer, sub) = link.subject.as_str().split_once(' ').unwrap();
    assert_eq!(issuer.parse::<url::Url>().unwrap().host_str(), Some("localhost"), "{issuer}");
    // Somebody whom another issuer calls so, which was behind this provider's name before.
    let before: Subject = format!("https://before.example {sub}").try_into().unwrap();
    for nobody in [before.clone(), sub.to_owned().try_into().unwrap()] {
        assert_eq!(app.store.find_upstream_user(&oidc, &nobody).await.unwrap(), None);
    }
    let other = site.browser();
    other.join_from("weibo", "tomoyo", "daidouji").await;
    let owner = app.store.find_user(other.me().await["user_id"].as_str().unwrap().parse().unwrap()).await.unwrap();
    let owner = owner.unwrap();
    let theirs = Link::new(owner.user_id, oidc, before, app.clock.now());
    assert_eq!(app.store.create_link(&owner, &theirs, None, attempt()).await.unwrap(), Linked::Done);
    let back = site.browser();
    back.come_from("oidc", "sakura").await;
    assert_eq!(back.me().await["username"], "kinomoto");
    // By that they don't come in, so that it is no way in that may be left alone.
    assert_eq!(other.delete("/connections/weibo").await.status, 409);
    assert_eq!(other.delete("/connections/oidc").await.status, 204);
}
