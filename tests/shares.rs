//! One person cannot push others out of an inbox, whatever they send and however often.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, people::Person};
use serde_json::{Value, json};

/// Entries that the inboxes of these tests keep.
const MOST: usize = 20;

/// A house in which everybody is as fast as they like.
fn house() -> App {
    let most = MOST.to_string();
    let app = App::builder().set("QUAD_INBOX_MAX", &most);
    app.without_limits().start(1)
}

async fn items(person: &Person) -> Vec<Value> {
    let inbox = person.get("/api/v1/notifications?limit=100").await.ok(200);
    let items = inbox["items"].as_array().unwrap().clone();
    let unread = items.iter().filter(|item| item["read"] == false).count();
    assert_eq!(inbox["unread"], unread, "the badge agrees with the list");
    items
}

/// Whether somebody's like of a post is in the list.
fn shows(items: &[Value], post: &str, who: &Person) -> bool {
    items.iter().any(|item| {
        let people = item["people"].as_array().unwrap();
        item["post_id"] == post && people.contains(&who.public())
    })
}

/// What became of everything adds up.
async fn adds_up(person: &Person) {
    let ledger = person.get("/api/v1/notifications/ledger").await.ok(200);
    let told = ["pending", "shown", "grouped", "caught_up", "lapsed"].map(|end| &ledger[end]);
    let withheld = ledger["withheld"].as_object().unwrap().values();
    let sum: u64 = told
        .into_iter()
        .chain(withheld)
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!(sum, ledger["entries"].as_u64().unwrap(), "{ledger}");
}

/// Everybody who is further behind than 500 reloads; to all others every number comes, once.
async fn has_no_hole(app: &App, person: &Person) {
    let inbox = person.inbox().await;
    let seq = inbox["seq"].as_u64().unwrap();
    let from = seq.saturating_sub(500);
    let (mut socket, registered) = person.resume(app.server(), &inbox["epoch"], from).await;
    assert_eq!(registered["recovered"], true, "{registered}");
    for expected in from + 1..=seq {
        let text = socket.next_text().await;
        let frame: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(frame["seq"], expected, "{frame}");
    }
}

#[tokio::test]
async fn somebody_who_is_muted_takes_no_room() {
    let app = house();
    let [ana, bob, eve] = app.sign_up_all(["ana", "bob", "eve"]).await;
    let post = ana.publish("hello").await;
    bob.like(&post).await;
    let room = eve.make_room(false).await;
    ana.join(&room).await;
    let mute = format!("/api/v1/mutes/people/{}", eve.handle);
    ana.put(&mute).await.ok(204);
    for _ in 0..3 * MOST {
        eve.say(&room, &format!("@{} look", ana.handle)).await;
        let second = ana.publish("another").await;
        eve.like(&second).await;
    }
    let list = items(&ana).await;
    assert_eq!(list.len(), 1, "{list:?}");
    assert!(shows(&list, &post, &bob));
    // A kind that is off is as one that is muted.
    ana.delete(&mute).await.ok(204);
    ana.ask("PUT", "/api/v1/preferences")
        .json(&json!({"mention": "off"}))
        .send()
        .await
        .ok(200);
    for _ in 0..3 * MOST {
        eve.say(&room, &format!("@{} look", ana.handle)).await;
    }
    assert!(shows(&items(&ana).await, &post, &bob));
    adds_up(&ana).await;
    has_no_hole(&app, &ana).await;
}

#[tokio::test]
async fn a_burst_of_one_person_takes_one_place_and_what_is_taken_back_none() {
    let app = house();
    let [ana, bob, eve] = app.sign_up_all(["ana", "bob", "eve"]).await;
    let post = ana.publish("hello").await;
    bob.like(&post).await;
    let room = eve.make_room(false).await;
    ana.join(&room).await;
    for i in 0..3 * MOST {
        eve.say(&room, &format!("@{} {i}", ana.handle)).await;
    }
    let list = items(&ana).await;
    assert_eq!(list.len(), 2, "{list:?}");
    assert!(shows(&list, &post, &bob));
    let newest = format!("@{} {}", ana.handle, 3 * MOST - 1);
    assert_eq!(list[0]["text"], newest.as_str());
    for _ in 0..2 * MOST {
        let second = ana.publish("another").await;
        for _ in 0..3 {
            eve.like(&second).await;
            eve.unlike(&second).await;
        }
    }
    let list = items(&ana).await;
    assert_eq!(list.len(), 2, "{list:?}");
    assert!(shows(&list, &post, &bob));
    adds_up(&ana).await;
    has_no_hole(&app, &ana).await;
}

#[tokio::test]
async fn whoever_sends_most_makes_room_for_others() {
    let app = house();
    let [ana, bob, eve, carl] = app.sign_up_all(["ana", "bob", "eve", "carl"]).await;
    let post = ana.publish("hello").await;
    bob.like(&post).await;
    let mut posts = Vec::new();
    for i in 0..3 * MOST {
        let post = ana.publish(&format!("post {i}")).await;
        eve.like(&post).await;
        posts.push(post);
    }
    let list = items(&ana).await;
    assert_eq!(list.len(), MOST, "the inbox is full and not more than that");
    assert!(shows(&list, &post, &bob));
    for kept in posts.iter().rev().take(MOST - 1) {
        assert!(shows(&list, kept, &eve), "the newest of theirs stay");
    }
    // Others come later, and nothing of theirs is lost either. Eve keeps a share.
    for kept in &posts[..MOST / 4] {
        carl.like(kept).await;
    }
    let list = items(&ana).await;
    assert_eq!(list.len(), MOST);
    assert!(shows(&list, &post, &bob));
    assert!(
        posts[..MOST / 4]
            .iter()
            .all(|post| shows(&list, post, &carl))
    );
    let of_eve = posts.iter().filter(|post| shows(&list, post, &eve)).count();
    assert_eq!(of_eve, MOST - 1 - MOST / 4);
    adds_up(&ana).await;
    has_no_hole(&app, &ana).await;
}

#[tokio::test]
async fn a_program_and_somebody_who_invites_have_a_share_too() {
    let app = house();
    let [ana, bob, eve] = app.sign_up_all(["ana", "bob", "eve"]).await;
    let post = ana.publish("hello").await;
    bob.like(&post).await;
    let (quiet, loud) = (app.token("publish"), app.token("publish"));
    let path = format!("/notify/user/{}", ana.id);
    let send = async |token: &str, message: String| {
        let asking = app.server().http.ask("POST", &path).bearer(token);
        asking
            .json(&json!({"message": message}))
            .send()
            .await
            .ok(200);
    };
    send(&quiet, "once".to_owned()).await;
    for i in 0..3 * MOST {
        send(&loud, format!("again {i}")).await;
    }
    let texts = |list: &[Value]| -> Vec<String> {
        let texts = list.iter().filter_map(|item| item["text"].as_str());
        texts.map(str::to_owned).collect()
    };
    let list = items(&ana).await;
    assert_eq!(list.len(), MOST);
    assert!(shows(&list, &post, &bob));
    assert!(texts(&list).contains(&"once".to_owned()), "{list:?}");
    assert_eq!(list[0]["text"], format!("again {}", 3 * MOST - 1).as_str());
    for _ in 0..2 * MOST {
        let room = eve.make_room(true).await;
        let path = format!("/api/v1/rooms/{room}/members/{}", ana.id);
        eve.ask("PUT", &path).json(&json!({})).send().await.ok(204);
    }
    let list = items(&ana).await;
    assert!(shows(&list, &post, &bob));
    assert!(texts(&list).contains(&"once".to_owned()), "{list:?}");
    adds_up(&ana).await;
}

#[tokio::test]
async fn what_takes_no_room_does_not_stay_for_ever_and_leaves_no_hole() {
    let app = house();
    let [ana, bob, eve] = app.sign_up_all(["ana", "bob", "eve"]).await;
    let post = ana.publish("hello").await;
    bob.like(&post).await;
    let room = eve.make_room(false).await;
    ana.join(&room).await;
    for i in 0..800 {
        eve.say(&room, &format!("@{} {i}", ana.handle)).await;
    }
    let kept = app.redis.ask(&["XLEN", &format!("{{{}}}:inbox", ana.id)]);
    assert!(kept.parse::<usize>().unwrap() < 620, "{kept}");
    assert!(shows(&items(&ana).await, &post, &bob));
    adds_up(&ana).await;
    has_no_hole(&app, &ana).await;
    let inbox = ana.inbox().await;
    let (_, far_behind) = ana.resume(app.server(), &inbox["epoch"], 1).await;
    assert_eq!(far_behind["recovered"], false);
    // What is old and taken back is gone from the store as well.
    bob.unlike(&post).await;
    let list = items(&ana).await;
    assert_eq!(list.len(), 1, "{list:?}");
    let first = app
        .redis
        .ask(&["XRANGE", &format!("{{{}}}:inbox", ana.id), "1-0", "1-0"]);
    assert_eq!(first, "");
}

#[tokio::test]
async fn an_inbox_that_was_filled_before_senders_were_counted_counts_them() {
    let app = house();
    let [ana, bob, eve] = app.sign_up_all(["ana", "bob", "eve"]).await;
    let post = ana.publish("hello").await;
    bob.like(&post).await;
    for i in 0..MOST - 1 {
        eve.like(&ana.publish(&format!("post {i}")).await).await;
    }
    let key = |part: &str| format!("{{{}}}:{part}", ana.id);
    let (of_bob, of_eve) = (
        key(&format!("from:{}", bob.id)),
        key(&format!("from:{}", eve.id)),
    );
    app.redis.ask(&["DEL", &of_bob, &of_eve, &key("most")]);
    app.redis
        .ask(&["HDEL", &key("inbox:meta"), "live", "swept"]);
    for _ in 0..MOST {
        eve.like(&ana.publish("more").await).await;
    }
    let list = items(&ana).await;
    assert_eq!(list.len(), MOST);
    assert!(shows(&list, &post, &bob));
}
