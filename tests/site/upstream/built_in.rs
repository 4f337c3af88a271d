//! What each built-in provider is asked, word for word, and who comes of it.

use secrecy::{ExposeSecret as _, SecretString};
use shared::clock::Time;
use shared::upstream::{Claims, Providers, UpstreamError};
use tests::remote::Answer;
use tests::{START, json};

use super::{Stage, expected, pairs, token};
use crate::links::subject;

#[tokio::test]
async fn bangumi_by_its_token_request_or_its_api() {
    let stage = Stage::new("bangumi", &["oauth", "api"]).await;
    let (path, parameters) = stage.authorization().await;
    let callback = stage.site.issuer().to_owned() + "/connect/bangumi/callback";
    let wanted =
        [("client_id", "our-id"), ("response_type", "code"), ("redirect_uri", &callback), ("state", "the state")];
    assert_eq!((path.as_str(), parameters), ("/oauth/authorize", expected(&wanted)));

    // Where only the API knows who it is.
    stage.remote.put("/oauth/access_token", token(json!({ "refresh_token": "next" })));
    let me = json!({ "id": 382_951, "username": "sai", "nickname": "Sai🖖", "avatar": { "large": "https://l/a.jpg" } });
    stage.remote.put("/v0/me", Answer::json(&me));
    let identified = stage.identify().await.unwrap();
    assert_eq!(identified.subject.as_str(), "382951");
    let (name, username) = (Some("Sai🖖".to_owned()), Some("sai".to_owned()));
    let picture = Some("https://l/a.jpg".to_owned());
    assert_eq!(identified.claims, Claims { name, username, picture, email: None });
    let tokens = identified.tokens.unwrap();
    assert_eq!(tokens.access_token.expose_secret(), "the-token");
    assert_eq!(tokens.refresh_token.unwrap().expose_secret(), "next");
    assert_eq!(tokens.expires_at, Some(Time(START.0 / 1000 + 604_800)));

    let [exchange, me] = stage.remote.requests().try_into().unwrap();
    assert!(exchange.head.starts_with("POST /oauth/access_token HTTP/1.1\r\n"));
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "our-id"),
        ("client_secret", "upstream s3cret"),
        ("code", "the-code"),
        ("redirect_uri", &callback),
    ];
    assert_eq!(pairs(&exchange.body), expected(&form));
    let head = me.head.to_ascii_lowercase();
    assert!(
        head.starts_with("get /v0/me http/1.1\r\n") && head.contains("\r\nauthorization: bearer the-token"),
        "{head}"
    );
    let agent = format!("user-agent: bangumoe/bangumoe/{} ({})", env!("CARGO_PKG_VERSION"), stage.site.issuer());
    assert!(head.contains(&agent) && exchange.head.to_ascii_lowercase().contains(&agent), "{head}");

    stage.remote.put("/oauth/access_token", token(json!({ "user_id": null })));
    assert_eq!(stage.identify().await.unwrap().subject, identified.subject);
    // Who is known already is not asked for a name.
    let asked = stage.remote.requests().len();
    for user_id in [json!(382_951), json!("382951")] {
        stage.remote.put("/oauth/access_token", token(json!({ "user_id": user_id })));
        let nameless = stage.identify().await.unwrap();
        assert_eq!((&nameless.subject, nameless.claims), (&identified.subject, Claims::default()));
    }
    assert_eq!(stage.remote.requests().len(), asked + 2);
}

#[tokio::test]
async fn two_answers_about_two_people_are_about_nobody() {
    let (_, bangumi) = Providers::files().find(|(name, _)| *name == "bangumi.toml").unwrap();
    let twice = bangumi.replace("\"token:/user_id\"", "\"token:/user_id\", \"token:/user/id\"");
    let stage = Stage::with("bangumi", &["oauth", "api"], vec![("bangumi.toml".to_owned(), twice)]).await;
    stage.remote.put("/oauth/access_token", token(json!({ "user_id": 1, "user": { "id": 2 } })));
    assert_eq!(stage.identify().await.unwrap_err(), UpstreamError::Malformed);
    stage.remote.put("/oauth/access_token", token(json!({ "user_id": 1, "user": { "id": "1" } })));
    assert_eq!(stage.identify().await.unwrap().subject.as_str(), "1");
    for nobody in [json!(true), json!(1.5), json!(""), json!({}), json!([1]), json!(false), json!(1e30)] {
        stage.remote.put("/oauth/access_token", token(json!({ "user_id": nobody })));
        stage.remote.put("/v0/me", Answer::json(&json!({ "id": 1 })));
        assert_eq!(stage.identify().await.unwrap_err(), UpstreamError::Malformed, "{nobody}");
    }
}

#[tokio::test]
async fn bangumis_tokens_are_renewed_and_the_old_refresh_token_stays_where_there_is_no_new_one() {
    let stage = Stage::new("bangumi", &["oauth", "api"]).await;
    let refresh = async || stage.provider().refresh(stage.app(), &SecretString::from("old"), &subject("1")).await;
    stage.remote.put("/oauth/access_token", token(json!({ "refresh_token": "new" })));
    let tokens = refresh().await.unwrap();
    assert_eq!(tokens.refresh_token.unwrap().expose_secret(), "new");
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "our-id"),
        ("client_secret", "upstream s3cret"),
        ("refresh_token", "old"),
        ("redirect_uri", &(stage.site.issuer().to_owned() + "/connect/bangumi/callback")),
    ];
    assert_eq!(pairs(&stage.remote.requests()[0].body), expected(&form));
    stage.remote.put("/oauth/access_token", token(json!({ "expires_in": "forever" })));
    let tokens = refresh().await.unwrap();
    assert_eq!((tokens.refresh_token.unwrap().expose_secret(), tokens.expires_at), ("old", None));
    // Nobody else's take their place. Who it is need not be said, and may be a number or its text.
    for (user_id, renewed) in
        [(json!(1), true), (json!("1"), true), (json!(null), true), (json!(2), false), (json!({}), false)]
    {
        stage.remote.put("/oauth/access_token", token(json!({ "user_id": user_id })));
        assert_eq!(refresh().await.map(|_| ()), if renewed { Ok(()) } else { Err(UpstreamError::Malformed) });
    }
    for status in [200, 400, 401] {
        let error = json!({ "error": "invalid_grant", "error_description": "old" }).to_string();
        stage.remote.put("/oauth/access_token", Answer::new(status, "application/json", error));
        assert_eq!(refresh().await.unwrap_err(), UpstreamError::InvalidGrant, "{status}");
    }
}

#[tokio::test]
async fn a_provider_whose_file_does_not_say_how_gets_no_tokens_renewed() {
    let stage = Stage::new("weibo", &["api"]).await;
    let renewed = stage.provider().refresh(stage.app(), &SecretString::from("old"), &subject("1")).await;
    assert_eq!(renewed.unwrap_err(), UpstreamError::Malformed);
    assert!(stage.remote.requests().is_empty());
}

#[tokio::test]
async fn weibo_by_the_uid_beside_its_token() {
    let stage = Stage::new("weibo", &["api"]).await;
    let (path, parameters) = stage.authorization().await;
    assert_eq!((path.as_str(), parameters["scope"].as_str()), ("/oauth2/authorize", ""));
    // 2^53 + 1: a f64 would make it 2^53.
    let body = r#"{"access_token":"t","remind_in":"157679999","expires_in":157679999,"uid":9007199254740993}"#;
    stage.remote.put("/oauth2/access_token", Answer::new(200, "text/plain;charset=UTF-8", body));
    let identified = stage.identify().await.unwrap();
    assert_eq!((identified.subject.as_str(), identified.claims), ("9007199254740993", Claims::default()));
    assert!(identified.tokens.is_none(), "what nobody can renew is not kept");
    // The other address does not know better who it is, and is not asked.
    stage.remote.put("/oauth2/access_token", token(json!({})));
    assert_eq!(stage.identify().await.unwrap_err(), UpstreamError::Malformed);
    assert_eq!(stage.remote.requests().len(), 2);
}

#[tokio::test]
async fn a_profile_may_be_asked_for_by_what_stands_beside_the_token() {
    let (_, weibo) = Providers::files().find(|(name, _)| *name == "weibo.toml").unwrap();
    let corp = weibo.replace("subject = [\"token:/uid\"]", "subject = [\"profile:/id\"]");
    let stage = Stage::with("corp", &["api"], vec![("corp.toml".to_owned(), corp)]).await;
    stage.remote.put("/oauth2/access_token", Answer::json(&json!({ "access_token": "t", "uid": 7 })));
    let profile = Answer::json(&json!({ "id": 8, "screen_name": "小樱", "avatar_large": "https://p/1" }));
    stage.remote.put("/2/users/show.json?access_token=t&uid=7", profile);
    let identified = stage.identify().await.unwrap();
    assert_eq!((identified.subject.as_str(), identified.claims.name.as_deref()), ("8", Some("小樱")));
}

#[tokio::test]
async fn acwing_by_a_get_with_names_of_its_own() {
    let stage = Stage::new("acwing", &["site"]).await;
    let (path, parameters) = stage.authorization().await;
    let callback = stage.site.issuer().to_owned() + "/connect/acwing/callback";
    let wanted = [("appid", "our-id"), ("redirect_uri", &callback), ("scope", "userinfo"), ("state", "the state")];
    assert_eq!((path.as_str(), parameters), ("/third_party/api/oauth2/web/authorize/", expected(&wanted)));
    let exchange = "/third_party/api/oauth2/access_token/?appid=our-id&code=the-code&secret=upstream+s3cret";
    stage.remote.put(exchange, token(json!({ "openid": "o-1", "scope": "userinfo", "refresh_token": "r" })));
    assert_eq!(stage.identify().await.unwrap().subject.as_str(), "o-1");
    let [asked] = stage.remote.requests().try_into().unwrap();
    assert!(asked.head.starts_with("GET "), "{}", asked.head);
    // Its errors come with 200.
    for (errcode, expected) in [
        (json!("40001"), UpstreamError::InvalidGrant),
        (json!(40001), UpstreamError::InvalidGrant),
        (json!("40002"), UpstreamError::Malformed),
    ] {
        stage.remote.put(exchange, Answer::json(&json!({ "errcode": errcode, "errmsg": "code expired" })));
        assert_eq!(stage.identify().await.unwrap_err(), expected, "{errcode}");
    }
}

#[tokio::test]
async fn lianluo_by_json_and_201() {
    let stage = Stage::new("lianluo", &["center"]).await;
    let (path, parameters) = stage.authorization().await;
    assert_eq!((path.as_str(), parameters["xoauth_displayname"].as_str()), ("/oauth2/auth", "bangumoe"));
    stage.remote.put("/oauth2/token", token(json!({ "scope": null })));
    let user = json!({ "union_id": "AQAe4DrBlhnISCKKfNB791OPI8lBf-c-", "avatar": null, "username": "zacksleo",
        "email": "zacksleo@gmail.com", "phone": "17002108009" });
    let answer = |status| Answer::new(status, "application/json", user.to_string());
    stage.remote.put("/api/oauth2/v1/users?access_token=the-token", answer(201));
    let identified = stage.identify().await.unwrap();
    assert_eq!(identified.subject.as_str(), "AQAe4DrBlhnISCKKfNB791OPI8lBf-c-");
    assert_eq!((identified.claims.email.as_deref(), identified.claims.picture), (Some("zacksleo@gmail.com"), None));
    let exchange = &stage.remote.requests()[0];
    assert!(exchange.head.to_ascii_lowercase().contains("content-type: application/json"), "{}", exchange.head);
    let sent: tests::Value = serde_json::from_str(&exchange.body).unwrap();
    let callback = stage.site.issuer().to_owned() + "/connect/lianluo/callback";
    let wanted = json!({ "grant_type": "authorization_code", "client_id": "our-id", "code": "the-code",
        "client_secret": "upstream s3cret", "redirect_uri": callback });
    assert_eq!(sent, wanted);
    stage.remote.put("/api/oauth2/v1/users?access_token=the-token", answer(200));
    assert_eq!(stage.identify().await.unwrap_err(), UpstreamError::Malformed, "its file says 201");
}

#[tokio::test]
async fn six_park_by_basic_authentication_and_without_an_address_to_come_back_to() {
    let stage = Stage::new("6park", &["auth", "resource"]).await;
    let (path, parameters) = stage.authorization().await;
    let wanted = [("app", "authorize"), ("response_type", "code"), ("client_id", "our-id"), ("state", "the state")];
    assert_eq!((path.as_str(), parameters), ("/index.php", expected(&wanted)));
    stage.remote.put("/index.php?app=token", Answer::json(&json!({ "access_token": "t", "expires_in": "3600" })));
    let info = json!({ "info": { "uid": 77, "username": "park" }, "status": 2202 });
    stage.remote.put("/index.php?app=user&act=userinfo", Answer::json(&info));
    let identified = stage.identify().await.unwrap();
    assert_eq!((identified.subject.as_str(), identified.claims.name.as_deref()), ("77", Some("park")));
    let [exchange, user] = stage.remote.requests().try_into().unwrap();
    let wanted = [("grant_type", "authorization_code"), ("code", "the-code"), ("client_id", "our-id")];
    assert_eq!((pairs(&exchange.body), pairs(&user.body)), (expected(&wanted), expected(&[("token", "t")])));
    // As its own document encodes it: "our-id:upstream s3cret".
    for asked in [exchange, user] {
        assert!(
            asked.head.starts_with("POST ") && asked.head.contains("Basic b3VyLWlkOnVwc3RyZWFtIHMzY3JldA=="),
            "{}",
            asked.head
        );
    }
}

#[tokio::test]
async fn github_by_number_with_pkce_and_errors_under_200() {
    let stage = Stage::new("github", &["site", "api"]).await;
    let attempt = stage.attempt();
    let url = stage.provider().authorize_url(stage.app(), &attempt).await.unwrap();
    let parameters = pairs(url.query().unwrap());
    assert_eq!(parameters["code_challenge_method"], "S256");
    stage.remote.put("/login/oauth/access_token", token(json!({ "scope": "" })));
    stage.remote.put("/user", Answer::json(&json!({ "id": 583_231, "login": "octocat", "name": null })));
    let identified = stage.provider().identify(stage.app(), "the-code", &attempt).await.unwrap();
    assert_eq!((identified.subject.as_str(), identified.claims.username.as_deref()), ("583231", Some("octocat")));
    let exchange = &stage.remote.requests()[0];
    let verifier = &pairs(&exchange.body)["code_verifier"];
    assert!(shared::oauth::pkce::verifies(&parameters["code_challenge"], verifier));
    assert!(exchange.head.to_ascii_lowercase().contains("accept: application/json"), "else it answers a form");
    let error = json!({ "error": "bad_verification_code", "error_description": "The code passed is incorrect." });
    stage.remote.put("/login/oauth/access_token", Answer::json(&error));
    assert_eq!(stage.identify().await.unwrap_err(), UpstreamError::InvalidGrant);
    // Who has PKCE is not asked without it.
    let without = shared::upstream::Attempting { code_verifier: None, ..attempt };
    assert!(stage.provider().authorize_url(stage.app(), &without).await.is_err());
    let asked = stage.remote.requests().len();
    assert!(stage.provider().identify(stage.app(), "the-code", &without).await.is_err());
    assert_eq!(stage.remote.requests().len(), asked);
}

#[tokio::test]
async fn a_provider_that_was_added_as_a_file_runs_like_the_others() {
    let text = "name = \"Corp\"\nsubject = [\"profile:/data/0/id\"]\n[addresses]\napi = \"https://corp.example\"\n\
        [authorize]\nurl = \"{api}/a?tenant=1\"\n[authorize.parameters]\nid = \"{client_id}\"\nstate = \"x-{state}\"\n\
        [token]\nurl = \"{api}/t\"\nclient_authentication = \"basic\"\n[token.parameters]\ncode = \"{code}\"\n\
        [profile]\nurl = \"{api}/me\"\nbearer = true\n";
    let stage = Stage::with("corp", &["api"], vec![("corp.toml".to_owned(), text.to_owned())]).await;
    let (path, parameters) = stage.authorization().await;
    let wanted = [("tenant", "1"), ("id", "our-id"), ("state", "x-the state")];
    assert_eq!((path.as_str(), parameters), ("/a", expected(&wanted)));
    stage.remote.put("/t", token(json!({})));
    stage.remote.put("/me", Answer::json(&json!({ "data": [{ "id": "zoë" }] })));
    assert_eq!(stage.identify().await.unwrap().subject.as_str(), "zoë");
    // RFC 6749 §2.3.1: "our-id:upstream+s3cret".
    assert!(stage.remote.requests()[0].head.contains("Basic b3VyLWlkOnVwc3RyZWFtK3MzY3JldA=="));
}
