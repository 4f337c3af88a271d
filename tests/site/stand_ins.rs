//! The stand-ins as the site's providers: configured without a word, and met by the client that meets the real ones.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use local::fakes::{Endpoint, Fault};
use local::site::{Options, Site, Storage};
use shared::upstream::{Attempting, Identified, Provider, UpstreamError};
use tests::{Reply, TestSite, Wishes};

const PROVIDERS: [&str; 6] = ["6park", "acwing", "bangumi", "lianluo", "oidc", "weibo"];

fn provider<'s>(site: &'s TestSite, id: &str) -> &'s Provider {
    site.site.app().upstream.find(id).unwrap()
}

/// Signs in at a provider by that name, as a browser does: the request, and what came back.
async fn sign_in(site: &TestSite, id: &str, name: &str, decision: &str) -> (Attempting, Reply) {
    let (app, provider) = (site.site.app(), provider(site, id));
    let attempting = Attempting {
        redirect_uri: provider.redirect_uri().to_owned(),
        state: "xyz".to_owned(),
        code_verifier: provider.code_verifier(&app.entropy),
        nonce: provider.nonce(&app.entropy),
    };
    let url = provider.authorize_url(app, &attempting).await.unwrap();
    assert_eq!(Reply::to(site.http.get(url.clone())).await.status, 200, "{id}");
    let back = Reply::to(site.http.post(url).form(&[("name", name), ("decision", decision)])).await;
    assert!(back.location().starts_with(&attempting.redirect_uri), "{id}: {} {}", back.status, back.body);
    assert_eq!(back.parameter("state").as_deref(), Some("xyz"), "{id}");
    (attempting, back)
}

async fn identify(site: &TestSite, id: &str, name: &str) -> Result<Identified, UpstreamError> {
    let (attempting, back) = sign_in(site, id, name, "allow").await;
    provider(site, id).identify(site.site.app(), &back.parameter("code").unwrap(), &attempting).await
}

#[tokio::test]
async fn a_new_site_has_every_stand_in_as_a_provider() {
    let site = TestSite::start().await;
    let ids: Vec<_> = site.site.app().upstream.list().map(|provider| provider.id().to_string()).collect();
    for id in PROVIDERS {
        assert!(ids.iter().any(|known| known == id), "{id}");
    }
    assert_eq!(ids.len(), PROVIDERS.len());
}

#[tokio::test]
async fn a_site_that_others_see_or_that_wants_none_has_none() {
    let issuer = Some("https://id.example.org".to_owned());
    let site = TestSite::start_with(Wishes { issuer, ..Wishes::default() }).await;
    assert_eq!(site.site.app().upstream.list().count(), 0, "they stand at loopback");
    let site = Site::start(Options { fakes: false, ..Options::new(Storage::Memory) }).await.unwrap();
    assert!(site.app().upstream.list().count() == 0 && site.fakes().is_none());
}

#[tokio::test]
async fn who_signs_in_at_a_stand_in_is_the_same_one_each_time_and_nobody_else() {
    let site = TestSite::start().await;
    for id in PROVIDERS {
        let (one, again) = (identify(&site, id, "sakura").await.unwrap(), identify(&site, id, "sakura").await.unwrap());
        let other = identify(&site, id, "tomoyo").await.unwrap();
        assert!(one.subject == again.subject && one.subject != other.subject, "{id}");
        let (_, back) = sign_in(&site, id, "sakura", "refuse").await;
        assert_eq!(back.parameter("error").as_deref(), Some("access_denied"), "{id}");
    }
}

#[tokio::test]
async fn a_code_is_good_once_at_every_stand_in() {
    let site = TestSite::start().await;
    for id in PROVIDERS {
        let (attempting, back) = sign_in(&site, id, "sakura", "allow").await;
        let code = back.parameter("code").unwrap();
        let redeem = || provider(&site, id).identify(site.site.app(), &code, &attempting);
        assert!(redeem().await.is_ok(), "{id}");
        assert!(redeem().await.is_err(), "{id}");
    }
}

#[tokio::test]
async fn bangumis_tokens_are_renewed_until_its_user_takes_the_permission_back() {
    let site = TestSite::start().await;
    let (app, bangumi) = (site.site.app(), provider(&site, "bangumi"));
    let identified = identify(&site, "bangumi", "sakura").await.unwrap();
    let (tokens, who) = (identified.tokens.unwrap(), &identified.subject);
    let next = bangumi.refresh(app, &tokens.refresh_token.clone().unwrap(), who).await.unwrap();
    let used = bangumi.refresh(app, &tokens.refresh_token.unwrap(), who).await;
    assert_eq!(used.err(), Some(UpstreamError::InvalidGrant));
    let control = site.site.fakes().unwrap().control();
    control.set("bangumi", Endpoint::Refresh, Fault::Html);
    let refresh_token = next.refresh_token.unwrap();
    assert_ne!(
        bangumi.refresh(app, &refresh_token, who).await.err(),
        Some(UpstreamError::InvalidGrant),
        "an outage is none"
    );
    control.heal();
    control.revoke_refresh_tokens("bangumi");
    assert_eq!(bangumi.refresh(app, &refresh_token, who).await.err(), Some(UpstreamError::InvalidGrant));
}
