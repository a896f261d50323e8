//! What programs send and get: JSON however it is written, and errors as JSON wherever they ask.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::convert::Infallible;

use axum::{
    body::Body,
    extract::Request,
    http::header::{ACCEPT_ENCODING, CONTENT_ENCODING},
    response::Response,
};
use common::{app::App, http::Asking, people::Person};
use serde_json::json;
use tower::{ServiceExt, service_fn};
use tower_http::compression::Compression;

/// A body as a program compresses it.
async fn packed(coding: &str, text: &str) -> Vec<u8> {
    let text = text.to_owned();
    let plain = service_fn(move |_: Request| {
        let text = text.clone();
        async move { Ok::<_, Infallible>(Response::new(Body::from(text))) }
    });
    let request = Request::get("/").header(ACCEPT_ENCODING, coding);
    let request = request.body(Body::empty()).unwrap();
    let answer = Compression::new(plain).oneshot(request).await.unwrap();
    assert_eq!(answer.headers()[CONTENT_ENCODING], coding);
    let body = axum::body::to_bytes(Body::new(answer.into_body()), 1 << 20).await;
    body.unwrap().to_vec()
}

fn posting(person: &Person, content_type: &str) -> Asking {
    let ask = person.ask("POST", "/api/v1/posts");
    ask.header("content-type", content_type)
}

#[tokio::test]
async fn json_is_taken_however_it_is_written() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let body = json!({"text": "hello"}).to_string();
    for content_type in [
        "application/json ; charset=utf-8",
        "APPLICATION/JSON;CHARSET=\"UTF-8\"",
        "application/json;",
        "application/vnd.api+json; v=\"1;2\"",
    ] {
        for mark in ["", "\u{feff}"] {
            let ask = posting(&ana, content_type).body(format!("{mark}{body}"));
            ask.send().await.ok(201);
        }
    }
    for content_type in [
        "application/jsonx",
        "text/json",
        "application/json, text/plain",
        "",
    ] {
        let ask = posting(&ana, content_type).body(body.clone());
        let refused = ask.send().await;
        refused.refused(415, "unsupported_media_type");
        assert_eq!(refused.header("accept-encoding"), "gzip, br");
    }
    let ask = posting(&ana, "application/json").body(format!("\u{feff}\u{feff}{body}"));
    ask.send().await.refused(400, "malformed");
}

#[tokio::test]
async fn a_compressed_body_is_within_the_same_bound() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let send = async |coding: &str, body: Vec<u8>| {
        let ask = posting(&ana, "application/json").header("content-encoding", coding);
        ask.body(body).send().await
    };
    let text = "x".repeat(2_000);
    let body = json!({"text": text}).to_string();
    let bomb = format!("{}{body}", " ".repeat(4 << 20));
    for coding in ["gzip", "br"] {
        let made = send(coding, packed(coding, &body).await).await.ok(201);
        assert_eq!(made["text"], text);
        let marked = packed(coding, &format!("\u{feff}{body}")).await;
        send(coding, marked).await.ok(201);
        let bomb = packed(coding, &bomb).await;
        assert!(bomb.len() < 64 << 10);
        send(coding, bomb).await.refused(413, "too_large");
        send(coding, body.clone().into_bytes())
            .await
            .refused(400, "malformed");
        let short = packed(
            coding,
            "{\"text\": 5, \"a\": \"                             \"}",
        )
        .await;
        send(coding, short).await.invalid(&[("text", "format")]);
    }
    send("identity", body.clone().into_bytes()).await.ok(201);
    for coding in ["deflate", "zstd", "gzip, br", "gzip, gzip", "nonsense"] {
        let answer = send(coding, packed("gzip", &body).await).await;
        answer.refused(415, "unsupported_media_type");
    }
    // A call that takes no body looks at none.
    let post = ana.publish("hello").await;
    let like = ana.ask("PUT", &format!("/api/v1/posts/{post}/like"));
    like.header("content-encoding", "zstd").send().await.ok(200);
}

#[tokio::test]
async fn where_programs_ask_every_error_is_json() {
    let app = App::start();
    let http = &app.server().http;
    for (method, path, status, code) in [
        ("GET", "/api", 404, "not_found"),
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api/v1/me/", 404, "not_found"),
        ("GET", "/api/v2/posts", 404, "not_found"),
        ("GET", "/stats", 404, "not_found"),
        ("GET", "/stats/nothing/here", 404, "not_found"),
        ("POST", "/notify/nobody", 404, "not_found"),
        ("GET", "/ws/x", 404, "not_found"),
        ("GET", "/events/a/b", 404, "not_found"),
        ("GET", "/healthz/", 404, "not_found"),
        ("PATCH", "/api/v1/posts", 405, "method_not_allowed"),
        ("TRACE", "/api/v1/posts", 405, "method_not_allowed"),
        ("POST", "/ws", 405, "method_not_allowed"),
        ("DELETE", "/events", 405, "method_not_allowed"),
        ("GET", "/broadcast/news", 405, "method_not_allowed"),
        ("PUT", "/stats/channels", 405, "method_not_allowed"),
        ("GET", "/publish/batch", 405, "method_not_allowed"),
        ("GET", "/subscribe/token", 405, "method_not_allowed"),
        ("POST", "/healthz", 405, "method_not_allowed"),
        ("POST", "/events/%ff", 400, "malformed"),
        ("GET", "/ws", 400, "malformed"),
        ("GET", "/events", 401, "no_session"),
    ] {
        for accept in [None, Some("text/html"), Some("*/*")] {
            let ask = http.ask(method, path);
            let ask = match accept {
                Some(accept) => ask.header("accept", accept),
                None => ask,
            };
            let answer = ask.send().await;
            answer.refused(status, code);
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
        }
    }
    let refused = http
        .ask("POST", "/notify/x")
        .header("origin", "https://evil.example")
        .send()
        .await;
    refused.refused(403, "foreign_origin");
}

#[tokio::test]
async fn whoever_would_rather_have_json_gets_it_elsewhere_too() {
    let app = App::start();
    let http = &app.server().http;
    for (method, path, status, code) in [
        ("GET", "/nothing/here", 404, "not_found"),
        ("POST", "/nothing/here", 404, "not_found"),
        ("GET", "/pkg/nothing.js", 404, "not_found"),
        ("GET", "/people/nobody_here", 404, "not_found"),
        ("DELETE", "/login", 405, "method_not_allowed"),
        ("GET", "/fn/log_in", 405, "method_not_allowed"),
    ] {
        for json in [
            "application/json",
            "application/problem+json",
            "application/json, text/plain, */*",
            "text/html;q=0.5, application/json;q=0.6",
        ] {
            let ask = http.ask(method, path).header("accept", json);
            ask.send().await.refused(status, code);
        }
        for page in [
            "text/html",
            "*/*",
            "text/html, application/json;q=0.9",
            "application/json;q=0",
        ] {
            let answer = http.ask(method, path).header("accept", page).send().await;
            assert_eq!(answer.status, status, "{method} {path} {page}");
            let kind = answer.header("content-type");
            assert!(!kind.contains("json"), "{method} {path} {page}: {kind}");
        }
    }
    // What is there is there for everybody.
    let page = http
        .ask("GET", "/login")
        .header("accept", "application/json");
    assert_eq!(page.send().await.status, 200);
    // A call of a page is answered in its own words.
    let ask = http
        .ask("POST", "/fn/log_in")
        .header("accept", "application/json");
    let ask = ask.header("content-type", "application/x-www-form-urlencoded");
    let answer = ask.body("handle=&password=").send().await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (422, &json!("invalid"))
    );
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn at_the_limit_a_mute_that_is_there_already_is_no_error() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let eve = app.sign_up("eve").await;
    let mute = |who: &Person| format!("/api/v1/mutes/people/{}", who.handle);
    ana.put(&mute(&bob)).await.ok(204);
    let key = format!("{{{}}}:attention", ana.id);
    let since = app.redis.ask(&["HGET", &key, &format!("mute:{}", bob.id)]);
    let fill = "for n = 1, 999 do redis.call('HSET', KEYS[1], 'mute:0abcdef' .. n, 1) end";
    app.redis.ask(&["EVAL", fill, "1", &key]);
    ana.put(&mute(&eve)).await.invalid(&[("mutes", "too_many")]);
    ana.put(&mute(&bob)).await.ok(204);
    let still = app.redis.ask(&["HGET", &key, &format!("mute:{}", bob.id)]);
    assert_eq!(still, since);
    ana.delete(&mute(&bob)).await.ok(204);
    ana.put(&mute(&eve)).await.ok(204);
}
