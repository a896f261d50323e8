//! Where somebody is logged in, how long that lasts, and how it ends.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    app::App,
    people::{PASSWORD, Person},
    ws::Socket,
};
use serde_json::{Value, json};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_millis() as u64
}

async fn sessions(person: &Person) -> Vec<Value> {
    let list = person.get("/api/v1/sessions").await.ok(200);
    list["sessions"].as_array().unwrap().clone()
}

/// The id of the session that asks.
async fn own_id(person: &Person) -> String {
    let sessions = sessions(person).await;
    let own: Vec<_> = sessions.iter().filter(|s| s["current"] == true).collect();
    assert_eq!(own.len(), 1, "{sessions:?}");
    own[0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_list_says_where_one_is_logged_in() {
    let app = App::builder()
        .set("QUAD_TRUSTED_PROXIES", "127.0.0.0/8")
        .start(1);
    let ana = app.sign_up("ana").await;
    let before = now();
    let credentials = json!({"handle": ana.handle, "password": PASSWORD});
    let laptop = app
        .server()
        .http
        .ask("POST", "/api/v1/sessions")
        .header("user-agent", &format!("{FIREFOX} <b>secret-words</b>"))
        .header("x-forwarded-for", "2001:db8:0:1::77")
        .json(&credentials)
        .send()
        .await
        .ok(201);
    let laptop = ana.with(laptop["token"].as_str().unwrap());
    let list = sessions(&laptop).await;
    assert_eq!(list.len(), 2, "{list:?}");
    let (own, other) = (&list[0], &list[1]);
    assert_eq!(own["device"], "Firefox on Linux");
    assert_eq!(own["address"], "2001:db8:0:1::/64");
    assert_eq!(
        (&own["current"], &other["current"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        (&other["device"], &other["address"]),
        (&json!("An unknown device"), &json!("127.0.0.1"))
    );
    for field in ["created_at", "used_at"] {
        let at = own[field].as_u64().unwrap();
        assert!((before..=now()).contains(&at), "{own}");
    }
    let text = format!("{list:?}");
    assert!(!text.contains("secret-words"), "{text}");
    // What names a session opens nothing.
    for entry in &list {
        let id = entry["id"].as_str().unwrap();
        assert!(!laptop.token.contains(id) && !ana.token.contains(id));
        for token in [id.to_owned(), format!("{}.{id}", ana.id)] {
            ana.with(&token)
                .get("/api/v1/me")
                .await
                .refused(401, "no_session");
        }
    }
    let bob = app.sign_up("bob").await;
    assert_eq!(sessions(&bob).await.len(), 1);
    app.server()
        .http
        .get("/api/v1/sessions")
        .await
        .refused(401, "no_session");
}

#[tokio::test]
async fn a_session_that_is_ended_is_out_everywhere_and_so_are_its_sockets() {
    let app = App::builder().start(2);
    let phone = app.sign_up("ana").await;
    let laptop = phone.log_in(&app.servers[1]).await;
    let bob = app.sign_up("bob").await;
    let (mut here, _) = laptop.listen(&app.servers[0]).await;
    let (mut there, _) = laptop.listen(&app.servers[1]).await;
    let (mut own, _) = phone.listen(&app.servers[1]).await;

    let id = own_id(&laptop).await;
    let path = format!("/api/v1/sessions/{id}");
    bob.delete(&path).await.refused(404, "not_found");
    for unknown in [
        "x",
        &"A".repeat(43),
        &"A".repeat(1_000),
        "a%3Ab",
        "..%2Fuser",
    ] {
        let path = format!("/api/v1/sessions/{unknown}");
        phone.delete(&path).await.refused(404, "not_found");
    }
    laptop.get("/api/v1/me").await.ok(200);

    phone.delete(&path).await.ok(204);
    assert_eq!(here.closed().await, 4401);
    assert_eq!(there.closed().await, 4401);
    for server in &app.servers {
        laptop.at(server).is_out().await;
    }
    phone.delete(&path).await.refused(404, "not_found");
    own.nothing_else().await;
    phone.get("/api/v1/me").await.ok(200);
    // One's own, by its id.
    let own_path = format!("/api/v1/sessions/{}", own_id(&phone).await);
    phone.delete(&own_path).await.ok(204);
    assert_eq!(own.closed().await, 4401);
    phone.is_out().await;
}

#[tokio::test]
async fn a_new_password_answers_a_new_session_and_ends_all_of_before() {
    let app = App::builder().start(2);
    let phone = app.sign_up("ana").await;
    let laptop = phone.log_in(&app.servers[1]).await;
    let (mut here, _) = phone.listen(&app.servers[0]).await;
    let (mut there, _) = laptop.listen(&app.servers[1]).await;
    let only_the_name = json!({"name": "Ana"});
    let changed = phone
        .ask("PATCH", "/api/v1/me")
        .json(&only_the_name)
        .send()
        .await
        .ok(200);
    assert_eq!(changed.get("token"), None, "{changed}");

    let change =
        json!({"password": "another horse", "current_password": PASSWORD, "name": "Ana II"});
    let changed = phone.ask("PATCH", "/api/v1/me").json(&change).send().await;
    assert_eq!(
        changed.header("set-cookie"),
        "",
        "who came with a header gets no cookie"
    );
    let changed = changed.ok(200);
    assert_eq!(
        (&changed["name"], &changed["user_id"]),
        (&json!("Ana II"), &json!(phone.id))
    );
    assert_eq!(here.closed().await, 4401);
    assert_eq!(there.closed().await, 4401);
    for session in [&phone, &laptop] {
        for server in &app.servers {
            session.at(server).is_out().await;
        }
    }
    let new = phone.with(changed["token"].as_str().unwrap());
    assert_ne!(new.token, phone.token);
    assert_eq!(sessions(&new).await.len(), 1);
    let (_socket, _) = new.listen(&app.servers[1]).await;
}

#[tokio::test]
async fn a_session_ends_after_its_days_however_much_it_is_used() {
    let app = App::builder().set("QUAD_SESSION_DAYS", "7").start(2);
    let ana = app.sign_up("ana").await;
    let laptop = ana.log_in(app.server()).await;
    let (old, young) = (own_id(&ana).await, own_id(&laptop).await);
    let key = |id: &str| format!("{{{}}}:session:{id}", ana.id);
    let ttl = |id: &str| app.redis.ask(&["PTTL", &key(id)]).parse::<u64>().unwrap();
    assert!(ttl(&old) <= 7 * DAY_MS);

    // The second server has never seen it, so it asks the store.
    let began = (now() - 8 * DAY_MS).to_string();
    app.redis.ask(&["HSET", &key(&old), "created", &began]);
    assert_eq!(sessions(&laptop).await.len(), 1);
    ana.at(&app.servers[1])
        .get("/api/v1/me")
        .await
        .refused(401, "no_session");
    assert_eq!(app.redis.ask(&["EXISTS", &key(&old)]), "0");
    assert!(
        Socket::open(
            &app.servers[1],
            &[("authorization", &format!("Bearer {}", ana.token))]
        )
        .await
        .is_err()
    );

    // One that nearly is so old lasts as long as it has left.
    let began = (now() - 6 * DAY_MS).to_string();
    app.redis
        .ask(&["HSET", &key(&young), "created", &began, "used", &began]);
    laptop.at(&app.servers[1]).get("/api/v1/me").await.ok(200);
    assert!(ttl(&young) <= DAY_MS);
}

#[tokio::test]
async fn an_unused_session_lapses_and_use_is_noted_from_time_to_time() {
    let app = App::builder()
        .set("QUAD_TRUSTED_PROXIES", "127.0.0.0/8")
        .start(3);
    let ana = app.sign_up("ana").await;
    let key = format!("{{{}}}:session:{}", ana.id, own_id(&ana).await);
    let ttl = || app.redis.ask(&["PTTL", &key]).parse::<u64>().unwrap();
    assert!(ttl() <= 30 * DAY_MS && ttl() > 29 * DAY_MS);
    let used = || app.redis.ask(&["HGET", &key, "used"]);
    let me = |server: usize, from: &str| {
        let ask = app.servers[server].http.ask("GET", "/api/v1/me");
        ask.bearer(&ana.token)
            .header("x-forwarded-for", from)
            .send()
    };

    let begin = used();
    app.redis.ask(&["PEXPIRE", &key, "100000000"]);
    me(1, "203.0.113.1").await.ok(200);
    assert_eq!(used(), begin, "it was noted moments ago");
    assert!(ttl() <= 100_000_000);

    app.redis
        .ask(&["HSET", &key, "used", &(now() - 10 * 60 * 1000).to_string()]);
    me(2, "203.0.113.2").await.ok(200);
    assert!(used() >= begin);
    assert!(ttl() > 29 * DAY_MS);
    let list = sessions(&ana).await;
    assert_eq!(list[0]["address"], "203.0.113.2", "{list:?}");
}

#[tokio::test]
async fn sessions_of_before_and_those_that_were_seeded_keep_working() {
    let app = App::builder().start(2);
    let file = tempfile::NamedTempFile::new().unwrap();
    let seeded = &Person::seed(&app, 2, file.path())[0];
    assert_eq!(sessions(seeded).await[0]["device"], "An unknown device");

    let ana = app.sign_up("ana").await;
    let id = own_id(&ana).await;
    let key = format!("{{{}}}:session:{id}", ana.id);
    app.redis.ask(&["HDEL", &key, "used", "device", "address"]);
    let there = ana.at(&app.servers[1]);
    let list = sessions(&there).await;
    assert_eq!(
        (&list[0]["id"], &list[0]["current"]),
        (&json!(id), &json!(true))
    );
    assert_eq!(list[0]["device"], "An unknown device");
    assert!(list[0]["used_at"].as_u64().unwrap() >= list[0]["created_at"].as_u64().unwrap());
}

#[tokio::test]
async fn the_log_says_how_sessions_ended() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let (one, two) = (
        ana.log_in(app.server()).await,
        ana.log_in(app.server()).await,
    );
    ana.delete(&format!("/api/v1/sessions/{}", own_id(&one).await))
        .await
        .ok(204);
    two.delete("/api/v1/sessions/current").await.ok(204);
    let change = json!({"password": "another horse", "current_password": PASSWORD});
    let changed = ana
        .ask("PATCH", "/api/v1/me")
        .json(&change)
        .send()
        .await
        .ok(200);
    let ana = ana.with(changed["token"].as_str().unwrap());
    ana.delete("/api/v1/sessions").await.ok(204);
    for (event, reason) in [
        ("session_ended", "ended_by_owner"),
        ("session_ended", "log_out"),
        ("password_changed", ""),
        ("sessions_ended", "password_changed"),
        ("sessions_ended", "log_out"),
    ] {
        common::eventually(event, async || {
            app.server()
                .log()
                .lines()
                .find(|line| {
                    line.contains(&format!("event=\"{event}\""))
                        && line.contains(reason)
                        && line.contains(&format!("user={}", ana.id))
                        && line.contains("address=127.0.0.1")
                })
                .map(drop)
        })
        .await;
    }
    let secret = ana.token.split_once('.').unwrap().1;
    assert!(!app.server().log().contains(secret));
}
