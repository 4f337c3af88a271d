//! What can go wrong, and what is written down.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::{Endpoint, Fault, MAIL_FROM};
use super::Bench;

#[tokio::test]
async fn an_endpoint_does_wrong_what_it_is_told_until_it_is_healed() {
    let bench = Bench::start().await;
    let url = bench.base("bangumi", "api") + "/v0/me";
    let told = async |fault| {
        bench.fakes.control().set("bangumi", Endpoint::Profile, fault);
        bench.get(&url).await
    };
    assert_eq!(told(Fault::Status(500)).await.status, 500);
    let page = told(Fault::Html).await;
    assert!(page.status == 200 && page.body.starts_with("<!doctype html>"));
    let half = told(Fault::HalfJson).await;
    assert!(half.status == 200 && serde_json::from_str::<Value>(&half.body).is_err());
    let on = told(Fault::Redirect).await;
    assert!(on.status == 302 && !on.location.is_empty());
    assert_eq!(told(Fault::Huge).await.body.len(), 10 * 1024 * 1024);
    let error = told(Fault::ErrorUnder200).await;
    assert_eq!((error.status, &error.json()["error"]), (200, &json!("server_error")));
    let error = told(Fault::InvalidGrant).await;
    assert_eq!((error.status, &error.json()["error"]), (400, &json!("invalid_grant")));
    bench.fakes.control().set("bangumi", Endpoint::Profile, Fault::Cut);
    assert!(bench.http.get(&url).send().await.is_err());
    bench.fakes.control().set("bangumi", Endpoint::Profile, Fault::Slow);
    let waited = tokio::time::timeout(Duration::from_millis(200), bench.http.get(&url).send()).await;
    assert!(waited.is_err(), "nothing comes");
    assert_eq!(bench.get(&(bench.base("weibo", "api") + "/2/users/show.json")).await.status, 400, "others go on");
    bench.fakes.control().heal();
    assert_eq!(bench.get(&url).await.status, 403);
}

#[tokio::test]
async fn every_request_is_written_down_as_it_came() {
    let bench = Bench::start().await;
    let url = bench.base("bangumi", "oauth") + "/oauth/access_token";
    let request =
        bench.http.post(format!("{url}?a=b%20c")).header("user-agent", "moe").form(&[("grant_type", "refresh_token")]);
    bench.send(request).await;
    let control = bench.fakes.control();
    assert!(control.requests_to("bangumi", Endpoint::Token).is_empty(), "the grant tells which it is");
    let noted = control.requests_to("bangumi", Endpoint::Refresh).remove(0);
    assert_eq!((noted.method.as_str(), noted.header("user-agent")), ("POST", "moe"));
    assert_eq!((noted.query("a"), noted.form("grant_type").as_deref()), (Some("b c"), Some("refresh_token")));
    assert_eq!(control.requests().len(), 1);
}

#[tokio::test]
async fn what_stands_nowhere_is_not_found() {
    let bench = Bench::start().await;
    for path in ["/nobody/oauth/authorize", "/bangumi/nothing", "/bangumi", "/mailbox/x", "/ses/v2"] {
        assert_eq!(bench.get(&format!("{}{path}", bench.fakes.url())).await.status, 404, "{path}");
    }
    let index = bench.get(bench.fakes.url()).await;
    assert!(index.status == 200 && index.body.contains("Bangumi") && index.body.contains("href=\"/mailbox\""));
}

#[tokio::test]
async fn ses_takes_no_letter_that_is_not_signed() {
    let bench = Bench::start().await;
    let text = json!({ "Data": "a" });
    let letter = json!({
        "FromEmailAddress": MAIL_FROM,
        "Destination": { "ToAddresses": ["sakura@moe.example"] },
        "Content": { "Simple": { "Subject": text, "Body": { "Text": text } } },
    });
    let url = bench.fakes.mail_endpoint() + "/v2/email/outbound-emails";
    let signed = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/ses/aws4_request, \
                  SignedHeaders=host;x-amz-date, Signature=00";
    for authorization in ["", "Bearer x", signed] {
        let request = bench.http.post(&url).header("authorization", authorization);
        let request = request.header("x-amz-date", "20260101T000000Z").json(&letter);
        assert_eq!(bench.send(request).await.status, 403, "{authorization}");
    }
    assert!(bench.fakes.letters().is_empty());
}
