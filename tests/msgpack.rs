//! MessagePack on the WebSocket: the same frames, in binary.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, people::Person, server::Server, ws::Socket};
use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

async fn listen(server: &Server, person: &Person) -> Socket {
    let mut socket = Socket::packed(server, &person.token).await;
    assert_eq!(socket.protocol.as_deref(), Some("quad.v1.msgpack"));
    socket.send(person.register()).await;
    socket.expect("registered").await;
    socket
}

#[tokio::test]
async fn both_encodings_say_the_same_on_every_server() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut json, registered) = ana.listen(&app.servers[0]).await;
    let mut packed = [
        listen(&app.servers[0], &ana).await,
        listen(&app.servers[1], &ana).await,
    ];
    let post = ana.publish("hello \u{1F98A}\n\"there\"").await;
    let channel = format!("post:{post}");
    json.subscribe(&channel).await;
    let begins = json.expect("post").await;
    for socket in &mut packed {
        socket.subscribe(&channel).await;
        assert_eq!(socket.expect("post").await, begins);
    }
    for (liked, kind) in [(true, "notification"), (false, "retract")] {
        match liked {
            true => bob.like(&post).await,
            false => bob.unlike(&post).await,
        };
        let entry = json.until(kind).await;
        for socket in &mut packed {
            assert_eq!(socket.until(kind).await, entry);
        }
    }
    // What was missed comes in the encoding of whoever missed it.
    let resume = json!({"epoch": registered["epoch"], "seq": 0});
    let register = json!({"type": "register", "user_id": ana.id, "resume": resume});
    let mut late = Socket::packed(&app.servers[1], &ana.token).await;
    late.send(register.clone()).await;
    let (mut known, _) = ana.resume(&app.servers[0], &registered["epoch"], 0).await;
    assert_eq!(late.expect("registered").await["recovered"], true);
    for kind in ["notification", "retract"] {
        assert_eq!(late.expect(kind).await, known.expect(kind).await);
    }
    late.nothing_else().await;
}

#[tokio::test]
async fn the_first_known_of_the_offered_encodings_is_chosen() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    for (offered, chosen) in [
        ("quad.v1.msgpack, quad.v1", "quad.v1.msgpack"),
        ("quad.v1, quad.v1.msgpack", "quad.v1"),
        ("quad.v9, quad.v1.msgpack", "quad.v1.msgpack"),
    ] {
        let protocols = format!("{offered}, bearer.{}", ana.token);
        let headers = [("sec-websocket-protocol", protocols.as_str())];
        let socket = Socket::open(app.server(), &headers).await.unwrap();
        assert_eq!(socket.protocol.as_deref(), Some(chosen), "{offered}");
    }
}

#[tokio::test]
async fn what_is_not_messagepack_or_no_frame_closes_with_4400() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let register = ana.register();
    let packed = rmp_serde::to_vec_named(&register).unwrap();
    for message in [
        Message::text(register.to_string()),
        Message::binary(Vec::new()),
        Message::binary(b"\xc1".to_vec()),
        Message::binary(b"{}".to_vec()),
        Message::binary(packed[..packed.len() - 1].to_vec()),
        Message::binary([packed.clone(), packed.clone()].concat()),
        Message::binary(rmp_serde::to_vec_named(&json!({"type": "dance"})).unwrap()),
        Message::binary(b"\xdd\xff\xff\xff\xff".to_vec()),
        Message::binary(vec![0x91; 60_000]),
    ] {
        let mut socket = Socket::packed(app.server(), &ana.token).await;
        socket.stream.send(message.clone()).await.unwrap();
        assert_eq!(socket.closed().await, 4400, "{message:?}");
    }
    let mut socket = Socket::bearer(app.server(), &ana.token).await;
    socket.stream.send(Message::binary(packed)).await.unwrap();
    assert_eq!(socket.closed().await, 4400);
}
