//! Whether a store may have lost something since it was last looked at.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    eventually,
    people::Person,
    redis::{Kind, Redis},
    server::Server,
};

const NOTICE: &str = include_str!("../src/store/notice_history.lua");
/// No id.
const NONE: &str = "0000000000000000000000000000000000000000";

/// What a look at a store finds: its id, the one before, whether it syncs every write, its run, and
/// whether it has replicas.
type Look = (&'static str, &'static str, bool, &'static str, bool);

#[test]
fn a_generation_ends_where_something_may_have_been_lost() {
    let (synced, lax, alone, copied) = (true, false, false, true);
    let cases: &[(&str, &[Look], bool)] = &[
        (
            "nothing happened",
            &[("a", NONE, lax, "r", copied); 2],
            false,
        ),
        (
            "a store that syncs started anew",
            &[
                ("a", NONE, synced, "r", alone),
                ("b", NONE, synced, "s", alone),
            ],
            false,
        ),
        (
            "so did it twice",
            &[
                ("a", NONE, synced, "r", alone),
                ("b", NONE, synced, "s", alone),
                ("c", NONE, synced, "t", alone),
            ],
            false,
        ),
        (
            "one that does not sync started anew",
            &[("a", NONE, lax, "r", alone), ("b", NONE, lax, "s", alone)],
            true,
        ),
        (
            "a replica took over",
            &[
                ("a", NONE, synced, "r", copied),
                ("b", "a", synced, "s", copied),
            ],
            true,
        ),
        (
            "a replica of which nobody knew took over",
            &[
                ("a", NONE, synced, "r", alone),
                ("b", "a", synced, "s", alone),
            ],
            true,
        ),
        (
            "two took over, one after the other",
            &[
                ("a", NONE, synced, "r", alone),
                ("c", "b", synced, "t", alone),
            ],
            true,
        ),
        (
            "and the second is the one that was there first",
            &[
                ("a", NONE, synced, "r", copied),
                ("c", "b", synced, "r", copied),
            ],
            true,
        ),
        (
            "a replica took over and started anew",
            &[
                ("a", NONE, synced, "r", copied),
                ("c", NONE, synced, "t", alone),
            ],
            true,
        ),
        (
            "the same, and the former primary is its replica",
            &[
                ("a", NONE, synced, "r", alone),
                ("c", NONE, synced, "t", copied),
            ],
            true,
        ),
        (
            "the same, and its replica was seen in between only",
            &[
                ("a", NONE, synced, "r", alone),
                ("a", NONE, synced, "r", copied),
                ("a", NONE, synced, "r", alone),
                ("c", NONE, synced, "t", alone),
            ],
            true,
        ),
        (
            "a run without replicas took another id",
            &[("a", NONE, lax, "r", alone), ("b", NONE, lax, "r", alone)],
            false,
        ),
        (
            "after a replica had taken over, the store started anew by itself",
            &[
                ("b", "a", synced, "s", alone),
                ("c", NONE, synced, "t", alone),
            ],
            false,
        ),
    ];
    let redis = Redis::start(Kind::Plain);
    for (what, looks, ends) in cases {
        redis.ask(&["FLUSHALL"]);
        let mut generation = String::new();
        for (id, before, syncs, run, replicas) in *looks {
            let flag = |is: &bool| if *is { "1" } else { "0" };
            let ask = ["EVAL", NOTICE, "1", "generation"];
            let arguments = [id, before, flag(syncs), run, flag(replicas)];
            generation = redis.ask(&[&ask[..], &arguments].concat());
        }
        assert_eq!(generation == "2", *ends, "{what}");
    }
    // What an earlier version noted is the id alone.
    for (before, ends) in [("a", "2"), ("b", "2"), (NONE, "1")] {
        redis.ask(&["FLUSHALL"]);
        redis.ask(&["SET", "generation:history", "a"]);
        let ask = [
            "EVAL",
            NOTICE,
            "1",
            "generation",
            "c",
            before,
            "1",
            "t",
            "0",
        ];
        assert_eq!(redis.ask(&ask), ends, "{before}");
    }
}

/// Makes a store a replica of another, waits until it has everything, and lets it take over.
async fn take_over(replica: &Redis, primary: &Redis) {
    let port = primary.url();
    let port = port.rsplit(':').next().unwrap();
    replica.ask(&["REPLICAOF", "127.0.0.1", port]);
    eventually("the replica has everything", async || {
        let info = replica.ask(&["INFO", "replication"]);
        info.contains("master_link_status:up").then_some(())
    })
    .await;
    replica.ask(&["REPLICAOF", "NO", "ONE"]);
}

#[tokio::test]
async fn two_failovers_that_nobody_looked_at_end_a_generation() {
    let [first, second, third] = [(); 3].map(|()| Redis::start(Kind::Plain));
    let data = tempfile::tempdir().unwrap();
    let environment = |redis: &Redis| {
        let mut environment = redis.environment();
        environment.push(("QUAD_DATA_DIR".into(), data.path().display().to_string()));
        environment
    };
    let server = Server::start(&environment(&first));
    let ana = Person::sign_up(&server, "ana").await;
    let epoch = ana.inbox().await["epoch"].clone();
    assert!(epoch.as_str().unwrap().starts_with("1."), "{epoch}");
    drop(server);
    take_over(&second, &first).await;
    take_over(&third, &second).await;
    let server = Server::start(&environment(&third));
    eventually("it is another generation", async || {
        let epoch = ana.at(&server).inbox().await["epoch"].clone();
        epoch.as_str().unwrap().starts_with("2.").then_some(())
    })
    .await;
}
