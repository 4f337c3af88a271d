//! A new secret key: tokens at rest are sealed anew under it.

use secrecy::SecretString;
use shared::http::links;
use shared::jose::keys;
use tests::{Remote, TestSite};

use super::{bind, provider, start, tokens};

#[tokio::test]
async fn what_is_sealed_of_a_link_is_sealed_anew_while_somebody_has_its_tokens() {
    let site = start(&Remote::start().await).await;
    let (app, user) = (site.site.app(), site.register("sakura").await);
    bind(&site, &user, "bangumi", "1", Some(&tokens(app, "first", 3600))).await;
    let link = app.store.find_link(user.user_id.parse().unwrap(), &provider("bangumi")).await.unwrap().unwrap();
    let old = links::at_rest(app);
    assert_eq!(link.resealed(&old).unwrap(), None, "it is right");
    let new_key = SecretString::from("another secret key of the tests, of enough characters");
    let both = [vec![new_key.clone()], app.config.secret_keys.clone()].concat();
    let both = keys::at_rest(&both, &app.clock, &app.entropy);
    let sealed = link.resealed(&both).unwrap().unwrap();
    let attempt = || super::attempt(app);
    let lease = shared::id::LeaseId::new(&app.entropy);
    let leased = app.store.lease_tokens(&link, lease, app.clock.now(), attempt()).await.unwrap().unwrap();
    assert!(app.store.reseal_tokens(&link, &sealed, attempt()).await.unwrap());
    assert!(!app.store.reseal_tokens(&link, &sealed, attempt()).await.unwrap(), "not as it was read");
    let now = app.store.find_link(link.user_id, &link.provider).await.unwrap().unwrap();
    let new = keys::at_rest(&[new_key], &app.clock, &app.entropy);
    assert!(now.open_tokens(&new).unwrap().is_some() && now.open_tokens(&old).is_err());
    // Whoever renews them meanwhile still can.
    let renewed = leased.clone().with_tokens(&both, &tokens(app, "second", 3600));
    assert!(app.store.renew_tokens(&leased, &renewed, attempt()).await.unwrap());
    all_are_listed(&site).await;
}

/// Whoever reseals finds every link with tokens, those that never expire as well.
async fn all_are_listed(site: &TestSite) {
    let app = site.site.app();
    let user = site.register("tomoyo").await;
    let forever = shared::upstream::Tokens { expires_at: None, ..tokens(app, "ever", 1) };
    bind(site, &user, "bangumi", "2", Some(&forever)).await;
    let mut found = Vec::new();
    for shard in 0..shared::store::keys::TOKEN_SHARDS {
        found.extend(app.store.list_tokens(shard, None, None, usize::MAX).await.unwrap());
    }
    assert_eq!(found.len(), 2);
}
