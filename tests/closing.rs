//! Who is let in, and with which code the server closes a socket.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::{Duration, Instant};

use common::{PATIENCE, app::App, people::PASSWORD, ws::Socket};
use futures_util::SinkExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_token_comes_in_the_header_or_as_a_subprotocol() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let protocols = format!("quad.v1, bearer.{}", ana.token);
    let mut socket = Socket::open(app.server(), &[("sec-websocket-protocol", &protocols)])
        .await
        .unwrap();
    assert_eq!(socket.protocol.as_deref(), Some("quad.v1"));
    socket
        .send(json!({"type": "register", "user_id": ana.id}))
        .await;
    socket.expect("registered").await;
    let (socket, _) = ana.listen(app.server()).await;
    assert_eq!(socket.protocol, None);
}

#[tokio::test]
async fn without_a_live_credential_there_is_no_socket() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let refused = async |headers: &[(&str, &str)]| {
        let refused = Socket::open(app.server(), headers)
            .await
            .err()
            .expect("refused");
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (401, &json!("no_session")),
            "{headers:?}"
        );
    };
    refused(&[]).await;
    refused(&[("authorization", "Bearer nonsense")]).await;
    refused(&[("authorization", "Basic YTpi")]).await;
    refused(&[("sec-websocket-protocol", "quad.v1, bearer.nonsense")]).await;
    refused(&[("sec-websocket-protocol", "quad.v1")]).await;
    let in_url = format!("/ws?token={0}&access_token={0}", ana.token);
    let answer = app
        .server()
        .http
        .ask("GET", &in_url)
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .send()
        .await;
    answer.refused(401, "no_session");
    let bearer = format!("Bearer {}", ana.token);
    ana.delete("/api/v1/sessions/current").await.ok(204);
    refused(&[("authorization", &bearer)]).await;
    app.server().http.get("/ws").await.refused(400, "malformed");
}

#[tokio::test]
async fn who_logs_out_is_closed_with_4401_on_every_server_within_a_second() {
    let app = App::builder().start(2);
    let phone = app.sign_up("ana").await;
    let laptop = phone.log_in(app.server()).await;
    let (mut here, _) = phone.listen(&app.servers[0]).await;
    let (mut there, _) = phone.listen(&app.servers[1]).await;
    let (mut other, _) = laptop.listen(&app.servers[1]).await;
    let begin = Instant::now();
    phone.delete("/api/v1/sessions/current").await.ok(204);
    assert_eq!((here.closed().await, there.closed().await), (4401, 4401));
    assert!(
        begin.elapsed() < Duration::from_secs(1),
        "{:?}",
        begin.elapsed()
    );
    other.nothing_else().await;
}

#[tokio::test]
async fn who_logs_out_everywhere_is_closed_everywhere_within_a_second() {
    let app = App::builder().start(2);
    let (phone, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let laptop = phone.log_in(app.server()).await;
    let (mut here, _) = phone.listen(&app.servers[0]).await;
    let (mut there, _) = laptop.listen(&app.servers[1]).await;
    let (mut bobs, _) = bob.listen(&app.servers[1]).await;
    // Has not even registered.
    let mut silent = Socket::bearer(&app.servers[1], &laptop.token).await;
    let begin = Instant::now();
    phone.delete("/api/v1/sessions").await.ok(204);
    assert_eq!(
        (
            here.closed().await,
            there.closed().await,
            silent.closed().await
        ),
        (4401, 4401, 4401)
    );
    assert!(
        begin.elapsed() < Duration::from_secs(1),
        "{:?}",
        begin.elapsed()
    );
    bobs.nothing_else().await;
}

#[tokio::test]
async fn a_new_password_closes_the_sockets_of_all_sessions_of_before() {
    let app = App::builder().start(2);
    let phone = app.sign_up("ana").await;
    let laptop = phone.log_in(app.server()).await;
    let (mut own, _) = phone.listen(&app.servers[1]).await;
    let (mut other, _) = laptop.listen(&app.servers[1]).await;
    let change = json!({"password": "another horse", "current_password": PASSWORD});
    let changed = phone.ask("PATCH", "/api/v1/me").json(&change);
    let changed = changed.send().await.ok(200);
    assert_eq!(own.closed().await, 4401);
    assert_eq!(other.closed().await, 4401);
    let again = phone.with(changed["token"].as_str().unwrap());
    let (mut kept, _) = again.listen(&app.servers[1]).await;
    kept.nothing_else().await;
}

#[tokio::test]
async fn a_revocation_that_no_message_told_of_is_found_all_the_same() {
    let app = App::start();
    let phone = app.sign_up("ana").await;
    let sessions = format!("{{{}}}:session", phone.id);
    let session = app.redis.ask(&["KEYS", &format!("{sessions}:*")]);
    let laptop = phone.log_in(app.server()).await;
    let (mut ended, _) = phone.listen(app.server()).await;
    let (mut kept, _) = laptop.listen(app.server()).await;
    app.redis.ask(&["DEL", &session]);
    // Each socket is checked every 30 seconds, and all of them once a lost connection is back.
    app.redis.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    assert_eq!(ended.closed().await, 4401);
    kept.nothing_else().await;
    phone.get("/api/v1/me").await.refused(401, "no_session");
    laptop.get("/api/v1/me").await.ok(200);
}

#[tokio::test]
async fn who_registers_as_somebody_else_is_closed_with_4403() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let mut socket = Socket::bearer(app.server(), &ana.token).await;
    socket
        .send(json!({"type": "register", "user_id": bob.id}))
        .await;
    assert_eq!(socket.closed().await, 4403);
    let (mut socket, _) = ana.listen(app.server()).await;
    socket
        .send(json!({"type": "register", "user_id": bob.id}))
        .await;
    assert_eq!(socket.closed().await, 4403);
    let mut program = Socket::bearer(app.server(), &app.token("publish")).await;
    program
        .send(json!({"type": "register", "user_id": bob.id}))
        .await;
    assert_eq!(program.closed().await, 4403);
}

#[tokio::test]
async fn who_never_registers_is_closed_with_4408_after_ten_seconds() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let begin = Instant::now();
    let mut socket = Socket::bearer(app.server(), &ana.token).await;
    // A program needs not register.
    let mut program = Socket::bearer(app.server(), &app.token("publish")).await;
    socket
        .send(json!({"type": "subscribe", "ref": "r", "channel": "news"}))
        .await;
    assert_eq!(socket.expect("error").await["ref"], "r");
    assert_eq!(socket.closed().await, 4408);
    let took = begin.elapsed();
    assert!(
        took >= Duration::from_secs(9) && took < Duration::from_secs(15),
        "{took:?}"
    );
    program.nothing_else().await;
}

#[tokio::test]
async fn what_is_no_frame_of_ours_is_closed_with_4400() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let malformed = [
        "",
        "x",
        "{",
        "[]",
        "null",
        "7",
        "\"register\"",
        "{}",
        r#"{"type":"nonsense"}"#,
        r#"{"type":"seen","epoch":"e","seq":1}{}"#,
        r#"{"type":"registered","user_id":"0abcdefg","epoch":"e","seq":1,"unread":0,"recovered":true}"#,
    ];
    for text in malformed {
        let (mut socket, _) = ana.listen(app.server()).await;
        socket.send_text(text.to_owned()).await;
        assert_eq!(socket.closed().await, 4400, "{text}");
    }
    let (mut socket, _) = ana.listen(app.server()).await;
    socket
        .stream
        .send(Message::binary(b"{}".to_vec()))
        .await
        .unwrap();
    assert_eq!(socket.closed().await, 4400);
}

#[tokio::test]
async fn bad_utf8_is_closed_with_1007() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let mut socket = Socket::bearer(app.server(), &ana.token).await;
    // A text frame, masked with zeros, that holds one byte which is never UTF-8.
    socket
        .stream
        .get_mut()
        .write_all(&[0x81, 0x81, 0, 0, 0, 0, 0xff])
        .await
        .unwrap();
    assert_eq!(socket.closed().await, 1007);
}

#[tokio::test]
async fn a_frame_over_64_kib_is_closed_with_1009() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let (mut bystander, _) = ana.listen(app.server()).await;
    let frame = |length: usize| {
        let empty = json!({"type": "unsubscribe", "ref": "r", "channel": ""})
            .to_string()
            .len();
        json!({"type": "unsubscribe", "ref": "r", "channel": "x".repeat(length - empty)})
            .to_string()
    };
    let (mut socket, _) = ana.listen(app.server()).await;
    socket.send_text(frame(64 << 10)).await;
    assert_eq!(
        socket.expect("error").await["ref"],
        "r",
        "64 KiB are read, and answered"
    );
    socket.send_text(frame((64 << 10) + 1)).await;
    assert_eq!(socket.closed().await, 1009);
    // In many pieces, too: 17 of 4 KiB, each fine by itself.
    let (mut socket, _) = ana.listen(app.server()).await;
    let tcp = socket.stream.get_mut();
    for piece in 0..17 {
        let opcode = if piece == 0 { 0x01 } else { 0x00 };
        let mut bytes = vec![opcode, 0x80 | 126, 0x10, 0x00, 0, 0, 0, 0];
        bytes.resize(8 + 4096, b' ');
        tcp.write_all(&bytes).await.unwrap();
    }
    assert_eq!(socket.closed().await, 1009);
    bystander.nothing_else().await;
}

#[tokio::test]
async fn a_frame_of_10_mb_is_closed_with_1009_and_never_held() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let memory = || {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", app.server().pid())).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmRSS:"))
            .unwrap()
            .to_owned();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    for _ in 0..10 {
        let (mut socket, _) = ana.listen(app.server()).await;
        let before = memory();
        socket.send_text("x".repeat(10_000_000)).await;
        assert_eq!(socket.closed().await, 1009);
        assert!(memory() < before + 8_000, "it is not read into memory");
    }
}

#[tokio::test]
async fn too_many_sockets_of_one_person_are_closed_with_4409() {
    let app = App::builder()
        .set("QUAD_MAX_SOCKETS_PER_USER", "2")
        .start(1);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut first, _) = ana.listen(app.server()).await;
    let (second, _) = ana.listen(app.server()).await;
    let third = async || {
        let mut socket = Socket::bearer(app.server(), &ana.token).await;
        socket
            .send(json!({"type": "register", "user_id": ana.id}))
            .await;
        socket
    };
    assert_eq!(third().await.closed().await, 4409);
    bob.listen(app.server()).await;
    first.nothing_else().await;
    // One that went makes room.
    drop(second);
    common::eventually("there is room", async || {
        let mut socket = third().await;
        matches!(socket.next().await, common::ws::Event::Frame(_)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn too_many_frames_are_closed_with_4429() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let (mut socket, registered) = ana.listen(app.server()).await;
    for _ in 0..1_000 {
        socket
            .send(json!({"type": "seen", "epoch": registered["epoch"], "seq": 0}))
            .await;
    }
    assert_eq!(socket.closed().await, 4429);
    // Pings count, too.
    let (mut socket, _) = ana.listen(app.server()).await;
    for _ in 0..1_000 {
        if socket
            .stream
            .send(Message::Ping(Vec::new().into()))
            .await
            .is_err()
        {
            break;
        }
    }
    assert_eq!(socket.closed().await, 4429);
}

#[tokio::test]
async fn a_ping_is_answered_and_a_close_too() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let (mut socket, _) = ana.listen(app.server()).await;
    // A ping with one byte, and a close frame with the code 1000, both masked with zeros.
    let tcp = socket.stream.get_mut();
    tcp.write_all(&[
        0x89, 0x81, 0, 0, 0, 0, b'!', 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8,
    ])
    .await
    .unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, tcp.read_to_end(&mut answer))
        .await
        .expect("it hangs up")
        .unwrap();
    assert_eq!(answer, [0x8a, 0x01, b'!', 0x88, 0x02, 0x03, 0xe8]);
}
