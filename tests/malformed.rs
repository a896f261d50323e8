//! Whatever comes in is answered with an error or a close code, and never with a panic.
//!
//! What is sent is generated from a fixed seed, so that a failure comes again.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    app::App,
    ws::{Event, Socket},
};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

/// SplitMix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.roll() % end as u64) as usize
    }

    fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    fn text(&mut self) -> String {
        const LETTERS: &[char] = &[
            'a', 'Z', '0', '9', '.', ':', '_', '-', '{', '}', '"', '\\', '/', '\'', '%', ' ', '\n',
            '\0', '\u{7f}', 'ä', '🦊', '\u{202e}', '\u{feff}', '\u{ffff}', '<', '>', '&', '*', '[',
            ']', '\r',
        ];
        let length = self.pick(&[0, 1, 2, 3, 8, 9, 30, 64, 65, 200]);
        (0..length).map(|_| self.pick(LETTERS)).collect()
    }

    /// A value of any kind, a few levels deep.
    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 8 } else { 10 }) {
            0 => Value::Null,
            1 => json!(self.roll() % 2 == 0),
            2 => json!(self.roll()),
            3 => json!(self.roll() as i64),
            4 => self.pick(&[
                json!(0),
                json!(-1),
                json!(1.5),
                json!(u64::MAX),
                json!(1u64 << 53),
                json!(1e300),
            ]),
            5..8 => json!(self.text()),
            8 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            _ => Value::Object(
                (0..self.below(4))
                    .map(|_| (self.text(), self.value(depth - 1)))
                    .collect(),
            ),
        }
    }

    /// An object with fields that mean something, some of them with values that do not.
    fn mutant(&mut self, model: &Value) -> Value {
        let mut mutant = model.clone();
        let fields = mutant.as_object_mut().unwrap();
        let names: Vec<String> = fields.keys().cloned().collect();
        for _ in 0..=self.below(2) {
            let name = self.pick(&names);
            match self.below(4) {
                0 => drop(fields.remove(&name)),
                1 => drop(fields.insert(self.text(), self.value(2))),
                _ => drop(fields.insert(name, self.value(2))),
            }
        }
        mutant
    }

    /// Text that is not even JSON, most of the time.
    fn garble(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=self.below(3) {
            if bytes.is_empty() {
                break;
            }
            let at = self.below(bytes.len());
            match self.below(4) {
                0 => bytes.truncate(at),
                1 => bytes[at] = self.roll() as u8,
                2 => bytes.insert(at, self.roll() as u8),
                _ => drop(bytes.remove(at)),
            }
        }
        bytes
    }
}

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
    for turn in 0..2_000 {
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
    let (mut closed, mut open) = (0, 0);
    let (mut witness, _) = ana.listen(app.server()).await;
    for turn in 0..3_000 {
        let model = dice.pick(&models);
        let mut text = dice.mutant(&model).to_string();
        if turn % 4 == 0 {
            text = String::from_utf8_lossy(&dice.garble(&text)).into_owned();
        }
        // Some before they have registered.
        let (mut socket, _) = if turn % 5 == 0 {
            (Socket::bearer(app.server(), &ana.token).await, Value::Null)
        } else {
            ana.listen(app.server()).await
        };
        socket.send_text(text.clone()).await;
        // This one is answered, if the socket is still open then.
        socket
            .send(json!({"type": "unsubscribe", "ref": "end", "channel": "end"}))
            .await;
        loop {
            match socket.next().await {
                Event::Frame(frame) if frame["ref"] == "end" => {
                    open += 1;
                    break;
                }
                Event::Frame(frame) => {
                    assert!(frame["type"].is_string(), "turn {turn}: {text}: {frame}")
                }
                Event::Closed(code) => {
                    assert!(
                        [4400, 4403].contains(&code),
                        "turn {turn}: {text}: closed with {code}"
                    );
                    closed += 1;
                    break;
                }
            }
        }
    }
    assert!(
        closed > 500 && open > 200,
        "{closed} closed, {open} open: the frames are too much alike"
    );
    witness.until_fenced().await;
}

#[tokio::test]
async fn bytes_that_are_no_websocket_end_that_connection_only() {
    let app = App::builder().without_limits().start(1);
    let ana = app.sign_up("ana").await;
    let (mut witness, _) = ana.listen(app.server()).await;
    let mut dice = Dice(3);
    for turn in 0..500 {
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

impl Socket {
    async fn until_fenced(&mut self) {
        self.send(json!({"type": "unsubscribe", "ref": "fence", "channel": "fence"}))
            .await;
        loop {
            match self.next().await {
                Event::Frame(frame) if frame["ref"] == "fence" => return,
                Event::Frame(_) => {}
                Event::Closed(code) => panic!("a bystander was closed with {code}"),
            }
        }
    }
}
