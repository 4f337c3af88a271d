//! A function's answer, payload format 2.0, as an HTTP response; and the gateway's own answers.

use std::collections::BTreeMap;

use bytes::Bytes;
use data_encoding::BASE64;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde::Deserialize;
use serde_json::{Value, json};

/// A response with all of its body.
pub(crate) type Answer = Response<Full<Bytes>>;

/// What a function returns. Format 2.0 has no `multiValueHeaders`: API Gateway doesn't look at it, nor do we.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    cookies: Vec<String>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

/// The response that a function's payload describes; `None` where it describes none.
pub(crate) fn from_payload(payload: Value) -> Option<Answer> {
    let payload: Payload = serde_json::from_value(payload).ok()?;
    let body = match payload.body {
        Some(text) if payload.is_base64_encoded => Bytes::from(BASE64.decode(text.as_bytes()).ok()?),
        Some(text) => Bytes::from(text),
        None => Bytes::new(),
    };
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = StatusCode::from_u16(payload.status_code).ok()?;
    // The server writes these itself.
    let of_the_connection = [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
    for (name, value) in payload.headers {
        let name: HeaderName = name.parse().ok()?;
        if !of_the_connection.contains(&name) {
            answer.headers_mut().insert(name, value.parse().ok()?);
        }
    }
    for cookie in payload.cookies {
        answer.headers_mut().append(header::SET_COOKIE, cookie.parse().ok()?);
    }
    Some(answer)
}

/// What API Gateway says where no function does.
pub(crate) fn message(status: StatusCode, text: &str) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(json!({ "message": text }).to_string())));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// The same page under another address.
pub(crate) fn redirect(location: &str) -> Option<Answer> {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    answer.headers_mut().insert(header::LOCATION, location.parse().ok()?);
    Some(answer)
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test]
    async fn a_payload_becomes_the_response_that_it_describes() {
        let payload = json!({
            "statusCode": 201, "headers": { "x-a": "b", "content-length": "99" }, "multiValueHeaders": {},
            "cookies": ["a=1; Path=/", "b=2"], "body": "aGk=", "isBase64Encoded": true,
        });
        let answer = from_payload(payload).unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        assert_eq!(answer.headers()["x-a"], "b");
        assert!(!answer.headers().contains_key("content-length"));
        assert_eq!(answer.headers().get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1; Path=/", "b=2"]);
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "hi");
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for payload in [
            json!(null),
            json!({ "statusCode": 99 }),
            json!({ "statusCode": 200, "headers": { "a b": "c" } }),
            json!({ "statusCode": 200, "body": "?", "isBase64Encoded": true }),
        ] {
            assert!(from_payload(payload.clone()).is_none(), "{payload}");
        }
    }
}
