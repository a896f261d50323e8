//! Whoever is mentioned is told, also where the server ends in between and nobody looks at the room.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::Duration;

use common::{app::App, eventually};
use futures_util::future::join_all;
use serde_json::json;

#[tokio::test]
async fn a_mention_that_a_server_owed_is_told_although_nobody_looks() {
    let app = App::builder().without_limits().start(1);
    let [ana, bob] = app.sign_up_all(["ana", "bob"]).await;
    // Both what is listed first and what comes after many others is found.
    let rooms = [ana.make_room(true).await, ana.make_room(false).await];
    let fill = "for i = 1, 2000 do redis.call('ZADD', 'rooms', 0, 'a-room-' .. i) end";
    app.redis.ask(&["EVAL", fill, "0"]);
    for room in &rooms {
        app.redis
            .ask(&["ZADD", &format!("{{r:{room}}}:members"), "1", &bob.id]);
        let seq = ana.say(room, "your move").await;
        // As it is noted with a message, until whoever is mentioned was told.
        let (owed, note) = (format!("{{r:{room}}}:owed"), format!("{seq} {}", bob.id));
        app.redis.ask(&["ZADD", &owed, "1", &note]);
        eventually("the mention is told", async || {
            let inbox = bob.inbox().await;
            let group = format!("mention.{room}");
            let items = inbox["items"].as_array().unwrap();
            items
                .iter()
                .any(|item| item["group"] == group)
                .then_some(())
        })
        .await;
        eventually("nothing is owed", async || {
            (app.redis.ask(&["EXISTS", &owed]) == "0").then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_server_that_is_killed_owes_nothing_in_the_end() {
    let mut app = App::builder().without_limits().start(2);
    let [ana, bob] = app.sign_up_all(["ana", "bob"]).await;
    let room = ana.make_room(false).await;
    bob.join(&room).await;
    let path = format!("/api/v1/rooms/{room}/messages");
    let text = format!("@{} your move", bob.handle);
    let saying = (0..40).map(|_| {
        let asked = ana.ask("POST", &path).json(&json!({"text": text}));
        asked.try_send()
    });
    let saying = tokio::spawn(join_all(saying.collect::<Vec<_>>()));
    let owed = format!("{{r:{room}}}:owed");
    eventually("some are stored", async || {
        let stored = app.redis.ask(&["XLEN", &format!("{{r:{room}}}:log")]);
        (stored != "0").then_some(())
    })
    .await;
    app.servers.remove(0).kill();
    let _ = tokio::time::timeout(Duration::from_secs(30), saying).await;
    eventually("nothing is owed", async || {
        (app.redis.ask(&["EXISTS", &owed]) == "0").then_some(())
    })
    .await;
    let stored = app.redis.ask(&["XLEN", &format!("{{r:{room}}}:log")]);
    let inbox = bob.at(&app.servers[0]).inbox().await;
    assert_eq!(inbox["seq"].to_string(), stored, "each was told once");
}
