//! The session cookie works only for our own pages.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, http::Asking, people::Person, ws::Socket};
use serde_json::json;

fn with_cookie(person: &Person, method: &str, path: &str) -> Asking {
    person
        .http
        .ask(method, path)
        .header("cookie", &format!("theme=dark; quad={}", person.token))
}

#[tokio::test]
async fn the_cookie_reads_without_an_origin_and_changes_only_with_ours() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let ours = format!("http://{}", app.server().address());
    let post = json!({"text": "hello"});
    with_cookie(&ana, "GET", "/api/v1/me").send().await.ok(200);
    with_cookie(&ana, "POST", "/api/v1/posts")
        .json(&post)
        .send()
        .await
        .refused(403, "foreign_origin");
    with_cookie(&ana, "POST", "/api/v1/posts")
        .header("origin", &ours)
        .json(&post)
        .send()
        .await
        .ok(201);
    let port = app.server().address().port();
    for foreign in [
        "https://evil.example",
        "null",
        &format!("https://127.0.0.1:{port}"),
        &format!("http://localhost:{port}"),
        "http://127.0.0.1:1",
        "",
    ] {
        let ask = with_cookie(&ana, "POST", "/api/v1/posts").header("origin", foreign);
        ask.json(&post).send().await.refused(403, "foreign_origin");
    }
    assert_eq!(
        ana.get("/api/v1/posts").await.ok(200)["posts"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_foreign_origin_is_refused_whatever_the_credential() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let foreign = "https://evil.example";
    ana.ask("GET", "/api/v1/me")
        .header("origin", foreign)
        .send()
        .await
        .refused(403, "foreign_origin");
    ana.ask("POST", "/api/v1/posts")
        .header("origin", foreign)
        .json(&json!({"text": "x"}))
        .send()
        .await
        .refused(403, "foreign_origin");
    let ask = app
        .server()
        .http
        .ask("GET", "/api/v1/posts")
        .header("origin", foreign);
    ask.send().await.refused(403, "foreign_origin");
}

#[tokio::test]
async fn a_name_that_somebody_points_here_is_not_ours() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let ask = with_cookie(&ana, "POST", "/api/v1/posts");
    let ask = ask
        .header("host", "rebound.example")
        .header("origin", "http://rebound.example");
    ask.json(&json!({"text": "x"}))
        .send()
        .await
        .refused(403, "foreign_origin");
}

#[tokio::test]
async fn the_public_origin_is_ours_where_it_is_set() {
    let app = App::builder()
        .set("QUAD_PUBLIC_ORIGIN", "https://quad.example")
        .start(1);
    let ana = app.sign_up("ana").await;
    let post = json!({"text": "hello"});
    let ask = |origin: &str| {
        let cookie = format!("__Host-quad={}", ana.token);
        ana.http
            .ask("POST", "/api/v1/posts")
            .header("cookie", &cookie)
            .header("origin", origin)
            .json(&post)
    };
    ask("https://quad.example").send().await.ok(201);
    ask(&format!("http://{}", app.server().address()))
        .send()
        .await
        .refused(403, "foreign_origin");
}

#[tokio::test]
async fn a_socket_with_the_cookie_needs_our_origin() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let cookie = format!("quad={}", ana.token);
    let ours = format!("http://{}", app.server().address());
    let refused = Socket::open(app.server(), &[("cookie", &cookie)])
        .await
        .err()
        .expect("no origin");
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (403, &json!("foreign_origin"))
    );
    let foreign = [("cookie", &*cookie), ("origin", "https://evil.example")];
    assert_eq!(
        Socket::open(app.server(), &foreign)
            .await
            .err()
            .expect("a foreign origin")
            .status,
        403
    );
    let bearer = format!("Bearer {}", ana.token);
    let foreign = [
        ("authorization", &*bearer),
        ("origin", "https://evil.example"),
    ];
    assert_eq!(
        Socket::open(app.server(), &foreign)
            .await
            .err()
            .expect("a foreign origin")
            .status,
        403
    );
    let mut socket = Socket::open(app.server(), &[("cookie", &cookie), ("origin", &ours)])
        .await
        .unwrap();
    socket
        .send(json!({"type": "register", "user_id": ana.id}))
        .await;
    socket.expect("registered").await;
}

/// A change with the cookie, as it comes through a proxy that was reached over https.
fn through_a_proxy(person: &Person, host: &str, origin: &str) -> Asking {
    with_cookie(person, "POST", "/api/v1/posts")
        .header("host", host)
        .header("origin", origin)
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "quad.example")
        .json(&json!({"text": "hello"}))
}

#[tokio::test]
async fn a_trusted_proxy_says_that_it_was_https_and_never_for_which_host() {
    for (proxies, https) in [("", false), ("10.0.0.1", false), ("127.0.0.1", true)] {
        let app = App::builder().set("QUAD_TRUSTED_PROXIES", proxies).start(1);
        let ana = app.sign_up("ana").await;
        let ask = through_a_proxy(&ana, "localhost", "https://localhost");
        let answer = ask.send().await;
        let ask = through_a_proxy(&ana, "localhost", "http://localhost");
        let plain = ask.send().await;
        let (ours, foreign) = if https {
            (answer, plain)
        } else {
            (plain, answer)
        };
        ours.ok(201);
        foreign.refused(403, "foreign_origin");
        for (host, origin) in [
            ("localhost", "https://quad.example"),
            ("quad.example", "https://quad.example"),
        ] {
            let ask = through_a_proxy(&ana, host, origin);
            ask.send().await.refused(403, "foreign_origin");
        }
    }
}

#[tokio::test]
async fn where_the_public_origin_is_set_no_proxy_changes_it() {
    let app = App::builder()
        .set("QUAD_PUBLIC_ORIGIN", "http://quad.example")
        .set("QUAD_TRUSTED_PROXIES", "127.0.0.1")
        .start(1);
    let ana = app.sign_up("ana").await;
    let ask = through_a_proxy(&ana, "localhost", "http://quad.example");
    ask.send().await.ok(201);
    for origin in ["https://quad.example", "https://localhost"] {
        let ask = through_a_proxy(&ana, "localhost", origin);
        ask.send().await.refused(403, "foreign_origin");
    }
}
