//! Other programs broadcast with an API token: one event to everybody who listens.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    app::App,
    http::{Answer, Asking},
    redis::signal,
    ws::Socket,
};
use serde_json::{Value, json};

/// The page for programs shows them to copy.
#[tokio::test]
async fn the_lines_of_the_documentation_work() {
    let page = include_str!("../docs/protocol.md").replace("\\\n", " ");
    let app = App::start();
    let token = app.token("publish");
    let alice = json!({"handle": "alice", "password": common::people::PASSWORD});
    let http = &app.server().http;
    let alice = http.post("/api/v1/accounts", alice).await.ok(201);
    let lines = page.lines().filter(|line| line.starts_with("curl -X "));
    let mut tried = Vec::new();
    for line in lines {
        let between = |before: &str, after: char| {
            let found = line.split_once(before).expect(line).1;
            found.split_once(after).expect(line).0.to_owned()
        };
        assert!(line.contains(r#"-H "Authorization: Bearer $TOKEN""#));
        let path = format!("/{}", between("https://quad.example/", ' '));
        let ask = http.ask(&between("-X ", ' '), &path).bearer(&token);
        let ask = ask.header("content-type", &between("'Content-Type: ", '\''));
        let answer = ask.body(between("-d '", '\'')).send().await.ok(200);
        assert!(answer["id"].is_string() && answer["subscriberCount"].is_u64());
        tried.push((path, answer));
    }
    assert_eq!(tried.len(), 2, "{tried:?}");
    assert_eq!(tried[0].0, "/notify/user/alice");
    assert_eq!(tried[0].1["userId"], alice["user_id"]);
}

#[tokio::test]
async fn a_broadcast_reaches_all_who_listen_on_all_servers_once() {
    let app = App::builder().start(2);
    let token = app.token("publish");
    let ana = app.sign_up("ana").await;
    let (mut here, _) = ana.listen(&app.servers[0]).await;
    let (mut there, _) = ana.listen(&app.servers[1]).await;
    let mut program = Socket::bearer(&app.servers[1], &token).await;
    for socket in [&mut here, &mut there, &mut program] {
        socket.subscribe("news").await;
    }
    let published = broadcast(
        &app,
        0,
        &token,
        "news",
        json!({"message": "hello\n\"all\" \u{1F98A}"}),
    )
    .await
    .ok(200);
    assert_eq!(published["channel"], "news");
    assert_eq!(published["subscriberCount"], 3, "{published}");
    assert_eq!(published.get("partial"), None);
    for socket in [&mut here, &mut there, &mut program] {
        let message = socket.expect("message").await;
        assert_eq!(message["channel"], "news");
        assert_eq!(message["seq"], 1);
        assert_eq!(message["id"], published["id"]);
        assert_eq!(message["text"], "hello\n\"all\" \u{1F98A}");
        assert!(message["at"].as_u64().unwrap() > 1_600_000_000_000);
        assert_eq!(message.get("from"), None);
        socket.nothing_else().await;
    }
}

#[tokio::test]
async fn a_batch_is_taken_message_by_message() {
    let app = App::builder().start(2);
    let token = app.token("publish");
    let (ana, bo) = (app.sign_up("ana").await, app.sign_up("bo").await);
    let (mut socket, _) = ana.listen(&app.servers[1]).await;
    socket.subscribe("news").await;
    let batch = json!({"items": [
        {"user": ana.handle, "message": "one", "type": "success"},
        {"channel": "news", "message": "two"},
        {"user": "nobody_of_this_name", "message": "lost"},
        {"user": bo.id, "message": "three"},
        {"channel": "user:x", "message": "reserved"},
        {"channel": "news", "message": ""},
        {"channel": "news", "message": "four"},
        {"user": ana.handle, "message": "five"},
    ]});
    let publish = async |server: usize, batch: &Value| {
        let ask = app.servers[server].http.ask("POST", "/publish/batch");
        let ask = ask.bearer(&token).header("idempotency-key", "k");
        ask.json(batch).send().await
    };
    let first = publish(0, &batch).await.ok(200);
    let results = first["results"].as_array().unwrap();
    let codes: Vec<&str> = results
        .iter()
        .map(|result| result["code"].as_str().unwrap_or("published"))
        .collect();
    assert_eq!(
        codes,
        [
            "published",
            "published",
            "no_such_user",
            "published",
            "forbidden",
            "invalid",
            "published",
            "published"
        ]
    );
    let (mut told, mut heard) = (Vec::new(), Vec::new());
    while told.len() + heard.len() < 4 {
        let common::ws::Event::Frame(frame) = socket.next().await else {
            panic!("closed")
        };
        match frame["type"].as_str() {
            Some("notification") => told.push((frame["text"].clone(), frame["level"].clone())),
            Some("message") => heard.push(frame["text"].clone()),
            _ => {}
        }
    }
    assert_eq!(
        told,
        [
            (json!("one"), json!("success")),
            (json!("five"), json!("info"))
        ]
    );
    assert_eq!(heard, ["two", "four"]);
    // A repeat, at another server, publishes nothing again.
    let again = publish(1, &batch).await.ok(200);
    assert_eq!(again, first);
    socket.nothing_else().await;
    assert_eq!(bo.inbox().await["unread"], 1);
    for bad in [
        json!({"items": []}),
        json!({"items": vec![json!({"channel": "news", "message": "x"}); 101]}),
        json!({"items": [{"message": "to nobody"}]}),
        json!({"items": [{"user": "a", "channel": "b", "message": "to both"}]}),
    ] {
        publish(0, &bad).await.refused(422, "invalid");
    }
}

#[tokio::test]
async fn the_channels_that_somebody_listens_to_are_listed() {
    let app = App::builder().start(2);
    let token = app.token("stats");
    let ana = app.sign_up("ana").await;
    let (mut here, _) = ana.listen(&app.servers[0]).await;
    let mut there = Socket::bearer(&app.servers[1], &token).await;
    for channel in ["news.a", "news.b", "other"] {
        here.subscribe(channel).await;
        there.subscribe(channel).await;
    }
    there.subscribe("news.c").await;
    let list = async |query: &str| {
        let path = format!("/stats/channels{query}");
        let ask = app.servers[0].http.ask("GET", &path).bearer(&token);
        ask.send().await
    };
    let own = format!("user:{}", ana.id);
    assert_eq!(
        list("").await.ok(200),
        json!({"count": 5, "channels": ["news.a", "news.b", "news.c", "other", own]})
    );
    assert_eq!(
        list("?prefix=news.&after=news.a&limit=1").await.ok(200),
        json!({"count": 3, "channels": ["news.b"]})
    );
    assert_eq!(
        list("?prefix=user%3A").await.ok(200),
        json!({"count": 1, "channels": [own]})
    );
    list("?prefix=%2A").await.refused(422, "invalid");
    let publisher = app.token("publish");
    let ask = app.servers[0].http.ask("GET", "/stats/channels");
    ask.bearer(&publisher)
        .send()
        .await
        .refused(403, "forbidden");
    drop(there);
    common::eventually("nobody listens any more", async || {
        (list("?prefix=news.c").await.ok(200)["count"] == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_server_that_does_not_answer_makes_the_count_partial_and_delays_nobody() {
    let app = App::builder().start(2);
    let token = app.token("publish,stats");
    let mut here = Socket::bearer(&app.servers[0], &token).await;
    let mut there = Socket::bearer(&app.servers[1], &token).await;
    for socket in [&mut here, &mut there] {
        socket.subscribe("news").await;
    }
    let stats = async || {
        let ask = app.servers[0].http.ask("GET", "/stats/channel/news");
        ask.bearer(&token).send().await.ok(200)
    };
    assert_eq!(
        stats().await,
        json!({"channel": "news", "subscriberCount": 2})
    );
    signal(app.servers[1].pid(), "STOP");
    let published = broadcast(&app, 0, &token, "news", json!({"message": "x"}))
        .await
        .ok(200);
    assert_eq!(
        (&published["subscriberCount"], &published["partial"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(here.expect("message").await["id"], published["id"]);
    assert_eq!(
        stats().await,
        json!({"channel": "news", "subscriberCount": 1, "partial": true})
    );
    signal(app.servers[1].pid(), "CONT");
    assert_eq!(there.expect("message").await["id"], published["id"]);
}

#[tokio::test]
async fn a_repeat_with_the_same_key_is_delivered_once() {
    let app = App::builder().start(2);
    let (token, other) = (app.token("publish"), app.token("publish"));
    let mut socket = Socket::bearer(app.server(), &token).await;
    socket.subscribe("news").await;
    let publish =
        async |server: usize, token: &str, channel: &str, key: &str, text: &str| -> Answer {
            let ask = app.servers[server].http.broadcast(token, channel, text);
            ask.header("idempotency-key", key).send().await
        };
    let racing = (0..10).map(|i| publish(i % 2, &token, "news", "k1", "once"));
    let answers = futures_util::future::join_all(racing).await;
    let ids: std::collections::HashSet<String> = answers
        .iter()
        .map(|answer| answer.ok(200)["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1);
    publish(0, &token, "news", "k1", "twice")
        .await
        .refused(422, "key_reused");
    // The key means something else to another target, and from another token.
    publish(0, &token, "news2", "k1", "elsewhere").await.ok(200);
    let second = publish(0, &other, "news", "k1", "from another")
        .await
        .ok(200);
    assert_eq!(socket.expect("message").await["text"], "once");
    let message = socket.expect("message").await;
    assert_eq!(
        (&message["text"], &message["seq"]),
        (&json!("from another"), &json!(2))
    );
    assert_eq!(message["id"], second["id"]);
    socket.nothing_else().await;
}

#[tokio::test]
async fn a_key_is_remembered_for_a_day_after_its_first_use() {
    const DAY: i64 = 24 * 60 * 60 * 1_000;
    let app = App::start();
    let (token, ana) = (app.token("publish"), app.sign_up("ana").await);
    let ask_twice = async |ask: &dyn Fn() -> Asking, keys: &str, id: &str| {
        let ask = || ask().header("idempotency-key", "k");
        let first = ask().send().await;
        assert!(first.status < 300, "{first:?}");
        let key = app.redis.ask(&["KEYS", keys]);
        let left = || app.redis.ask(&["PTTL", &key]).parse::<i64>().unwrap();
        assert!((DAY - 60_000..=DAY).contains(&left()), "{key}");
        // A repeat does not prolong it.
        app.redis.ask(&["PEXPIRE", &key, "600000"]);
        assert_eq!(ask().send().await.json()[id], first.json()[id]);
        assert!((1..=600_000).contains(&left()), "{key}");
        // Once it is forgotten, the key is as good as new.
        app.redis.ask(&["DEL", &key]);
        assert_ne!(ask().send().await.json()[id], first.json()[id]);
    };
    let broadcast = || app.server().http.broadcast(&token, "news", "hello");
    ask_twice(&broadcast, "{ch:news}:idem:*", "id").await;
    let post = || {
        ana.ask("POST", "/api/v1/posts")
            .json(&json!({"text": "hello"}))
    };
    ask_twice(&post, &format!("{{{}}}:idem:*", ana.id), "post_id").await;
}

#[tokio::test]
async fn only_a_token_with_the_scope_may_publish() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let message = json!({"message": "x"});
    let (publish, stats) = (app.token("publish"), app.token("stats,observe"));
    broadcast(&app, 0, &stats, "news", message.clone())
        .await
        .refused(403, "forbidden");
    broadcast(&app, 0, &ana.token, "news", message.clone())
        .await
        .refused(403, "forbidden");
    broadcast(&app, 0, "api.unknown", "news", message.clone())
        .await
        .refused(401, "no_session");
    broadcast(
        &app,
        0,
        &format!("api.{}", "A".repeat(43)),
        "news",
        message.clone(),
    )
    .await
    .refused(401, "no_session");
    app.server()
        .http
        .post("/broadcast/news", message.clone())
        .await
        .refused(401, "no_session");
    let stats_of = async |token: &str| {
        app.server()
            .http
            .ask("GET", "/stats/channel/news")
            .bearer(token)
            .send()
            .await
    };
    stats_of(&publish).await.refused(403, "forbidden");
    assert_eq!(
        stats_of(&stats).await.ok(200),
        json!({"channel": "news", "subscriberCount": 0})
    );
    broadcast(&app, 0, &publish, "news", message).await.ok(200);
}

#[tokio::test]
async fn channels_and_messages_that_cannot_be_taken_are_refused() {
    let app = App::start();
    let token = app.token("publish");
    let message = json!({"message": "x"});
    for reserved in [
        "user:0abcdefg",
        "room:lobby",
        "post:0abcdefg.1",
        "user:",
        "room:x y",
    ] {
        let channel = reserved.replace(' ', "%20");
        let answer = broadcast(&app, 0, &token, &channel, message.clone()).await;
        answer.refused(403, "forbidden");
    }
    for bad in ["a%20b", "%C3%A4", &"x".repeat(65), "a%7Db", "a%2Fb"] {
        broadcast(&app, 0, &token, bad, message.clone())
            .await
            .invalid(&[("channel", "invalid_channel")]);
    }
    broadcast(&app, 0, &token, &"x".repeat(64), message.clone())
        .await
        .ok(200);
    broadcast(&app, 0, &token, "a:b.c_D-9", message)
        .await
        .ok(200);
    for (body, code) in [
        (json!({}), "required"),
        (json!({"message": ""}), "required"),
        (json!({"message": 1}), "format"),
        (json!({"message": "a\u{0}"}), "control_characters"),
        (json!({"message": "x".repeat(2_001)}), "too_long"),
    ] {
        broadcast(&app, 0, &token, "news", body)
            .await
            .invalid(&[("message", code)]);
    }
}

async fn broadcast(app: &App, server: usize, token: &str, channel: &str, body: Value) -> Answer {
    let ask = app.servers[server]
        .http
        .ask("POST", &format!("/broadcast/{channel}"));
    ask.bearer(token).json(&body).send().await
}
