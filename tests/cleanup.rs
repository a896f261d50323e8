//! What was deleted is gone from the first moment, and in the end nothing is left of it, however much
//! it was and whichever server ended meanwhile.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, eventually, people::Person};
use serde_json::{Value, json};

/// Lets so many people, whom only the store knows, like a post as the product would.
const LIKES: &str = "
  local author, n, count = ARGV[1], ARGV[2], tonumber(ARGV[3])
  local tag = '{' .. author .. '}:'
  for i = 1, count do
    local fan = string.format('0fan%08d', i)
    redis.call('ZADD', tag .. 'likes:' .. n, i, fan)
    redis.call('HSET', tag .. 'likeseq:' .. n, fan, i .. ':1:1')
    redis.call('SADD', '{' .. fan .. '}:liked', author .. '.' .. n)
  end
  redis.call('HINCRBY', tag .. 'post:' .. n, 'likes', count)
  return 'ok'";

/// Puts so many people, whom only the store knows, into a room or invites them.
const MEMBERS: &str = "
  local room, count, part = ARGV[1], tonumber(ARGV[2]), ARGV[3]
  for i = 1, count do
    local user = string.format('0mem%08d', i)
    redis.call('ZADD', '{r:' .. room .. '}:' .. part, i, user)
    if part == 'members' then
      redis.call('ZADD', '{' .. user .. '}:rooms', i, room)
    else
      redis.call('HSET', '{' .. user .. '}:invitations', room, i .. ' 0somebody')
    end
  end
  return 'ok'";

fn count(app: &App, pattern: &str) -> String {
    let script = "return #redis.call('KEYS', ARGV[1])";
    app.redis.ask(&["EVAL", script, "0", pattern])
}

async fn done(app: &App) {
    eventually("the queue is empty", async || {
        (app.redis.ask(&["EXISTS", "cleanup"]) == "0").then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_likes_of_a_deleted_post_go_in_the_end_and_are_unseen_at_once() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (post, kept) = (ana.publish("loved").await, ana.publish("kept").await);
    bob.like(&kept).await;
    bob.like(&post).await;
    app.redis.ask(&["EVAL", LIKES, "0", &ana.id, "1", "3000"]);
    let path = format!("/api/v1/posts/{post}");
    assert_eq!(ana.get(&path).await.ok(200)["likes"], 3001);
    assert_eq!(ana.inbox().await["items"].as_array().unwrap().len(), 2);
    ana.delete(&path).await.ok(204);
    for server in &app.servers {
        let ana = ana.at(server);
        ana.get(&path).await.refused(404, "no_such_post");
        ana.get(&format!("{path}/likes"))
            .await
            .refused(404, "no_such_post");
        bob.put(&format!("{path}/like"))
            .await
            .refused(404, "no_such_post");
        ana.delete(&path).await.refused(404, "no_such_post");
        let inbox = ana.inbox().await;
        assert_eq!(inbox["items"].as_array().unwrap().len(), 1, "{inbox}");
        assert_eq!(inbox["items"][0]["post_id"], kept.as_str());
        let ledger = ana.get("/api/v1/notifications/ledger").await.ok(200);
        assert_eq!(
            (&ledger["pending"], &ledger["lapsed"]),
            (&json!(1), &json!(1)),
            "nobody has to be told of it any more"
        );
    }
    done(&app).await;
    assert_eq!(count(&app, "*:likes:1"), "0");
    assert_eq!(count(&app, "*:likeseq:1"), "0");
    assert_eq!(count(&app, "{0fan*}:liked"), "0");
    let noted = app
        .redis
        .ask(&["SMEMBERS", &format!("{{{}}}:liked", bob.id)]);
    assert_eq!(noted, kept);
}

#[tokio::test]
async fn what_a_killed_server_left_another_one_cleans_up() {
    let mut app = App::builder().start(2);
    let ana = app.sign_up("ana").await;
    let post = ana.publish("loved").await;
    let room = ana.make_room(false).await;
    app.redis.ask(&["EVAL", LIKES, "0", &ana.id, "1", "6000"]);
    app.redis
        .ask(&["EVAL", MEMBERS, "0", &room, "3000", "members"]);
    let end = format!("/api/v1/rooms/{room}");
    ana.delete(&format!("/api/v1/posts/{post}")).await.ok(204);
    ana.delete(&end).await.ok(204);
    app.servers.remove(0).kill();
    let there = ana.at(&app.servers[0]);
    there.get(&end).await.refused(404, "no_such_room");
    done(&app).await;
    assert_eq!(count(&app, "{0fan*}:liked"), "0");
    assert_eq!(count(&app, "*:likes:1"), "0");
    assert_eq!(count(&app, "{0mem*}:rooms"), "0");
    assert_eq!(count(&app, &format!("{{r:{room}}}:*")), "0");
}

#[tokio::test]
async fn whoever_was_in_a_room_that_ended_has_no_note_of_it_in_the_end() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let room = ana.make_room(true).await;
    for part in ["members", "invited"] {
        app.redis.ask(&["EVAL", MEMBERS, "0", &room, "900", part]);
    }
    let path = format!("/api/v1/rooms/{room}");
    assert_eq!(ana.get(&path).await.ok(200)["members"], 901);
    bob.delete(&path).await.refused(404, "no_such_room");
    ana.delete(&path).await.ok(204);
    for server in &app.servers {
        ana.at(server).get(&path).await.refused(404, "no_such_room");
    }
    // Somebody else may take the name at once: their notes are not those of the room that ended.
    let again = json!({"name": room, "private": false});
    bob.post("/api/v1/rooms", again).await.ok(201);
    ana.join(&room).await;
    done(&app).await;
    for pattern in ["{0mem*}:rooms", "{0mem*}:invitations", "{r:*}:gone*"] {
        assert_eq!(count(&app, pattern), "0", "{pattern}");
    }
    for person in [&ana, &bob] {
        let mine = person.get("/api/v1/rooms?mine=true").await.ok(200);
        assert_eq!(mine["rooms"][0]["name"], room.as_str());
        assert_eq!(mine["rooms"][0]["members"], 2);
    }
    let listed = ana.get("/api/v1/rooms").await.ok(200);
    assert_eq!(listed["rooms"].as_array().unwrap().len(), 1);

    // The last one who leaves ends it too.
    for person in [&ana, &bob] {
        let leave = format!("{path}/members/me");
        person.delete(&leave).await.ok(204);
    }
    done(&app).await;
    assert_eq!(count(&app, "{r:*}:gone*"), "0");
    assert_eq!(app.redis.ask(&["EXISTS", "rooms"]), "0");
}

#[tokio::test]
async fn a_job_for_what_was_not_deleted_changes_nothing() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let post = ana.publish("still here").await;
    bob.like(&post).await;
    let room = ana.make_room(false).await;
    bob.join(&room).await;
    // A server ended after it said what it was going to delete, and before it did.
    for job in [format!("post {post}"), format!("room {room}")] {
        app.redis.ask(&["ZADD", "cleanup", "1", &job]);
    }
    done(&app).await;
    let read = bob.get(&format!("/api/v1/posts/{post}")).await.ok(200);
    assert_eq!((&read["likes"], &read["liked"]), (&json!(1), &json!(true)));
    let listed = bob.get("/api/v1/posts").await.ok(200);
    assert_eq!(listed["posts"][0]["post_id"], post.as_str());
    let mine: Value = bob.get("/api/v1/rooms?mine=true").await.ok(200);
    assert_eq!(mine["rooms"][0]["members"], 2);
    let noted = app
        .redis
        .ask(&["SMEMBERS", &format!("{{{}}}:liked", bob.id)]);
    assert_eq!(noted, post);
}

/// Ana was mentioned in a room of bob's.
async fn mentioned(app: &App, ana: &Person, bob: &Person) -> String {
    let room = bob.make_room(false).await;
    ana.join(&room).await;
    bob.say(&room, &format!("hello @{}", ana.handle)).await;
    assert_eq!(ana.inbox().await["unread"], 1);
    assert_eq!(count(app, &format!("{{r:{room}}}:told")), "1");
    room
}

#[tokio::test]
async fn what_people_were_told_of_a_room_goes_though_its_server_ends_right_after_the_room() {
    let mut app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let room = mentioned(&app, &ana, &bob).await;
    // The room ends, and whatever comes after that in other slots fails.
    app.redis.ask(&["DEL", "rooms"]);
    for list in ["rooms", "ended"] {
        app.redis.ask(&["SET", list, "no list"]);
    }
    let path = format!("/api/v1/rooms/{room}");
    bob.delete(&path).await.refused(500, "internal");
    app.servers.remove(0).kill();
    for list in ["rooms", "ended"] {
        app.redis.ask(&["DEL", list]);
    }
    let there = ana.at(&app.servers[0]);
    there.get(&path).await.refused(404, "no_such_room");
    // The job was there before the room ended. Nobody can wait until it is due.
    let job = format!("room {room}");
    let noted = app.redis.ask(&["ZADD", "cleanup", "XX", "CH", "1", &job]);
    assert_eq!(noted, "1");
    eventually("nothing is told of it", async || {
        (there.inbox().await["items"] == json!([])).then_some(())
    })
    .await;
    done(&app).await;
    assert_eq!(count(&app, &format!("{{r:{room}}}:gone*")), "0");
}

#[tokio::test]
async fn rooms_that_an_earlier_version_ended_are_cleaned_up_after() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let room = mentioned(&app, &ana, &bob).await;
    // As it left them when it was stopped.
    let ended = "
      local tag = '{r:' .. ARGV[1] .. '}:'
      redis.call('RENAME', tag .. 'told', tag .. 'untold')
      for _, part in ipairs({ 'room', 'members', 'roles', 'reads', 'log', 'log:meta', 'owed' }) do
        redis.call('DEL', tag .. part)
      end
      redis.call('ZADD', 'ended', redis.call('TIME')[1] * 1000, ARGV[1])
      return 'ok'";
    app.redis.ask(&["EVAL", ended, "0", &room]);
    eventually("nothing is told of it", async || {
        (ana.inbox().await["items"] == json!([])).then_some(())
    })
    .await;
    done(&app).await;
    assert_eq!(app.redis.ask(&["EXISTS", "ended"]), "0");
    for part in ["untold", "gone"] {
        assert_eq!(count(&app, &format!("{{r:{room}}}:{part}*")), "0");
    }
}
