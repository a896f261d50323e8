//! What the store's scripts publish is, to the letter, what the type writes that server and
//! browser share.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use ::app::event::ServerFrame;
use common::{app::App, ws::Socket};
use serde_json::{Value, json};

/// All that a name may hold and that JSON escapes, or that somebody might escape.
const NAME: &str = "An\\a \"A\" \u{1F98A} </b> '&' \u{e9}x\u{301} {}";
/// Text may hold some more: line breaks, tabs, and characters that end lines elsewhere.
const TEXT: &str =
    "\"q\" \\u0041 \\\n\ta/b \u{1F468}\u{200D}\u{1F469} \u{2028}\u{2029} \u{202e}x\u{202c} ${}%s";

/// The next frame, which must be written as the type writes it. That one's own like is told to one's
/// own sockets may come between.
async fn next(socket: &mut Socket) -> (String, ServerFrame) {
    loop {
        let text = socket.next_text().await;
        let frame: ServerFrame =
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
        assert_eq!(serde_json::to_string(&frame).unwrap(), text);
        if !matches!(frame, ServerFrame::Liked { .. }) {
            return (text, frame);
        }
    }
}

#[tokio::test]
async fn frames_of_the_inbox() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    bob.rename(NAME).await;
    let (mut socket, registered) = ana.listen(app.server()).await;
    let epoch = &registered["epoch"];
    let (kept, gone) = (ana.publish(TEXT).await, ana.publish(TEXT).await);

    bob.like(&gone).await;
    next(&mut socket).await;
    bob.like(&kept).await;
    let (pushed, frame) = next(&mut socket).await;
    let ServerFrame::Notification(notification) = frame else {
        panic!("{pushed}")
    };
    assert_eq!(notification.actor.unwrap().name, NAME);
    // What was missed comes in the same words.
    let (mut late, _) = ana.resume(app.server(), epoch, 1).await;
    assert_eq!(next(&mut late).await.0, pushed);

    let mark = async |mark: Value| ana.post("/api/v1/notifications/read", mark).await.ok(204);
    mark(json!({"epoch": epoch, "through": 2, "group": notification.group})).await;
    let (text, frame) = next(&mut socket).await;
    assert!(
        matches!(&frame, ServerFrame::Marked { group: Some(group), .. } if *group == notification.group),
        "{text}"
    );
    mark(json!({"epoch": epoch, "through": 2})).await;
    let (text, frame) = next(&mut socket).await;
    assert!(
        matches!(frame, ServerFrame::Marked { group: None, .. }),
        "{text}"
    );

    bob.unlike(&kept).await;
    let (unliked, frame) = next(&mut socket).await;
    assert!(
        matches!(
            frame,
            ServerFrame::Retract {
                retracts: Some(2),
                ..
            }
        ),
        "{unliked}"
    );
    ana.delete(&format!("/api/v1/posts/{gone}")).await.ok(204);
    let (deleted, frame) = next(&mut socket).await;
    assert!(
        matches!(frame, ServerFrame::Retract { retracts: None, .. }),
        "{deleted}"
    );
    let (mut late, _) = ana.resume(app.server(), epoch, 2).await;
    assert_eq!(next(&mut late).await.0, unliked);
    assert_eq!(next(&mut late).await.0, deleted);
}

#[tokio::test]
async fn frames_of_a_post() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let post = ana.publish(TEXT).await;
    let (mut socket, _) = bob.listen(app.server()).await;
    socket.subscribe(&format!("post:{post}")).await;
    for likes in [0, 1, 0] {
        // The first is read from the store, the others were published by scripts.
        let (text, frame) = next(&mut socket).await;
        assert!(
            matches!(frame, ServerFrame::Post { likes: Some(n), deleted: false, .. } if n == likes),
            "{text}"
        );
        match likes {
            0 => bob.like(&post).await,
            _ => bob.unlike(&post).await,
        };
    }
    next(&mut socket).await;
    ana.delete(&format!("/api/v1/posts/{post}")).await.ok(204);
    let (text, frame) = next(&mut socket).await;
    assert!(
        matches!(
            frame,
            ServerFrame::Post {
                likes: None,
                deleted: true,
                ..
            }
        ),
        "{text}"
    );
}

#[tokio::test]
async fn frames_of_a_channel() {
    let app = App::start();
    let token = app.token("publish");
    let mut socket = Socket::bearer(app.server(), &token).await;
    let ack = socket.subscribe("a:b.c_D-9").await;
    let ask = app.server().http.broadcast(&token, "a:b.c_D-9", TEXT);
    ask.send().await.ok(200);
    let (pushed, frame) = next(&mut socket).await;
    assert!(
        matches!(&frame, ServerFrame::Message { text, .. } if text == TEXT),
        "{pushed}"
    );
    let mut late = Socket::bearer(app.server(), &token).await;
    let resume = json!({"resume": {"epoch": ack["epoch"], "seq": 0}});
    late.subscribe_with("a:b.c_D-9", resume).await;
    assert_eq!(next(&mut late).await.0, pushed);
}

#[tokio::test]
async fn frames_of_messages_and_of_what_makes_no_toast() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    bob.rename(NAME).await;
    let token = app.token("publish");
    let (mut socket, registered) = ana.listen(app.server()).await;
    let mut pushed = Vec::new();
    for level in ["info", "success", "warning", "error"] {
        let path = format!("/notify/user/{}", ana.id);
        let ask = app.server().http.ask("POST", &path).bearer(&token);
        let ask = ask.json(&json!({"message": TEXT, "type": level}));
        ask.send().await.ok(200);
        let (text, frame) = next(&mut socket).await;
        assert!(
            matches!(&frame, ServerFrame::Notification(n) if n.text.as_deref() == Some(TEXT)),
            "{text}"
        );
        pushed.push(text);
    }
    let mute = format!("/api/v1/mutes/people/{}", bob.handle);
    ana.put(&mute).await.ok(204);
    bob.like(&ana.publish(TEXT).await).await;
    let (text, frame) = next(&mut socket).await;
    assert!(
        matches!(&frame, ServerFrame::Notification(n) if n.void && n.withheld.is_some()),
        "{text}"
    );
    pushed.push(text);
    // What was missed comes in the same words.
    // The unread count is the present one, so only the newest two can be compared.
    for (seq, pushed) in pushed.iter().enumerate().skip(3) {
        let (mut late, _) = ana
            .resume(app.server(), &registered["epoch"], seq as u64)
            .await;
        assert_eq!(next(&mut late).await.0, *pushed);
    }
}
