//! Applications: registered, and in the dialect as well.

use shared::account::Password;
use shared::oauth::client::HashedSecret;

use super::people::{browser_of, newcomer};
use super::sign_in::COUNTED;
use super::{Ended, fresh, withstands};
use tests::flow::REDIRECT;
use tests::{Client, Reply, TestSite, json};

/// The text of a page's `<code>` of that id.
fn code(page: &str, id: &str) -> String {
    let rest = page.split(&format!("<code id=\"{id}\">")).nth(1).unwrap();
    rest.split('<').next().unwrap().to_owned()
}

#[tokio::test]
async fn e61_an_application_that_was_told_its_secret_exists() {
    let site = TestSite::start().await;
    let owner = newcomer(&site, &fresh("sakura")).await;
    let metadata = json!({ "client_name": "Anime Diary", "grant_types": ["client_credentials"] });
    for owned in [false, true] {
        let run = async |(): &()| {
            let http = if owned { &owner.browser.http } else { &site.http };
            site.send(http.post(site.url("/oauth2/register")).json(&metadata), None).await
        };
        let after = async |(): &(), ended: Ended| {
            let case = ended.case.clone();
            let reply = ended.or_else(run(&())).await;
            assert_eq!(reply.status, 201, "{case}: {}", reply.body);
            let text = |name: &str| reply.json()[name].as_str().map(str::to_owned);
            let client = Client { id: text("client_id").unwrap(), secret: text("client_secret") };
            let token = site.token(&client, &[("grant_type", "client_credentials")]).await;
            assert_eq!(token.status, 200, "{case}: {}", token.body);
        };
        withstands(&site, "POST /oauth2/register", async || (), run, after).await;
    }
}

#[tokio::test]
async fn e61_an_application_that_the_page_told_its_secret_exists() {
    let site = TestSite::start().await;
    let owner = newcomer(&site, &fresh("sakura")).await;
    let run = async |(): &()| {
        let pairs = [("csrf", owner.csrf.as_str()), ("client_name", "Anime Diary"), ("redirect_uri", REDIRECT)];
        owner.browser.submit("/oauth2/register", &pairs).await
    };
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        let page = ended.or_else(run(&())).await;
        assert_eq!(page.status, 201, "{case}: {}", page.body);
        let client = Client { id: code(&page.body, "client_id"), secret: Some(code(&page.body, "client_secret")) };
        // Who is authenticated is told what they may not.
        let refusal = site.token(&client, &[("grant_type", "client_credentials")]).await;
        assert_eq!(refusal.error(), "unauthorized_client", "{case}: {}", refusal.body);
    };
    withstands(&site, "POST /oauth2/register", async || (), run, after).await;
}

async fn sign(site: &TestSite) -> Reply {
    let body = json!({ "client_name": "Old Diary", "client_secrets": "123456", "redirect_url": REDIRECT });
    site.post("/oauth2.0/sign", None, body).await
}

fn show(client: &str) -> String {
    format!("/oauth2.0/show?client_id={client}&redirect_url={REDIRECT}")
}

#[tokio::test]
async fn e61_the_dialects_sign_can_be_sent_again() {
    let site = TestSite::start().await;
    let run = async |(): &()| sign(&site).await;
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        let id = ended.or_else(run(&())).await.json()["client_id"].as_str().expect(&case).to_owned();
        assert_eq!(site.browser().open(&show(&id)).await.status, 303, "{case}: to sign in");
    };
    withstands(&site, "POST /oauth2.0/sign", async || (), run, after).await;
}

#[tokio::test]
async fn e61_the_dialects_granttoken_loses_no_code_that_was_not_redeemed() {
    let site = TestSite::start().await;
    let user = newcomer(&site, &fresh("sakura")).await.user;
    let browser = browser_of(&site, &user).await;
    let client = Client { id: sign(&site).await.json()["client_id"].as_str().unwrap().to_owned(), secret: None };
    // As short as it was, but checked in no time.
    let weak = Password::new("123456").hash_with(8, 1).unwrap();
    site.change_client(&client, |client| client.secret = Some(HashedSecret::Argon2(weak.clone()))).await;
    let prepare = async || {
        site.clock.advance(COUNTED);
        let page = browser.open(&show(&client.id)).await;
        let reply = if page.status == 200 { browser.decide(&page, "allow").await } else { page };
        reply.parameter("code").unwrap()
    };
    let run = async |code: &String| {
        let body = json!({ "client_id": client.id, "client_secrets": "123456", "code": code });
        site.post("/oauth2.0/granttoken", None, body).await
    };
    let after = async |code: &String, ended: Ended| {
        let (case, unsaid) = (ended.case.clone(), ended.unsaid);
        let reply = ended.or_else(run(code)).await;
        if unsaid {
            return assert_eq!(reply.error(), "invalid_grant", "{case}");
        }
        let token = reply.json()["token"].as_str().expect(&case).to_owned();
        let info = site.post("/oauth2.0/getinfo", None, json!({ "token": token })).await;
        assert_eq!(info.json()["uname"], user.username.as_str(), "{case}");
    };
    withstands(&site, "POST /oauth2.0/granttoken", prepare, run, after).await;

    let code = prepare().await;
    let token = run(&code).await.json()["token"].as_str().unwrap().to_owned();
    let run = async |(): &()| site.post("/oauth2.0/getinfo", None, json!({ "token": token })).await;
    let after = async |(): &(), ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(run(&())).await.json()["uname"], user.username.as_str(), "{case}");
    };
    withstands(&site, "POST /oauth2.0/getinfo", async || (), run, after).await;
}

#[tokio::test]
async fn e61_a_registration_is_read_changed_and_deleted_or_stays_as_it_was() {
    let site = TestSite::start().await;
    let metadata = json!({ "client_name": "Anime Diary", "redirect_uris": [REDIRECT] });
    let prepare = async || {
        let reply = site.post("/oauth2/register", None, metadata.clone()).await.json();
        let text = |name: &str| reply[name].as_str().unwrap().to_owned();
        (format!("/oauth2/register/{}", text("client_id")), text("registration_access_token"), text("client_id"))
    };
    type Registered = (String, String, String);
    let read = async |(path, token, _): &Registered| site.get(path, Some(token)).await;
    let after = async |state: &Registered, ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(read(state)).await.json()["client_name"], "Anime Diary", "{case}");
    };
    withstands(&site, "GET /oauth2/register/{client_id}", prepare, read, after).await;

    let change = async |(path, token, id): &Registered| {
        let mut body = metadata.clone();
        (body["client_id"], body["client_name"]) = (id.as_str().into(), "Another name".into());
        site.put(path, Some(token), body).await
    };
    let after = async |state: &Registered, ended: Ended| {
        let case = ended.case.clone();
        assert_eq!(ended.or_else(change(state)).await.status, 200, "{case}");
        assert_eq!(read(state).await.json()["client_name"], "Another name", "{case}");
    };
    withstands(&site, "PUT /oauth2/register/{client_id}", prepare, change, after).await;

    let delete = async |(path, token, _): &Registered| site.delete(path, Some(token), json!({})).await;
    let after = async |state: &Registered, ended: Ended| {
        let (case, unsaid) = (ended.case.clone(), ended.unsaid);
        let reply = ended.or_else(delete(state)).await;
        // Who was not told that it is gone is told so now.
        assert_eq!(reply.status, if unsaid { 401 } else { 204 }, "{case}: {}", reply.body);
        assert_eq!(read(state).await.status, 401, "{case}");
    };
    withstands(&site, "DELETE /oauth2/register/{client_id}", prepare, delete, after).await;
}
