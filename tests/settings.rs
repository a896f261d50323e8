//! What a server needs before others can reach it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::server;

/// What `quad serve` says before it ends; it must end.
fn refused(settings: &[(&str, &str)]) -> String {
    // A store that is not there, so that it ends in any case.
    let mut environment = vec![("REDIS_URL".to_owned(), "redis://127.0.0.1:1".to_owned())];
    environment.extend(settings.iter().map(|(k, v)| ((*k).into(), (*v).into())));
    let output = server::quad(&environment, &["serve"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{settings:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn without_limits_or_an_origin_it_serves_loopback_only() {
    const LIMITS: &str = "--allow-no-rate-limits";
    const ORIGIN: &str = "--allow-no-public-origin";
    let origin = ("QUAD_PUBLIC_ORIGIN", "https://quad.example");
    let off = ("QUAD_RATE_LIMITS", "off");
    for addr in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let at = ("QUAD_ADDR", addr);
        for (settings, named, not_named) in [
            (&[at][..], &[ORIGIN][..], &[LIMITS][..]),
            (&[at, off], &[ORIGIN, LIMITS], &[]),
            (&[at, off, origin], &[LIMITS], &[ORIGIN]),
            (
                &[at, off, ("QUAD_ALLOW_NO_PUBLIC_ORIGIN", "1")],
                &[LIMITS],
                &[ORIGIN],
            ),
            (
                &[at, off, ("QUAD_ALLOW_NO_RATE_LIMITS", "1")],
                &[ORIGIN],
                &[LIMITS],
            ),
        ] {
            let said = refused(settings);
            assert_eq!(said.lines().count(), 1, "{said}");
            assert!(said.contains(addr), "{said}");
            assert!(named.iter().all(|flag| said.contains(flag)), "{said}");
            assert!(!not_named.iter().any(|flag| said.contains(flag)), "{said}");
        }
    }
}

#[tokio::test]
async fn what_is_allowed_is_served() {
    let app = common::app::App::start();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = address.local_addr().unwrap().port();
    drop(address);
    let mut environment = app.environment().to_vec();
    for (name, value) in [
        ("QUAD_RATE_LIMITS", "off"),
        ("QUAD_ALLOW_NO_RATE_LIMITS", "1"),
        ("QUAD_ALLOW_NO_PUBLIC_ORIGIN", "1"),
    ] {
        environment.push((name.into(), value.into()));
    }
    let addr = format!("0.0.0.0:{port}");
    let mut server = server::quad(&environment, &["serve", "--addr", &addr])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let http = common::http::Http::new(format!("127.0.0.1:{port}").parse().unwrap());
    common::eventually("it serves", async || {
        let answer = http.ask("GET", "/healthz").try_send().await?;
        (answer.status == 200).then_some(())
    })
    .await;
    server.kill().unwrap();
    server.wait().unwrap();
}
