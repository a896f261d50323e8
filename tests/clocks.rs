//! Servers' clocks may be wrong: what counts is the store's.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    app::App, clock::Shifted, eventually, people::Person, server::Server, unique, ws::Socket,
};
use serde_json::json;

/// More than a server may be silent, in seconds.
const WRONG_BY: [i64; 3] = [-3_600, -20, 20];
/// Times that are as good as the same, in milliseconds. Clocks are wrong by more.
const SAME: u64 = 10_000;

/// An app whose second server has a clock that is wrong.
fn with_a_wrong_clock(seconds: i64) -> App {
    let mut app = App::builder().without_limits().start(1);
    let clock = Shifted::by(seconds);
    let environment = clock.in_environment(app.environment());
    app.servers.push(Server::start(&environment));
    app
}

#[tokio::test]
async fn a_server_with_a_wrong_clock_is_counted_and_counts_others() {
    for seconds in WRONG_BY {
        let app = with_a_wrong_clock(seconds);
        let token = app.token("publish");
        let mut sockets = Vec::new();
        for server in &app.servers {
            let mut socket = Socket::bearer(server, &token).await;
            socket.subscribe("news").await;
            sockets.push(socket);
        }
        for server in &app.servers {
            // Each has said that it lives as soon as it has started.
            eventually("both are counted", async || {
                let asked = server.http.broadcast(&token, "news", "hello");
                let answer = asked.send().await.ok(200);
                let counted = answer["subscriberCount"] == 2 && answer.get("partial").is_none();
                counted.then_some(())
            })
            .await;
        }
        let entries = app
            .redis
            .ask(&["ZRANGE", "servers", "0", "-1", "WITHSCORES"]);
        let times: Vec<u64> = entries.lines().filter_map(|at| at.parse().ok()).collect();
        assert_eq!(times.len(), 2, "{entries}");
        for at in times {
            assert!(app.redis.time().abs_diff(at) < SAME, "{seconds}: {at}");
        }
    }
}

#[tokio::test]
async fn times_that_a_wrong_clock_wrote_come_right() {
    let app = App::start();
    let later = (app.redis.time() + 3_600_000).to_string();
    app.redis.ask(&["ZADD", "servers", &later, "ghost"]);
    eventually("it is not of the future any more", async || {
        let at = app.redis.ask(&["ZSCORE", "servers", "ghost"]);
        (at.parse::<u64>().unwrap() <= app.redis.time()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_a_server_with_a_wrong_clock_writes_has_the_right_time() {
    for seconds in WRONG_BY {
        let app = with_a_wrong_clock(seconds);
        let wrong = &app.servers[1];
        // A token of a few seconds, made by one server and shown to the other.
        let token = app.token("publish");
        let ana = Person::sign_up(wrong, "ana").await;
        for (maker, other) in [(0, 1), (1, 0)] {
            let channel = format!("private:{}", unique("clocks"));
            let asked = app.servers[maker].http.ask("POST", "/subscribe/token");
            let new = json!({"channel": channel, "expires_in": 15});
            let made = asked.bearer(&token).json(&new).send().await.ok(200);
            let until = made["expires_at"].as_u64().unwrap();
            let due = app.redis.time() + 15_000;
            assert!(due.abs_diff(until) < SAME, "{seconds}: {made}");
            let (mut socket, _) = ana.listen(&app.servers[other]).await;
            let more = json!({"token": made["token"]});
            socket.subscribe_with(&channel, more).await;
        }
        // What is said there.
        let room = ana.make_room(false).await;
        let path = format!("/api/v1/rooms/{room}/messages");
        let said = ana.post(&path, json!({"text": "hello"})).await.ok(201);
        let at = said["at"].as_u64().unwrap();
        assert!(app.redis.time().abs_diff(at) < SAME, "{seconds}: {said}");
    }
}
