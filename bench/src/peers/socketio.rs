//! The design that people usually start from: Express, Socket.IO and node-redis. This side speaks Engine.IO 4 over
//! WebSocket itself.

use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::{Job, Places, Server};
use crate::dialect::{Dialect, Heard, announcement, mark, marked};
use crate::pairing::Pairing;
use crate::process::{Process, free_address, on_path, start_redis, status};
use crate::{http, ws};

/// What is missing here.
pub fn missing(places: &Places) -> Option<String> {
    let folder = places.peers.join("socketio");
    if on_path("node").is_none() {
        return Some("node is not on the PATH".into());
    }
    if on_path("redis-server").is_none() {
        return Some("redis-server is not on the PATH".into());
    }
    (!folder.join("node_modules").is_dir())
        .then(|| "its packages are missing: npm ci --prefix bench/peers/socketio".into())
}

/// Starts it with a Redis of its own.
pub fn start(job: &Job, places: &Places) -> Result<(Server, Box<dyn Dialect>)> {
    let folder = TempDir::new()?;
    let address = free_address()?;
    let (redis, redis_address) = start_redis(folder.path())?;
    let mut command = Command::new(on_path("node").context("node is not on the PATH")?);
    command.arg(places.peers.join("socketio/server.js"));
    command
        .env("PORT", address.port().to_string())
        .env("REDIS_URL", format!("redis://{redis_address}"));
    command.env("NODE_ENV", "production");
    let mut main = Process::start("socketio", &mut command, folder.path())?;
    main.wait_until(|| status(address, "/healthz") == Some(200))?;
    let server = Server {
        address,
        main,
        redis: Some(redis),
        _folder: folder,
    };
    Ok((
        server,
        Box::new(SocketIoDialect {
            host: address.to_string(),
            job: *job,
        }),
    ))
}

struct SocketIoDialect {
    host: String,
    job: Job,
}

impl Dialect for SocketIoDialect {
    fn upgrade(&self, _: usize) -> String {
        ws::upgrade("/socket.io/?EIO=4&transport=websocket", &self.host, "")
    }

    fn hello(&self, _: usize) -> Option<String> {
        // The server speaks first. An empty text would be no Engine.IO packet, so the connect packet goes out at once,
        // as Socket.IO's own client does when it skips polling.
        Some("40".into())
    }

    fn hear(&self, socket: usize, text: &[u8]) -> Heard {
        match text {
            [b'2', ..] => Heard::Send("3".into()),
            [b'4', b'2', ..] => marked(text).map_or(Heard::Nothing, Heard::Event),
            [b'4', b'0', ..] => Heard::Send(format!(r#"420["register","u{socket}"]"#)),
            [b'4', b'3', b'0', ..] => Heard::Ready,
            [b'4', b'4', ..] | [b'1', ..] => Heard::Refused,
            _ => Heard::Nothing,
        }
    }

    fn request(&self, operation: u64) -> Vec<u8> {
        let json = "Content-Type: application/json\r\n";
        match self.job {
            Job::Likes(pairing) => {
                http::request("POST", "/like", &self.host, json, &like(pairing, operation))
            }
            Job::Broadcast { .. } | Job::Idle { .. } => {
                let body = format!(r#"{{"message":"{}"}}"#, announcement(operation));
                http::request("POST", "/broadcast", &self.host, json, &body)
            }
        }
    }
}

fn like(pairing: Pairing, operation: u64) -> String {
    let (owner, liker) = pairing.of(operation);
    format!(
        r#"{{"postId":"{}","postOwnerId":"u{owner}","likerId":"l{liker}","likerName":"Person number {liker}"}}"#,
        mark(operation)
    )
}
