//! What inputs are made of: good words, odd words, and texts that are neither.

use proptest::collection::vec;
use proptest::prelude::*;
use tests::flow::{CHALLENGE, REDIRECT, VERIFIER};
use tests::{Value, json};

/// Words that mean something somewhere.
const WORDS: &[&str] = &[
    "",
    " ",
    "0",
    "-1",
    "60",
    "9223372036854775808",
    "1e999",
    "null",
    "true",
    "none",
    "S256",
    "plain",
    "code",
    "token",
    "id_token",
    "code id_token token",
    "query",
    "fragment",
    "form_post",
    "login",
    "consent",
    "select_account",
    "openid",
    "openid profile email",
    "offline_access",
    "account",
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "password",
    "implicit",
    "urn:ietf:params:oauth:grant-type:device_code",
    "client_secret_basic",
    "private_key_jwt",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:token-type:access_token",
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "urn:ietf:params:oauth:request_uri:x",
    "RS256",
    "HS256",
    "ES256",
    "EdDSA",
    "pairwise",
    "web",
    "native",
    "fapi2",
    "https://",
    "https://a",
    "javascript:alert(1)",
    "//evil",
    "http://127.0.0.1:1/cb",
    "http://[::1]/",
    "http://169.254.169.254/",
    "..",
    "/",
    "\\",
    "%",
    "%00",
    "%zz",
    "+",
    "&",
    "=",
    "#",
    "\u{0}",
    "\r\nset-cookie: a=b",
    "\u{202e}",
    "番组",
    "\u{10ffff}",
    "'\"<>&",
    "{}",
    "[]",
    "[[[[[[[[",
    "a.b.c",
    "eyJhbGciOiJub25lIn0.e30.",
    "WDJB-MJHT",
    CHALLENGE,
    VERIFIER,
    REDIRECT,
];

/// A text: a word, several, or anything.
pub(super) fn text() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(WORDS).prop_map(str::to_owned);
    prop_oneof![
        5 => word.clone(),
        1 => vec(word, 1..5).prop_map(|words| words.join(" ")),
        1 => any::<String>(),
        1 => (text_of_one(), 0usize..6000).prop_map(|(text, times)| text.repeat(times / text.len().max(1))),
    ]
}

fn text_of_one() -> impl Strategy<Value = String> {
    proptest::sample::select(&["x", "é", "%", "[", "."][..]).prop_map(str::to_owned)
}

/// JSON of any shape, not deep.
pub(super) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => text().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((text(), inner), 0..4).prop_map(|pairs| json!(pairs.into_iter().collect::<serde_json::Map<_, _>>())),
        ]
    })
}

/// Pairs of names, mostly from `names`, and values, mostly those that go with the name in `good`.
pub(super) fn pairs(
    names: &'static [&'static str],
    good: &'static [(&'static str, &'static str)],
) -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![9 => proptest::sample::select(names).prop_map(str::to_owned), 1 => text()];
    let odd = vec((name, text()), 0..5);
    let kept = proptest::sample::subsequence(good, 0..=good.len());
    (kept, odd).prop_map(|(kept, odd)| {
        let kept = kept.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        kept.chain(odd).collect()
    })
}
