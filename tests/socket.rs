//! The WebSocket: registering, what comes, and catching up.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, ws::Event};
use serde_json::{Value, json};

#[tokio::test]
async fn a_like_arrives_and_an_unlike_takes_it_back() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut socket, registered) = ana.listen(app.server()).await;
    assert_eq!(
        (&registered["seq"], &registered["unread"]),
        (&json!(0), &json!(0))
    );
    let post = ana.publish("hello").await;
    bob.like(&post).await;
    let toast = socket.expect("notification").await;
    assert_eq!(toast["epoch"], registered["epoch"]);
    assert_eq!(
        (&toast["seq"], &toast["unread"], &toast["kind"]),
        (&json!(1), &json!(1), &json!("like"))
    );
    assert_eq!(
        (&toast["post_id"], &toast["actor"]),
        (&json!(post), &bob.public())
    );
    assert_eq!(toast.get("void"), None);
    assert!(toast["at"].as_u64().unwrap() > 1_600_000_000_000);
    assert_eq!(ana.inbox().await["items"][0]["group"], toast["group"]);

    bob.like(&post).await;
    bob.unlike(&post).await;
    let retract = socket.expect("retract").await;
    assert_eq!(
        (&retract["seq"], &retract["retracts"], &retract["unread"]),
        (&json!(2), &json!(1), &json!(0))
    );
    assert_eq!(
        (&retract["group"], &retract["epoch"]),
        (&toast["group"], &registered["epoch"])
    );
    socket.nothing_else().await;
}

#[tokio::test]
async fn all_sockets_of_a_person_hear_the_same() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut phone, _) = ana.listen(app.server()).await;
    let (mut laptop, _) = ana.log_in(app.server()).await.listen(app.server()).await;
    let (mut bobs, _) = bob.listen(app.server()).await;
    bob.like(&ana.publish("hello").await).await;
    assert_eq!(
        phone.expect("notification").await,
        laptop.expect("notification").await
    );
    // Whoever likes hears of that where they ask for it, and nowhere else.
    bobs.nothing_else().await;
}

#[tokio::test]
async fn who_comes_back_gets_what_was_missed_once_and_in_order() {
    let app = App::start();
    let (ana, bob, eve) = (
        app.sign_up("ana").await,
        app.sign_up("bob").await,
        app.sign_up("eve").await,
    );
    let (mut socket, registered) = ana.listen(app.server()).await;
    let (first, second) = (ana.publish("first").await, ana.publish("second").await);
    bob.like(&first).await;
    assert_eq!(socket.expect("notification").await["seq"], 1);
    drop(socket);
    eve.like(&first).await; // 2, taken back by 4
    bob.like(&second).await; // 3
    eve.unlike(&first).await; // 4
    ana.delete(&format!("/api/v1/posts/{second}")).await.ok(204); // 5 voids 3

    let (mut socket, again) = ana.resume(app.server(), &registered["epoch"], 1).await;
    assert_eq!(
        (&again["recovered"], &again["seq"], &again["unread"]),
        (&json!(true), &json!(5), &json!(1))
    );
    let missed = socket.expect("notification").await;
    assert_eq!((&missed["seq"], &missed["void"]), (&json!(2), &json!(true)));
    let missed = socket.expect("notification").await;
    assert_eq!((&missed["seq"], &missed["void"]), (&json!(3), &json!(true)));
    let retract = socket.expect("retract").await;
    assert_eq!(
        (&retract["seq"], &retract["retracts"]),
        (&json!(4), &json!(2))
    );
    let gone = socket.expect("retract").await;
    assert_eq!(
        (&gone["seq"], gone.get("retracts")),
        (&json!(5), None),
        "the whole group is gone"
    );
    // And from there on, what happens.
    eve.like(&first).await;
    let live = socket.expect("notification").await;
    assert_eq!((&live["seq"], live.get("void")), (&json!(6), None));
    socket.nothing_else().await;
}

#[tokio::test]
async fn what_was_not_taken_back_is_not_void() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let epoch = ana.inbox().await["epoch"].clone();
    let post = ana.publish("hello").await;
    bob.like(&post).await;
    let (mut socket, _) = ana.resume(app.server(), &epoch, 0).await;
    let missed = socket.expect("notification").await;
    assert_eq!(
        (&missed["seq"], missed.get("void"), &missed["actor"]),
        (&json!(1), None, &bob.public())
    );
    assert_eq!(
        (&missed["post_id"], &missed["unread"]),
        (&json!(post), &json!(1))
    );
    socket.nothing_else().await;
}

#[tokio::test]
async fn who_cannot_be_caught_up_is_told_to_reload() {
    let app = App::builder().without_limits().start(1);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let epoch = ana.inbox().await["epoch"].clone();
    let (_, other) = ana.resume(app.server(), &json!("another"), 0).await;
    assert_eq!(
        (&other["recovered"], &other["epoch"]),
        (&json!(false), &epoch)
    );
    let (mut ahead, registered) = ana.resume(app.server(), &epoch, 1).await;
    assert_eq!(
        (&registered["recovered"], &registered["seq"]),
        (&json!(false), &json!(0))
    );
    // It goes on from where it was told that the stream stands.
    bob.like(&ana.publish("hello").await).await;
    assert_eq!(ahead.expect("notification").await["seq"], 1);

    for i in 0..501 {
        bob.like(&ana.publish(&format!("{i}")).await).await;
    }
    let (_, far) = ana.resume(app.server(), &epoch, 1).await;
    assert_eq!(
        (&far["recovered"], &far["seq"]),
        (&json!(false), &json!(502)),
        "501 behind"
    );
    let (mut near, registered) = ana.resume(app.server(), &epoch, 2).await;
    assert_eq!(registered["recovered"], true, "500 behind");
    for seq in 3..=502 {
        assert_eq!(near.expect("notification").await["seq"], seq);
    }
    near.nothing_else().await;
}

#[tokio::test]
async fn a_second_register_catches_up_on_the_same_socket() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut socket, registered) = ana.listen(app.server()).await;
    for text in ["one", "two"] {
        bob.like(&ana.publish(text).await).await;
        socket.expect("notification").await;
    }
    let resume = json!({"epoch": registered["epoch"], "seq": 0});
    socket
        .send(json!({"type": "register", "user_id": ana.id, "resume": resume}))
        .await;
    let again = socket.expect("registered").await;
    assert_eq!(
        (&again["seq"], &again["recovered"]),
        (&json!(2), &json!(true))
    );
    for seq in [1, 2] {
        assert_eq!(socket.expect("notification").await["seq"], seq);
    }
    bob.like(&ana.publish("three").await).await;
    assert_eq!(socket.expect("notification").await["seq"], 3);
    socket.nothing_else().await;
}

#[tokio::test]
async fn nothing_is_missed_or_repeated_by_those_who_register_while_much_happens() {
    let app = App::builder().without_limits().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let epoch = ana.inbox().await["epoch"].clone();
    const LIKES: u64 = 300;
    let likes = async {
        for i in 0..LIKES {
            let post = ana.publish(&format!("{i}")).await;
            bob.at(&app.servers[1]).like(&post).await;
        }
    };
    let listener = async |server: usize| {
        // Comes and goes, and keeps its position.
        let mut position = 0;
        while position < LIKES {
            let (mut socket, registered) = ana.resume(&app.servers[server], &epoch, position).await;
            assert_eq!(registered["recovered"], true);
            for _ in 0..20 {
                if position == LIKES {
                    break;
                }
                assert_eq!(socket.expect("notification").await["seq"], position + 1);
                position += 1;
            }
        }
    };
    tokio::join!(likes, listener(0), listener(1), listener(0));
}

#[tokio::test]
async fn marks_are_told_to_other_sockets() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut socket, registered) = ana.listen(&app.servers[1]).await;
    let epoch = &registered["epoch"];
    for text in ["one", "two"] {
        bob.like(&ana.publish(text).await).await;
    }
    let group = socket.expect("notification").await["group"].clone();
    socket.expect("notification").await;
    let mark = async |mark: Value| ana.post("/api/v1/notifications/read", mark).await.ok(204);
    mark(json!({"epoch": epoch, "through": 2, "group": group})).await;
    let marked = socket.expect("marked").await;
    assert_eq!(
        (&marked["epoch"], &marked["group"], &marked["unread"]),
        (epoch, &group, &json!(1))
    );
    mark(json!({"epoch": epoch, "through": 2})).await;
    let marked = socket.expect("marked").await;
    assert_eq!(
        (marked.get("group"), &marked["seq"], &marked["unread"]),
        (None, &json!(2), &json!(0))
    );
    mark(json!({"epoch": epoch, "through": 2, "unread": true})).await;
    assert_eq!(socket.expect("marked").await["unread"], 2);

    let (mut other, _) = ana.listen(&app.servers[0]).await;
    other
        .send(json!({"type": "seen", "epoch": epoch, "seq": 2}))
        .await;
    assert_eq!(socket.expect("marked").await["seq"], 2);
    let inbox = ana.inbox().await;
    assert!(
        inbox["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["seen"] == true && item["read"] == false)
    );
    // What cannot be is passed over.
    other
        .send(json!({"type": "seen", "epoch": epoch, "seq": 999}))
        .await;
    other
        .send(json!({"type": "seen", "epoch": "another", "seq": 1}))
        .await;
    other.expect("marked").await;
    other.nothing_else().await;
    socket.nothing_else().await;
}

/// The only test that waits for the clock.
#[tokio::test]
async fn every_half_minute_a_socket_is_told_where_its_streams_stand() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut socket, registered) = ana.listen(app.server()).await;
    bob.like(&ana.publish("hello").await).await;
    socket.expect("notification").await;
    let ack = socket.subscribe("news").await;
    let begin = std::time::Instant::now();
    let (mut inbox, mut channel) = (None, None);
    while inbox.is_none() || channel.is_none() {
        let event =
            tokio::time::timeout(std::time::Duration::from_secs(35), socket.next_unbounded()).await;
        let Event::Frame(frame) = event.expect("a position") else {
            panic!("closed")
        };
        assert_eq!(frame["type"], "position", "{frame}");
        match frame.get("channel") {
            None => inbox = Some(frame),
            Some(_) => channel = Some(frame),
        }
    }
    assert!(begin.elapsed() < std::time::Duration::from_secs(35));
    // Each also says what the server's clock shows.
    let (inbox, channel) = (inbox.unwrap(), channel.unwrap());
    assert!(inbox["at"].is_u64() && channel["at"].is_u64());
    assert_eq!(
        inbox,
        json!({"type": "position", "epoch": registered["epoch"], "seq": 1, "at": inbox["at"]})
    );
    let news = json!({"type": "position", "channel": "news", "epoch": ack["epoch"], "seq": 0, "at": channel["at"]});
    assert_eq!(channel, news);
}
