//! Bangumi.

use serde_json::{Value, json};

use super::super::{Endpoint, Fault};
use super::{Bench, Told, with};

const AGENT: &str = "moe/bangumoe/0.1.0 (https://example.org/bangumoe)";

const AUTHORIZE: [(&str, &str); 4] =
    [("client_id", "ID"), ("response_type", "code"), ("redirect_uri", "BACK"), ("state", "xyz")];

impl Bench {
    fn bangumi(&self) -> String {
        let url = self.base("bangumi", "oauth") + "/oauth/authorize";
        with(&url, &self.fill("bangumi", &AUTHORIZE))
    }

    async fn bangumi_token(&self, pairs: &[(&str, &str)]) -> Told {
        let url = self.base("bangumi", "oauth") + "/oauth/access_token";
        let client = [("client_id", "ID"), ("client_secret", "SECRET"), ("redirect_uri", "BACK")];
        self.form(&url, &self.fill("bangumi", &[pairs, &client].concat())).await
    }

    async fn redeem(&self, code: &str) -> Told {
        self.bangumi_token(&[("grant_type", "authorization_code"), ("code", code)]).await
    }

    async fn refresh(&self, token: &Value) -> Told {
        let token = token["refresh_token"].as_str().unwrap();
        self.bangumi_token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn me(&self, agent: &str, token: Option<&str>) -> Told {
        let mut request = self.http.get(self.base("bangumi", "api") + "/v0/me").header("user-agent", agent);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        self.send(request).await
    }
}

#[tokio::test]
async fn a_code_becomes_tokens_once_and_within_a_minute() {
    let bench = Bench::start().await;
    let code = bench.code(&bench.bangumi(), "382951").await;
    let reply = bench.redeem(&code).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let tokens = reply.json();
    assert_eq!((&tokens["expires_in"], &tokens["token_type"]), (&json!(604_800), &json!("Bearer")));
    assert!(tokens["scope"].is_null() && tokens.as_object().unwrap().contains_key("scope"));
    assert_eq!(tokens["user_id"], 382_951);
    let again = bench.redeem(&code).await;
    assert_eq!((again.status, &again.json()["error"]), (400, &json!("invalid_grant")));
    assert!(again.json()["error_description"].is_string());

    let code = bench.code(&bench.bangumi(), "sakura").await;
    bench.clock.advance(59);
    assert_eq!(bench.redeem(&code).await.status, 200);
    let code = bench.code(&bench.bangumi(), "sakura").await;
    bench.clock.advance(60);
    assert_eq!(bench.redeem(&code).await.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_gives_a_new_one_and_dies() {
    let bench = Bench::start().await;
    let first = bench.redeem(&bench.code(&bench.bangumi(), "sakura").await).await.json();
    let second = bench.refresh(&first).await;
    assert_eq!(second.status, 200);
    let second = second.json();
    assert!(second.get("user_id").is_none() && second["refresh_token"] != first["refresh_token"]);
    assert_eq!(bench.refresh(&first).await.json()["error"], "invalid_grant");
    let third = bench.refresh(&second).await.json();
    bench.fakes.control().revoke_refresh_tokens("bangumi");
    assert_eq!(bench.refresh(&third).await.json()["error"], "invalid_grant");
    let anew = bench.redeem(&bench.code(&bench.bangumi(), "sakura").await).await.json();
    assert_eq!(bench.refresh(&anew).await.status, 200, "what is given afterwards is good");
}

#[tokio::test]
async fn whoever_is_not_the_application_gets_nothing() {
    let bench = Bench::start().await;
    let good = bench.bangumi();
    for (from, to) in [
        ("bangumoe-at", "another"),
        ("response_type=code", "response_type=token"),
        ("3000", "3001"),
        ("redirect_uri", "uri"),
    ] {
        let page = bench.get(&good.replace(from, to)).await;
        assert!(page.status == 400 && page.location.is_empty() && page.body.contains("id=\"wrong\""), "{from}");
        assert_eq!(bench.decide(&good.replace(from, to), "sakura", "allow").await.status, 400, "{from}");
    }
    let refused = bench.decide(&good, "sakura", "refuse").await;
    assert_eq!(refused.parameter("error").as_deref(), Some("access_denied"));
    assert_eq!((refused.parameter("state").as_deref(), refused.parameter("code")), (Some("xyz"), None));
    let nobody = bench.decide(&good, " ", "allow").await;
    assert!(nobody.status == 200 && nobody.body.contains("id=\"sign-in\""), "asked again");

    let url = bench.base("bangumi", "oauth") + "/oauth/access_token";
    let code = bench.code(&good, "sakura").await;
    let right = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("client_id", "ID"),
        ("client_secret", "SECRET"),
        ("redirect_uri", "BACK"),
    ];
    for (name, value, error) in [
        ("client_secret", "wrong", "invalid_client"),
        ("client_id", "another", "invalid_client"),
        ("grant_type", "password", "unsupported_grant_type"),
        ("redirect_uri", "", "invalid_request"),
        ("client_secret", "", "invalid_request"),
        ("redirect_uri", "http://localhost:3000/elsewhere", "invalid_grant"),
    ] {
        let mut pairs = right.to_vec();
        pairs.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            pairs.push((name, value));
        }
        let reply = bench.form(&url, &bench.fill("bangumi", &pairs)).await;
        assert_eq!((reply.status, &reply.json()["error"]), (400, &json!(error)), "{name} {value}");
    }
    let json = bench.http.post(&url).json(&json!({ "grant_type": "authorization_code" }));
    assert_eq!(bench.send(json).await.json()["error"], "invalid_request", "forms alone");
}

#[tokio::test]
async fn the_api_wants_a_user_agent_and_then_a_token() {
    let bench = Bench::start().await;
    let tokens = bench.redeem(&bench.code(&bench.bangumi(), "sakura").await).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let me = bench.me(AGENT, Some(token)).await;
    assert_eq!(me.status, 200);
    let me = me.json();
    assert_eq!((&me["id"], &me["username"]), (&tokens["user_id"], &json!("sakura")));
    for field in ["nickname", "avatar", "sign", "user_group", "email", "reg_time", "time_offset", "url"] {
        assert!(!me[field].is_null(), "{field}");
    }
    for (agent, token, status) in
        [("reqwest/0.13", Some(token), 403), ("", Some(token), 403), (AGENT, None, 401), (AGENT, Some("wrong"), 401)]
    {
        let refused = bench.me(agent, token).await;
        assert_eq!(refused.status, status, "{agent:?} {token:?}");
        assert!(refused.json()["title"].is_string() && refused.json()["description"].is_string());
    }
    let status = async |token: &str| {
        let url = bench.base("bangumi", "oauth") + "/oauth/token_status";
        bench.form(&url, &[("access_token", token.to_owned())]).await
    };
    assert_eq!(status(token).await.json()["user_id"], tokens["user_id"]);
    bench.clock.advance(604_800);
    assert_eq!(bench.me(AGENT, Some(token)).await.status, 401, "its week is over");
    assert_eq!(status(token).await.status, 400);
}

#[tokio::test]
async fn who_it_is_can_be_any_json_or_somebody_else() {
    let bench = Bench::start().await;
    for text in ["\"382951\"", "null", "true", "1.5", "123456789012345678901234567890", "{}"] {
        bench.fakes.control().set("bangumi", Endpoint::Token, Fault::Subject(text));
        let reply = bench.redeem(&bench.code(&bench.bangumi(), "sakura").await).await;
        assert!(reply.body.contains(&format!("\"user_id\":{text}")), "{}", reply.body);
    }
    bench.fakes.control().set("bangumi", Endpoint::Token, Fault::Subject(""));
    let reply = bench.redeem(&bench.code(&bench.bangumi(), "sakura").await).await.json();
    assert!(reply.get("user_id").is_none() && reply["access_token"].is_string());
    bench.fakes.control().heal();
    let own = bench.redeem(&bench.code(&bench.bangumi(), "sakura").await).await.json();
    bench.fakes.control().set("bangumi", Endpoint::Token, Fault::OtherSubject);
    let other = bench.redeem(&bench.code(&bench.bangumi(), "sakura").await).await.json();
    assert_ne!(own["user_id"], other["user_id"]);
}
