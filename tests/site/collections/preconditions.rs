//! `If-Match` and `If-None-Match` (RFC 9110 §13.1).

use super::{put, somebody};
use tests::{Reply, TestSite, json};

async fn change(site: &TestSite, token: &str, header: &str, value: &str, rating: u8) -> Reply {
    let request = site.http.patch(site.url("/collections/1")).header(header, value).json(&json!({ "rating": rating }));
    site.send(request, Some(token)).await
}

#[tokio::test]
async fn a_write_with_if_match_goes_ahead_only_where_the_entry_is_as_it_says() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let old = put(&site, &token, 1, json!({ "status": "wish" })).await.header("etag").to_owned();
    let now = put(&site, &token, 1, json!({ "status": "watching" })).await.header("etag").to_owned();
    for stale in
        [old.clone(), "\"0-0\"".to_owned(), format!("W/{now}"), now.trim_matches('"').to_owned(), String::new()]
    {
        assert_eq!(change(&site, &token, "if-match", &stale, 1).await.status, 412, "{stale}");
        let put =
            site.http.put(site.url("/collections/1")).header("if-match", &stale).json(&json!({ "status": "done" }));
        assert_eq!(site.send(put, Some(&token)).await.status, 412, "{stale}");
        let delete = site.http.delete(site.url("/collections/1")).header("if-match", &stale);
        assert_eq!(site.send(delete, Some(&token)).await.status, 412, "{stale}");
    }
    let read = site.get("/collections/1", Some(&token)).await;
    assert_eq!((read.header("etag"), &read.json()["status"]), (now.as_str(), &json!("watching")));

    let mut etag = now;
    for (rating, value) in [(2, "{}"), (3, "\"a\", {}"), (4, "W/\"b\" , {},\"c\""), (5, "*")] {
        let reply = change(&site, &token, "if-match", &value.replace("{}", &etag), rating).await;
        assert_eq!((reply.status, &reply.json()["rating"]), (200, &json!(rating)), "{value}");
        reply.header("etag").clone_into(&mut etag);
    }
    let put = site.http.put(site.url("/collections/1")).header("if-match", &etag).json(&json!({ "status": "done" }));
    let replaced = site.send(put, Some(&token)).await;
    assert_eq!(replaced.status, 200);
    let delete = site.http.delete(site.url("/collections/1")).header("if-match", replaced.header("etag"));
    assert_eq!(site.send(delete, Some(&token)).await.status, 204);
    assert_eq!(site.get("/collections/1", Some(&token)).await.status, 404);
}

#[tokio::test]
async fn a_stale_if_match_is_412_also_where_the_write_would_change_nothing() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    put(&site, &token, 1, json!({ "status": "wish", "rating": 3 })).await;
    assert_eq!(change(&site, &token, "if-match", "\"0-0\"", 3).await.status, 412);
}

#[tokio::test]
async fn several_if_match_headers_are_one_list() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let etag = put(&site, &token, 1, json!({ "status": "wish" })).await.header("etag").to_owned();
    let request = site.http.patch(site.url("/collections/1")).header("if-match", "\"0-0\"").header("if-match", etag);
    assert_eq!(site.send(request.json(&json!({ "rating": 1 })), Some(&token)).await.status, 200);
}

#[tokio::test]
async fn if_match_on_what_is_not_there_is_412_and_makes_nothing() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    for value in ["*", "\"0-0\""] {
        let put =
            site.http.put(site.url("/collections/1")).header("if-match", value).json(&json!({ "status": "wish" }));
        assert_eq!(site.send(put, Some(&token)).await.status, 412);
    }
    assert_eq!(site.get("/collections/1", Some(&token)).await.status, 404);
}

#[tokio::test]
async fn a_read_that_names_what_the_reader_has_is_304_without_body() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let etag = put(&site, &token, 1, json!({ "status": "wish" })).await.header("etag").to_owned();
    let read = |value: String| {
        site.send(site.http.get(site.url("/collections/1")).header("if-none-match", value), Some(&token))
    };
    // A weak tag will do here: RFC 9110 §13.1.2.
    for known in [etag.clone(), format!("\"a\", {etag}"), "*".to_owned(), format!("W/{etag}")] {
        let reply = read(known.clone()).await;
        assert_eq!((reply.status, reply.body.as_str(), reply.header("etag")), (304, "", etag.as_str()), "{known}");
    }
    assert_eq!(read("\"0-0\"".to_owned()).await.status, 200);
    put(&site, &token, 1, json!({ "status": "done" })).await;
    assert_eq!(read(etag).await.status, 200);
}

#[tokio::test]
async fn if_none_match_lets_a_put_add_but_not_replace() {
    let site = TestSite::start().await;
    let token = somebody(&site, "sakura").await;
    let add = |status: &'static str| {
        let request = site.http.put(site.url("/collections/1")).header("if-none-match", "*");
        site.send(request.json(&json!({ "status": status })), Some(&token))
    };
    assert_eq!(add("wish").await.status, 201);
    assert_eq!(add("done").await.status, 412);
    assert_eq!(site.get("/collections/1", Some(&token)).await.json()["status"], "wish");
}
