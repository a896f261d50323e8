//! Cursors: nothing can be read from them, and each belongs to one list.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use common::{app::App, eventually, people::Person};
use serde_json::{Value, json};

/// A list that is read in pages: who reads it, where, its cursor's parameter, and where its items are.
struct List<'a> {
    reader: &'a Person,
    path: String,
    parameter: &'static str,
    items: &'static str,
}

impl List<'_> {
    async fn page(&self, cursor: Option<&str>) -> common::http::Answer {
        let sign = if self.path.contains('?') { '&' } else { '?' };
        let begin = cursor.map_or(String::new(), |cursor| {
            format!("&{}={cursor}", self.parameter)
        });
        let path = format!("{}{sign}limit=1{begin}", self.path);
        self.reader.get(&path).await
    }

    /// All items, page by page, and all cursors between the pages.
    async fn walk(&self) -> (Vec<Value>, Vec<String>) {
        let (mut items, mut cursors) = (Vec::new(), Vec::new());
        let mut page = self.page(None).await.ok(200);
        loop {
            items.extend(page[self.items].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else {
                assert_eq!(page["next"], Value::Null, "{}", self.path);
                return (items, cursors);
            };
            cursors.push(next.to_owned());
            page = self.page(Some(next)).await.ok(200);
        }
    }

    async fn refuses(&self, cursor: &str) {
        let refused = self.page(Some(cursor)).await;
        refused.invalid(&[(self.parameter, "format")]);
    }
}

#[tokio::test]
async fn every_cursor_belongs_to_one_list_and_says_nothing() {
    let app = App::builder().without_limits().start(2);
    let (ana, bob, cem) = (
        app.sign_up("ana").await,
        app.sign_up("bob").await,
        app.sign_up("cem").await,
    );
    app.command(&["user", "promote", &ana.handle]);
    let mut posts = Vec::new();
    for n in 0..3 {
        posts.push(ana.publish(&format!("post {n}")).await);
        let new = json!({"text": format!("announcement {n}")});
        ana.post("/api/v1/announcements", new).await.ok(201);
    }
    let quiet = json!({"like": "inbox"});
    let asked = ana.ask("PUT", "/api/v1/preferences").json(&quiet);
    asked.send().await.ok(200);
    for post in &posts[..2] {
        for fan in [&ana, &bob, &cem] {
            fan.like(post).await;
        }
    }
    // The trending order is made up to date about once a second; from then on it stays.
    for post in &posts[..2] {
        eventually("a liked post is ranked", async || {
            let score = app.redis.ask(&["ZSCORE", "trending", post]);
            let made = ana.get(&format!("/api/v1/posts/{post}")).await.ok(200);
            let made = made["created_at"].as_f64().unwrap();
            (score.parse::<f64>().unwrap() > made + 25_000_000.0).then_some(())
        })
        .await;
    }
    let (one, two) = (ana.make_room(false).await, ana.make_room(false).await);
    ana.make_room(false).await;
    for room in [&one, &two] {
        bob.join(room).await;
        cem.join(room).await;
    }
    let list = |reader, path: String, parameter, items| List {
        reader,
        path,
        parameter,
        items,
    };
    let of_posts = |query: &str| list(&bob, format!("/api/v1/posts?{query}"), "before", "posts");
    let likes = |post: &str| {
        list(
            &bob,
            format!("/api/v1/posts/{post}/likes"),
            "after",
            "people",
        )
    };
    let members = |room: &str| {
        let path = format!("/api/v1/rooms/{room}/members");
        list(&bob, path, "after", "members")
    };
    let silenced = "/api/v1/notifications/silenced".to_owned();
    let announcements = "/api/v1/announcements".to_owned();
    let lists = [
        of_posts("order=latest"),
        of_posts("order=trending"),
        of_posts(&format!("author={}", ana.handle)),
        likes(&posts[0]),
        likes(&posts[1]),
        list(&bob, "/api/v1/rooms".to_owned(), "after", "rooms"),
        list(&cem, "/api/v1/rooms".to_owned(), "after", "rooms"),
        members(&one),
        members(&two),
        list(&bob, announcements, "before", "announcements"),
        list(&ana, silenced, "before", "items"),
    ];
    let mut cursors = Vec::new();
    for list in &lists {
        let (items, found) = list.walk().await;
        assert!(items.len() >= 3, "{}: {items:?}", list.path);
        let distinct = items.iter().map(Value::to_string);
        let distinct: std::collections::HashSet<String> = distinct.collect();
        assert_eq!(distinct.len(), items.len(), "{}: each once", list.path);
        for cursor in &found {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            for hidden in [&ana.id, &bob.id, &cem.id, &one, &two, &posts[0]] {
                assert!(!text.contains(hidden.as_str()) && !cursor.contains(hidden.as_str()));
            }
        }
        cursors.push(found[0].clone());
    }
    let lengths: std::collections::HashSet<usize> = cursors.iter().map(String::len).collect();
    assert_eq!(lengths.len(), 1, "no length tells what is in it");

    for (at, list) in lists.iter().enumerate() {
        for (other, cursor) in cursors.iter().enumerate() {
            if at == other {
                list.page(Some(cursor)).await.ok(200);
            } else {
                list.refuses(cursor).await;
            }
        }
        let own = &cursors[at];
        let last = if own.ends_with('A') { "B" } else { "A" };
        let forged = format!("{}{last}", &own[..own.len() - 1]);
        let longer = format!("{own}A");
        let huge = "A".repeat(5_000);
        let begin = &own[..own.len() / 2];
        for wrong in [
            &forged, &longer, &huge, begin, "", "1", "0", "a", &one, "nonsense",
        ] {
            list.refuses(wrong).await;
        }
    }
    // Another server takes it; another store does not.
    let there = bob.at(&app.servers[1]);
    let path = format!("/api/v1/rooms?limit=1&after={}", cursors[5]);
    there.get(&path).await.ok(200);
    let elsewhere = App::start();
    let path = format!("/api/v1/posts?before={}", cursors[0]);
    let refused = elsewhere.server().http.get(&path).await;
    refused.invalid(&[("before", "format")]);
}

#[tokio::test]
async fn private_rooms_of_others_are_passed_over_and_not_named() {
    let app = App::builder().without_limits().start(1);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let make = async |name: &str, private: bool| {
        let room = json!({"name": name, "private": private});
        ana.post("/api/v1/rooms", room).await.ok(201);
    };
    make("a-first", false).await;
    // Far more than are looked at for one page.
    for n in 0..350 {
        make(&format!("hidden-{n:04}"), true).await;
    }
    make("z-last", false).await;
    for limit in [1, 2, 100] {
        let (mut names, mut pages, mut after) = (Vec::new(), 0, String::new());
        loop {
            let path = format!("/api/v1/rooms?limit={limit}{after}");
            let page = bob.get(&path).await.ok(200);
            let rooms = page["rooms"].as_array().unwrap();
            names.extend(rooms.iter().map(|room| room["name"].clone()));
            pages += 1;
            let Some(next) = page["next"].as_str() else {
                break;
            };
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(next).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains("hidden"));
            after = format!("&after={next}");
        }
        assert_eq!(names, ["a-first", "z-last"]);
        assert!(pages > 1, "one page does not look at all rooms there are");
    }
}

#[tokio::test]
async fn pages_lead_on_by_the_same_cursors() {
    let app = App::builder().without_limits().start(1);
    let ana = app.sign_up("ana").await;
    app.command(&["user", "promote", &ana.handle]);
    for n in 0..31 {
        ana.publish(&format!("post {n:02}")).await;
        ana.make_room(false).await;
        let new = json!({"text": format!("announcement {n:02}")});
        ana.post("/api/v1/announcements", new).await.ok(201);
    }
    let cookie = format!("quad={}", ana.token);
    let page = async |path: &str| {
        let ask = app.server().http.ask("GET", path);
        ask.header("cookie", &cookie).send().await
    };
    for (path, parameter, first_only, later_only) in [
        ("/", "before", "post 30", "post 05"),
        (
            "/announcements",
            "before",
            "announcement 30",
            "announcement 05",
        ),
        ("/rooms", "after", "Yours", "First rooms"),
    ] {
        let first = page(path).await;
        assert_eq!(first.status, 200);
        let html = first.text();
        assert!(
            html.contains(first_only) && !html.contains(later_only),
            "{path}"
        );
        let link = format!("href=\"{path}?{parameter}=");
        let at = html.find(&link).expect("a link to the next page") + "href=\"".len();
        let next = html[at..].split('"').next().unwrap();
        let later = page(next).await;
        assert_eq!(later.status, 200, "{next}");
        let html = later.text();
        assert!(
            html.contains(later_only) && !html.contains(first_only),
            "{next}"
        );
        let forged = page(&format!("{path}?{parameter}=nonsense")).await;
        assert_eq!(forged.status, 422, "{path}");
        assert!(forged.text().contains("not a cursor of this list"));
    }
}
