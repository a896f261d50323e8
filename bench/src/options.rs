//! The command line.

use std::net::SocketAddrV4;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Serialize;

use crate::pairing::Pairing;
use crate::peers::{Peer, Places};

/// Measures Quad beside other designs: one client, the same cores, the same run.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Commands>,
    #[command(flatten)]
    pub options: Options,
}

/// What else this program can be.
#[derive(Debug, Subcommand)]
pub enum Commands {
    /// Weigh frames: JSON, MessagePack, deflated. Needs no server
    Encodings,
    /// Serve as the floor: one write per subscriber and nothing else
    Floor {
        /// Where to listen
        #[arg(long)]
        address: SocketAddrV4,
    },
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scenario {
    /// Likes at fixed rates, from the request to the toast at the owner
    Like,
    /// One broadcast to many subscribers
    Fanout,
    /// The most likes a second
    Saturation,
    /// Memory of registered sockets that do nothing
    Idle,
    /// How long one command or script holds Redis at the sizes that are supported. Quad alone
    Sizes,
}

/// How likes are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Arrivals {
    /// As independent people make them
    Poisson,
    /// Evenly
    Even,
}

/// What to measure, on whom, how long and where.
#[derive(Debug, Args)]
pub struct Options {
    /// What to measure
    #[arg(
        long = "scenario",
        value_enum,
        value_delimiter = ',',
        default_value = "like,fanout,saturation,idle"
    )]
    pub scenarios: Vec<Scenario>,
    /// Who is measured, in this order
    #[arg(
        long = "peer",
        value_enum,
        value_delimiter = ',',
        default_value = "quad,socketio,nchan,floor"
    )]
    pub peers: Vec<Peer>,
    /// Likes a second
    #[arg(long = "rate", value_delimiter = ',', default_value = "1000,2000,4000")]
    pub rates: Vec<u64>,
    /// Subscribers of a broadcast
    #[arg(long, value_delimiter = ',', default_value = "1000,9000")]
    pub subscribers: Vec<u64>,
    /// Deliveries a second that broadcasts are spaced for
    #[arg(long, default_value_t = 30_000)]
    pub deliveries: u64,
    /// Sockets that idle
    #[arg(long, default_value_t = 10_000)]
    pub sockets: u64,
    /// Owners that likes go to, each with a socket
    #[arg(long, default_value_t = 1_000)]
    pub owners: u64,
    /// People who like
    #[arg(long, default_value_t = 1_000)]
    pub likers: u64,
    /// Kept connections that likes are sent on
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    /// Spacing of likes
    #[arg(long, value_enum, default_value = "poisson")]
    pub arrivals: Arrivals,
    /// Length of each measurement
    #[arg(long, default_value_t = 3.0)]
    pub seconds: f64,
    /// Rounds; the table shows medians
    #[arg(long, default_value_t = 3)]
    pub rounds: u32,
    /// `sizes` only: every size is divided by this
    #[arg(long, default_value_t = 1)]
    pub shrink: u64,
    /// The server to measure [default: beside this program]
    #[arg(long)]
    pub quad: Option<PathBuf>,
    /// The folder of the peers' sources [default: bench/peers]
    #[arg(long)]
    pub peers_folder: Option<PathBuf>,
    /// Where JSON lines are appended [default: target/bench.jsonl]
    #[arg(long)]
    pub json: Option<PathBuf>,
}

impl Options {
    /// Who likes whom.
    pub fn pairing(&self) -> Pairing {
        Pairing {
            owners: self.owners,
            likers: self.likers,
        }
    }

    /// The length of each measurement.
    pub fn span(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// Where the peers' programs are. Cargo builds `quad` into the folder that this program is in.
    pub fn places(&self) -> Result<Places> {
        let beside = own_folder()?.join("quad");
        let sources = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from("bench"), PathBuf::from);
        let peers = self
            .peers_folder
            .clone()
            .unwrap_or_else(|| sources.join("peers"));
        Ok(Places {
            quad: self.quad.clone().unwrap_or(beside),
            peers: std::path::absolute(peers)?,
        })
    }

    /// Where JSON lines go.
    pub fn json_path(&self) -> Result<PathBuf> {
        match &self.json {
            Some(path) => Ok(path.clone()),
            None => Ok(own_folder()?
                .parent()
                .context("the target folder")?
                .join("bench.jsonl")),
        }
    }
}

fn own_folder() -> Result<PathBuf> {
    let program = std::env::current_exe().context("this program's own path")?;
    Ok(program.parent().unwrap_or(Path::new(".")).to_owned())
}
