//! The embedded store: what was acknowledged survives whatever happens.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use std::{
    collections::HashSet,
    sync::atomic::{AtomicU64, Ordering},
};

use common::{
    app::Embedded,
    http::counted,
    people::Person,
    redis::signal,
    server::{self, Server},
};
use serde_json::json;

#[tokio::test]
async fn no_acknowledged_like_is_lost_when_server_and_store_are_killed_under_load() {
    let mut quad = Embedded::new();
    let file = quad.data.path().join("credentials");
    let name = file.display().to_string();
    server::run(
        quad.environment(),
        &["seed", "--users", "60", "--credentials", &name],
    );
    quad.start();
    let ana = Person::sign_up(quad.server(), "ana").await;
    let mut posts = Vec::new();
    for i in 0..30 {
        posts.push(ana.publish(&format!("{i}")).await);
    }
    let fans = Person::from_file(quad.server(), &file);
    let mut expected: HashSet<(String, String)> = HashSet::new();
    for round in 1..=3 {
        let acknowledged = AtomicU64::new(0);
        let store = server::store_of(quad.data.path());
        let server = quad.server.take().unwrap();
        let likes = fans.iter().map(async |fan| {
            let fan = fan.at(&server);
            let mut done = Vec::new();
            for post in posts.iter().skip((round - 1) * 10).take(10) {
                let like = fan.ask("PUT", &format!("/api/v1/posts/{post}/like"));
                let Some(answer) = like.try_send().await else {
                    break;
                };
                if answer.status == 200 {
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                    done.push((fan.id.clone(), post.clone()));
                }
            }
            done
        });
        let killer = async {
            while acknowledged.load(Ordering::Relaxed) < 150 {
                tokio::task::yield_now().await;
            }
            // The store first in one round, the server first in another.
            let pids = if round % 2 == 0 {
                [store, server.pid()]
            } else {
                [server.pid(), store]
            };
            pids.iter().for_each(|pid| signal(*pid, "KILL"));
        };
        let (done, ()) = tokio::join!(futures_util::future::join_all(likes), killer);
        let before = expected.len();
        expected.extend(done.into_iter().flatten());
        let new = expected.len() - before;
        assert!(
            (150..600).contains(&new),
            "killed in the middle of the load, after {new}"
        );
        drop(server);
        quad.start();
        let ana = ana.at(quad.server());
        let mut found = HashSet::new();
        for post in &posts {
            let mut page = ana
                .get(&format!("/api/v1/posts/{post}/likes?limit=100"))
                .await
                .ok(200);
            assert_eq!(page["next"].take(), json!(null));
            for person in page["people"].as_array().unwrap() {
                found.insert((person["user_id"].as_str().unwrap().to_owned(), post.clone()));
            }
            // Nothing is half-done: the count, the people and the inbox agree.
            let likes = ana.get(&format!("/api/v1/posts/{post}")).await.ok(200)["likes"].clone();
            assert_eq!(likes, page["people"].as_array().unwrap().len());
        }
        let lost: Vec<_> = expected.difference(&found).collect();
        assert!(
            lost.is_empty(),
            "{} acknowledged likes are lost: {lost:?}",
            lost.len()
        );
        let inbox = ana.get("/api/v1/notifications?limit=100").await.ok(200);
        assert_eq!(inbox["seq"], found.len(), "each like has its one entry");
        assert_eq!(counted(&inbox), found.len() as u64);
        // Not acknowledged, but stored: that is allowed.
        expected = found;
    }
}

#[tokio::test]
async fn a_store_that_was_left_over_is_adopted() {
    let mut quad = Embedded::new();
    quad.start();
    let ana = Person::sign_up(quad.server(), "ana").await;
    let post = ana.publish("hello").await;
    let store = server::store_of(quad.data.path());
    quad.server.take().unwrap().kill();
    quad.start();
    assert_eq!(
        server::store_of(quad.data.path()),
        store,
        "the same process"
    );
    assert_eq!(
        ana.at(quad.server())
            .get(&format!("/api/v1/posts/{post}"))
            .await
            .ok(200)["text"],
        "hello"
    );
    // And it is stopped by the one that adopted it.
    let mut server = quad.server.take().unwrap();
    server.terminate();
    assert_eq!(server.ended().code(), Some(0));
    assert!(!server::runs(store));
}

#[tokio::test]
async fn a_store_that_dies_alone_is_started_again() {
    let mut quad = Embedded::new();
    let ana = Person::sign_up(quad.start(), "ana").await;
    let post = ana.publish("hello").await;
    signal(server::store_of(quad.data.path()), "KILL");
    common::eventually("the store is back", async || {
        (ana.get(&format!("/api/v1/posts/{post}")).await.status == 200).then_some(())
    })
    .await;
    ana.like(&post).await;
}

#[tokio::test]
async fn a_second_server_on_one_data_folder_fails_with_one_line() {
    let mut quad = Embedded::new();
    quad.start();
    let log = Server::try_start(quad.environment())
        .err()
        .expect("it fails");
    let said: Vec<&String> = log
        .iter()
        .filter(|line| !line.contains(" WARN rates are not limited"))
        .collect();
    let [line] = said[..] else { panic!("{log:?}") };
    assert!(
        line.contains(&quad.data.path().display().to_string()),
        "{line}"
    );
    assert!(line.contains(&quad.server().pid().to_string()), "{line}");
    assert_eq!(
        quad.server().http.get("/readyz").await.status,
        200,
        "the first one goes on"
    );
}

#[tokio::test]
async fn a_second_server_on_one_address_fails_with_one_line() {
    let mut quad = Embedded::new();
    let address = quad.start().address().to_string();
    let other = tempfile::tempdir().unwrap();
    let environment = [(
        "QUAD_DATA_DIR".to_owned(),
        other.path().display().to_string(),
    )];
    let output = server::quad(&environment, &["serve", "--addr", &address])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.lines().last().unwrap().contains(&address), "{said}");
    assert!(
        !other.path().join("redis/redis.pid").exists(),
        "it stopped the store that it had started"
    );
}

#[tokio::test]
async fn asked_to_stop_it_tells_sockets_to_come_back_and_exits_with_0() {
    let mut quad = Embedded::new();
    quad.start();
    let ana = Person::sign_up(quad.server(), "ana").await;
    let (mut socket, _) = ana.listen(quad.server()).await;
    let mut silent = common::ws::Socket::bearer(quad.server(), &ana.token).await;
    let store = server::store_of(quad.data.path());
    let mut server = quad.server.take().unwrap();
    server.terminate();
    assert_eq!((socket.closed().await, silent.closed().await), (4503, 4503));
    assert_eq!(server.ended().code(), Some(0));
    assert!(!server::runs(store), "the store has stopped");
    let ana = ana.at(quad.start());
    ana.get("/api/v1/me").await.ok(200);
}

#[tokio::test]
async fn requests_that_run_when_it_is_asked_to_stop_are_finished() {
    let mut quad = Embedded::new();
    quad.start();
    let ana = Person::sign_up(quad.server(), "ana").await;
    let server = quad.server.as_ref().unwrap();
    // Hashing a password takes a moment: long enough to be asked to stop meanwhile.
    let (http, handle) = (server.http.clone(), ana.handle.clone());
    let body = json!({"handle": handle, "password": common::people::PASSWORD});
    let log_ins = (0..4).map(|_| http.ask("POST", "/api/v1/sessions").json(&body).try_send());
    let stop = async {
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
        server.terminate();
    };
    let (answers, ()) = tokio::join!(futures_util::future::join_all(log_ins), stop);
    for answer in answers.into_iter().flatten() {
        assert_eq!(answer.status, 201, "what is answered is finished");
    }
    assert_eq!(quad.server.as_mut().unwrap().ended().code(), Some(0));
}
