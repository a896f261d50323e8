//! Likes: a state, never a toggle.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::app::App;
use serde_json::{Value, json};

#[tokio::test]
async fn a_repeated_like_changes_nothing_and_answers_the_same() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let post = ana.publish("hello").await;
    for _ in 0..3 {
        assert_eq!(bob.like(&post).await, json!({"liked": true, "likes": 1}));
    }
    let inbox = ana.inbox().await;
    assert_eq!((&inbox["seq"], &inbox["unread"]), (&json!(1), &json!(1)));
    for _ in 0..3 {
        assert_eq!(bob.unlike(&post).await, json!({"liked": false, "likes": 0}));
    }
    let inbox = ana.inbox().await;
    assert_eq!(
        (&inbox["seq"], &inbox["unread"], &inbox["items"]),
        (&json!(2), &json!(0), &json!([]))
    );
}

#[tokio::test]
async fn ones_own_like_counts_and_notifies_nobody() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let post = ana.publish("hello").await;
    assert_eq!(ana.like(&post).await, json!({"liked": true, "likes": 1}));
    let inbox = ana.inbox().await;
    assert_eq!((&inbox["seq"], &inbox["unread"]), (&json!(0), &json!(0)));
    assert_eq!(ana.unlike(&post).await, json!({"liked": false, "likes": 0}));
    assert_eq!(ana.inbox().await["seq"], 0);
}

#[tokio::test]
async fn pages_of_three_show_everybody_who_likes_a_post_once() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let post = ana.publish("hello").await;
    let mut fans = Vec::new();
    for i in 0..8 {
        let fan = app.sign_up(&format!("fan{i}")).await;
        fan.like(&post).await;
        fans.push(fan);
    }
    let path = format!("/api/v1/posts/{post}/likes?limit=3");
    let mut people: Vec<Value> = Vec::new();
    let mut page = app.server().http.get(&path).await.ok(200);
    // Somebody on the first page and somebody on the next one think better of it.
    fans[7].unlike(&post).await;
    fans[3].unlike(&post).await;
    loop {
        people.extend(page["people"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else {
            break;
        };
        page = app
            .server()
            .http
            .get(&format!("{path}&after={next}"))
            .await
            .ok(200);
    }
    let expected: Vec<Value> = [7, 6, 5, 4, 2, 1, 0].map(|i| fans[i].public()).into();
    assert_eq!(people, expected);
}

#[tokio::test]
async fn liking_in_a_loop_notifies_three_times_an_hour() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let post = ana.publish("hello").await;
    for _ in 0..10 {
        assert_eq!(bob.like(&post).await["likes"], 1);
        assert_eq!(bob.unlike(&post).await["likes"], 0);
    }
    let inbox = ana.inbox().await;
    assert_eq!(
        (&inbox["seq"], &inbox["unread"]),
        (&json!(6), &json!(0)),
        "three likes, three retractions"
    );
    bob.like(&post).await;
    let inbox = ana.inbox().await;
    assert_eq!((&inbox["seq"], &inbox["unread"]), (&json!(6), &json!(0)));
    assert_eq!(
        ana.get(&format!("/api/v1/posts/{post}")).await.ok(200)["likes"],
        1
    );
}

#[tokio::test]
async fn likes_of_a_deleted_post_are_refused() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let post = ana.publish("hello").await;
    bob.like(&post).await;
    ana.delete(&format!("/api/v1/posts/{post}")).await.ok(204);
    bob.put(&format!("/api/v1/posts/{post}/like"))
        .await
        .refused(404, "no_such_post");
    bob.delete(&format!("/api/v1/posts/{post}/like"))
        .await
        .refused(404, "no_such_post");
    bob.get(&format!("/api/v1/posts/{post}/likes"))
        .await
        .refused(404, "no_such_post");
}
