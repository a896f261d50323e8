//! What one measurement found: a line of JSON, and a cell of the table.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde::Serialize;

use crate::options::Scenario;
use crate::peers::Peer;

/// One measurement of one peer in one round.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// What was measured.
    pub scenario: Scenario,
    /// On whom.
    pub peer: Peer,
    /// Likes a second, subscribers, requests in flight or sockets, as the scenario has it.
    pub size: u64,
    /// The round, from 1.
    pub round: u32,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// What was found.
    #[serde(flatten)]
    pub figures: Figures,
}

/// What was found. Times of CPU are per like or per delivery.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Figures {
    /// Traffic was sent.
    Traffic(Traffic),
    /// Sockets did nothing.
    Memory {
        /// Resident memory that the server gained, by socket.
        bytes_per_socket: f64,
        /// Resident memory before the first socket.
        bytes_before: u64,
    },
}

/// Costs and times of traffic.
#[derive(Debug, Clone, Serialize)]
pub struct Traffic {
    /// Microseconds of CPU of the server.
    pub cpu_us: f64,
    /// Of its Redis.
    pub redis_cpu_us: f64,
    /// Of the load generator.
    pub client_cpu_us: f64,
    /// Milliseconds from the time due to the arrival.
    pub p50_ms: f64,
    /// The same.
    pub p99_ms: f64,
    /// The same.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
    /// Arrivals a second.
    pub per_second: f64,
    /// Operations sent.
    pub sent: u64,
    /// Operations not answered with 2xx.
    pub refused: u64,
    /// Events that should have arrived and did not.
    pub lost: u64,
    /// The share of the machine's CPU that went to anybody else meanwhile.
    pub others: f64,
}

impl Record {
    /// A record of now.
    pub fn new(scenario: Scenario, peer: Peer, size: u64, round: u32, figures: Figures) -> Self {
        let at = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| time.as_millis() as u64);
        Self {
            scenario,
            peer,
            size,
            round,
            at,
            figures,
        }
    }

    /// Appends it to a file of JSON lines.
    pub fn append_to(&self, path: &Path) -> Result<()> {
        let mut line = serde_json::to_string(self)?;
        line.push('\n');
        let append = || {
            OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)?
                .write_all(line.as_bytes())
        };
        append().with_context(|| path.display().to_string())
    }

    /// The figures, if traffic was sent.
    pub fn traffic(&self) -> Option<&Traffic> {
        match &self.figures {
            Figures::Traffic(traffic) => Some(traffic),
            Figures::Memory { .. } => None,
        }
    }
}
