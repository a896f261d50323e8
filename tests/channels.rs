//! Channels: posts that tell how they stand, and broadcasts with a history.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, people::Person, ws::Socket};
use serde_json::{Value, json};

#[tokio::test]
async fn a_post_tells_its_viewers_how_it_stands_and_that_it_is_gone() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let post = ana.publish("hello").await;
    let channel = format!("post:{post}");
    let (mut viewer, _) = bob.listen(&app.servers[1]).await;
    let ack = viewer.subscribe(&channel).await;
    assert_eq!((ack.get("epoch"), ack.get("seq")), (None, None));
    assert_eq!(
        viewer.expect("post").await,
        json!({"type": "post", "post_id": post, "likes": 0})
    );
    bob.like(&post).await;
    assert_eq!(
        viewer.until("post").await,
        json!({"type": "post", "post_id": post, "likes": 1})
    );
    bob.unlike(&post).await;
    assert_eq!(viewer.until("post").await["likes"], 0);
    ana.delete(&format!("/api/v1/posts/{post}")).await.ok(204);
    assert_eq!(
        viewer.until("post").await,
        json!({"type": "post", "post_id": post, "deleted": true})
    );
    // Who comes later learns it too.
    let (mut late, _) = ana.listen(app.server()).await;
    late.until_subscribed(&channel).await;
    assert_eq!(late.until("post").await["deleted"], true);
}

#[tokio::test]
async fn of_many_likes_a_viewer_gets_ten_frames_a_second_at_most_and_always_the_last() {
    let app = App::builder().without_limits().start(1);
    let ana = app.sign_up("ana").await;
    let post = ana.publish("hello").await;
    let (mut viewer, _) = ana.listen(app.server()).await;
    viewer.subscribe(&format!("post:{post}")).await;
    viewer.expect("post").await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let fans = seeded(&app, 400, &file);
    let begin = std::time::Instant::now();
    let likes = fans.iter().map(|fan| fan.like(&post));
    let (_, (frames, last)) = tokio::join!(futures_util::future::join_all(likes), async {
        let mut frames = 0;
        loop {
            // Her own toasts come meanwhile.
            let frame = viewer.until("post").await;
            frames += 1;
            if frame["likes"] == 400 {
                return (frames, begin.elapsed());
            }
        }
    });
    let most = 2 + last.as_millis() / 100;
    assert!(frames <= most, "{frames} frames in {last:?}");
}

#[tokio::test]
async fn a_broadcast_channel_keeps_the_last_100_messages() {
    let app = App::start();
    let token = app.token("publish");
    let publish = async |text: &str| {
        let ask = app.server().http.broadcast(&token, "news", text);
        ask.send().await.ok(200);
    };
    let mut socket = Socket::bearer(app.server(), &token).await;
    let empty = socket.subscribe("news").await;
    assert_eq!(empty["seq"], 0);
    let epoch = empty["epoch"].clone();
    for i in 1..=103 {
        publish(&format!("message {i}")).await;
        let message = socket.expect("message").await;
        assert_eq!((&message["seq"], &message["epoch"]), (&json!(i), &epoch));
    }
    let seqs = async |socket: &mut Socket, range: std::ops::RangeInclusive<u64>| {
        for seq in range {
            let message = socket.expect("message").await;
            assert_eq!(
                (&message["seq"], &message["text"]),
                (&json!(seq), &json!(format!("message {seq}")))
            );
        }
        socket.nothing_else().await;
    };
    let resume = async |seq: u64, epoch: &Value| {
        let mut socket = Socket::bearer(app.server(), &token).await;
        let ack = socket
            .subscribe_with("news", json!({"resume": {"epoch": epoch, "seq": seq}}))
            .await;
        assert_eq!(ack["seq"], 103);
        (socket, ack["recovered"].clone())
    };
    let (mut there, recovered) = resume(100, &epoch).await;
    assert_eq!(recovered, true);
    seqs(&mut there, 101..=103).await;
    let (mut oldest, recovered) = resume(3, &epoch).await;
    assert_eq!(recovered, true);
    seqs(&mut oldest, 4..=103).await;
    for (seq, epoch) in [(2, &epoch), (104, &epoch), (100, &json!("another"))] {
        assert_eq!(resume(seq, epoch).await.1, false, "{seq} of {epoch}");
    }
    let mut last = Socket::bearer(app.server(), &token).await;
    last.subscribe_with("news", json!({"last": 2})).await;
    seqs(&mut last, 102..=103).await;
    let mut none = Socket::bearer(app.server(), &token).await;
    none.subscribe("news").await;
    none.nothing_else().await;
    // A second subscribe catches up, too.
    none.subscribe_with("news", json!({"resume": {"epoch": epoch, "seq": 102}}))
        .await;
    seqs(&mut none, 103..=103).await;
}

#[tokio::test]
async fn who_unsubscribes_hears_no_more() {
    let app = App::start();
    let token = app.token("publish,stats");
    let mut socket = Socket::bearer(app.server(), &token).await;
    let mut other = Socket::bearer(app.server(), &token).await;
    for socket in [&mut socket, &mut other] {
        socket.subscribe("news").await;
    }
    socket
        .send(json!({"type": "unsubscribe", "ref": "u", "channel": "news"}))
        .await;
    let ack = socket.expect("ack").await;
    assert_eq!(
        (&ack["ref"], &ack["channel"]),
        (&json!("u"), &json!("news"))
    );
    let ask = app.server().http.broadcast(&token, "news", "hello");
    assert_eq!(ask.send().await.ok(200)["subscriberCount"], 1);
    other.expect("message").await;
    socket.nothing_else().await;
}

#[tokio::test]
async fn channels_that_are_not_for_listening_are_refused_and_the_socket_stays() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut socket, _) = ana.listen(app.server()).await;
    for (channel, code) in [
        (format!("user:{}", bob.id), "forbidden"),
        ("a b".into(), "invalid_channel"),
        (String::new(), "invalid_channel"),
        ("x".repeat(65), "invalid_channel"),
        ("post:nonsense".into(), "invalid_channel"),
    ] {
        socket
            .send(json!({"type": "subscribe", "ref": "r", "channel": channel}))
            .await;
        let error = socket.expect("error").await;
        assert_eq!(
            (&error["ref"], &error["code"]),
            (&json!("r"), &json!(code)),
            "{channel}"
        );
        assert!(!error["detail"].as_str().unwrap().is_empty());
    }
    socket.nothing_else().await;
}

#[tokio::test]
async fn a_socket_listens_to_200_channels_at_most_and_catches_up_on_each_all_the_same() {
    let app = App::start();
    let token = app.token("publish");
    let ana = app.sign_up("ana").await;
    let (person, _) = ana.listen(app.server()).await;
    let program = Socket::bearer(app.server(), &token).await;
    for mut socket in [person, program] {
        for i in 0..200 {
            socket.subscribe(&format!("channel-{i}")).await;
        }
        for channel in ["one-more", "post:0abcdefg.1"] {
            socket
                .send(json!({"type": "subscribe", "ref": "r", "channel": channel}))
                .await;
            let error = socket.expect("error").await;
            assert_eq!(
                (&error["ref"], &error["code"]),
                (&json!("r"), &json!("too_many_channels")),
                "{channel}"
            );
        }
        // It listens to this one already.
        socket.subscribe_with("channel-7", json!({"last": 1})).await;
        socket
            .send(json!({"type": "unsubscribe", "ref": "u", "channel": "channel-7"}))
            .await;
        socket.expect("ack").await;
        socket.subscribe("one-more").await;
        socket.nothing_else().await;
    }
}

#[tokio::test]
async fn messages_are_kept_for_a_day_after_the_newest_and_their_numbers_go_on() {
    const DAY: i64 = 24 * 60 * 60 * 1_000;
    let app = App::start();
    let token = app.token("publish");
    let mut socket = Socket::bearer(app.server(), &token).await;
    let epoch = socket.subscribe("news").await["epoch"].clone();
    let publish = async || {
        let ask = app.server().http.broadcast(&token, "news", "hello");
        ask.send().await.ok(200);
    };
    let left = |key: &str| app.redis.ask(&["PTTL", key]).parse::<i64>().unwrap();
    publish().await;
    assert_eq!(socket.expect("message").await["seq"], 1);
    assert!((DAY - 60_000..=DAY).contains(&left("{ch:news}:log")));
    // A day begins with each message.
    app.redis.ask(&["PEXPIRE", "{ch:news}:log", "600000"]);
    publish().await;
    assert_eq!(socket.expect("message").await["seq"], 2);
    assert!((DAY - 60_000..=DAY).contains(&left("{ch:news}:log")));

    // A day without a message later: whoever still listens hears what comes next, since no
    // number is given twice; whoever comes back learns that something is missing.
    assert!(left("{ch:news}:log:meta") > 2 * DAY);
    app.redis.ask(&["DEL", "{ch:news}:log"]);
    publish().await;
    let message = socket.expect("message").await;
    assert_eq!((&message["epoch"], &message["seq"]), (&epoch, &json!(3)));
    for (seq, recovered) in [(1, false), (2, true), (3, true)] {
        let mut late = Socket::bearer(app.server(), &token).await;
        let resume = json!({"resume": {"epoch": epoch, "seq": seq}});
        let ack = late.subscribe_with("news", resume).await;
        assert_eq!(ack["recovered"], recovered, "from {seq}");
    }
}

impl Socket {
    async fn until_subscribed(&mut self, channel: &str) {
        self.send(json!({"type": "subscribe", "ref": "s", "channel": channel}))
            .await;
        self.until("ack").await;
    }
}

/// Many people, made at once.
fn seeded(app: &App, count: u32, file: &tempfile::NamedTempFile) -> Vec<Person> {
    Person::seed(app, count, file.path())
}
