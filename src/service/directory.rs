//! The servers that are alive: each says so every few seconds. The clock of the
//! store decides.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Service;
use crate::store::StoreError;

/// How often a server says that it lives.
const EVERY: Duration = Duration::from_secs(5);
/// This server among the others.
pub struct Directory {
    /// Names this server for as long as it runs.
    pub own: String,
}

impl Service {
    /// The names of the other servers that are alive.
    pub async fn other_servers(&self) -> Result<Vec<String>, StoreError> {
        let mut servers = self.store.living_servers().await?;
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
            if let Err(error) = self.store.say_alive(own).await {
                tracing::debug!(%error, "cannot say that this server lives");
            }
        }
        if let Err(error) = self.store.say_goodbye(own).await {
            tracing::debug!(%error, "cannot say goodbye");
        }
    }
}
