//! Connections end when their time is over, and there are only so many of them.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::{net::SocketAddr, time::Duration};

use common::{
    PATIENCE,
    app::{App, Builder},
    events::Stream,
    ws::Socket,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{sleep, timeout},
};

const SHORT: &str = "300ms";

async fn connect(app: &App) -> TcpStream {
    TcpStream::connect(app.server().address()).await.unwrap()
}

/// All that comes until the server hangs up, which it must.
async fn until_the_end(tcp: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let read = timeout(PATIENCE, tcp.read(&mut chunk)).await;
        match read.expect("the server hangs up") {
            Ok(0) | Err(_) => return String::from_utf8(all).unwrap(),
            Ok(read) => all.extend_from_slice(&chunk[..read]),
        }
    }
}

/// Sends a byte again and again, until the server hangs up. Answers what came.
async fn drip(mut tcp: TcpStream, byte: u8) -> String {
    let mut all = Vec::new();
    let mut chunk = [0; 4096];
    let dripping = async {
        loop {
            tokio::select! {
                read = tcp.read(&mut chunk) => match read {
                    Ok(0) | Err(_) => return,
                    Ok(read) => all.extend_from_slice(&chunk[..read]),
                },
                () = sleep(Duration::from_millis(20)) => {
                    // Where it has hung up, reading says so.
                    let _ = tcp.write_all(&[byte]).await;
                }
            }
        }
    };
    timeout(PATIENCE, dripping)
        .await
        .expect("the server hangs up");
    String::from_utf8(all).unwrap()
}

#[track_caller]
fn refused(answer: &str, status: &str, code: &str) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    assert!(head.contains("application/problem+json"), "{answer}");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["code"], code);
}

#[tokio::test]
async fn who_sends_no_head_or_half_of_one_is_cut_off() {
    let app = App::builder().set("QUAD_HEADER_TIMEOUT", SHORT).start(1);
    for half in ["", "\r\n", "GET", "GET / HTTP/1.1\r\nHost: localhost\r\n"] {
        let mut tcp = connect(&app).await;
        tcp.write_all(half.as_bytes()).await.unwrap();
        assert_eq!(until_the_end(&mut tcp).await, "", "{half:?}");
    }
    let mut tcp = connect(&app).await;
    tcp.write_all(b"GET / HTTP/1.1\r\nX-Slow: ").await.unwrap();
    assert_eq!(drip(tcp, b'x').await, "", "however steadily it drips");
    // The second request of a connection, too.
    let mut tcp = connect(&app).await;
    let two = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\n";
    tcp.write_all(two.as_bytes()).await.unwrap();
    let mut byte = [0];
    tcp.read_exact(&mut byte).await.unwrap();
    let answer = drip(tcp, b'x').await;
    assert!(
        answer.starts_with("TTP/1.1 200 ") && answer.ends_with("ok\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn who_sends_half_a_body_is_told_so_and_cut_off() {
    let app = App::builder().set("QUAD_BODY_TIMEOUT", SHORT).start(1);
    let ana = app.sign_up("ana").await;
    let address = app.server().address();
    let head = |path: &str, kind: &str, length: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: {kind}\r\n{length}\r\n\r\n",
            ana.token
        )
    };
    let (json, length) = ("application/json", "Content-Length: 50");
    let stream = Stream::open(app.server(), &ana.token, "", None).await;
    let events = format!("/events/{}", stream.name);
    for (head, half) in [
        (head("/api/v1/posts", json, length), "{\"text\":"),
        (head("/api/v1/posts", json, length), ""),
        (
            head("/api/v1/posts", json, "Transfer-Encoding: chunked"),
            "5\r\n{\"tex\r\n",
        ),
        (head(&events, json, length), "[{\"type\":"),
    ] {
        let mut tcp = connect(&app).await;
        tcp.write_all(head.as_bytes()).await.unwrap();
        tcp.write_all(half.as_bytes()).await.unwrap();
        let answer = until_the_end(&mut tcp).await;
        refused(&answer, "408", "timeout");
        assert!(answer.contains("connection: close\r\n"), "{answer}");
    }
    let mut tcp = connect(&app).await;
    let slow = head("/api/v1/posts", json, "Content-Length: 60000");
    tcp.write_all(slow.as_bytes()).await.unwrap();
    refused(&drip(tcp, b' ').await, "408", "timeout");
    // What is answered without its body leaves no connection behind.
    let mut tcp = connect(&app).await;
    let nobody = format!(
        "POST /api/v1/posts HTTP/1.1\r\nHost: {address}\r\nContent-Type: {json}\r\n{length}\r\n\r\n{{"
    );
    tcp.write_all(nobody.as_bytes()).await.unwrap();
    refused(&until_the_end(&mut tcp).await, "401", "no_session");
}

#[tokio::test]
async fn who_asks_nothing_more_is_cut_off() {
    let app = App::builder().set("QUAD_IDLE_TIMEOUT", SHORT).start(1);
    let ana = app.sign_up("ana").await;
    // These are not idle, however little happens on them.
    let (mut socket, _) = ana.listen(app.server()).await;
    let mut stream = Stream::open(app.server(), &ana.token, "", None).await;
    stream.expect("registered").await;
    let mut tcp = connect(&app).await;
    for _ in 0..2 {
        let ask = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
        tcp.write_all(ask.as_bytes()).await.unwrap();
        let mut byte = [0];
        tcp.read_exact(&mut byte).await.unwrap();
    }
    let answers = until_the_end(&mut tcp).await;
    assert_eq!(answers.matches("ok\n").count(), 2, "{answers}");
    socket.nothing_else().await;
    stream.nothing_else(&ana).await;
}

/// A connection from this address on which a request is answered, or `None` if it is refused.
async fn let_in(from: &str, server: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let mut tcp = socket.connect(server).await.unwrap();
    let ask = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    // Where it is refused at once, reading says so.
    let _ = tcp.write_all(ask.as_bytes()).await;
    let mut answer = Vec::new();
    while !answer.ends_with(b"ok\n") {
        let read = timeout(PATIENCE, tcp.read_buf(&mut answer)).await;
        match read.expect("an answer, or the end") {
            Ok(0) | Err(_) => {
                assert!(answer.is_empty());
                return None;
            }
            Ok(_) => {}
        }
    }
    Some(tcp)
}

async fn is_let_in_again(from: &str, server: SocketAddr) -> TcpStream {
    common::eventually("there is room again", async || let_in(from, server).await).await
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_a_trusted_proxy_any_number() {
    let app = App::builder()
        .set("QUAD_MAX_CONNECTIONS_PER_ADDRESS", "3")
        .set("QUAD_TRUSTED_PROXIES", "127.0.0.9")
        .start(1);
    let server = app.server().address();
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(let_in("127.0.0.2", server).await.expect("there is room"));
    }
    for _ in 0..5 {
        assert!(let_in("127.0.0.2", server).await.is_none());
    }
    assert!(let_in("127.0.0.3", server).await.is_some(), "somebody else");
    let mut proxied = Vec::new();
    for _ in 0..10 {
        proxied.push(let_in("127.0.0.9", server).await.expect("a proxy"));
    }
    open.pop();
    open.push(is_let_in_again("127.0.0.2", server).await);
    let log = app.server().log();
    let line = log.lines().find(|line| line.contains("connection_refused"));
    let line = line.expect("it is logged");
    assert!(
        line.contains("address_full") && line.contains("127.0.0.2"),
        "{line}"
    );
}

#[tokio::test]
async fn there_are_so_many_connections_in_all_and_sockets_count() {
    let app = App::builder().set("QUAD_MAX_CONNECTIONS", "6").start(1);
    let server = app.server().address();
    // Counts, for the client keeps its connection.
    let ana = app.sign_up("ana").await;
    let mut open = vec![
        ana.listen(app.server()).await.0,
        ana.listen(app.server()).await.0,
    ];
    let mut others = Vec::new();
    while let Some(other) = let_in("127.0.0.2", server).await {
        others.push(other);
        assert!(others.len() <= 4);
    }
    assert!(!others.is_empty());
    assert!(
        let_in("127.0.0.3", server).await.is_none(),
        "nobody gets in"
    );
    assert!(app.server().log().contains("server_full"));
    drop(open.pop());
    let _again = is_let_in_again("127.0.0.3", server).await;
    open[0].nothing_else().await;
}

#[tokio::test]
async fn sockets_that_never_register_count_too() {
    let app = App::builder()
        .set("QUAD_MAX_SOCKETS_PER_USER", "3")
        .start(1);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let mut open = vec![
        Socket::bearer(app.server(), &ana.token).await,
        Socket::bearer(app.server(), &ana.token).await,
    ];
    let (mut registered, _) = ana.listen(app.server()).await;
    for _ in 0..2 {
        let mut more = Socket::bearer(app.server(), &ana.token).await;
        assert_eq!(more.closed().await, 4409);
    }
    let mut stream = Stream::open(app.server(), &ana.token, "", None).await;
    assert_eq!(stream.closed().await, 4409);
    let _bobs = bob.listen(app.server()).await;
    // One that went makes room for one.
    drop(open.pop());
    common::eventually("there is room", async || {
        let mut socket = Socket::bearer(app.server(), &ana.token).await;
        socket.send(ana.register()).await;
        match socket.next().await {
            common::ws::Event::Frame(frame) => {
                assert_eq!(frame["type"], "registered");
                Some(())
            }
            common::ws::Event::Closed(code) => {
                assert_eq!(code, 4409);
                None
            }
        }
    })
    .await;
    registered.nothing_else().await;
}

/// A frame of a client, masked with zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![
        first,
        0x80 | u8::try_from(payload.len()).unwrap(),
        0,
        0,
        0,
        0,
    ];
    frame.extend_from_slice(payload);
    frame
}

#[tokio::test]
async fn empty_and_tiny_pieces_are_frames_too() {
    const TEXT: u8 = 0x01;
    const MORE: u8 = 0x00;
    const LAST: u8 = 0x80;
    const PONG: u8 = 0x8a;
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let (mut bystander, _) = ana.listen(app.server()).await;
    let many = |piece: Vec<u8>| piece.repeat(2_000);
    for (what, bytes) in [
        (
            "pieces of a byte",
            [frame(TEXT, b"{"), many(frame(MORE, b" "))].concat(),
        ),
        (
            "empty pieces",
            [frame(TEXT, b""), many(frame(MORE, b""))].concat(),
        ),
        ("pongs", many(frame(PONG, b""))),
        (
            "pongs between pieces",
            [
                frame(TEXT, b"{"),
                many([frame(MORE, b""), frame(PONG, b"x")].concat()),
            ]
            .concat(),
        ),
    ] {
        // Also before they say who they are.
        for registered in [true, false] {
            let mut socket = if registered {
                ana.listen(app.server()).await.0
            } else {
                Socket::bearer(app.server(), &ana.token).await
            };
            // Where it is closed in the midst of it, the next event says so.
            let _ = socket.stream.get_mut().write_all(&bytes).await;
            assert_eq!(socket.closed().await, 4429, "{what}");
        }
    }
    // A few pieces are a message as any other.
    let (mut socket, _) = ana.listen(app.server()).await;
    let said = json!({"type": "unsubscribe", "ref": "r", "channel": "news"}).to_string();
    let mut bytes = frame(TEXT, b"");
    for piece in said.as_bytes().chunks(1) {
        bytes.extend(frame(MORE, piece));
    }
    bytes.extend(frame(LAST, b""));
    socket.stream.get_mut().write_all(&bytes).await.unwrap();
    assert_eq!(socket.expect("ack").await["ref"], "r");
    bystander.nothing_else().await;
}

/// What is answered to a client that begins with HTTP/2.
async fn http2(builder: Builder) -> Vec<u8> {
    let app = builder.start(1);
    let mut tcp = connect(&app).await;
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let preface = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &settings].concat();
    tcp.write_all(&preface).await.unwrap();
    let mut answer = Vec::new();
    while answer.len() < 9 {
        let read = timeout(PATIENCE, tcp.read_buf(&mut answer)).await;
        match read.expect("an answer, or the end") {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
    }
    // HTTP/1.1 and WebSockets are there in any case.
    let ana = app.sign_up("ana").await;
    ana.listen(app.server()).await.0.nothing_else().await;
    answer
}

#[tokio::test]
async fn http2_in_the_clear_is_spoken_only_where_it_is_wanted() {
    let off = http2(App::builder()).await;
    assert!(off.is_empty() || off.starts_with(b"HTTP/1.1 4"), "{off:?}");
    let on = http2(App::builder().set("QUAD_HTTP2", "on")).await;
    assert_eq!(on.get(3), Some(&4), "a frame of settings: {on:?}");
}
