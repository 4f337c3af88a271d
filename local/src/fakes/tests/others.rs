//! Weibo, AcWing, Lianluo and 6park.

use serde_json::{Value, json};

use super::{Bench, with};

#[tokio::test]
async fn weibos_token_says_who_it_is() {
    let bench = Bench::start().await;
    let api = bench.base("weibo", "api");
    let asked =
        [("response_type", "code"), ("client_id", "ID"), ("redirect_uri", "BACK"), ("scope", ""), ("state", "xyz")];
    let authorize = with(&(api.clone() + "/oauth2/authorize"), &bench.fill("weibo", &asked));
    let code = bench.code(&authorize, "5865720694").await;
    let pairs = |code: &str, secret: &str| {
        bench.fill(
            "weibo",
            &[
                ("client_id", "ID"),
                ("client_secret", secret),
                ("grant_type", "authorization_code"),
                ("redirect_uri", "BACK"),
                ("code", code),
            ],
        )
    };
    let url = api.clone() + "/oauth2/access_token";
    assert_eq!(bench.form(&url, &pairs(&code, "wrong")).await.status, 400);
    let reply = bench.form(&url, &pairs(&code, "SECRET")).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let token = reply.json();
    assert_eq!((&token["uid"], &token["isRealName"]), (&json!("5865720694"), &json!("true")));
    assert_eq!((&token["remind_in"], &token["expires_in"]), (&json!("157679999"), &json!(157_679_999)));
    assert_eq!(bench.form(&url, &pairs(&code, "SECRET")).await.json()["error"], "invalid_grant");
    let access = token["access_token"].as_str().unwrap();
    let show = async |token: &str, uid: &str| {
        bench.get(&format!("{api}/2/users/show.json?access_token={token}&uid={uid}")).await
    };
    assert_eq!(show(access, "5865720694").await.json()["idstr"], "5865720694");
    assert_eq!((show("wrong", "5865720694").await.status, show(access, "1").await.status), (400, 400));
}

#[tokio::test]
async fn acwings_token_endpoint_is_a_get_and_its_errors_come_with_200() {
    let bench = Bench::start().await;
    let site = bench.base("acwing", "site") + "/third_party/api";
    let asked = [("appid", "ID"), ("redirect_uri", "BACK"), ("scope", "userinfo"), ("state", "xyz")];
    let authorize = with(&format!("{site}/oauth2/web/authorize/"), &bench.fill("acwing", &asked));
    assert_eq!(bench.get(&authorize.replace("userinfo", "all")).await.status, 400);
    let code = bench.code(&authorize, "sakura").await;
    let token = async |secret: &str, code: &str| {
        let pairs = [("appid", "ID"), ("secret", secret), ("code", code)];
        bench.get(&with(&format!("{site}/oauth2/access_token/"), &bench.fill("acwing", &pairs))).await
    };
    let refused = token("wrong", &code).await;
    assert_eq!((refused.status, &refused.json()["errcode"]), (200, &json!("40002")));
    let reply = token("SECRET", &code).await.json();
    assert_eq!((&reply["scope"], &reply["expires_in"]), (&json!("userinfo"), &json!(7200)));
    let (access, openid) = (reply["access_token"].as_str().unwrap(), reply["openid"].as_str().unwrap());
    assert!(reply["refresh_token"].is_string());
    assert_eq!(token("SECRET", &code).await.json()["errcode"], "40001", "once");
    let info = async |token: &str, openid: &str| {
        bench.get(&format!("{site}/meta/identity/getinfo/?access_token={token}&openid={openid}")).await.json()
    };
    let own = info(access, openid).await;
    assert!(own["username"] == "sakura" && own["photo"].is_string());
    assert!(info("wrong", openid).await["errcode"].is_string() && info(access, "wrong").await["errcode"].is_string());
    // The slash belongs to the path.
    assert_eq!(bench.get(&format!("{site}/oauth2/access_token?appid=x")).await.status, 404);
}

#[tokio::test]
async fn lianluo_reads_json_and_answers_201() {
    let bench = Bench::start().await;
    let center = bench.base("lianluo", "center");
    let asked = [
        ("client_id", "ID"),
        ("response_type", "code"),
        ("redirect_uri", "BACK"),
        ("xoauth_displayname", "bangumoe"),
        ("state", "xyz"),
    ];
    let authorize = with(&format!("{center}/oauth2/auth"), &bench.fill("lianluo", &asked));
    let pairs = |code: &str, more: &[(&'static str, &str)]| {
        let usual =
            [("client_id", "ID"), ("client_secret", "SECRET"), ("grant_type", "authorization_code"), ("code", code)];
        bench.fill("lianluo", &[&usual, more].concat())
    };
    let token = async |pairs: &[(&str, String)]| {
        let body: Value = pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect();
        bench.send(bench.http.post(format!("{center}/oauth2/token")).json(&body)).await
    };
    let code = bench.code(&authorize, "zacksleo").await;
    let form = bench.form(&format!("{center}/oauth2/token"), &pairs(&code, &[])).await;
    assert_eq!(form.json()["error"], "invalid_client", "JSON alone");
    assert_eq!(token(&pairs(&code, &[("client_secret", "wrong")])).await.json()["error"], "invalid_client");
    let reply = token(&pairs(&code, &[])).await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let reply = reply.json();
    assert!(reply["expires_in"] == 86_400 && reply["token_type"] == "Bearer" && reply["scope"].is_null());
    assert!(reply.get("union_id").is_none(), "only the profile says who it is");
    let code = bench.code(&authorize, "zacksleo").await;
    assert_eq!(token(&pairs(&code, &[("redirect_uri", "BACK")])).await.status, 201, "it may be there");
    let code = bench.code(&authorize, "zacksleo").await;
    assert_eq!(token(&pairs(&code, &[("redirect_uri", "http://localhost:3000/x")])).await.status, 400);
    let users = format!("{center}/api/oauth2/v1/users?access_token=");
    let user = bench.get(&format!("{users}{}", reply["access_token"].as_str().unwrap())).await;
    assert_eq!(user.status, 201);
    let user = user.json();
    assert_eq!((user["union_id"].as_str().unwrap().len(), &user["username"]), (32, &json!("zacksleo")));
    assert!(user["avatar"].is_null() && user["email"].is_string() && user["phone"].is_string());
    assert_eq!(bench.get(&format!("{users}wrong")).await.status, 401);
}

#[tokio::test]
async fn six_park_goes_back_to_the_registered_address_and_knows_its_applications_by_basic() {
    let bench = Bench::start().await;
    let auth = bench.base("6park", "auth") + "/index.php";
    let asked = [("app", "authorize"), ("response_type", "code"), ("client_id", "ID"), ("state", "xyz")];
    let authorize = with(&auth, &bench.fill("6park", &asked));
    assert_eq!(bench.get(&authorize.replace("state", "no")).await.status, 400, "state is needed");
    let code = bench.code(&authorize, "1024").await;
    let id = bench.setting("6park", "client_id");
    let token = async |secret: &str, code: &str| {
        let form = [("grant_type", "authorization_code"), ("code", code), ("client_id", &id)];
        let request = bench.http.post(format!("{auth}?app=token")).basic_auth(&id, Some(secret)).form(&form);
        bench.send(request).await
    };
    let secret = bench.setting("6park", "client_secret");
    let refused = token("wrong", &code).await;
    assert!(refused.status == 200 && refused.json().get("access_token").is_none(), "an error has no token");
    let reply = token(&secret, &code).await.json();
    assert_eq!(reply.as_object().unwrap().len(), 2);
    assert!(reply["expires_in"].is_u64());
    assert!(token(&secret, &code).await.json()["error"].is_string(), "once");
    let resource = bench.base("6park", "resource") + "/index.php?app=user&act=userinfo";
    let info = async |token: &str, secret: &str| {
        let request = bench.http.post(&resource).basic_auth(&id, Some(secret)).form(&[("token", token)]);
        bench.send(request).await.json()
    };
    let access = reply["access_token"].as_str().unwrap();
    assert_eq!(info(access, &secret).await, json!({ "info": { "uid": "1024", "username": "1024" } }));
    assert!(info("wrong", &secret).await["error"].is_string() && info(access, "wrong").await["error"].is_string());
}
