//! A Cluster that moves slots while people are connected.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    app::App,
    redis::Kind,
    ws::{Event, Socket},
};
use serde_json::{Value, json};

/// The next frame of a history, as a client gets it: where it hears that it is behind, it asks for
/// what it missed with `resume`.
async fn next_of(
    socket: &mut Socket,
    kind: &str,
    seq: u64,
    resume: impl Fn(Value) -> Value,
) -> Value {
    loop {
        let Event::Frame(frame) = socket.next().await else {
            panic!("it was closed")
        };
        let at = frame["seq"].as_u64();
        if frame["type"] == kind && at == Some(seq) {
            return frame;
        }
        let known = resume(json!({"epoch": frame["epoch"], "seq": seq - 1}));
        let behind = frame["type"] == "position" && at >= Some(seq);
        if behind && frame["channel"] == known["channel"] {
            socket.send(known).await;
        }
    }
}

#[tokio::test]
async fn sockets_hear_on_when_their_slots_move() {
    let app = App::builder().on(Kind::Cluster).start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let post = ana.publish("hello").await;
    let room = ana.make_room(false).await;
    bob.join(&room).await;
    let (mut inbox, _) = ana.listen(&app.servers[0]).await;
    let (mut member, _) = bob.listen(&app.servers[1]).await;
    let channel = format!("room:{room}");
    member.subscribe(&channel).await;
    member.expect("presence").await;
    member.subscribe(&format!("post:{post}")).await;
    assert_eq!(member.until("post").await["likes"], 0);

    let register = |resume| json!({"type": "register", "user_id": ana.id, "resume": resume});
    let subscribe =
        |resume| json!({"type": "subscribe", "ref": "r", "channel": channel, "resume": resume});
    let other = app.redis.join();
    for (from, to, seq) in [(&app.redis, &other, 1), (&other, &app.redis, 3)] {
        from.move_slot_of(&format!("{{{}}}:inbox", ana.id), to);
        from.move_slot_of(&format!("{{r:{room}}}:room"), to);
        // None of these waits for its turn in the position check, which has one in half a minute.
        bob.like(&post).await;
        let like = next_of(&mut inbox, "notification", seq, register).await;
        assert_eq!(like["actor"], bob.public());
        let said = ana.say(&room, "still here").await;
        next_of(&mut member, "message", said, subscribe).await;
        bob.unlike(&post).await;
        let retract = next_of(&mut inbox, "retract", seq + 1, register).await;
        assert_eq!(retract["retracts"], seq);
    }
    // A value, which no position tells of, is the newest.
    bob.like(&post).await;
    while member.until("post").await["likes"] != 1 {}
}
