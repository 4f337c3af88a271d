//! What each flow asks of the table, counted at the proxy.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::ops::Add;
use std::time::Duration;

use serde_json::{Value, json};

use super::faults::Call;
use super::flow::{REDIRECT, VERIFIER};
use super::keys::Key;
use super::{Browser, Client, DpopKey, PASSWORD, Reply, TestSite, Tokens};

/// Long enough for calls that are made at once to meet.
const GATHER: Duration = Duration::from_millis(200);

/// What a flow costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// Which flow.
    pub flow: &'static str,
    /// How many times it waits for the table.
    pub round_trips: usize,
    /// How many calls it makes.
    pub calls: usize,
    /// How many items it reads.
    pub reads: usize,
    /// How many items it writes.
    pub writes: usize,
    /// Read capacity units.
    pub read_units: f64,
    /// Write capacity units.
    pub write_units: f64,
}

impl Cost {
    /// Adds the calls of a flow up.
    pub fn of(flow: &'static str, calls: &[Call]) -> Self {
        let units = |reads| calls.iter().filter(|call| call.is_read() == reads).map(Call::units).fold(0.0, f64::add);
        let items = |reads| calls.iter().filter(|call| call.is_read() == reads).map(items).sum();
        let round_trips: BTreeSet<_> = calls.iter().map(|call| call.round_trip).collect();
        Self {
            flow,
            round_trips: round_trips.len(),
            calls: calls.len(),
            reads: items(true),
            writes: items(false),
            read_units: units(true),
            write_units: units(false),
        }
    }
}

/// How many items a call reads or writes.
fn items(call: &Call) -> usize {
    let length = |value: &Value| value.as_array().map(Vec::len).unwrap_or_default();
    match call.operation.as_str() {
        "BatchGetItem" => {
            let tables = call.request["RequestItems"].as_object().unwrap();
            tables.values().map(|table| length(&table["Keys"])).sum()
        }
        "Query" => length(&call.answer["Items"]),
        "TransactWriteItems" => length(&call.request["TransactItems"]),
        _ => 1,
    }
}

/// The costs as a table in Markdown.
pub fn to_markdown(costs: &[Cost]) -> String {
    let mut table = String::from(
        "| flow | round trips | calls | items read | items written | read units | write units |\n\
         |---|---:|---:|---:|---:|---:|---:|\n",
    );
    for Cost { flow, round_trips, calls, reads, writes, read_units, write_units } in costs {
        writeln!(table, "| {flow} | {round_trips} | {calls} | {reads} | {writes} | {read_units} | {write_units} |")
            .unwrap();
    }
    table
}

/// Runs every flow once, warm: the signing keys are in memory.
pub async fn measure() -> Vec<Cost> {
    let site = TestSite::start().await;
    let mut costs = Vec::new();
    let person = json!({ "username": "sakura", "email": "sakura@moe.example", "password": PASSWORD });
    costs.push(cost(&site, "register", 201, site.post("/register", None, person)).await);
    let credentials = json!({ "username": "sakura", "password": PASSWORD });
    costs.push(cost(&site, "sign in with password", 200, site.post("/login", None, credentials)).await);

    let (browser, client) = (site.browser(), site.client().await);
    let page = browser.open("/login").await;
    let csrf = page.input("csrf");
    let form = [("csrf", csrf.as_str()), ("username", "sakura"), ("password", PASSWORD)];
    assert_eq!(browser.submit("/login", &form).await.status, 303);
    let csrf = browser.open("/login").await.input("csrf");
    let form = [("csrf", csrf.as_str()), ("username", "sakura"), ("password", PASSWORD)];
    costs.push(cost(&site, "sign in with password, in a known browser", 303, browser.submit("/login", &form)).await);
    elsewhere(&site, &mut costs).await;
    applications(&site, &browser, &client, &mut costs).await;
    collections(&site, &browser, &client, &mut costs).await;
    works(&site, &mut costs).await;
    costs
}

/// What one request costs, where the signing keys are in memory.
pub async fn cost(site: &TestSite, flow: &'static str, status: u16, request: impl Future<Output = Reply>) -> Cost {
    assert_eq!(site.get("/oauth2/jwks", None).await.status, 200);
    site.proxy.count_round_trips(Some(GATHER));
    site.proxy.forget();
    let reply = request.await;
    site.proxy.count_round_trips(None);
    assert_eq!(reply.status, status, "{flow}: {}", reply.body);
    Cost::of(flow, &site.proxy.calls())
}

/// With an account elsewhere. What the provider is asked is no matter of the table's.
async fn elsewhere(site: &TestSite, costs: &mut Vec<Cost>) {
    let browser = site.browser();
    let come = async |provider: &str| {
        let there = browser.begin(provider).await;
        browser.allow_there(&there, "sakura").await
    };
    let back = come("weibo").await;
    costs.push(cost(site, "come with an account elsewhere that is new", 303, browser.open(&back)).await);
    let csrf = browser.open("/login").await.input("csrf");
    let form = [("csrf", csrf.as_str()), ("action", "create"), ("username", "kinomoto")];
    costs.push(cost(site, "create an account for it", 303, browser.submit("/connect/weibo/pending", &form)).await);
    let back = come("weibo").await;
    costs.push(cost(site, "sign in with an account elsewhere", 303, browser.open(&back)).await);
    let there = browser.begin_to_bind("bangumi").await;
    let back = browser.allow_there(&there, "sakura").await;
    costs.push(cost(site, "bind another, with tokens", 303, browser.open(&back)).await);
    let back = come("bangumi").await;
    costs.push(cost(site, "sign in with that, and keep its new tokens", 303, browser.open(&back)).await);
}

async fn applications(site: &TestSite, browser: &Browser<'_>, client: &Client, costs: &mut Vec<Cost>) {
    let query = client.query("openid profile offline_access");
    let page = browser.authorize(&query).await;
    costs.push(cost(site, "consent", 303, browser.decide(&page, "allow")).await);
    costs.push(cost(site, "authorize, signed in and consented", 303, browser.authorize(&query)).await);
    let code = browser.code(client, "openid profile offline_access").await;
    costs.push(cost(site, "code → tokens", 200, site.redeem(client, &code, VERIFIER)).await);
    let tokens = browser.authorize_and_redeem(client, "openid profile offline_access").await;
    costs.push(cost(site, "refresh", 200, site.refresh(client, &tokens.refresh_token)).await);
    let own = [("grant_type", "client_credentials")];
    costs.push(cost(site, "client credentials", 200, site.token(client, &own)).await);
    costs.push(cost(site, "userinfo", 200, site.userinfo(&tokens.access_token)).await);

    // With a key.
    let key = DpopKey::default();
    let nonce = site.dpop_nonce(&key).await;
    let proof = key.proof(site, "POST", "/oauth2/token", None, &nonce);
    let tokens = browser.authorize_and_redeem(client, "openid profile offline_access").await;
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token.as_str())];
    let bound = site.token_with_proof(client, &refresh, &proof);
    costs.push(cost(site, "refresh, with DPoP", 200, bound).await);
    let proof = key.proof(site, "POST", "/oauth2/token", None, &nonce);
    let code = browser.code(client, "openid").await;
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let tokens = Tokens::read(&site.token_with_proof(client, &redeem, &proof).await);
    let proof = key.proof(site, "GET", "/oauth2/userinfo", Some(&tokens.access_token), &nonce);
    let bound = site.userinfo_with_proof(&tokens.access_token, &proof);
    costs.push(cost(site, "userinfo, with DPoP", 200, bound).await);
    clients(site, browser, client, costs).await;
}

/// What only clients ask, and how they prove who they are.
async fn clients(site: &TestSite, browser: &Browser<'_>, client: &Client, costs: &mut Vec<Cost>) {
    let key = Key::es256();
    let keyed = site.keyed_client(&key, json!({})).await;
    let own = [("grant_type", "client_credentials")];
    let asserted = key.assertion(site, &keyed);
    let asserted = site.asserted("/oauth2/token", &asserted, &own);
    costs.push(cost(site, "client credentials, with private_key_jwt", 200, asserted).await);

    let query = client.query("openid profile offline_access");
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let mut pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    pairs.extend(client.secret.as_deref().map(|secret| ("client_secret", secret)));
    let pushed = site.form("/oauth2/par", &pairs).await.json();
    costs.push(cost(site, "push an authorization request", 201, site.form("/oauth2/par", &pairs)).await);
    let pairs = [("client_id", client.id.as_str()), ("request_uri", pushed["request_uri"].as_str().unwrap())];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let authorized = browser.authorize(&query);
    costs.push(cost(site, "authorize what was pushed, signed in and consented", 303, authorized).await);

    let tokens = browser.authorize_and_redeem(client, "openid profile offline_access").await;
    let about = [&client.in_body()[..], &[("token", tokens.access_token.as_str())]].concat();
    costs.push(cost(site, "introspect", 200, site.form("/oauth2/introspect", &about)).await);
    costs.push(cost(site, "revoke", 200, site.form("/oauth2/revoke", &about)).await);
    let tokens = Tokens::read(&site.token(client, &own).await);
    let about = [&client.in_body()[..], &[("token", tokens.access_token.as_str())]].concat();
    let revoked = site.form("/oauth2/revoke", &about);
    costs.push(cost(site, "revoke a client's own token", 200, revoked).await);
    devices(site, browser, costs).await;
}

/// A device that polls until it is let in.
async fn devices(site: &TestSite, browser: &Browser<'_>, costs: &mut Vec<Cost>) {
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let public = json!({ "token_endpoint_auth_method": "none", "grant_types": [grant], "redirect_uris": [] });
    let television = site.client_with(public).await;
    let asked = [("client_id", television.id.as_str()), ("scope", "openid profile")];
    let codes = site.form("/oauth2/device_authorization", &asked).await.json();
    costs.push(cost(site, "device codes", 200, site.form("/oauth2/device_authorization", &asked)).await);
    let poll = [("grant_type", grant), ("device_code", codes["device_code"].as_str().unwrap())];
    costs.push(cost(site, "poll of a device that waits", 400, site.token(&television, &poll)).await);
    let csrf = browser.open("/device").await.input("csrf");
    let code = codes["user_code"].as_str().unwrap();
    let page = browser.submit("/device", &[("csrf", &csrf), ("user_code", code)]).await;
    let (csrf, request) = (page.input("csrf"), page.input("request"));
    let decision = [("csrf", csrf.as_str()), ("request", &request), ("decision", "allow")];
    assert_eq!(browser.submit("/device", &decision).await.status, 200);
    costs.push(cost(site, "poll of a device that is let in → tokens", 200, site.token(&television, &poll)).await);
}

async fn collections(site: &TestSite, browser: &Browser<'_>, client: &Client, costs: &mut Vec<Cost>) {
    let Tokens { access_token, .. } =
        browser.authorize_and_redeem(client, "openid collections:read collections:write").await;
    let token = Some(access_token.as_str());
    let entry = json!({ "status": "done", "rating": 8, "comment": "好看", "tags": ["魔法", "2026"] });
    // What it is called is known here.
    assert_eq!(site.get("/subjects/1", None).await.status, 200);
    costs.push(cost(site, "new entry", 201, site.put("/collections/1", token, entry.clone())).await);
    let calls = site.proxy.calls();
    let written = calls.iter().find(|call| call.operation == "TransactWriteItems").unwrap();
    let entry_item = written.request["TransactItems"][0]["Put"]["Item"].clone();
    // A change moves the entry in every index.
    site.clock.advance(1);
    let changed = json!({ "status": "done", "rating": 9, "comment": "好看", "tags": ["魔法", "2026"] });
    costs.push(cost(site, "changed entry", 200, site.put("/collections/1", token, changed)).await);
    let (own, shown) = ("/collections?limit=9", "/users/sakura/collections?limit=9");
    fill(site, &entry_item, 2..=10).await;
    costs.push(cost(site, "page of 9 of one's own 10 entries", 200, site.get(own, token)).await);
    costs.push(cost(site, "page of 9 of somebody's 10 entries", 200, site.get(shown, None)).await);
    fill(site, &entry_item, 11..=10_000).await;
    costs.push(cost(site, "page of 9 of one's own 10,000 entries", 200, site.get(own, token)).await);
    costs.push(cost(site, "page of 9 of somebody's 10,000 entries", 200, site.get(shown, None)).await);
    costs.push(
        cost(site, "page of 100 of one's own 10,000 entries", 200, site.get("/collections?limit=100", token)).await,
    );
}

/// Works: asked of Bangumi, and what is kept of that.
async fn works(site: &TestSite, costs: &mut Vec<Cost>) {
    costs.push(cost(site, "a work that is not kept yet", 200, site.get("/subjects/9717", None)).await);
    costs.push(cost(site, "a work that is kept", 200, site.get("/subjects/9717", None)).await);
}

/// Puts copies of an entry, which are a second older each, straight into the table: 10,000 requests would take long.
async fn fill(site: &TestSite, entry: &Value, subjects: std::ops::RangeInclusive<i64>) {
    let copies: Vec<_> = subjects.map(|subject| json!({ "PutRequest": { "Item": copy(entry, subject) } })).collect();
    for copies in copies.chunks(25) {
        let body = json!({ "RequestItems": { local::table::TABLE_NAME: copies } });
        let request = site.http.post(site.table_endpoint()).body(body.to_string());
        let request = request.header("content-type", "application/x-amz-json-1.0");
        let request = request.header("x-amz-target", "DynamoDB_20120810.BatchWriteItem");
        let credentials = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, \
                           SignedHeaders=host, Signature=0";
        let request = request.header("x-amz-date", "20260101T000000Z").header("authorization", credentials);
        let answer = Reply::read(request.send().await.unwrap()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.json()["UnprocessedItems"], json!({}));
    }
}

fn copy(entry: &Value, subject: i64) -> Value {
    let mut copy = entry.clone();
    let updated_at: i64 = entry["updated_at"]["N"].as_str().unwrap().parse().unwrap();
    let updated_at = updated_at - subject * 1000;
    let by_time = format!("{updated_at:013}#{subject:010}");
    let by_status = format!("{}#{by_time}", entry["status"]["S"].as_str().unwrap());
    copy["SK"] = json!({ "S": format!("ENTRY#{subject:010}") });
    copy["LSI1SK"] = json!({ "S": by_status });
    copy["LSI2SK"] = json!({ "S": by_time });
    copy["GSI1SK"] = json!({ "S": by_status });
    copy["subject_id"] = json!({ "N": subject.to_string() });
    copy["updated_at"] = json!({ "N": updated_at.to_string() });
    copy
}
