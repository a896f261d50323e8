//! Two servers on one Redis behave as one.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, http::counted, people::Person};
use serde_json::json;

#[tokio::test]
async fn a_like_on_one_server_is_a_toast_on_the_other() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut here, _) = ana.listen(&app.servers[0]).await;
    let (mut there, _) = ana.listen(&app.servers[1]).await;
    let post = ana.publish("hello").await;
    for (server, seq) in [(0, 1), (1, 3)] {
        let bob = bob.at(&app.servers[server]);
        bob.like(&post).await;
        let toast = here.expect("notification").await;
        assert_eq!(toast["seq"], seq);
        assert_eq!(toast, there.expect("notification").await);
        bob.unlike(&post).await;
        assert_eq!(here.expect("retract").await, there.expect("retract").await);
    }
    for server in &app.servers {
        assert_eq!(ana.at(server).inbox().await["unread"], 0);
    }
}

#[tokio::test]
async fn a_socket_comes_back_to_another_server_where_it_left_off() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut socket, registered) = ana.listen(&app.servers[0]).await;
    bob.like(&ana.publish("one").await).await;
    socket.expect("notification").await;
    drop(socket);
    bob.like(&ana.publish("two").await).await;
    let (mut socket, again) = ana.resume(&app.servers[1], &registered["epoch"], 1).await;
    assert_eq!(
        (&again["epoch"], &again["recovered"]),
        (&registered["epoch"], &json!(true))
    );
    assert_eq!(socket.expect("notification").await["seq"], 2);
    socket.nothing_else().await;
}

#[tokio::test]
async fn a_thousand_racing_duplicates_of_one_like_are_one_like_and_one_entry() {
    let app = App::builder().without_limits().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut here, _) = ana.listen(&app.servers[0]).await;
    let (mut there, _) = ana.listen(&app.servers[1]).await;
    let post = ana.publish("hello").await;
    let bobs = [bob.at(&app.servers[0]), bob.at(&app.servers[1])];
    let likes = (0..1_000).map(|i| bobs[i % 2].like(&post));
    for answer in futures_util::future::join_all(likes).await {
        assert_eq!(answer, json!({"liked": true, "likes": 1}));
    }
    for server in &app.servers {
        let inbox = ana.at(server).inbox().await;
        assert_eq!((&inbox["seq"], &inbox["unread"]), (&json!(1), &json!(1)));
        assert_eq!(inbox["items"][0]["count"], 1);
        let likers = server
            .http
            .get(&format!("/api/v1/posts/{post}/likes"))
            .await
            .ok(200);
        assert_eq!(likers["people"], json!([bob.public()]));
    }
    for socket in [&mut here, &mut there] {
        assert_eq!(socket.expect("notification").await["seq"], 1);
        socket.nothing_else().await;
    }
}

#[tokio::test]
async fn racing_likes_and_unlikes_of_many_leave_counts_groups_and_unread_right() {
    let app = App::builder().without_limits().start(2);
    let ana = app.sign_up("ana").await;
    let posts = [
        ana.publish("one").await,
        ana.publish("two").await,
        ana.publish("three").await,
    ];
    let file = tempfile::NamedTempFile::new().unwrap();
    let fans = Person::seed(&app, 30, file.path());
    let (mut socket, registered) = ana.listen(&app.servers[1]).await;
    // Each fan flips each post a different number of times, over both servers, one after another;
    // the fans all at once. What is left is known: those with an odd number of flips like it.
    let flips = |fan: usize, post: usize| (fan + post) % 4 + 1;
    let storms = fans.iter().enumerate().map(async |(f, fan)| {
        for (p, post) in posts.iter().enumerate() {
            for flip in 0..flips(f, p) {
                let fan = fan.at(&app.servers[(f + flip) % 2]);
                if flip % 2 == 0 {
                    fan.like(post).await
                } else {
                    fan.unlike(post).await
                };
            }
        }
    });
    futures_util::future::join_all(storms).await;

    let inbox = ana.inbox().await;
    let seq = inbox["seq"].as_u64().unwrap();
    assert_eq!(inbox["unread"], 3);
    for (p, post) in posts.iter().enumerate() {
        let liked = (0..fans.len()).filter(|f| flips(*f, p) % 2 == 1).count();
        let group = inbox["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["post_id"] == post.as_str())
            .unwrap();
        assert_eq!(group["count"], liked);
        let likers = ana
            .get(&format!("/api/v1/posts/{post}/likes?limit=100"))
            .await
            .ok(200);
        assert_eq!(likers["people"].as_array().unwrap().len(), liked);
        assert_eq!(
            ana.get(&format!("/api/v1/posts/{post}")).await.ok(200)["likes"],
            liked
        );
    }

    // What was pushed meanwhile is contiguous, and adds up to the same.
    let mut live: std::collections::HashSet<u64> = Default::default();
    let mut unread = registered["unread"].clone();
    for expected in 1..=seq {
        let common::ws::Event::Frame(frame) = socket.next().await else {
            panic!("closed")
        };
        assert_eq!(frame["seq"], expected, "{frame}");
        unread = frame["unread"].clone();
        match frame["type"].as_str().unwrap() {
            "notification" => assert!(live.insert(expected)),
            "retract" => assert!(live.remove(&frame["retracts"].as_u64().unwrap()), "{frame}"),
            other => panic!("{other}"),
        }
    }
    assert_eq!(unread, 3);
    assert_eq!(live.len() as u64, counted(&inbox));

    // All of it read, and then taken back: nothing is left.
    let mark = json!({"epoch": inbox["epoch"], "through": seq});
    ana.post("/api/v1/notifications/read", mark).await.ok(204);
    assert_eq!(ana.at(&app.servers[1]).inbox().await["unread"], 0);
    for fan in &fans {
        for post in &posts {
            fan.unlike(post).await;
        }
    }
    let inbox = ana.inbox().await;
    assert_eq!((&inbox["unread"], &inbox["items"]), (&json!(0), &json!([])));
}
