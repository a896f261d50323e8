//! Whatever comes in is answered with an error or a close code, and never with a panic.
//!
//! What is sent is generated from a fixed seed, so that a failure comes again.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    app::App,
    dice::Dice,
    ws::{Event, Socket},
};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn thousands_of_bodies_get_an_answer_that_says_what_is_wrong() {
    let app = App::builder().without_limits().start(1);
    let ana = app.sign_up("ana").await;
    let token = app.token("publish,stats,observe");
    let post = ana.publish("hello").await;
    let epoch = ana.inbox().await["epoch"].clone();
    let calls: Vec<(&str, String, Value)> = vec![
        (
            "POST",
            "/api/v1/accounts".into(),
            json!({"handle": "", "password": "12345678", "name": "A"}),
        ),
        (
            "POST",
            "/api/v1/sessions".into(),
            json!({"handle": "", "password": ""}),
        ),
        (
            "PATCH",
            "/api/v1/me".into(),
            json!({"name": "A", "password": "", "current_password": "x"}),
        ),
        ("POST", "/api/v1/posts".into(), json!({"text": "hello"})),
        (
            "POST",
            "/api/v1/notifications/read".into(),
            json!({"epoch": epoch, "through": 0, "group": "like.1", "unread": true}),
        ),
        ("POST", "/broadcast/news".into(), json!({"message": "x"})),
    ];
    let mut dice = Dice(1);
    for turn in 0..1_500 {
        let (method, path, model) = dice.pick(&calls);
        let mutant = dice.mutant(&model).to_string();
        let body = if turn % 3 == 0 {
            dice.garble(&mutant)
        } else {
            mutant.into_bytes()
        };
        let bearer = if path.starts_with("/broadcast") {
            &token
        } else {
            &ana.token
        };
        let ask = app
            .server()
            .http
            .ask(method, &path)
            .bearer(bearer)
            .header("content-type", "application/json");
        let answer = ask.body(body.clone()).send().await;
        let about = format!(
            "turn {turn}: {method} {path} {}",
            String::from_utf8_lossy(&body)
        );
        assert!(answer.status < 500, "{about}: {answer:?}");
        if answer.status >= 400 {
            let problem = answer.json();
            assert_eq!(
                answer.header("content-type"),
                "application/problem+json",
                "{about}"
            );
            assert_eq!(problem["status"], answer.status, "{about}");
            assert!(
                problem["code"].is_string() && problem["detail"].is_string(),
                "{about}"
            );
            assert_eq!(
                answer.status == 422,
                problem["errors"].is_array(),
                "{about}: {problem}"
            );
        }
    }
    let escaped = |text: &str| {
        text.bytes()
            .map(|b| format!("%{b:02X}"))
            .collect::<String>()
    };
    for turn in 0..1_000 {
        let text = escaped(&dice.text());
        let path = match dice.below(8) {
            0 => format!("/api/v1/posts/{text}"),
            1 => format!("/api/v1/posts/{text}/like"),
            2 => format!(
                "/api/v1/posts?before={text}&limit={}&order={text}",
                dice.roll() % 200
            ),
            3 => format!("/api/v1/posts?author={text}"),
            4 => format!("/api/v1/posts/{post}/likes?after={text}"),
            5 => format!("/api/v1/notifications?before={}&limit={text}", dice.roll()),
            6 => format!("/stats/channel/{text}"),
            _ => format!("/{text}"),
        };
        let method = dice.pick(&["GET", "PUT", "DELETE", "POST"]);
        let bearer = if path.starts_with("/stats") {
            &token
        } else {
            &ana.token
        };
        let answer = app
            .server()
            .http
            .ask(method, &path)
            .bearer(bearer)
            .send()
            .await;
        assert!(
            answer.status < 500,
            "turn {turn}: {method} {path}: {answer:?}"
        );
    }
    ana.get("/api/v1/me").await.ok(200);
}

#[tokio::test]
async fn thousands_of_frames_are_answered_or_close_the_socket() {
    let app = App::builder().without_limits().start(1);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let post = ana.publish("hello").await;
    bob.like(&post).await;
    let epoch = ana.inbox().await["epoch"].clone();
    let resume = json!({"epoch": epoch, "seq": 0});
    let models = [
        json!({"type": "register", "user_id": ana.id, "resume": resume}),
        json!({"type": "subscribe", "ref": "r", "channel": "news", "resume": resume, "last": 10}),
        json!({"type": "subscribe", "ref": "r", "channel": format!("post:{post}")}),
        json!({"type": "unsubscribe", "ref": "r", "channel": "news"}),
        json!({"type": "seen", "epoch": epoch, "seq": 1}),
        json!({"type": "publish", "ref": "r", "channel": "room:x", "id": "i", "text": "t"}),
        json!({"type": "typing", "channel": "room:x"}),
    ];
    let mut dice = Dice(2);
    let (mut closed, mut answered) = (0, 0);
    let (mut witness, _) = ana.listen(app.server()).await;
    let mut kept: Option<Socket> = None;
    for turn in 0..2_000 {
        let model = dice.pick(&models);
        let mut text = dice.mutant(&model).to_string();
        if turn % 4 == 0 {
            text = String::from_utf8_lossy(&dice.garble(&text)).into_owned();
        }
        let mut socket = match kept.take() {
            Some(socket) => socket,
            // Some before they have registered.
            None if turn % 5 == 0 => Socket::bearer(app.server(), &ana.token).await,
            None => ana.listen(app.server()).await.0,
        };
        socket.send_text(text.clone()).await;
        // This one is answered, if the socket is still open then.
        socket
            .send(json!({"type": "unsubscribe", "ref": "end", "channel": "end"}))
            .await;
        let open = loop {
            match socket.next().await {
                Event::Frame(frame) if frame["ref"] == "end" => break true,
                Event::Frame(frame) => {
                    assert!(frame["type"].is_string(), "turn {turn}: {text}: {frame}");
                }
                // A socket that was kept for long has sent too much, in the end.
                Event::Closed(4429) => break false,
                Event::Closed(code) => {
                    assert!(
                        [4400, 4403].contains(&code),
                        "turn {turn}: {text}: closed with {code}"
                    );
                    closed += 1;
                    break false;
                }
            }
        };
        if open {
            answered += 1;
            kept = Some(socket);
        }
        if turn % 50 == 0 {
            // A bystander, who notices nothing.
            witness.until_fenced().await;
        }
    }
    assert!(
        closed > 400 && answered > 200,
        "{closed} closed, {answered} answered: the frames are too much alike"
    );
}

#[tokio::test]
async fn bytes_that_are_no_websocket_end_that_connection_only() {
    let app = App::builder().without_limits().start(1);
    let ana = app.sign_up("ana").await;
    let (mut witness, _) = ana.listen(app.server()).await;
    let mut dice = Dice(3);
    for turn in 0..300 {
        if turn % 50 == 0 {
            witness.until_fenced().await;
        }
        let (mut socket, _) = ana.listen(app.server()).await;
        let mut bytes: Vec<u8> = (0..2 + dice.below(60)).map(|_| dice.roll() as u8).collect();
        if turn % 2 == 0 {
            // With a plausible beginning: a final text frame, masked.
            bytes[0] = 0x81;
            bytes[1] = 0x80 | (bytes.len() as u8 - 2).saturating_sub(4);
        }
        let tcp = socket.stream.get_mut();
        let _ = tcp.write_all(&bytes).await;
        let _ = tcp.shutdown().await;
        assert!(
            [1006, 1005, 1007, 1009, 4400, 4403, 1000].contains(&socket.closed().await),
            "turn {turn}: {bytes:?}"
        );
    }
    // Nor does half an HTTP request, or none.
    for half in [
        &b""[..],
        b"GET",
        b"GET /ws HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00",
        b"\0\0\0\0",
    ] {
        let mut tcp = tokio::net::TcpStream::connect(app.server().address())
            .await
            .unwrap();
        tcp.write_all(half).await.unwrap();
    }
    witness.until_fenced().await;
    ana.get("/api/v1/me").await.ok(200);
}

#[tokio::test]
async fn a_number_that_no_place_has_is_refused() {
    let app = App::builder().without_limits().start(1);
    let ana = app.sign_up("ana").await;
    ana.post("/api/v1/rooms", json!({"name": "hall"}))
        .await
        .ok(201);
    let last = (1u64 << 53) - 1;
    for (path, field) in [
        ("/api/v1/notifications", "before"),
        ("/api/v1/rooms/hall/messages", "before"),
    ] {
        let page = async |place: u64| ana.get(&format!("{path}?{field}={place}")).await;
        page(last).await.ok(200);
        for place in [last + 1, 1 << 63, u64::MAX] {
            page(place).await.invalid(&[(field, "out_of_range")]);
        }
    }
    // Other lists take the cursors that they gave out, and no number.
    for (path, field) in [
        ("/api/v1/notifications/silenced", "before"),
        ("/api/v1/announcements", "before"),
        ("/api/v1/rooms/hall/members", "after"),
    ] {
        for place in [1, last, u64::MAX] {
            let page = ana.get(&format!("{path}?{field}={place}")).await;
            page.invalid(&[(field, "format")]);
        }
    }
    let mark = async |seq: u64| {
        ana.post("/api/v1/rooms/hall/read", json!({"seq": seq}))
            .await
    };
    mark(last).await.ok(204);
    mark(last + 1).await.invalid(&[("seq", "out_of_range")]);
    let stream = format!("/events?epoch=e&seq={}", last + 1);
    let refused = ana.get(&stream).await;
    refused.invalid(&[("seq", "out_of_range")]);
}
