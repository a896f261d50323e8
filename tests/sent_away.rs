//! Who is sent away may come back: while the store is away, when the server stops, and when
//! nothing was heard of a socket for too long.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::Duration;

use common::{
    PATIENCE,
    app::App,
    ws::{Event, Socket},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

#[tokio::test]
async fn who_asks_for_something_while_the_store_is_away_is_closed_with_1012() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let mut program = Socket::bearer(app.server(), &app.token("publish")).await;
    let mut prompt = Socket::bearer(app.server(), &ana.token).await;
    let mut late = Socket::bearer(app.server(), &ana.token).await;
    app.redis.pause();
    prompt.send(ana.register()).await;
    program
        .send(json!({"type": "subscribe", "ref": "r", "channel": "news"}))
        .await;
    // Whoever says who they are in time is not told that they never did, however long it takes
    // until the store is given up on.
    sleep(Duration::from_secs(5)).await;
    late.send(ana.register()).await;
    assert_eq!(prompt.closed().await, 1012);
    assert_eq!(program.closed().await, 1012);
    assert_eq!(late.closed().await, 1012);

    app.redis.go_on();
    let bearer = format!("Bearer {}", ana.token);
    common::eventually("a socket registers again", async || {
        let headers = [("authorization", bearer.as_str())];
        let mut socket = Socket::open(app.server(), &headers).await.ok()?;
        socket.send(ana.register()).await;
        loop {
            match socket.next().await {
                Event::Frame(frame) if frame["type"] == "registered" => return Some(()),
                // All sockets are told where they stand, once the store is heard again.
                Event::Frame(frame) => assert_eq!(frame["type"], "position", "{frame}"),
                Event::Closed(code) => {
                    assert_eq!(code, 1012, "until it is back, it says so");
                    return None;
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_that_drains_takes_no_new_sockets_and_finishes_what_was_begun() {
    let mut app = App::start();
    let ana = app.sign_up("ana").await;
    let (mut socket, _) = ana.listen(app.server()).await;
    // A post and an upgrade of which the last bytes are still to come.
    let body = json!({"text": "begun before, finished after"}).to_string();
    let address = app.server().address();
    let post = format!(
        "POST /api/v1/posts HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        ana.token,
        body.len()
    );
    let upgrade = format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nConnection: upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        ana.token
    );
    let mut slow_post = TcpStream::connect(address).await.unwrap();
    slow_post.write_all(post.as_bytes()).await.unwrap();
    let mut slow_upgrade = TcpStream::connect(address).await.unwrap();
    slow_upgrade.write_all(upgrade.as_bytes()).await.unwrap();
    // The server has read what was sent before.
    ana.get("/api/v1/me").await.ok(200);

    app.server().terminate();
    assert_eq!(socket.closed().await, 4503);
    // Whether a new connection is still taken is up to the clock; a socket it never becomes.
    if let Ok(mut new) = TcpStream::connect(address).await
        && new.write_all(upgrade.as_bytes()).await.is_ok()
        && new.write_all(b"\r\n").await.is_ok()
    {
        let answer = read_whole(new).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 503"),
            "{answer}"
        );
    }
    slow_upgrade.write_all(b"\r\n").await.unwrap();
    let answer = read_whole(slow_upgrade).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains(r#""code":"unavailable""#), "{answer}");
    slow_post.write_all(body.as_bytes()).await.unwrap();
    let answer = read_whole(slow_post).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(app.servers[0].ended().code(), Some(0));
}

/// What comes until the server hangs up.
async fn read_whole(mut tcp: TcpStream) -> String {
    let mut answer = Vec::new();
    let reading = timeout(PATIENCE, tcp.read_to_end(&mut answer));
    // One that is reset has not been answered.
    let _ = reading.await.expect("the server hangs up");
    String::from_utf8(answer).unwrap()
}

/// Run it with `cargo test --test sent_away -- --ignored`.
#[tokio::test]
#[ignore = "takes up to a minute: sockets are pinged every 30 seconds"]
async fn who_never_answers_pings_is_closed_with_4503() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let (mut answers, _) = ana.listen(app.server()).await;
    let (mut silent, _) = ana.listen(app.server()).await;
    // Read past the library that would answer.
    let mut came = Vec::new();
    let silence = timeout(
        Duration::from_secs(90),
        silent.stream.get_mut().read_to_end(&mut came),
    );
    let ended = tokio::select! {
        ended = silence => ended,
        code = async {
            loop {
                if let Event::Closed(code) = answers.next_unbounded().await {
                    return code;
                }
            }
        } => panic!("who answers is closed with {code}"),
    };
    ended.expect("it is closed").unwrap();
    let ping = came.windows(2).position(|bytes| bytes == [0x89, 0]);
    assert!(ping.is_some(), "it was asked: {came:?}");
    let reason = b"no answer to pings";
    let mut close = vec![0x88, 2 + reason.len() as u8];
    close.extend(4503u16.to_be_bytes());
    close.extend(reason);
    assert!(came.ends_with(&close), "{came:?}");
    answers.nothing_else().await;
}
