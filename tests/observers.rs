//! Programs that hear every room: however many rooms there are, and however slowly they read.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, events::Stream, eventually, people::Person, redis::signal, ws::Socket};
use serde_json::json;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpSocket, TcpStream},
};

/// More rooms than are subscribed to at once, and than one connection may have channels.
const MANY: usize = 205;

async fn make_rooms(owner: &Person, count: usize) -> Vec<String> {
    let mut rooms = Vec::new();
    for _ in 0..count {
        rooms.push(owner.make_room(false).await);
    }
    rooms
}

#[tokio::test]
async fn a_stream_of_events_hears_every_one_of_many_rooms_and_other_channels_too() {
    let app = App::builder().without_limits().start(2);
    let ana = app.sign_up("ana").await;
    let mut rooms = make_rooms(&ana, MANY).await;
    for room in &rooms[..3] {
        ana.say(room, "before").await;
    }
    let token = app.token("observe,publish");
    let mut stream = Stream::open(&app.servers[1], &token, "?channels=room:*", None).await;
    let mut heard = Vec::new();
    while heard.len() < MANY {
        let position = stream.next().await.unwrap().json();
        assert_eq!(position["type"], "position", "{position}");
        let room = position["channel"].as_str().unwrap();
        heard.push(room.strip_prefix("room:").unwrap().to_owned());
        let said = rooms[..3].contains(heard.last().unwrap());
        assert_eq!(position["seq"], u64::from(said));
    }
    assert_eq!(stream.expect("ack").await.json()["channel"], "room:*");
    heard.sort();
    rooms.sort();
    assert_eq!(heard, rooms);
    for room in [&rooms[0], &rooms[MANY - 1]] {
        ana.say(room, "now").await;
        let message = stream.expect("message").await.json();
        assert_eq!(message["channel"], format!("room:{room}"));
    }

    // A socket hears them as well, and a channel besides.
    let mut socket = Socket::bearer(&app.servers[0], &token).await;
    let observe = json!({"type": "subscribe", "ref": "s", "channel": "room:*"});
    socket.send(observe.clone()).await;
    socket.until("ack").await;
    let again = json!({"type": "subscribe", "ref": 7, "channel": "room:*"});
    socket.send(again).await;
    assert_eq!(socket.until("ack").await["ref"], 7);
    socket.subscribe("news").await;
    let ask = app.server().http.broadcast(&token, "news", "hello");
    ask.send().await.ok(200);
    assert_eq!(socket.until("message").await["text"], "hello");
}

/// Messages of 2,000 characters: together more than lies between the server and a program that does
/// not read, and less than a connection may have waiting besides.
const STALLS: usize = 770;

/// Asks for a stream, and never reads it.
async fn stalled(app: &App, token: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    let mut tcp = socket.connect(app.server().address()).await.unwrap();
    let head = format!(
        "GET /events?channels=room:* HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    tcp.write_all(head.as_bytes()).await.unwrap();
    tcp
}

#[tokio::test]
async fn one_that_does_not_read_keeps_nobody_waiting() {
    let app = App::builder().without_limits().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let room = ana.make_room(false).await;
    let token = app.token("observe,stats");
    let mut reads = Socket::bearer(&app.servers[0], &token).await;
    let observe = json!({"type": "subscribe", "ref": "s", "channel": "room:*"});
    reads.send(observe).await;
    reads.until("ack").await;
    let _stalled = stalled(&app, &token).await;
    let count = async |room: &str| {
        let path = format!("/stats/channel/room:{room}");
        let ask = app.servers[1].http.ask("GET", &path).bearer(&token);
        ask.send().await.ok(200)
    };
    eventually("both hear the room", async || {
        (count(&room).await["subscriberCount"] == 2).then_some(())
    })
    .await;
    for _ in 0..STALLS {
        ana.say(&room, &"x".repeat(2_000)).await;
        reads.until("message").await;
    }
    let there = bob.at(&app.servers[1]);
    let mut stream = Stream::open(&app.servers[0], &bob.token, "", None).await;
    stream.expect("registered").await;
    // The server is held up until something was said in the new room, so that there is a history to catch
    // up with once it hears of the room.
    let pid = app.server().pid();
    let other = ana.at(&app.servers[1]);
    for _ in 0..3 {
        signal(pid, "STOP");
        let new = other.make_room(false).await;
        other.say(&new, "first").await;
        signal(pid, "CONT");
        let first = reads.until("message").await;
        assert_eq!(first["channel"], format!("room:{new}"));
        // What one server asks another is answered: a frame for a stream there, and a count.
        let post = ana.publish("hello").await;
        let subscribe = json!({"type": "subscribe", "ref": "p", "channel": format!("post:{post}")});
        let path = format!("/events/{}", stream.name);
        there.post(&path, subscribe).await.ok(202);
        assert_eq!(stream.expect("ack").await.json()["ref"], "p");
        stream.expect("post").await;
        let counted = count(&new).await;
        assert_eq!(counted["partial"], json!(null), "{counted}");
    }
}

#[tokio::test]
async fn those_who_leave_while_rooms_are_made_leave_nothing_behind() {
    let app = App::builder().without_limits().start(1);
    let ana = app.sign_up("ana").await;
    make_rooms(&ana, 20).await;
    let token = app.token("observe");
    for _ in 0..20 {
        let mut socket = Socket::bearer(app.server(), &token).await;
        let observe = json!({"type": "subscribe", "ref": "s", "channel": "room:*"});
        let unsubscribe = json!({"type": "unsubscribe", "ref": "u", "channel": "room:*"});
        socket.send(observe.clone()).await;
        let making = ana.make_room(false);
        // One leaves the rooms and comes again, and then goes without a word.
        let leaving = async {
            socket.send(unsubscribe).await;
            socket.until("ack").await;
            socket.send(observe).await;
            drop(socket);
        };
        tokio::join!(making, leaving);
    }
    eventually("no room is listened to", async || {
        let topics = app.redis.ask(&["PUBSUB", "SHARDCHANNELS", "{r:*"]);
        topics.trim().is_empty().then_some(())
    })
    .await;
}
