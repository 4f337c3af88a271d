//! What each flow costs, exactly: the design stands on few round trips and few writes.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::collections::BTreeSet;

use tests::costs::{self, Cost, measure, to_markdown};
use tests::faults::Call;
use tests::flow::{REDIRECT, VERIFIER};
use tests::{DocumentSite, PASSWORD, TestSite, Tokens, json};
use tokio::sync::OnceCell;

static COSTS: OnceCell<Vec<Cost>> = OnceCell::const_new();

/// Round trips, items read, items written, read units and write units of a flow.
async fn cost(flow: &str) -> (usize, usize, usize, f64, f64) {
    let costs = COSTS.get_or_init(measure).await;
    let cost = costs.iter().find(|cost| cost.flow == flow).expect(flow);
    (cost.round_trips, cost.reads, cost.writes, cost.read_units, cost.write_units)
}

#[tokio::test]
async fn the_costs_in_the_documentation_are_those_that_are_measured() {
    let measured = to_markdown(COSTS.get_or_init(measure).await);
    let written = include_str!("../../docs/costs.md").replace("\r\n", "\n");
    assert_eq!(written, measured, "run `cargo run -p tests --example costs > docs/costs.md`");
    let readme = include_str!("../../README.md").replace("\r\n", "\n");
    assert!(readme.contains(measured.trim()), "the README's table is an old one: copy docs/costs.md into it");
}

#[tokio::test]
async fn an_authorization_of_somebody_who_consented_is_one_round_trip_and_no_write() {
    assert_eq!(cost("authorize, signed in and consented").await, (1, 4, 0, 4.0, 0.0));
}

#[tokio::test]
async fn a_consent_is_one_read_and_one_write() {
    assert_eq!(cost("consent").await, (2, 4, 1, 4.0, 1.0));
}

#[tokio::test]
async fn a_sign_in_is_three_round_trips_and_counts_its_attempts_and_gives_them_back() {
    // Two counters, of name and address, both claimed and returned; and the session.
    assert_eq!(cost("sign in with password").await, (3, 3, 5, 3.0, 5.0));
    // One counter, the browser's own.
    assert_eq!(cost("sign in with password, in a known browser").await, (3, 3, 3, 3.0, 3.0));
}

#[tokio::test]
async fn a_registration_is_a_count_and_a_transaction() {
    // The count; then profile, password and two identifiers, at twice the price.
    assert_eq!(cost("register").await, (2, 0, 5, 0.0, 9.0));
}

#[tokio::test]
async fn an_account_elsewhere_costs_a_mark_a_look_and_what_comes_of_it() {
    // The network's answers are counted; then the state is used up, and the identity looked for; then what waits is
    // written.
    assert_eq!(cost("come with an account elsewhere that is new").await, (4, 1, 3, 1.0, 3.0));
    // Counted; then user, identifier, link, identity and session come and what waited goes, at twice the price.
    assert_eq!(cost("create an account for it").await, (3, 1, 7, 1.0, 13.0));
    // The user is read, and a session begun.
    assert_eq!(cost("sign in with an account elsewhere").await, (5, 2, 3, 2.0, 3.0));
    // Who is signed in; and link, identity, profile and the start of the synchronisation, at twice the price. Two of them are
    // in the index as well.
    assert_eq!(cost("bind another, with tokens").await, (5, 3, 6, 3.0, 12.0));
    // Once the user is known to be a good one, the link is read and then written, its place in the index with it; the
    // session comes beside that.
    assert_eq!(cost("sign in with that, and keep its new tokens").await, (6, 3, 4, 3.0, 5.0));
}

#[tokio::test]
async fn a_code_is_redeemed_with_one_read_and_one_write() {
    assert_eq!(cost("code → tokens").await, (2, 3, 1, 3.0, 1.0));
}

#[tokio::test]
async fn a_token_is_refreshed_with_one_read_and_one_write() {
    assert_eq!(cost("refresh").await, (2, 4, 1, 4.0, 1.0));
}

#[tokio::test]
async fn client_credentials_and_userinfo_write_nothing() {
    assert_eq!(cost("client credentials").await, (1, 1, 0, 1.0, 0.0));
    assert_eq!(cost("userinfo").await, (1, 4, 0, 4.0, 0.0));
}

#[tokio::test]
async fn a_proof_costs_one_write_and_waits_for_it() {
    assert_eq!(cost("refresh, with DPoP").await, (3, 4, 2, 4.0, 2.0));
    assert_eq!(cost("userinfo, with DPoP").await, (2, 4, 1, 4.0, 1.0));
}

#[tokio::test]
async fn a_key_and_a_pushed_request_cost_a_write_each_and_one_more_when_the_request_is_used_up() {
    assert_eq!(cost("client credentials, with private_key_jwt").await, (2, 1, 1, 1.0, 1.0));
    assert_eq!(cost("push an authorization request").await, (2, 1, 1, 1.0, 1.0));
    assert_eq!(cost("authorize what was pushed, signed in and consented").await, (2, 5, 1, 5.0, 1.0));
}

#[tokio::test]
async fn asking_about_a_token_is_one_read_and_ending_it_one_write_more() {
    assert_eq!(cost("introspect").await, (1, 5, 0, 5.0, 0.0));
    assert_eq!(cost("revoke").await, (2, 2, 1, 2.0, 1.0));
}

#[tokio::test]
async fn an_entry_is_written_with_its_indexes_and_what_was_done_and_nothing_else() {
    // Who calls, and the entry as it is, and what the work is called; then table, LSI1, LSI2, LSI3 and GSI1, and what was done, all in one transaction;
    // meanwhile the synchronisation is to be told, of which there is none.
    assert_eq!(cost("new entry").await, (4, 6, 3, 6.0, 9.0));
    // The same, where each index that goes by time has to forget the old place as well.
    assert_eq!(cost("changed entry").await, (3, 5, 3, 5.0, 12.0));
}

#[tokio::test]
async fn a_work_is_one_read_once_it_is_kept() {
    let (round_trips, reads, writes, ..) = cost("a work that is not kept yet").await;
    assert_eq!((round_trips, reads, writes), (3, 1, 2), "looked for, counted, kept");
    let (round_trips, reads, writes, ..) = cost("a work that is kept").await;
    assert_eq!((round_trips, reads, writes), (1, 1, 0));
}

#[tokio::test]
async fn a_page_of_ten_thousand_entries_costs_what_a_page_of_ten_does() {
    let of_ten = cost("page of 9 of one's own 10 entries").await;
    assert_eq!(cost("page of 9 of one's own 10,000 entries").await, of_ten);
    assert_eq!(of_ten, (2, 14, 0, 6.0, 0.0));
    let of_ten = cost("page of 9 of somebody's 10 entries").await;
    assert_eq!(cost("page of 9 of somebody's 10,000 entries").await, of_ten);
    assert_eq!(of_ten, (2, 12, 0, 5.0, 0.0));
}

/// Every flow that there is, once.
async fn every_flow(site: &TestSite) -> Vec<Call> {
    // The table was made on this connection.
    site.proxy.forget();
    let user = site.register("sakura").await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let account = Some(site.sign_in(&user).await);
    let account = account.as_deref();
    let client = site.client().await;
    let scope = "openid profile offline_access collections:read collections:write";
    let code = browser.code(&client, scope).await;
    let tokens = Tokens::read(&site.redeem(&client, &code, VERIFIER).await);
    let refreshed = Tokens::read(&site.refresh(&client, &tokens.refresh_token).await);
    let token = Some(refreshed.access_token.as_str());
    assert_eq!(site.userinfo(&refreshed.access_token).await.status, 200);
    assert_eq!(site.token(&client, &[("grant_type", "client_credentials")]).await.status, 200);
    for status in ["wish", "done"] {
        assert_eq!(site.put("/collections/1", token, json!({ "status": status })).await.status / 100, 2);
    }
    assert_eq!(site.patch("/collections/1", token, json!({ "rating": 8 })).await.status, 200);
    for list in ["/collections", "/collections?status=done", "/collections/1", "/users/sakura/collections"] {
        assert_eq!(site.get(list, token).await.status, 200, "{list}");
    }
    assert_eq!(site.delete("/collections/1", token, json!({})).await.status, 204);
    let marked = site.put("/collections/9717/episodes", token, json!({ "mark": "done", "up_to": 1 })).await;
    assert_eq!(marked.status, 201);
    for list in ["/collections/removed", "/collections/activity", "/collections/9717/episodes"] {
        assert_eq!(site.get(list, token).await.status, 200, "{list}");
    }
    assert_eq!(site.post("/collections/1/restore", token, json!({})).await.status, 200);
    assert_eq!(site.delete("/collections/1", token, json!({})).await.status, 204);
    assert_eq!(site.put("/collections/2", token, json!({ "status": "wish" })).await.status, 201);
    // The code again, which kills what came of it.
    assert_eq!(site.redeem(&client, &code, VERIFIER).await.status, 400);
    assert_eq!(site.userinfo(&refreshed.access_token).await.status, 401);

    let old = json!({ "client_secrets": "123456", "redirect_url": REDIRECT });
    let old = site.post("/oauth2.0/sign", account, old).await.json()["client_id"].as_str().expect("an id").to_owned();
    let page = browser.open(&format!("/oauth2.0/show?client_id={old}&redirect_url={REDIRECT}")).await;
    let code = browser.decide(&page, "allow").await.parameter("code").expect("a code");
    let body = json!({ "client_id": old, "client_secrets": "123456", "code": code });
    let granted = site.post("/oauth2.0/granttoken", None, body).await.json();
    assert_eq!(site.post("/oauth2.0/getinfo", None, json!({ "token": granted["token"] })).await.status, 200);

    // Accounts elsewhere.
    site.browser().join_from("bangumi", "sakura", "elsewhere").await;
    assert_eq!(site.browser().come_from("bangumi", "sakura").await.location(), "/");
    assert_eq!(site.member("daidouji").await.bind("bangumi", "tomoyo").await.status, 303);

    // Each session's use is noted after an hour.
    site.clock.advance(3600);
    for page in ["/", "/account", "/oauth2/register"] {
        assert_eq!(browser.open(page).await.status, 200, "{page}");
    }
    let account = Some(site.sign_in(&user).await);
    let account = account.as_deref();
    assert_eq!(site.get("/account", account).await.status, 200);
    assert_eq!(site.patch("/account", account, json!({ "username": "kinomoto" })).await.status, 200);
    let passwords = json!({ "old_password": PASSWORD, "new_password": "another password" });
    assert_eq!(site.post("/account/password", account, passwords).await.status, 204);
    let again = json!({ "username": "kinomoto", "password": "another password" });
    let again = site.post("/login", None, again).await.json()["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(site.post("/logout", Some(&again), json!({})).await.status, 204);
    assert_eq!(site.delete("/account", account, json!({ "password": "another password" })).await.status, 204);
    for scheduled in ["sync", "sweep"] {
        site.site.run_scheduled(scheduled).await.expect(scheduled);
    }
    site.proxy.calls()
}

#[tokio::test]
async fn every_read_behind_a_security_decision_is_consistent() {
    let site = TestSite::start().await;
    let calls = every_flow(&site).await;
    let mut seen = BTreeSet::new();
    for call in calls.iter().filter(|call| call.is_read()) {
        let request = &call.request;
        seen.insert(call.operation.as_str());
        match call.operation.as_str() {
            "BatchGetItem" => {
                let tables = request["RequestItems"].as_object().expect("tables");
                assert!(tables.values().all(|table| table["ConsistentRead"] == true), "{request}");
            }
            // A global index can't be read consistently: what is shown to anybody, or swept in the end, needs no more.
            "Query" if request["IndexName"] == "GSI1" => {
                let partition = request["ExpressionAttributeValues"][":pk"]["S"].as_str().expect("a partition");
                let harmless =
                    ["PUBLIC#", "CLIENTS", "LOGOUT#DUE", "MAIL#DUE", "PURGE#DUE", "SYNC#DUE#", "UPSTREAM#TOKENS#"]
                        .into_iter()
                        .any(|name| partition.starts_with(name));
                assert!(harmless, "{request}");
            }
            _ => assert_eq!(request["ConsistentRead"], true, "{}: {request}", call.operation),
        }
    }
    assert_eq!(seen, BTreeSet::from(["BatchGetItem", "GetItem", "Query"]));
}

#[tokio::test]
async fn a_device_polls_with_one_read_and_one_write_and_is_let_in_with_one_read_more_than_a_code() {
    assert_eq!(cost("device codes").await, (2, 1, 1, 1.0, 1.0));
    assert_eq!(cost("poll of a device that waits").await, (2, 2, 1, 2.0, 1.0));
    assert_eq!(cost("poll of a device that is let in → tokens").await, (3, 4, 1, 4.0, 1.0));
}

#[tokio::test]
async fn a_token_that_hangs_on_nothing_is_revoked_with_one_read_and_one_write() {
    assert_eq!(cost("revoke a client's own token").await, (2, 1, 1, 1.0, 1.0));
}

#[tokio::test]
async fn a_client_that_nobody_registered_costs_what_others_do_and_a_write_when_its_document_is_fetched() {
    let site = DocumentSite::start().await;
    let client = site.publish("/client", json!({}));
    let browser = site.browser();
    browser.sign_in(&site.register("sakura").await).await;
    let tokens = browser.authorize_and_redeem(&client, "openid offline_access").await;
    let query = client.query("openid offline_access");
    let same = |cost: Cost| (cost.round_trips, cost.reads, cost.writes, cost.read_units, cost.write_units);
    let authorized = async || same(costs::cost(&site, "", 303, browser.authorize(&query)).await);
    assert_eq!(authorized().await, cost("authorize, signed in and consented").await);
    let userinfo = costs::cost(&site, "", 200, site.userinfo(&tokens.access_token)).await;
    assert_eq!(same(userinfo), cost("userinfo").await);
    let refreshed = costs::cost(&site, "", 200, site.refresh(&client, &tokens.refresh_token)).await;
    assert_eq!(same(refreshed), cost("refresh").await);
    // The item, and its place among all clients in GSI1.
    site.clock.advance(600);
    assert_eq!(authorized().await, (2, 4, 1, 4.0, 2.0));
}
