//! What is large is done in slices, and comes out as if it had been done at once.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::HashMap;

use common::{app::App, dice::Dice, eventually, people::Person};
use serde_json::{Value, json};

/// Puts so many entries into an inbox, each of another person, as the product would: of one kind in one
/// group, beginning after the entry that is the newest.
const ENTRIES: &str = "
  local tag, kind, group, count, at = '{' .. ARGV[1] .. '}:', ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
  local newest = tonumber(redis.call('HGET', tag .. 'inbox:meta', 'seq'))
  for i = 1, count do
    local seq, who = newest + i, string.format('0fan%08d', i)
    redis.call('XADD', tag .. 'inbox', seq .. '-0', 'k', kind, 'g', group, 't', at, 'u', who, 'x', '\"x\"')
    redis.call('ZADD', tag .. 'group:' .. group, seq, who)
    redis.call('ZADD', tag .. 'groups', seq, group)
    redis.call('ZADD', tag .. 'pending', seq, seq)
    redis.call('RPUSH', tag .. 'from:' .. who, seq)
  end
  redis.call('HINCRBY', tag .. 'inbox:meta', 'seq', count)
  redis.call('HINCRBY', tag .. 'inbox:meta', 'live', count)
  redis.call('HINCRBY', tag .. 'inbox:meta', 'unread', 1)
  return 'ok'";

fn count(app: &App, pattern: &str) -> String {
    let script = "return #redis.call('KEYS', ARGV[1])";
    app.redis.ask(&["EVAL", script, "0", pattern])
}

fn fill(app: &App, ana: &Person, kind: &str, group: &str, count: u64) {
    let at = app.redis.ask(&["TIME"]);
    let at = format!("{}000", at.lines().next().unwrap());
    let count = count.to_string();
    app.redis
        .ask(&["EVAL", ENTRIES, "0", &ana.id, kind, group, &count, &at]);
}

fn live(app: &App, person: &Person) -> String {
    let meta = format!("{{{}}}:inbox:meta", person.id);
    app.redis.ask(&["HGET", &meta, "live"])
}

async fn swept(app: &App) {
    eventually("the queue is empty", async || {
        (app.redis.ask(&["EXISTS", "cleanup"]) == "0").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_group_counts_everybody_who_likes_however_few_entries_are_kept() {
    let app = App::builder().set("QUAD_INBOX_MAX", "3").start(1);
    let ana = app.sign_up("ana").await;
    let post = ana.publish("loved").await;
    let mut fans = Vec::new();
    for i in 0..6 {
        fans.push(app.sign_up(&format!("fan{i}")).await);
    }
    let muted = app.sign_up("eve").await;
    let mute = format!("/api/v1/mutes/people/{}", muted.handle);
    ana.put(&mute).await.ok(204);
    muted.like(&post).await;
    ana.like(&post).await;
    for fan in &fans {
        fan.like(&post).await;
    }
    let counted = async || ana.inbox().await["items"][0]["count"].clone();
    assert_eq!(counted().await, 6, "not whoever is muted, nor ana herself");
    let latest: Vec<Value> = [5, 4, 3].map(|i| fans[i].public()).into();
    assert_eq!(ana.inbox().await["items"][0]["people"], json!(latest));
    assert_eq!(live(&app, &ana), "3");
    // Whoever takes a like back is counted no more, with an entry or without one.
    muted.unlike(&post).await;
    ana.unlike(&post).await;
    assert_eq!(counted().await, 6);
    fans[0].unlike(&post).await;
    assert_eq!(counted().await, 5);
    fans[5].unlike(&post).await;
    assert_eq!(counted().await, 4);
    fans[0].like(&post).await;
    assert_eq!(counted().await, 5);
    // The fourth time within an hour tells nobody, so it is not counted, and takes nothing back.
    for _ in 0..4 {
        fans[1].unlike(&post).await;
        fans[1].like(&post).await;
    }
    let before = counted().await;
    fans[1].unlike(&post).await;
    assert_eq!(counted().await, before);
    // The group left the list for newer ones, and comes back as large as it is.
    for i in 0..3 {
        fans[5].like(&ana.publish(&format!("new {i}")).await).await;
    }
    fans[5].like(&post).await;
    let inbox = ana.inbox().await;
    let found = inbox["items"].as_array().unwrap().iter();
    let group = found.clone().find(|item| item["post_id"] == post.as_str());
    assert_eq!(group.unwrap()["count"], 5, "{inbox}");
}

/// The unread count, and of each group its newest entry and whether it is read.
async fn states(person: &Person) -> (u64, HashMap<String, (u64, bool)>) {
    let inbox = person.inbox().await;
    let items = inbox["items"].as_array().unwrap().iter().map(|item| {
        let seq = item["seq"].as_u64().unwrap();
        let group = item["group"].as_str().unwrap().to_owned();
        (group, (seq, item["read"].as_bool().unwrap()))
    });
    (inbox["unread"].as_u64().unwrap(), items.collect())
}

#[tokio::test]
async fn marks_of_all_groups_and_of_each_agree_in_any_order() {
    let app = App::builder().without_limits().start(1);
    let ana = app.sign_up("ana").await;
    let mut dice = Dice(11);
    let (mut posts, mut fans) = (Vec::new(), Vec::new());
    for i in 0..5 {
        posts.push(ana.publish(&format!("post {i}")).await);
        fans.push(app.sign_up(&format!("fan{i}")).await);
    }
    // Up to where each group is read, and up to where all were marked last.
    let (mut marks, mut all) = (HashMap::<String, u64>::new(), 0);
    for step in 0..250 {
        let me = ana.get("/api/v1/me").await.ok(200);
        let (epoch, seq) = (&me["epoch"], me["seq"].as_u64().unwrap());
        let (_, before) = states(&ana).await;
        let mut groups: Vec<&String> = before.keys().collect();
        groups.sort();
        let what = dice.below(8);
        let mut body = json!({"epoch": epoch, "through": seq});
        match what {
            0..=2 => drop(dice.pick(&fans).like(&dice.pick(&posts)).await),
            3 => drop(dice.pick(&fans).unlike(&dice.pick(&posts)).await),
            4 | 5 if !groups.is_empty() => {
                let group = (*dice.pick(&groups)).clone();
                body["group"] = json!(group);
                body["unread"] = json!(what == 5);
                let mark = ana.post("/api/v1/notifications/read", body).await;
                mark.ok(204);
                marks.insert(group, if what == 5 { 0 } else { seq });
            }
            6 => {
                all += dice.below((seq - all) as usize + 1) as u64;
                body["through"] = json!(all);
                let mark = ana.post("/api/v1/notifications/read", body).await;
                mark.ok(204);
                for group in groups {
                    let mark = marks.entry(group.clone()).or_default();
                    *mark = all.max(*mark);
                }
            }
            7 if step % 3 == 0 => {
                body["unread"] = json!(true);
                let mark = ana.post("/api/v1/notifications/read", body).await;
                mark.ok(204);
                marks.clear();
            }
            _ => {}
        }
        let (unread, after) = states(&ana).await;
        marks.retain(|group, _| after.contains_key(group));
        for (group, (newest, read)) in &after {
            let mark = marks.get(group).copied().unwrap_or(0);
            assert_eq!(*read, *newest <= mark, "{step}: {group} {newest} {mark}");
        }
        let counted = after.values().filter(|(_, read)| !read).count();
        assert_eq!(unread, counted as u64, "{step}: {after:?}");
    }
}

#[tokio::test]
async fn a_post_that_fills_the_inbox_leaves_it_at_once_and_whole() {
    let app = App::builder().set("QUAD_INBOX_MAX", "1500").start(1);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (kept, post) = (ana.publish("kept").await, ana.publish("loved").await);
    bob.like(&kept).await;
    fill(&app, &ana, "like", "like.2", 1_400);
    assert_eq!(ana.inbox().await["items"][0]["count"], 1_400);
    assert_eq!(live(&app, &ana), "1401");
    ana.delete(&format!("/api/v1/posts/{post}")).await.ok(204);
    let inbox = ana.inbox().await;
    assert_eq!(
        (&inbox["unread"], &inbox["items"][0]["post_id"]),
        (&json!(1), &json!(kept))
    );
    assert_eq!(inbox["items"].as_array().unwrap().len(), 1);
    assert_eq!(live(&app, &ana), "1");
    // It takes no room of anything that comes before it is swept.
    bob.like(&ana.publish("new").await).await;
    swept(&app).await;
    for pattern in ["*:gone:*", "*:from:0fan*", "*:group:like.2"] {
        assert_eq!(count(&app, pattern), "0", "{pattern}");
    }
    let ledger = ana.get("/api/v1/notifications/ledger").await.ok(200);
    assert_eq!(
        (&ledger["pending"], &ledger["lapsed"]),
        (&json!(2), &json!(1_400)),
        "{ledger}"
    );
    assert_eq!(ana.inbox().await["items"].as_array().unwrap().len(), 2);
    assert_eq!(live(&app, &ana), "2");
}

#[tokio::test]
async fn what_many_said_of_somebody_goes_with_the_room_and_is_told_once() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let room = bob.make_room(false).await;
    ana.join(&room).await;
    bob.say(&room, &format!("hello @{}", ana.handle)).await;
    let group = format!("mention.{room}");
    fill(&app, &ana, "mention", &group, 250);
    let meta = format!("{{{}}}:inbox:meta", ana.id);
    app.redis.ask(&["HINCRBY", &meta, "unread", "-1"]);
    assert_eq!(ana.inbox().await["items"][0]["count"], 251);
    let (mut socket, _) = ana.listen(app.server()).await;
    bob.delete(&format!("/api/v1/rooms/{room}")).await.ok(204);
    let frame = socket.expect("retract").await;
    assert_eq!(
        (&frame["group"], &frame["unread"]),
        (&json!(group), &json!(0))
    );
    swept(&app).await;
    socket.nothing_else().await;
    assert_eq!(ana.inbox().await["items"], json!([]));
    assert_eq!(live(&app, &ana), "0");
    assert_eq!(count(&app, &format!("{{r:{room}}}:gone*")), "0");
}

/// So many people look at a room, as a server said that is not there any more.
const LOOKING: &str = "
  local tag, server, count = '{r:' .. ARGV[1] .. '}:', ARGV[2], tonumber(ARGV[3])
  for i = 1, count do
    local who = string.format('0fan%08d', i)
    redis.call('SADD', tag .. 'here:' .. server, who)
    redis.call('HINCRBY', tag .. 'here', who, 1)
  end
  if ARGV[4] ~= '' then redis.call('ZADD', tag .. 'servers', ARGV[4], server) end
  return 'ok'";

#[tokio::test]
async fn whoever_looked_on_a_server_that_is_gone_is_forgotten_however_many_they_were() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let room = ana.make_room(false).await;
    app.redis
        .ask(&["EVAL", LOOKING, "0", &room, "dead", "1200", "1"]);
    let key = |part: &str| format!("{{r:{room}}}:{part}");
    // She was there as well.
    app.redis.ask(&["SADD", &key("here:dead"), &ana.id]);
    app.redis.ask(&["HINCRBY", &key("here"), &ana.id, "1"]);
    let (mut socket, _) = ana.listen(app.server()).await;
    socket.subscribe(&format!("room:{room}")).await;
    eventually("only she is here", async || {
        (app.redis.ask(&["HLEN", &key("here")]) == "1").then_some(())
    })
    .await;
    assert_eq!(app.redis.ask(&["HGET", &key("here"), &ana.id]), "1");
    assert_eq!(app.redis.ask(&["EXISTS", &key("here:dead")]), "0");
    assert_eq!(app.redis.ask(&["ZCARD", &key("servers")]), "1");
}

#[tokio::test]
async fn a_server_that_was_taken_for_dead_says_anew_who_is_here() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let room = ana.make_room(false).await;
    let key = |part: &str| format!("{{r:{room}}}:{part}");
    let (mut socket, _) = ana.listen(app.server()).await;
    socket.subscribe(&format!("room:{room}")).await;
    let server = eventually("the server is known", async || {
        let server = app.redis.ask(&["ZRANGE", &key("servers"), "0", "0"]);
        (!server.is_empty()).then_some(server)
    })
    .await;
    // What the store knows of it is wrong in both ways.
    app.redis
        .ask(&["EVAL", LOOKING, "0", &room, &server, "700", ""]);
    app.redis.ask(&["ZREM", &key("servers"), &server]);
    eventually("only she is here", async || {
        (app.redis.ask(&["HLEN", &key("here")]) == "1").then_some(())
    })
    .await;
    assert_eq!(app.redis.ask(&["HGET", &key("here"), &ana.id]), "1");
    assert_eq!(
        app.redis.ask(&["ZRANGE", &key("servers"), "0", "-1"]),
        server
    );
    assert_eq!(count(&app, &key("here:*")), "1");
}

#[tokio::test]
async fn an_owner_who_leaves_many_moderators_hands_over_to_the_first_of_them() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let room = ana.make_room(false).await;
    let script = "
      for i = 1, 1200 do
        local who = string.format('0fan%08d', (i * 7) % 1201)
        redis.call('ZADD', '{r:' .. ARGV[1] .. '}:members', 5000 + (i * 7) % 1201, who)
        redis.call('HSET', '{r:' .. ARGV[1] .. '}:roles', who, 'moderator')
      end
      return 'ok'";
    app.redis.ask(&["EVAL", script, "0", &room]);
    let leave = format!("/api/v1/rooms/{room}/members/me");
    ana.delete(&leave).await.ok(204);
    let roles = format!("{{r:{room}}}:roles");
    assert_eq!(app.redis.ask(&["HGET", &roles, "0fan00000001"]), "owner");
    assert_eq!(
        app.redis.ask(&["HGET", &roles, "0fan00000002"]),
        "moderator"
    );
}

#[tokio::test]
async fn all_posts_of_somebody_who_wrote_many_are_in_the_feed_again() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let script = "
      local tag = '{' .. ARGV[1] .. '}:'
      for n = 1, 1300 do
        redis.call('HSET', tag .. 'post:' .. n, 'text', 'x', 'at', 5 + n % 2, 'likes', 0)
        redis.call('ZADD', tag .. 'posts', 5 + n % 2, n)
      end
      return 'ok'";
    app.redis.ask(&["EVAL", script, "0", &ana.id]);
    app.command(&["rebuild"]);
    for list in ["feed", "trending"] {
        assert_eq!(app.redis.ask(&["ZCARD", list]), "1300", "{list}");
    }
}
