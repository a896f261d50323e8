//! Whether it lives, whether it can serve, and how it does.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::app::App;

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
    let metrics = app.server().http.get("/metrics").await;
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
