//! What is fetched from addresses that clients supply, and what is not.

use std::time::Duration;

use shared::config::FetchPolicy;
use shared::fetch::{FetchError, Fetcher, USUAL_LIMIT};
use tests::Remote;
use tests::remote::Answer;

/// As a laptop's site that was told so.
fn permitted() -> Fetcher {
    Fetcher::new(FetchPolicy { allow_private: true, roots: None })
}

/// As a deployed site.
fn strict() -> Fetcher {
    Fetcher::new(FetchPolicy::default())
}

#[tokio::test]
async fn v46_what_stands_there_is_fetched_by_a_client_that_says_who_it_is_and_nothing_else() {
    let remote = Remote::start().await;
    let url = remote.put("/keys?x=1", Answer::new(200, "application/jwk-set+json", "{}"));
    let fetched = permitted().get(&url, USUAL_LIMIT).await.unwrap();
    assert_eq!((fetched.body.as_slice(), fetched.content_type.as_str()), (&b"{}"[..], "application/jwk-set+json"));
    let head = remote.requests()[0].head.to_ascii_lowercase();
    assert!(head.starts_with("get /keys?x=1 http/1.1\r\n") && head.contains("user-agent: bangumoe/"), "{head}");
    for unwanted in ["cookie", "referer", "authorization", "accept-encoding"] {
        assert!(!head.contains(unwanted), "{head}");
    }
}

#[tokio::test]
async fn v46_a_name_that_leads_to_a_private_address_is_not_called() {
    let remote = Remote::start().await;
    let url = remote.put("/", Answer::new(200, "text/plain", "secret"));
    let by_name = url.replace("http:", "https:");
    assert_eq!(strict().get(&by_name, USUAL_LIMIT).await.unwrap_err(), FetchError::Forbidden);
    assert_eq!(strict().post_form(&by_name, &[]).await.unwrap_err(), FetchError::Forbidden);
    let by_address = by_name.replace("localhost", "127.0.0.1");
    for url in [&url, &by_address, "https://169.254.169.254/latest/meta-data/"] {
        assert_eq!(strict().get(url, USUAL_LIMIT).await.unwrap_err(), FetchError::Forbidden, "{url}");
    }
    assert!(remote.requests().is_empty());
    // What is permitted is called, and does not speak TLS.
    assert_eq!(permitted().get(&by_name, USUAL_LIMIT).await.unwrap_err(), FetchError::Unreachable);
}

#[tokio::test]
async fn v46_no_redirect_is_followed() {
    let remote = Remote::start().await;
    let secret = remote.put("/secret", Answer::new(200, "text/plain", "secret"));
    for status in [301, 302, 303, 307, 308] {
        let mut answer = Answer::new(status, "text/plain", "");
        answer.head += &format!("\r\nlocation: {secret}");
        let url = remote.put("/", answer);
        assert_eq!(permitted().get(&url, USUAL_LIMIT).await.unwrap_err(), FetchError::Status(status));
        assert_eq!(permitted().post_form(&url, &[]).await.unwrap().as_u16(), status);
    }
    assert!(remote.requests().iter().all(|asked| asked.path() == "/"));
}

#[tokio::test]
async fn v46_an_answer_that_is_too_long_is_not_read_to_its_end() {
    let remote = Remote::start().await;
    let long = vec![b'a'; 10 * 1024 * 1024];
    let url = remote.put("/told", Answer::new(200, "text/plain", long.clone()));
    assert_eq!(permitted().get(&url, USUAL_LIMIT).await.unwrap_err(), FetchError::TooLarge);
    // Without its length, until the connection ends.
    let untold = Answer { head: "HTTP/1.1 200 OK".to_owned(), body: long, stalls: true };
    let url = remote.put("/untold", untold);
    assert_eq!(permitted().get(&url, USUAL_LIMIT).await.unwrap_err(), FetchError::TooLarge);
    // The limit is the caller's, to the byte.
    let url = remote.put("/short", Answer::new(200, "text/plain", "12345"));
    assert!(permitted().get(&url, 5).await.is_ok());
    assert_eq!(permitted().get(&url, 4).await.unwrap_err(), FetchError::TooLarge);
}

#[tokio::test]
async fn v46_who_answers_slowly_is_not_waited_for() {
    let remote = Remote::start().await;
    let url = remote.put("/", Answer { stalls: true, ..Answer::new(200, "text/plain", "12345") });
    // It says that there is more to come.
    let more = Answer { head: "HTTP/1.1 200 OK\r\ncontent-length: 6".to_owned(), ..Answer::new(200, "", "12345") };
    let half = remote.put("/half", Answer { stalls: true, ..more });
    assert_eq!(permitted().get(&url, USUAL_LIMIT).await.unwrap().body, b"12345", "its length is told, and came");
    remote.next().await;
    let fetching = tokio::spawn(async move { permitted().get(&half, USUAL_LIMIT).await });
    remote.next().await;
    // From here on time passes as soon as everybody waits.
    tokio::time::pause();
    let ended = tokio::time::timeout(Duration::from_secs(60), fetching).await;
    assert_eq!(ended.unwrap().unwrap().unwrap_err(), FetchError::Unreachable);
}

#[tokio::test]
async fn v46_nobody_there_and_nonsense_are_an_error_and_no_more() {
    let remote = Remote::start().await;
    let nonsense = Answer { head: "SSH-2.0-OpenSSH".to_owned(), body: vec![0; 100], stalls: false };
    let url = remote.put("/", nonsense);
    assert_eq!(permitted().get(&url, USUAL_LIMIT).await.unwrap_err(), FetchError::Unreachable);
    let missing = format!("{}/missing", remote.url);
    assert_eq!(permitted().get(&missing, USUAL_LIMIT).await.unwrap_err(), FetchError::Status(404));
    let gone = remote.url.clone();
    drop(remote);
    assert_eq!(permitted().get(&gone, USUAL_LIMIT).await.unwrap_err(), FetchError::Unreachable);
}

#[tokio::test]
async fn v46_a_form_is_posted_and_its_status_told() {
    let remote = Remote::start().await;
    let url = remote.put("/out", Answer::new(204, "text/plain", ""));
    let status = permitted().post_form(&url, &[("logout_token", "a.b.c"), ("é", "x y")]).await.unwrap();
    assert_eq!(status.as_u16(), 204);
    let asked = &remote.requests()[0];
    assert!(asked.head.starts_with("POST /out ") && asked.head.contains("application/x-www-form-urlencoded"));
    assert_eq!(asked.body, "logout_token=a.b.c&%C3%A9=x+y");
}

#[tokio::test]
async fn v46_a_certificate_must_be_for_the_name_and_lead_to_a_root_that_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roots.pem");
    let (remote, root) = Remote::start_tls("localhost").await;
    let url = remote.put("/", Answer::new(200, "text/plain", "secured"));
    std::fs::write(&path, root).unwrap();
    let told = |allow_private| Fetcher::new(FetchPolicy { allow_private, roots: Some(path.clone()) });
    assert_eq!(told(true).get(&url, USUAL_LIMIT).await.unwrap().body, b"secured");
    assert_eq!(permitted().get(&url, USUAL_LIMIT).await.unwrap_err(), FetchError::Unreachable, "nobody vouches for it");
    assert_eq!(told(false).get(&url, USUAL_LIMIT).await.unwrap_err(), FetchError::Forbidden);
    let (other, root) = Remote::start_tls("app.example").await;
    let url = other.put("/", Answer::new(200, "text/plain", "secured"));
    std::fs::write(&path, root).unwrap();
    assert_eq!(told(true).get(&url, USUAL_LIMIT).await.unwrap_err(), FetchError::Unreachable, "another's certificate");
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn v46_a_file_of_roots_that_has_none_trusts_nothing() {
    let remote = Remote::start().await;
    let url = remote.put("/", Answer::new(200, "text/plain", ""));
    let roots = Some("no such file".into());
    let fetcher = Fetcher::new(FetchPolicy { allow_private: true, roots });
    assert_eq!(fetcher.get(&url, USUAL_LIMIT).await.unwrap_err(), FetchError::Unreachable);
}
