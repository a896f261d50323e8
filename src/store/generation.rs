//! Which history of the store this is.
//!
//! Positions are only comparable within one history. A store that lost its last writes may give a
//! seq to a second event, so every epoch carries the store's generation. It is raised when a
//! replica took over or may have, when a store that does not sync every write was started anew, and by
//! `quad rebuild --restored` after a backup was put back.

use std::sync::{LazyLock, RwLock};

use super::{Store, StoreError, keys, script::Script};

static NOTICE: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[include_str!("notice_history.lua")]));

/// The generation as it was last read.
pub struct Generation(RwLock<String>);

impl Default for Generation {
    fn default() -> Self {
        Self(RwLock::new("1".into()))
    }
}

impl Store {
    /// The generation, for whoever names an epoch.
    pub fn generation(&self) -> String {
        self.generation
            .0
            .read()
            .unwrap_or_else(|e| e.into_inner())
            .clone()
    }

    /// Reads the generation, after it was raised if this is not the store that it was. To be
    /// called whenever the connection was lost, since that is when a store may have changed.
    ///
    /// A Cluster's nodes change one by one; there only an operator raises it.
    pub async fn refresh_generation(&self) -> Result<(), StoreError> {
        let generation: u64 = if self.link().topology().is_cluster() {
            let stored: Option<u64> = self
                .link()
                .query(redis::cmd("GET").arg(keys::GENERATION))
                .await?;
            stored.unwrap_or(1)
        } else {
            // All of it: older stores know only one section at a time.
            let info: String = self.link().query(&redis::cmd("INFO")).await?;
            let durable = self.syncs_every_write().await;
            // A Sentinel lets a replica take over that may not be connected just now.
            let replicas = self.link().topology().has_sentinel()
                || !matches!(field(&info, "connected_slaves"), "" | "0");
            self.link()
                .script(&NOTICE, keys::GENERATION, |command| {
                    command
                        .arg(field(&info, "master_replid"))
                        .arg(field(&info, "master_replid2"))
                        .arg(u8::from(durable))
                        .arg(field(&info, "run_id"))
                        .arg(u8::from(replicas));
                })
                .await?
        };
        *self.generation.0.write().unwrap_or_else(|e| e.into_inner()) = generation.to_string();
        Ok(())
    }

    /// Begins a new history: every client reloads instead of catching up.
    pub async fn raise_generation(&self) -> Result<u64, StoreError> {
        let first = redis::cmd("SET")
            .arg(keys::GENERATION)
            .arg(1)
            .arg("NX")
            .to_owned();
        self.link().query::<Option<String>>(&first).await?;
        self.link()
            .query(redis::cmd("INCR").arg(keys::GENERATION))
            .await
    }

    /// Whether what was acknowledged survives a crash. A store that does not say is taken for one
    /// that forgets.
    async fn syncs_every_write(&self) -> bool {
        for (setting, value) in [("appendonly", "yes"), ("appendfsync", "always")] {
            let asked: Result<(String, String), _> = self
                .link()
                .query(redis::cmd("CONFIG").arg("GET").arg(setting))
                .await;
            if asked.map_or(true, |(_, set)| set != value) {
                return false;
            }
        }
        true
    }
}

/// A field of what `INFO` answers.
fn field<'i>(info: &'i str, name: &str) -> &'i str {
    info.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let info = "# Replication\r\nrole:master\r\nmaster_replid2:b\r\nmaster_replid:a\r\n";
        assert_eq!(field(info, "master_replid"), "a");
        assert_eq!(field(info, "master_replid2"), "b");
        assert_eq!(field(info, "nothing"), "");
    }
}
