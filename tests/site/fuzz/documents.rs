//! Addresses that are a `client_id` or look like one, and what stands there.

use proptest::prelude::*;
use tests::remote::Answer;
use tests::{Client, json};

use super::inputs::{text, value};
use super::parameters::METADATA;
use super::{Scene, assert_sound, fuzz};

#[test]
fn e60_no_address_as_a_client_id_breaks_anything_or_is_fetched_otherwise_than_written() {
    // Near to the one that is good.
    let near = "(HTTPS|https|http)://(me@|@|:@)?(localhost|LOCALHOST|127\\.1)(:443)?[/a-c.%2eE?#\\\\ \t]{0,12}";
    let path = prop_oneof![text(), "[/a-c.%2eE?#\\\\ \t]{0,12}"];
    let inputs =
        prop_oneof![1 => near.prop_map(|url| (url, None)), 2 => path.prop_map(|path| (String::new(), Some(path)))];
    fuzz(inputs, async |scene: &Scene<'_>, (url, path)| {
        let id = path.map_or(url, |path| format!("{}/{path}", scene.site.remote.url));
        let before = scene.site.remote.requests().len();
        let client = Client { id, secret: None };
        for reply in [
            scene.browser.authorize(&client.query("openid")).await,
            scene.site.form("/oauth2/token", &[("client_id", &client.id), ("grant_type", "client_credentials")]).await,
        ] {
            assert_sound(scene.site, &reply);
            assert!((400..500).contains(&reply.status), "nothing stands there: {}", reply.status);
        }
        for asked in &scene.site.remote.requests()[before..] {
            assert_eq!(format!("{}{}", scene.site.remote.url, asked.path()), client.id);
        }
    });
}

#[test]
fn e60_no_document_breaks_anything_and_none_is_a_client_that_is_not_its_own() {
    let name = prop_oneof![9 => proptest::sample::select(METADATA).prop_map(str::to_owned), 1 => text()];
    let members = proptest::collection::vec((name, value()), 0..6);
    let types = proptest::sample::select(&["application/json", "application/x+json", "text/html", ""][..]);
    let inputs = (members, types.prop_map(str::to_owned), any::<bool>(), any::<u32>());
    fuzz(inputs, async |scene: &Scene<'_>, (members, content_type, own, number)| {
        let path = format!("/{number}");
        let mut document = scene.site.document(&path, json!({}));
        document.as_object_mut().unwrap().extend(members);
        if !own {
            document["client_id"] = format!("{}/client", scene.site.remote.url).into();
        }
        let id = scene.site.remote.put(&path, Answer::new(200, &content_type, document.to_string()));
        let client = Client { id, secret: None };
        let reply = scene.browser.authorize(&client.query("openid")).await;
        assert!(reply.status < 500, "{} {}", reply.status, reply.body);
        assert!(reply.status == 400 || (own && content_type.ends_with("json")), "{document}");
    });
}
