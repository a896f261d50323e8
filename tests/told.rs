//! What servers remember of the store, they are told to forget: a change that one server made is
//! true on the other at once, and not only when a memory ends by itself.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::Duration;

use common::{app::App, eventually};
use serde_json::json;
use tokio::time::timeout;

/// Within this, whoever is told has heard of it, and whoever only waits until a memory ends (after
/// half a minute) has not.
const TOLD: Duration = Duration::from_secs(10);

/// Asks until it is so, and gives up before a memory would have ended by itself.
async fn soon(what: &str, ask: impl AsyncFnMut() -> Option<()>) {
    let told = timeout(TOLD, eventually(what, ask)).await;
    told.unwrap_or_else(|_| panic!("the other server was not told: {what}"));
}

#[tokio::test]
async fn a_new_name_is_everywhere_on_the_other_server() {
    let app = App::builder().without_limits().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let there = ana.at(&app.servers[1]);
    let post = ana.publish("by Ana").await;
    let read = format!("/api/v1/posts/{post}");
    let (mut live, _) = bob.listen(&app.servers[1]).await;

    for name in ["First", "Second"] {
        let of_bob = bob.publish("by Bob").await;
        let likers = format!("/api/v1/posts/{of_bob}/likes");
        // The other server knows her, as author, as liker, and by her session.
        there.like(&of_bob).await;
        let notified = live.expect("notification").await;
        let before = there.get(&read).await.ok(200)["author"]["name"].clone();
        let listed = there.get(&likers).await.ok(200);
        assert_eq!(listed["people"][0]["name"], before);
        assert_eq!(notified["actor"]["name"], before);

        ana.rename(name).await;
        soon("the author's name", async || {
            let post = there.get(&read).await.ok(200);
            (post["author"]["name"] == name).then_some(())
        })
        .await;
        soon("the liker's name", async || {
            let listed = there.get(&likers).await.ok(200);
            (listed["people"][0]["name"] == name).then_some(())
        })
        .await;
        soon("the name in the inbox", async || {
            let inbox = bob.at(&app.servers[1]).inbox().await;
            (inbox["items"][0]["people"][0]["name"] == name).then_some(())
        })
        .await;
        there.unlike(&of_bob).await;
        live.expect("retract").await;
        there.like(&of_bob).await;
        let notified = live.expect("notification").await;
        assert_eq!(notified["actor"]["name"], name);
        there.unlike(&of_bob).await;
        live.expect("retract").await;
    }
}

/// Whether somebody is connected to the other server makes no difference.
#[tokio::test]
async fn a_session_that_ended_is_refused_on_the_other_server() {
    let app = App::builder().without_limits().start(2);
    for connected in [false, true] {
        for everywhere in [false, true] {
            let ana = app.sign_up("ana").await;
            let witness = app.sign_up("bob").await;
            let other = ana.log_in(&app.servers[1]).await;
            let there = ana.at(&app.servers[1]);
            let mut sockets = Vec::new();
            if connected {
                sockets.push(witness.listen(&app.servers[1]).await);
            }
            there.get("/api/v1/me").await.ok(200);
            other.get("/api/v1/me").await.ok(200);
            let which = if everywhere { "" } else { "/current" };
            let path = format!("/api/v1/sessions{which}");
            ana.delete(&path).await.ok(204);
            soon("the session ended", async || {
                (there.get("/api/v1/me").await.status == 401).then_some(())
            })
            .await;
            there.get("/api/v1/me").await.refused(401, "no_session");
            if everywhere {
                soon("all of them ended", async || {
                    (other.get("/api/v1/me").await.status == 401).then_some(())
                })
                .await;
            } else {
                other.get("/api/v1/me").await.ok(200);
            }
            witness.at(&app.servers[1]).inbox().await;
        }
    }
}

#[tokio::test]
async fn a_new_password_ends_all_sessions_of_before_on_the_other_server() {
    let app = App::builder().without_limits().start(2);
    let ana = app.sign_up("ana").await;
    let phone = ana.log_in(&app.servers[1]).await;
    let there = ana.at(&app.servers[1]);
    phone.get("/api/v1/me").await.ok(200);
    there.get("/api/v1/me").await.ok(200);
    let change = json!({"password": "another horse", "current_password": common::people::PASSWORD});
    let changed = ana.ask("PATCH", "/api/v1/me").json(&change).send().await;
    let changed = changed.ok(200);
    for ended in [&phone, &there] {
        soon("a session of before ended", async || {
            (ended.get("/api/v1/me").await.status == 401).then_some(())
        })
        .await;
    }
    let again = there.with(changed["token"].as_str().unwrap());
    again.get("/api/v1/me").await.ok(200);
}
