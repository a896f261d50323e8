//! The inbox: groups, what is unread, and marks.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, people::Person};
use serde_json::{Value, json};

#[tokio::test]
async fn a_group_is_one_kind_on_one_post_and_counts_people() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let (first, second) = (ana.publish("first").await, ana.publish("second").await);
    let mut fans = Vec::new();
    for i in 0..5 {
        let fan = app.sign_up(&format!("fan{i}")).await;
        fan.like(&first).await;
        fans.push(fan);
    }
    fans[0].like(&second).await;
    let inbox = ana.inbox().await;
    assert_eq!(
        (&inbox["seq"], &inbox["unread"], &inbox["next"]),
        (&json!(6), &json!(2), &Value::Null)
    );
    let [newest, oldest] = &inbox["items"].as_array().unwrap()[..] else {
        panic!("{inbox}")
    };
    assert_eq!(newest["post_id"], second.as_str());
    assert_eq!((&newest["count"], &newest["seq"]), (&json!(1), &json!(6)));
    assert_eq!(oldest["post_id"], first.as_str());
    assert_eq!(
        (&oldest["count"], &oldest["seq"], &oldest["kind"]),
        (&json!(5), &json!(5), &json!("like"))
    );
    let latest: Vec<Value> = [4, 3, 2].map(|i| fans[i].public()).into();
    assert_eq!(oldest["people"], json!(latest), "the three who came last");
    assert_eq!(
        (&oldest["seen"], &oldest["read"]),
        (&json!(false), &json!(false))
    );
    assert!(oldest["at"].as_u64().unwrap() > 1_600_000_000_000);

    // Its id stays while people come and go.
    fans[4].unlike(&first).await;
    let inbox = ana.inbox().await;
    let again = inbox["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|item| item["post_id"] == first.as_str())
        .unwrap();
    assert_eq!(again["group"], oldest["group"]);
    assert_eq!((&again["count"], &again["seq"]), (&json!(4), &json!(4)));
    for fan in &fans[..4] {
        fan.unlike(&first).await;
    }
    let inbox = ana.inbox().await;
    assert_eq!(
        (&inbox["unread"], inbox["items"].as_array().unwrap().len()),
        (&json!(1), 1)
    );
}

#[tokio::test]
async fn pages_of_three_show_every_group_once() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let mut posts = Vec::new();
    for i in 0..8 {
        let post = ana.publish(&format!("post {i}")).await;
        bob.like(&post).await;
        posts.insert(0, post);
    }
    let mut seen: Vec<String> = Vec::new();
    let mut page = ana.get("/api/v1/notifications?limit=3").await.ok(200);
    // One on the page and one that is to come are gone before the next page is asked for.
    bob.unlike(&posts[2]).await;
    bob.unlike(&posts[4]).await;
    loop {
        let items = page["items"].as_array().unwrap();
        seen.extend(
            items
                .iter()
                .map(|item| item["post_id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_u64() else {
            break;
        };
        page = ana
            .get(&format!("/api/v1/notifications?limit=3&before={next}"))
            .await
            .ok(200);
    }
    let expected: Vec<String> = [0, 1, 2, 3, 5, 6, 7].map(|i| posts[i].clone()).into();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn read_marks_and_the_unread_count_agree() {
    let app = App::start();
    let (ana, bob, eve) = (
        app.sign_up("ana").await,
        app.sign_up("bob").await,
        app.sign_up("eve").await,
    );
    let (first, second) = (ana.publish("first").await, ana.publish("second").await);
    bob.like(&first).await;
    bob.like(&second).await;
    let inbox = ana.inbox().await;
    let epoch = inbox["epoch"].clone();
    let group = inbox["items"][1]["group"].clone();

    mark(&ana, json!({"epoch": epoch, "through": 1, "group": group}))
        .await
        .ok(204);
    let state = states(&ana).await;
    assert_eq!(state, (1, vec![(2, false), (1, true)]));
    // Somebody new in a group makes it unread again.
    eve.like(&first).await;
    assert_eq!(states(&ana).await, (2, vec![(3, false), (2, false)]));
    // And if they take it back, it is as read as it was.
    eve.unlike(&first).await;
    assert_eq!(states(&ana).await, (1, vec![(2, false), (1, true)]));
    mark(&ana, json!({"epoch": epoch, "through": 4}))
        .await
        .ok(204);
    assert_eq!(states(&ana).await, (0, vec![(2, true), (1, true)]));
    mark(
        &ana,
        json!({"epoch": epoch, "through": 4, "group": group, "unread": true}),
    )
    .await
    .ok(204);
    assert_eq!(states(&ana).await, (1, vec![(2, true), (1, false)]));
    let me = ana.get("/api/v1/me").await.ok(200);
    assert_eq!(
        (&me["unread"], &me["seq"], &me["epoch"]),
        (&json!(1), &json!(4), &epoch)
    );
}

#[tokio::test]
async fn marks_that_cannot_be_set_are_refused() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    for text in ["one", "two"] {
        bob.like(&ana.publish(text).await).await;
    }
    let inbox = ana.inbox().await;
    let epoch = &inbox["epoch"];
    mark(&ana, json!({"epoch": "another", "through": 1}))
        .await
        .refused(409, "stale");
    mark(&ana, json!({"epoch": epoch, "through": 3}))
        .await
        .invalid(&[("through", "out_of_range")]);
    mark(&ana, json!({"epoch": epoch, "through": u64::MAX}))
        .await
        .invalid(&[("through", "out_of_range")]);
    assert_eq!(states(&ana).await.0, 2, "nothing was marked");
    mark(&ana, json!({"epoch": epoch, "through": 2}))
        .await
        .ok(204);
    mark(&ana, json!({"epoch": epoch, "through": 2}))
        .await
        .ok(204);
    mark(&ana, json!({"epoch": epoch, "through": 1}))
        .await
        .refused(409, "stale");
    let group = &inbox["items"][0]["group"];
    mark(&ana, json!({"epoch": epoch, "through": 1, "group": group}))
        .await
        .refused(409, "stale");
    mark(&ana, json!({"epoch": epoch}))
        .await
        .invalid(&[("through", "required")]);
    mark(&ana, json!({"epoch": epoch, "through": -1}))
        .await
        .invalid(&[("through", "format")]);
    mark(&ana, json!({"epoch": epoch, "through": 1, "group": ""}))
        .await
        .invalid(&[("group", "format")]);
    mark(&ana, json!({}))
        .await
        .invalid(&[("epoch", "required")]);
}

#[tokio::test]
async fn a_deleted_post_takes_its_group_along() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (kept, gone) = (ana.publish("kept").await, ana.publish("gone").await);
    bob.like(&kept).await;
    bob.like(&gone).await;
    ana.delete(&format!("/api/v1/posts/{gone}")).await.ok(204);
    let inbox = ana.inbox().await;
    assert_eq!((&inbox["unread"], &inbox["seq"]), (&json!(1), &json!(3)));
    assert_eq!(inbox["items"].as_array().unwrap().len(), 1);
    assert_eq!(inbox["items"][0]["post_id"], kept.as_str());
}

#[tokio::test]
async fn entries_above_the_most_that_are_kept_leave_their_groups() {
    let app = App::builder().set("QUAD_INBOX_MAX", "3").start(1);
    let ana = app.sign_up("ana").await;
    let (first, second) = (ana.publish("first").await, ana.publish("second").await);
    let mut fans = Vec::new();
    for i in 0..4 {
        fans.push(app.sign_up(&format!("fan{i}")).await);
    }
    fans[0].like(&first).await;
    for fan in &fans {
        fan.like(&second).await;
    }
    let inbox = ana.inbox().await;
    assert_eq!(
        (&inbox["seq"], &inbox["unread"]),
        (&json!(5), &json!(1)),
        "the group of the first post is gone"
    );
    assert_eq!(inbox["items"].as_array().unwrap().len(), 1);
    assert_eq!(inbox["items"][0]["count"], 4, "whoever likes it counts");
    assert_eq!(inbox["items"][0]["people"].as_array().unwrap().len(), 3);
    assert_eq!(
        ana.get(&format!("/api/v1/posts/{second}")).await.ok(200)["likes"],
        4,
        "likes are not trimmed"
    );
    // What cannot be read on any more begins anew.
    let (_, registered) = ana.resume(app.server(), &inbox["epoch"], 1).await;
    assert_eq!(registered["recovered"], false);
    let (mut socket, registered) = ana.resume(app.server(), &inbox["epoch"], 2).await;
    assert_eq!(registered["recovered"], true);
    for seq in 3..=5 {
        assert_eq!(socket.expect("notification").await["seq"], seq);
    }
}

/// Makes the entries of an inbox two days older, since nobody can wait for that long.
const TWO_DAYS_LATER: &str = "
    local entries = redis.call('XRANGE', KEYS[1], '-', '+')
    redis.call('DEL', KEYS[1])
    for _, entry in ipairs(entries) do
      local fields = entry[2]
      for i = 1, #fields, 2 do
        if fields[i] == 't' then fields[i + 1] = fields[i + 1] - 2 * 86400000 end
      end
      redis.call('XADD', KEYS[1], entry[1], unpack(fields))
    end
    return #entries";

#[tokio::test]
async fn entries_that_are_too_old_leave_the_list_and_the_unread_count_together() {
    let app = App::builder().set("QUAD_INBOX_DAYS", "1").start(1);
    let (ana, bob, eve) = (
        app.sign_up("ana").await,
        app.sign_up("bob").await,
        app.sign_up("eve").await,
    );
    let (first, second, third) = (
        ana.publish("first").await,
        ana.publish("second").await,
        ana.publish("third").await,
    );
    bob.like(&first).await; // 1
    bob.like(&second).await; // 2
    eve.like(&second).await; // 3, taken back by 4
    eve.unlike(&second).await; // 4
    let inbox = format!("{{{}}}:inbox", ana.id);
    let made_older = app.redis.ask(&["EVAL", TWO_DAYS_LATER, "1", &inbox]);
    assert_eq!(made_older, "4");
    eve.like(&first).await; // 5
    bob.like(&third).await; // 6
    assert_eq!(states(&ana).await, (2, vec![(6, false), (5, false)]));
    let inbox = ana.inbox().await;
    let item = &inbox["items"][1];
    assert_eq!(
        (&item["count"], &item["people"]),
        (&json!(1), &json!([eve.public()])),
        "who liked it long ago is not among them"
    );
    for (seq, recovered) in [(0, false), (3, false), (4, true), (6, true)] {
        let (_, registered) = ana.resume(app.server(), &inbox["epoch"], seq).await;
        assert_eq!(registered["recovered"], recovered, "from {seq}");
        assert_eq!(registered["unread"], 2);
    }
    // A like that is not in the inbox any more has nothing to take back.
    bob.unlike(&second).await;
    assert_eq!(ana.inbox().await["seq"], 6);
    assert_eq!(states(&ana).await.0, 2);
}

async fn mark(person: &Person, mark: Value) -> common::http::Answer {
    person.post("/api/v1/notifications/read", mark).await
}

/// The unread count, and of each group its newest entry and whether it is read.
async fn states(person: &Person) -> (u64, Vec<(u64, bool)>) {
    let inbox = person.inbox().await;
    let items = inbox["items"].as_array().unwrap().iter();
    let states: Vec<(u64, bool)> = items
        .map(|item| {
            (
                item["seq"].as_u64().unwrap(),
                item["read"].as_bool().unwrap(),
            )
        })
        .collect();
    let unread = inbox["unread"].as_u64().unwrap();
    assert_eq!(
        states.iter().filter(|(_, read)| !read).count() as u64,
        unread,
        "{inbox}"
    );
    (unread, states)
}
