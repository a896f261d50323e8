//! Whether it lives, whether it can serve, and how it does.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{app::App, server::Server};

#[tokio::test]
async fn a_server_that_can_serve_is_alive_and_ready() {
    let app = App::start();
    let http = &app.server().http;
    assert_eq!(http.get("/healthz").await.status, 200);
    common::eventually("it is ready", async || {
        (http.get("/readyz").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn without_its_store_a_server_lives_but_is_not_ready() {
    let mut app = App::start();
    common::eventually("it is ready", async || {
        (app.server().http.get("/readyz").await.status == 200).then_some(())
    })
    .await;
    app.redis.stop();
    assert_eq!(app.server().http.get("/healthz").await.status, 200);
    let answer = app.server().http.get("/readyz").await;
    answer.refused(503, "unavailable");
    assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    app.redis.run();
    common::eventually("it is ready again", async || {
        (app.server().http.get("/readyz").await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn metrics_are_in_prometheus_text_and_count_sockets() {
    let app = App::start();
    let ana = app.sign_up("ana").await;
    let (_socket, _) = ana.listen(app.server()).await;
    let metrics = app.server().metrics().get("/metrics").await;
    assert_eq!(metrics.status, 200);
    assert!(
        metrics
            .header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );
    assert!(
        metrics.text().lines().any(|line| line == "quad_sockets 1"),
        "{}",
        metrics.text()
    );
    for line in metrics
        .text()
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (_, value) = line.rsplit_once(' ').expect("a name and a value");
        value.parse::<f64>().unwrap_or_else(|_| panic!("{line}"));
    }
}

#[tokio::test]
async fn metrics_are_not_at_the_public_address() {
    let app = App::start();
    let http = &app.server().http;
    for ask in [http.ask("GET", "/metrics"), http.ask("POST", "/metrics")] {
        ask.send().await.refused(404, "not_found");
    }
    let token = app.token("publish,stats,observe");
    let ask = http.ask("GET", "/metrics").bearer(&token);
    ask.send().await.refused(404, "not_found");
    let metrics = app.server().metrics();
    assert_eq!(metrics.get("/metrics").await.status, 200);
    metrics.get("/").await.refused(404, "not_found");
    metrics.get("/healthz").await.refused(404, "not_found");
    let post = metrics.ask("POST", "/metrics").send().await;
    post.refused(405, "method_not_allowed");
}

#[tokio::test]
async fn metrics_can_be_off() {
    let app = App::builder().set("QUAD_METRICS_ADDR", "off").start(1);
    assert!(!app.server().has_metrics(), "{}", app.server().log());
    assert_eq!(app.server().http.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn an_address_that_was_named_for_metrics_must_be_free() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let app = App::start();
    let mut environment = app.environment().to_vec();
    environment.push(("QUAD_METRICS_ADDR".into(), address.clone()));
    let log = Server::try_start(&environment)
        .err()
        .expect("it must not start");
    let [line] = log.as_slice() else {
        panic!("one line: {log:?}");
    };
    assert!(
        line.contains(&address) && line.contains("QUAD_METRICS_ADDR"),
        "{line}"
    );
}

/// Whoever has the usual address, this test or another server of this machine.
#[tokio::test]
async fn a_second_server_on_one_machine_goes_on_without_metrics() {
    let _taken = std::net::TcpListener::bind("127.0.0.1:9464");
    let app = App::builder().set("QUAD_METRICS_ADDR", "").start(1);
    assert!(!app.server().has_metrics());
    let log = app.server().log();
    let says = |line: &&str| line.contains("127.0.0.1:9464") && line.contains("QUAD_METRICS_ADDR");
    assert_eq!(log.lines().filter(says).count(), 1, "{log}");
    assert_eq!(app.server().http.get("/healthz").await.status, 200);
}
