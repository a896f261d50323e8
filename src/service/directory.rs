//! The servers that are alive: each says so every few seconds, in one sorted set.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Service;
use crate::store::{keys, now};

/// How often a server says that it lives.
const EVERY: Duration = Duration::from_secs(5);
/// After this long in silence a server is taken for dead, in milliseconds.
const DEAD_AFTER: u64 = 15_000;
/// After this long it is forgotten.
const FORGOTTEN_AFTER: u64 = 60_000;

/// This server among the others.
pub struct Directory {
    /// Names this server for as long as it runs.
    pub own: String,
}

impl Service {
    /// The names of the other servers that are alive.
    pub async fn other_servers(&self) -> Result<Vec<String>, crate::store::StoreError> {
        let mut command = redis::cmd("ZRANGEBYSCORE");
        command
            .arg(keys::SERVERS)
            .arg(now().saturating_sub(DEAD_AFTER))
            .arg("+inf");
        let mut servers: Vec<String> = self.store.link().query(&command).await?;
        servers.retain(|server| *server != self.directory.own);
        Ok(servers)
    }

    /// Says that this server lives, until `stop`, and then that it does not.
    pub async fn keep_alive(&self, stop: CancellationToken) {
        let own = &self.directory.own;
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = ticks.tick() => {}
            }
            let mut pipeline = redis::pipe();
            pipeline
                .zadd(keys::SERVERS, own, now())
                .ignore()
                .zrembyscore(keys::SERVERS, 0, now().saturating_sub(FORGOTTEN_AFTER))
                .ignore();
            if let Err(error) = self.store.link().pipeline::<()>(&pipeline).await {
                tracing::debug!(%error, "cannot say that this server lives");
            }
        }
        let mut goodbye = redis::cmd("ZREM");
        goodbye.arg(keys::SERVERS).arg(own);
        if let Err(error) = self.store.link().query::<u64>(&goodbye).await {
            tracing::debug!(%error, "cannot say goodbye");
        }
    }
}
