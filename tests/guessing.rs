//! Guessing at passwords is slowed down, and nobody is locked out by it who was there before.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    app::App,
    http::{Answer, Asking},
    people::PASSWORD,
    server::Server,
    unique,
};
use futures_util::future::join_all;
use serde_json::json;

/// Servers behind a proxy on this machine, which says who asks.
fn behind_a_proxy(servers: usize) -> App {
    App::builder()
        .set("QUAD_TRUSTED_PROXIES", "127.0.0.0/8")
        .start(servers)
}

fn log_in(server: &Server, from: &str, handle: &str, password: &str) -> Asking {
    let ask = server.http.ask("POST", "/api/v1/sessions");
    ask.header("x-forwarded-for", from)
        .json(&json!({"handle": handle, "password": password}))
}

async fn sign_up(server: &Server, from: &str) -> String {
    let handle = unique("ana");
    let ask = server.http.ask("POST", "/api/v1/accounts");
    ask.header("x-forwarded-for", from)
        .json(&json!({"handle": handle, "password": PASSWORD}))
        .send()
        .await
        .ok(201);
    handle
}

/// Asks all of it, few at a time: the hashing of passwords has a queue of its own. Answers how many
/// passwords were compared, of which none was right, and how many were refused unseen.
async fn guess(asked: impl IntoIterator<Item = Asking>) -> (usize, usize) {
    let mut asked = asked.into_iter().peekable();
    let (mut wrong, mut slowed) = (0, 0);
    while asked.peek().is_some() {
        let some = asked.by_ref().take(20).map(Asking::send);
        for answer in join_all(some).await {
            if answer.status == 429 {
                says_when_to_come_back(&answer);
                slowed += 1;
            } else {
                answer.refused(401, "wrong_credentials");
                wrong += 1;
            }
        }
    }
    (wrong, slowed)
}

#[track_caller]
fn says_when_to_come_back(slowed: &Answer) {
    slowed.refused(429, "too_many_requests");
    let seconds: u64 = slowed.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn strangers_who_guess_do_not_lock_the_owner_out() {
    let mut app = behind_a_proxy(2);
    let home = "198.51.100.7";
    let ana = sign_up(app.server(), home).await;
    let strangers = |i: usize| format!("203.0.113.{}", 1 + i % 250);
    let server = app.server();
    let at_ana = (0..200).map(|i| log_in(server, &strangers(i), &ana, "not the password"));
    let (_, slowed) = guess(at_ana).await;
    assert!(slowed > 0, "200 guesses at one handle and nobody minds");

    // Where she was before, she is let in: here, at the other server, and after a restart.
    for server in &app.servers {
        log_in(server, home, &ana, PASSWORD).send().await.ok(201);
    }
    app.servers.truncate(1);
    let restarted = Server::start(app.environment());
    app.servers.push(restarted);
    log_in(&app.servers[1], home, &ana, PASSWORD)
        .send()
        .await
        .ok(201);
    // There, too, one may be wrong a few times only.
    let at_home = (0..60).map(|_| log_in(app.server(), home, &ana, "not the password"));
    let (wrong, slowed) = guess(at_home).await;
    assert!(
        wrong < 30 && slowed > 0,
        "{wrong} wrong, {slowed} slowed down"
    );
}

#[tokio::test]
async fn what_is_remembered_of_networks_is_little_and_names_none() {
    let app = behind_a_proxy(1);
    let ana = sign_up(app.server(), "198.51.100.200").await;
    for i in 0..20 {
        let from = format!("198.51.100.{i}");
        log_in(app.server(), &from, &ana, PASSWORD)
            .send()
            .await
            .ok(201);
    }
    let id = app.redis.ask(&["GET", &format!("handle:{ana}")]);
    let key = format!("{{{id}}}:networks");
    let networks = app.redis.ask(&["ZRANGE", &key, "0", "-1"]);
    assert_eq!(networks.lines().count(), 8, "{networks}");
    assert!(!networks.contains("198.51"), "{networks}");
    assert!(app.redis.ask(&["TTL", &key]).parse::<i64>().unwrap() > 0);
}

#[tokio::test]
async fn one_address_that_guesses_at_many_people_is_slowed_down_early() {
    let app = behind_a_proxy(1);
    let server = app.server();
    let many = (0..150).map(|i| log_in(server, "203.0.113.5", &format!("person_{i}"), "no-pass-1"));
    let (wrong, slowed) = guess(many).await;
    assert!(
        wrong < 100 && slowed > 50,
        "{wrong} wrong, {slowed} slowed down"
    );
    // Whoever lives behind the same address and logged in there before still can.
    let ana = sign_up(server, "203.0.113.5").await;
    log_in(server, "203.0.113.5", &ana, PASSWORD)
        .send()
        .await
        .ok(201);
}

#[tokio::test]
async fn an_ipv6_network_is_one_address() {
    let app = behind_a_proxy(1);
    let server = app.server();
    let hosts = (0..60).map(|i| {
        let from = format!("2001:db8:0:1::{i:x}");
        log_in(server, &from, "somebody", "not the password")
    });
    let (wrong, slowed) = guess(hosts).await;
    assert!(
        wrong < 30 && slowed > 0,
        "{wrong} wrong, {slowed} slowed down"
    );
    let other = log_in(server, "2001:db8:0:2::1", "somebody", "not the password");
    other.send().await.refused(401, "wrong_credentials");
}

#[tokio::test]
async fn a_campus_behind_one_address_can_log_in() {
    let app = behind_a_proxy(1);
    let server = app.server();
    let mut campus = Vec::new();
    for _ in 0..20 {
        campus.push(sign_up(server, "198.51.100.1").await);
    }
    for _ in 0..8 {
        let all = campus
            .iter()
            .map(|person| log_in(server, "203.0.113.9", person, PASSWORD).send());
        for answer in join_all(all).await {
            answer.ok(201);
        }
    }
}

#[tokio::test]
async fn changing_the_password_and_logging_in_do_not_block_each_other() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let server = app.server();
    let at_ana = (0..40).map(|_| log_in(server, "", &ana.handle, "not the password"));
    let (_, slowed) = guess(at_ana).await;
    assert!(slowed > 0);
    let change = |current: &str| {
        let change = json!({"password": "a whole new password", "current_password": current});
        ana.ask("PATCH", "/api/v1/me").json(&change)
    };
    change(PASSWORD).send().await.ok(200);

    let change = |current: &str| {
        let change = json!({"password": "a whole new password", "current_password": current});
        bob.ask("PATCH", "/api/v1/me").json(&change)
    };
    let (wrong, slowed) = guess((0..40).map(|_| change("not the password"))).await;
    assert!(
        wrong < 30 && slowed > 0,
        "{wrong} wrong, {slowed} slowed down"
    );
    bob.log_in(server).await;
}

#[tokio::test]
async fn the_log_says_who_logged_in_and_who_was_refused_and_no_password() {
    let app = behind_a_proxy(1);
    let server = app.server();
    let home = "198.51.100.7";
    let ana = sign_up(server, home).await;
    let secret = "the-secret-of-the-heron";
    log_in(server, home, &ana, PASSWORD).send().await.ok(201);
    guess((0..30).map(|_| log_in(server, "203.0.113.5", &ana, secret))).await;
    log_in(server, "203.0.113.5", secret, "x")
        .send()
        .await
        .refused(401, "wrong_credentials");
    for (event, address, more) in [
        ("sign_up", home, ""),
        ("log_in", home, ""),
        ("log_in_refused", "203.0.113.5", "wrong_credentials"),
        ("log_in_refused", "203.0.113.5", "rate_limited"),
    ] {
        let log = common::eventually("the line", async || {
            let log = server.log();
            let line = log.lines().find(|line| {
                let event = format!("event=\"{event}\"");
                line.contains(&event) && line.contains(more)
            });
            line.map(str::to_owned)
        })
        .await;
        assert!(log.contains(&format!("handle={ana}")), "{log}");
        assert!(log.contains(&format!("address={address}")), "{log}");
    }
    let log = server.log();
    assert!(!log.contains(secret) && !log.contains(PASSWORD), "{log}");
}
