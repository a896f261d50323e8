//! The other commands: demo data, many people, tokens, administrators, rebuilding.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod common;

use std::{os::unix::fs::PermissionsExt, time::Instant};

use common::{
    app::{App, Embedded},
    http,
    people::Person,
    server::{self, Server},
    ws::Socket,
};
use serde_json::{Value, json};

#[tokio::test]
async fn the_demo_is_made_once() {
    let app = App::start();
    app.command(&["seed", "--demo"]);
    let everything = async || -> (Vec<Value>, u64) {
        let posts = app
            .server()
            .http
            .get("/api/v1/posts?limit=100")
            .await
            .ok(200);
        let posts = posts["posts"].as_array().unwrap().clone();
        // All keys but those that servers keep about themselves.
        let keys = app.redis.ask(&[
            "EVAL",
            "return #redis.call('KEYS', '{*') + #redis.call('KEYS', 'handle:*')",
            "0",
        ]);
        (posts, keys.trim().parse().unwrap())
    };
    let first = everything().await;
    assert!(first.0.len() >= 10);
    assert!(
        first
            .0
            .iter()
            .any(|post| post["likes"].as_u64().unwrap() > 0)
    );
    let authors: std::collections::HashSet<String> = first
        .0
        .iter()
        .map(|post| post["author"]["handle"].to_string())
        .collect();
    assert!(authors.len() >= 5);
    app.command(&["seed", "--demo"]);
    assert_eq!(everything().await, first);
}

#[tokio::test]
async fn ten_thousand_people_are_seeded_and_their_tokens_work() {
    let app = App::builder().without_limits().start(1);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    let begin = Instant::now();
    app.command(&[
        "seed",
        "--users",
        "10000",
        "--credentials",
        &file.display().to_string(),
    ]);
    println!("10,000 people in {:?}", begin.elapsed());
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let lines = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<Vec<&str>> = lines
        .lines()
        .map(|line| line.split('\t').collect())
        .collect();
    assert_eq!(lines.len(), 10_000);
    assert!(
        lines
            .iter()
            .all(|line| line.len() == 3 && line[2].starts_with(line[0]))
    );
    let ids: std::collections::HashSet<&str> = lines.iter().map(|line| line[0]).collect();
    assert_eq!(ids.len(), 10_000);

    let people = Person::from_file(app.server(), &file);
    let (first, last) = (&people[0], &people[9_999]);
    let (mut socket, _) = last.listen(app.server()).await;
    first.like(lines[9_999][2]).await;
    assert_eq!(
        socket.expect("notification").await["actor"]["user_id"],
        first.id.as_str()
    );
}

#[tokio::test]
async fn a_token_is_printed_alone_on_the_last_line_and_works_at_once() {
    let mut quad = Embedded::new();
    quad.start();
    // The server runs meanwhile: the command uses its store.
    let arguments = [
        "token",
        "create",
        "--name",
        "ci bot",
        "--scope",
        "publish,stats,observe",
    ];
    let printed = server::run(quad.environment(), &arguments);
    let token = printed.lines().last().unwrap();
    assert!(printed.ends_with(&format!("{token}\n")));
    assert!(
        !token.contains(char::is_whitespace) && token.len() > 43,
        "{printed}"
    );
    let ask = quad.server().http.broadcast(token, "news", "x");
    ask.send().await.ok(200);
    let other = server::run(quad.environment(), &arguments);
    assert_ne!(other.lines().last().unwrap(), token);
    let wrong = ["token", "create", "--name", "ci", "--scope", "everything"];
    assert_eq!(
        server::quad(quad.environment(), &wrong)
            .output()
            .unwrap()
            .status
            .code(),
        Some(2)
    );
}

#[tokio::test]
async fn commands_start_the_embedded_store_where_none_runs_and_stop_it_after() {
    let mut quad = Embedded::new();
    server::run(quad.environment(), &["seed", "--demo"]);
    let printed = server::run(
        quad.environment(),
        &["token", "create", "--name", "ci", "--scope", "stats"],
    );
    assert!(
        !quad.data.path().join("redis/redis.sock").exists(),
        "the store has stopped"
    );
    quad.start();
    let posts = quad
        .server()
        .http
        .get("/api/v1/posts?limit=100")
        .await
        .ok(200);
    assert!(posts["posts"].as_array().unwrap().len() >= 10);
    let stats = quad
        .server()
        .http
        .ask("GET", "/stats/channel/news")
        .bearer(printed.lines().last().unwrap());
    stats.send().await.ok(200);
}

#[tokio::test]
async fn somebody_is_promoted_and_demoted_and_nobody_is_not() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let role = || {
        app.redis
            .ask(&["HGET", &format!("{{{}}}:user", ana.id), "role"])
    };
    assert_eq!(role(), "member");
    // A repeat changes nothing.
    for (command, becomes) in [
        ("promote", "admin"),
        ("promote", "admin"),
        ("demote", "member"),
        ("demote", "member"),
    ] {
        let said = app.command(&["user", command, &ana.handle]);
        assert!(said.contains(&ana.name), "{said}");
        assert_eq!(role(), becomes);
        let output = server::quad(app.environment(), &["user", command, "nobody_here"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1);
    }
}

#[tokio::test]
async fn rebuild_makes_the_feed_and_trending_again() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let mut posts = Vec::new();
    for i in 0..4 {
        posts.insert(0, [&ana, &bob][i % 2].publish(&format!("{i}")).await);
    }
    let gone = ana.publish("gone").await;
    ana.delete(&format!("/api/v1/posts/{gone}")).await.ok(204);
    bob.like(&posts[3]).await;
    app.redis.ask(&["DEL", "feed", "trending"]);
    let feed = async |order: &str| -> Vec<String> {
        let page = app
            .server()
            .http
            .get(&format!("/api/v1/posts?order={order}"))
            .await
            .ok(200);
        http::post_ids(&page)
    };
    assert!(feed("latest").await.is_empty());
    app.command(&["rebuild"]);
    assert_eq!(feed("latest").await, posts);
    let trending = feed("trending").await;
    assert_eq!((trending.len(), &trending[0]), (4, &posts[3]));
}

#[tokio::test]
async fn after_a_backup_was_put_back_everybody_reloads_and_numbers_go_on() {
    let mut app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let token = app.token("publish");
    let broadcast = async |app: &App| {
        let ask = app.server().http.broadcast(&token, "news", "hello");
        ask.send().await.ok(200);
    };
    let channel = async |app: &App, epoch: &Value| {
        let mut socket = Socket::bearer(app.server(), &token).await;
        let resume = json!({"resume": {"epoch": epoch, "seq": 1}});
        (socket.subscribe_with("news", resume).await, socket)
    };
    bob.like(&ana.publish("one").await).await;
    broadcast(&app).await;
    let before = ana.inbox().await["epoch"].clone();
    let (ack, _) = channel(&app, &json!("")).await;
    let channel_before = ack["epoch"].clone();
    assert_eq!(channel(&app, &channel_before).await.0["recovered"], true);

    let mut server = app.servers.remove(0);
    server.terminate();
    assert_eq!(server.ended().code(), Some(0));
    app.command(&["rebuild", "--restored"]);
    app.servers.push(Server::start(app.environment()));
    let (ana, bob) = (ana.at(app.server()), bob.at(app.server()));

    let (mut socket, registered) = ana.resume(app.server(), &before, 1).await;
    assert_eq!(
        (
            &registered["recovered"],
            &registered["seq"],
            &registered["unread"]
        ),
        (&json!(false), &json!(1), &json!(1))
    );
    let after = &registered["epoch"];
    assert_ne!(*after, before);
    bob.like(&ana.publish("two").await).await;
    let toast = socket.expect("notification").await;
    assert_eq!((&toast["seq"], &toast["epoch"]), (&json!(2), after));
    let mark = json!({"epoch": before, "through": 1});
    let stale = ana.post("/api/v1/notifications/read", mark).await;
    stale.refused(409, "stale");
    // The new position is as good as any.
    let (mut late, registered) = ana.resume(app.server(), after, 1).await;
    assert_eq!(registered["recovered"], true);
    assert_eq!(late.expect("notification").await, toast);

    let (ack, mut socket) = channel(&app, &channel_before).await;
    assert_eq!((&ack["recovered"], &ack["seq"]), (&json!(false), &json!(1)));
    broadcast(&app).await;
    let message = socket.expect("message").await;
    assert_eq!(
        (&message["seq"], &message["epoch"]),
        (&json!(2), &ack["epoch"])
    );
}

#[tokio::test]
async fn a_store_that_is_away_is_one_clear_line() {
    let environment = [(
        "REDIS_URL".to_owned(),
        "redis://:secret@127.0.0.1:1".to_owned(),
    )];
    let output = server::quad(&environment, &["seed", "--demo"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(!said.contains("secret"), "{said}");
}

#[tokio::test]
async fn help_and_version_are_there() {
    for arguments in [
        &["--help"][..],
        &["serve", "--help"],
        &["--version"],
        &["seed", "--help"],
    ] {
        assert!(!server::run(&[], arguments).is_empty());
    }
    let help = server::run(&[], &["serve", "--help"]);
    for name in [
        "QUAD_ADDR",
        "REDIS_URL",
        "QUAD_DATA_DIR",
        "QUAD_PUBLIC_ORIGIN",
        "QUAD_TRUSTED_PROXIES",
        "QUAD_RATE_LIMITS",
        "--demo",
    ] {
        assert!(help.contains(name), "{name} is not in the help");
    }
    let output = server::quad(&[], &["serve", "--no-such-flag"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stderr).lines().count(), 1);
}

#[tokio::test]
async fn the_demos_people_like_what_a_newcomer_posts() {
    let app = App::builder().set("QUAD_DEMO", "true").start(1);
    app.command(&["seed", "--demo"]);
    let ana = app.sign_up("newcomer").await;
    let (mut socket, _): (Socket, Value) = ana.listen(app.server()).await;
    let post = ana.publish("hello, is anybody there?").await;
    assert_eq!(
        socket.expect("notification").await["post_id"],
        post.as_str()
    );
    assert!(
        app.server()
            .http
            .get("/")
            .await
            .text()
            .to_lowercase()
            .contains("demo")
    );
}
