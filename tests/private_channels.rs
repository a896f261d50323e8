//! Private channels: who may publish, and who may listen, and for how long.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, http::Answer, unique, ws::Socket};
use serde_json::{Value, json};

async fn ask(app: &App, token: &str, new: Value) -> Answer {
    let asked = app.server().http.ask("POST", "/subscribe/token");
    asked.bearer(token).json(&new).send().await
}

async fn refused(socket: &mut Socket, channel: &str, token: &Value) {
    let mut frame = json!({"type": "subscribe", "ref": "s", "channel": channel});
    if !token.is_null() {
        frame["token"] = token.clone();
    }
    socket.send(frame).await;
    let error = socket.expect("error").await;
    assert_eq!(
        (&error["code"], &error["ref"]),
        (&json!("forbidden"), &json!("s"))
    );
}

#[tokio::test]
async fn a_token_opens_one_channel_for_one_person() {
    let app = App::builder().start(2);
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let owner = app.token("publish");
    let channel = format!("private:{}", unique("scores"));
    let new = json!({"channel": channel, "user_id": ana.id});
    let token = ask(&app, &owner, new).await.ok(200)["token"].clone();
    let (mut hers, _) = ana.listen(&app.servers[1]).await;
    let (mut his, _) = bob.listen(&app.servers[1]).await;
    refused(&mut hers, &channel, &Value::Null).await;
    refused(&mut hers, &channel, &json!("sub.x.y")).await;
    refused(&mut his, &channel, &token).await;
    let other = format!("private:{}", unique("other"));
    refused(&mut hers, &other, &token).await;
    hers.subscribe_with(&channel, json!({"token": token})).await;

    let http = &app.server().http;
    http.broadcast(&owner, &channel, "3:1").send().await.ok(200);
    assert_eq!(hers.expect("message").await["text"], "3:1");
    his.nothing_else().await;
    // Anybody who has it, where no person is named.
    let open = ask(&app, &owner, json!({"channel": channel})).await.ok(200);
    let more = json!({"token": open["token"], "last": 1});
    his.subscribe_with(&channel, more).await;
    assert_eq!(his.expect("message").await["text"], "3:1");
    // The program that it belongs to needs none; another one gets nowhere.
    let mut program = Socket::bearer(app.server(), &owner).await;
    program.subscribe(&channel).await;
    let thief = app.token("publish,stats,observe");
    let mut program = Socket::bearer(app.server(), &thief).await;
    refused(&mut program, &channel, &Value::Null).await;
    refused(&mut program, &channel, &token).await;
    http.broadcast(&thief, &channel, "9:9")
        .send()
        .await
        .refused(403, "forbidden");
    ask(&app, &thief, json!({"channel": channel}))
        .await
        .refused(403, "forbidden");
    his.nothing_else().await;
}

#[tokio::test]
async fn a_subscription_ends_with_its_token() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let owner = app.token("publish");
    let channel = format!("private:{}", unique("short"));
    let make = async |seconds: u64| {
        let new = json!({"channel": channel, "user_id": ana.id, "expires_in": seconds});
        ask(&app, &owner, new).await.ok(200)["token"].clone()
    };
    let (mut socket, _) = ana.listen(app.server()).await;
    let (mut renewed, _) = ana.listen(app.server()).await;
    let short = make(1).await;
    socket
        .subscribe_with(&channel, json!({"token": short}))
        .await;
    renewed
        .subscribe_with(&channel, json!({"token": short}))
        .await;
    renewed
        .subscribe_with(&channel, json!({"token": make(3600).await}))
        .await;
    let goodbye = socket.expect("error").await;
    assert_eq!(
        (&goodbye["code"], &goodbye["channel"]),
        (&json!("expired"), &json!(channel))
    );
    app.server()
        .http
        .broadcast(&owner, &channel, "late")
        .send()
        .await
        .ok(200);
    assert_eq!(renewed.expect("message").await["text"], "late");
    socket.nothing_else().await;
    refused(&mut socket, &channel, &short).await;
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let owner = app.token("publish");
    for (new, status, code) in [
        (json!({"channel": "news"}), 403, "forbidden"),
        (json!({"channel": "room:x"}), 403, "forbidden"),
        (json!({"channel": "private:"}), 422, "invalid"),
        (json!({"channel": "private:a b"}), 422, "invalid"),
        (
            json!({"channel": "private:a", "expires_in": 0}),
            422,
            "invalid",
        ),
        (
            json!({"channel": "private:a", "expires_in": 86_401}),
            422,
            "invalid",
        ),
        (
            json!({"channel": "private:a", "user_id": "ana"}),
            422,
            "invalid",
        ),
        (json!({}), 422, "invalid"),
    ] {
        ask(&app, &owner, new).await.refused(status, code);
    }
    let new = json!({"channel": "private:a"});
    ask(&app, &app.token("stats"), new.clone())
        .await
        .refused(403, "forbidden");
    ask(&app, &ana.token, new).await.refused(403, "forbidden");
}
