//! Sign-in to applications: authorize, consent, and all that the token endpoint gives.

use super::{Ended, every, withstands};
use tests::flow::VERIFIER;
use tests::{Browser, Client, Fault, Reply, TestSite, Tokens};

const SCOPE: &str = "openid profile offline_access";

/// A site with somebody signed in, and an application that they know.
async fn known(site: &TestSite) -> (Browser<'_>, Client) {
    let user = site.register("sakura").await;
    let (browser, client) = (site.browser(), site.client().await);
    browser.sign_in(&user).await;
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
async fn e61_an_authorization_request_that_met_a_failing_table_can_be_made_again() {
    let site = TestSite::start().await;
    let (browser, client) = known(&site).await;
    let query = client.query(SCOPE);
    // Two hours later, so that the session's use is noted as well.
    let prepare = async || site.clock.advance(7200);
    let run = async |(): &()| browser.authorize(&query).await;
    let after = async |(): &(), ended: &Ended| {
        let reply = if ended.well() { &ended.reply } else { &browser.authorize(&query).await };
        let code = reply.parameter("code").expect(&ended.case);
        assert_eq!(site.redeem(&client, &code, VERIFIER).await.status, 200, "{}", ended.case);
    };
    withstands(&site, every, prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_consent_that_met_a_failing_table_can_be_given_again_by_the_same_form() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let prepare = async || {
        let client = site.client().await;
        let page = browser.authorize(&client.query(SCOPE)).await;
        assert_eq!(page.status, 200);
        (client, page)
    };
    let run = async |(_, page): &(Client, Reply)| browser.decide(page, "allow").await;
    let after = async |(client, page): &(Client, Reply), ended: &Ended| {
        let reply = if ended.well() { &ended.reply } else { &browser.decide(page, "allow").await };
        let code = reply.parameter("code").expect(&ended.case);
        assert_eq!(site.redeem(client, &code, VERIFIER).await.status, 200, "{}", ended.case);
        // It is remembered: the next request asks nothing.
        assert_eq!(browser.authorize(&client.query(SCOPE)).await.status, 303, "{}", ended.case);
    };
    withstands(&site, every, prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_code_that_met_a_failing_table_is_not_lost_unless_it_was_redeemed() {
    let site = TestSite::start().await;
    let (browser, client) = known(&site).await;
    let prepare = async || browser.code(&client, SCOPE).await;
    let run = async |code: &String| site.redeem(&client, code, VERIFIER).await;
    let after = async |code: &String, ended: &Ended| {
        let case = &ended.case;
        if ended.unsaid {
            // It was redeemed, and nobody was told: it is spent.
            return refused(&site.redeem(&client, code, VERIFIER).await, case);
        }
        let again;
        let reply = if ended.well() {
            &ended.reply
        } else {
            again = site.redeem(&client, code, VERIFIER).await;
            &again
        };
        let tokens = Tokens::read(reply);
        assert_eq!(site.userinfo(&tokens.access_token).await.status, 200, "{case}");
        assert_eq!(site.refresh(&client, &tokens.refresh_token).await.status, 200, "{case}");
    };
    withstands(&site, every, prepare, run, after).await;
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
    let after = async |(code, tokens): &(String, Tokens), ended: &Ended| {
        if ended.well() {
            refused(&ended.reply, &ended.case);
        } else {
            refused(&site.redeem(&client, code, VERIFIER).await, &ended.case);
        }
        dead(&site, &client, tokens, &ended.case).await;
    };
    withstands(&site, every, prepare, run, after).await;
}

#[tokio::test]
async fn e61_a_refresh_token_that_met_a_failing_table_can_be_used_again() {
    let site = TestSite::start().await;
    let (browser, client) = known(&site).await;
    let prepare = async || browser.authorize_and_redeem(&client, SCOPE).await;
    let run = async |tokens: &Tokens| site.refresh(&client, &tokens.refresh_token).await;
    let after = async |tokens: &Tokens, ended: &Ended| {
        let case = &ended.case;
        let again = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
        if ended.well() {
            let first = Tokens::read(&ended.reply);
            assert_eq!(first.refresh_token, again.refresh_token, "{case}: one successor");
            assert_eq!(site.userinfo(&first.access_token).await.status, 200, "{case}");
        }
        assert_ne!(again.refresh_token, tokens.refresh_token, "{case}: it rotated");
        assert_eq!(site.userinfo(&again.access_token).await.status, 200, "{case}");
        assert_eq!(site.refresh(&client, &again.refresh_token).await.status, 200, "{case}");
    };
    withstands(&site, every, prepare, run, after).await;
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
    let after = async |(old, current): &(Tokens, Tokens), ended: &Ended| {
        if ended.well() {
            refused(&ended.reply, &ended.case);
        } else {
            refused(&site.refresh(&client, &old.refresh_token).await, &ended.case);
        }
        dead(&site, &client, current, &ended.case).await;
    };
    withstands(&site, every, prepare, run, after).await;
}

#[tokio::test]
async fn e61_client_credentials_and_userinfo_answer_503_while_the_table_fails_and_then_as_before() {
    let site = TestSite::start().await;
    let (browser, client) = known(&site).await;
    let grant = [("grant_type", "client_credentials"), ("scope", "profile")];
    let nothing = async || ();
    let own = async |(): &()| site.token(&client, &grant).await;
    withstands(&site, every, nothing, own, async |(), ended| assert_eq!(own(&()).await.status, 200, "{}", ended.case))
        .await;
    let tokens = browser.authorize_and_redeem(&client, SCOPE).await;
    let claims = async |(): &()| site.userinfo(&tokens.access_token).await;
    let after = async |(): &(), ended: &Ended| assert_eq!(claims(&()).await.status, 200, "{}", ended.case);
    withstands(&site, every, nothing, claims, after).await;
}

#[tokio::test]
async fn e61_signing_keys_that_cannot_be_read_again_are_a_503_and_nothing_else() {
    let site = TestSite::start().await;
    for fault in Fault::QUICK {
        site.clock.advance(301);
        site.proxy.fail_from(0, fault);
        let reply = site.get("/oauth2/jwks", None).await;
        assert_eq!(reply.status, 503, "{fault:?}: {}", reply.body);
        assert_ne!(reply.header("retry-after"), "", "{fault:?}");
        site.proxy.heal();
        assert_eq!(site.get("/oauth2/jwks", None).await.status, 200, "{fault:?}");
    }
}
