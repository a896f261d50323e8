//! Accounts and sessions: signing up, logging in and out, and changing one's account.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, people::PASSWORD, unique};
use serde_json::{Value, json};

#[tokio::test]
async fn who_signs_up_is_signed_in() {
    let app = App::start();
    let handle = unique("Ana");
    let account = json!({"handle": handle, "password": PASSWORD, "name": " Ana Ångström "});
    let ana = app
        .server()
        .http
        .post("/api/v1/accounts", account)
        .await
        .ok(201);
    let id = ana["user_id"].as_str().unwrap();
    assert!(
        (8..=26).contains(&id.len()) && id.starts_with(|c: char| c.is_ascii_digit()),
        "{ana}"
    );
    assert!(
        id.bytes()
            .all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()),
        "{ana}"
    );
    assert_eq!(ana["handle"], handle.to_lowercase());
    assert_eq!(ana["name"], "Ana Ångström");

    let me = app
        .server()
        .http
        .ask("GET", "/api/v1/me")
        .bearer(ana["token"].as_str().unwrap())
        .send()
        .await
        .ok(200);
    for field in ["user_id", "handle", "name"] {
        assert_eq!(me[field], ana[field]);
    }
    assert_eq!((&me["seq"], &me["unread"]), (&json!(0), &json!(0)));
    assert!(
        me["epoch"].as_str().is_some_and(|epoch| !epoch.is_empty()),
        "{me}"
    );
}

#[tokio::test]
async fn a_name_may_be_left_out() {
    let app = App::start();
    let handle = unique("bob");
    let account = json!({"handle": handle, "password": PASSWORD});
    assert_eq!(
        app.server()
            .http
            .post("/api/v1/accounts", account)
            .await
            .ok(201)["name"],
        handle.as_str()
    );
}

#[tokio::test]
async fn a_handle_has_one_owner_whatever_its_case() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let again = json!({"handle": ana.handle.to_uppercase(), "password": PASSWORD});
    app.server()
        .http
        .post("/api/v1/accounts", again)
        .await
        .refused(409, "handle_taken");
}

#[tokio::test]
async fn of_many_who_want_one_handle_at_once_one_gets_it() {
    let app = App::builder().start(2);
    let account = json!({"handle": unique("wanted"), "password": PASSWORD});
    let attempts = (0..8).map(|i| {
        app.servers[i % 2]
            .http
            .ask("POST", "/api/v1/accounts")
            .json(&account)
            .send()
    });
    let mut statuses: Vec<u16> = futures_util::future::join_all(attempts)
        .await
        .iter()
        .map(|answer| answer.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
}

#[tokio::test]
async fn every_wrong_field_of_a_sign_up_is_named() {
    let app = App::start();
    let http = &app.server().http;
    let wrong = json!({"handle": "9a", "password": "short", "name": " "});
    http.post("/api/v1/accounts", wrong).await.invalid(&[
        ("handle", "too_short"),
        ("name", "required"),
        ("password", "too_short"),
    ]);
    for (body, field, code) in [
        (
            json!({"handle": "a-b-c", "password": PASSWORD}),
            "handle",
            "format",
        ),
        (
            json!({"handle": "1abc", "password": PASSWORD}),
            "handle",
            "format",
        ),
        (
            json!({"handle": "a".repeat(31), "password": PASSWORD}),
            "handle",
            "too_long",
        ),
        (
            json!({"handle": "", "password": PASSWORD}),
            "handle",
            "required",
        ),
        (
            json!({"handle": "ana", "password": "x".repeat(201)}),
            "password",
            "too_long",
        ),
        (json!({"handle": "ana"}), "password", "required"),
        (
            json!({"handle": 7, "password": PASSWORD}),
            "handle",
            "format",
        ),
        (
            json!({"handle": "ana", "password": PASSWORD, "name": "a\u{0}b"}),
            "name",
            "control_characters",
        ),
        (
            json!({"handle": "ana", "password": PASSWORD, "name": "ä".repeat(51)}),
            "name",
            "too_long",
        ),
    ] {
        http.post("/api/v1/accounts", body)
            .await
            .invalid(&[(field, code)]);
    }
}

#[tokio::test]
async fn an_unknown_person_and_a_wrong_password_answer_alike() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let log_in = async |handle: &str, password: &str| {
        let credentials = json!({"handle": handle, "password": password});
        app.server()
            .http
            .post("/api/v1/sessions", credentials)
            .await
    };
    // Passwords that were compared since the server started: what takes the time.
    let compared = async || -> u64 {
        let metrics = app.server().metrics().get("/metrics").await;
        let line = "quad_password_checks_total ";
        let mut counts = metrics.text().lines().filter_map(|l| l.strip_prefix(line));
        counts.next().map_or(0, |count| count.parse().unwrap())
    };
    let before = compared().await;
    let wrong = log_in(&ana.handle, "not the password").await;
    wrong.refused(401, "wrong_credentials");
    assert_eq!(compared().await, before + 1);
    let headers = |answer: &common::http::Answer| {
        let mut headers = answer.headers.clone();
        assert!(
            headers.remove("date").is_some(),
            "only the clock may differ"
        );
        headers
    };
    for (i, unknown) in ["nobody_at_all", "not a handle", "-"].iter().enumerate() {
        let answer = log_in(unknown, "not the password").await;
        answer.refused(401, "wrong_credentials");
        assert_eq!(answer.body, wrong.body);
        assert_eq!(headers(&answer), headers(&wrong));
        assert_eq!(compared().await, before + 2 + i as u64, "{unknown}");
    }
    log_in(&ana.handle.to_uppercase(), PASSWORD).await.ok(201);
    log_in("", "")
        .await
        .invalid(&[("handle", "required"), ("password", "required")]);
}

#[tokio::test]
async fn who_logs_out_leaves_other_sessions_alone() {
    let app = App::start();
    let phone = app.sign_up("ana").await;
    let laptop = phone.log_in(app.server()).await;
    assert_ne!(phone.token, laptop.token);
    phone.delete("/api/v1/sessions/current").await.ok(204);
    phone.get("/api/v1/me").await.refused(401, "no_session");
    laptop.get("/api/v1/me").await.ok(200);
}

#[tokio::test]
async fn who_logs_out_everywhere_is_out_on_every_server() {
    let app = App::builder().start(2);
    let phone = app.sign_up("ana").await;
    let laptop = phone.log_in(&app.servers[1]).await;
    // Both servers know both sessions now.
    for server in &app.servers {
        phone.at(server).get("/api/v1/me").await.ok(200);
        laptop.at(server).get("/api/v1/me").await.ok(200);
    }
    phone.delete("/api/v1/sessions").await.ok(204);
    for session in [&phone, &laptop] {
        for server in &app.servers {
            let session = session.at(server);
            // The other server hears of it a moment later.
            common::eventually("the session has ended", async || {
                (session.get("/api/v1/me").await.status == 401).then_some(())
            })
            .await;
        }
    }
}

#[tokio::test]
async fn a_session_that_ended_is_refused_everywhere() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let post = ana.publish("hello").await;
    ana.delete("/api/v1/sessions/current").await.ok(204);
    for (method, path) in needs_a_session(&post) {
        let body = json!({"text": "x", "epoch": "x", "through": 0});
        ana.ask(method, &path)
            .json(&body)
            .send()
            .await
            .refused(401, "no_session");
    }
}

#[tokio::test]
async fn without_a_session_only_reading_is_allowed() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let post = ana.publish("hello").await;
    let http = &app.server().http;
    for (method, path) in needs_a_session(&post) {
        let body = json!({"text": "x", "epoch": "x", "through": 0});
        let answer = http.ask(method, &path).json(&body).send().await;
        answer.refused(401, "no_session");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        http.ask(method, &path)
            .bearer("not-a-token")
            .json(&body)
            .send()
            .await
            .refused(401, "no_session");
    }
    for path in [
        "/api/v1/posts".to_owned(),
        format!("/api/v1/posts/{post}"),
        format!("/api/v1/posts/{post}/likes"),
        format!("/api/v1/people/{}", ana.handle),
        "/api/v1/openapi.json".to_owned(),
    ] {
        http.get(&path).await.ok(200);
    }
    assert_eq!(http.get("/healthz").await.status, 200);
}

fn needs_a_session(post: &str) -> Vec<(&'static str, String)> {
    vec![
        ("GET", "/api/v1/me".into()),
        ("PATCH", "/api/v1/me".into()),
        ("GET", "/api/v1/sessions".into()),
        ("DELETE", "/api/v1/sessions".into()),
        ("DELETE", "/api/v1/sessions/some-id".into()),
        ("DELETE", "/api/v1/sessions/current".into()),
        ("POST", "/api/v1/posts".into()),
        ("DELETE", format!("/api/v1/posts/{post}")),
        ("PUT", format!("/api/v1/posts/{post}/like")),
        ("DELETE", format!("/api/v1/posts/{post}/like")),
        ("GET", "/api/v1/notifications".into()),
        ("POST", "/api/v1/notifications/read".into()),
    ]
}

#[tokio::test]
async fn a_programs_token_is_no_session() {
    let app = App::start();
    let token = app.token("publish,stats,observe");
    for (method, path) in needs_a_session("0abcdefg.1") {
        let body = json!({"text": "x", "epoch": "x", "through": 0});
        app.server()
            .http
            .ask(method, &path)
            .bearer(&token)
            .json(&body)
            .send()
            .await
            .refused(403, "forbidden");
    }
}

#[tokio::test]
async fn a_new_name_shows_everywhere() {
    let app = App::builder().start(2);
    let ana = app.sign_up("ana").await;
    let post = ana.publish("hello").await;
    let path = format!("/api/v1/posts/{post}");
    app.servers[1].http.get(&path).await.ok(200);
    let me = change(&ana, json!({"name": "Ana the Second"}))
        .await
        .ok(200);
    assert_eq!(me["name"], "Ana the Second");
    assert_eq!(
        ana.get("/api/v1/me").await.ok(200)["name"],
        "Ana the Second"
    );
    for server in &app.servers {
        common::eventually("the new name", async || {
            (server.http.get(&path).await.ok(200)["author"]["name"] == "Ana the Second")
                .then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_new_password_ends_all_sessions_of_before() {
    let app = App::start();
    let phone = app.sign_up("ana").await;
    let laptop = phone.log_in(app.server()).await;
    change(&phone, json!({"password": "another horse"}))
        .await
        .invalid(&[("current_password", "required")]);
    change(
        &phone,
        json!({"password": "another horse", "current_password": "wrong horse"}),
    )
    .await
    .refused(401, "wrong_credentials");
    change(
        &phone,
        json!({"password": "short", "current_password": PASSWORD, "name": ""}),
    )
    .await
    .invalid(&[("name", "required"), ("password", "too_short")]);
    laptop.get("/api/v1/me").await.ok(200);

    change(
        &phone,
        json!({"password": "another horse", "current_password": PASSWORD}),
    )
    .await
    .ok(200);
    phone.get("/api/v1/me").await.refused(401, "no_session");
    laptop.get("/api/v1/me").await.refused(401, "no_session");
    let log_in = async |password: &str| {
        let credentials = json!({"handle": phone.handle, "password": password});
        app.server()
            .http
            .post("/api/v1/sessions", credentials)
            .await
    };
    log_in(PASSWORD).await.refused(401, "wrong_credentials");
    log_in("another horse").await.ok(201);
}

async fn change(person: &common::people::Person, change: Value) -> common::http::Answer {
    person.ask("PATCH", "/api/v1/me").json(&change).send().await
}

#[tokio::test]
async fn a_person_is_found_by_handle_in_any_case() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let http = &app.server().http;
    assert_eq!(
        http.get(&format!("/api/v1/people/{}", ana.handle.to_uppercase()))
            .await
            .ok(200),
        ana.public()
    );
    for unknown in ["nobody_here", "-", "0abcdefg"] {
        http.get(&format!("/api/v1/people/{unknown}"))
            .await
            .refused(404, "no_such_user");
    }
}
