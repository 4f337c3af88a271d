//! Userinfo.

use serde_json::{Value, json};
use shared::oauth::ScopeToken;

use crate::components::USER_ID;
use crate::operation::Errors::Problem;
use crate::operation::{Operation, get, options, post};
use crate::schema::{named, open, text};

pub(crate) fn operations() -> Vec<Operation> {
    let path = "/oauth2/userinfo";
    let oauth = format!("oauth {}", ScopeToken::Openid.as_str());
    let userinfo = |operation: Operation| {
        operation
            .in_header("DPoP?", text(), Value::Null, "the proof of the key that the token is bound to")
            .answers(
                200,
                "The claims; a JWT where the client registered for it.",
                named("Claims"),
                json!({ "sub": USER_ID, "nickname": "桜" }),
            )
            .answers_as(200, "", "application/jwt")
            .with_header(200, "Access-Control-Allow-Origin")
            .fails(Problem, &[400, 401, 403, 503])
    };
    let token = open(vec![("access_token?", text())]);
    vec![
        userinfo(get(path, "userinfo", "What a token lets out about its user").security(&[&oauth, "dpop"])),
        userinfo(
            post(path, "userinfoByPost", "The same by POST; the token may be in the form (RFC 6750 §2.2)")
                .security(&[&oauth, "dpop", ""])
                .takes_either(token, json!({ "access_token": "eyJ…" }))
                .body_may_be_missing(),
        ),
        options(path, "preflightUserinfo"),
    ]
}
