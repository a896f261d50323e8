//! Rooms over the WebSocket, on two servers: what is said arrives everywhere, in one order, and
//! only with those who are in.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::BTreeSet;

use common::{
    PATIENCE,
    app::App,
    people::Person,
    server::Server,
    ws::{Event, Socket},
};
use futures_util::future::join_all;
use serde_json::{Value, json};

/// A registered socket that listens to a room and has been told who else does.
async fn enter(person: &Person, server: &Server, room: &str) -> Socket {
    let (mut socket, _) = person.listen(server).await;
    socket.subscribe(&format!("room:{room}")).await;
    let presence = socket.expect("presence").await;
    assert_eq!(presence["all"], true);
    socket
}

fn publish(room: &str, id: &str, text: &str) -> Value {
    json!({"type": "publish", "ref": id, "channel": format!("room:{room}"), "id": id, "text": text})
}

#[tokio::test]
async fn two_people_see_what_the_other_says_writes_and_has_read() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let room = ana.make_room(false).await;
    let channel = format!("room:{room}");
    bob.join(&room).await;
    let mut here = enter(&ana, &app.servers[0], &room).await;
    assert_eq!(here.until("presence").await["here"], json!([ana.public()]));
    let mut there = enter(&bob, &app.servers[1], &room).await;
    assert_eq!(here.until("presence").await["here"], json!([bob.public()]));
    there.until("presence").await;

    here.send(publish(&room, "aaaaaaaaaaaaaaaa", "hello")).await;
    let ack = here.until("ack").await;
    assert_eq!(
        (&ack["ref"], &ack["seq"]),
        (&json!("aaaaaaaaaaaaaaaa"), &json!(1))
    );
    let message = there.until("message").await;
    assert_eq!(
        (&message["seq"], &message["text"]),
        (&json!(1), &json!("hello"))
    );
    assert_eq!(
        (&message["from"], &message["channel"]),
        (&ana.public(), &json!(channel))
    );
    assert_eq!(
        (&message["epoch"], &message["id"]),
        (&ack["epoch"], &json!("aaaaaaaaaaaaaaaa"))
    );

    there
        .send(json!({"type": "typing", "channel": channel}))
        .await;
    let typing = here.until("typing").await;
    assert_eq!(
        (&typing["from"], &typing["channel"]),
        (&bob.public(), &json!(channel))
    );
    there
        .send(json!({"type": "read", "channel": channel, "seq": 1}))
        .await;
    let read = here.until("read").await;
    assert_eq!(
        (&read["user_id"], &read["seq"]),
        (&json!(bob.id), &json!(1))
    );
    let members = ana
        .get(&format!("/api/v1/rooms/{room}/members"))
        .await
        .ok(200);
    let of = |member: usize| members["members"][member].clone();
    assert_eq!(
        (&of(0)["here"], &of(1)["here"]),
        (&json!(true), &json!(true))
    );
    assert_eq!((&of(0)["read"], &of(1)["read"]), (&json!(1), &json!(1)));

    drop(there);
    assert_eq!(here.until("presence").await["gone"], json!([bob.id]));
}

#[tokio::test]
async fn a_person_with_many_sockets_is_there_once() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let room = ana.make_room(false).await;
    bob.join(&room).await;
    let mut ears = enter(&ana, &app.servers[0], &room).await;
    assert_eq!(ears.until("presence").await["here"], json!([ana.public()]));
    let mut first = enter(&bob, &app.servers[0], &room).await;
    assert_eq!(ears.until("presence").await["here"], json!([bob.public()]));
    let mut second = enter(&bob, &app.servers[0], &room).await;
    let third = enter(&bob, &app.servers[1], &room).await;
    // Whoever comes to a server later says that everything before was told there.
    let mut others = Vec::new();
    for (name, server) in [("cem", 1), ("dan", 0)] {
        let other = app.sign_up(name).await;
        other.join(&room).await;
        others.push(enter(&other, &app.servers[server], &room).await);
        let next = ears.until("presence").await;
        assert_eq!(
            (&next["here"], &next["gone"]),
            (&json!([other.public()]), &Value::Null)
        );
        if name == "cem" {
            // Two of three end, on the other server.
            first.stream.close(None).await.unwrap();
            second.stream.close(None).await.unwrap();
            assert_eq!((first.closed().await, second.closed().await), (1005, 1005));
        }
    }
    drop(third);
    assert_eq!(ears.until("presence").await["gone"], json!([bob.id]));
}

#[tokio::test]
async fn a_thousand_messages_of_ten_writers_arrive_everywhere_in_one_order() {
    let app = App::builder().without_limits().start(2);
    let owner = app.sign_up("owner").await;
    let room = owner.make_room(false).await;
    let mut writers = Vec::new();
    for n in 0..10 {
        let writer = app.sign_up(&format!("writer{n}")).await;
        writer.join(&room).await;
        writers.push(writer);
    }
    let mut ears = Vec::new();
    for server in &app.servers {
        ears.push(enter(&owner, server, &room).await);
    }
    let writing = writers.iter().enumerate().map(async |(n, writer)| {
        let mut socket = enter(writer, &app.servers[n % 2], &room).await;
        for m in 0..100 {
            socket
                .send(publish(
                    &room,
                    &format!("{n:08}-{m:08}"),
                    &format!("{n}:{m}"),
                ))
                .await;
        }
        let mut acked = BTreeSet::new();
        while acked.len() < 100 {
            acked.insert(socket.until("ack").await["seq"].as_u64().unwrap());
        }
        acked
    });
    let acked: BTreeSet<u64> = join_all(writing).await.into_iter().flatten().collect();
    assert_eq!(acked, (1..=1_000).collect());
    let hear = async |socket: &mut Socket| {
        let mut heard = Vec::new();
        for seq in 1..=1_000 {
            let message = socket.until("message").await;
            assert_eq!(message["seq"], seq);
            heard.push((message["id"].clone(), message["text"].clone()));
        }
        heard
    };
    let (one, two) = ears.split_at_mut(1);
    let (one, two) = (hear(&mut one[0]).await, hear(&mut two[0]).await);
    assert_eq!(one, two);
}

#[tokio::test]
async fn a_removed_member_hears_nothing_more_on_any_server() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let room = ana.make_room(false).await;
    let channel = format!("room:{room}");
    bob.join(&room).await;
    let mut sockets = Vec::new();
    for server in &app.servers {
        sockets.push(enter(&bob, server, &room).await);
    }
    ana.delete(&format!("/api/v1/rooms/{room}/members/{}", bob.id))
        .await
        .ok(204);
    ana.say(&room, "now he is gone").await;
    for socket in &mut sockets {
        let goodbye = socket.until("error").await;
        assert_eq!(
            (&goodbye["code"], &goodbye["channel"]),
            (&json!("forbidden"), &json!(channel))
        );
        socket
            .send(publish(&room, "bbbbbbbbbbbbbbbb", "still here"))
            .await;
        let refused = socket.expect("error").await;
        assert_eq!(
            (&refused["code"], &refused["ref"]),
            (&json!("forbidden"), &json!("bbbbbbbbbbbbbbbb"))
        );
        socket
            .send(json!({"type": "typing", "channel": channel}))
            .await;
        socket
            .send(json!({"type": "read", "channel": channel, "seq": 1}))
            .await;
        socket.nothing_else().await;
        socket
            .send(json!({"type": "subscribe", "ref": "s", "channel": channel}))
            .await;
        assert_eq!(socket.expect("error").await["code"], "forbidden");
    }
}

#[tokio::test]
async fn what_is_not_theirs_is_refused() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let room = ana.make_room(false).await;
    let (mut socket, _) = bob.listen(app.server()).await;
    for (channel, code) in [
        (format!("room:{room}"), "forbidden"),
        ("room:there-is-none".to_owned(), "forbidden"),
        ("room:*".to_owned(), "forbidden"),
        (format!("user:{}", ana.id), "forbidden"),
        ("room:a b".to_owned(), "invalid_channel"),
    ] {
        socket
            .send(json!({"type": "subscribe", "ref": "s", "channel": channel}))
            .await;
        assert_eq!(socket.expect("error").await["code"], code, "{channel}");
        let publish =
            json!({"type": "publish", "ref": "p", "channel": channel, "id": "i", "text": "t"});
        socket.send(publish).await;
        let refused = socket.expect("error").await;
        assert_eq!(
            (&refused["code"], &refused["ref"]),
            (&json!(code), &json!("p")),
            "{channel}"
        );
    }
    bob.join(&room).await;
    for (id, text, code) in [
        ("", "t", "invalid"),
        ("i", "", "invalid"),
        ("ä", "t", "invalid"),
    ] {
        let channel = format!("room:{room}");
        socket
            .send(
                json!({"type": "publish", "ref": "p", "channel": channel, "id": id, "text": text}),
            )
            .await;
        assert_eq!(socket.expect("error").await["code"], code);
    }
    // A program without the scope hears nothing either, and cannot speak.
    let token = app.token("publish,stats");
    let mut program = Socket::bearer(app.server(), &token).await;
    for channel in ["room:*".to_owned(), format!("room:{room}")] {
        program
            .send(json!({"type": "subscribe", "ref": "s", "channel": channel}))
            .await;
        assert_eq!(program.expect("error").await["code"], "forbidden");
    }
    program.send(publish(&room, "cccccccccccccccc", "t")).await;
    assert_eq!(program.expect("error").await["code"], "forbidden");
    let broadcast = app
        .server()
        .http
        .ask("POST", &format!("/broadcast/room:{room}"));
    let broadcast = broadcast.bearer(&token).json(&json!({"message": "hi"}));
    broadcast.send().await.refused(403, "forbidden");
}

#[tokio::test]
async fn who_comes_back_gets_what_was_missed_without_a_hole() {
    let app = App::builder().without_limits().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let room = ana.make_room(false).await;
    let channel = format!("room:{room}");
    bob.join(&room).await;
    let mut socket = enter(&bob, &app.servers[0], &room).await;
    for n in 1..=3 {
        ana.say(&room, &format!("message {n}")).await;
    }
    let epoch = socket.until("message").await["epoch"].clone();
    drop(socket);
    for n in 4..=250 {
        ana.say(&room, &format!("message {n}")).await;
    }
    for seq in [2, 3, 100, 250] {
        ana.delete(&format!("/api/v1/rooms/{room}/messages/{seq}"))
            .await
            .ok(204);
    }
    let (mut socket, _) = bob.listen(&app.servers[1]).await;
    let resume = json!({"resume": {"epoch": epoch, "seq": 1}});
    let ack = socket.subscribe_with(&channel, resume).await;
    assert_eq!(
        (&ack["seq"], &ack["recovered"]),
        (&json!(254), &json!(true))
    );
    for seq in 2..=254 {
        let message = socket.expect("message").await;
        assert_eq!(message["seq"], seq);
        let removed = [2, 3, 100, 250].contains(&seq);
        assert_eq!(message["void"] == true, removed || seq > 250, "{message}");
        if seq > 250 {
            assert_eq!(message["retracts"], [2, 3, 100, 250][seq as usize - 251]);
        } else if !removed {
            assert_eq!(message["text"], format!("message {seq}"));
        }
    }
    socket.expect("presence").await;
    assert_eq!(
        socket.until("presence").await["here"],
        json!([bob.public()])
    );
    // The last ones alone, and then what is said and removed while one listens.
    let ack = socket.subscribe_with(&channel, json!({"last": 2})).await;
    assert_eq!(ack["recovered"], Value::Null);
    assert_eq!(socket.until("message").await["seq"], 253);
    assert_eq!(socket.until("message").await["seq"], 254);
    ana.say(&room, "now").await;
    assert_eq!(socket.until("message").await["text"], "now");
    ana.delete(&format!("/api/v1/rooms/{room}/messages/255"))
        .await
        .ok(204);
    let removal = socket.until("message").await;
    assert_eq!(
        (&removal["seq"], &removal["retracts"]),
        (&json!(256), &json!(255))
    );
    assert_eq!(removal["void"], true);
    // Another epoch, or a place that is not there yet: reload.
    for resume in [
        json!({"epoch": "1.other", "seq": 1}),
        json!({"epoch": epoch, "seq": 9_999}),
    ] {
        let ack = socket
            .subscribe_with(&channel, json!({"resume": resume}))
            .await;
        assert_eq!(ack["recovered"], false);
        socket.expect("presence").await;
    }
}

#[tokio::test]
async fn the_same_id_over_two_servers_is_one_message() {
    let app = App::builder().start(2);
    let ana = app.sign_up("ana").await;
    let room = ana.make_room(false).await;
    let mut ears = enter(&ana, &app.servers[0], &room).await;
    let (mut one, _) = ana.listen(&app.servers[0]).await;
    let (mut two, _) = ana.listen(&app.servers[1]).await;
    for socket in [&mut one, &mut two] {
        socket
            .send(publish(&room, "dddddddddddddddd", "once"))
            .await;
    }
    assert_eq!(one.expect("ack").await["seq"], 1);
    assert_eq!(two.expect("ack").await["seq"], 1);
    ana.say(&room, "after").await;
    assert_eq!(ears.until("message").await["text"], "once");
    assert_eq!(ears.until("message").await["text"], "after");
}

#[tokio::test]
async fn a_program_observes_rooms_that_are_and_rooms_that_will_be() {
    let app = App::builder().start(2);
    let ana = app.sign_up("ana").await;
    let old = ana.make_room(true).await;
    ana.say(&old, "before").await;
    let token = app.token("observe");
    let mut program = Socket::bearer(&app.servers[1], &token).await;
    program
        .send(json!({"type": "subscribe", "ref": "s", "channel": "room:*"}))
        .await;
    let stands = program.next().await;
    let Event::Frame(stands) = stands else {
        panic!("{stands:?}")
    };
    assert_eq!(
        (&stands["type"], &stands["seq"]),
        (&json!("position"), &json!(1))
    );
    assert_eq!(stands["channel"], format!("room:{old}"));
    program.expect("ack").await;
    ana.say(&old, "after").await;
    assert_eq!(program.until("message").await["text"], "after");
    let new = ana.make_room(false).await;
    ana.say(&new, "the very first").await;
    let first = program.until("message").await;
    assert_eq!(
        (&first["channel"], &first["seq"]),
        (&json!(format!("room:{new}")), &json!(1))
    );
    // A room that ends and comes again is another history.
    ana.delete(&format!("/api/v1/rooms/{new}")).await.ok(204);
    ana.post("/api/v1/rooms", json!({"name": new}))
        .await
        .ok(201);
    ana.say(&new, "again").await;
    let again = program.until("message").await;
    assert_eq!(
        (&again["text"], &again["seq"]),
        (&json!("again"), &json!(1))
    );
    assert_ne!(again["epoch"], first["epoch"]);
    program
        .send(json!({"type": "unsubscribe", "ref": "u", "channel": "room:*"}))
        .await;
    program.until("ack").await;
    ana.say(&old, "unheard").await;
    program.nothing_else().await;
}

#[tokio::test]
async fn a_server_that_dies_takes_its_people_along_and_they_catch_up_elsewhere() {
    let mut app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let room = ana.make_room(false).await;
    bob.join(&room).await;
    let mut ears = enter(&ana, &app.servers[0], &room).await;
    assert_eq!(ears.until("presence").await["here"], json!([ana.public()]));
    let mut socket = enter(&bob, &app.servers[1], &room).await;
    assert_eq!(ears.until("presence").await["here"], json!([bob.public()]));
    ana.say(&room, "one").await;
    let heard = socket.until("message").await;
    app.servers.remove(1).kill();
    ana.say(&room, "two").await;
    // It ends within its expiry, which is shorter than anything here waits.
    let gone = tokio::time::timeout(PATIENCE, ears.until("presence"));
    assert_eq!(gone.await.unwrap()["gone"], json!([bob.id]));
    let (mut socket, _) = bob.at(&app.servers[0]).listen(&app.servers[0]).await;
    let resume = json!({"resume": {"epoch": heard["epoch"], "seq": 1}});
    let ack = socket.subscribe_with(&format!("room:{room}"), resume).await;
    assert_eq!(ack["recovered"], true);
    assert_eq!(socket.expect("message").await["text"], "two");
    assert_eq!(ears.until("presence").await["here"], json!([bob.public()]));
}
