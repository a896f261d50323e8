//! The session that a browser has: logging in and a new password replace it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    app::App,
    http::{Answer, Asking},
    people::PASSWORD,
    server::Server,
};
use serde_json::json;

/// As a browser on a page of ours asks, with a cookie.
fn from_a_page(server: &Server, method: &str, path: &str, token: &str) -> Asking {
    server
        .http
        .ask(method, path)
        .header("origin", &format!("http://{}", server.address()))
        .header("cookie", &format!("quad={token}"))
}

fn form(server: &Server, path: &str, token: &str, fields: &[(&str, &str)]) -> Asking {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    from_a_page(server, "POST", path, token)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html")
        .body(body.finish())
}

/// The session that a browser has after an answer.
fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie");
    let value = set
        .strip_prefix("quad=")
        .unwrap_or_else(|| panic!("{answer:?}"));
    value.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_page_that_changes_the_password_goes_on_with_a_new_cookie() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let change = json!({"password": "another horse", "current_password": PASSWORD});
    let ask = from_a_page(app.server(), "PATCH", "/api/v1/me", &ana.token);
    let changed = ask.json(&change).send().await;
    let new = ana.with(&cookie(&changed));
    ana.is_out().await;
    new.get("/api/v1/me").await.ok(200);

    let fields = [
        ("current_password", "another horse"),
        ("password", "a third horse"),
    ];
    let changed = form(app.server(), "/fn/change_password", &new.token, &fields)
        .send()
        .await;
    assert_eq!(changed.status, 302, "{changed:?}");
    assert_eq!(changed.header("location"), "/settings?saved=password");
    let third = ana.with(&cookie(&changed));
    new.is_out().await;
    third.get("/api/v1/me").await.ok(200);
}

#[tokio::test]
async fn logging_in_ends_the_session_that_the_browser_had() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let server = app.server();
    let credentials = json!({"handle": ana.handle, "password": PASSWORD});

    // A refused one ends nothing.
    let wrong = json!({"handle": ana.handle, "password": "not the password"});
    from_a_page(server, "POST", "/api/v1/sessions", &bob.token)
        .json(&wrong)
        .send()
        .await
        .refused(401, "wrong_credentials");
    bob.get("/api/v1/me").await.ok(200);

    // Neither one's own of before nor somebody else's stays.
    let ask = from_a_page(server, "POST", "/api/v1/sessions", &bob.token);
    let first = ask.json(&credentials).send().await.ok(201);
    let first = ana.with(first["token"].as_str().unwrap());
    bob.is_out().await;
    let ask = from_a_page(server, "POST", "/api/v1/sessions", &first.token);
    let second = ask.json(&credentials).send().await.ok(201);
    let second = ana.with(second["token"].as_str().unwrap());
    first.is_out().await;
    ana.get("/api/v1/me").await.ok(200);

    let fields = [("handle", &*ana.handle), ("password", PASSWORD)];
    let third = form(server, "/fn/log_in", &second.token, &fields)
        .send()
        .await;
    assert_eq!(
        (third.status, third.header("location")),
        (302, "/entered?next=/")
    );
    let third = ana.with(&cookie(&third));
    second.is_out().await;
    third.get("/api/v1/me").await.ok(200);

    // A session that was planted is of no use to whoever planted it.
    let planted = form(
        server,
        "/fn/log_in",
        &format!("{}.{}", ana.id, "A".repeat(43)),
        &fields,
    );
    let fresh = cookie(&planted.send().await);
    assert!(!fresh.ends_with(&"A".repeat(43)));
}
