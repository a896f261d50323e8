//! Frames of a known type with a field that is wrong: they are refused, and the socket stays.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    app::App,
    events::Stream,
    http::Answer,
    people::Person,
    ws::{Event, Socket},
};
use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

/// Each with the `ref` that its refusal has.
fn wrong(ana: &Person) -> Vec<(String, Value)> {
    let id = &ana.id;
    let long = "r".repeat(65);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let none = Value::Null;
    [
        (r#"{"type":"register"}"#.into(), none.clone()),
        (
            r#"{"type":"register","user_id":"Ana","ref":3}"#.into(),
            json!(3),
        ),
        (
            format!(r#"{{"type":"register","user_id":"{id}","resume":{{"epoch":"e"}}}}"#),
            none.clone(),
        ),
        (
            format!(r#"{{"type":"register","user_id":"{id}","resume":{{"epoch":"e","seq":1.5}}}}"#),
            none.clone(),
        ),
        (
            format!(
                r#"{{"type":"register","user_id":"{id}","resume":{{"epoch":"e","seq":1e400}}}}"#
            ),
            none.clone(),
        ),
        (
            r#"{"type":"subscribe","channel":"news"}"#.into(),
            none.clone(),
        ),
        (r#"{"type":"subscribe","ref":"a"}"#.into(), json!("a")),
        (
            r#"{"type":"subscribe","ref":7,"channel":7}"#.into(),
            json!(7),
        ),
        (
            r#"{"type":"subscribe","ref":-1,"channel":"news","last":-1}"#.into(),
            json!(-1),
        ),
        (
            r#"{"type":"subscribe","ref":"a","channel":"news","resume":{"epoch":"e\n","seq":1}}"#
                .into(),
            json!("a"),
        ),
        (
            format!(r#"{{"type":"subscribe","ref":"{long}","channel":"news"}}"#),
            none.clone(),
        ),
        (
            r#"{"type":"subscribe","ref":1.5,"channel":"news"}"#.into(),
            none.clone(),
        ),
        (
            r#"{"type":"subscribe","ref":null,"channel":"news"}"#.into(),
            none.clone(),
        ),
        (
            r#"{"type":"subscribe","ref":["r"],"channel":"news"}"#.into(),
            none.clone(),
        ),
        (
            r#"{"type":"subscribe","ref":18446744073709551616,"channel":"news"}"#.into(),
            none.clone(),
        ),
        (
            r#"{"type":"unsubscribe","ref":"a","channel":null}"#.into(),
            json!("a"),
        ),
        (
            r#"{"type":"publish","ref":0,"channel":"room:x","id":"i"}"#.into(),
            json!(0),
        ),
        (r#"{"type":"typing"}"#.into(), none.clone()),
        (
            r#"{"type":"read","channel":"room:x","seq":"1"}"#.into(),
            none.clone(),
        ),
        (
            r#"{"type":"seen","epoch":"e","seq":-1}"#.into(),
            none.clone(),
        ),
        (
            r#"{"type":"seen","epoch":"\ud800","seq":1,"ref":"s"}"#.into(),
            json!("s"),
        ),
        (
            format!(r#"{{"type":"seen","epoch":{deep},"seq":1}}"#),
            none.clone(),
        ),
        (
            r#"{"type":"told","epoch":"e","outcome":"lost","seqs":[1],"ref":9007199254740993}"#
                .into(),
            json!(9_007_199_254_740_993u64),
        ),
        (
            "\u{feff}{\"type\":\"told\",\"epoch\":\"e\",\"outcome\":\"shown\"}".into(),
            none,
        ),
    ]
    .into()
}

#[tokio::test]
async fn a_wrong_field_is_answered_with_its_ref_and_the_socket_stays() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let (mut registered, _) = ana.listen(app.server()).await;
    let mut newcomer = Socket::bearer(app.server(), &ana.token).await;
    for (text, r#ref) in wrong(&ana) {
        for socket in [&mut registered, &mut newcomer] {
            socket.send_text(text.clone()).await;
            let error = socket.expect("error").await;
            assert_eq!(error["code"], "malformed", "{text:.200}");
            assert_eq!(error["ref"], r#ref, "{text:.200}: {error}");
            let size = error.to_string().len();
            assert!(size < 500, "{text:.200}: {size}");
        }
    }
    registered.nothing_else().await;
    // Whoever had not registered still can.
    newcomer.send(ana.register()).await;
    newcomer.expect("registered").await;
}

#[tokio::test]
async fn it_is_the_same_in_message_pack() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let mut socket = Socket::packed(app.server(), &ana.token).await;
    for (frame, r#ref) in [
        (json!({"type": "register"}), Value::Null),
        (json!({"type": "subscribe", "ref": 7}), json!(7)),
        (
            json!({"type": "subscribe", "ref": "r", "channel": {}}),
            json!("r"),
        ),
        (
            json!({"type": "seen", "ref": u64::MAX, "seq": 1.5}),
            json!(u64::MAX),
        ),
        (json!({"type": "seen", "ref": 1.5}), Value::Null),
    ] {
        socket.send(frame.clone()).await;
        let error = socket.expect("error").await;
        assert_eq!(
            (&error["code"], &error["ref"]),
            (&json!("malformed"), &r#ref),
            "{frame}"
        );
    }
    socket.send(ana.register()).await;
    socket.expect("registered").await;
    socket.nothing_else().await;
}

/// What may stand in `ref`.
fn refs() -> Vec<Value> {
    let longest = "é".repeat(64);
    vec![
        json!("r"),
        json!(""),
        json!("7"),
        json!(longest),
        json!(0),
        json!(7),
        json!(-7),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(9_007_199_254_740_993u64),
    ]
}

#[tokio::test]
async fn a_ref_comes_back_as_it_was_wherever_it_is_asked() {
    let app = App::builder().without_limits().start(1);
    let ana = app.sign_up("ana").await;
    let room = format!("room:{}", ana.make_room(false).await);
    let (plain, _) = ana.listen(app.server()).await;
    let mut packed = Socket::packed(app.server(), &ana.token).await;
    packed.send(ana.register()).await;
    packed.expect("registered").await;
    let mut stream = Stream::open(app.server(), &ana.token, "", None).await;
    stream.expect("registered").await;
    let asked = |r#ref: &Value, turn: usize| {
        let ask = |kind: &str, channel: &str| json!({"type": kind, "ref": r#ref, "channel": channel, "id": format!("{turn}"), "text": "t"});
        [
            (ask("subscribe", "news"), "ack"),
            (ask("unsubscribe", "news"), "ack"),
            (ask("publish", &room), "ack"),
            (ask("subscribe", "room:nosuch"), "error"),
            (ask("subscribe", "room:\0"), "error"),
            (ask("publish", "room:nosuch"), "error"),
            (ask("unsubscribe", "room:\0"), "error"),
        ]
    };
    for (turn, r#ref) in refs().iter().enumerate() {
        for (frame, kind) in asked(r#ref, turn) {
            stream.say(&ana, frame.clone()).await.ok(202);
            let answer = stream.expect(kind).await.json();
            assert_eq!(&answer["ref"], r#ref, "{frame}");
        }
    }
    for mut socket in [plain, packed] {
        for (turn, r#ref) in refs().iter().enumerate() {
            for (frame, kind) in asked(r#ref, turn) {
                socket.send(frame.clone()).await;
                let answer = socket.expect(kind).await;
                assert_eq!(&answer["ref"], r#ref, "{frame}");
            }
        }
    }
    // Before one is registered, too.
    let mut newcomer = Socket::bearer(app.server(), &ana.token).await;
    for r#ref in refs() {
        let frame = json!({"type": "subscribe", "ref": r#ref, "channel": "news"});
        newcomer.send(frame).await;
        let error = newcomer.expect("error").await;
        assert_eq!(
            (&error["code"], &error["ref"]),
            (&json!("not_registered"), &r#ref)
        );
    }
}

#[tokio::test]
async fn an_odd_place_to_resume_from_ends_nothing() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let post = ana.publish("hello").await;
    bob.like(&post).await;
    let epoch = ana.inbox().await["epoch"].clone();
    for (seq, recovered) in [
        ("0.0", true),
        ("1.0", true),
        ("1e0", true),
        ("2.0", false),
        ("18446744073709551615", false),
        ("18446744073709551616", false),
        ("1e300", false),
    ] {
        let mut socket = Socket::bearer(app.server(), &ana.token).await;
        let resume = format!(r#"{{"epoch":{epoch},"seq":{seq}}}"#);
        let register = format!(
            r#"{{"type":"register","user_id":"{}","resume":{resume}}}"#,
            ana.id
        );
        socket.send_text(register).await;
        let registered = socket.expect("registered").await;
        assert_eq!(registered["recovered"], recovered, "{seq}");
        if seq.starts_with('0') {
            socket.expect("notification").await;
        }
        let channel = r#""ref":1,"channel":"news""#;
        let subscribe = format!(r#"{{"type":"subscribe",{channel},"resume":{resume}}}"#);
        socket.send_text(subscribe).await;
        socket.expect("ack").await;
        socket.nothing_else().await;
    }
}

#[tokio::test]
async fn only_what_is_no_object_of_a_known_type_ends_the_socket() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    for text in [
        "",
        "[]",
        "{}",
        r#"[{"type":"seen"}]"#,
        r#"{"type":"nonsense","ref":"r"}"#,
        r#"{"type":7,"ref":"r"}"#,
        r#"{"ref":"r"}"#,
        r#"{"type":"seen","epoch":"e","seq":01}"#,
        "\u{feff}\u{feff}{\"type\":\"seen\"}",
        "\u{feff}",
    ] {
        let (mut socket, _) = ana.listen(app.server()).await;
        socket.send_text(text.to_owned()).await;
        assert_eq!(socket.next().await, Event::Closed(4400), "{text}");
    }
}

#[tokio::test]
async fn a_mark_before_a_frame_is_passed_over() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let mut socket = Socket::bearer(app.server(), &ana.token).await;
    socket
        .send_text(format!("\u{feff}{}", ana.register()))
        .await;
    socket.expect("registered").await;
    let mut stream = Stream::open(app.server(), &ana.token, "", None).await;
    stream.expect("registered").await;
    let frame = json!({"type": "subscribe", "ref": 5, "channel": "news"});
    for said in [frame.to_string(), json!([frame]).to_string()] {
        let path = format!("/events/{}", stream.name);
        let ask = ana
            .ask("POST", &path)
            .header("content-type", "application/json;");
        ask.body(format!("\u{feff}{said}")).send().await.ok(202);
        assert_eq!(stream.expect("ack").await.json()["ref"], 5);
    }
    stream.nothing_else(&ana).await;
}

/// Says this on a stream to the letter, at another server than the stream's.
async fn say_text(app: &App, ana: &Person, stream: &Stream, text: String) -> Answer {
    let path = format!("/events/{}", stream.name);
    let ask = ana.at(&app.servers[1]).ask("POST", &path);
    let ask = ask.header("content-type", "application/json").body(text);
    ask.send().await
}

#[tokio::test]
async fn a_wrong_field_is_answered_on_the_stream_in_its_place() {
    let app = App::builder().without_limits().start(2);
    let ana = app.sign_up("ana").await;
    let mut stream = Stream::open(&app.servers[0], &ana.token, "", None).await;
    stream.expect("registered").await;
    let good = |r#ref: &str| json!({"type": "subscribe", "ref": r#ref, "channel": "news"});
    for (text, r#ref) in wrong(&ana) {
        let alone = say_text(&app, &ana, &stream, text.clone()).await;
        alone.ok(202);
        let error = stream.expect("error").await.json();
        assert_eq!(error["code"], "malformed", "{text:.200}");
        assert_eq!(error["ref"], r#ref, "{text:.200}: {error}");
        // A mark stands before a body, not within.
        let text = text.trim_start_matches('\u{feff}');
        let list = format!("[{}, {text} ,\n{}]", good("before"), good("after"));
        say_text(&app, &ana, &stream, list).await.ok(202);
        assert_eq!(stream.expect("ack").await.json()["ref"], "before");
        let error = stream.expect("error").await.json();
        assert_eq!(
            (&error["code"], &error["ref"]),
            (&json!("malformed"), &r#ref)
        );
        assert_eq!(stream.expect("ack").await.json()["ref"], "after");
    }
    stream.nothing_else(&ana).await;
}

#[tokio::test]
async fn what_is_no_frame_of_the_protocol_refuses_the_request_and_all_that_is_in_it() {
    let app = App::builder().start(2);
    let ana = app.sign_up("ana").await;
    let mut stream = Stream::open(&app.servers[0], &ana.token, "", None).await;
    stream.expect("registered").await;
    let good = r#"{"type":"subscribe","ref":5,"channel":"news"}"#;
    for alien in [
        r#"{"type":"dance","ref":5}"#,
        r#"["seen","e",1]"#,
        "{}",
        "[]",
        "7",
        "null",
        r#"{"type":"seen","seq":01}"#,
        r#"{"type":"seen""#,
    ] {
        for text in [alien.to_owned(), format!("[{good},{alien},{good}]")] {
            if text == "[]" {
                continue;
            }
            let answer = say_text(&app, &ana, &stream, text).await;
            answer.refused(400, "malformed");
        }
    }
    for broken in [
        format!("[{good}"),
        format!("[{good},]"),
        format!("{good}{good}"),
        String::new(),
    ] {
        let answer = say_text(&app, &ana, &stream, broken).await;
        answer.refused(400, "malformed");
    }
    let many = format!("[{}]", vec!["{\"type\":\"typing\"}"; 1_001].join(","));
    say_text(&app, &ana, &stream, many)
        .await
        .refused(422, "invalid");
    stream.nothing_else(&ana).await;
}

#[tokio::test]
async fn depth_spoils_a_frame_of_message_pack_and_not_its_socket() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let mut socket = Socket::packed(app.server(), &ana.token).await;
    socket.send(ana.register()).await;
    socket.expect("registered").await;
    for depth in [30, 33, 1_000, 60_000] {
        for list in [&[0x91][..], &[0x81, 0xa1, b'k']] {
            let mut frame =
                b"\x84\xa4type\xabunsubscribe\xa3ref\x07\xa7channel\xa4news\xa5extra".to_vec();
            let depth = depth / list.len();
            frame.extend(list.repeat(depth));
            frame.push(0xc0);
            socket.stream.send(Message::binary(frame)).await.unwrap();
            let kind = if depth <= 30 { "ack" } else { "error" };
            let answer = socket.expect(kind).await;
            assert_eq!(answer["ref"], 7, "{depth} deep");
            if kind == "error" {
                assert_eq!(answer["code"], "malformed");
            }
        }
    }
    socket.nothing_else().await;
}
