//! Posts and the feed: writing, reading, deleting, and walking through pages.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    app::App,
    eventually,
    http::{Http, post_ids},
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_post_is_there_as_soon_as_it_is_answered() {
    let app = App::builder().start(2);
    let ana = app.sign_up("ana").await;
    let post = ana
        .post("/api/v1/posts", json!({"text": "\n  hello,\r\nworld \n\n"}))
        .await
        .ok(201);
    assert_eq!(post["text"], "  hello,\nworld");
    assert_eq!(post["author"], ana.public());
    assert_eq!((&post["likes"], &post["liked"]), (&json!(0), &json!(false)));
    assert!(post["created_at"].as_u64().unwrap() > 1_600_000_000_000);
    let id = post["post_id"].as_str().unwrap();
    let (author, n) = id.split_once('.').unwrap();
    assert_eq!((author, n), (ana.id.as_str(), "1"));

    let other = &app.servers[1].http;
    assert_eq!(
        other.get(&format!("/api/v1/posts/{id}")).await.ok(200),
        post
    );
    assert_eq!(
        post_ids(&other.get("/api/v1/posts?limit=1").await.ok(200)),
        [id]
    );
}

#[tokio::test]
async fn the_number_of_a_deleted_post_is_never_used_again() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let first = ana.publish("one").await;
    ana.delete(&format!("/api/v1/posts/{first}")).await.ok(204);
    assert_eq!(ana.publish("two").await, format!("{}.2", ana.id));
}

#[tokio::test]
async fn text_that_cannot_be_taken_is_refused_and_nothing_is_posted() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    for (body, code) in [
        (json!({"text": ""}), "required"),
        (json!({"text": " \n\t "}), "required"),
        (json!({}), "required"),
        (json!({"text": null}), "format"),
        (json!({"text": "a\u{0}b"}), "control_characters"),
        (json!({"text": "\u{1b}[31m"}), "control_characters"),
        (json!({"text": "ä".repeat(2_001)}), "too_long"),
    ] {
        ana.post("/api/v1/posts", body)
            .await
            .invalid(&[("text", code)]);
    }
    let json = "application/json";
    let raw = async |kind: &str, body: &str| {
        ana.ask("POST", "/api/v1/posts")
            .header("content-type", kind)
            .body(body.to_owned())
            .send()
            .await
    };
    raw(json, "{\"text\":").await.refused(400, "malformed");
    raw(json, "[]").await.refused(400, "malformed");
    raw(json, "").await.refused(400, "malformed");
    raw("text/plain", "{\"text\":\"x\"}")
        .await
        .refused(415, "unsupported_media_type");
    // On a connection of its own: the server hangs up on whoever sends too much.
    Http::new(app.server().address())
        .ask("POST", "/api/v1/posts")
        .bearer(&ana.token)
        .json(&json!({"text": "x".repeat(1 << 20)}))
        .send()
        .await
        .refused(413, "too_large");
    assert_eq!(
        post_ids(&app.server().http.get("/api/v1/posts").await.ok(200)),
        [""; 0]
    );
    let longest = "ä".repeat(2_000);
    assert_eq!(
        ana.post("/api/v1/posts", json!({"text": longest}))
            .await
            .ok(201)["text"],
        longest
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let missing = format!("{}.77", ana.id);
    for id in [
        missing.as_str(),
        "0abcdefg.1",
        "nonsense",
        "0abcdefg.01",
        "0abcdefg.0",
    ] {
        let path = format!("/api/v1/posts/{id}");
        app.server()
            .http
            .get(&path)
            .await
            .refused(404, "no_such_post");
        app.server()
            .http
            .get(&format!("{path}/likes"))
            .await
            .refused(404, "no_such_post");
        ana.delete(&path).await.refused(404, "no_such_post");
        ana.put(&format!("{path}/like"))
            .await
            .refused(404, "no_such_post");
        ana.delete(&format!("{path}/like"))
            .await
            .refused(404, "no_such_post");
    }
    app.server()
        .http
        .get("/api/v1/nothing")
        .await
        .refused(404, "not_found");
    ana.put("/api/v1/posts")
        .await
        .refused(405, "method_not_allowed");
    app.server()
        .http
        .get("/api/v1/posts?author=nobody_here")
        .await
        .refused(404, "no_such_user");
}

#[tokio::test]
async fn only_its_author_deletes_a_post() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let path = format!("/api/v1/posts/{}", ana.publish("mine").await);
    bob.delete(&path).await.refused(403, "forbidden");
    app.server().http.get(&path).await.ok(200);
    ana.delete(&path).await.ok(204);
    for person in [&ana, &bob] {
        person.get(&path).await.refused(404, "no_such_post");
        person.delete(&path).await.refused(404, "no_such_post");
    }
    assert_eq!(post_ids(&ana.get("/api/v1/posts").await.ok(200)), [""; 0]);
}

#[tokio::test]
async fn pages_of_three_show_every_post_once_the_latest_first() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let mut all = Vec::new();
    for i in 0..10 {
        all.insert(0, [&ana, &bob][i % 2].publish(&format!("post {i}")).await);
    }
    let http = &app.server().http;
    assert_eq!(walk(http, "/api/v1/posts?limit=3").await, all);
    let by_ana: Vec<&String> = all.iter().filter(|id| id.starts_with(&ana.id)).collect();
    assert_eq!(
        walk(
            http,
            &format!("/api/v1/posts?limit=3&author={}", ana.handle)
        )
        .await
        .iter()
        .collect::<Vec<_>>(),
        by_ana
    );
    assert_eq!(walk(http, "/api/v1/posts?limit=100").await, all);
}

#[tokio::test]
async fn a_deletion_between_pages_neither_skips_nor_repeats_others() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let mut all = Vec::new();
    for i in 0..9 {
        all.insert(0, ana.publish(&format!("post {i}")).await);
    }
    let http = &app.server().http;
    let first = http.get("/api/v1/posts?limit=3").await.ok(200);
    assert_eq!(post_ids(&first), all[..3]);
    // The one that the cursor stands on, and one that is to come.
    for gone in [&all[2], &all[4]] {
        ana.delete(&format!("/api/v1/posts/{gone}")).await.ok(204);
    }
    ana.publish("newer than the first page").await;
    let cursor = first["next"].as_str().unwrap();
    let second = http
        .get(&format!("/api/v1/posts?limit=3&before={cursor}"))
        .await
        .ok(200);
    assert_eq!(post_ids(&second), [&*all[3], &*all[5], &*all[6]]);
    let cursor = second["next"].as_str().unwrap();
    let third = http
        .get(&format!("/api/v1/posts?limit=3&before={cursor}"))
        .await
        .ok(200);
    assert_eq!(post_ids(&third), all[7..]);
    assert_eq!(third["next"], Value::Null);
}

#[tokio::test]
async fn a_limit_is_from_1_to_100() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let post = ana.publish("hello").await;
    for path in [
        "/api/v1/posts",
        &format!("/api/v1/posts/{post}/likes"),
        "/api/v1/notifications",
    ] {
        for good in [1, 100] {
            ana.get(&format!("{path}?limit={good}")).await.ok(200);
        }
        for bad in ["0", "101"] {
            ana.get(&format!("{path}?limit={bad}"))
                .await
                .invalid(&[("limit", "out_of_range")]);
        }
        for bad in ["-1", "x", "1.5", "99999999999999999999"] {
            ana.get(&format!("{path}?limit={bad}"))
                .await
                .invalid(&[("limit", "format")]);
        }
    }
    ana.get("/api/v1/posts?order=best")
        .await
        .invalid(&[("order", "format")]);
    ana.get("/api/v1/posts?before=nonsense")
        .await
        .invalid(&[("before", "format")]);
    ana.get(&format!("/api/v1/posts/{post}/likes?after=nonsense"))
        .await
        .invalid(&[("after", "format")]);
}

#[tokio::test]
async fn a_viewer_sees_what_they_like_and_nobody_else_does() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let post = ana.publish("hello").await;
    bob.like(&post).await;
    let path = format!("/api/v1/posts/{post}");
    let seen = |post: Value| (post["likes"].clone(), post["liked"].clone());
    assert_eq!(seen(bob.get(&path).await.ok(200)), (json!(1), json!(true)));
    assert_eq!(seen(ana.get(&path).await.ok(200)), (json!(1), json!(false)));
    assert_eq!(
        seen(app.server().http.get(&path).await.ok(200)),
        (json!(1), json!(false))
    );
    assert_eq!(
        seen(bob.get("/api/v1/posts").await.ok(200)["posts"][0].clone()),
        (json!(1), json!(true))
    );
}

#[tokio::test]
async fn likes_move_a_post_up_in_trending() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let quiet = ana.publish("quiet").await;
    let loved = ana.publish("loved").await;
    let newest = ana.publish("newest").await;
    bob.like(&loved).await;
    ana.like(&loved).await;
    eventually("the loved post leads", async || {
        let page = ana.get("/api/v1/posts?order=trending").await.ok(200);
        let order = post_ids(&page);
        assert_eq!(order.len(), 3, "{page}");
        assert!(order.contains(&quiet) && order.contains(&newest));
        (order[0] == loved).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_repeat_with_the_same_key_posts_once() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let post = async |person: &common::people::Person, server: usize, key: &str, text: &str| {
        let ask = person.at(&app.servers[server]).ask("POST", "/api/v1/posts");
        ask.header("idempotency-key", key)
            .json(&json!({"text": text}))
            .send()
            .await
    };
    let first = post(&ana, 0, "k1", "hello").await.ok(201);
    let again = post(&ana, 1, "k1", "hello").await.ok(201);
    assert_eq!(first, again);
    post(&ana, 0, "k1", "something else")
        .await
        .refused(422, "key_reused");
    assert_ne!(
        post(&ana, 0, "k2", "hello").await.ok(201)["post_id"],
        first["post_id"]
    );
    assert!(
        post(&bob, 0, "k1", "hello").await.ok(201)["post_id"]
            .as_str()
            .unwrap()
            .starts_with(&bob.id)
    );
    post(&ana, 0, &"x".repeat(201), "hello")
        .await
        .invalid(&[("Idempotency-Key", "too_long")]);
    post(&ana, 0, "a b", "hello")
        .await
        .invalid(&[("Idempotency-Key", "format")]);

    // Two at once are one.
    let racing = (0..10).map(|i| post(&ana, i % 2, "k3", "race"));
    let answers = futures_util::future::join_all(racing).await;
    let made: std::collections::HashSet<String> = answers
        .iter()
        .map(|answer| answer.ok(201)["post_id"].to_string())
        .collect();
    assert_eq!(made.len(), 1);
    assert_eq!(post_ids(&ana.get("/api/v1/posts").await.ok(200)).len(), 4);
}

#[tokio::test]
async fn who_posts_too_fast_is_told_to_wait() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let posts = (0..30).map(|i| {
        ana.ask("POST", "/api/v1/posts")
            .json(&json!({"text": format!("{i}")}))
            .send()
    });
    let answers = futures_util::future::join_all(posts).await;
    let slowed = answers
        .iter()
        .find(|answer| answer.status == 429)
        .expect("30 posts at once");
    slowed.refused(429, "too_many_requests");
    assert!(slowed.header("retry-after").parse::<u64>().unwrap() >= 1);
}

async fn walk(http: &Http, path: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut page = http.get(path).await.ok(200);
    loop {
        let ids = post_ids(&page);
        assert!(!ids.is_empty(), "an empty page");
        all.extend(ids);
        let Some(next) = page["next"].as_str() else {
            return all;
        };
        page = http.get(&format!("{path}&before={next}")).await.ok(200);
    }
}

#[tokio::test]
async fn a_long_list_is_compressed_for_whoever_takes_it_so() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    for _ in 0..5 {
        ana.publish(&"once more ".repeat(30)).await;
    }
    let ask = |path: &str| ana.ask("GET", path).header("accept-encoding", "gzip, br");
    let list = ask("/api/v1/posts").send().await;
    assert_eq!((list.status, list.header("content-encoding")), (200, "br"));
    assert!(list.body.len() < 1_000);
    let plain = ana.get("/api/v1/posts").await;
    assert_eq!(plain.header("content-encoding"), "");
    assert_eq!(plain.json()["posts"].as_array().unwrap().len(), 5);
    let short = ask("/api/v1/me").send().await;
    assert_eq!((short.status, short.header("content-encoding")), (200, ""));
    ask("/api/v1/posts/0abcdefg.1")
        .send()
        .await
        .refused(404, "no_such_post");
    let wrong = ana.ask("PATCH", "/api/v1/posts").send().await;
    wrong.refused(405, "method_not_allowed");
}
