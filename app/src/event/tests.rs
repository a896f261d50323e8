use super::*;
use crate::model::{Epoch, Handle};

/// The JSON is what outside programs rely on: it stands here to the letter.
fn golden<T>(frame: &T, json: &str)
where
    T: Serialize + for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug,
{
    assert_eq!(serde_json::to_string(frame).unwrap(), json);
    assert_eq!(&serde_json::from_str::<T>(json).unwrap(), frame);
    packed(frame, json);
}

/// MessagePack says the same with the same names, whether made from the frame or its JSON.
fn packed<T>(frame: &T, json: &str)
where
    T: Serialize + for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug,
{
    let packed = rmp_serde::to_vec_named(frame).unwrap();
    assert_eq!(&rmp_serde::from_slice::<T>(&packed).unwrap(), frame);
    let mut back = Vec::new();
    let mut source = rmp_serde::Deserializer::new(packed.as_slice());
    let mut target = serde_json::Serializer::new(&mut back);
    serde_transcode::transcode(&mut source, &mut target).unwrap();
    assert_eq!(back, json.as_bytes());
    let mut again = Vec::new();
    let mut source = serde_json::Deserializer::from_str(json);
    let mut target = rmp_serde::Serializer::new(&mut again).with_struct_map();
    serde_transcode::transcode(&mut source, &mut target).unwrap();
    assert_eq!(again, packed);
}

fn epoch() -> Epoch {
    Epoch::from("1.e".to_owned())
}

fn ana() -> Person {
    Person {
        user_id: "0abcdefg".parse().unwrap(),
        handle: "ana".parse::<Handle>().unwrap(),
        name: "Ana \"A\" Ångström".into(),
    }
}

#[test]
fn what_a_client_says() {
    let user_id: UserId = "0abcdefg".parse().unwrap();
    golden(
        &ClientFrame::Register {
            user_id: user_id.clone(),
            resume: None,
        },
        r#"{"type":"register","user_id":"0abcdefg"}"#,
    );
    golden(
        &ClientFrame::Register {
            user_id,
            resume: Some(Position {
                epoch: epoch(),
                seq: 7,
            }),
        },
        r#"{"type":"register","user_id":"0abcdefg","resume":{"epoch":"1.e","seq":7}}"#,
    );
    golden(
        &ClientFrame::Subscribe {
            r#ref: "1".into(),
            channel: "news".into(),
            resume: None,
            last: Some(5),
            token: None,
            presence: None,
        },
        r#"{"type":"subscribe","ref":"1","channel":"news","last":5}"#,
    );
    golden(
        &ClientFrame::Subscribe {
            r#ref: "1".into(),
            channel: "private:a".into(),
            resume: None,
            last: None,
            token: Some("t".into()),
            presence: None,
        },
        r#"{"type":"subscribe","ref":"1","channel":"private:a","token":"t"}"#,
    );
    golden(
        &ClientFrame::Subscribe {
            r#ref: "1".into(),
            channel: "room:a".into(),
            resume: None,
            last: None,
            token: None,
            presence: Some(false),
        },
        r#"{"type":"subscribe","ref":"1","channel":"room:a","presence":false}"#,
    );
    golden(
        &ClientFrame::Unsubscribe {
            r#ref: "2".into(),
            channel: "news".into(),
        },
        r#"{"type":"unsubscribe","ref":"2","channel":"news"}"#,
    );
    golden(
        &ClientFrame::Seen {
            epoch: epoch(),
            seq: 9,
        },
        r#"{"type":"seen","epoch":"1.e","seq":9}"#,
    );
    golden(
        &ClientFrame::Told {
            epoch: epoch(),
            outcome: Outcome::CaughtUp,
            seqs: vec![3, 4],
        },
        r#"{"type":"told","epoch":"1.e","outcome":"caught_up","seqs":[3,4]}"#,
    );
}

#[test]
fn what_a_member_says_in_a_room() {
    golden(
        &ClientFrame::Publish {
            r#ref: "1".into(),
            channel: "room:chess".into(),
            id: "i".into(),
            text: "t".into(),
        },
        r#"{"type":"publish","ref":"1","channel":"room:chess","id":"i","text":"t"}"#,
    );
    golden(
        &ClientFrame::Typing {
            channel: "room:chess".into(),
        },
        r#"{"type":"typing","channel":"room:chess"}"#,
    );
    golden(
        &ClientFrame::Read {
            channel: "room:chess".into(),
            seq: 3,
        },
        r#"{"type":"read","channel":"room:chess","seq":3}"#,
    );
}

#[test]
fn what_the_server_says_of_a_room() {
    let channel = || "room:chess".to_owned();
    let said = ServerFrame::Message {
        channel: channel(),
        epoch: epoch(),
        seq: 1,
        id: "i".into(),
        from: Some(ana()),
        text: "t".into(),
        at: 2,
        level: None,
        void: false,
        retracts: None,
    };
    golden(
        &said,
        r#"{"type":"message","channel":"room:chess","epoch":"1.e","seq":1,"id":"i","from":{"user_id":"0abcdefg","handle":"ana","name":"Ana \"A\" Ångström"},"text":"t","at":2}"#,
    );
    golden(
        &ServerFrame::Message {
            channel: channel(),
            epoch: epoch(),
            seq: 2,
            id: "j".into(),
            from: None,
            text: String::new(),
            at: 3,
            level: None,
            void: true,
            retracts: Some(1),
        },
        r#"{"type":"message","channel":"room:chess","epoch":"1.e","seq":2,"id":"j","text":"","at":3,"void":true,"retracts":1}"#,
    );
    golden(
        &ServerFrame::Presence {
            channel: channel(),
            here: vec![ana()],
            gone: vec!["1abcdefg".parse().unwrap()],
            all: false,
        },
        r#"{"type":"presence","channel":"room:chess","here":[{"user_id":"0abcdefg","handle":"ana","name":"Ana \"A\" Ångström"}],"gone":["1abcdefg"]}"#,
    );
    golden(
        &ServerFrame::Presence {
            channel: channel(),
            here: vec![],
            gone: vec![],
            all: true,
        },
        r#"{"type":"presence","channel":"room:chess","here":[],"all":true}"#,
    );
    golden(
        &ServerFrame::Typing {
            channel: channel(),
            from: ana(),
        },
        r#"{"type":"typing","channel":"room:chess","from":{"user_id":"0abcdefg","handle":"ana","name":"Ana \"A\" Ångström"}}"#,
    );
    golden(
        &ServerFrame::Read {
            channel: channel(),
            user_id: "0abcdefg".parse().unwrap(),
            seq: 2,
        },
        r#"{"type":"read","channel":"room:chess","user_id":"0abcdefg","seq":2}"#,
    );
    golden(
        &ServerFrame::Member {
            channel: channel(),
            user_id: "0abcdefg".parse().unwrap(),
            role: Some(Role::Moderator),
        },
        r#"{"type":"member","channel":"room:chess","user_id":"0abcdefg","role":"moderator"}"#,
    );
    golden(
        &ServerFrame::Member {
            channel: channel(),
            user_id: "0abcdefg".parse().unwrap(),
            role: None,
        },
        r#"{"type":"member","channel":"room:chess","user_id":"0abcdefg"}"#,
    );
}

#[test]
fn what_the_server_says_of_the_inbox() {
    golden(
        &ServerFrame::Registered {
            user_id: "0abcdefg".parse().unwrap(),
            epoch: epoch(),
            seq: 3,
            unread: 1,
            recovered: true,
        },
        r#"{"type":"registered","user_id":"0abcdefg","epoch":"1.e","seq":3,"unread":1,"recovered":true}"#,
    );
    let like = Notification {
        epoch: epoch(),
        seq: 4,
        group: "like.1".into(),
        unread: 2,
        kind: Kind::Like,
        level: None,
        room: None,
        room_title: None,
        text: None,
        post_id: Some("0abcdefg.1".parse().unwrap()),
        excerpt: None,
        actor: Some(ana()),
        at: 1_700_000_000_000,
        void: false,
        withheld: None,
    };
    golden(
        &ServerFrame::Notification(like.clone()),
        r#"{"type":"notification","epoch":"1.e","seq":4,"group":"like.1","unread":2,"kind":"like","post_id":"0abcdefg.1","actor":{"user_id":"0abcdefg","handle":"ana","name":"Ana \"A\" Ångström"},"at":1700000000000}"#,
    );
    golden(
        &ServerFrame::Notification(Notification {
            excerpt: Some("Hello".into()),
            actor: None,
            withheld: Some(Withheld::Quiet),
            ..like.clone()
        }),
        r#"{"type":"notification","epoch":"1.e","seq":4,"group":"like.1","unread":2,"kind":"like","post_id":"0abcdefg.1","excerpt":"Hello","at":1700000000000,"withheld":"quiet"}"#,
    );
    golden(
        &ServerFrame::Notification(Notification {
            group: "message.4".into(),
            kind: Kind::Message,
            level: Some(Level::Warning),
            text: Some("Rain".into()),
            post_id: None,
            actor: None,
            ..like.clone()
        }),
        r#"{"type":"notification","epoch":"1.e","seq":4,"group":"message.4","unread":2,"kind":"message","level":"warning","text":"Rain","at":1700000000000}"#,
    );
    golden(
        &ServerFrame::Notification(Notification {
            actor: None,
            post_id: None,
            void: true,
            ..like
        }),
        r#"{"type":"notification","epoch":"1.e","seq":4,"group":"like.1","unread":2,"kind":"like","at":1700000000000,"void":true}"#,
    );
    golden(
        &ServerFrame::Retract {
            epoch: epoch(),
            seq: 5,
            retracts: Some(4),
            group: "like.1".into(),
            unread: 0,
        },
        r#"{"type":"retract","epoch":"1.e","seq":5,"retracts":4,"group":"like.1","unread":0}"#,
    );
    golden(
        &ServerFrame::Retract {
            epoch: epoch(),
            seq: 5,
            retracts: None,
            group: "like.1".into(),
            unread: 0,
        },
        r#"{"type":"retract","epoch":"1.e","seq":5,"group":"like.1","unread":0}"#,
    );
    golden(
        &ServerFrame::Marked {
            epoch: epoch(),
            seq: 5,
            group: None,
            unread: 0,
        },
        r#"{"type":"marked","epoch":"1.e","seq":5,"unread":0}"#,
    );
    golden(
        &ServerFrame::Rooms {
            room: "chess".parse().unwrap(),
        },
        r#"{"type":"rooms","room":"chess"}"#,
    );
    golden(
        &ServerFrame::Liked {
            post_id: "0abcdefg.7".parse().unwrap(),
            liked: true,
        },
        r#"{"type":"liked","post_id":"0abcdefg.7","liked":true}"#,
    );
    golden(
        &ServerFrame::Position {
            channel: None,
            epoch: epoch(),
            seq: 5,
            at: Some(7),
        },
        r#"{"type":"position","epoch":"1.e","seq":5,"at":7}"#,
    );
}

#[test]
fn what_the_server_says_of_channels() {
    let post_id: PostId = "0abcdefg.1".parse().unwrap();
    golden(
        &ServerFrame::Post {
            post_id: post_id.clone(),
            likes: Some(3),
            deleted: false,
        },
        r#"{"type":"post","post_id":"0abcdefg.1","likes":3}"#,
    );
    golden(
        &ServerFrame::Post {
            post_id,
            likes: None,
            deleted: true,
        },
        r#"{"type":"post","post_id":"0abcdefg.1","deleted":true}"#,
    );
    golden(
        &ServerFrame::Message {
            channel: "news".into(),
            epoch: epoch(),
            seq: 1,
            id: "i".into(),
            from: None,
            text: "t".into(),
            at: 2,
            level: None,
            void: false,
            retracts: None,
        },
        r#"{"type":"message","channel":"news","epoch":"1.e","seq":1,"id":"i","text":"t","at":2}"#,
    );
    golden(
        &ServerFrame::Ack {
            r#ref: "1".into(),
            channel: "news".into(),
            epoch: Some(epoch()),
            seq: Some(0),
            recovered: None,
        },
        r#"{"type":"ack","ref":"1","channel":"news","epoch":"1.e","seq":0}"#,
    );
    golden(
        &ServerFrame::Error {
            r#ref: None,
            channel: None,
            code: "forbidden".into(),
            detail: "d".into(),
        },
        r#"{"type":"error","code":"forbidden","detail":"d"}"#,
    );
}

#[test]
fn close_codes_say_whether_to_come_back() {
    for code in [
        CloseCode::BadUtf8,
        CloseCode::TooLarge,
        CloseCode::Malformed,
        CloseCode::SessionEnded,
        CloseCode::Forbidden,
        CloseCode::NeverRegistered,
    ] {
        assert!(is_final(code.number()), "{code:?}");
    }
    for code in [
        CloseCode::Drain,
        CloseCode::TooSlow,
        CloseCode::NoPong,
        CloseCode::Unavailable,
    ] {
        assert!(
            !is_final(code.number()) && !is_throttled(code.number()),
            "{code:?}"
        );
    }
    assert!(
        is_throttled(CloseCode::TooFast.number())
            && is_throttled(CloseCode::TooManySockets.number())
    );
}
