//! What a person wants to be told of: preferences, mutes, quiet hours, and the list of what made no
//! toast.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::{SystemTime, UNIX_EPOCH};

use common::{
    app::App,
    http::Answer,
    people::Person,
    ws::{Event, Socket},
};
use serde_json::{Value, json};

const PREFERENCES: &str = "/api/v1/preferences";

fn usual() -> Value {
    json!({"like": "toast", "message": "toast", "mention": "toast", "quiet_hours": null, "do_not_disturb_until": null,
        "toast_seconds": 6, "sound": false})
}

fn now() -> u64 {
    UNIX_EPOCH.elapsed().unwrap().as_millis() as u64
}

async fn want(person: &Person, preferences: Value) -> Answer {
    person
        .ask("PUT", PREFERENCES)
        .json(&preferences)
        .send()
        .await
}

async fn ledger(person: &Person) -> Value {
    person.get("/api/v1/notifications/ledger").await.ok(200)
}

async fn silenced(person: &Person) -> Vec<Value> {
    let page = person.get("/api/v1/notifications/silenced").await.ok(200);
    page["items"].as_array().unwrap().clone()
}

/// The next entry of the inbox as it comes over a socket.
async fn entry(socket: &mut Socket) -> Value {
    socket.expect("notification").await
}

/// Everything that a ledger counts, which must be what it says there is.
fn sum(ledger: &Value) -> u64 {
    let told = ["pending", "shown", "grouped", "caught_up", "lapsed"].map(|end| &ledger[end]);
    let withheld = ledger["withheld"].as_object().unwrap().values();
    let counts = told.into_iter().chain(withheld);
    counts.map(|count| count.as_u64().unwrap()).sum()
}

#[tokio::test]
async fn a_newcomer_wants_toasts_and_what_is_missing_is_as_for_a_newcomer() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    assert_eq!(ana.get(PREFERENCES).await.ok(200), usual());
    let all = json!({"like": "off", "message": "inbox", "mention": "off",
        "quiet_hours": {"from": 1320, "to": 420, "utc_offset": -210},
        "do_not_disturb_until": now() + 3_600_000, "toast_seconds": 0, "sound": true});
    assert_eq!(want(&ana, all.clone()).await.ok(200), all);
    assert_eq!(ana.get(PREFERENCES).await.ok(200), all);
    want(&ana, json!({"sound": true})).await.ok(200);
    let mut expected = usual();
    expected["sound"] = json!(true);
    assert_eq!(ana.get(PREFERENCES).await.ok(200), expected);
    // What is over is not told any more.
    want(&ana, json!({"do_not_disturb_until": now() - 1}))
        .await
        .ok(200);
    assert_eq!(ana.get(PREFERENCES).await.ok(200), usual());
}

#[tokio::test]
async fn preferences_that_cannot_be_are_refused_and_change_nothing() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let before = want(&ana, json!({"like": "inbox", "toast_seconds": 20}))
        .await
        .ok(200);
    let hours = |from: i64, to: i64, utc_offset: i64| json!({"quiet_hours": {"from": from, "to": to, "utc_offset": utc_offset}});
    for (body, field, code) in [
        (json!({"toast_seconds": 2}), "toast_seconds", "out_of_range"),
        (
            json!({"toast_seconds": 61}),
            "toast_seconds",
            "out_of_range",
        ),
        (hours(1_440, 0, 0), "quiet_hours", "out_of_range"),
        (hours(0, 1_440, 0), "quiet_hours", "out_of_range"),
        (hours(60, 60, 0), "quiet_hours", "out_of_range"),
        (hours(60, 120, -721), "quiet_hours", "out_of_range"),
        (hours(60, 120, 841), "quiet_hours", "out_of_range"),
        (
            json!({"do_not_disturb_until": 1u64 << 53}),
            "do_not_disturb_until",
            "out_of_range",
        ),
        (json!({"like": "loud"}), "like", "format"),
        (json!({"sound": "yes"}), "sound", "format"),
        (json!({"toast_seconds": -1}), "toast_seconds", "format"),
        (hours(-1, 60, 0), "quiet_hours.from", "format"),
        (
            json!({"quiet_hours": {"from": 1, "to": 2}}),
            "quiet_hours.utc_offset",
            "required",
        ),
    ] {
        let refused = want(&ana, body.clone()).await;
        assert_eq!(refused.status, 422, "{body}");
        refused.invalid(&[(field, code)]);
    }
    assert_eq!(want(&ana, json!({"colour": "red"})).await.status, 422);
    want(&ana, json!([])).await.refused(400, "malformed");
    assert_eq!(ana.get(PREFERENCES).await.ok(200), before);
    app.server()
        .http
        .get(PREFERENCES)
        .await
        .refused(401, "no_session");
}

#[tokio::test]
async fn a_muted_person_is_in_the_stream_and_in_no_list() {
    let app = App::start();
    let (ana, bob, eve) = (
        app.sign_up("ana").await,
        app.sign_up("bob").await,
        app.sign_up("eve").await,
    );
    let post = ana.publish("hello").await;
    let mute = format!("/api/v1/mutes/people/{}", bob.handle);
    for _ in 0..2 {
        ana.put(&mute).await.ok(204);
    }
    let mutes = ana.get("/api/v1/mutes").await.ok(200);
    assert_eq!(mutes, json!({"people": [bob.public()], "posts": []}));
    let (mut socket, registered) = ana.listen(app.server()).await;
    assert_eq!(
        bob.like(&post).await["likes"],
        1,
        "the like itself is as ever"
    );
    let frame = entry(&mut socket).await;
    assert_eq!(
        frame,
        json!({"type": "notification", "epoch": registered["epoch"], "seq": 1, "group": frame["group"],
            "unread": 0, "kind": "like", "post_id": post, "excerpt": "hello", "actor": bob.public(),
            "at": frame["at"], "void": true, "withheld": "muted"})
    );
    eve.like(&post).await;
    let frame = entry(&mut socket).await;
    assert_eq!(
        (&frame["unread"], frame.get("withheld"), frame.get("void")),
        (&json!(1), None, None)
    );
    let inbox = ana.inbox().await;
    assert_eq!(
        (&inbox["seq"], &inbox["unread"]),
        (&json!(2), &json!(1)),
        "{inbox}"
    );
    let group = &inbox["items"][0];
    assert_eq!(
        (&group["count"], &group["people"], group.get("withheld")),
        (&json!(1), &json!([eve.public()]), None)
    );
    let list = silenced(&ana).await;
    assert_eq!(list.len(), 1);
    assert_eq!(
        list[0],
        json!({"seq": 1, "kind": "like", "post_id": post, "actor": bob.public(),
            "at": list[0]["at"], "withheld": "muted"})
    );
    // Whoever comes back is told the same.
    let (mut again, _) = ana.resume(app.server(), &registered["epoch"], 0).await;
    let frame = entry(&mut again).await;
    assert_eq!(
        (&frame["void"], &frame["withheld"]),
        (&json!(true), &json!("muted"))
    );

    for _ in 0..2 {
        ana.delete(&mute).await.ok(204);
    }
    let second = ana.publish("again").await;
    bob.like(&second).await;
    let frame = entry(&mut socket).await;
    assert_eq!(
        (&frame["unread"], frame.get("withheld")),
        (&json!(2), None),
        "unmuted, bob is heard again"
    );
    // What was kept from the list and is taken back was never told of.
    bob.unlike(&post).await;
    socket.nothing_else().await;
    assert!(silenced(&ana).await.is_empty());
}

#[tokio::test]
async fn one_mutes_ones_own_posts_only() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (loud, quiet) = (ana.publish("loud").await, ana.publish("quiet").await);
    let of_bob = bob.publish("mine").await;
    let post = |id: &str| format!("/api/v1/mutes/posts/{id}");
    for ask in ["PUT", "DELETE"] {
        let refused = ana.ask(ask, &post(&of_bob)).send().await;
        refused.refused(403, "forbidden");
        let missing = format!("{}.99", ana.id);
        let refused = ana.ask(ask, &post(&missing)).send().await;
        refused.refused(404, "no_such_post");
        let refused = ana.ask(ask, "/api/v1/mutes/people/nobody").send().await;
        refused.refused(404, "no_such_user");
    }
    ana.put(&post(&quiet)).await.ok(204);
    let mutes = ana.get("/api/v1/mutes").await.ok(200);
    assert_eq!(
        mutes,
        json!({"people": [], "posts": [{"post_id": quiet, "excerpt": "quiet"}]})
    );
    bob.like(&quiet).await;
    bob.like(&loud).await;
    let inbox = ana.inbox().await;
    assert_eq!(inbox["unread"], 1);
    assert_eq!(inbox["items"][0]["post_id"], loud.as_str());
    assert_eq!(silenced(&ana).await[0]["withheld"], "muted");
    ana.delete(&format!("/api/v1/posts/{quiet}")).await.ok(204);
    let mutes = ana.get("/api/v1/mutes").await.ok(200);
    assert_eq!(mutes, json!({"people": [], "posts": []}));
    let ledger = ledger(&ana).await;
    assert_eq!(
        (&ledger["entries"], sum(&ledger)),
        (&json!(2), 2),
        "{ledger}"
    );
}

#[tokio::test]
async fn a_kind_may_be_for_the_list_alone_or_for_nothing() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut socket, _) = ana.listen(app.server()).await;
    want(&ana, json!({"like": "inbox"})).await.ok(200);
    bob.like(&ana.publish("one").await).await;
    let frame = entry(&mut socket).await;
    assert_eq!(
        (&frame["unread"], &frame["withheld"], frame.get("void")),
        (&json!(1), &json!("preference"), None)
    );
    let inbox = ana.inbox().await;
    assert_eq!(
        (&inbox["unread"], &inbox["items"][0]["withheld"]),
        (&json!(1), &json!("preference"))
    );
    want(&ana, json!({"like": "off"})).await.ok(200);
    bob.like(&ana.publish("two").await).await;
    let frame = entry(&mut socket).await;
    assert_eq!(
        (&frame["unread"], &frame["withheld"], &frame["void"]),
        (&json!(1), &json!("preference"), &json!(true))
    );
    assert_eq!(ana.inbox().await["items"].as_array().unwrap().len(), 1);
    let ledger = ledger(&ana).await;
    assert_eq!(
        ledger["withheld"],
        json!({"muted": 0, "quiet": 0, "preference": 2})
    );
    assert_eq!(
        silenced(&ana).await.len(),
        2,
        "both stand there with the reason"
    );
}

#[tokio::test]
async fn do_not_disturb_keeps_the_list_and_ends() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut socket, _) = ana.listen(app.server()).await;
    for (until, withheld) in [
        (now() + 3_600_000, Some("quiet")),
        (now() - 1_000, None),
        (7_258_118_399_999, Some("quiet")),
    ] {
        want(&ana, json!({"do_not_disturb_until": until}))
            .await
            .ok(200);
        bob.like(&ana.publish("hello").await).await;
        let frame = entry(&mut socket).await;
        assert_eq!(
            frame.get("withheld").and_then(Value::as_str),
            withheld,
            "{frame}"
        );
        assert_eq!(frame.get("void"), None);
    }
    assert_eq!(ana.inbox().await["unread"], 3);
}

/// The offset of a clock that shows so many minutes after midnight just now.
fn where_it_is(minutes: i64) -> i64 {
    let utc = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let utc = (utc.as_secs() / 60 % 1_440) as i64;
    let offset = (minutes - utc).rem_euclid(1_440);
    if offset > 840 { offset - 1_440 } else { offset }
}

#[tokio::test]
async fn quiet_hours_are_counted_on_the_persons_clock_also_over_midnight() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut socket, _) = ana.listen(app.server()).await;
    const HOUR: i64 = 60;
    for (clock, from, to, quiet) in [
        // Over midnight, on both sides of it and outside.
        (30, 22 * HOUR, 7 * HOUR, true),
        (23 * HOUR, 22 * HOUR, 7 * HOUR, true),
        (12 * HOUR, 22 * HOUR, 7 * HOUR, false),
        (8 * HOUR, 22 * HOUR, 7 * HOUR, false),
        (21 * HOUR, 22 * HOUR, 7 * HOUR, false),
        // Within one day.
        (12 * HOUR, 11 * HOUR, 14 * HOUR, true),
        (10 * HOUR, 11 * HOUR, 14 * HOUR, false),
        (15 * HOUR, 11 * HOUR, 14 * HOUR, false),
        // Until midnight, and from it.
        (23 * HOUR, 22 * HOUR, 0, true),
        (HOUR, 22 * HOUR, 0, false),
        (HOUR, 0, 3 * HOUR, true),
    ] {
        let offset = where_it_is(clock);
        let hours = json!({"from": from, "to": to, "utc_offset": offset});
        want(&ana, json!({"quiet_hours": hours})).await.ok(200);
        bob.like(&ana.publish("hello").await).await;
        let frame = entry(&mut socket).await;
        assert_eq!(
            frame.get("withheld").is_some(),
            quiet,
            "it is {clock} and {hours}: {frame}"
        );
    }
}

#[tokio::test]
async fn what_two_devices_tell_of_is_counted_once() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut here, registered) = ana.listen(&app.servers[0]).await;
    let (mut there, _) = ana.listen(&app.servers[1]).await;
    for text in ["one", "two", "three"] {
        bob.like(&ana.publish(text).await).await;
    }
    let told = |outcome: &str| json!({"type": "told", "epoch": registered["epoch"], "outcome": outcome, "seqs": [1, 2, 3, 3]});
    for (socket, outcome) in [(&mut here, "shown"), (&mut there, "grouped")] {
        for _ in 0..3 {
            assert!(matches!(socket.next().await, Event::Frame(_)));
        }
        for _ in 0..5 {
            socket.send(told(outcome)).await;
        }
    }
    // Each socket's frames are taken in their order.
    for socket in [&mut here, &mut there] {
        socket.nothing_else().await;
    }
    let ledger = ledger(&ana).await;
    let count = |end: &str| ledger[end].as_u64().unwrap();
    assert_eq!(
        (count("entries"), count("pending"), sum(&ledger)),
        (3, 0, 3)
    );
    assert_eq!(count("shown") + count("grouped"), 3, "{ledger}");
}

#[tokio::test]
async fn pages_of_what_was_silenced_show_each_entry_once() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    want(&ana, json!({"like": "inbox"})).await.ok(200);
    let mut posts = Vec::new();
    for i in 0..8 {
        let post = ana.publish(&format!("post {i}")).await;
        bob.like(&post).await;
        posts.insert(0, post);
    }
    let path = "/api/v1/notifications/silenced?limit=3";
    let mut seen: Vec<String> = Vec::new();
    let mut page = ana.get(path).await.ok(200);
    loop {
        let items = page["items"].as_array().unwrap().iter();
        seen.extend(items.map(|item| item["post_id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        page = ana.get(&format!("{path}&before={next}")).await.ok(200);
    }
    assert_eq!(seen, posts);
    for limit in ["0", "101"] {
        ana.get(&format!("/api/v1/notifications/silenced?limit={limit}"))
            .await
            .invalid(&[("limit", "out_of_range")]);
    }
    let ledger = ledger(&ana).await;
    assert_eq!((&ledger["entries"], sum(&ledger)), (&json!(8), 8));
}

#[tokio::test]
async fn a_group_is_unread_again_and_what_is_new_in_a_quiet_group_says_why() {
    let app = App::start();
    let (ana, bob, eve) = (
        app.sign_up("ana").await,
        app.sign_up("bob").await,
        app.sign_up("eve").await,
    );
    let post = ana.publish("hello").await;
    bob.like(&post).await;
    let inbox = ana.inbox().await;
    let mark = |unread: bool| json!({"epoch": inbox["epoch"], "through": 1, "group": inbox["items"][0]["group"], "unread": unread});
    for (unread, count) in [(false, 0), (true, 1), (true, 1), (false, 0)] {
        ana.post("/api/v1/notifications/read", mark(unread))
            .await
            .ok(204);
        assert_eq!(ana.inbox().await["unread"], count);
    }
    want(&ana, json!({"do_not_disturb_until": now() + 3_600_000}))
        .await
        .ok(200);
    eve.like(&post).await;
    let group = ana.inbox().await["items"][0].clone();
    assert_eq!(
        (&group["withheld"], &group["read"], &group["count"]),
        (&json!("quiet"), &json!(false), &json!(2))
    );
    // The reason is the newest entry's.
    eve.unlike(&post).await;
    assert_eq!(ana.inbox().await["items"][0].get("withheld"), None);
}

#[tokio::test]
async fn what_is_muted_already_is_never_too_much() {
    let app = App::start();
    let (ana, bob, eve) = (
        app.sign_up("ana").await,
        app.sign_up("bob").await,
        app.sign_up("eve").await,
    );
    let mute = async |who: &Person, method: &str| {
        let path = format!("/api/v1/mutes/people/{}", who.handle);
        ana.ask(method, &path).send().await
    };
    let own = ana.publish("hello").await;
    let post = format!("/api/v1/mutes/posts/{own}");
    mute(&bob, "PUT").await.ok(204);
    ana.put(&post).await.ok(204);
    let key = format!("{{{}}}:attention", ana.id);
    let fill =
        "for i = 1, 998 do redis.call('HSET', KEYS[1], string.format('mute:0fan%08d', i), i) end";
    app.redis.ask(&["EVAL", fill, "1", &key]);
    let before = app.redis.ask(&["HGETALL", &key]);
    mute(&bob, "PUT").await.ok(204);
    ana.put(&post).await.ok(204);
    mute(&eve, "PUT").await.invalid(&[("mutes", "too_many")]);
    assert_eq!(app.redis.ask(&["HGETALL", &key]), before);
    mute(&bob, "DELETE").await.ok(204);
    mute(&eve, "PUT").await.ok(204);
    mute(&bob, "PUT").await.invalid(&[("mutes", "too_many")]);
}

#[tokio::test]
async fn quiet_hours_follow_the_clocks_of_a_zone() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut socket, _) = ana.listen(app.server()).await;
    // The clocks of Kathmandu never change, so that it is known what they show.
    let minutes = (now() / 60_000 + 345) % 1_440;
    for (begins, quiet) in [(1_380, true), (60, false)] {
        let from = (minutes + begins) % 1_440;
        let to = (from + 120) % 1_440;
        let hours = json!({"from": from, "to": to, "zone": "asia/kathmandu"});
        let stored = want(&ana, json!({"quiet_hours": hours})).await.ok(200);
        let expected = json!({"from": from, "to": to, "utc_offset": 345, "zone": "Asia/Kathmandu"});
        assert_eq!(stored["quiet_hours"], expected);
        assert_eq!(ana.get(PREFERENCES).await.ok(200), stored);
        bob.like(&ana.publish("hello").await).await;
        let frame = entry(&mut socket).await;
        assert_eq!(frame.get("withheld").is_some(), quiet, "{hours}: {frame}");
    }
    for zone in ["Mars/Olympus", "", "Europe/Berlin 1:2"] {
        let hours = json!({"from": 0, "to": 60, "zone": zone});
        let refused = want(&ana, json!({"quiet_hours": hours})).await;
        refused.invalid(&[("quiet_hours.zone", "format")]);
    }
}

#[tokio::test]
async fn from_the_second_on_at_which_clocks_change_quiet_hours_are_others() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let (mut socket, _) = ana.listen(app.server()).await;
    let utc = now() / 60_000 % 1_440;
    // An hour around noon of a clock that is ahead so far that it is noon there now.
    let ahead = 720 - utc as i64;
    let past = now() / 1_000 - 60;
    let future = now() / 1_000 + 3_600;
    for (changes, quiet) in [
        (format!("{} A/Zone", ahead + 180), false),
        (format!("{} A/Zone {past}:{ahead}", ahead + 180), true),
        (format!("{ahead} A/Zone {past}:{}", ahead + 180), false),
        (format!("{ahead} A/Zone {future}:{}", ahead + 180), true),
        (
            format!("0 A/Zone 1000:60 {past}:{ahead} {future}:{}", ahead + 180),
            true,
        ),
        // As it was stored before zones had names.
        (format!("{ahead}"), true),
    ] {
        let attention = format!("{{{}}}:attention", ana.id);
        let hours = format!("690 750 {changes}");
        app.redis.ask(&["HSET", &attention, "quiet", &hours]);
        bob.like(&ana.publish("hello").await).await;
        let frame = entry(&mut socket).await;
        assert_eq!(frame.get("withheld").is_some(), quiet, "{hours}: {frame}");
    }
}

/// A plain form, as a browser without JavaScript sends it.
async fn form(app: &App, person: &Person, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let server = app.server();
    server
        .http
        .ask("POST", path)
        .header("origin", &format!("http://{}", server.address()))
        .header(
            "referer",
            &format!("http://{}/settings/notifications", server.address()),
        )
        .header("cookie", &format!("quad={}", person.token))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html")
        .body(body.finish())
        .send()
        .await
}

async fn settings_page(app: &App, person: &Person) -> String {
    let ask = app.server().http.ask("GET", "/settings/notifications");
    let cookie = format!("quad={}", person.token);
    let page = ask.header("cookie", &cookie).send().await;
    assert_eq!(page.status, 200, "{page:?}");
    page.text().to_owned()
}

#[tokio::test]
async fn without_javascript_a_zone_is_chosen_by_its_name() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let wishes = async |more: &[(&str, &str)]| {
        let fields = [
            ("wishes[like]", "toast"),
            ("wishes[message]", "toast"),
            ("wishes[mention]", "toast"),
            ("wishes[quiet_from]", "22:00"),
            ("wishes[quiet_to]", "07:00"),
            ("wishes[toast_seconds]", "6"),
        ];
        let fields: Vec<_> = fields.iter().chain(more).copied().collect();
        let saved = form(&app, &ana, "/fn/save_preferences", &fields).await;
        assert_eq!(saved.status, 302, "{saved:?}");
        let preferences = ana.get(PREFERENCES).await.ok(200);
        (
            saved.header("location").to_owned(),
            preferences["quiet_hours"].clone(),
        )
    };
    let saved = "/settings/notifications?saved=preferences";
    let hours = |offset: i64, zone: &str| json!({"from": 1_320, "to": 420, "utc_offset": offset, "zone": zone});

    // Somebody new has chosen none: without quiet hours they need none, and with them they are asked.
    let page = settings_page(&app, &ana).await;
    for option in [
        "<option>Asia/Kathmandu</option>",
        "<option>UTC</option>",
        r#"<option value="">Choose"#,
    ] {
        assert!(page.contains(option), "{option}");
    }
    assert!(!page.contains("wishes[utc_offset]") && !page.contains("<option selected>A"));
    assert_eq!(
        wishes(&[("wishes[zone]", "")]).await,
        (saved.into(), Value::Null)
    );
    let (place, stored) = wishes(&[("wishes[quiet]", "on"), ("wishes[zone]", "")]).await;
    assert!(place.contains("__err="), "{place}");
    assert_eq!(stored, Value::Null);
    let (place, _) = wishes(&[("wishes[quiet]", "on"), ("wishes[zone]", "Mars/Olympus")]).await;
    assert!(place.contains("__err="), "{place}");

    let chosen = [("wishes[quiet]", "on"), ("wishes[zone]", "Asia/Kathmandu")];
    let expected = hours(345, "Asia/Kathmandu");
    assert_eq!(wishes(&chosen).await, (saved.into(), expected.clone()));
    let page = settings_page(&app, &ana).await;
    assert!(page.contains("<option selected>Asia/Kathmandu</option>"));
    assert!(!page.contains(r#"<option value="">"#));
    // A zone that is no place, as a program may store it, is offered as well.
    let program = json!({"quiet_hours": {"from": 1_320, "to": 420, "zone": "Etc/GMT+5"}});
    want(&ana, program).await.ok(200);
    let page = settings_page(&app, &ana).await;
    assert!(page.contains("<option selected>Etc/GMT+5</option>"));

    // What was stored before zones had names goes on as it was, until a zone is chosen.
    let old = json!({"quiet_hours": {"from": 60, "to": 120, "utc_offset": -210}});
    want(&ana, old).await.ok(200);
    let page = settings_page(&app, &ana).await;
    assert!(page.contains("UTC−03:30, as before"), "{page}");
    let kept = json!({"from": 1_320, "to": 420, "utc_offset": -210});
    let unchanged = [("wishes[quiet]", "on"), ("wishes[zone]", "")];
    assert_eq!(wishes(&unchanged).await, (saved.into(), kept));
    assert_eq!(wishes(&chosen).await, (saved.into(), expected));
}

#[tokio::test]
async fn until_tomorrow_ends_at_eight_in_the_zone_of_the_device_or_of_quiet_hours() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    // Minutes after midnight, UTC, at which it ends. The clocks of these zones never change.
    let until = async |zone: &[(&str, &str)]| {
        let fields: Vec<_> = [("pause", "tomorrow")]
            .iter()
            .chain(zone)
            .copied()
            .collect();
        let paused = form(&app, &ana, "/fn/set_do_not_disturb", &fields).await;
        assert_eq!(paused.header("location"), "/settings/notifications");
        let preferences = ana.get(PREFERENCES).await.ok(200);
        let until = preferences["do_not_disturb_until"].as_u64().unwrap();
        assert!(until > now() && until < now() + 32 * 3_600_000, "{until}");
        assert_eq!(until % 60_000, 0);
        until / 60_000 % 1_440
    };
    let kathmandu = 8 * 60 - 345;
    let tokyo = 24 * 60 - 60;
    assert_eq!(until(&[("zone", "Asia/Kathmandu")]).await, kathmandu);
    assert_eq!(until(&[("zone", "")]).await, 480);
    assert_eq!(until(&[]).await, 480);
    let hours = json!({"from": 0, "to": 60, "zone": "Asia/Tokyo"});
    want(&ana, json!({"quiet_hours": hours})).await.ok(200);
    assert_eq!(until(&[("zone", "Mars/Olympus")]).await, tokyo);
    assert_eq!(until(&[]).await, tokyo);
    assert_eq!(until(&[("zone", "Asia/Kathmandu")]).await, kathmandu);
    let stored = ana.get(PREFERENCES).await.ok(200);
    assert_eq!(stored["quiet_hours"]["zone"], "Asia/Tokyo");
}
