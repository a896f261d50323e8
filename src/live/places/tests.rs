use super::*;

fn said(places: &mut Places, json: &str) -> String {
    places.said(&serde_json::from_str(json).unwrap());
    places.to_string()
}

fn subscribe(channel: &str, resume: Option<u64>, last: Option<u64>) -> ClientFrame {
    ClientFrame::Subscribe {
        r#ref: "1".into(),
        channel: channel.into(),
        resume: resume.map(|seq| Position {
            epoch: Epoch::from("2.f".to_owned()),
            seq,
        }),
        last,
        token: None,
        presence: None,
    }
}

#[test]
fn a_room_that_one_listens_to_without_being_there_stays_so() {
    let mut places = Places::default();
    let quietly = |resume| match subscribe("room:a", resume, None) {
        ClientFrame::Subscribe {
            r#ref,
            channel,
            resume,
            ..
        } => ClientFrame::Subscribe {
            r#ref,
            channel,
            resume,
            last: None,
            token: None,
            presence: Some(false),
        },
        other => other,
    };
    let ack = r#"{"type":"ack","ref":"1","channel":"room:a","epoch":"2.f","seq":7}"#;
    let message = r#"{"type":"message","channel":"room:a","epoch":"2.f","seq":8}"#;
    places.asked(&quietly(None));
    assert_eq!(said(&mut places, ack), "~room:a=2.f:7");
    assert_eq!(said(&mut places, message), "~room:a=2.f:8");
    let read = Places::read("~room:a=2.f:8").unwrap();
    assert!(read.is_quiet("room:a") && !read.is_quiet("room:b"));
    assert_eq!(read.names().collect::<Vec<_>>(), ["room:a"]);
    places.asked(&subscribe("room:a", Some(8), None));
    assert_eq!(places.to_string(), "room:a=2.f:8");
    places.asked(&quietly(Some(8)));
    assert_eq!(places.to_string(), "~room:a=2.f:8");
    // What is refused changes nothing that is asked for later.
    places.asked(&quietly(None));
    places.asked(&subscribe("room:a", None, None));
    assert_eq!(said(&mut places, ack), "room:a=2.f:7");
}

#[test]
fn where_something_that_one_said_is_stored_moves_no_place() {
    let mut places = Places::default();
    let ack = r#"{"type":"ack","ref":"1","channel":"room:a","epoch":"2.f","seq":7}"#;
    assert_eq!(said(&mut places, ack), "room:a=2.f:7");
    places.asked(&ClientFrame::Publish {
        r#ref: "p".into(),
        channel: "room:a".into(),
        id: "i".into(),
        text: "t".into(),
    });
    // Somebody else's message, which is 8, has not been told yet.
    let stored = r#"{"type":"ack","ref":"p","channel":"room:a","epoch":"2.f","seq":9}"#;
    assert!(!places.said(&serde_json::from_str(stored).unwrap()));
    let message = r#"{"type":"message","channel":"room:a","epoch":"2.f","seq":8}"#;
    assert_eq!(said(&mut places, message), "room:a=2.f:8");
}

#[test]
fn entries_and_messages_move_the_places_and_nothing_else_does() {
    let mut places = Places::default();
    let registered = r#"{"type":"registered","epoch":"1.e","seq":3,"recovered":true}"#;
    assert_eq!(said(&mut places, registered), "inbox=1.e:3");
    let like = r#"{"type":"notification","epoch":"1.e","seq":4,"kind":"like"}"#;
    assert_eq!(said(&mut places, like), "inbox=1.e:4");
    let ack = r#"{"type":"ack","ref":"1","channel":"news","epoch":"2.f","seq":7}"#;
    assert_eq!(said(&mut places, ack), "inbox=1.e:4;news=2.f:7");
    let message = r#"{"type":"message","channel":"news","epoch":"2.f","seq":8}"#;
    assert_eq!(said(&mut places, message), "inbox=1.e:4;news=2.f:8");
    for other in [
        r#"{"type":"position","epoch":"1.e","seq":9}"#,
        r#"{"type":"marked","epoch":"1.e","seq":9}"#,
        r#"{"type":"post","post_id":"0abcdefg.1","likes":9}"#,
        r#"{"type":"invented","channel":"news","epoch":"2.f","seq":9}"#,
    ] {
        assert!(!places.said(&serde_json::from_str(other).unwrap()));
    }
    let left = r#"{"type":"ack","ref":"1","channel":"news"}"#;
    assert_eq!(said(&mut places, left), "inbox=1.e:4");
}

#[test]
fn before_what_was_missed_has_followed_the_place_is_where_it_was() {
    let mut places = Places::read("inbox=1.e:2;news=2.f:5").unwrap();
    let registered = r#"{"type":"registered","epoch":"1.e","seq":9,"recovered":true}"#;
    assert_eq!(said(&mut places, registered), "inbox=1.e:2;news=2.f:5");
    places.asked(&subscribe("news", Some(5), None));
    let ack = r#"{"type":"ack","channel":"news","epoch":"2.f","seq":7,"recovered":true}"#;
    assert_eq!(said(&mut places, ack), "inbox=1.e:2;news=2.f:5");
    let lost = r#"{"type":"registered","epoch":"2.g","seq":1,"recovered":false}"#;
    assert_eq!(said(&mut places, lost), "inbox=2.g:1;news=2.f:5");
    places.asked(&subscribe("old", None, Some(4)));
    let ack = r#"{"type":"ack","channel":"old","epoch":"2.f","seq":9}"#;
    assert_eq!(said(&mut places, ack), "inbox=2.g:1;news=2.f:5;old=2.f:5");
}

#[test]
fn an_id_holds_the_places_of_as_many_channels_as_one_may_listen_to() {
    let name = |n: usize| format!("{n:0>LONGEST_NAME$}");
    let of = |count: usize| {
        let place = |n| {
            format!(
                ";{}={}:9007199254740991",
                name(n),
                "e".repeat(LONGEST_EPOCH)
            )
        };
        format!("inbox=1.e:1{}", (0..count).map(place).collect::<String>())
    };
    let full = of(MOST_CHANNELS);
    let places = Places::read(&full).unwrap();
    assert_eq!(places.to_string(), full);
    assert!(full.len() <= 32 << 10, "it fits into a header");
    for wrong in [
        of(MOST_CHANNELS + 1),
        ";".repeat(300_000),
        "a=b:1;".repeat(50_000),
        format!("{}=1.e:1", "a".repeat(LONGEST_NAME + 2)),
        format!("a={}:1", "e".repeat(LONGEST_EPOCH + 1)),
    ] {
        assert_eq!(Places::read(&wrong), None);
    }
}

#[test]
fn the_places_of_one_who_hears_every_room_are_those_that_moved_last() {
    let mut places = Places::default();
    let message = |n: usize, seq: usize| {
        let json =
            format!(r#"{{"type":"message","channel":"room:{n}","epoch":"2.f","seq":{seq}}}"#);
        serde_json::from_str::<Head>(&json).unwrap()
    };
    for n in 0..10_000 {
        assert!(places.said(&message(n, 1)));
        // One where something is always said.
        assert!(places.said(&message(0, n + 2)));
    }
    assert_eq!(places.channels.len(), MOST_CHANNELS);
    assert_eq!(places.of("room:0").map(|place| place.seq), Some(10_001));
    assert!(places.of("room:9999").is_some() && places.of("room:9000").is_none());
    assert_eq!(
        Places::read(&places.to_string()).unwrap().channels.len(),
        MOST_CHANNELS
    );
}

#[test]
fn an_id_is_read_as_it_was_written() {
    for id in [
        "",
        "inbox=1.e:4",
        "inbox=1.e:4;news=2.f:8;#inbox=3.g:1",
        "a:b=1.e:0",
        "inbox=1.e:4;~room:a=2.f:8;room:b=2.f:1",
    ] {
        assert_eq!(Places::read(id).unwrap().to_string(), id);
    }
    for id in [
        "~inbox=1.e:4",
        "nonsense",
        "inbox=",
        "inbox=1.e",
        "news=1.e:x",
    ] {
        assert_eq!(Places::read(id), None, "{id}");
    }
}
