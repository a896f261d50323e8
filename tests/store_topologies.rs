//! The main journey over every kind of store.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, redis::Kind, ws::Socket};
use serde_json::json;

#[tokio::test]
async fn over_a_plain_connection() {
    journey(Kind::Plain).await;
}

#[tokio::test]
async fn over_tls() {
    journey(Kind::Tls).await;
}

#[tokio::test]
async fn on_a_cluster() {
    journey(Kind::Cluster).await;
}

async fn journey(kind: Kind) {
    let app = App::builder().on(kind).start(2);
    let [here, there] = &app.servers[..] else {
        panic!("two servers")
    };
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut socket, registered) = ana.listen(there).await;
    let post = ana.publish("hello").await;
    let mut viewer = bob.listen(here).await.0;
    viewer.subscribe(&format!("post:{post}")).await;
    assert_eq!(viewer.expect("post").await["likes"], 0);

    assert_eq!(bob.like(&post).await, json!({"liked": true, "likes": 1}));
    assert_eq!(
        bob.at(there).like(&post).await,
        json!({"liked": true, "likes": 1})
    );
    let toast = socket.expect("notification").await;
    assert_eq!((&toast["seq"], &toast["actor"]), (&json!(1), &bob.public()));
    assert_eq!(viewer.until("post").await["likes"], 1);
    let inbox = ana.inbox().await;
    assert_eq!(
        (&inbox["unread"], &inbox["items"][0]["count"]),
        (&json!(1), &json!(1))
    );

    bob.unlike(&post).await;
    assert_eq!(socket.expect("retract").await["retracts"], 1);
    drop(socket);
    bob.like(&post).await;
    let mark = json!({"epoch": registered["epoch"], "through": 3});
    let (mut socket, again) = ana.resume(here, &registered["epoch"], 1).await;
    assert_eq!(
        (&again["recovered"], &again["unread"]),
        (&json!(true), &json!(1))
    );
    assert_eq!(socket.expect("retract").await["seq"], 2);
    assert_eq!(socket.expect("notification").await["seq"], 3);
    ana.at(there)
        .post("/api/v1/notifications/read", mark)
        .await
        .ok(204);
    assert_eq!(socket.expect("marked").await["unread"], 0);

    let token = app.token("publish,stats");
    let mut program = Socket::bearer(there, &token).await;
    for listener in [&mut socket, &mut program] {
        listener.subscribe("news").await;
    }
    let ask = here.http.broadcast(&token, "news", "to all");
    let published = ask.header("idempotency-key", "k").send().await.ok(200);
    assert_eq!(published["subscriberCount"], 2);
    let ask = here.http.ask("GET", "/stats/channels?prefix=n");
    let listed = ask.bearer(&token).send().await.ok(200);
    assert_eq!(listed, json!({"count": 1, "channels": ["news"]}));
    for listener in [&mut socket, &mut program] {
        assert_eq!(listener.expect("message").await["text"], "to all");
    }

    // Lists go over many slots.
    for path in ["/api/v1/posts", "/api/v1/posts?order=trending"] {
        let page = bob.get(path).await.ok(200);
        assert_eq!(
            (&page["posts"][0]["post_id"], &page["posts"][0]["liked"]),
            (&json!(post), &json!(true))
        );
    }
    let mine = bob.publish("mine").await;
    bob.delete(&format!("/api/v1/posts/{mine}")).await.ok(204);
    assert_eq!(
        ana.get("/api/v1/posts").await.ok(200)["posts"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(here.http.get("/").await.status, 200);
    assert_eq!(there.http.get("/readyz").await.status, 200);
    app.command(&["seed", "--demo"]);
    app.command(&["rebuild"]);
    assert_eq!(
        ana.get("/api/v1/posts?limit=100").await.ok(200)["posts"]
            .as_array()
            .unwrap()
            .len(),
        13
    );

    ana.delete("/api/v1/sessions").await.ok(204);
    assert_eq!(socket.closed().await, 4401);
}
