//! The log says who did what, under names that stay, and never a secret.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    app::App, events, eventually, http::Answer, people::PASSWORD, server::Server, ws::Socket,
};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream};

/// The lines of the audit in a server's log, in their order.
fn lines(server: &Server) -> Vec<Value> {
    let log = server.log();
    let lines = log.lines().filter(|line| line.starts_with('{'));
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).expect(line));
    let mut audit: Vec<Value> = lines
        .filter(|line| line["target"] == "quad::audit")
        .collect();
    for line in &mut audit {
        assert_eq!(line["level"], "INFO");
        let at = line["timestamp"].as_str().unwrap();
        assert!(at.ends_with('Z'), "UTC: {at}");
        *line = line["fields"].take();
        assert!(line["event"].is_string(), "{line}");
    }
    audit
}

/// Waits for a line with this event and these fields.
async fn said(server: &Server, event: &str, fields: Value) -> Value {
    let what = format!("{event} {fields}");
    eventually(&what, async || {
        lines(server).into_iter().find(|line| {
            let fields = fields.as_object().unwrap();
            line["event"] == event && fields.iter().all(|(name, value)| line[name] == *value)
        })
    })
    .await
}

fn app() -> App {
    App::builder()
        .set("QUAD_LOG_FORMAT", "json")
        .set("QUAD_LOG", "quad=trace,app=trace,info")
        .start(2)
}

fn token_id(app: &App, name: &str) -> String {
    let printed = app.command(&["token", "list"]);
    let line = printed.lines().find(|line| line.contains(name)).unwrap();
    line.split('\t').next().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_refused_is_in_the_log_with_who_asked_from_where() {
    let app = app();
    let ana = app.sign_up("ana").await;
    let here = app.server();
    // A foreign page, and one that opens a stream of events.
    let foreign = ana.ask("POST", "/api/v1/posts?secret=hidden");
    let foreign = foreign
        .header("origin", "https://evil.example")
        .json(&json!({"text": "x"}));
    foreign.send().await.refused(403, "foreign_origin");
    let line = said(
        here,
        "origin_refused",
        json!({"origin": "https://evil.example"}),
    )
    .await;
    assert_eq!(
        (&line["address"], &line["method"], &line["path"]),
        (&json!("127.0.0.1"), &json!("POST"), &json!("/api/v1/posts"))
    );
    let bearer = format!("Bearer {}", ana.token);
    let headers = [
        ("authorization", bearer.as_str()),
        ("sec-fetch-site", "cross-site"),
    ];
    events::refused(here, "", &headers).await;
    said(
        here,
        "origin_refused",
        json!({"origin": "cross-site", "path": "/events"}),
    )
    .await;
    // A limit.
    let mut answer: Option<Answer> = None;
    for _ in 0..30 {
        answer = Some(ana.post("/api/v1/posts", json!({"text": "x"})).await);
        if answer.as_ref().is_some_and(|answer| answer.status == 429) {
            break;
        }
    }
    answer.unwrap().refused(429, "too_many_requests");
    let line = said(
        here,
        "rate_limited",
        json!({"limit": "post", "user": ana.id}),
    )
    .await;
    assert_eq!(
        (&line["address"], &line["method"], &line["path"]),
        (&json!("127.0.0.1"), &json!("POST"), &json!("/api/v1/posts"))
    );
    // A token after its end.
    let token = app.token("publish,stats");
    let id = token_id(&app, "a test");
    app.command(&["token", "revoke", &id]);
    let publish = here.http.broadcast(&token, "news", "x").send();
    publish.await.refused(401, "no_session");
    let wanted = json!({"token": id, "reason": "revoked", "address": "127.0.0.1"});
    said(here, "token_refused", wanted).await;
    // What somebody may not do.
    let may_not = ana
        .post("/api/v1/announcements", json!({"text": "x"}))
        .await;
    may_not.refused(403, "forbidden");
    let wanted = json!({"path": "/api/v1/announcements", "method": "POST", "user": ana.id});
    let line = said(here, "access_refused", wanted).await;
    assert_eq!(line["address"], "127.0.0.1");
    let (mut socket, _) = ana.listen(here).await;
    let private = json!({"type": "subscribe", "ref": "s", "channel": "private:hers"});
    socket.send(private).await;
    socket.expect("error").await;
    let wanted = json!({"path": "/ws", "user": ana.id, "channel": "private:hers"});
    said(here, "access_refused", wanted).await;
    // Who repeats it without end fills no disk.
    for _ in 0..100 {
        let foreign = ana
            .ask("POST", "/api/v1/posts")
            .header("origin", "https://evil.example");
        foreign.send().await.refused(403, "foreign_origin");
    }
    let refused = lines(here)
        .into_iter()
        .filter(|line| line["event"] == "origin_refused");
    assert!(refused.count() < 20);
}

#[tokio::test]
async fn what_operators_do_is_in_the_log_of_every_server() {
    let app = app();
    let ana = app.sign_up("ana").await;
    app.token("publish,stats");
    let id = token_id(&app, "a test");
    app.command(&["token", "revoke", &id]);
    app.command(&["user", "promote", &ana.handle]);
    app.command(&["user", "demote", &ana.handle]);
    for server in &app.servers {
        let made = json!({"token": id, "name": "a test", "scopes": "publish,stats"});
        said(server, "token_created", made).await;
        said(
            server,
            "token_revoked",
            json!({"token": id, "name": "a test"}),
        )
        .await;
        for role in ["admin", "member"] {
            let changed = json!({"user": ana.id, "handle": ana.handle, "role": role});
            said(server, "role_changed", changed).await;
        }
    }
}

#[tokio::test]
async fn what_those_with_rights_do_to_others_is_in_the_log() {
    let app = app();
    let here = app.server();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let room = ana.make_room(false).await;
    bob.join(&room).await;
    let by_ana = |more: Value| {
        let mut fields = json!({"user": ana.id, "handle": ana.handle, "address": "127.0.0.1"});
        for (name, value) in more.as_object().unwrap() {
            fields[name] = value.clone();
        }
        fields
    };
    let path = format!("/api/v1/rooms/{room}/members/{}", bob.id);
    let seq = bob.say(&room, "hello").await;
    ana.delete(&format!("/api/v1/rooms/{room}/messages/{seq}"))
        .await
        .ok(204);
    said(
        here,
        "message_removed",
        by_ana(json!({"room": room, "seq": seq})),
    )
    .await;
    ana.delete(&path).await.ok(204);
    said(
        here,
        "member_removed",
        by_ana(json!({"room": room, "target": bob.id})),
    )
    .await;
    let invited = ana.ask("PUT", &path).json(&json!({})).send().await;
    invited.ok(204);
    bob.join(&room).await;
    let role = ana
        .ask("PUT", &path)
        .json(&json!({"role": "owner"}))
        .send()
        .await;
    role.ok(204);
    let wanted = by_ana(json!({"room": room, "target": bob.id, "role": "owner"}));
    said(here, "member_changed", wanted).await;
    bob.delete(&format!("/api/v1/rooms/{room}")).await.ok(204);
    said(here, "room_ended", json!({"room": room, "user": bob.id})).await;
    // Announcements, and private channels.
    app.command(&["user", "promote", &ana.handle]);
    let announced = ana
        .post("/api/v1/announcements", json!({"text": "x"}))
        .await;
    let announced = announced.ok(201);
    said(
        here,
        "announced",
        by_ana(json!({"id": announced["id"], "level": "info"})),
    )
    .await;
    let token = app.token("publish");
    let id = token_id(&app, "a test");
    for _ in 0..2 {
        let ask = here.http.broadcast(&token, "private:scores", "1");
        ask.send().await.ok(200);
    }
    let wanted = json!({"channel": "private:scores", "token": id, "address": "127.0.0.1"});
    said(here, "channel_claimed", wanted).await;
    let claims = lines(here)
        .into_iter()
        .filter(|line| line["event"] == "channel_claimed");
    assert_eq!(claims.count(), 1, "a claim is made once");
}

#[tokio::test]
async fn nobody_writes_a_line_of_their_own() {
    let app = App::start();
    let mut tcp = TcpStream::connect(app.server().address()).await.unwrap();
    let origin = "https://evil.example\u{2028}\u{202e}\" event=\"role_changed\" user=\"0k";
    let request = format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nOrigin: {origin}\r\n\r\n");
    tcp.write_all(request.as_bytes()).await.unwrap();
    let line = eventually("it is in the log", async || {
        let log = app.server().log();
        let line = log.lines().find(|line| line.contains("evil.example"));
        line.map(str::to_owned)
    })
    .await;
    assert!(line.contains("event=\"origin_refused\""), "{line}");
    assert!(line.contains(r#"\" event=\"role_changed\" user"#), "{line}");
    assert!(!line.contains(['\u{2028}', '\u{202e}']), "{line}");
}

/// At the level `trace` of our own modules too.
#[tokio::test]
async fn no_secret_is_ever_in_the_log() {
    let app = app();
    let ana = app.sign_up("ana").await;
    let again = ana.log_in(app.server()).await;
    let program = app.token("publish,stats,observe");
    let new_password = "battery staple paperclip";
    // By header, by cookie, as a subprotocol, in a URL where none belongs, and wrong ones.
    let mut secrets = vec![ana.token.clone(), again.token.clone(), program.clone()];
    secrets.extend(
        [
            PASSWORD,
            new_password,
            "guessed wrongly",
            "hidden-in-the-query",
        ]
        .map(str::to_owned),
    );
    let (_socket, _) = ana.listen(app.server()).await;
    let _packed = Socket::packed(app.server(), &program).await;
    let cookie = format!("quad={}", again.token);
    let origin = format!("http://{}", app.server().address());
    let with_cookie = app
        .server()
        .http
        .ask("POST", "/api/v1/posts?key=hidden-in-the-query");
    let with_cookie = with_cookie
        .header("cookie", &cookie)
        .header("origin", &origin);
    with_cookie
        .json(&json!({"text": "by cookie"}))
        .send()
        .await
        .ok(201);
    let foreign = app
        .server()
        .http
        .ask("POST", "/api/v1/posts?key=hidden-in-the-query");
    let foreign = foreign
        .header("cookie", &cookie)
        .header("origin", "https://evil.example");
    foreign.send().await.refused(403, "foreign_origin");
    let in_url = format!("/ws?token={}", ana.token);
    app.server().http.get(&in_url).await;
    let page = app
        .server()
        .http
        .ask("GET", "/feed?key=hidden-in-the-query");
    page.header("cookie", &cookie).send().await;
    let guess = json!({"handle": ana.handle, "password": "guessed wrongly"});
    let guess = app.server().http.post("/api/v1/sessions", guess).await;
    guess.refused(401, "wrong_credentials");
    let change = json!({"password": new_password, "current_password": PASSWORD});
    let change = again
        .ask("PATCH", "/api/v1/me")
        .json(&change)
        .send()
        .await
        .ok(200);
    secrets.extend(change["token"].as_str().map(str::to_owned));
    let ask = app.server().http.broadcast(&program, "private:x", "1");
    ask.header("idempotency-key", "a-key").send().await.ok(200);
    let mint = app
        .server()
        .http
        .ask("POST", "/subscribe/token")
        .bearer(&program);
    let minted = mint
        .json(&json!({"channel": "private:x"}))
        .send()
        .await
        .ok(200);
    secrets.push(minted["token"].as_str().unwrap().to_owned());
    let id = token_id(&app, "a test");
    app.command(&["token", "revoke", &id]);
    let late = app
        .server()
        .http
        .broadcast(&program, "news", "1")
        .send()
        .await;
    late.refused(401, "no_session");
    said(app.server(), "token_refused", json!({"token": id})).await;
    for server in &app.servers {
        let log = server.log();
        assert!(log.contains("token_revoked"), "the log is one of this run");
        for secret in &secrets {
            // What proves it stands behind the first dot.
            let proof = secret
                .split_once('.')
                .map_or(secret.as_str(), |(_, proof)| proof);
            assert!(
                !log.contains(secret) && !log.contains(proof),
                "{secret}: {log}"
            );
        }
    }
}
