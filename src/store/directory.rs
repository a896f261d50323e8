//! The servers that are alive, in one sorted set by when the store heard of each.

use std::sync::LazyLock;

use super::{Store, StoreError, clock::Asked, keys, script::Script};

static SAY_ALIVE: LazyLock<Script> = LazyLock::new(|| timed(include_str!("say_alive.lua")));
static LIVING: LazyLock<Script> = LazyLock::new(|| timed(include_str!("living_servers.lua")));

/// After this long in silence a server is taken for dead, in milliseconds.
const DEAD_AFTER: u64 = 15_000;
/// After this long it is forgotten.
const FORGOTTEN_AFTER: u64 = 60_000;

fn timed(script: &str) -> Script {
    Script::new(&[include_str!("clock.lua"), script])
}

impl Store {
    /// The servers that are alive.
    pub async fn living_servers(&self) -> Result<Vec<String>, StoreError> {
        let living = self.link().script(&LIVING, keys::SERVERS, |command| {
            command.arg(DEAD_AFTER);
        });
        living.await
    }

    /// Says that a server lives, and learns the store's time.
    pub async fn say_alive(&self, server: &str) -> Result<(), StoreError> {
        let asked = Asked::now();
        let said = self.link().script(&SAY_ALIVE, keys::SERVERS, |command| {
            command.arg(server).arg(FORGOTTEN_AFTER);
        });
        asked.answered(said.await?);
        Ok(())
    }

    /// Says that a server does not live any more.
    pub async fn say_goodbye(&self, server: &str) -> Result<(), StoreError> {
        let mut goodbye = redis::cmd("ZREM");
        goodbye.arg(keys::SERVERS).arg(server);
        self.link().query::<u64>(&goodbye).await.map(drop)
    }
}
