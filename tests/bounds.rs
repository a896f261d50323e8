//! What is too large is refused, and nobody waits for it.
//!
//! One worker serves everything here, so that a request which kept it busy would keep all others
//! waiting.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::fmt::Write;

use common::{
    PATIENCE,
    app::App,
    events::{self, Stream},
    people::Person,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

fn one_worker() -> App {
    App::builder().set("QUAD_WORKERS", "1").start(1)
}

/// Sends a request whose head is written here, while somebody else asks for something. Answers
/// status and code.
async fn ask(app: &App, head: &str) -> (u16, String) {
    let asked = async {
        let mut tcp = TcpStream::connect(app.server().address()).await.unwrap();
        // What is far too large is refused before all of it is sent.
        let _ = tcp.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            let read = timeout(PATIENCE, tcp.read(&mut chunk)).await;
            let read = read.expect("an answer, and the end");
            match read {
                Ok(0) => break,
                Ok(read) => answer.extend_from_slice(&chunk[..read]),
                Err(error) => panic!("{error} after {answer:?}"),
            }
        }
        String::from_utf8_lossy(&answer).into_owned()
    };
    let other = app.server().http.get("/healthz");
    let (answer, other) = tokio::join!(asked, other);
    assert_eq!(other.status, 200);
    let status = answer.split(' ').nth(1).expect("a status").parse().unwrap();
    let body = answer.split_once("\r\n\r\n").expect("a body").1;
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let code = body["code"].as_str().unwrap_or_default().to_owned();
    (status, code)
}

fn head(method: &str, target: &str, headers: &[(&str, &str)]) -> String {
    let mut head =
        format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    head + "\r\n"
}

/// So many different names, with this between them.
fn names(count: usize, between: &str) -> String {
    let names: Vec<String> = (0..count).map(|n| format!("{n:x}")).collect();
    names.join(between)
}

#[tokio::test]
async fn a_head_of_any_size_is_answered_and_nobody_waits() {
    let app = one_worker();
    let ana = app.sign_up("ana").await;
    let bearer = format!("Bearer {}", ana.token);
    let as_ana = |header: &str, value: &str| {
        let headers = [("Authorization", bearer.as_str()), (header, value)];
        head("GET", "/events", &headers)
    };
    let id = |places: usize| format!("{}=1.e:1", names(places, "=1.e:1;"));
    for (large, status, code) in [
        (
            as_ana("Last-Event-ID", &id(25_000)),
            431,
            "headers_too_large",
        ),
        (
            as_ana("Last-Event-ID", &id(3_500)),
            431,
            "headers_too_large",
        ),
        (as_ana("Last-Event-ID", &id(1_500)), 400, "malformed"),
        (
            as_ana("Last-Event-ID", &";".repeat(30_000)),
            400,
            "malformed",
        ),
        (
            as_ana("Last-Event-ID", &";".repeat(400_000)),
            431,
            "headers_too_large",
        ),
    ] {
        let about = format!("{} bytes", large.len());
        assert_eq!(ask(&app, &large).await, (status, code.into()), "{about}");
    }
    for name in [
        "Accept",
        "Accept-Encoding",
        "Authorization",
        "Cookie",
        "Idempotency-Key",
        "If-None-Match",
        "Origin",
        "Sec-WebSocket-Protocol",
        "X-Forwarded-For",
        "X-Anything",
    ] {
        for size in [20_000, 60_000, 400_000] {
            let large = head("GET", "/api/v1/me", &[(name, &"a=b, c; ".repeat(size / 8))]);
            let answer = ask(&app, &large).await;
            assert_eq!(answer, (431, "headers_too_large".into()), "{name}, {size}");
        }
    }
    let many = |count: usize| {
        let names: Vec<String> = (0..count).map(|n| format!("x-{n}")).collect();
        let headers: Vec<_> = names.iter().map(|name| (name.as_str(), "v")).collect();
        head("GET", "/healthz", &headers)
    };
    assert_eq!(ask(&app, &many(90)).await.0, 200);
    assert_eq!(
        ask(&app, &many(5_000)).await,
        (431, "headers_too_large".into())
    );
    let nonsense = "\u{16}\u{3}\u{1}nothing of the kind\r\n\r\n";
    assert_eq!(ask(&app, nonsense).await, (400, "malformed".into()));
}

#[tokio::test]
async fn an_address_of_any_size_is_answered_and_nobody_waits() {
    let app = one_worker();
    let ana = app.sign_up("ana").await;
    let bearer = format!("Bearer {}", ana.token);
    let asked = async |target: String| {
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Accept", "application/json"),
        ];
        ask(&app, &head("GET", &target, &headers)).await
    };
    for page in ["/", "/login", "/nothing", "/api/v1/posts", "/events"] {
        let many = format!("{page}?{}", names(5_000, "=&"));
        assert_eq!(asked(many).await, (400, "malformed".into()), "{page}");
        let long = format!("{page}?a={}", "b".repeat(60_000));
        assert_eq!(asked(long).await, (414, "uri_too_long".into()), "{page}");
        let longer = format!("{page}?a={}", "b".repeat(400_000));
        let (status, code) = asked(longer).await;
        assert!(
            [(414, "uri_too_long"), (431, "headers_too_large")].contains(&(status, code.as_str())),
            "{page}: {status} {code}"
        );
    }
    let deep = |path: &str, count: usize| format!("{path}{}", "/a".repeat(count));
    for path in ["", "/api/v1", "/pkg", "/rooms"] {
        assert_eq!(asked(deep(path, 1_900)).await, (400, "malformed".into()));
        assert_eq!(
            asked(deep(path, 20_000)).await,
            (414, "uri_too_long".into())
        );
    }
    for folder in ["", "/pkg"] {
        let name = format!("{folder}/{}", "%41".repeat(1_200));
        assert_eq!(asked(name).await.0, 404);
    }
    // Channels: each may be named many times, but there are only so many of them.
    let channels = |list: &str| format!("/events?channels={list}");
    assert_eq!(
        asked(channels(&names(12_000, ","))).await,
        (414, "uri_too_long".into())
    );
    assert_eq!(
        asked(channels(&names(8_000, ","))).await,
        (422, "invalid".into())
    );
    assert_eq!(
        asked(channels(&names(201, ","))).await,
        (422, "invalid".into())
    );
    assert_eq!(
        asked(channels(&names(201, "%2C"))).await,
        (422, "invalid".into())
    );
}

#[tokio::test]
async fn a_range_of_many_parts_of_a_file_is_refused() {
    let app = one_worker();
    let parts: Vec<String> = (0..12_000).map(|n| format!("{0}-{0}", 2 * n)).collect();
    for count in [12_000, 1_000, 100] {
        let range = format!("bytes={}", parts[..count].join(","));
        for file in ["/pkg/quad.css", "/robots.txt", "/"] {
            let answer = ask(&app, &head("GET", file, &[("Range", &range)])).await;
            assert_eq!(answer, (431, "headers_too_large".into()), "{file}, {count}");
        }
    }
}

#[tokio::test]
async fn as_many_channels_as_one_may_listen_to_come_and_come_back() {
    let app = one_worker();
    let token = app.token("publish");
    let name = |n: usize| format!("{n:0>60}");
    let channels = |from: usize, to: usize| -> String {
        let names: Vec<String> = (from..to).map(name).collect();
        names.join(",")
    };
    let publish = async |text: &str| {
        let ask = app.server().http.broadcast(&token, &name(7), text);
        ask.send().await.ok(200);
    };
    publish("before").await;
    // Named twice, it is still one.
    let query = format!("?channels={},{}", channels(0, 200), channels(0, 200));
    let mut stream = Stream::open(app.server(), &token, &query, None).await;
    let mut last = String::new();
    for _ in 0..200 {
        last = stream.expect("ack").await.id;
    }
    assert!(last.len() < 32 << 10, "{} bytes", last.len());
    drop(stream);
    publish("while away").await;
    let mut again = Stream::open(app.server(), &token, &query, Some(&last)).await;
    for n in 0..200 {
        let ack = again.expect("ack").await.json();
        assert_eq!(ack["channel"], name(n));
        if n == 7 {
            assert_eq!(ack["recovered"], true);
            assert_eq!(again.expect("message").await.json()["text"], "while away");
        }
    }
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let one_more = format!("?channels={}", channels(0, 201));
    let refused = events::refused(app.server(), &one_more, &headers).await;
    assert_eq!(refused, (422, json!("invalid")));
}

async fn posted(app: &App, person: &Person, path: &str, kind: &str, body: String) -> (u16, String) {
    let headers = [
        ("Authorization", &*format!("Bearer {}", person.token)),
        ("Content-Type", kind),
        ("Content-Length", &*body.len().to_string()),
    ];
    ask(app, &(head("POST", path, &headers) + &body)).await
}

#[tokio::test]
async fn a_body_of_any_kind_is_answered_and_nobody_waits() {
    const JSON: &str = "application/json";
    const FORM: &str = "application/x-www-form-urlencoded";
    let app = one_worker();
    let ana = app.sign_up("ana").await;
    let stream = Stream::open(app.server(), &ana.token, "", None).await;
    let events = format!("/events/{}", stream.name);
    let fields = |count: usize| {
        let fields: Vec<String> = (0..count).map(|n| format!("\"{n:x}\":1")).collect();
        format!("{{{}}}", fields.join(","))
    };
    let typing = |count: usize| {
        let frame = r#"{"type":"typing","channel":"a"}"#;
        format!("[{}]", vec![frame; count].join(","))
    };
    for (path, kind, body, status, code) in [
        ("/api/v1/posts", JSON, "[".repeat(60_000), 400, "malformed"),
        (
            "/api/v1/posts",
            JSON,
            "{\"a\":".repeat(12_000),
            400,
            "malformed",
        ),
        ("/api/v1/posts", JSON, fields(7_000), 422, "invalid"),
        ("/api/v1/posts", JSON, " ".repeat(70_000), 413, "too_large"),
        (&events, JSON, "[".repeat(60_000), 400, "malformed"),
        (&events, JSON, fields(7_000), 0, ""),
        (&events, JSON, typing(1_001), 422, "invalid"),
        (&events, JSON, typing(1_000), 202, ""),
        ("/fn/create_post", FORM, "a=&".repeat(20_000), 0, ""),
        ("/fn/create_post", FORM, names(12_000, "=&"), 0, ""),
        (
            "/fn/create_post",
            FORM,
            format!("a{}=", "[a]".repeat(20_000)),
            0,
            "",
        ),
        (
            "/fn/create_post",
            FORM,
            format!("text={}", "@a ".repeat(20_000)),
            0,
            "",
        ),
    ] {
        let about: String = format!("{path} {}", body.chars().take(40).collect::<String>());
        let (got, said) = posted(&app, &ana, path, kind, body).await;
        if status == 0 {
            assert!((400..500).contains(&got), "{about}: {got} {said}");
        } else {
            assert_eq!((got, said.as_str()), (status, code), "{about}");
        }
    }
}

/// What one who has no JSON to send can send: a form, which the pages' own calls read whole.
#[tokio::test]
async fn a_form_has_an_end_too() {
    let app = one_worker();
    let body = format!("text={}", "a".repeat(200_000));
    let headers = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Length", &*body.len().to_string()),
    ];
    let path = form_of(&app).await;
    let answer = ask(&app, &(head("POST", &path, &headers) + &body)).await;
    assert_eq!(answer, (413, "too_large".into()), "{path}");
}

/// Where a form of the log-in page leads.
async fn form_of(app: &App) -> String {
    let page = app.server().http.get("/login").await;
    let text = page.text();
    let (_, rest) = text.split_once("action=\"/").expect("a form");
    format!("/{}", rest.split_once('"').unwrap().0)
}
