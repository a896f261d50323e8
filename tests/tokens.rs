//! API tokens: how they are made, listed and revoked, how they end, and how many connections one may
//! have.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use common::{
    app::App,
    events::Stream,
    eventually,
    http::Answer,
    redis::Kind,
    server::{self, Server},
    unique,
    ws::Socket,
};
use serde_json::json;
use tokio::time::timeout;

/// Within this, whoever is told has heard of it, and whoever only waits until a memory ends (after
/// half a minute) has not.
const TOLD: Duration = Duration::from_secs(10);

const YEAR: u64 = 365 * 86_400_000;

/// Finishes before a memory would have ended by itself, or a position check come by.
async fn soon<T>(what: &str, happens: impl Future<Output = T>) -> T {
    let told = timeout(TOLD, happens).await;
    told.unwrap_or_else(|_| panic!("nobody was told: {what}"))
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis() as u64
}

/// Makes a token, and answers it with its id.
fn make(app: &App, name: &str, scopes: &str, more: &[&str]) -> (String, String) {
    let mut arguments = vec!["token", "create", "--name", name, "--scope", scopes];
    arguments.extend(more);
    let printed = app.command(&arguments);
    let token = printed.lines().last().unwrap().to_owned();
    let listed = list(app);
    let newest = listed.last().expect("the new token is listed");
    assert_eq!(newest[1], name);
    (token, newest[0].clone())
}

/// The lines of `quad token list`, column by column.
fn list(app: &App) -> Vec<Vec<String>> {
    let printed = app.command(&["token", "list"]);
    let mut lines = printed.lines();
    let headings = lines.next().expect("a line of headings");
    assert_eq!(headings, "ID\tNAME\tSCOPES\tCREATED\tEXPIRES\tLAST USED");
    let columns = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
    let lines: Vec<_> = lines.map(columns).collect();
    assert!(lines.iter().all(|line| line.len() == 6), "{printed}");
    lines
}

async fn publish(server: &Server, token: &str) -> Answer {
    server.http.broadcast(token, "news", "x").send().await
}

/// Ends a token's time without waiting for it. What servers remember of it stays.
fn end_in_store(app: &App, token_key: &str, at: u64) {
    app.redis
        .ask(&["HSET", token_key, "expires", &at.to_string()]);
}

fn only_token_key(app: &App) -> String {
    let keys = app.redis.ask(&["KEYS", "token:*"]);
    assert_eq!(keys.lines().count(), 1, "{keys}");
    keys
}

#[tokio::test]
async fn a_token_is_listed_with_what_it_may_and_never_with_its_secret() {
    let app = App::start();
    assert!(list(&app).is_empty());
    let (token, id) = make(&app, "ci bot", "stats,publish", &["--expires", "90d"]);
    let (other, other_id) = make(&app, "other", "observe", &[]);
    assert_ne!(id, other_id);
    let lines = list(&app);
    assert_eq!(lines.len(), 2, "the oldest first");
    assert_eq!(lines[0][..3], [id.as_str(), "ci bot", "publish,stats"]);
    assert_eq!(lines[0][5], "never");
    let printed = app.command(&["token", "list"]);
    let stored = app.redis.ask(&["KEYS", "token:*"]);
    for token in [&token, &other] {
        let secret = token.strip_prefix("api.").unwrap();
        assert!(!printed.contains(secret) && !stored.contains(secret));
    }
    // The id opens nothing either.
    for wrong in [id.clone(), format!("api.{id}")] {
        publish(app.server(), &wrong)
            .await
            .refused(401, "no_session");
    }
    let expires = |hash: &str| -> u64 {
        let stored = app.redis.ask(&["HGET", hash, "expires"]);
        stored.parse().unwrap()
    };
    let mut lives: Vec<u64> = stored
        .lines()
        .map(|key| (expires(key) - now()) / 86_400_000)
        .collect();
    lives.sort_unstable();
    assert_eq!(
        lives,
        [89, 364],
        "90 days, and a year where nothing is said"
    );
    publish(app.server(), &token).await.ok(200);
    assert_ne!(list(&app)[0][5], "never");
    assert_eq!(list(&app)[1][5], "never");
}

#[tokio::test]
async fn a_revoked_token_is_out_everywhere_at_once() {
    let app = App::builder().start(2);
    let (token, id) = make(&app, "leaked", "publish,stats,observe", &[]);
    let (kept, _) = make(&app, "kept", "publish", &[]);
    let mut sockets = Vec::new();
    let mut streams = Vec::new();
    let mut bystanders = Vec::new();
    for server in &app.servers {
        // Each server knows both.
        publish(server, &token).await.ok(200);
        publish(server, &kept).await.ok(200);
        sockets.push(Socket::bearer(server, &token).await);
        let mut stream = Stream::open(server, &token, "?channels=news", None).await;
        stream.expect("ack").await;
        streams.push(stream);
        bystanders.push(Socket::bearer(server, &kept).await);
    }
    for socket in &mut sockets {
        socket.subscribe("room:*").await;
    }
    app.command(&["token", "revoke", &id]);
    soon("connections are closed", async {
        for socket in &mut sockets {
            assert_eq!(socket.closed().await, 4401);
        }
        for stream in &mut streams {
            assert_eq!(stream.closed().await, 4401);
        }
    })
    .await;
    let bearer = format!("Bearer {token}");
    for server in &app.servers {
        publish(server, &token).await.refused(401, "no_session");
        let ask = server.http.ask("GET", "/stats/channel/news").bearer(&token);
        ask.send().await.refused(401, "no_session");
        let opened = Socket::open(server, &[("authorization", &bearer)]).await;
        assert_eq!(opened.err().expect("no socket opens").status, 401);
        publish(server, &kept).await.ok(200);
    }
    for bystander in &mut bystanders {
        bystander.nothing_else().await;
    }
    assert!(list(&app).iter().all(|line| line[0] != id));
}

#[tokio::test]
async fn what_is_no_id_revokes_nothing() {
    let app = App::start();
    let (token, id) = make(&app, "kept", "publish", &[]);
    for wrong in [
        "0000000000000000",
        "",
        "*",
        "kept",
        token.as_str(),
        &id[..15],
    ] {
        let revoke = server::quad(app.environment(), &["token", "revoke", wrong]).output();
        let revoke = revoke.unwrap();
        assert_eq!(revoke.status.code(), Some(1), "{wrong}");
        let said = String::from_utf8_lossy(&revoke.stderr).into_owned();
        assert!(
            said.lines()
                .last()
                .unwrap()
                .starts_with("quad: there is no token"),
            "{said}"
        );
    }
    publish(app.server(), &token).await.ok(200);
    app.command(&["token", "revoke", &id]);
    let again = server::quad(app.environment(), &["token", "revoke", &id]).output();
    assert_eq!(again.unwrap().status.code(), Some(1));
}

#[tokio::test]
async fn a_token_ends_when_its_time_is_over() {
    let app = App::builder().start(2);
    let (token, id) = make(&app, "short", "publish", &["--expires", "1h"]);
    let key = only_token_key(&app);
    // No server has read it yet.
    end_in_store(&app, &key, now() + 5_000);
    let mut socket = Socket::bearer(&app.servers[0], &token).await;
    let mut stream = Stream::open(&app.servers[1], &token, "", None).await;
    soon("the end by time", async {
        assert_eq!(socket.closed().await, 4401);
        assert_eq!(stream.closed().await, 4401);
    })
    .await;
    for server in &app.servers {
        publish(server, &token).await.refused(401, "no_session");
    }
    // It is still known for a while, so that it can be looked up.
    let line = &list(&app)[0];
    assert!(line[0] == id && line[4].ends_with("(ended)"), "{line:?}");
    assert!(app.redis.ask(&["PTTL", &key]).parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn a_revocation_that_no_message_told_of_is_found_by_the_position_check() {
    let app = App::start();
    let (token, _) = make(&app, "lost", "publish", &[]);
    let key = only_token_key(&app);
    let (kept, _) = make(&app, "kept", "publish", &[]);
    let mut ended = Socket::bearer(app.server(), &token).await;
    let mut stream = Stream::open(app.server(), &token, "", None).await;
    let mut bystander = Socket::bearer(app.server(), &kept).await;
    app.redis.ask(&["HSET", &key, "revoked", "1"]);
    // Each connection is checked every 30 seconds, and all of them once a lost connection is back.
    app.redis.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    soon("the check", async {
        assert_eq!(ended.closed().await, 4401);
        assert_eq!(stream.closed().await, 4401);
    })
    .await;
    bystander.nothing_else().await;
    publish(app.server(), &token)
        .await
        .refused(401, "no_session");
    publish(app.server(), &kept).await.ok(200);
}

#[tokio::test]
async fn a_token_has_so_many_connections_and_no_more() {
    let app = App::builder()
        .set("QUAD_MAX_SOCKETS_PER_TOKEN", "2")
        .start(1);
    let (token, _) = make(&app, "greedy", "publish", &[]);
    let (other, _) = make(&app, "other", "publish", &[]);
    let mut first = Socket::bearer(app.server(), &token).await;
    let mut second = Stream::open(app.server(), &token, "?channels=news", None).await;
    second.expect("ack").await;
    first.nothing_else().await;
    let mut third = Socket::bearer(app.server(), &token).await;
    assert_eq!(third.closed().await, 4409);
    let mut fourth = Stream::open(app.server(), &token, "?channels=news", None).await;
    assert_eq!(fourth.closed().await, 4409);
    assert_eq!(fourth.retry, 30_000);
    // Those that are there stay, and so do those of others.
    Socket::bearer(app.server(), &other)
        .await
        .nothing_else()
        .await;
    first.nothing_else().await;
    publish(app.server(), &token).await.ok(200);
    second.expect("message").await;
    // Who leaves makes room.
    drop((first, third));
    eventually("there is room again", async || {
        let mut socket = Socket::bearer(app.server(), &token).await;
        socket
            .send(json!({"type": "unsubscribe", "ref": "r", "channel": "x"}))
            .await;
        match socket.next().await {
            common::ws::Event::Frame(frame) => (frame["ref"] == "r").then_some(()),
            common::ws::Event::Closed(code) => {
                assert_eq!(code, 4409);
                None
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_from_before_there_were_ends_works_and_gets_one() {
    for kind in [Kind::Plain, Kind::Cluster] {
        let app = App::builder().on(kind).start(1);
        // As they were stored: no end, and in no list.
        let used = app.token("publish");
        let used_key = only_token_key(&app);
        let unused = app.token("publish");
        for key in app.redis.ask(&["KEYS", "token:*"]).lines() {
            app.redis.ask(&["HDEL", key, "expires", "used"]);
            app.redis.ask(&["PERSIST", key]);
            app.redis.ask(&["HSET", key, "created", "1"]);
        }
        app.redis.ask(&["DEL", "tokens"]);
        app.redis.ask(&["DEL", "tokens:found"]);
        publish(app.server(), &used).await.ok(200);
        let end: u64 = app
            .redis
            .ask(&["HGET", &used_key, "expires"])
            .parse()
            .unwrap();
        assert!(end.abs_diff(now() + YEAR) < 600_000, "{end}");
        let lines = list(&app);
        assert_eq!(lines.len(), 2, "both are found");
        publish(app.server(), &unused).await.ok(200);
        // And both can be revoked.
        for line in &lines {
            app.command(&["token", "revoke", &line[0]]);
        }
        for token in [&used, &unused] {
            soon("it is revoked", async {
                eventually("it is refused", async || {
                    (publish(app.server(), token).await.status == 401).then_some(())
                })
                .await;
            })
            .await;
        }
        assert!(list(&app).is_empty());
        // One of which the list lost sight is found by `rebuild`.
        app.token("stats");
        app.redis.ask(&["DEL", "tokens"]);
        app.command(&["rebuild"]);
        assert_eq!(list(&app).len(), 1);
    }
}

#[tokio::test]
async fn the_channels_of_a_token_that_ended_go_to_nobody_else() {
    let app = App::builder().start(2);
    let ana = app.sign_up("ana").await;
    for revoked in [true, false] {
        let channel = format!("private:{}", unique("scores"));
        let (owner, id) = make(&app, "owner", "publish", &[]);
        let keys = app.redis.ask(&["KEYS", "token:*"]);
        let ask = app.server().http.broadcast(&owner, &channel, "3:1");
        ask.send().await.ok(200);
        let mint = |token: &str| {
            let ask = app.servers[1].http.ask("POST", "/subscribe/token");
            ask.bearer(token).json(&json!({"channel": channel})).send()
        };
        let handed_out = mint(&owner).await.ok(200)["token"].clone();
        if revoked {
            app.command(&["token", "revoke", &id]);
        } else {
            for key in keys.lines() {
                end_in_store(&app, key, 1);
            }
            // Servers read again what they knew.
            app.redis.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]);
        }
        soon("it has ended", async {
            eventually("it is refused", async || {
                let ask = app.servers[1].http.broadcast(&owner, &channel, "4:1");
                (ask.send().await.status == 401).then_some(())
            })
            .await;
        })
        .await;
        let (thief, _) = make(&app, "thief", "publish,observe", &[]);
        for server in &app.servers {
            let ask = server.http.broadcast(&thief, &channel, "9:9");
            ask.send().await.refused(403, "forbidden");
        }
        mint(&thief).await.refused(403, "forbidden");
        mint(&owner).await.refused(401, "no_session");
        // What it handed out opens nothing any more.
        let mut programs = Socket::bearer(app.server(), &thief).await;
        let (mut hers, _) = ana.listen(app.server()).await;
        for token in [json!(null), handed_out] {
            for socket in [&mut programs, &mut hers] {
                let mut frame = json!({"type": "subscribe", "ref": "s", "channel": channel});
                if !token.is_null() {
                    frame["token"] = token.clone();
                }
                socket.send(frame).await;
                assert_eq!(socket.expect("error").await["code"], "forbidden");
            }
        }
    }
}

#[tokio::test]
async fn a_message_that_is_refused_claims_no_channel() {
    let app = App::start();
    let (first, second) = (app.token("publish"), app.token("publish"));
    let channel = format!("private:{}", unique("free"));
    let http = &app.server().http;
    let empty = http.broadcast(&first, &channel, " ").send().await;
    empty.invalid(&[("message", "required")]);
    http.broadcast(&second, &channel, "mine")
        .send()
        .await
        .ok(200);
    let late = http.broadcast(&first, &channel, "mine too").send().await;
    late.refused(403, "forbidden");
}
