//! A room that somebody listens to without being there, and the channel that tells that the list of
//! one's rooms changed, on two servers.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    app::App,
    events::Stream,
    people::Person,
    ws::{Event, Socket},
};
use serde_json::{Value, json};

struct House {
    app: App,
    ana: Person,
    bob: Person,
    room: String,
    channel: String,
}

/// Bob has a room, and Ana is in it.
async fn house() -> House {
    let app = App::builder().without_limits().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let room = bob.make_room(false).await;
    ana.join(&room).await;
    House {
        channel: format!("room:{room}"),
        app,
        ana,
        bob,
        room,
    }
}

impl House {
    /// A socket of Ana's on the second server that listens to the room and is not there.
    async fn quiet(&self) -> Socket {
        let (mut socket, _) = self.ana.listen(&self.app.servers[1]).await;
        quietly(&mut socket, &self.channel, json!({})).await;
        socket
    }

    /// A socket of somebody who is there, on the first server, and has heard of that.
    async fn there(&self, person: &Person) -> Socket {
        let (mut socket, _) = person.listen(&self.app.servers[0]).await;
        socket.subscribe(&self.channel).await;
        assert_eq!(socket.expect("presence").await["all"], true);
        socket
    }

    async fn mark(&self, person: &Person, seq: u64) {
        let path = format!("/api/v1/rooms/{}/read", self.room);
        person.post(&path, json!({"seq": seq})).await.ok(204);
    }

    /// Who is there, as the list of members says.
    async fn here(&self) -> Vec<Value> {
        let path = format!("/api/v1/rooms/{}/members", self.room);
        let members = self.bob.get(&path).await.ok(200)["members"].clone();
        let members = members.as_array().unwrap().iter();
        let here = members.filter(|member| member["here"] == true);
        here.map(|member| member["user_id"].clone()).collect()
    }
}

/// Subscribes without being there, and answers the `ack`; how far one has read follows.
async fn quietly(socket: &mut Socket, channel: &str, more: Value) -> Value {
    let mut more = more;
    more["presence"] = json!(false);
    let ack = socket.subscribe_with(channel, more).await;
    if ack.get("recovered").is_none() {
        assert_eq!(socket.expect("read").await["channel"], channel);
    }
    ack
}

async fn leave(socket: &mut Socket, channel: &str) {
    let frame = json!({"type": "unsubscribe", "ref": "u", "channel": channel});
    socket.send(frame).await;
    assert_eq!(socket.until("ack").await["ref"], "u");
}

#[tokio::test]
async fn messages_and_read_marks_come_from_other_servers_and_devices() {
    let house = house().await;
    let mut list = house.quiet().await;
    let seq = house.bob.say(&house.room, "hello").await;
    let message = list.expect("message").await;
    assert_eq!(
        (&message["channel"], &message["seq"], &message["text"]),
        (&json!(house.channel), &json!(seq), &json!("hello"))
    );
    let marked = async |list: &mut Socket, seq: u64| {
        let mark = list.expect("read").await;
        assert_eq!(
            (&mark["channel"], &mark["user_id"], &mark["seq"]),
            (&json!(house.channel), &json!(house.ana.id), &json!(seq))
        );
    };
    // Read in another tab, and by a call.
    let mut tab = house.there(&house.ana).await;
    tab.send(json!({"type": "read", "channel": house.channel, "seq": seq}))
        .await;
    marked(&mut list, seq).await;
    let seq = house.bob.say(&house.room, "again").await;
    list.expect("message").await;
    house.mark(&house.ana, seq).await;
    marked(&mut list, seq).await;
    let path = format!("/api/v1/rooms/{}/messages/1", house.room);
    house.bob.delete(&path).await.ok(204);
    let removal = list.expect("message").await;
    assert_eq!(
        (&removal["void"], &removal["retracts"]),
        (&json!(true), &json!(1))
    );
    list.nothing_else().await;
}

#[tokio::test]
async fn whoever_listens_so_is_not_there_and_hears_nothing_of_those_who_are() {
    let house = house().await;
    let mut list = house.quiet().await;
    let mut bob = house.there(&house.bob).await;
    assert_eq!(
        bob.expect("presence").await["here"],
        json!([house.bob.public()])
    );
    // Whoever is not there writes nothing.
    list.send(json!({"type": "typing", "channel": house.channel}))
        .await;
    list.until_fenced().await;
    bob.send(json!({"type": "typing", "channel": house.channel}))
        .await;
    // Presence, typing and membership are told in this order, so an end of the last is one of all.
    assert_eq!(bob.expect("typing").await["from"], house.bob.public());
    let eve = house.app.sign_up("eve").await;
    eve.join(&house.room).await;
    assert_eq!(bob.expect("member").await["user_id"], eve.id.as_str());
    let _eve = house.there(&eve).await;
    assert_eq!(bob.expect("presence").await["here"], json!([eve.public()]));
    house.bob.say(&house.room, "the end").await;
    assert_eq!(list.expect("message").await["text"], "the end");
    list.nothing_else().await;
    let mut here = house.here().await;
    here.sort_by_key(ToString::to_string);
    let mut both = vec![json!(house.bob.id), json!(eve.id)];
    both.sort_by_key(ToString::to_string);
    assert_eq!(here, both);
}

#[tokio::test]
async fn the_last_subscription_says_whether_one_is_there() {
    let house = house().await;
    let mut bob = house.there(&house.bob).await;
    assert_eq!(
        bob.expect("presence").await["here"],
        json!([house.bob.public()])
    );
    let mut ana = house.quiet().await;
    ana.subscribe(&house.channel).await;
    assert_eq!(ana.expect("presence").await["all"], true);
    assert_eq!(
        bob.expect("presence").await["here"],
        json!([house.ana.public()])
    );
    ana.until("presence").await;
    let ack = house.channel.clone();
    ana.send(json!({"type": "subscribe", "ref": "q", "channel": ack, "presence": false}))
        .await;
    assert_eq!(ana.expect("ack").await["ref"], "q");
    assert_eq!(bob.expect("presence").await["gone"], json!([house.ana.id]));
    assert_eq!(house.here().await, [json!(house.bob.id)]);
    assert_eq!(ana.expect("read").await["user_id"], house.ana.id.as_str());
    leave(&mut ana, &house.channel).await;
    house.bob.say(&house.room, "unheard").await;
    ana.nothing_else().await;
    // Nothing else is said in this field.
    for wrong in [json!("false"), json!(0), json!({})] {
        let frame =
            json!({"type": "subscribe", "ref": 7, "channel": house.channel, "presence": wrong});
        ana.send(frame).await;
        let error = ana.expect("error").await;
        assert_eq!(
            (&error["code"], &error["ref"]),
            (&json!("malformed"), &json!(7))
        );
    }
}

#[tokio::test]
async fn whoever_comes_back_gets_what_was_said_and_how_far_they_read_meanwhile() {
    let house = house().await;
    let mut list = house.quiet().await;
    house.bob.say(&house.room, "one").await;
    let first = list.expect("message").await;
    drop(list);
    house.bob.say(&house.room, "two").await;
    house.mark(&house.ana, 1).await;
    let (mut list, _) = house.ana.listen(&house.app.servers[0]).await;
    let resume = json!({"resume": {"epoch": first["epoch"], "seq": 1}});
    let ack = quietly(&mut list, &house.channel, resume).await;
    assert_eq!((&ack["recovered"], &ack["seq"]), (&json!(true), &json!(2)));
    assert_eq!(list.expect("message").await["seq"], 2);
    assert_eq!(list.expect("read").await["seq"], 1);
    list.nothing_else().await;
    let resume = json!({"resume": {"epoch": "other", "seq": 1}});
    let ack = quietly(&mut list, &house.channel, resume).await;
    assert_eq!(ack["recovered"], false);
    assert_eq!(list.expect("read").await["seq"], 1);
    list.nothing_else().await;
}

#[tokio::test]
async fn whoever_is_out_hears_nothing_more() {
    let house = house().await;
    let eve = house.app.sign_up("eve").await;
    let path = format!("/api/v1/rooms/{}/members/{}", house.room, house.ana.id);
    for out in ["removed", "left", "ended"] {
        let mut list = house.quiet().await;
        house.bob.say(&house.room, out).await;
        assert_eq!(list.expect("message").await["text"], out);
        match out {
            "removed" => house.bob.delete(&path).await.ok(204),
            "left" => house.ana.delete(&path).await.ok(204),
            _ => house
                .bob
                .delete(&format!("/api/v1/rooms/{}", house.room))
                .await
                .ok(204),
        };
        let error = list.expect("error").await;
        assert_eq!(
            (&error["code"], &error["channel"]),
            (&json!("forbidden"), &json!(house.channel))
        );
        if out == "ended" {
            continue;
        }
        house.bob.say(&house.room, "behind their back").await;
        list.nothing_else().await;
        let again =
            json!({"type": "subscribe", "ref": "a", "channel": house.channel, "presence": false});
        list.send(again).await;
        assert_eq!(list.expect("error").await["code"], "forbidden");
        let target = format!("/api/v1/rooms/{}/members/{}", house.room, house.ana.id);
        house
            .bob
            .ask("PUT", &target)
            .json(&json!({}))
            .send()
            .await
            .ok(204);
        house.ana.join(&house.room).await;
    }
    let (mut stranger, _) = eve.listen(house.app.server()).await;
    let frame =
        json!({"type": "subscribe", "ref": "a", "channel": house.channel, "presence": false});
    stranger.send(frame).await;
    assert_eq!(stranger.expect("error").await["code"], "forbidden");
}

#[tokio::test]
async fn in_a_crowd_ones_own_mark_reaches_ones_own_devices_and_nobody_else() {
    let house = house().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    for fan in Person::seed(&house.app, 101, file.path()) {
        fan.join(&house.room).await;
    }
    let (mut list, mut tab) = (house.quiet().await, house.there(&house.ana).await);
    tab.until("presence").await;
    let mut bob = house.there(&house.bob).await;
    bob.until("presence").await;
    tab.until("presence").await;
    house.bob.say(&house.room, "hello").await;
    for socket in [&mut list, &mut tab, &mut bob] {
        socket.expect("message").await;
    }
    house.mark(&house.ana, 1).await;
    for socket in [&mut list, &mut tab] {
        let mark = socket.expect("read").await;
        assert_eq!(
            (&mark["user_id"], &mark["seq"], &mark["channel"]),
            (&json!(house.ana.id), &json!(1), &json!(house.channel))
        );
        socket.nothing_else().await;
    }
    bob.nothing_else().await;
}

#[tokio::test]
async fn it_is_the_same_on_a_stream_which_comes_back_as_it_was() {
    let house = house().await;
    let mut stream = Stream::open(&house.app.servers[1], &house.ana.token, "", None).await;
    stream.expect("registered").await;
    let frame =
        json!({"type": "subscribe", "ref": "q", "channel": house.channel, "presence": false});
    stream.say(&house.ana, frame).await.ok(202);
    stream.expect("ack").await;
    stream.expect("read").await;
    house.bob.say(&house.room, "hello").await;
    let id = stream.expect("message").await.id;
    drop(stream);
    house.bob.say(&house.room, "are you there?").await;
    let mut stream = Stream::open(&house.app.servers[0], &house.ana.token, "", Some(&id)).await;
    stream.expect("registered").await;
    assert_eq!(stream.expect("ack").await.json()["recovered"], true);
    assert_eq!(stream.expect("message").await.json()["seq"], 2);
    stream.expect("read").await;
    // Bob is told who is there after Ana came back, and she is not among them.
    let mut bob = house.there(&house.bob).await;
    assert_eq!(
        bob.expect("presence").await["here"],
        json!([house.bob.public()])
    );
    house.mark(&house.ana, 2).await;
    assert_eq!(stream.expect("read").await.json()["seq"], 2);
    stream.nothing_else(&house.ana).await;
}

#[tokio::test]
async fn whatever_changes_ones_list_of_rooms_is_told_on_a_channel_of_ones_own() {
    let house = house().await;
    let (ana, bob) = (house.ana.at(&house.app.servers[0]), &house.bob);
    let (mut list, _) = ana.listen(&house.app.servers[1]).await;
    list.subscribe("user:rooms").await;
    // Whoever did not ask is told nothing.
    let (mut strict, _) = ana.listen(&house.app.servers[1]).await;
    let (mut bobs, _) = bob.listen(&house.app.servers[1]).await;
    bobs.subscribe("user:rooms").await;
    let own = ana.make_room(false).await;
    let told = async |socket: &mut Socket, room: &str| {
        let frame = socket.until("rooms").await;
        assert_eq!(frame, json!({"type": "rooms", "room": room}));
    };
    told(&mut list, &own).await;
    let member = |room: &str, who: &Person| format!("/api/v1/rooms/{room}/members/{}", who.id);
    ana.delete(&member(&house.room, &ana)).await.ok(204);
    told(&mut list, &house.room).await;
    ana.join(&house.room).await;
    told(&mut list, &house.room).await;
    bob.delete(&member(&house.room, &ana)).await.ok(204);
    told(&mut list, &house.room).await;
    for answer in ["taken back", "declined", "followed"] {
        let invite = bob.ask("PUT", &member(&house.room, &ana)).json(&json!({}));
        invite.send().await.ok(204);
        told(&mut list, &house.room).await;
        match answer {
            "taken back" => drop(bob.delete(&member(&house.room, &ana)).await.ok(204)),
            "declined" => drop(ana.delete(&member(&house.room, &ana)).await.ok(204)),
            _ => drop(ana.join(&house.room).await),
        }
        told(&mut list, &house.room).await;
    }
    ana.delete(&format!("/api/v1/rooms/{own}")).await.ok(204);
    told(&mut list, &own).await;
    list.until_fenced().await;
    for _ in 0..3 {
        strict.expect("notification").await;
        strict.expect("retract").await;
    }
    strict.nothing_else().await;
    bobs.nothing_else().await;
    // Whoever is invited hears that the room is not there any more.
    let eve = house.app.sign_up("eve").await;
    let (mut eves, _) = eve.listen(&house.app.servers[1]).await;
    eves.subscribe("user:rooms").await;
    let invite = bob.ask("PUT", &member(&house.room, &eve)).json(&json!({}));
    invite.send().await.ok(204);
    told(&mut eves, &house.room).await;
    bob.delete(&format!("/api/v1/rooms/{}", house.room))
        .await
        .ok(204);
    told(&mut eves, &house.room).await;
}

#[tokio::test]
async fn what_is_ones_own_is_nobody_elses() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let token = app.token("publish,stats,observe");
    let mut program = Socket::bearer(app.server(), &token).await;
    let (mut socket, _) = ana.listen(app.server()).await;
    let mut newcomer = Socket::bearer(app.server(), &ana.token).await;
    let subscribe = |channel: &str| json!({"type": "subscribe", "ref": "s", "channel": channel});
    for channel in ["user:likes", "user:rooms"] {
        newcomer.send(subscribe(channel)).await;
        assert_eq!(newcomer.expect("error").await["code"], "not_registered");
        program.send(subscribe(channel)).await;
        assert_eq!(program.expect("error").await["code"], "forbidden");
        let broadcast = app.server().http.broadcast(&token, channel, "hello");
        broadcast.send().await.refused(403, "forbidden");
        for other in [
            format!("user:{}:{}", bob.id, &channel[5..]),
            format!("user:{}", bob.id),
            format!("{channel}:{}", bob.id),
        ] {
            socket.send(subscribe(&other)).await;
            assert_eq!(socket.expect("error").await["code"], "forbidden", "{other}");
        }
        let ack = socket.subscribe(channel).await;
        assert_eq!((ack.get("seq"), ack.get("epoch")), (None, None));
    }
    bob.like(&bob.publish("my own").await).await;
    bob.make_room(false).await;
    socket.nothing_else().await;
    leave(&mut socket, "user:likes").await;
    ana.like(&bob.publish("hello").await).await;
    ana.make_room(false).await;
    assert_eq!(socket.next().await, {
        let rooms = ana.get("/api/v1/rooms?mine=true").await.ok(200);
        Event::Frame(json!({"type": "rooms", "room": rooms["rooms"][0]["name"]}))
    });
    socket.nothing_else().await;
    let stats = app
        .server()
        .http
        .ask("GET", "/stats/channels")
        .bearer(&token);
    let channels = stats.send().await.ok(200);
    assert!(!channels.to_string().contains("rooms"), "{channels}");
}
