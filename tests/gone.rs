//! What is gone takes its notifications along, live and on every server.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, people::Person, ws::Socket};
use serde_json::{Value, json};

struct House {
    app: App,
    ana: Person,
    bob: Person,
    /// Ana's socket, on the other server.
    socket: Socket,
    epoch: Value,
}

/// Bob acts on one server, and Ana listens on another one.
async fn house() -> House {
    let app = App::builder().without_limits().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (socket, registered) = ana.listen(&app.servers[1]).await;
    House {
        epoch: registered["epoch"].clone(),
        app,
        ana,
        bob,
        socket,
    }
}

impl House {
    async fn notified(&mut self, unread: u64) -> Value {
        let frame = self.socket.expect("notification").await;
        assert_eq!(frame["unread"], unread, "{frame}");
        frame
    }

    async fn retracted(&mut self, group: &str, retracts: Option<u64>, unread: u64) {
        let frame = self.socket.expect("retract").await;
        assert_eq!(
            (&frame["group"], &frame["unread"]),
            (&json!(group), &json!(unread)),
            "{frame}"
        );
        assert_eq!(frame.get("retracts").and_then(Value::as_u64), retracts);
    }

    async fn groups(&self) -> Vec<Value> {
        let inbox = self.ana.inbox().await;
        let items = inbox["items"].as_array().unwrap().clone();
        assert_eq!(inbox["unread"], items.len());
        items
    }

    /// Everything that was told comes once to whoever comes back, and nobody has to be told any more.
    async fn adds_up(&self) {
        let inbox = self.ana.inbox().await;
        let seq = inbox["seq"].as_u64().unwrap();
        let (mut again, _) = self.ana.resume(&self.app.servers[0], &self.epoch, 0).await;
        for expected in 1..=seq {
            let frame: Value = serde_json::from_str(&again.next_text().await).unwrap();
            assert_eq!(frame["seq"], expected, "{frame}");
        }
        let ledger = self.ana.get("/api/v1/notifications/ledger").await.ok(200);
        let pending = ledger["pending"].as_u64().unwrap();
        assert_eq!(
            pending + ledger["lapsed"].as_u64().unwrap(),
            ledger["entries"].as_u64().unwrap(),
            "{ledger}"
        );
        assert_eq!(pending as usize, self.groups().await.len(), "{ledger}");
    }
}

#[tokio::test]
async fn a_removed_message_takes_its_mention_along() {
    let mut house = house().await;
    let (ana, bob) = (house.ana.clone(), house.bob.clone());
    let room = bob.make_room(false).await;
    ana.join(&room).await;
    let group = format!("mention.{room}");
    let first = bob.say(&room, &format!("one @{}", ana.handle)).await;
    let one = house.notified(1).await["seq"].as_u64().unwrap();
    let remove = |seq: u64| format!("/api/v1/rooms/{room}/messages/{seq}");
    bob.delete(&remove(first)).await.ok(204);
    house.retracted(&group, Some(one), 0).await;
    assert!(house.groups().await.is_empty());
    house.adds_up().await;

    // Of two, the other one stays, whichever is removed.
    let second = bob.say(&room, &format!("two @{}", ana.handle)).await;
    let two = house.notified(1).await["seq"].as_u64().unwrap();
    let third = bob.say(&room, &format!("three @{}", ana.handle)).await;
    let three = house.notified(1).await["seq"].as_u64().unwrap();
    bob.delete(&remove(third)).await.ok(204);
    house.retracted(&group, Some(three), 1).await;
    let groups = house.groups().await;
    assert_eq!(groups[0]["text"], format!("two @{}", ana.handle).as_str());
    assert_eq!(groups[0]["seq"], two);
    let fourth = bob.say(&room, &format!("four @{}", ana.handle)).await;
    house.notified(1).await;
    bob.delete(&remove(second)).await.ok(204);
    house.retracted(&group, Some(two), 1).await;
    let text = &house.groups().await[0]["text"];
    assert_eq!(*text, format!("four @{}", ana.handle).as_str());
    bob.delete(&remove(fourth)).await.ok(204);
    house.socket.expect("retract").await;
    assert!(house.groups().await.is_empty());
    // A message that mentions nobody takes nothing along.
    let plain = bob.say(&room, "nobody").await;
    bob.delete(&remove(plain)).await.ok(204);
    house.socket.nothing_else().await;
}

#[tokio::test]
async fn an_invitation_that_is_over_is_over() {
    let mut house = house().await;
    let (ana, bob) = (house.ana.clone(), house.bob.clone());
    // Taken back, declined, followed.
    for end in 0..3 {
        let room = bob.make_room(true).await;
        let theirs = format!("/api/v1/rooms/{room}/members/{}", ana.id);
        bob.ask("PUT", &theirs)
            .json(&json!({}))
            .send()
            .await
            .ok(204);
        house.notified(1).await;
        match end {
            0 => drop(bob.delete(&theirs).await.ok(204)),
            1 => {
                let mine = format!("/api/v1/rooms/{room}/members/me");
                ana.delete(&mine).await.ok(204);
            }
            _ => drop(ana.join(&room).await),
        }
        house
            .retracted(&format!("invitation.{room}"), None, 0)
            .await;
        assert!(house.groups().await.is_empty());
    }
}

#[tokio::test]
async fn an_ended_room_takes_along_whatever_was_told_of_it() {
    let mut house = house().await;
    let (ana, bob) = (house.ana.clone(), house.bob.clone());
    let eve = house.app.sign_up("eve").await;
    let room = bob.make_room(false).await;
    ana.join(&room).await;
    eve.join(&room).await;
    bob.say(&room, &format!("@{} @{}", ana.handle, eve.handle))
        .await;
    house.notified(1).await;
    eve.say(&room, &format!("@{}", ana.handle)).await;
    house.notified(1).await;
    let carl = house.app.sign_up("carl").await;
    let (mut of_carl, _) = carl.listen(&house.app.servers[1]).await;
    let invite = format!("/api/v1/rooms/{room}/members/{}", carl.id);
    bob.ask("PUT", &invite)
        .json(&json!({}))
        .send()
        .await
        .ok(204);
    of_carl.expect("notification").await;
    // Something else stays.
    bob.like(&ana.publish("hello").await).await;
    house.notified(2).await;

    bob.delete(&format!("/api/v1/rooms/{room}")).await.ok(204);
    house.retracted(&format!("mention.{room}"), None, 1).await;
    let frame = of_carl.expect("retract").await;
    assert_eq!(frame["group"], format!("invitation.{room}").as_str());
    let groups = house.groups().await;
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0]["kind"], "like");
}

#[tokio::test]
async fn a_deleted_post_takes_its_likes_along_on_every_server() {
    let mut house = house().await;
    let (ana, bob) = (house.ana.clone(), house.bob.clone());
    let post = ana.publish("hello").await;
    bob.like(&post).await;
    let group = house.notified(1).await["group"].clone();
    ana.delete(&format!("/api/v1/posts/{post}")).await.ok(204);
    house.retracted(group.as_str().unwrap(), None, 0).await;
    house.adds_up().await;
}

#[tokio::test]
async fn a_room_of_the_same_name_begins_anew() {
    let mut house = house().await;
    let (ana, bob) = (house.ana.clone(), house.bob.clone());
    let room = bob.make_room(false).await;
    for _ in 0..2 {
        ana.join(&room).await;
        bob.say(&room, &format!("@{}", ana.handle)).await;
        house.notified(1).await;
        bob.delete(&format!("/api/v1/rooms/{room}")).await.ok(204);
        house.retracted(&format!("mention.{room}"), None, 0).await;
        bob.post("/api/v1/rooms", json!({"name": room}))
            .await
            .ok(201);
    }
}

#[tokio::test]
async fn what_happens_in_a_room_names_it_by_its_title() {
    let mut house = house().await;
    let (ana, bob) = (house.ana.clone(), house.bob.clone());
    let name = bob.make_room(true).await;
    let room = format!("/api/v1/rooms/{name}");
    let change = json!({"title": "Chess \"& tea\""});
    bob.ask("PATCH", &room).json(&change).send().await.ok(200);
    let theirs = format!("{room}/members/{}", ana.id);
    bob.ask("PUT", &theirs)
        .json(&json!({}))
        .send()
        .await
        .ok(204);
    let invited = house.notified(1).await;
    assert_eq!(invited["room_title"], change["title"]);
    ana.join(&name).await;
    house.socket.expect("retract").await;
    bob.say(&name, &format!("@{}", ana.handle)).await;
    let mentioned = house.notified(1).await;
    assert_eq!(
        (&mentioned["room"], &mentioned["room_title"]),
        (&json!(name), &change["title"])
    );
    assert_eq!(house.groups().await[0]["room_title"], change["title"]);
    // Whoever comes back hears the same; whoever is out of a private room learns nothing new of it.
    let (mut again, _) = ana.resume(&house.app.servers[0], &house.epoch, 2).await;
    let frame = again.expect("notification").await;
    assert_eq!(frame["room_title"], change["title"]);
    bob.delete(&theirs).await.ok(204);
    let change = json!({"title": "Secret"});
    bob.ask("PATCH", &room).json(&change).send().await.ok(200);
    assert_eq!(house.groups().await[0].get("room_title"), None);
}

/// Sockets of Bob's on both servers that listen to what he likes.
async fn likes_of_bob(house: &House) -> [Socket; 2] {
    let (mut one, _) = house.bob.listen(&house.app.servers[0]).await;
    let (mut other, _) = house.bob.listen(&house.app.servers[1]).await;
    for socket in [&mut one, &mut other] {
        socket.subscribe("user:likes").await;
    }
    [one, other]
}

fn liked(post: &str, liked: bool) -> Value {
    json!({"type": "liked", "post_id": post, "liked": liked})
}

#[tokio::test]
async fn a_like_is_told_to_every_device_of_whoever_likes_that_asked_for_it() {
    let house = house().await;
    let (ana, bob) = (house.ana.clone(), house.bob.clone());
    let post = ana.publish("hello").await;
    let mut devices = likes_of_bob(&house).await;
    let (mut strict, _) = bob.listen(&house.app.servers[1]).await;
    for likes in [true, false] {
        match likes {
            true => bob.like(&post).await,
            false => bob.unlike(&post).await,
        };
        for socket in &mut devices {
            assert_eq!(socket.expect("liked").await, liked(&post, likes));
        }
    }
    strict.nothing_else().await;
    let mut of_ana = house.socket;
    of_ana.expect("notification").await;
    of_ana.expect("retract").await;
    of_ana.subscribe("user:likes").await;
    of_ana.nothing_else().await;
}

#[tokio::test]
async fn a_like_that_failed_leaves_no_device_with_a_wrong_state() {
    let house = house().await;
    let (ana, bob) = (house.ana.clone(), house.bob.clone());
    let (broken, gone) = (ana.publish("broken").await, ana.publish("gone").await);
    let key = |post: &str| {
        let (author, n) = post.split_once('.').unwrap();
        format!("{{{author}}}:post:{n}")
    };
    house.app.redis.ask(&["SET", &key(&broken), "not a post"]);
    ana.delete(&format!("/api/v1/posts/{gone}")).await.ok(204);
    let mut devices = likes_of_bob(&house).await;
    for (post, status) in [(&broken, 503), (&gone, 404)] {
        let path = format!("/api/v1/posts/{post}/like");
        let answer = bob.put(&path).await;
        assert!([status, 500].contains(&answer.status), "{}", answer.status);
        // What was said too early is corrected.
        for socket in &mut devices {
            assert_eq!(socket.expect("liked").await, liked(post, true));
            assert_eq!(socket.expect("liked").await, liked(post, false));
        }
    }
    // A like that was not taken back is still one.
    let post = ana.publish("kept").await;
    bob.like(&post).await;
    house
        .app
        .redis
        .ask(&["RENAME", &key(&post), &format!("{}:away", key(&post))]);
    house.app.redis.ask(&["SET", &key(&post), "not a post"]);
    let answer = bob.delete(&format!("/api/v1/posts/{post}/like")).await;
    assert!(answer.status >= 500, "{}", answer.status);
    for socket in &mut devices {
        assert_eq!(socket.expect("liked").await, liked(&post, true));
        assert_eq!(socket.expect("liked").await, liked(&post, false));
        assert_eq!(socket.expect("liked").await, liked(&post, true));
        socket.nothing_else().await;
    }
}
