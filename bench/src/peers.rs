//! What is measured: Quad and those it is measured against. Each starts its server and lends it a dialect.

mod floor;
mod nchan;
mod quad;
mod socketio;

use std::net::SocketAddrV4;
use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;
use tempfile::TempDir;

use crate::dialect::Dialect;
use crate::pairing::Pairing;
use crate::process::Process;
use crate::usage::Usage;

pub use floor::serve as serve_floor;
pub use quad::quad as quad_command;

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
#[value(rename_all = "lower")]
pub enum Peer {
    /// This project.
    Quad,
    /// Express, Socket.IO and node-redis: what people usually start from.
    SocketIo,
    /// nginx with the nchan module.
    Nchan,
    /// One thread that writes a ready frame to one socket after another.
    Floor,
}

/// What a server is started for.
#[derive(Debug, Clone, Copy)]
pub enum Job {
    /// Likes: socket `n` is owner `n`, and requests are likes by `Pairing`.
    Likes(Pairing),
    /// Broadcasts: all sockets subscribe to one channel, and requests publish to it.
    Broadcast {
        /// How many sockets there will be.
        sockets: u64,
    },
    /// Nothing but registered sockets.
    Idle {
        /// How many sockets there will be.
        sockets: u64,
    },
}

/// Where the peers' programs are.
#[derive(Debug)]
pub struct Places {
    /// The `quad` program.
    pub quad: PathBuf,
    /// The folder with the peers' sources.
    pub peers: PathBuf,
}

/// A server that is up. All of it ends with this value.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddrV4,
    main: Process,
    redis: Option<Process>,
    /// Last, so that it outlives those who write in it.
    _folder: TempDir,
}

impl Server {
    /// What the server has used, without Redis.
    pub fn usage(&self) -> Result<Usage> {
        Usage::of_tree(self.main.id())
    }

    /// What its Redis has used; nothing if it has none.
    pub fn redis_usage(&self) -> Result<Usage> {
        self.redis
            .as_ref()
            .map_or(Ok(Usage::default()), |redis| Usage::of(redis.id()))
    }

    /// The last lines that the server printed.
    pub fn log_end(&self) -> String {
        self.main.log_end()
    }
}

impl Peer {
    /// What it is called in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quad => "quad",
            Self::SocketIo => "socket.io",
            Self::Nchan => "nchan",
            Self::Floor => "floor",
        }
    }

    /// What is missing to run it here, in one line.
    pub fn missing(self, places: &Places) -> Option<String> {
        match self {
            Self::Quad => quad::missing(places),
            Self::SocketIo => socketio::missing(places),
            Self::Nchan => nchan::missing(),
            Self::Floor => None,
        }
    }

    /// Whether it can do this job at all.
    pub fn can(self, job: &Job) -> bool {
        self != Self::Floor || matches!(job, Job::Broadcast { .. })
    }

    /// Starts its server for a job and waits until it serves.
    pub fn start(self, job: &Job, places: &Places) -> Result<(Server, Box<dyn Dialect>)> {
        match self {
            Self::Quad => quad::start(job, places),
            Self::SocketIo => socketio::start(job, places),
            Self::Nchan => nchan::start(job, places),
            Self::Floor => floor::start(),
        }
    }
}
