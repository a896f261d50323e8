//! Every frame that is none of this protocol is answered with an error, or closes its socket with a
//! code that says why; what only looks odd is taken. Nobody else notices.
//!
//! What is sent is generated from fixed seeds, as text and as bytes, so that a failure comes again.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{
    app::App,
    dice::Dice,
    malformed::{
        self,
        bytes::{malformed_bytes, odd_bytes},
        text::{malformed_text, odd_text},
    },
    people::Person,
    ws::{Event, Socket},
};
use serde_json::json;
use tokio::io::AsyncWriteExt;

/// How many of each crowd's frames are sent, and how many crowds send at once.
const FRAMES: usize = 700;
const CROWDS: u64 = 4;

/// How many sockets were closed, and how many stayed.
async fn storm(app: &App, ana: &Person, token: &str, seed: u64) -> (usize, usize) {
    let mut dice = Dice(seed);
    let mut kept: Option<(Socket, usize)> = None;
    let (mut closed, mut stayed, mut wrong) = (0, 0, Vec::new());
    for turn in 0..FRAMES {
        let case = match dice.below(10) {
            0..4 => malformed_text(&mut dice),
            4..6 => odd_text(&mut dice),
            6..9 => malformed_bytes(&mut dice),
            _ => odd_bytes(&mut dice),
        };
        let about = format!(
            "seed {seed}, turn {turn}: {}: {:?}",
            case.what,
            String::from_utf8_lossy(&case.bytes[..case.bytes.len().min(300)])
        );
        let (mut socket, used) = match kept.take() {
            Some(kept) => kept,
            None => match dice.below(3) {
                // Some have not registered; programs need not.
                0 => (Socket::bearer(app.server(), &ana.token).await, 0),
                1 => (Socket::bearer(app.server(), token).await, 0),
                _ => (ana.listen(app.server()).await.0, 0),
            },
        };
        let fence = json!({"type": "unsubscribe", "ref": "fence", "channel": "fence"});
        let mut bytes = case.bytes;
        if !case.unfinished {
            bytes.extend(malformed::text(&mut dice, &fence.to_string()));
        }
        let tcp = socket.stream.get_mut();
        // Where the server has hung up already, the next event says so.
        let _ = tcp.write_all(&bytes).await;
        if case.unfinished {
            let _ = tcp.shutdown().await;
        }
        let open = loop {
            match socket.next().await {
                Event::Frame(frame) if frame["ref"] == "fence" => break true,
                Event::Frame(frame) if frame["type"].is_string() => {}
                Event::Frame(frame) => wrong.push(format!("{about}: answered {frame}")),
                Event::Closed(code) => {
                    if !case.closes.contains(&code) {
                        wrong.push(format!("{about}: closed with {code}"));
                    }
                    break false;
                }
            }
        };
        if open {
            if !case.stays {
                wrong.push(format!("{about}: taken"));
            }
            stayed += 1;
            // Nobody may send without end.
            kept = (used < 100).then_some((socket, used + 1));
        } else {
            closed += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    (closed, stayed)
}

#[tokio::test]
async fn thousands_of_malformed_frames_close_their_own_sockets_and_no_other() {
    let app = App::builder().without_limits().start(1);
    let token = app.token("publish,stats,observe");
    let bystander = app.sign_up("bob").await;
    let (mut witness, _) = bystander.listen(app.server()).await;
    let storms = (1..=CROWDS).map(async |seed| {
        let ana = app.sign_up("ana").await;
        storm(&app, &ana, &token, seed).await
    });
    for (closed, stayed) in futures_util::future::join_all(storms).await {
        assert!(
            closed > 300 && stayed > 100,
            "{closed} closed, {stayed} stayed: too much alike"
        );
    }
    witness.until_fenced().await;
    let fan = app.sign_up("eve").await;
    fan.like(&bystander.publish("still here").await).await;
    let notified = witness.expect("notification").await;
    assert_eq!(notified["seq"], 1);
}
