//! What the client makes of what is answered.

use local::fakes::bangumi::Deed;
use local::fakes::{Endpoint, Fault};
use shared::bangumi::{BangumiError, Modify};

use super::Bench;

#[tokio::test]
async fn an_entry_is_made_changed_and_read() {
    let bench = Bench::start().await;
    let (app, api, token) = (bench.app(), &bench.app().bangumi, &bench.token);
    let me = api.me(app, token).await.unwrap();
    assert_eq!((me.username.as_str(), me.nickname.as_str()), ("sakura", "sakura"));
    let none = api.collection(app, token, "sakura", 9_717).await;
    assert_eq!(none.unwrap_err(), BangumiError::NotCollected);
    let modify = Modify {
        kind: Some(3),
        rate: Some(9),
        comment: Some("好".to_owned()),
        private: Some(false),
        tags: Some(vec!["魔法".to_owned()]),
    };
    for saved in [202, 204] {
        bench.world().set(|quirks| quirks.saved = saved);
        api.save_collection(app, token, 9_717, &modify).await.unwrap();
    }
    let only = Modify { tags: Some(Vec::new()), ..Modify::default() };
    api.save_collection(app, token, 9_717, &only).await.unwrap();
    let row = api.collection(app, token, "sakura", 9_717).await.unwrap();
    assert_eq!((row.kind, row.rate, row.comment.as_deref(), row.tags.len()), (3, 9, Some("好"), 0));
    assert_eq!(row.subject.unwrap().name_cn, "魔法少女小圆");
    assert_eq!(row.updated_at.as_second(), app.clock.now().0);
    let list = api.collections(app, token, "sakura", 0, 50).await.unwrap();
    assert_eq!((list.total, list.data.len()), (1, 1));
    let types = bench.world().timeline("sakura");
    assert_eq!(types.len(), 2, "each time that the type was sent: {types:?}");
    assert!(types.iter().all(|line| line.deed == Deed::Collected(3) && line.by_api));
}

#[tokio::test]
async fn episodes_are_marked_where_the_work_is_collected() {
    let bench = Bench::start().await;
    let (app, api, token) = (bench.app(), &bench.app().bangumi, &bench.token);
    let main = bench.world().episodes(253, 0);
    assert_eq!(main.len(), 26);
    let refused = api.mark_episodes(app, token, 253, &main, 2).await;
    assert_eq!(refused.unwrap_err(), BangumiError::NotCollected);
    bench.edit(253, 3);
    bench.site.clock.advance(60);
    api.mark_episodes(app, token, 253, &main[..5], 2).await.unwrap();
    api.mark_episodes(app, token, 253, &bench.world().episodes(253, 1), 1).await.unwrap();
    api.mark_episodes(app, token, 253, &main[..1], 0).await.unwrap();
    let marks = api.episode_marks(app, token, 253, 0, 1_000).await.unwrap();
    let done: Vec<_> = marks.data.iter().filter(|marked| marked.kind == 2).map(|marked| marked.episode.id).collect();
    assert_eq!(done, main[1..5]);
    let row = api.collection(app, token, "sakura", 253).await.unwrap();
    assert_eq!(row.ep_status, 5, "four of the main ones, and a special one that is only wished for");
    assert_eq!(row.updated_at.as_second(), app.clock.now().0, "a mark is a change");
    let unknown = api.mark_episodes(app, token, 253, &[1], 2).await;
    assert_eq!(unknown.unwrap_err(), BangumiError::Refused);
}

#[tokio::test]
async fn works_are_found_followed_and_missed() {
    let bench = Bench::start().await;
    let (app, api) = (bench.app(), &bench.app().bangumi);
    assert_eq!(api.subject(app, 253).await.unwrap().name, "カウボーイビバップ");
    assert_eq!(api.subject(app, 391).await.unwrap().id, 291, "it was merged");
    assert_eq!(api.subject(app, 400).await.unwrap_err(), BangumiError::NotFound);
    let found = api.search(app, "芙莉莲", 0, 20).await.unwrap();
    assert_eq!(found.data.iter().map(|subject| subject.id).collect::<Vec<_>>(), [400_602]);
    let (first, second) =
        (api.episodes(app, 899, 0, 200).await.unwrap(), api.episodes(app, 899, 200, 200).await.unwrap());
    assert_eq!((first.data.len(), first.total, second.data[0].sort), (200, 1_157, 201.0));
    let days = api.calendar(app).await.unwrap();
    assert_eq!(days.iter().map(|day| day.weekday.id).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    assert!(days.iter().map(|day| day.items.len()).sum::<usize>() >= 10);
}

#[tokio::test]
async fn a_redirect_elsewhere_is_not_followed() {
    let bench = Bench::start().await;
    bench.control().set("bangumi", Endpoint::Subject, Fault::Redirect);
    // Back to the stand-ins' own index, which is a page.
    assert_eq!(bench.app().bangumi.subject(bench.app(), 253).await.unwrap_err(), BangumiError::Unavailable);
    bench.world().merge_subject(1, 391);
    bench.control().heal();
    let twice = bench.app().bangumi.subject(bench.app(), 1).await;
    assert_eq!(twice.unwrap_err(), BangumiError::Malformed, "once is enough");
}

#[tokio::test]
async fn what_goes_wrong_is_told_apart() {
    let bench = Bench::start().await;
    let (app, api) = (bench.app(), &bench.app().bangumi);
    for (fault, error) in [
        (Fault::Status(500), BangumiError::Unavailable),
        (Fault::Status(401), BangumiError::Unauthorized),
        (Fault::Cut, BangumiError::Unavailable),
        (Fault::Status(429), BangumiError::RateLimited),
        (Fault::Html, BangumiError::Unavailable),
        (Fault::HalfJson, BangumiError::Malformed),
        (Fault::Huge, BangumiError::Malformed),
        (Fault::Status(403), BangumiError::Refused),
        (Fault::Redirect, BangumiError::Malformed),
    ] {
        bench.control().set("bangumi", Endpoint::Collections, fault);
        let told = api.collections(app, &bench.token, "sakura", 0, 50).await;
        assert_eq!(told.unwrap_err(), error, "{fault:?}");
    }
    bench.control().set("bangumi", Endpoint::Save, Fault::Html);
    let saved = api.save_collection(app, &bench.token, 253, &Modify { kind: Some(1), ..Modify::default() }).await;
    assert_eq!(saved.unwrap_err(), BangumiError::Unavailable, "a page is no word that it was saved");
    bench.control().heal();
    let bad = api.me(app, &"no token".to_owned().into()).await;
    assert_eq!(bad.unwrap_err(), BangumiError::Unauthorized);
    let no_header = api.me(app, &"a\nb".to_owned().into()).await;
    assert_eq!(no_header.unwrap_err(), BangumiError::Unauthorized);
}

#[tokio::test]
async fn who_does_not_answer_is_left_alone_for_a_while() {
    let bench = Bench::start().await;
    let (app, api) = (bench.app(), &bench.app().bangumi);
    bench.control().set("bangumi", Endpoint::Calendar, Fault::Cut);
    for _ in 0..8 {
        assert_eq!(api.calendar(app).await.unwrap_err(), BangumiError::Unavailable);
    }
    assert_eq!(bench.control().requests_to("bangumi", Endpoint::Calendar).len(), 5);
    bench.control().heal();
    assert!(api.calendar(app).await.is_err());
    bench.site.clock.advance(30);
    assert!(api.calendar(app).await.is_ok());
}
