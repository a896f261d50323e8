//! Whoever has no page open is told by the browser's push service, once.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    app::{App, Builder},
    eventually,
    people::Person,
    push::{Browser, PushService},
    redis::make_certificates,
};
use futures_util::future::join_all;
use serde_json::{Value, json};

const SUBSCRIPTIONS: &str = "/api/v1/push/subscriptions";
const CONTACT: &str = "mailto:ops@quad.example";

fn builder(service: &PushService) -> Builder {
    App::builder()
        .without_limits()
        .set("QUAD_PUSH_TEST_SERVICE", &service.origin)
        .set("QUAD_PUSH_CONTACT", CONTACT)
}

/// Pushes come quickly.
fn prompt(service: &PushService) -> App {
    builder(service).set("QUAD_PUSH_AFTER", "100ms").start(1)
}

/// There is time to do something before a push comes.
fn patient(service: &PushService) -> Builder {
    builder(service).set("QUAD_PUSH_AFTER", "4s")
}

async fn key(app: &App) -> String {
    let answer = app.server().http.get("/api/v1/push/key").await.ok(200);
    answer["key"].as_str().unwrap().to_owned()
}

/// The next push, as this browser reads it.
async fn read(service: &mut PushService, browser: &Browser, app: &App) -> Value {
    let came = service.next().await;
    browser.read(&came, &key(app).await, &service.origin).0
}

fn stored(app: &App, person: &Person) -> String {
    app.redis.ask(&["HLEN", &format!("{{{}}}:push", person.id)])
}

async fn counted(app: &App, name: &str, count: &str) {
    eventually(&format!("{name} is {count}"), async || {
        let metrics = app.server().metrics().get("/metrics").await;
        let text = metrics.text().to_owned();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name} ")));
        (line == Some(count)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_like_while_nobody_looks_is_pushed_signed_and_sealed() {
    let mut service = PushService::start().await;
    let app = prompt(&service);
    let (ana, ben) = (app.sign_up("ana").await, app.sign_up("ben").await);
    let browser = Browser::at(&service);
    browser.subscribe(&ana).await;
    let post = ana.publish("hello").await;
    let begin = std::time::SystemTime::now();
    ben.like(&post).await;
    let came = service.next().await;
    let (payload, claims) = browser.read(&came, &key(&app).await, &service.origin);
    let inbox = ana.inbox().await;
    assert_eq!(
        payload,
        json!({
            "type": "notification",
            "epoch": inbox["epoch"],
            "seq": 1,
            "group": inbox["items"][0]["group"],
            "kind": "like",
            "text": format!("{} likes your post", ben.name),
            "url": format!("/posts/{post}"),
            "unread": 1,
        })
    );
    assert_eq!(claims["sub"], CONTACT);
    let begin = begin.duration_since(std::time::UNIX_EPOCH).unwrap();
    let valid = claims["exp"].as_u64().unwrap() - begin.as_secs();
    assert!((6 * 3_600..=24 * 3_600).contains(&valid), "{valid} s");
    counted(&app, "quad_push_sent_total", "1").await;
    // A second one is about what came since, and under the same topic.
    let cem = app.sign_up("cem").await;
    cem.like(&post).await;
    let again = service.next().await;
    let (payload, _) = browser.read(&again, &key(&app).await, &service.origin);
    let text = format!("{} and {} like your post", cem.name, ben.name);
    assert_eq!(
        (&payload["seq"], &payload["text"]),
        (&json!(2), &json!(text))
    );
    assert_eq!(came.headers["topic"], again.headers["topic"]);
    assert_ne!(came.body, again.body);
}

#[tokio::test]
async fn a_message_of_a_program_is_pushed_too() {
    let mut service = PushService::start().await;
    let app = prompt(&service);
    let ana = app.sign_up("ana").await;
    let browser = Browser::at(&service);
    browser.subscribe(&ana).await;
    let notify = app
        .server()
        .http
        .ask("POST", &format!("/notify/user/{}", ana.id));
    let message = json!({"message": "The canteen\nis \"open\"."});
    let notify = notify.bearer(&app.token("publish")).json(&message);
    notify.send().await.ok(200);
    let payload = read(&mut service, &browser, &app).await;
    assert_eq!(payload["kind"], "message");
    assert_eq!(payload["text"], message["message"]);
    assert_eq!(payload["url"], "/notifications");
}

#[tokio::test]
async fn a_burst_is_one_push_for_each_browser_and_group() {
    let mut service = PushService::start().await;
    let app = patient(&service).start(2);
    let ana = app.sign_up("ana").await;
    let (phone, laptop) = (Browser::at(&service), Browser::at(&service));
    phone.subscribe(&ana).await;
    laptop.subscribe(&ana.at(&app.servers[1])).await;
    let keys = join_all(
        app.servers
            .iter()
            .map(async |server| server.http.get("/api/v1/push/key").await.ok(200)),
    );
    let keys = keys.await;
    assert_eq!(keys[0], keys[1], "all servers have one key");
    let (first, second) = (ana.publish("first").await, ana.publish("second").await);
    let fans: Vec<Person> = join_all((0..20).map(|_| app.sign_up("fan"))).await;
    let likes = fans.iter().enumerate().map(async |(i, fan)| {
        // Both servers hear of it, and one of them pushes.
        let fan = fan.at(&app.servers[i % 2]);
        fan.like(&first).await;
    });
    join_all(likes).await;
    let mut seen = [service.next().await, service.next().await];
    seen.sort_by_key(|came| came.path != phone.path);
    for (came, browser) in seen.iter().zip([&phone, &laptop]) {
        let (payload, _) = browser.read(came, &key(&app).await, &service.origin);
        let text = payload["text"].as_str().unwrap();
        assert!(text.ends_with(" and 19 others like your post"), "{text}");
        assert_eq!(payload["url"], format!("/posts/{first}"));
    }
    // The very next pushes are about something else, so there were no more of these.
    fans[0].like(&second).await;
    for _ in 0..2 {
        let came = service.next().await;
        let browser = if came.path == phone.path {
            &phone
        } else {
            &laptop
        };
        let (payload, _) = browser.read(&came, &key(&app).await, &service.origin);
        assert_eq!(payload["url"], format!("/posts/{second}"));
    }
}

#[tokio::test]
async fn what_was_told_taken_back_or_muted_is_not_pushed() {
    let mut service = PushService::start().await;
    let app = patient(&service).start(1);
    let (ana, ben) = (app.sign_up("ana").await, app.sign_up("ben").await);
    let browser = Browser::at(&service);
    browser.subscribe(&ana).await;
    let (shown, withdrawn, muted, untold) = (
        ana.publish("shown").await,
        ana.publish("withdrawn").await,
        ana.publish("muted").await,
        ana.publish("untold").await,
    );
    let mute = ana.put(&format!("/api/v1/mutes/posts/{muted}")).await;
    assert!(mute.status < 300, "{mute:?}");
    let (mut socket, _) = ana.listen(app.server()).await;
    ben.like(&shown).await;
    let frame = socket.expect("notification").await;
    let (epoch, seq) = (&frame["epoch"], &frame["seq"]);
    let told = json!({"type": "told", "epoch": epoch, "outcome": "shown", "seqs": [seq]});
    socket.send(told).await;
    // The next frame is answered, so this one was taken.
    socket.subscribe("fence").await;
    ben.like(&withdrawn).await;
    ben.unlike(&withdrawn).await;
    ben.like(&muted).await;
    ben.like(&untold).await;
    let payload = read(&mut service, &browser, &app).await;
    assert_eq!(payload["url"], format!("/posts/{untold}"));
    counted(&app, "quad_push_sent_total", "1").await;
}

#[tokio::test]
async fn what_was_read_before_is_not_pushed() {
    let mut service = PushService::start().await;
    let app = patient(&service).start(1);
    let [ana, ben] = app.sign_up_all(["ana", "ben"]).await;
    let browser = Browser::at(&service);
    browser.subscribe(&ana).await;
    // One group, all groups, or the room itself is read. Of two mentions, the newer one takes the place
    // of the older, and neither is pushed.
    for what in ["group", "all", "room"] {
        let room = ana.make_room(false).await;
        ben.join(&room).await;
        for text in ["one", "two"] {
            ben.say(&room, &format!("@{} {text}", ana.handle)).await;
        }
        let inbox = ana.inbox().await;
        let mut mark = json!({"epoch": inbox["epoch"], "through": inbox["seq"]});
        if what == "group" {
            mark["group"] = json!(format!("mention.{room}"));
        }
        match what {
            "room" => {
                let path = format!("/api/v1/rooms/{room}/read");
                ana.post(&path, json!({"seq": 2})).await.ok(204);
            }
            _ => drop(ana.post("/api/v1/notifications/read", mark).await.ok(204)),
        }
        let pending = app
            .redis
            .ask(&["ZCARD", &format!("{{{}}}:pending", ana.id)]);
        assert!(what == "room" || pending == "0", "{what}: {pending}");
        let post = ana.publish("untold").await;
        ben.like(&post).await;
        let payload = read(&mut service, &browser, &app).await;
        assert_eq!(payload["url"], format!("/posts/{post}"), "{what}");
    }
    counted(&app, "quad_push_sent_total", "3").await;
}

#[tokio::test]
async fn what_is_read_between_two_attempts_is_not_pushed_again() {
    let mut service = PushService::start().await;
    let app = patient(&service).start(1);
    let [ana, ben] = app.sign_up_all(["ana", "ben"]).await;
    let browser = Browser::at(&service);
    browser.subscribe(&ana).await;
    let [first, second] = [ana.publish("first").await, ana.publish("second").await];
    service.answer_with(503, "retry-after", "0");
    ben.like(&first).await;
    let payload = read(&mut service, &browser, &app).await;
    assert_eq!(payload["url"], format!("/posts/{first}"));
    let mark =
        json!({"epoch": payload["epoch"], "through": payload["seq"], "group": payload["group"]});
    ana.post("/api/v1/notifications/read", mark).await.ok(204);
    // The repeat is due long before this one is.
    ben.like(&second).await;
    let payload = read(&mut service, &browser, &app).await;
    assert_eq!(payload["url"], format!("/posts/{second}"));
    counted(&app, "quad_push_sent_total", "1").await;
}

#[tokio::test]
async fn what_came_before_a_subscription_is_no_news() {
    let mut service = PushService::start().await;
    let app = prompt(&service);
    let (ana, ben) = (app.sign_up("ana").await, app.sign_up("ben").await);
    let (before, after) = (ana.publish("before").await, ana.publish("after").await);
    ben.like(&before).await;
    let browser = Browser::at(&service);
    browser.subscribe(&ana).await;
    ben.like(&after).await;
    let payload = read(&mut service, &browser, &app).await;
    assert_eq!(payload["url"], format!("/posts/{after}"));
    counted(&app, "quad_push_sent_total", "1").await;
}

#[tokio::test]
async fn a_subscription_that_is_gone_is_removed() {
    let mut service = PushService::start().await;
    let app = prompt(&service);
    let (ana, ben) = (app.sign_up("ana").await, app.sign_up("ben").await);
    let browser = Browser::at(&service);
    for status in [410, 404] {
        browser.subscribe(&ana).await;
        assert_eq!(stored(&app, &ana), "1");
        service.answer(status);
        ben.like(&ana.publish("post").await).await;
        service.next().await;
        eventually("it is removed", async || {
            (stored(&app, &ana) == "0").then_some(())
        })
        .await;
    }
    counted(&app, "quad_push_gone_total", "2").await;
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_a_busy_service_is_asked_again() {
    let mut service = PushService::start().await;
    let app = prompt(&service);
    let (ana, ben) = (app.sign_up("ana").await, app.sign_up("ben").await);
    let browser = Browser::at(&service);
    browser.subscribe(&ana).await;
    let elsewhere = format!("{}/elsewhere", service.origin);
    service.answer_with(307, "location", &elsewhere);
    ben.like(&ana.publish("first").await).await;
    assert_eq!(service.next().await.path, browser.path);
    counted(&app, "quad_push_failed_total", "1").await;
    service.answer_with(503, "retry-after", "0");
    let post = ana.publish("second").await;
    ben.like(&post).await;
    // Whatever had gone elsewhere would have come before these two.
    for _ in 0..2 {
        let payload = read(&mut service, &browser, &app).await;
        assert_eq!(payload["url"], format!("/posts/{post}"));
    }
    counted(&app, "quad_push_sent_total", "1").await;
    assert_eq!(stored(&app, &ana), "1");
}

#[tokio::test]
async fn a_session_that_ends_takes_its_subscriptions_along() {
    let mut service = PushService::start().await;
    let app = prompt(&service);
    let (ana, ben) = (app.sign_up("ana").await, app.sign_up("ben").await);
    let other = ana.log_in(app.server()).await;
    let (gone, kept) = (Browser::at(&service), Browser::at(&service));
    gone.subscribe(&ana).await;
    kept.subscribe(&other).await;
    ana.delete("/api/v1/sessions/current").await.ok(204);
    assert_eq!(stored(&app, &other), "1");
    let posts = [other.publish("one").await, other.publish("two").await];
    for post in posts {
        ben.like(&post).await;
        let payload = read(&mut service, &kept, &app).await;
        assert_eq!(payload["url"], format!("/posts/{post}"));
    }
    other.delete("/api/v1/sessions").await.ok(204);
    assert_eq!(stored(&app, &other), "0");
}

#[tokio::test]
async fn a_session_that_lapsed_is_not_pushed_to() {
    let mut service = PushService::start().await;
    let app = prompt(&service);
    let (ana, ben) = (app.sign_up("ana").await, app.sign_up("ben").await);
    let other = ana.log_in(app.server()).await;
    let (lapsed, kept) = (Browser::at(&service), Browser::at(&service));
    lapsed.subscribe(&ana).await;
    let sessions = |app: &App| {
        app.redis
            .ask(&["KEYS", &format!("{{{}}}:session:*", ana.id)])
    };
    let subscription = app.redis.ask(&["HVALS", &format!("{{{}}}:push", ana.id)]);
    let session = sessions(&app)
        .lines()
        .find(|key| subscription.contains(key.rsplit(':').next().unwrap()))
        .unwrap()
        .to_owned();
    kept.subscribe(&other).await;
    app.redis.ask(&["DEL", &session]);
    ben.like(&other.publish("post").await).await;
    read(&mut service, &kept, &app).await;
    assert_eq!(stored(&app, &ana), "1");
}

#[tokio::test]
async fn subscribing_again_changes_nothing_and_there_is_a_bound() {
    let service = PushService::start().await;
    let app = prompt(&service);
    let ana = app.sign_up("ana").await;
    let browser = Browser::at(&service);
    browser.subscribe(&ana).await;
    browser.subscribe(&ana).await;
    assert_eq!(stored(&app, &ana), "1");
    let endpoint = json!({"endpoint": browser.endpoint});
    for _ in 0..2 {
        let delete = ana.ask("DELETE", SUBSCRIPTIONS).json(&endpoint);
        delete.send().await.ok(204);
        assert_eq!(stored(&app, &ana), "0");
    }
    for _ in 0..25 {
        Browser::at(&service).subscribe(&ana).await;
    }
    assert_eq!(stored(&app, &ana), "20");
    let post = app
        .server()
        .http
        .post(SUBSCRIPTIONS, browser.subscription());
    post.await.refused(401, "no_session");
    let delete = app.server().http.ask("DELETE", SUBSCRIPTIONS);
    let delete = delete.json(&endpoint).send().await;
    delete.refused(401, "no_session");
}

#[tokio::test]
async fn nobody_can_make_the_server_call_what_is_not_public() {
    let service = PushService::start().await;
    let app = prompt(&service);
    let ana = app.sign_up("ana").await;
    let good = Browser::at(&service).subscription();
    let elsewhere = service.origin.replace("http://", "https://");
    let too_long = format!("https://push.example/{}", "x".repeat(1_024));
    for (endpoint, code) in [
        ("", "format"),
        ("push.example", "format"),
        ("http://push.example/x", "format"),
        ("https://ana@push.example/x", "format"),
        ("https://ana:secret@push.example/x", "format"),
        ("https://push.example:25/x", "format"),
        ("https://localhost/x", "not_public"),
        ("https://redis:6379/x", "not_public"),
        ("https://127.0.0.1/x", "not_public"),
        ("https://0x7f.1/x", "not_public"),
        ("https://10.0.0.1/x", "not_public"),
        ("https://169.254.169.254/latest/meta-data", "not_public"),
        ("https://100.64.0.1/x", "not_public"),
        ("https://224.0.0.1/x", "not_public"),
        ("https://[::1]/x", "not_public"),
        ("https://[::ffff:127.0.0.1]/x", "not_public"),
        ("https://[64:ff9b::7f00:1]/x", "not_public"),
        ("https://[fd00::1]/x", "not_public"),
        ("https://[fe80::1]/x", "not_public"),
        (elsewhere.as_str(), "not_public"),
        (too_long.as_str(), "too_long"),
    ] {
        let mut subscription = good.clone();
        subscription["endpoint"] = json!(endpoint);
        let answer = ana.post(SUBSCRIPTIONS, subscription).await;
        answer.invalid(&[("endpoint", code)]);
    }
    for (field, value) in [
        ("p256dh", json!("")),
        ("p256dh", json!("AAAA")),
        ("p256dh", good["keys"]["auth"].clone()),
        ("p256dh", json!(format!("B{}", "A".repeat(86)))),
        ("auth", json!("")),
        ("auth", json!("%")),
        ("auth", good["keys"]["p256dh"].clone()),
    ] {
        let mut subscription = good.clone();
        subscription["keys"][field] = value;
        let answer = ana.post(SUBSCRIPTIONS, subscription).await;
        answer.invalid(&[("keys", "format")]);
    }
    assert_eq!(stored(&app, &ana), "0");
    ana.post(SUBSCRIPTIONS, good).await.ok(204);
}

#[tokio::test]
async fn a_push_goes_over_tls_to_whom_it_is_meant_for() {
    let folder = tempfile::tempdir().unwrap();
    make_certificates(folder.path());
    let mut service = PushService::start_tls(folder.path()).await;
    let trusted = folder.path().join("ca.crt").display().to_string();
    let app = builder(&service)
        .set("QUAD_PUSH_AFTER", "100ms")
        .set("SSL_CERT_FILE", &trusted)
        .start(1);
    let (ana, ben) = (app.sign_up("ana").await, app.sign_up("ben").await);
    let browser = Browser::at(&service);
    browser.subscribe(&ana).await;
    ben.like(&ana.publish("post").await).await;
    let payload = read(&mut service, &browser, &app).await;
    assert_eq!(payload["seq"], 1);
}

#[tokio::test]
async fn the_service_worker_is_served_so_that_it_can_work() {
    let app = App::start();
    let worker = app.server().http.get("/sw.js").await;
    assert_eq!(worker.status, 200);
    assert_eq!(
        worker.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(worker.header("cache-control"), "no-cache");
    let policy = worker.header("content-security-policy");
    assert!(policy.contains("connect-src 'self'"), "{policy}");
    assert!(worker.text().contains("showNotification"));
    let key = app.server().http.get("/api/v1/push/key").await.ok(200);
    assert_eq!(key["key"].as_str().unwrap().len(), 87);
}
