//! Who is in a room, also after a server died while nobody looked.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, people::Person, ws::Socket};
use serde_json::Value;

/// Notes people of a server that was heard of so many milliseconds ago, as that server would have.
const LOOK: &str = "
  local tag = '{r:' .. ARGV[1] .. '}:'
  local time = redis.call('TIME')
  redis.call('ZADD', tag .. 'servers', time[1] * 1000 - ARGV[3], ARGV[2])
  for i = 4, #ARGV do
    redis.call('SADD', tag .. 'here:' .. ARGV[2], ARGV[i])
    redis.call('HINCRBY', tag .. 'here', ARGV[i], 1)
  end";
/// The same for many strangers.
const CROWD: &str = "
  local tag = '{r:' .. ARGV[1] .. '}:'
  redis.call('ZADD', tag .. 'servers', 1, 'crowded')
  for i = 1, 10000 do
    redis.call('SADD', tag .. 'here:crowded', string.format('0%07d', i))
    redis.call('HINCRBY', tag .. 'here', string.format('0%07d', i), 1)
  end";

fn look(app: &App, room: &str, server: &str, silent: u64, people: &[&Person]) {
    let silent = silent.to_string();
    let mut ask = vec!["EVAL", LOOK, "0", room, server, &silent];
    ask.extend(people.iter().map(|person| person.id.as_str()));
    app.redis.ask(&ask);
}

/// Who is there, as somebody is told who begins to listen.
async fn present(socket: &mut Socket, room: &str) -> Vec<Value> {
    socket.subscribe(&format!("room:{room}")).await;
    let presence = socket.until("presence").await;
    assert_eq!(presence["all"], true, "{presence}");
    presence["here"].as_array().unwrap().clone()
}

#[tokio::test]
async fn people_of_a_silent_server_are_not_there_for_whoever_looks() {
    let app = App::builder().without_limits().start(1);
    let [ana, bob, carl, dora] = app.sign_up_all(["ana", "bob", "carl", "dora"]).await;
    let room = ana.make_room(false).await;
    for person in [&bob, &carl, &dora] {
        person.join(&room).await;
    }
    // Bob's server died; that of Carl lives; Dora looked from both.
    look(&app, &room, "dead", 40_000, &[&bob, &dora]);
    look(&app, &room, "living", 1_000, &[&carl, &dora]);
    let page = ana.get(&format!("/api/v1/rooms/{room}/members")).await;
    let page = page.ok(200);
    let members = page["members"].as_array().unwrap();
    assert_eq!(members.len(), 4, "{page}");
    for member in members {
        let there = [&carl.id, &dora.id]
            .iter()
            .any(|id| member["user_id"] == id.as_str());
        assert_eq!(member["here"], there, "{member}");
    }
    let (mut socket, _) = ana.listen(app.server()).await;
    let here = present(&mut socket, &room).await;
    assert_eq!(here.len(), 2, "{here:?}");
    assert!(here.contains(&carl.public()) && here.contains(&dora.public()));
}

#[tokio::test]
async fn a_silent_crowd_hides_nobody() {
    let app = App::builder().without_limits().start(1);
    let [ana, carl] = app.sign_up_all(["ana", "carl"]).await;
    let room = ana.make_room(false).await;
    carl.join(&room).await;
    app.redis.ask(&["EVAL", CROWD, "0", &room]);
    look(&app, &room, "living", 1_000, &[&carl]);
    let (mut socket, _) = ana.listen(app.server()).await;
    assert_eq!(present(&mut socket, &room).await, [carl.public()]);
}

#[tokio::test]
async fn whoever_comes_back_from_a_silent_server_is_seen_by_those_who_came_meanwhile() {
    let app = App::builder().without_limits().start(1);
    let [ana, bob] = app.sign_up_all(["ana", "bob"]).await;
    let room = ana.make_room(false).await;
    bob.join(&room).await;
    look(&app, &room, "dead", 40_000, &[&bob]);
    let (mut hers, _) = ana.listen(app.server()).await;
    let (mut his, _) = bob.listen(app.server()).await;
    let (first, _) = tokio::join!(present(&mut hers, &room), present(&mut his, &room));
    let mut told = first.contains(&bob.public());
    while !told {
        let presence = hers.until("presence").await;
        told = presence["here"].as_array().unwrap().contains(&bob.public());
    }
}
