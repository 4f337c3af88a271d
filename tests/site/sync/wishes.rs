//! What its user says and sees.

use tests::{TestSite, Value, json};

use super::{bound, later, run, watch, world, writes};

#[tokio::test]
async fn who_has_bound_no_account_is_told_so_and_can_start_nothing() {
    let site = TestSite::start().await;
    let user = site.register("sakura").await;
    let token = site.sign_in(&user).await;
    let seen = site.get("/collections/sync", Some(&token)).await;
    assert_eq!((seen.status, &seen.json()["state"]), (200, &json!("unbound")));
    for (method, body) in
        [("POST", json!({})), ("POST", json!({ "dry_run": true })), ("PATCH", json!({ "direction": "pull" }))]
    {
        let request = site.http.request(method.parse().unwrap(), site.url("/collections/sync")).json(&body);
        let refused = site.send(request, Some(&token)).await;
        assert_eq!(refused.status, 409, "{method} {body}: {}", refused.body);
        assert!(refused.body.contains("/connections"), "{}", refused.body);
    }
    assert_eq!(site.get("/collections/sync/conflicts", Some(&token)).await.json()["items"], json!([]));
    assert_eq!(site.get("/collections/sync", None).await.status, 401);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let site = TestSite::start().await;
    let sakura = bound(&site, "sakura").await;
    let before = sakura.state().await;
    for body in [
        json!({ "direction": "sideways" }),
        json!({ "conflicts": 1 }),
        json!({ "deletions": null }),
        json!({ "direction": "pull", "deletions": "drop" }),
    ] {
        let refused = site.patch("/collections/sync", Some(&sakura.token().await), body.clone()).await;
        assert_eq!(refused.status, 422, "{body}: {}", refused.body);
    }
    for body in [json!({ "dry_run": "yes" }), json!({ "dry_run": true, "offset": -1 }), json!({ "offset": 2_000_000 })]
    {
        let refused = site.post("/collections/sync", Some(&sakura.token().await), body.clone()).await;
        assert_eq!(refused.status, 422, "{body}: {}", refused.body);
    }
    for after in ["-1", "0", "x", "1&after=2"] {
        let path = format!("/collections/sync/conflicts?after={after}");
        assert_eq!(site.get(&path, Some(&sakura.token().await)).await.status, 400, "{after}");
    }
    let last = site.get("/collections/sync/conflicts?after=4294967295", Some(&sakura.token().await)).await;
    assert_eq!((last.status, &last.json()["items"]), (200, &json!([])));
    let last = site.get("/collections/export?after=4294967295", Some(&sakura.token().await)).await;
    assert_eq!((last.status, &last.json()["items"]), (200, &json!([])));
    assert_eq!(sakura.state().await, before);
    sakura.set(json!({ "direction": "off" })).await;
    let off = site.post("/collections/sync", Some(&sakura.token().await), json!({})).await;
    assert_eq!(off.status, 409, "{}", off.body);
}

#[tokio::test]
async fn binding_begins_it_and_it_is_idle_when_it_is_through() {
    let site = TestSite::start().await;
    world(&site).fill("sakura", 10);
    let sakura = bound(&site, "sakura").await;
    assert_eq!(sakura.sync().await["state"], "running", "it is about to");
    run(&site).await;
    let seen = sakura.sync().await;
    assert_eq!((&seen["state"], &seen["last_run"]["counts"]["pulled"]), (&json!("idle"), &json!(10)));
    assert!(seen["next_run_at"].is_string());
    // Now.
    let started = site.post("/collections/sync", Some(&sakura.token().await), json!({})).await;
    assert_eq!((started.status, &started.json()["state"]), (202, &json!("running")));
    later(&site, 5);
    run(&site).await;
    assert_eq!(sakura.sync().await["state"], "idle");
    assert_eq!(sakura.state().await.progress.ended_at, Some(site.clock.now()));
}

#[tokio::test]
async fn a_plan_does_nothing_and_says_what_then_is_done() {
    let site = TestSite::start().await;
    world(&site).fill("sakura", 320);
    let sakura = bound(&site, "sakura").await;
    sakura.put(9717, json!({ "status": "wish" })).await;
    let subject = *world(&site).collection("sakura").last_key_value().unwrap().0;
    sakura.put(subject, json!({ "status": "done", "rating": 5, "private": true, "comment": "这边" })).await;
    let (state, entries) = (sakura.state().await, sakura.all().await);
    let mut planned: Vec<Value> = Vec::new();
    let mut body = json!({ "dry_run": true });
    site.proxy.forget();
    loop {
        let plan = site.post("/collections/sync", Some(&sakura.token().await), body).await;
        assert_eq!(plan.status, 200, "{}", plan.body);
        let plan = plan.json();
        planned.extend(plan["changes"].as_array().unwrap().clone());
        assert_eq!(plan["of"], 320);
        match &plan["next_offset"] {
            Value::Null => break,
            offset => body = json!({ "dry_run": true, "offset": offset }),
        }
    }
    assert_eq!((sakura.state().await, sakura.all().await), (state, entries), "nothing was done");
    assert_eq!(writes(&site), 0);
    watch(&site, None);
    run(&site).await;
    for change in &planned {
        let id = u32::try_from(change["subject_id"].as_u64().unwrap()).unwrap();
        let entry = sakura.entry(id).await.unwrap();
        if change["here"] == json!(["presence"]) {
            assert_eq!(entry.version, 1, "{change}: it came");
        }
        let asked: Vec<_> = entry.asked.iter().flat_map(|asked| &asked.fields).map(|field| json!(field)).collect();
        assert_eq!(change["asked"], Value::from(asked), "{change}");
        let there = match id {
            9717 => json!(["presence"]),
            id if id == subject => json!(["comment", "private"]),
            _ => json!([]),
        };
        assert_eq!(change["there"], there, "{change}");
    }
    assert_eq!(planned.len(), 321, "what comes, what goes, and what is asked");
    // The one that is asked about has marks there, which come.
    assert_eq!(sakura.state().await.progress.last.pulled, 320);
    assert_eq!(sakura.state().await.progress.last.pushed, 2);
    // Nothing is planned where nothing would be done.
    let plan = site.post("/collections/sync", Some(&sakura.token().await), json!({ "dry_run": true })).await.json();
    assert_eq!(plan["changes"], json!([]));
}

#[tokio::test]
async fn plans_are_not_to_be_had_without_end() {
    let site = TestSite::start().await;
    let sakura = bound(&site, "sakura").await;
    for _ in 0..30 {
        let plan = site.post("/collections/sync", Some(&sakura.token().await), json!({ "dry_run": true })).await;
        assert_eq!(plan.status, 200, "{}", plan.body);
    }
    let plan = site.post("/collections/sync", Some(&sakura.token().await), json!({ "dry_run": true })).await;
    assert_eq!(plan.status, 429);
    assert_ne!(plan.header("retry-after"), "");
}

#[tokio::test]
async fn a_deleted_account_leaves_nothing_of_it() {
    let site = TestSite::start().await;
    world(&site).fill("sakura", 10);
    let sakura = bound(&site, "sakura").await;
    run(&site).await;
    let gone = site.delete("/account", Some(&sakura.token().await), json!({ "password": sakura.user.password })).await;
    assert_eq!(gone.status, 204, "{}", gone.body);
    later(&site, 2 * 24 * 3600);
    let before = super::control(&site).requests().len();
    for scheduled in ["sync", "sweep", "sync"] {
        site.site.run_scheduled(scheduled).await.unwrap();
    }
    assert_eq!(super::control(&site).requests().len(), before);
    assert_eq!(site.site.app().store.find_sync(sakura.id).await.unwrap(), None);
    assert!(sakura.all().await.is_empty());
}

#[tokio::test]
async fn a_token_that_may_only_read_starts_and_settles_nothing() {
    let site = TestSite::start().await;
    let sakura = bound(&site, "sakura").await;
    let (browser, client) = (site.browser(), site.client().await);
    browser.sign_in(&sakura.user).await;
    let tokens = browser.authorize_and_redeem(&client, "openid collections:read").await;
    let token = Some(tokens.access_token.as_str());
    for path in ["/collections/sync", "/collections/sync/conflicts"] {
        assert_eq!(site.get(path, token).await.status, 200, "{path}");
    }
    for (method, path) in
        [("POST", "/collections/sync"), ("PATCH", "/collections/sync"), ("POST", "/collections/sync/conflicts/12")]
    {
        let request = site.http.request(method.parse().unwrap(), site.url(path)).json(&json!({}));
        assert_eq!(site.send(request, token).await.status, 403, "{method} {path}");
    }
}
