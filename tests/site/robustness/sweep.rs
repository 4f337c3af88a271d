//! A few hundred random requests of each kind, the same in every run.

use tests::flow::{CHALLENGE, REDIRECT, VERIFIER};
use tests::{TestSite, Value, json};

use super::{Lived, assert_clear, raw};

/// Random numbers that every run has in the same order (xorshift).
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or_default() % below.max(1)
    }

    fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        let at = self.next(of.len());
        of.iter().copied().cycle().nth(at).unwrap_or_else(|| unreachable!("nothing to pick from"))
    }

    /// A text, mostly odd.
    fn text(&mut self) -> String {
        let odd = [
            "",
            "a",
            "%",
            "%00",
            "\u{0}",
            "名前",
            "\u{202e}",
            "'\"<>&",
            "\r\n",
            " ",
            "+",
            "-1",
            "0",
            "99999999999",
            "none",
            "S256",
            "plain",
            "openid",
            "code",
            "{}",
            "..",
            "/",
            "https://evil.example",
            "javascript:alert(1)",
            "\u{10ffff}",
        ];
        let mut text = String::new();
        for _ in 0..self.next(4) {
            text.push_str(self.pick(&odd));
            if self.next(8) == 0 {
                text.push_str(&"x".repeat(self.next(700)));
            }
        }
        text
    }

    /// Good text, cut, doubled, or with a character changed.
    fn bent(&mut self, good: &str) -> String {
        let chars: Vec<char> = good.chars().collect();
        let at = self.next(chars.len());
        let (before, after): (String, String) = (chars.iter().take(at).collect(), chars.iter().skip(at + 1).collect());
        match self.next(5) {
            0 => before,
            1 => format!("{good}{good}"),
            2 => format!("{before}{}{after}", self.text()),
            3 => format!("{before}A{after}"),
            _ => good.to_owned(),
        }
    }

    /// Any JSON, not deep.
    fn value(&mut self, depth: usize) -> Value {
        match self.next(if depth == 0 { 6 } else { 9 }) {
            0 => Value::Null,
            1 => json!(self.next(2) == 0),
            2 => json!(self.next(100_000)),
            3 => json!(-1.5e30),
            4 | 5 => json!(self.text()),
            6 => (0..self.next(3)).map(|_| self.value(depth - 1)).collect(),
            _ => (0..self.next(3)).map(|_| (self.text(), self.value(depth - 1))).collect(),
        }
    }
}

/// Percent-encodes, or forgets to.
fn encode(pairs: &[(String, String)], dice: &mut Dice) -> Vec<u8> {
    if dice.next(4) == 0 {
        let joined: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        // What would end the request line is left out.
        joined.join("&").replace(['\r', '\n', ' ', '\0', '#'], "").into_bytes()
    } else {
        let encoded: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        encoded.into_bytes()
    }
}

/// Some of the good pairs, some bent, some twice, and some of nobody's.
fn shuffled(good: &[(&str, &str)], dice: &mut Dice) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (name, value) in good {
        let times = match dice.next(7) {
            0 => 0,
            1 => 2,
            _ => 1,
        };
        for _ in 0..times {
            pairs.push(((*name).to_owned(), if dice.next(3) == 0 { dice.bent(value) } else { (*value).to_owned() }));
        }
    }
    if dice.next(3) == 0 {
        pairs.push((dice.text(), dice.text()));
    }
    pairs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_random_authorization_requests_never_break_it() {
    let site = TestSite::start().await;
    let Lived { client, user, .. } = Lived::in_site(&site).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let mut dice = Dice(0x0bad_5eed);
    let good = [
        ("response_type", "code"),
        ("client_id", client.id.as_str()),
        ("redirect_uri", REDIRECT),
        ("scope", "openid profile"),
        ("state", "xyz"),
        ("nonce", "n-0S6_WzA2Mj"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("prompt", "none"),
        ("max_age", "3600"),
        ("ui_locales", "ja en"),
        ("resource", "https://api.example"),
        ("request_uri", "urn:x"),
        ("response_mode", "query"),
    ];
    for round in 0..400 {
        let keep = 4 + dice.next(good.len() - 3);
        let query = encode(&shuffled(&good[..keep], &mut dice), &mut dice);
        let shown = String::from_utf8_lossy(&query).into_owned();
        if round % 4 == 0 {
            let head = "POST /oauth2/authorize HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n";
            assert_clear(&raw(&site, head, query).await, &shown);
            continue;
        }
        let reply = raw(&site, [b"GET /oauth2/authorize?", query.as_slice(), b" HTTP/1.1\r\n"].concat(), "").await;
        assert_clear(&reply, &shown);
        // Wherever it leads, it leads to the site or to what the application registered.
        for line in reply.text.lines().filter(|line| line.to_lowercase().starts_with("location: ")) {
            let to = &line["location: ".len()..];
            let (registered, here) = (to.starts_with(&format!("{REDIRECT}?")), to.starts_with("/login?continue="));
            assert!(registered || here, "{shown} leads to {to}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_random_token_requests_never_break_it_nor_give_a_token() {
    let site = TestSite::start().await;
    let Lived { client, user, tokens, .. } = Lived::in_site(&site).await;
    let browser = site.browser();
    browser.sign_in(&user).await;
    let code = browser.code(&client, "openid").await;
    let mut dice = Dice(0xdead_beef);
    let secret = client.secret.clone().unwrap();
    for round in 0..400 {
        // The secret is never right, so nothing may come of any of them.
        let wrong = format!("{}!", dice.bent(&secret));
        let good = [
            ("grant_type", *["authorization_code", "refresh_token", "client_credentials"].get(round % 3).unwrap()),
            ("client_id", client.id.as_str()),
            ("client_secret", &wrong),
            ("code", &code),
            ("code_verifier", VERIFIER),
            ("redirect_uri", REDIRECT),
            ("refresh_token", &tokens.refresh_token),
            ("scope", "openid"),
        ];
        let pairs = shuffled(&good, &mut dice);
        let (kind, body) = if round % 2 == 0 {
            ("application/x-www-form-urlencoded", encode(&pairs, &mut dice))
        } else {
            let object: serde_json::Map<_, _> = pairs.into_iter().map(|(name, value)| (name, json!(value))).collect();
            ("application/json", json!(object).to_string().into_bytes())
        };
        let shown = String::from_utf8_lossy(&body).into_owned();
        let reply = raw(&site, format!("POST /oauth2/token HTTP/1.1\r\nContent-Type: {kind}\r\n"), body).await;
        assert_clear(&reply, &shown);
        assert!((400..500).contains(&reply.status), "{shown}: {}", reply.text);
    }
    assert_eq!(site.redeem(&client, &code, VERIFIER).await.status, 200, "and none consumed anything");
    assert_eq!(site.refresh(&client, &tokens.refresh_token).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_random_tokens_and_cookies_open_nothing() {
    let site = TestSite::start().await;
    let Lived { own, tokens, .. } = Lived::in_site(&site).await;
    let mut dice = Dice(0xfeed_face);
    for _ in 0..300 {
        let good = dice.pick(&[own.as_str(), &tokens.access_token, &tokens.refresh_token, &tokens.id_token]);
        let garbled = format!("{}x", dice.bent(good)).replace(['\r', '\n', '\0'], "");
        for (path, name) in [("/oauth2/userinfo", "Authorization: Bearer "), ("/account", "Cookie: session=")] {
            let reply = raw(&site, format!("GET {path} HTTP/1.1\r\n{name}{garbled}\r\n"), "").await;
            assert_clear(&reply, &garbled);
            assert!((400..500).contains(&reply.status), "{garbled}: {}", reply.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e60_random_client_metadata_never_break_registration() {
    let site = TestSite::start().await;
    let mut dice = Dice(0x0c0f_fee0);
    let good = [
        ("redirect_uris", json!([REDIRECT])),
        ("client_name", json!("Anime Diary")),
        ("grant_types", json!(["authorization_code", "refresh_token"])),
        ("response_types", json!(["code"])),
        ("token_endpoint_auth_method", json!("none")),
        ("scope", json!("openid profile")),
        ("application_type", json!("native")),
        ("default_max_age", json!(3600)),
        ("require_auth_time", json!(true)),
        ("logo_uri", json!("https://app.example/logo.png")),
        ("contacts", json!(["a@app.example"])),
        ("jwks", json!({ "keys": [] })),
    ];
    for _ in 0..400 {
        let mut metadata = serde_json::Map::new();
        for (name, value) in &good {
            match dice.next(6) {
                0 => {}
                1 => drop(metadata.insert((*name).to_owned(), dice.value(2))),
                2 => drop(metadata.insert((*name).to_owned(), json!([dice.text(), dice.text()]))),
                _ => drop(metadata.insert((*name).to_owned(), value.clone())),
            }
        }
        let reply = site.post("/oauth2/register", None, json!(metadata)).await;
        assert!(matches!(reply.status, 201 | 400), "{metadata:?}: {} {}", reply.status, reply.body);
        if reply.status == 400 {
            assert!(
                ["invalid_client_metadata", "invalid_redirect_uri"].contains(&reply.error().as_str()),
                "{}",
                reply.body
            );
            continue;
        }
        // What was accepted is echoed as a client can rely on it.
        for uri in reply.json()["redirect_uris"].as_array().unwrap() {
            assert!(!uri.as_str().unwrap().starts_with("javascript:"), "{uri}");
        }
    }
}
