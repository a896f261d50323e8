//! The ledger: whatever happens, what became of entries adds up to the entries.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::sync::atomic::{AtomicU64, Ordering};

use common::{
    app::{App, Embedded},
    people::Person,
    redis::signal,
    server,
};
use serde_json::{Value, json};

async fn ledger(person: &Person) -> Value {
    person.get("/api/v1/notifications/ledger").await.ok(200)
}

/// Everything that a ledger counts, which must be what it says there is.
fn sum(ledger: &Value) -> u64 {
    let count = |value: &Value| value.as_u64().unwrap();
    let told: u64 = ["pending", "shown", "grouped", "caught_up", "lapsed"]
        .iter()
        .map(|outcome| count(&ledger[outcome]))
        .sum();
    let withheld = ledger["withheld"].as_object().unwrap();
    told + withheld.values().map(count).sum::<u64>()
}

#[tokio::test]
async fn each_entry_comes_to_one_end() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let post = ana.publish("hello").await;
    let mut fans = Vec::new();
    for i in 0..6 {
        fans.push(app.sign_up(&format!("fan{i}")).await);
    }
    let muted = &fans[5];
    ana.put(&format!("/api/v1/mutes/people/{}", muted.handle))
        .await
        .ok(204);
    let (mut socket, registered) = ana.listen(app.server()).await;
    for fan in &fans {
        fan.like(&post).await;
    }
    // Taken back before anybody was told.
    fans[4].unlike(&post).await;
    let epoch = &registered["epoch"];
    let told = |outcome: &str, seqs: &[u64]| json!({"type": "told", "epoch": epoch, "outcome": outcome, "seqs": seqs});
    socket.send(told("shown", &[1])).await;
    socket.send(told("grouped", &[1, 2, 3])).await;
    socket.send(told("caught_up", &[4, 5, 6, 99])).await;
    // Frames are answered in their order, so this answer comes when those were noted.
    socket
        .send(json!({"type": "subscribe", "ref": "1", "channel": "anything"}))
        .await;
    socket.until("ack").await;
    let ledger = ledger(&ana).await;
    assert_eq!(
        ledger,
        json!({"entries": 6, "pending": 0, "shown": 1, "grouped": 2, "caught_up": 1, "lapsed": 1,
            "withheld": {"muted": 1, "quiet": 0, "preference": 0}})
    );
    assert_eq!(sum(&ledger), 6);
    let metrics = app.server().metrics().get("/metrics").await;
    let stage = |name: &str| format!("quad_like_to_paint_seconds_count{{stage=\"{name}\"}}");
    for line in [
        // Likes and the one that was taken back.
        format!("{} 7", stage("accepted")),
        format!("{} 7", stage("stored")),
        // Every like went to the socket, also as one that makes no toast.
        format!("{} 6", stage("fanned_out")),
        format!("{} 6", stage("written")),
        format!("{} 1", stage("painted")),
        "quad_told_total{outcome=\"grouped\"} 2".to_owned(),
        "quad_withheld_total{reason=\"muted\"} 1".to_owned(),
    ] {
        let found = metrics.text().lines().any(|found| found == line);
        assert!(found, "{line} is missing in {}", metrics.text());
    }
}

#[tokio::test]
async fn another_epoch_and_another_person_change_nothing() {
    let app = App::start();
    let (ana, bo) = (app.sign_up("ana").await, app.sign_up("bo").await);
    let post = ana.publish("hello").await;
    bo.like(&post).await;
    for (person, epoch) in [
        (&ana, json!("1.another")),
        (&bo, ana.inbox().await["epoch"].clone()),
    ] {
        let (mut socket, _) = person.listen(app.server()).await;
        socket
            .send(json!({"type": "told", "epoch": epoch, "outcome": "shown", "seqs": [1]}))
            .await;
        socket
            .send(json!({"type": "subscribe", "ref": "1", "channel": "anything"}))
            .await;
        socket.until("ack").await;
    }
    assert_eq!(ledger(&ana).await["pending"], 1);
    assert_eq!(ledger(&bo).await["entries"], 0);
}

#[tokio::test]
async fn what_was_on_screen_in_the_list_need_not_be_told() {
    let app = App::start();
    let (ana, bo) = (app.sign_up("ana").await, app.sign_up("bo").await);
    for text in ["one", "two", "three"] {
        bo.like(&ana.publish(text).await).await;
    }
    let inbox = ana.inbox().await;
    let group = &inbox["items"][0]["group"];
    let mark = json!({"epoch": inbox["epoch"], "through": 3, "group": group});
    ana.post("/api/v1/notifications/read", mark).await.ok(204);
    assert_eq!(ledger(&ana).await["caught_up"], 1);
    let mark = json!({"epoch": inbox["epoch"], "through": 2});
    ana.post("/api/v1/notifications/read", mark.clone())
        .await
        .ok(204);
    let settled = ledger(&ana).await;
    assert_eq!(
        (&settled["caught_up"], &settled["pending"]),
        (&json!(3), &json!(0))
    );
    // A marker of another epoch changes nothing.
    let stale = json!({"epoch": "1.another", "through": 3});
    ana.post("/api/v1/notifications/read", stale)
        .await
        .refused(409, "stale");
    assert_eq!(ledger(&ana).await, settled);
}

#[tokio::test]
async fn the_sum_is_right_after_server_and_store_were_killed_in_mid_burst() {
    let mut quad = Embedded::new();
    let file = quad.data.path().join("credentials");
    let name = file.display().to_string();
    server::run(
        quad.environment(),
        &["seed", "--users", "80", "--credentials", &name],
    );
    quad.start();
    let ana = Person::sign_up(quad.server(), "ana").await;
    let mut posts = Vec::new();
    for i in 0..6 {
        posts.push(ana.publish(&format!("{i}")).await);
    }
    let fans = Person::from_file(quad.server(), &file);
    for round in 0..2 {
        let acknowledged = AtomicU64::new(0);
        let store = server::store_of(quad.data.path());
        let server = quad.server.take().unwrap();
        let (mut socket, registered) = ana.at(&server).listen(&server).await;
        // Likes, likes taken back, and reports of what was shown, all at once.
        let likes = fans.iter().map(async |fan| {
            let fan = fan.at(&server);
            for post in &posts[round * 3..round * 3 + 3] {
                for method in ["PUT", "DELETE", "PUT"] {
                    let path = format!("/api/v1/posts/{post}/like");
                    match fan.ask(method, &path).try_send().await {
                        Some(answer) if answer.status == 200 => {
                            acknowledged.fetch_add(1, Ordering::Relaxed);
                        }
                        _ => return,
                    }
                }
            }
        });
        let teller = async {
            let mut seq = registered["seq"].as_u64().unwrap();
            let here = ana.at(&server);
            // Far into the burst, and not before something was told of: how soon that is noted is up
            // to the machine.
            while acknowledged.load(Ordering::Relaxed) < 300
                || ledger(&here).await["shown"].as_u64() == Some(0)
            {
                seq += 1;
                let outcome = ["shown", "grouped", "caught_up"][seq as usize % 3];
                socket
                    .send(json!({"type": "told", "epoch": registered["epoch"], "outcome": outcome, "seqs": [seq]}))
                    .await;
                socket.next().await;
            }
            let pids = if round == 0 {
                [store, server.pid()]
            } else {
                [server.pid(), store]
            };
            pids.iter().for_each(|pid| signal(*pid, "KILL"));
        };
        tokio::join!(futures_util::future::join_all(likes), teller);
        drop(server);
        quad.start();
        let ana = ana.at(quad.server());
        let (ledger, inbox) = (ledger(&ana).await, ana.inbox().await);
        assert_eq!(
            sum(&ledger),
            ledger["entries"].as_u64().unwrap(),
            "{ledger}"
        );
        assert!(
            ledger["entries"].as_u64() < inbox["seq"].as_u64(),
            "some were taken back"
        );
        assert!(
            ledger["shown"].as_u64().unwrap() > 0 && ledger["lapsed"].as_u64().unwrap() > 0,
            "{ledger}"
        );
    }
}

#[tokio::test]
async fn somebody_who_likes_twice_counts_once() {
    let app = App::start();
    let (ana, bo) = (app.sign_up("ana").await, app.sign_up("bo").await);
    let post = ana.publish("hello").await;
    for _ in 0..2 {
        bo.like(&post).await;
        bo.unlike(&post).await;
    }
    bo.like(&post).await;
    let inbox = ana.inbox().await;
    assert_eq!(
        (&inbox["unread"], &inbox["items"][0]["count"]),
        (&json!(1), &json!(1))
    );
    let ledger = ledger(&ana).await;
    assert_eq!(
        (&ledger["entries"], &ledger["lapsed"], &ledger["pending"]),
        (&json!(3), &json!(2), &json!(1))
    );
}
