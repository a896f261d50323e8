//! Announcements: everybody gets each once, at once or on their next visit.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, eventually, people::Person};
use futures_util::future::join_all;
use serde_json::{Value, json};

const PATH: &str = "/api/v1/announcements";

/// Somebody who may announce.
async fn administrator(app: &App) -> Person {
    let admin = app.sign_up("admin").await;
    app.command(&["user", "promote", &admin.handle]);
    admin
}

async fn announce(admin: &Person, text: &str) -> Value {
    let new = json!({"text": text, "level": "warning"});
    admin.post(PATH, new).await.ok(201)
}

#[tokio::test]
async fn everybody_who_is_connected_gets_it_at_once_and_only_once() {
    let app = App::builder().start(2);
    let admin = administrator(&app).await;
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut one, _) = ana.listen(&app.servers[0]).await;
    let (mut two, _) = ana.listen(&app.servers[1]).await;
    let (mut other, _) = bob.listen(&app.servers[1]).await;
    let (mut raw, _) = bob.listen(&app.servers[0]).await;
    raw.subscribe("announcements").await;

    let announced = announce(&admin, "Rain at noon").await;
    for socket in [&mut one, &mut two, &mut other] {
        let news = socket.expect("notification").await;
        assert_eq!(
            (&news["kind"], &news["seq"]),
            (&json!("announcement"), &json!(1))
        );
        assert_eq!(
            (&news["text"], &news["level"]),
            (&json!("Rain at noon"), &json!("warning"))
        );
        assert_eq!(news["unread"], 1);
    }
    let message = raw.until("message").await;
    assert_eq!(
        (&message["id"], &message["level"]),
        (&announced["id"], &json!("warning"))
    );
    announce(&admin, "And at one").await;
    for socket in [&mut one, &mut two, &mut other] {
        assert_eq!(socket.expect("notification").await["seq"], 2);
        socket.nothing_else().await;
    }
    let inbox = ana.inbox().await;
    assert_eq!((&inbox["seq"], &inbox["unread"]), (&json!(2), &json!(2)));
    assert_eq!(inbox["items"][1]["text"], "Rain at noon");
    assert_eq!(inbox["items"][1]["kind"], "announcement");
}

#[tokio::test]
async fn whoever_was_away_finds_it_on_the_next_visit_whatever_that_begins_with() {
    let app = App::builder().start(2);
    let admin = administrator(&app).await;
    let mut people = Vec::new();
    for n in 0..4 {
        people.push(app.sign_up(&format!("away{n}")).await);
    }
    let (mut known, registered) = people[3].listen(app.server()).await;
    for n in 1..=3 {
        announce(&admin, &format!("number {n}")).await;
        assert_eq!(known.expect("notification").await["seq"], n);
    }
    drop(known);
    announce(&admin, "number 4").await;
    // A list, one's account, a socket.
    let inbox = people[0].inbox().await;
    assert_eq!((&inbox["seq"], &inbox["unread"]), (&json!(4), &json!(4)));
    assert_eq!(people[1].get("/api/v1/me").await.ok(200)["unread"], 4);
    let (mut socket, registered_two) = people[2].listen(&app.servers[1]).await;
    assert_eq!(
        (&registered_two["seq"], &registered_two["unread"]),
        (&json!(4), &json!(4))
    );
    socket.nothing_else().await;
    // A socket that comes back gets the one it missed.
    let (mut socket, back) = people[3]
        .resume(&app.servers[1], &registered["epoch"], 3)
        .await;
    assert_eq!(
        (&back["seq"], &back["recovered"]),
        (&json!(4), &json!(true))
    );
    assert_eq!(socket.expect("notification").await["text"], "number 4");
    socket.nothing_else().await;
    // Whoever comes later was not meant.
    assert_eq!(app.sign_up("late").await.inbox().await["seq"], 0);
}

#[tokio::test]
async fn many_visits_at_once_do_not_double_it() {
    let app = App::builder().without_limits().start(2);
    let admin = administrator(&app).await;
    let ana = app.sign_up("ana").await;
    for n in 1..=5 {
        announce(&admin, &format!("number {n}")).await;
    }
    let visits = (0..40).map(async |n: usize| {
        let server = &app.servers[n % 2];
        if n % 4 < 2 {
            drop(ana.listen(server).await);
        } else {
            ana.at(server).inbox().await;
        }
    });
    join_all(visits).await;
    let inbox = ana.inbox().await;
    assert_eq!((&inbox["seq"], &inbox["unread"]), (&json!(5), &json!(5)));
    let texts: Vec<&Value> = inbox["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| &i["text"])
        .collect();
    assert_eq!(
        texts,
        ["number 5", "number 4", "number 3", "number 2", "number 1"]
    );
}

#[tokio::test]
async fn only_administrators_announce_and_a_key_is_used_once() {
    let app = App::builder().start(2);
    let (ana, admin) = (app.sign_up("ana").await, administrator(&app).await);
    let new = json!({"text": "hello"});
    ana.post(PATH, new.clone()).await.refused(403, "forbidden");
    ana.at(&app.servers[1])
        .post(PATH, json!({"text": " "}))
        .await
        .refused(403, "forbidden");
    admin
        .post(PATH, json!({"text": " "}))
        .await
        .invalid(&[("text", "required")]);
    admin
        .post(PATH, json!({"text": "x", "level": "loud"}))
        .await
        .refused(422, "invalid");
    app.server().http.get(PATH).await.refused(401, "no_session");
    let token = app.token("publish");
    let broadcast = app.server().http.ask("POST", "/broadcast/announcements");
    broadcast
        .bearer(&token)
        .json(&json!({"message": "x"}))
        .send()
        .await
        .refused(403, "forbidden");

    // The same key over two servers is one announcement.
    let mut ids = Vec::new();
    for server in &app.servers {
        let admin = admin.at(server);
        let asked = admin.ask("POST", PATH).header("idempotency-key", "k1");
        ids.push(asked.json(&new).send().await.ok(201)["id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    let other = admin.ask("POST", PATH).header("idempotency-key", "k1");
    other
        .json(&json!({"text": "other"}))
        .send()
        .await
        .refused(422, "key_reused");
    for server in &app.servers {
        let list = eventually("the announcement is listed", async || {
            let list = ana.at(server).get(PATH).await.ok(200);
            (list["announcements"].as_array()?.len() == 1).then_some(list)
        });
        assert_eq!(list.await["announcements"][0]["text"], "hello");
    }
}

#[tokio::test]
async fn a_role_that_is_taken_is_gone_on_every_server() {
    let app = App::builder().start(2);
    let admin = administrator(&app).await;
    for server in &app.servers {
        let admin = admin.at(server);
        assert_eq!(admin.get("/api/v1/me").await.ok(200)["admin"], true);
        announce(&admin, "while one may").await;
    }
    app.command(&["user", "demote", &admin.handle]);
    for server in &app.servers {
        let former = admin.at(server);
        let refused = former.post(PATH, json!({"text": "no more"})).await;
        refused.refused(403, "forbidden");
        assert_eq!(former.get("/api/v1/me").await.ok(200)["admin"], Value::Null);
    }
}

#[tokio::test]
async fn a_new_post_is_told_on_the_feed() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut socket, _) = bob.listen(&app.servers[1]).await;
    socket.subscribe("feed").await;
    let post = ana.publish("hello").await;
    assert_eq!(socket.expect("new_post").await["post_id"], post.as_str());
    // However many come at once, the newest is told.
    let mut newest = String::new();
    for n in 0..15 {
        newest = ana.publish(&format!("post {n}")).await;
    }
    loop {
        let told = socket.expect("new_post").await;
        if told["post_id"] == newest.as_str() {
            break;
        }
    }
    let token = app.token("publish");
    let broadcast = app
        .server()
        .http
        .ask("POST", "/broadcast/feed")
        .bearer(&token);
    broadcast
        .json(&json!({"message": "x"}))
        .send()
        .await
        .refused(403, "forbidden");
}
