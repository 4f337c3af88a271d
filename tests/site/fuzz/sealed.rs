//! What was sealed here, with anything about it changed.

use proptest::prelude::*;
use tests::flow::VERIFIER;

use super::{Scene, assert_sound, fuzz};

/// How a good text is changed: at which place (a fraction of its length), and what stands there then.
fn change() -> impl Strategy<Value = (f64, String, bool)> {
    (0.0..1.0f64, "[A-Za-z0-9_.=%-]{0,6}", any::<bool>())
}

/// The text with something put in or in the place of what was there.
fn changed(good: &str, (at, what, replaces): &(f64, String, bool)) -> String {
    let at = (good.len() as f64 * at) as usize;
    let (before, after) = good.split_at(at.min(good.len()));
    let after = if *replaces { after.get(what.len().max(1)..).unwrap_or_default() } else { after };
    format!("{before}{what}{after}")
}

#[test]
fn e60_a_code_or_refresh_token_that_was_changed_is_none() {
    fuzz(change(), async |scene: &Scene<'_>, change| {
        let Scene { site, browser, client, .. } = scene;
        let code = browser.code(client, "openid offline_access").await;
        let other = changed(&code, &change);
        if other != code {
            assert_eq!(site.redeem(client, &other, VERIFIER).await.error(), "invalid_grant", "{other}");
        }
        let tokens = tests::Tokens::read(&site.redeem(client, &code, VERIFIER).await);
        for good in [&tokens.refresh_token, &tokens.access_token] {
            let other = changed(good, &change);
            if other.is_empty() || other == *good {
                continue;
            }
            assert_ne!(site.refresh(client, &other).await.status, 200, "{other}");
            assert_eq!(site.userinfo(&other).await.status, 401, "{other}");
        }
        assert_eq!(site.refresh(client, &tokens.refresh_token).await.status, 200, "and nothing came of it");
    });
}

#[test]
fn e60_a_request_in_progress_and_a_session_that_were_changed_are_none() {
    fuzz(change(), async |scene: &Scene<'_>, change| {
        let Scene { site, client, .. } = scene;
        let visitor = site.browser();
        let login = visitor.authorize(&client.query("openid")).await;
        let (_, sealed) = login.location().split_once("continue=").unwrap();
        let other = changed(sealed, &change);
        if !other.is_empty() && other != sealed {
            let reply = visitor.open(&format!("/oauth2/authorize?resume={other}")).await;
            assert_eq!(reply.status, 400, "{other}");
            assert_sound(site, &visitor.open(&format!("/login?continue={other}")).await);
        }
        visitor.accept(&format!("session={other}"));
        assert_eq!(visitor.open("/account").await.status, 303, "nobody is signed in by {other}");
    });
}
