//! Rates are limited by whoever asks, and nobody pays for somebody else.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::time::Instant;

use common::{
    PATIENCE,
    app::App,
    http::{Answer, Asking},
};
use futures_util::future::join_all;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Asks, some at a time, until one is told to slow down; `None` if nobody is.
async fn until_slowed(most: usize, ask: impl Fn(usize) -> Asking) -> Option<Answer> {
    const AT_ONCE: usize = 50;
    for round in 0..most.div_ceil(AT_ONCE) {
        let asked = (0..AT_ONCE).map(|i| ask(round * AT_ONCE + i).send());
        let mut answers = join_all(asked).await.into_iter();
        if let Some(slowed) = answers.find(|answer| answer.status == 429) {
            return Some(slowed);
        }
    }
    None
}

#[track_caller]
fn says_when_to_come_back(slowed: &Answer) {
    slowed.refused(429, "too_many_requests");
    let seconds: u64 = slowed.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn one_person_may_not_like_without_end_and_others_still_may() {
    let app = App::start();
    let (ana, bob, eve) = (
        app.sign_up("ana").await,
        app.sign_up("bob").await,
        app.sign_up("eve").await,
    );
    let post = ana.publish("hello").await;
    let path = format!("/api/v1/posts/{post}/like");
    let slowed = until_slowed(100_000, |_| bob.ask("PUT", &path)).await;
    says_when_to_come_back(&slowed.expect("nobody minds"));
    assert_eq!(eve.like(&post).await, json!({"liked": true, "likes": 2}));
    bob.publish("one limit is not another").await;
    bob.inbox().await;
}

#[tokio::test]
async fn one_person_may_not_post_without_end_and_others_still_may() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let post = json!({"text": "hello"});
    let slowed = until_slowed(1_000, |_| ana.ask("POST", "/api/v1/posts").json(&post)).await;
    says_when_to_come_back(&slowed.expect("nobody minds"));
    bob.like(&bob.publish("mine").await).await;
}

/// A thousand messages a second are forgiven, so the server is asked as fast as it can be: all at
/// once on one connection, for something that costs it little. However slow a machine is, nobody
/// gets more than they may.
#[tokio::test]
async fn one_program_may_not_publish_without_end_and_others_still_may() {
    const ASKED: usize = 10_000;
    let app = App::start();
    let (loud, quiet) = (app.token("publish"), app.token("publish"));
    let ana = app.sign_up("ana").await;
    let request = format!(
        "POST /broadcast/news HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {loud}\r\n\
         Content-Type: application/json\r\nContent-Length: 14\r\n\r\n{{\"message\":\"\"}}",
        app.server().address()
    );
    let tcp = TcpStream::connect(app.server().address()).await.unwrap();
    let (mut answers, mut requests) = tcp.into_split();
    let begin = Instant::now();
    let asking = tokio::spawn(async move {
        for request in vec![request.repeat(100); ASKED / 100] {
            requests.write_all(request.as_bytes()).await.unwrap();
        }
        requests
    });
    let mut came = Vec::new();
    let count = |came: &[u8], what: &str| {
        came.windows(what.len())
            .filter(|w| *w == what.as_bytes())
            .count()
    };
    while count(&came, "HTTP/1.1 ") < ASKED {
        let reading = timeout(PATIENCE, answers.read_buf(&mut came)).await;
        assert!(reading.expect("answers come").unwrap() > 0, "it hangs up");
    }
    let seconds = begin.elapsed().as_secs() as usize + 1;
    asking.await.unwrap();
    let taken = count(&came, "HTTP/1.1 422 ");
    let slowed = count(&came, "HTTP/1.1 429 ");
    assert_eq!(taken + slowed, ASKED);
    assert!(taken <= 2_000 + 1_000 * seconds, "{taken} in {seconds} s");
    assert_eq!(count(&came, "\"code\":\"too_many_requests\""), slowed);
    assert_eq!(count(&came, "\r\nretry-after: 1\r\n"), slowed);
    let ask = app.server().http.broadcast(&quiet, "news", "hello");
    ask.send().await.ok(200);
    ana.publish("people are no programs").await;
}

#[tokio::test]
async fn guessing_at_one_password_is_slowed_down_and_others_still_log_in() {
    let app = App::start();
    let (ana, bob) = (app.sign_up("ana").await, app.sign_up("bob").await);
    let wrong = json!({"handle": ana.handle, "password": "not the password"});
    let guesses = (0..40).map(|_| {
        let ask = app.server().http.ask("POST", "/api/v1/sessions");
        ask.json(&wrong).send()
    });
    let answers = join_all(guesses).await;
    let (slowed, others): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 429);
    assert!(!slowed.is_empty(), "40 guesses at once and nobody minds");
    slowed
        .iter()
        .for_each(|answer| says_when_to_come_back(answer));
    for answer in others {
        answer.refused(401, "wrong_credentials");
    }
    bob.log_in(app.server()).await;
    ana.publish("a session is none the worse").await;
}

/// A sign-up that is refused for what it says, unless the address has signed up too often.
fn sign_up_from(app: &App, forwarded_for: &str) -> Asking {
    let ask = app.server().http.ask("POST", "/api/v1/accounts");
    ask.header("x-forwarded-for", forwarded_for)
        .json(&json!({"handle": "-", "password": "-"}))
}

#[tokio::test]
async fn a_trusted_proxy_says_who_asks_and_clients_cannot() {
    let app = App::builder()
        .set("QUAD_TRUSTED_PROXIES", "127.0.0.0/8,10.0.0.0/8")
        .start(1);
    let address = |i: usize| format!("198.51.{}.{}", i / 250, i % 250);
    let everybody = until_slowed(1_000, |i| sign_up_from(&app, &address(i))).await;
    assert!(everybody.is_none(), "each address is somebody else");
    // What a client itself put before its address, or a second proxy behind it, changes nothing.
    let one = |i: usize| format!("{}, 203.0.113.7, 10.1.2.3", address(i));
    let slowed = until_slowed(1_000, |i| sign_up_from(&app, &one(i))).await;
    says_when_to_come_back(&slowed.expect("nobody minds"));
    sign_up_from(&app, "203.0.113.8")
        .send()
        .await
        .invalid(&[("handle", "too_short"), ("password", "too_short")]);
}

#[tokio::test]
async fn without_a_trusted_proxy_nobody_says_who_asks() {
    for proxies in ["", "10.0.0.0/8"] {
        let app = App::builder().set("QUAD_TRUSTED_PROXIES", proxies).start(1);
        let forged = |i: usize| format!("198.51.{}.{}", i / 250, i % 250);
        let slowed = until_slowed(1_000, |i| sign_up_from(&app, &forged(i))).await;
        says_when_to_come_back(&slowed.expect("nobody minds"));
    }
}
