//! The collection as a file, out and in.

use super::{full, put, somebody};
use tests::{Reply, TestSite, Value, json};

async fn export(site: &TestSite, token: &str, format: &str) -> Reply {
    let reply = site.get(&format!("/collections/export?format={format}"), Some(token)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply
}

async fn import(site: &TestSite, token: &str, format: &str, dry_run: bool, file: &str) -> Reply {
    let path = format!("/collections/import?format={format}&dry_run={dry_run}");
    let media = if format == "csv" { "text/csv" } else { "application/json" };
    let request = site.http.post(site.url(&path)).header("content-type", media).body(file.to_owned());
    site.send(request, Some(token)).await
}

#[tokio::test]
async fn what_is_exported_comes_back_whole_somewhere_else_and_twice_is_once() {
    for format in ["json", "csv"] {
        let site = TestSite::start().await;
        let (sakura, tomoyo) = (somebody(&site, "sakura").await, somebody(&site, "tomoyo").await);
        put(&site, &sakura, 12, full()).await;
        put(&site, &sakura, 13, json!({ "status": "wish", "tags": ["a, b", "\"q\""], "comment": "一行\n二行" })).await;
        let marked = site.put("/collections/9717/episodes", Some(&sakura), json!({ "mark": "done", "up_to": 5 })).await;
        assert_eq!(marked.status, 201);
        put(&site, &sakura, 14, json!({ "status": "wish" })).await;
        assert_eq!(site.delete("/collections/14", Some(&sakura), json!({})).await.status, 204);
        let file = export(&site, &sakura, format).await;
        assert!(file.header("content-disposition").contains(&format!("collection.{format}")));

        // It is said what would come, and then that comes.
        let plan = import(&site, &tomoyo, format, true, &file.body).await.json();
        let expected = json!({
            "dry_run": true, "created": [12, 13, 9717], "changed": [], "unchanged": 0, "incomplete": [],
        });
        assert_eq!(plan, expected, "{format}");
        assert_eq!(site.get("/collections", Some(&tomoyo)).await.json()["items"], json!([]));
        let done = import(&site, &tomoyo, format, false, &file.body).await.json();
        assert_eq!((&done["created"], &done["dry_run"]), (&expected["created"], &json!(false)));
        for subject in [12, 13, 9717] {
            let of = async |token: &str| {
                let mut entry = site.get(&format!("/collections/{subject}"), Some(token)).await.json();
                for member in ["created_at", "updated_at", "version", "subject"] {
                    entry.as_object_mut().unwrap().remove(member);
                }
                entry
            };
            assert_eq!(of(&tomoyo).await, of(&sakura).await, "{format} {subject}");
        }
        for token in [&tomoyo, &sakura] {
            site.proxy.forget();
            let again = import(&site, token, format, false, &file.body).await.json();
            assert_eq!((&again["unchanged"], &again["changed"]), (&json!(3), &json!([])), "{format}");
            assert!(site.proxy.calls().iter().all(|call| call.is_read()), "{format}: nothing is written");
        }
    }
}

#[tokio::test]
async fn a_row_changes_what_it_names_and_leaves_the_rest() {
    let site = TestSite::start().await;
    let sakura = somebody(&site, "sakura").await;
    put(&site, &sakura, 12, full()).await;
    let file = "rating,subject_id,mine\n3,12,x\n5,99,x\n";
    let done = import(&site, &sakura, "csv", false, file).await.json();
    let change = json!({ "subject_id": 12, "fields": [{ "field": "rating", "before": 9, "after": 3 }] });
    assert_eq!((&done["changed"], &done["incomplete"]), (&json!([change]), &json!([99])));
    let entry = site.get("/collections/12", Some(&sakura)).await.json();
    assert_eq!((&entry["rating"], &entry["comment"], &entry["version"]), (&json!(3), &full()["comment"], &json!(2)));
    // What was removed comes back by it, as a change that is told.
    assert_eq!(site.delete("/collections/12", Some(&sakura), json!({})).await.status, 204);
    site.clock.advance(1);
    let back = import(&site, &sakura, "csv", false, "subject_id,status\n12,wish\n").await.json();
    assert_eq!(back["created"], json!([12]));
    let told = site.get("/collections/activity", Some(&sakura)).await.json();
    assert_eq!(told["items"][0]["happened"], "added", "{told}");
}

#[tokio::test]
async fn a_file_with_anything_wrong_changes_nothing_and_says_what() {
    let site = TestSite::start().await;
    let sakura = somebody(&site, "sakura").await;
    let many = (1..=1_001).map(|id| format!("{id},wish\n")).collect::<String>();
    for (format, file, status, words) in [
        ("csv", "subject_id,status\n1,wish\n2,seen\n".to_owned(), 422, "row 2, status"),
        ("csv", "subject_id,status\n1,wish\n1,done\n".to_owned(), 422, "twice"),
        ("csv", "status\nwish\n".to_owned(), 422, "subject_id"),
        ("csv", "subject_id,status\n1,wish,more\n".to_owned(), 422, "can't be read"),
        ("csv", format!("subject_id,status\n{many}"), 413, "1000 rows"),
        (
            "csv",
            "subject_id,status,episodes\n1,wish,\"{\"\"done\"\":\"\"1-4294967295\"\"}\"\n".to_owned(),
            422,
            "row 1, episodes",
        ),
        (
            "json",
            "{\"items\":[{\"subject_id\":1,\"status\":\"wish\"},{\"subject_id\":2,\"rating\":11}]}".to_owned(),
            422,
            "row 2, rating",
        ),
        ("json", "{\"items\":7}".to_owned(), 422, "exported"),
        ("json", "{".to_owned(), 422, "can't be read"),
    ] {
        for dry_run in [true, false] {
            let refused = import(&site, &sakura, format, dry_run, &file).await;
            assert_eq!(refused.status, status, "{file:.60}: {}", refused.body);
            assert!(refused.body.contains(words), "{file:.60}: {}", refused.body);
        }
    }
    for query in ["format=xml", "dry_run=maybe", "format=csv&format=csv"] {
        let request = site.http.post(site.url(&format!("/collections/import?{query}"))).json(&json!([]));
        assert_eq!(site.send(request, Some(&sakura)).await.status, 400, "{query}");
    }
    for query in ["format=xml", "after=0", "after=x", "after=1&after=2"] {
        let path = format!("/collections/export?{query}");
        assert_eq!(site.get(&path, Some(&sakura)).await.status, 400, "{query}");
    }
    assert_eq!(site.get("/collections", Some(&sakura)).await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_collection_of_thousands_comes_in_parts_and_goes_in_parts() {
    let site = TestSite::start().await;
    let sakura = somebody(&site, "sakura").await;
    for part in 0..3_u32 {
        let rows = (1..=900).map(|id| format!("{},wish\n", part * 900 + id)).collect::<String>();
        let done = import(&site, &sakura, "csv", false, &format!("subject_id,status\n{rows}")).await;
        assert_eq!(done.status, 200, "{}", done.body);
    }
    let (mut seen, mut path) = (Vec::new(), "/collections/export?format=json".to_owned());
    loop {
        let part = site.get(&path, Some(&sakura)).await;
        let json = part.json();
        seen.extend(json["items"].as_array().unwrap().iter().map(|item| item["subject_id"].as_u64().unwrap()));
        match &json["next_after"] {
            Value::Null => break,
            next => {
                path = format!("/collections/export?format=json&after={next}");
                assert_eq!(part.header("link"), format!("<{path}>; rel=\"next\""));
            }
        }
    }
    assert_eq!(seen, (1..=2_700).collect::<Vec<u64>>());
}

#[tokio::test]
async fn what_is_imported_goes_to_bangumi() {
    let site = TestSite::start().await;
    let sakura = crate::sync::bound(&site, "sakura").await;
    crate::sync::run(&site).await;
    let token = sakura.token().await;
    let done = import(&site, &token, "csv", false, "subject_id,status,rating\n9717,done,9\n12,wish,\n").await;
    assert_eq!(done.status, 200, "{}", done.body);
    site.clock.advance(60);
    crate::sync::run(&site).await;
    sakura.assert_in_step("imported").await;
    assert_eq!(crate::sync::world(&site).collection("sakura").len(), 2);
}
