//! Rooms over HTTP: who may make, find, join, leave and change them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, people::Person, unique};
use serde_json::{Value, json};

async fn members(person: &Person, room: &str) -> Vec<(String, String)> {
    let path = format!("/api/v1/rooms/{room}/members");
    let page = person.get(&path).await.ok(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let members = page["members"].as_array().unwrap().iter();
    members
        .map(|member| (text(&member["user_id"]), text(&member["role"])))
        .collect()
}

fn is(person: &Person, role: &str) -> (String, String) {
    (person.id.clone(), role.to_owned())
}

#[tokio::test]
async fn a_public_room_is_found_joined_and_left() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let name = unique("Chess").replace('_', "-");
    let made = ana
        .post(
            "/api/v1/rooms",
            json!({"name": name, "title": "  Chess club "}),
        )
        .await
        .ok(201);
    let room = name.to_lowercase();
    assert_eq!(made["name"], room.as_str());
    assert_eq!(
        (&made["title"], &made["role"]),
        (&json!("Chess club"), &json!("owner"))
    );
    assert_eq!(
        (&made["private"], &made["members"]),
        (&json!(false), &json!(1))
    );
    ana.post("/api/v1/rooms", json!({"name": room}))
        .await
        .refused(409, "room_taken");

    let listed = bob.get("/api/v1/rooms?limit=100").await.ok(200);
    let found = listed["rooms"]
        .as_array()
        .unwrap()
        .iter()
        .find(|r| r["name"] == room.as_str());
    assert_eq!(found.unwrap()["role"], Value::Null);
    assert_eq!(
        bob.get("/api/v1/rooms?mine=true").await.ok(200)["rooms"],
        json!([])
    );

    let path = format!("/api/v1/rooms/{room}");
    bob.get(&format!("{path}/messages"))
        .await
        .refused(404, "no_such_room");
    bob.post(&format!("{path}/messages"), json!({"text": "hi"}))
        .await
        .refused(404, "no_such_room");
    assert_eq!(bob.join(&room).await["role"], "member");
    assert_eq!(
        bob.join(&room).await["members"],
        2,
        "a repeat changes nothing"
    );
    assert_eq!(
        members(&bob, &room).await,
        [is(&ana, "owner"), is(&bob, "member")]
    );
    assert_eq!(
        bob.get("/api/v1/rooms?mine=true").await.ok(200)["rooms"][0]["name"],
        room.as_str()
    );

    bob.delete(&format!("{path}/members/me")).await.ok(204);
    bob.delete(&format!("{path}/members/me"))
        .await
        .refused(404, "no_such_room");
    assert_eq!(members(&ana, &room).await, [is(&ana, "owner")]);
}

#[tokio::test]
async fn a_private_room_is_only_there_for_those_who_are_invited() {
    let app = App::start();
    let (ana, bob, cem) = (
        app.sign_up("ana").await,
        app.sign_up("bob").await,
        app.sign_up("cem").await,
    );
    let room = ana.make_room(true).await;
    let path = format!("/api/v1/rooms/{room}");
    bob.get(&path).await.refused(404, "no_such_room");
    bob.get(&format!("{path}/members"))
        .await
        .refused(404, "no_such_room");
    bob.post(&format!("{path}/members"), json!({}))
        .await
        .refused(404, "no_such_room");
    let listed = bob.get("/api/v1/rooms?limit=100").await.ok(200);
    assert!(
        listed["rooms"]
            .as_array()
            .unwrap()
            .iter()
            .all(|r| r["name"] != room.as_str())
    );

    let (mut inbox, _) = bob.listen(app.server()).await;
    let invite = format!("{path}/members/{}", bob.handle);
    for _ in 0..2 {
        ana.ask("PUT", &invite)
            .json(&json!({}))
            .send()
            .await
            .ok(204);
    }
    let news = inbox.expect("notification").await;
    assert_eq!(
        (&news["kind"], &news["room"]),
        (&json!("invitation"), &json!(room))
    );
    assert_eq!(news["actor"], ana.public());
    inbox.nothing_else().await;
    let item = &bob.inbox().await["items"][0];
    assert_eq!(
        (&item["kind"], &item["room"]),
        (&json!("invitation"), &json!(room))
    );
    assert_eq!(item["people"], json!([ana.public()]));

    assert_eq!(bob.get(&path).await.ok(200)["invited"], true);
    let mine = bob.get("/api/v1/rooms?mine=true").await.ok(200);
    assert_eq!(mine["rooms"][0]["name"], room.as_str());
    bob.join(&room).await;
    assert_eq!(bob.get(&path).await.ok(200)["invited"], false);
    // A member cannot invite into a private room; a moderator can.
    let invite = format!("{path}/members/{}", cem.id);
    bob.ask("PUT", &invite)
        .json(&json!({}))
        .send()
        .await
        .refused(403, "forbidden");
    let promote = format!("{path}/members/{}", bob.id);
    ana.ask("PUT", &promote)
        .json(&json!({"role": "moderator"}))
        .send()
        .await
        .ok(204);
    bob.ask("PUT", &invite)
        .json(&json!({}))
        .send()
        .await
        .ok(204);
    // Whoever does not want to come declines.
    cem.delete(&format!("{path}/members/me")).await.ok(204);
    cem.get(&path).await.refused(404, "no_such_room");
    let nobody = format!("{path}/members/nobody_at_all");
    ana.ask("PUT", &nobody)
        .json(&json!({}))
        .send()
        .await
        .refused(404, "no_such_user");
}

#[tokio::test]
async fn rights_are_those_of_the_role() {
    let app = App::start();
    let (ana, bob, cem) = (
        app.sign_up("ana").await,
        app.sign_up("bob").await,
        app.sign_up("cem").await,
    );
    let room = ana.make_room(false).await;
    bob.join(&room).await;
    cem.join(&room).await;
    let of = |who: &Person| format!("/api/v1/rooms/{room}/members/{}", who.id);
    let role = |role: &str| json!({"role": role});
    cem.delete(&of(&bob)).await.refused(403, "forbidden");
    cem.ask("PUT", &of(&cem))
        .json(&role("moderator"))
        .send()
        .await
        .refused(403, "forbidden");
    ana.ask("PUT", &of(&bob))
        .json(&role("moderator"))
        .send()
        .await
        .ok(204);
    bob.ask("PUT", &of(&cem))
        .json(&role("moderator"))
        .send()
        .await
        .refused(403, "forbidden");
    bob.delete(&of(&ana)).await.refused(403, "forbidden");
    ana.ask("PUT", &of(&ana))
        .json(&role("member"))
        .send()
        .await
        .refused(403, "forbidden");

    // Removed is out, also of a public room, until somebody invites them again.
    bob.delete(&of(&cem)).await.ok(204);
    cem.post(&format!("/api/v1/rooms/{room}/members"), json!({}))
        .await
        .refused(403, "forbidden");
    bob.delete(&of(&cem)).await.refused(404, "no_such_user");
    bob.ask("PUT", &of(&cem))
        .json(&json!({}))
        .send()
        .await
        .ok(204);
    cem.join(&room).await;

    // Whoever hands over stays as a moderator; an owner who leaves is followed by the moderator.
    ana.ask("PUT", &of(&bob))
        .json(&role("owner"))
        .send()
        .await
        .ok(204);
    assert_eq!(
        members(&cem, &room).await,
        [is(&ana, "moderator"), is(&bob, "owner"), is(&cem, "member")]
    );
    bob.delete(&of(&bob)).await.ok(204);
    assert_eq!(
        members(&cem, &room).await,
        [is(&ana, "owner"), is(&cem, "member")]
    );
    let path = format!("/api/v1/rooms/{room}");
    let change = json!({"title": "Ours", "private": true});
    let asked = cem.ask("PATCH", &path).json(&change);
    asked.send().await.refused(403, "forbidden");
    let changed = ana.ask("PATCH", &path).json(&change).send().await.ok(200);
    assert_eq!(
        (&changed["title"], &changed["private"]),
        (&json!("Ours"), &json!(true))
    );
    let asked = ana.ask("PATCH", &path).json(&json!({"title": ""}));
    asked.send().await.invalid(&[("title", "required")]);
    cem.delete(&format!("/api/v1/rooms/{room}"))
        .await
        .refused(403, "forbidden");
    // The last one to leave ends it, and its name is free.
    ana.delete(&of(&ana)).await.ok(204);
    assert_eq!(members(&cem, &room).await, [is(&cem, "owner")]);
    cem.say(&room, "alone").await;
    cem.delete(&of(&cem)).await.ok(204);
    cem.get(&format!("/api/v1/rooms/{room}"))
        .await
        .refused(404, "no_such_room");
    ana.post("/api/v1/rooms", json!({"name": room}))
        .await
        .ok(201);
    let page = ana
        .get(&format!("/api/v1/rooms/{room}/messages"))
        .await
        .ok(200);
    assert_eq!((&page["seq"], &page["messages"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn what_was_said_is_read_in_pages_and_can_be_removed() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let room = ana.make_room(false).await;
    bob.join(&room).await;
    for n in 1..=7 {
        let who = if n % 2 == 0 { &bob } else { &ana };
        assert_eq!(who.say(&room, &format!("message {n}")).await, n);
    }
    let path = format!("/api/v1/rooms/{room}/messages");
    // One's own can be removed, that of the owner cannot.
    bob.delete(&format!("{path}/5"))
        .await
        .refused(403, "forbidden");
    bob.delete(&format!("{path}/4")).await.ok(204);
    bob.delete(&format!("{path}/4"))
        .await
        .refused(404, "no_such_message");
    ana.delete(&format!("{path}/2")).await.ok(204);
    for wrong in ["0", "99", "x", "-1", "8"] {
        bob.delete(&format!("{path}/{wrong}"))
            .await
            .refused(404, "no_such_message");
    }
    let page = bob.get(&format!("{path}?limit=3")).await.ok(200);
    let seqs = |page: &Value| -> Vec<u64> {
        let messages = page["messages"].as_array().unwrap().iter();
        messages
            .map(|message| message["seq"].as_u64().unwrap())
            .collect()
    };
    assert_eq!((seqs(&page), &page["next"]), (vec![5, 6, 7], &json!(5)));
    assert_eq!(page["messages"][1]["from"], bob.public());
    assert_eq!(page["messages"][1]["text"], "message 6");
    let page = bob.get(&format!("{path}?limit=3&before=5")).await.ok(200);
    assert_eq!((seqs(&page), &page["next"]), (vec![1, 3], &Value::Null));

    // Neither what was removed nor its removal is unread.
    let room_of = async |who: &Person| {
        let room = who.get(&format!("/api/v1/rooms/{room}")).await.ok(200);
        (
            room["seq"].as_u64().unwrap(),
            room["unread"].as_u64().unwrap(),
        )
    };
    assert_eq!((room_of(&ana).await, room_of(&bob).await), ((9, 0), (9, 1)));
    let read = format!("/api/v1/rooms/{room}/read");
    bob.post(&read, json!({"seq": 8})).await.ok(204);
    bob.post(&read, json!({"seq": 3})).await.ok(204);
    bob.post(&read, json!({"seq": 99})).await.ok(204);
    assert_eq!(room_of(&bob).await, (9, 0));

    // The same id again is the same message, whoever else used it.
    let twice = json!({"id": "0123456789abcdef", "text": "once"});
    let first = bob.post(&path, twice.clone()).await.ok(201);
    assert_eq!(bob.post(&path, twice.clone()).await.ok(201), first);
    let another = ana.post(&path, twice).await.ok(201);
    assert_ne!(another["seq"], first["seq"]);
    for wrong in [
        json!({"text": ""}),
        json!({"text": "x", "id": ""}),
        json!({"text": "x", "id": "a b"}),
    ] {
        bob.post(&path, wrong).await.refused(422, "invalid");
    }
}

#[tokio::test]
async fn whoever_is_mentioned_finds_it_in_the_inbox() {
    let app = App::builder().start(2);
    let (ana, bob, cem) = (
        app.sign_up("ana").await,
        app.sign_up("bob").await,
        app.sign_up("cem").await,
    );
    let room = ana.make_room(false).await;
    bob.join(&room).await;
    let (mut inbox, _) = bob.listen(&app.servers[1]).await;
    let text = format!(
        "@{} look, @{} and @{}!",
        bob.handle.to_uppercase(),
        cem.handle,
        ana.handle
    );
    ana.say(&room, &text).await;
    let news = inbox.expect("notification").await;
    assert_eq!(
        (&news["kind"], &news["room"]),
        (&json!("mention"), &json!(room))
    );
    assert_eq!(
        (&news["actor"], &news["text"]),
        (&ana.public(), &json!(text))
    );
    // A repeat tells nobody again; neither oneself nor somebody who is not in the room is told.
    let path = format!("/api/v1/rooms/{room}/messages");
    let again = json!({"id": "0123456789abcdef", "text": format!("@{}", bob.handle)});
    ana.post(&path, again.clone()).await.ok(201);
    assert_eq!(inbox.expect("notification").await["seq"], 2);
    ana.post(&path, again).await.ok(201);
    inbox.nothing_else().await;
    assert_eq!(cem.inbox().await["seq"], 0);
    assert_eq!(ana.inbox().await["seq"], 0);
    let (mut back, _) = bob.resume(app.server(), &news["epoch"], 0).await;
    let first = back.expect("notification").await;
    assert_eq!(
        (&first["kind"], &first["void"]),
        (&json!("mention"), &json!(true))
    );
    let second = back.expect("notification").await;
    assert_eq!(second["text"], format!("@{}", bob.handle));
    assert_eq!(second["room"], room.as_str());
}
