//! All that the token endpoint gives, and what it is good for.

use super::people::newcomer;
use super::{Ended, fresh, withstands};
use tests::flow::{REDIRECT, VERIFIER};
use tests::{Browser, Client, DpopKey, Reply, TestSite, Tokens};

const SCOPE: &str = "openid profile offline_access";
const ROUTE: &str = "POST /oauth2/token";

/// Somebody signed in, and an application that they know.
async fn known(site: &TestSite) -> (Browser<'_>, Client) {
    let (browser, client) = (newcomer(site, &fresh("sakura")).await.browser, site.client().await);
    browser.authorize_and_redeem(&client, SCOPE).await;
    (browser, client)
}

fn refused(reply: &Reply, case: &str) {
    assert_eq!((reply.status, reply.error().as_str()), (400, "invalid_grant"), "{case}: {}", reply.body);
}

/// Nothing that came of the first use is alive.
async fn dead(site: &TestSite, client: &Client, tokens: &Tokens, case: &str) {
    refused(&site.refresh(client, &tokens.refresh_token).await, case);
    assert_eq!(site.userinfo(&tokens.access_token).await.status, 401, "{case}");
}

#[tokio::test]
async fn e61_a_code_that_met_a_failing_table_is_not_lost_unless_it_was_redeemed() {
    let site = TestSite::start().await;
    let (browser, client) = known(&site).await;
    let prepare = async || browser.code(&client, SCOPE).await;
    let run = async |code: &String| site.redeem(&client, code, VERIFIER).await;
    let after = async |code: &String, ended: Ended| {
        let (case, unsaid) = (ended.case.clone(), ended.unsaid);
        let reply = ended.or_else(run(code)).await;
        if unsaid {
            // It was redeemed, and nobody was told: it is spent.
            return refused(&reply, &case);
        }
        let tokens = Tokens::read(&reply);
        assert_eq!(site.userinfo(&tokens.access_token).await.status, 200, "{case}");
        assert_eq!(site.refresh(&client, &tokens.refresh_token).await.status, 200, "{case}");
    };
    withstands(&site, ROUTE, prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_code_used_twice_is_refused_and_its_tokens_die_however_often_the_table_fails() {
    let site = TestSite::start().await;
    let (browser, client) = known(&site).await;
    let prepare = async || {
        let code = browser.code(&client, SCOPE).await;
        let tokens = Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
        (code, tokens)
    };
    let run = async |(code, _): &(String, Tokens)| site.redeem(&client, code, VERIFIER).await;
    let after = async |state: &(String, Tokens), ended: Ended| {
        let case = ended.case.clone();
        refused(&ended.or_else(run(state)).await, &case);
        dead(&site, &client, &state.1, &case).await;
    };
    withstands(&site, ROUTE, prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_refresh_token_that_met_a_failing_table_can_be_used_again() {
    let site = TestSite::start().await;
    let (browser, client) = known(&site).await;
    let prepare = async || browser.authorize_and_redeem(&client, SCOPE).await;
    let run = async |tokens: &Tokens| site.refresh(&client, &tokens.refresh_token).await;
    let after = async |tokens: &Tokens, ended: Ended| {
        let case = &ended.case;
        let again = Tokens::read(&run(tokens).await);
        if ended.well() {
            let first = Tokens::read(&ended.reply);
            assert_eq!(first.refresh_token, again.refresh_token, "{case}: one successor");
            assert_eq!(site.userinfo(&first.access_token).await.status, 200, "{case}");
        }
        assert_ne!(again.refresh_token, tokens.refresh_token, "{case}: it rotated");
        assert_eq!(site.userinfo(&again.access_token).await.status, 200, "{case}");
        assert_eq!(site.refresh(&client, &again.refresh_token).await.status, 200, "{case}");
    };
    withstands(&site, ROUTE, prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_replaced_refresh_token_kills_its_family_however_often_the_table_fails() {
    let site = TestSite::start().await;
    let (browser, client) = known(&site).await;
    let prepare = async || {
        let old = browser.authorize_and_redeem(&client, SCOPE).await;
        let current = Tokens::read(&site.refresh(&client, &old.refresh_token).await);
        site.clock.advance(11);
        (old, current)
    };
    let run = async |(old, _): &(Tokens, Tokens)| site.refresh(&client, &old.refresh_token).await;
    let after = async |state: &(Tokens, Tokens), ended: Ended| {
        let case = ended.case.clone();
        refused(&ended.or_else(run(state)).await, &case);
        dead(&site, &client, &state.1, &case).await;
    };
    withstands(&site, ROUTE, prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_code_and_a_key_that_met_a_failing_table_work_with_the_next_proof() {
    let site = TestSite::start().await;
    let ((browser, client), key) = (known(&site).await, DpopKey::default());
    let nonce = site.dpop_nonce(&key).await;
    let redeem = async |code: &str, proof: &str| {
        let pairs = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", REDIRECT)];
        site.token_with_proof(&client, &[&pairs[..], &[("code_verifier", VERIFIER)]].concat(), proof).await
    };
    let prepare = async || {
        let proof = key.proof(&site, "POST", "/oauth2/token", None, &nonce);
        (browser.code(&client, SCOPE).await, proof)
    };
    let run = async |(code, proof): &(String, String)| redeem(code, proof).await;
    let after = async |(code, proof): &(String, String), ended: Ended| {
        let case = ended.case.clone();
        let unsaid = ended.unsaid;
        if ended.well() {
            assert_eq!(ended.reply.json()["token_type"], "DPoP", "{case}");
            return;
        }
        let again = redeem(code, proof).await;
        assert!(again.status == 200 || again.error() == "invalid_dpop_proof" || unsaid, "{case}: {}", again.body);
        if again.status != 200 && !unsaid {
            let next = key.proof(&site, "POST", "/oauth2/token", None, &nonce);
            assert_eq!(redeem(code, &next).await.status, 200, "{case}");
        }
    };
    withstands(&site, ROUTE, prepare, run, after).await;
}

#[tokio::test]
async fn e61_client_credentials_and_userinfo_answer_503_while_the_table_fails_and_then_as_before() {
    let site = TestSite::start().await;
    let (browser, client) = known(&site).await;
    let grant = [("grant_type", "client_credentials"), ("scope", "profile")];
    let own = async |(): &()| site.token(&client, &grant).await;
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(own(&())).await.status, 200, "{case}");
    };
    withstands(&site, ROUTE, async || (), own, after).await;

    let tokens = browser.authorize_and_redeem(&client, SCOPE).await;
    for route in ["GET /oauth2/userinfo", "POST /oauth2/userinfo"] {
        let claims = async |(): &()| match route.starts_with("GET") {
            true => site.userinfo(&tokens.access_token).await,
            false => site.form("/oauth2/userinfo", &[("access_token", &tokens.access_token)]).await,
        };
        let after = async |(): &(), ended: Ended| {
            let case = ended.case.clone();
            assert_eq!(ended.or_else(claims(&())).await.status, 200, "{case}");
        };
        withstands(&site, route, async || (), claims, after).await;
    }

    // A client's own token is no user's.
    let own = site.token(&client, &[("grant_type", "client_credentials"), ("scope", "profile")]).await;
    let own = Tokens::read(&own).access_token;
    let claims = async |(): &()| site.userinfo(&own).await;
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(claims(&())).await.status, 403, "{case}");
    };
    withstands(&site, "GET /oauth2/userinfo", async || (), claims, after).await;
}
