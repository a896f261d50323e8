//! Messages of other programs to one person: an entry of the inbox like any other.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::collections::HashSet;

use common::{app::App, http::Answer};
use serde_json::{Value, json};

async fn notify(app: &App, token: &str, to: &str, body: Value) -> Answer {
    let ask = app
        .server()
        .http
        .ask("POST", &format!("/notify/user/{to}"))
        .bearer(token);
    ask.json(&body).send().await
}

#[tokio::test]
async fn a_message_is_a_frame_and_a_group_of_its_own() {
    let app = App::builder().start(2);
    let token = app.token("publish");
    let ana = app.sign_up("ana").await;
    let (mut here, registered) = ana.listen(&app.servers[0]).await;
    let (mut there, _) = ana.listen(&app.servers[1]).await;
    let text = "The \"build\" is\nred \u{1F98A}";
    for (seq, to, level) in [(1, &ana.handle, Some("error")), (2, &ana.id, None)] {
        let mut body = json!({"message": text});
        if let Some(level) = level {
            body["type"] = json!(level);
        }
        let answer = notify(&app, &token, to, body).await.ok(200);
        assert_eq!(answer["userId"], ana.id.as_str());
        assert_eq!(answer["subscriberCount"], 2);
        assert_eq!(answer.get("partial"), None);
        assert!(!answer["id"].as_str().unwrap().is_empty());
        let frame = here.expect("notification").await;
        assert_eq!(frame, there.expect("notification").await);
        assert_eq!(
            frame,
            json!({"type": "notification", "epoch": registered["epoch"], "seq": seq,
                "group": format!("message.{seq}"), "unread": seq, "kind": "message",
                "level": level.unwrap_or("info"), "text": text, "at": frame["at"]})
        );
    }
    let inbox = ana.inbox().await;
    let first = &inbox["items"][1];
    assert_eq!(
        (&first["kind"], &first["level"], &first["text"]),
        (&json!("message"), &json!("error"), &json!(text))
    );
    assert_eq!(
        (&first["count"], &first["people"], first.get("post_id")),
        (&json!(1), &json!([]), None)
    );
    // Whoever comes back is told the same.
    let (mut again, _) = ana.resume(app.server(), &registered["epoch"], 1).await;
    let frame = again.expect("notification").await;
    assert_eq!(
        (&frame["text"], &frame["level"]),
        (&json!(text), &json!("info"))
    );
    drop((here, there, again));
    common::eventually("nobody listens any more", async || {
        let answer = notify(&app, &token, &ana.id, json!({"message": "x"})).await;
        (answer.ok(200)["subscriberCount"] == 0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_repeat_with_the_same_key_is_one_message_whichever_server_takes_it() {
    let app = App::builder().start(2);
    let (token, other) = (app.token("publish"), app.token("publish"));
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let send = async |server: usize, token: &str, to: &str, message: &str, level: &str| {
        let ask = app.servers[server]
            .http
            .ask("POST", &format!("/notify/user/{to}"))
            .bearer(token);
        ask.header("idempotency-key", "k1")
            .json(&json!({"message": message, "type": level}))
            .send()
            .await
    };
    // The id and the handle are one and the same target.
    let names = [&ana.id, &ana.handle];
    let racing = (0..10).map(|i| send(i % 2, &token, names[i / 5], "once", "info"));
    let answers = futures_util::future::join_all(racing).await;
    let ids: HashSet<String> = answers
        .iter()
        .map(|answer| answer.ok(200)["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(ana.inbox().await["seq"], 1);
    for (message, level) in [("twice", "info"), ("once", "error")] {
        send(0, &token, &ana.id, message, level)
            .await
            .refused(422, "key_reused");
    }
    assert_eq!(ana.inbox().await["seq"], 1);
    // The key means something else for another person, and from another token.
    send(1, &token, &bob.id, "for bob", "info").await.ok(200);
    send(1, &other, &ana.id, "from another", "info")
        .await
        .ok(200);
    assert_eq!(ana.inbox().await["seq"], 2);
    assert_eq!(bob.inbox().await["seq"], 1);
}

#[tokio::test]
async fn messages_that_cannot_be_taken_are_refused_and_change_nothing() {
    let app = App::start();
    let (publish, stats) = (app.token("publish"), app.token("stats"));
    let ana = app.sign_up("ana").await;
    let body = json!({"message": "hello"});
    notify(&app, &stats, &ana.id, body.clone())
        .await
        .refused(403, "forbidden");
    notify(&app, "nonsense", &ana.id, body.clone())
        .await
        .refused(401, "no_session");
    // A person is no program.
    let answer = notify(&app, &ana.token, &ana.id, body.clone()).await;
    assert!(matches!(answer.status, 401 | 403), "{answer:?}");
    for nobody in ["nobody_here", "0zzzzzzz", "x", "%20", "-"] {
        notify(&app, &publish, nobody, body.clone())
            .await
            .refused(404, "no_such_user");
    }
    for (body, field, code) in [
        (json!({}), "message", "required"),
        (json!({"message": ""}), "message", "required"),
        (json!({"message": " \n "}), "message", "required"),
        (json!({"message": 1}), "message", "format"),
        (
            json!({"message": "a\u{0}b"}),
            "message",
            "control_characters",
        ),
        (
            json!({"message": "a\u{7f}b"}),
            "message",
            "control_characters",
        ),
        (json!({"message": "ä".repeat(2_001)}), "message", "too_long"),
        (json!({"message": "a", "type": "loud"}), "type", "format"),
    ] {
        notify(&app, &publish, &ana.id, body)
            .await
            .invalid(&[(field, code)]);
    }
    let inbox = ana.inbox().await;
    assert_eq!((&inbox["seq"], &inbox["unread"]), (&json!(0), &json!(0)));
    let longest = "ä".repeat(2_000);
    notify(&app, &publish, &ana.id, json!({"message": longest}))
        .await
        .ok(200);
    assert_eq!(ana.inbox().await["items"][0]["text"], longest.as_str());
}

#[tokio::test]
async fn messages_are_withheld_like_anything_else() {
    let app = App::start();
    let token = app.token("publish");
    let ana = app.sign_up("ana").await;
    let (mut socket, _) = ana.listen(app.server()).await;
    for (wanted, void, unread) in [("inbox", false, 1), ("off", true, 1), ("toast", false, 2)] {
        let wish = json!({"message": wanted});
        let put = ana.ask("PUT", "/api/v1/preferences").json(&wish);
        put.send().await.ok(200);
        notify(&app, &token, &ana.id, json!({"message": wanted}))
            .await
            .ok(200);
        let frame = socket.expect("notification").await;
        assert_eq!(
            frame.get("withheld").is_some(),
            wanted != "toast",
            "{frame}"
        );
        assert_eq!(frame.get("void").is_some(), void, "{frame}");
        assert_eq!(frame["unread"], unread);
    }
    let page = ana.get("/api/v1/notifications/silenced").await.ok(200);
    let texts: Vec<&Value> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["text"])
        .collect();
    assert_eq!(texts, [&json!("off"), &json!("inbox")]);
    // A message is marked like any group.
    let inbox = ana.inbox().await;
    let mark = json!({"epoch": inbox["epoch"], "through": 3, "group": inbox["items"][0]["group"]});
    ana.post("/api/v1/notifications/read", mark).await.ok(204);
    assert_eq!(ana.inbox().await["unread"], 1);
}
