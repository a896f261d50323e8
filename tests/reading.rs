//! Reading writes nothing, and what is refused leaves nothing behind.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, events::Stream, eventually, people::Person, ws::Socket};
use serde_json::{Value, json};

/// Waits for what a server writes of its own accord when it starts.
async fn settled(app: &App) {
    let secrets = ["cursor:key", "subscribe:key", "push:vapid"];
    eventually("the secrets are made", async || {
        let mut ask = vec!["EXISTS"];
        ask.extend(secrets);
        (app.redis.ask(&ask) == "3").then_some(())
    })
    .await;
}

#[tokio::test]
async fn reading_leaves_no_key_behind() {
    let app = App::builder().without_limits().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let post = ana.publish("hello").await;
    let room = ana.make_room(true).await;
    let token = app.token("publish,stats,observe");
    let (mut hers, _) = ana.listen(&app.servers[1]).await;
    let mut program = Socket::bearer(app.server(), &token).await;
    ana.inbox().await;
    settled(&app).await;
    let before = app.redis.contents();

    for n in 0..150 {
        hers.subscribe(&format!("nobody-{n}")).await;
        program.subscribe(&format!("nothing.{n}")).await;
    }
    program
        .subscribe_with("resumed", json!({"resume": {"epoch": "1.x", "seq": 7}}))
        .await;
    program.subscribe_with("last", json!({"last": 10})).await;
    for (program_asks, channel, more) in [
        (true, "private:nobodys", json!({})),
        (true, "private:nobodys", json!({"token": "sub.e30.x"})),
        (false, "private:nobodys", json!({"token": "x"})),
        (false, "room:nowhere", json!({})),
        (true, "room:nowhere", json!({})),
    ] {
        let socket = if program_asks {
            &mut program
        } else {
            &mut hers
        };
        let mut frame = json!({"type": "subscribe", "ref": "s", "channel": channel});
        for (name, value) in more.as_object().unwrap() {
            frame[name] = value.clone();
        }
        socket.send(frame).await;
        assert_eq!(socket.expect("error").await["code"], "forbidden");
    }
    for frame in [
        json!({"type": "subscribe", "ref": "s", "channel": "feed"}),
        json!({"type": "subscribe", "ref": "s", "channel": "announcements"}),
        json!({"type": "subscribe", "ref": "s", "channel": format!("post:{post}0")}),
        json!({"type": "typing", "channel": "room:nowhere"}),
        json!({"type": "read", "channel": "room:nowhere", "seq": 1}),
        json!({"type": "read", "channel": format!("room:{room}"), "seq": 1}),
        json!({"type": "seen", "epoch": "1.x", "seq": 1}),
        json!({"type": "told", "epoch": "1.x", "outcome": "shown", "seqs": [1, 2, 3]}),
    ] {
        hers.send(frame).await;
    }
    hers.until_fenced().await;
    let query = "?channels=never,heard.of";
    let mut stream = Stream::open(app.server(), &bob.token, query, None).await;
    stream.expect("registered").await;
    stream.expect("ack").await;
    stream.expect("ack").await;
    for path in [
        "/api/v1/me",
        "/api/v1/posts",
        "/api/v1/posts?order=trending&limit=1",
        &format!("/api/v1/posts?author={}", ana.handle),
        &format!("/api/v1/posts/{post}"),
        &format!("/api/v1/posts/{post}/likes"),
        "/api/v1/notifications",
        "/api/v1/notifications/ledger",
        "/api/v1/notifications/silenced",
        "/api/v1/announcements",
        "/api/v1/preferences",
        "/api/v1/mutes",
        "/api/v1/rooms",
        "/api/v1/rooms?mine=true",
        "/api/v1/push/key",
    ] {
        bob.at(&app.servers[1]).get(path).await.ok(200);
    }
    for path in ["", "/members", "/messages"] {
        bob.get(&format!("/api/v1/rooms/{room}{path}"))
            .await
            .refused(404, "no_such_room");
    }
    for path in ["/stats/channels", "/stats/channel/never-heard-of"] {
        let asked = app.server().http.ask("GET", path).bearer(&token);
        asked.send().await.ok(200);
    }
    assert_eq!(app.redis.contents(), before);
}

#[tokio::test]
async fn whoever_listens_before_anybody_published_misses_nothing() {
    let app = App::builder().start(2);
    let token = app.token("publish");
    let mut early = Socket::bearer(app.server(), &token).await;
    let mut there = Socket::bearer(&app.servers[1], &token).await;
    let ack = early.subscribe("news").await;
    assert_eq!(ack["seq"], 0);
    assert_eq!(there.subscribe("news").await["epoch"], ack["epoch"]);
    let publish = async |text: &str| {
        let ask = app.server().http.broadcast(&token, "news", text);
        ask.send().await.ok(200);
    };
    publish("one").await;
    for socket in [&mut early, &mut there] {
        let first = socket.expect("message").await;
        assert_eq!((&first["seq"], &first["epoch"]), (&json!(1), &ack["epoch"]));
    }
    publish("two").await;
    let mut back = Socket::bearer(&app.servers[1], &token).await;
    let resume = json!({"resume": {"epoch": ack["epoch"], "seq": 0}});
    let recovered = back.subscribe_with("news", resume).await;
    assert_eq!(
        (&recovered["recovered"], &recovered["seq"]),
        (&json!(true), &json!(2))
    );
    for text in ["one", "two"] {
        assert_eq!(back.expect("message").await["text"], text);
    }
    // Whoever was promised a history that is not there any more learns of it.
    let other = json!({"resume": {"epoch": "1.another", "seq": 0}});
    let ack = back.subscribe_with("news", other).await;
    assert_eq!(ack["recovered"], false);
}

/// What everybody who has no right to it, or asks for nonsense, may try.
async fn in_vain(app: &App, eve: &Person, ana: &Person, room: &str, token: &str) {
    let put = async |path: String, body: Value| {
        let asked = eve.ask("PUT", &path).json(&body);
        asked.send().await
    };
    let (ana_id, eve_id) = (&ana.id, &eve.id);
    for n in 1..=3 {
        // Posts that are not there yet, of others and of one's own, and that never will be.
        for post in [
            format!("{ana_id}.{}", n + 1),
            format!("{eve_id}.{n}"),
            format!("0nobody000.{n}"),
        ] {
            let like = format!("/api/v1/posts/{post}/like");
            eve.put(&like).await.refused(404, "no_such_post");
            eve.delete(&like).await.refused(404, "no_such_post");
        }
        let own = format!("/api/v1/posts/{eve_id}.{n}");
        eve.delete(&own).await.refused(404, "no_such_post");
    }
    for room in ["nosuch", room] {
        let path = format!("/api/v1/rooms/{room}");
        let member = |who: &str| format!("{path}/members/{who}");
        for change in [
            json!({}),
            json!({"role": "owner"}),
            json!({"role": "member"}),
        ] {
            put(member(ana_id), change.clone())
                .await
                .refused(404, "no_such_room");
            put(member(&ana.handle), change)
                .await
                .refused(404, "no_such_room");
        }
        put(member("me"), json!({}))
            .await
            .refused(404, "no_such_room");
        for who in [ana_id, "me"] {
            eve.delete(&member(who)).await.refused(404, "no_such_room");
        }
        eve.post(&format!("{path}/members"), json!({}))
            .await
            .refused(404, "no_such_room");
        let said = json!({"text": format!("@{} look", ana.handle), "id": "0123456789abcdef"});
        eve.post(&format!("{path}/messages"), said)
            .await
            .refused(404, "no_such_room");
        eve.post(&format!("{path}/read"), json!({"seq": 1}))
            .await
            .ok(204);
        eve.delete(&path).await.refused(404, "no_such_room");
    }
    let taken = json!({"name": room, "title": "mine now"});
    eve.post("/api/v1/rooms", taken)
        .await
        .refused(409, "room_taken");
    for (path, status) in [
        ("/api/v1/mutes/people/nobody_at_all".to_owned(), 404),
        (format!("/api/v1/mutes/posts/{ana_id}.1"), 403),
        (format!("/api/v1/mutes/posts/{eve_id}.1"), 404),
    ] {
        assert_eq!(eve.put(&path).await.status, status, "{path}");
    }
    let key = |asked: common::http::Asking, body: Value| {
        asked.header("idempotency-key", "k1").json(&body).send()
    };
    let empty = json!({"text": ""});
    key(eve.ask("POST", "/api/v1/posts"), empty.clone())
        .await
        .refused(422, "invalid");
    key(
        eve.ask("POST", "/api/v1/announcements"),
        json!({"text": "hear me"}),
    )
    .await
    .refused(403, "forbidden");
    eve.post(
        "/api/v1/push/subscriptions",
        json!({"endpoint": "https://10.0.0.1/x", "keys": {"p256dh": "x", "auth": "y"}}),
    )
    .await
    .refused(422, "invalid");
    let mark = json!({"epoch": "1.nothing", "through": 0, "group": "like.1"});
    eve.post("/api/v1/notifications/read", mark)
        .await
        .refused(409, "stale");
    let http = &app.server().http;
    for account in [
        json!({"handle": ana.handle, "password": "a long enough one 9"}),
        json!({"handle": "somebody_new", "password": "x"}),
        json!({"handle": "-", "password": "a long enough one 9"}),
    ] {
        assert!(http.post("/api/v1/accounts", account).await.status >= 400);
    }
    let program = |path: &str| http.ask("POST", path).bearer(token);
    let nothing = json!({"message": ""});
    key(program("/broadcast/private:claimed"), nothing.clone())
        .await
        .refused(422, "invalid");
    key(program("/broadcast/unheard"), nothing.clone())
        .await
        .refused(422, "invalid");
    key(program(&format!("/notify/user/{ana_id}")), nothing)
        .await
        .refused(422, "invalid");
    key(
        program("/notify/user/nobody_at_all"),
        json!({"message": "x"}),
    )
    .await
    .refused(404, "no_such_user");
    key(program("/notify/user/0nobody000"), json!({"message": "x"}))
        .await
        .refused(404, "no_such_user");
    let asked = json!({"channel": "private:claimed", "expires_in": 0});
    key(program("/subscribe/token"), asked)
        .await
        .refused(422, "invalid");
}

#[tokio::test]
async fn what_is_refused_leaves_nothing_behind() {
    let app = App::builder().without_limits().start(1);
    let (ana, eve) = (app.sign_up("ana").await, app.sign_up("eve").await);
    ana.publish("hello").await;
    let room = ana.make_room(true).await;
    let token = app.token("publish");
    settled(&app).await;
    // The house writes the feed and the trending order of its own accord.
    let before = app.redis.contents();
    in_vain(&app, &eve, &ana, &room, &token).await;
    assert_eq!(app.redis.contents(), before);
    // The channel that was not published on belongs to whoever does.
    let other = app.token("publish");
    let http = &app.server().http;
    let publish =
        async |token: &str, text: &str| http.broadcast(token, "private:claimed", text).send().await;
    publish(&other, "mine").await.ok(200);
    publish(&token, "no").await.refused(403, "forbidden");
    publish(&token, "").await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_stored_like_is_noted_with_whoever_likes() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let post = ana.publish("hello").await;
    bob.like(&post).await;
    let gone = ana.publish("soon gone").await;
    bob.like(&gone).await;
    ana.delete(&format!("/api/v1/posts/{gone}")).await.ok(204);
    let like = format!("/api/v1/posts/{gone}/like");
    bob.put(&like).await.refused(404, "no_such_post");
    let noted = app
        .redis
        .ask(&["SMEMBERS", &format!("{{{}}}:liked", bob.id)]);
    assert_eq!(noted, post);
}

#[tokio::test]
async fn nobody_can_push_a_room_out_of_anothers_list() {
    let app = App::builder().without_limits().start(2);
    let (ana, bob, eve) = (
        app.sign_up("ana").await,
        app.sign_up("bob").await,
        app.sign_up("eve").await,
    );
    let own = ana.make_room(true).await;
    let friends = bob.make_room(true).await;
    let invite = async |who: &Person, room: &str| {
        let path = format!("/api/v1/rooms/{room}/members/{}", ana.id);
        who.ask("PUT", &path).json(&json!({})).send().await
    };
    invite(&bob, &friends).await.ok(204);
    for n in 0..205 {
        let refused = invite(&eve.at(&app.servers[n % 2]), &format!("nosuch-{n}")).await;
        refused.refused(404, "no_such_room");
    }
    let mine = async || -> Vec<String> {
        let list = ana.get("/api/v1/rooms?mine=true").await.ok(200);
        let rooms = list["rooms"].as_array().unwrap().iter();
        rooms
            .map(|room| room["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(mine().await, [own.clone(), friends.clone()]);
    // Rooms that are there, whose owner may invite.
    let mut last = String::new();
    for _ in 0..205 {
        last = eve.make_room(true).await;
        invite(&eve, &last).await.ok(204);
    }
    let listed = mine().await;
    assert_eq!(listed.len(), 101, "one's own, and 100 invitations");
    assert_eq!(listed[..2], [own.clone(), last.clone()]);
    assert!(listed.contains(&friends));
    // Whoever follows an invitation is in the room, and it is listed as one's own.
    ana.join(&last).await;
    ana.join(&friends).await;
    let listed = mine().await;
    assert_eq!(listed[..3], [friends.clone(), last.clone(), own.clone()]);
    assert_eq!(listed.len(), 101);
    // What was declined or withdrawn is not listed any more.
    let declined = listed[3].clone();
    let path = format!("/api/v1/rooms/{declined}/members/me");
    ana.delete(&path).await.ok(204);
    let withdrawn = listed[4].clone();
    let path = format!("/api/v1/rooms/{withdrawn}/members/{}", ana.id);
    eve.delete(&path).await.ok(204);
    let listed = mine().await;
    assert!(!listed.contains(&declined) && !listed.contains(&withdrawn));
}

#[tokio::test]
async fn wrong_notes_of_before_hide_no_room() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let own = ana.make_room(false).await;
    let fill = "for i = 1, 500 do redis.call('ZADD', KEYS[1], 1e13 + i, 'nosuch-' .. i) end";
    let key = format!("{{{}}}:rooms", ana.id);
    app.redis.ask(&["EVAL", fill, "1", &key]);
    let list = ana.get("/api/v1/rooms?mine=true").await.ok(200);
    assert_eq!(list["rooms"][0]["name"], own.as_str());
}
