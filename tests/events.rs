//! The live path over Server-Sent Events.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    app::App,
    events::{self, Stream},
    ws::Socket,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn a_like_arrives_as_the_very_frame_of_the_socket() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let mut socket = Socket::bearer(&app.servers[0], &ana.token).await;
    socket.send(ana.register()).await;
    let registered = socket.next_text().await;
    let mut streams = Vec::new();
    for server in &app.servers {
        let mut stream = Stream::open(server, &ana.token, "", None).await;
        let event = stream.expect("registered").await;
        assert_eq!(event.data, registered);
        let epoch = event.json()["epoch"].as_str().unwrap().to_owned();
        assert_eq!(event.id, format!("inbox={epoch}:0"));
        streams.push((stream, epoch));
    }
    let post = ana.publish("hello \u{1F98A}\n\"there\"").await;
    bob.like(&post).await;
    let like = socket.next_text().await;
    for (stream, epoch) in &mut streams {
        let event = stream.expect("notification").await;
        assert_eq!(event.data, like);
        assert_eq!(event.id, format!("inbox={epoch}:1"));
    }
    bob.unlike(&post).await;
    for (stream, epoch) in &mut streams {
        assert_eq!(
            stream.expect("retract").await.id,
            format!("inbox={epoch}:2")
        );
        stream.nothing_else(&ana).await;
    }
}

#[tokio::test]
async fn the_last_id_resumes_inbox_and_channels_without_a_hole_or_a_repeat() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let token = app.token("publish");
    let publish = async |channel: &str, text: &str| {
        let ask = app.server().http.broadcast(&token, channel, text);
        ask.send().await.ok(200);
    };
    let post = ana.publish("one").await;
    publish("news", "old").await;
    let query = format!("?channels=news,post:{post}");
    let mut stream = Stream::open(&app.servers[0], &ana.token, &query, None).await;
    stream.expect("registered").await;
    assert_eq!(stream.expect("ack").await.json()["channel"], "news");
    stream.expect("ack").await;
    stream.expect("post").await;
    // One more, which is in no URL.
    let subscribe = json!({"type": "subscribe", "ref": "1", "channel": "inbox", "last": 5});
    stream.say(&ana, subscribe).await.ok(202);
    assert_eq!(stream.expect("ack").await.json()["ref"], "1");
    publish("inbox", "no inbox").await;
    stream.expect("message").await;
    bob.like(&post).await;
    let mut seen = stream.next().await.unwrap();
    // The post's new count may come before or after.
    if seen.json()["type"] == "post" {
        seen = stream.expect("notification").await;
    }
    drop(stream);

    publish("news", "while away").await;
    let second = ana.publish("two").await;
    bob.like(&second).await;
    bob.unlike(&second).await;
    let id = Some(seen.id.as_str());
    let mut stream = Stream::open(&app.servers[1], &ana.token, &query, id).await;
    let registered = stream.expect("registered").await;
    assert_eq!(registered.json()["recovered"], true);
    assert_eq!(registered.id, seen.id, "what was missed has yet to follow");
    let like = stream.expect("notification").await;
    assert_eq!(
        (&like.json()["seq"], &like.json()["void"]),
        (&json!(2), &json!(true))
    );
    // Whoever loses the connection in the midst of it goes on from there.
    drop(stream);
    let mut stream = Stream::open(&app.servers[0], &ana.token, &query, Some(&like.id)).await;
    stream.expect("registered").await;
    assert_eq!(stream.expect("retract").await.json()["seq"], 3);
    let ack = stream.expect("ack").await;
    assert_eq!(
        (&ack.json()["channel"], &ack.json()["recovered"]),
        (&json!("news"), &json!(true))
    );
    let message = stream.expect("message").await;
    assert_eq!(message.json()["text"], "while away");
    stream.expect("ack").await;
    assert_eq!(stream.expect("post").await.json()["likes"], 1);
    let ack = stream.expect("ack").await;
    assert_eq!(
        (&ack.json()["channel"], &ack.json()["recovered"]),
        (&json!("inbox"), &json!(true))
    );
    stream.nothing_else(&ana).await;
    // With everything told, a stream that resumes has nothing to tell.
    publish("inbox", "the last").await;
    let last = stream.expect("message").await;
    let mut again = Stream::open(&app.servers[1], &ana.token, "", Some(&last.id)).await;
    for kind in ["registered", "ack", "ack"] {
        assert_eq!(again.expect(kind).await.json()["recovered"], true);
    }
    again.nothing_else(&ana).await;
}

#[tokio::test]
async fn the_query_resumes_where_no_id_is_known() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let epoch = ana.inbox().await["epoch"].as_str().unwrap().to_owned();
    for text in ["one", "two"] {
        bob.like(&ana.publish(text).await).await;
    }
    let query = format!("?epoch={epoch}&seq=1");
    let mut stream = Stream::open(app.server(), &ana.token, &query, None).await;
    assert_eq!(stream.expect("registered").await.json()["recovered"], true);
    assert_eq!(stream.expect("notification").await.json()["seq"], 2);
    stream.nothing_else(&ana).await;
    let mut lost = Stream::open(app.server(), &ana.token, "?epoch=1.x&seq=1", None).await;
    let registered = lost.expect("registered").await;
    assert_eq!(registered.json()["recovered"], false);
    assert_eq!(registered.id, format!("inbox={epoch}:2"));
    lost.nothing_else(&ana).await;
}

#[tokio::test]
async fn what_is_said_at_another_server_arrives_in_order() {
    let app = App::builder().start(2);
    let ana = app.sign_up("ana").await;
    let elsewhere = ana.at(&app.servers[1]);
    let mut stream = Stream::open(&app.servers[0], &ana.token, "", None).await;
    stream.expect("registered").await;
    let subscribe =
        |n: usize| json!({"type": "subscribe", "ref": n.to_string(), "channel": format!("c{n}")});
    // A server takes some seconds to hear of another that has just begun.
    common::eventually("the other server is known", async || {
        let answer = stream.say(&elsewhere, json!([])).await;
        (answer.status == 202).then_some(())
    })
    .await;
    for n in 0..5 {
        stream.say(&elsewhere, subscribe(n)).await.ok(202);
    }
    let many: Vec<Value> = (5..40).map(subscribe).collect();
    stream.say(&elsewhere, json!(many)).await.ok(202);
    for n in 0..40 {
        assert_eq!(stream.expect("ack").await.json()["ref"], n.to_string());
    }
    // It does what it would do on a socket.
    let post = ana.publish("hello").await;
    app.sign_up("bob").await.like(&post).await;
    let like = stream.expect("notification").await.json();
    let seen = json!({"type": "seen", "epoch": like["epoch"], "seq": 1});
    stream.say(&elsewhere, seen).await.ok(202);
    assert_eq!(stream.expect("marked").await.json()["seq"], 1);
    let register = json!({"type": "register", "user_id": "0abcdefg"});
    stream.say(&elsewhere, register).await.ok(202);
    assert_eq!(stream.closed().await, 4403);
}

#[tokio::test]
async fn nobody_speaks_on_a_stream_of_another_session() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let laptop = ana.log_in(app.server()).await;
    let program = app.token("publish");
    let mut stream = Stream::open(app.server(), &ana.token, "", None).await;
    stream.expect("registered").await;
    let frame = json!({"type": "subscribe", "ref": "1", "channel": "news"});
    common::eventually("the other server is known", async || {
        let answer = stream.say(&ana.at(&app.servers[1]), json!([])).await;
        (answer.status == 202).then_some(())
    })
    .await;
    for server in &app.servers {
        for stranger in [&bob, &laptop] {
            let answer = stream.say(&stranger.at(server), frame.clone()).await;
            answer.refused(404, "not_found");
        }
        let path = format!("/events/{}", stream.name);
        let ask = server.http.ask("POST", &path);
        ask.bearer(&program)
            .json(&frame)
            .send()
            .await
            .refused(404, "not_found");
        let ask = server.http.ask("POST", &path);
        ask.json(&frame).send().await.refused(401, "no_session");
        let (own, _) = stream.name.split_once('.').unwrap();
        for name in [
            format!("{own}.999"),
            "nobody.1".into(),
            own.into(),
            "x".into(),
        ] {
            let path = format!("/events/{name}");
            let ask = ana.at(server).ask("POST", &path).json(&frame);
            ask.send().await.refused(404, "not_found");
        }
    }
    // A socket is no stream, though it has a number too.
    let (_socket, _) = ana.listen(app.server()).await;
    let (own, number) = stream.name.split_once('.').unwrap();
    let next = number.parse::<u64>().unwrap() + 1;
    let ask = ana.ask("POST", &format!("/events/{own}.{next}"));
    ask.json(&frame).send().await.refused(404, "not_found");
    stream.nothing_else(&ana).await;
}

#[tokio::test]
async fn what_is_no_frame_is_refused_and_the_stream_stays() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let mut stream = Stream::open(app.server(), &ana.token, "", None).await;
    stream.expect("registered").await;
    for said in [
        json!({"type": "dance"}),
        json!(7),
        json!([{"type": "dance"}]),
    ] {
        let status = stream.say(&ana, said.clone()).await.status;
        assert!([400, 422].contains(&status), "{said}: {status}");
    }
    let path = format!("/events/{}", stream.name);
    let ask = ana.ask("POST", &path).body("{}");
    ask.send().await.refused(415, "unsupported_media_type");
    stream.nothing_else(&ana).await;
    for (query, last) in [("?epoch=1.x", None), ("", Some("nonsense"))] {
        let bearer = format!("Bearer {}", ana.token);
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(last.map(|id| ("last-event-id", id)));
        let refused = events::refused(app.server(), query, &headers).await;
        assert_eq!(refused, (400, json!("malformed")));
    }
}

#[tokio::test]
async fn without_a_live_credential_or_from_another_site_there_is_no_stream() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let cookie = format!("quad={}", ana.token);
    let no_session = (401, json!("no_session"));
    let foreign = (403, json!("foreign_origin"));
    for (headers, expected) in [
        (&[][..], &no_session),
        (&[("authorization", "Bearer nonsense")], &no_session),
        (&[("cookie", "quad=nonsense")], &no_session),
        (
            &[("cookie", &cookie), ("origin", "https://evil.example")],
            &foreign,
        ),
        (
            &[("cookie", &cookie), ("sec-fetch-site", "cross-site")],
            &foreign,
        ),
        (
            &[("cookie", &cookie), ("sec-fetch-site", "same-site")],
            &foreign,
        ),
    ] {
        let refused = events::refused(app.server(), "", headers).await;
        assert_eq!(refused, *expected, "{headers:?}");
    }
    let ours = [
        ("cookie", cookie.as_str()),
        ("sec-fetch-site", "same-origin"),
    ];
    assert_eq!(events::ask(app.server(), "", &ours).await.status(), 200);
}

#[tokio::test]
async fn a_program_listens_to_channels() {
    let app = App::start();
    let token = app.token("publish");
    let mut stream = Stream::open(app.server(), &token, "?channels=news,user:x", None).await;
    let ack = stream.expect("ack").await;
    assert_eq!(
        (&ack.json()["ref"], &ack.json()["channel"]),
        (&json!("news"), &json!("news"))
    );
    let refused = stream.expect("error").await.json();
    assert_eq!(
        (&refused["ref"], &refused["code"]),
        (&json!("user:x"), &json!("forbidden"))
    );
    let ask = app.server().http.broadcast(&token, "news", "hello");
    assert_eq!(ask.send().await.ok(200)["subscriberCount"], 1);
    let message = stream.expect("message").await;
    let epoch = message.json()["epoch"].as_str().unwrap().to_owned();
    assert_eq!(message.id, format!("news={epoch}:1"));
}

#[tokio::test]
async fn a_session_that_ends_closes_its_streams_everywhere() {
    let app = App::builder().start(2);
    let phone = app.sign_up("ana").await;
    let laptop = phone.log_in(app.server()).await;
    let mut ended = Stream::open(&app.servers[1], &phone.token, "", None).await;
    let mut kept = Stream::open(&app.servers[0], &laptop.token, "", None).await;
    ended.expect("registered").await;
    kept.expect("registered").await;
    phone.delete("/api/v1/sessions/current").await.ok(204);
    assert_eq!(ended.closed().await, 4401);
    kept.nothing_else(&laptop).await;
}

#[tokio::test]
async fn too_many_connections_of_one_person_come_back_late() {
    let app = App::builder()
        .set("QUAD_MAX_SOCKETS_PER_USER", "1")
        .start(1);
    let ana = app.sign_up("ana").await;
    let (mut socket, _) = ana.listen(app.server()).await;
    let mut stream = Stream::open(app.server(), &ana.token, "", None).await;
    assert_eq!(stream.closed().await, 4409);
    assert_eq!(stream.retry, 30_000);
    socket.nothing_else().await;
}

#[tokio::test]
async fn a_client_that_says_too_much_is_closed_with_4429() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let mut stream = Stream::open(app.server(), &ana.token, "", None).await;
    let epoch = stream.expect("registered").await.json()["epoch"].clone();
    let seen = vec![json!({"type": "seen", "epoch": epoch, "seq": 0}); 1_000];
    stream.say(&ana, json!(seen)).await.ok(202);
    assert_eq!(stream.closed().await, 4429);
    assert_eq!(stream.retry, 30_000);
}

#[tokio::test]
async fn a_server_that_drains_says_so_and_ends_its_streams() {
    let mut app = App::start();
    let ana = app.sign_up("ana").await;
    let mut stream = Stream::open(app.server(), &ana.token, "", None).await;
    stream.expect("registered").await;
    app.server().terminate();
    assert_eq!(stream.closed().await, 4503);
    assert_eq!(app.servers[0].ended().code(), Some(0));
}

#[tokio::test]
async fn a_client_that_goes_away_is_forgotten() {
    let app = App::start();
    let token = app.token("publish,stats");
    let count = async || {
        let ask = app.server().http.ask("GET", "/stats/channel/news");
        ask.bearer(&token).send().await.ok(200)["subscriberCount"].clone()
    };
    let mut stream = Stream::open(app.server(), &token, "?channels=news", None).await;
    stream.expect("ack").await;
    assert_eq!(count().await, 1);
    drop(stream);
    common::eventually("nobody listens", async || {
        (count().await == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_does_not_read_is_closed_and_told_so_at_the_end() {
    let app = App::builder().without_limits().start(1);
    let token = app.token("publish,stats,observe");
    let tcp = tokio::net::TcpSocket::new_v4().unwrap();
    // So that little of it lies in the kernel.
    tcp.set_recv_buffer_size(4_096).unwrap();
    let mut tcp = tcp.connect(app.server().address()).await.unwrap();
    let request = format!(
        "GET /events?channels=news HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    tcp.write_all(request.as_bytes()).await.unwrap();
    common::eventually("it listens", async || {
        let ask = app.server().http.ask("GET", "/stats/channel/news");
        (ask.bearer(&token).send().await.ok(200)["subscriberCount"] == 1).then_some(())
    })
    .await;
    let items = vec![json!({"channel": "news", "message": "x".repeat(500)}); 100];
    common::eventually("it is given up on", async || {
        let batch = app.server().http.ask("POST", "/publish/batch");
        let batch = batch.bearer(&token).json(&json!({"items": items}));
        batch.send().await.ok(200);
        let metrics = app.server().metrics().get("/metrics").await;
        metrics
            .text()
            .contains("\nquad_too_slow_total 1\n")
            .then_some(())
    })
    .await;
    // What lies in the kernel would take a minute through so small a buffer.
    socket2::SockRef::from(&tcp)
        .set_recv_buffer_size(1 << 20)
        .unwrap();
    let mut text = Vec::new();
    let mut chunk = vec![0; 65_536];
    let end = b"0\r\n\r\n";
    while !text.ends_with(end) {
        let read = tokio::time::timeout(common::PATIENCE, tcp.read(&mut chunk)).await;
        let read = read.expect("the answer ends").unwrap();
        assert!(read > 0);
        text.extend_from_slice(&chunk[..read]);
    }
    let text = String::from_utf8(text).unwrap();
    let (_, last) = text.rsplit_once("event: close").unwrap();
    assert!(
        last.contains(r#"{"code":4503,"reason":"too slow"#),
        "{last}"
    );
}
