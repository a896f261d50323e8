//! Which history of the store this is.
//!
//! Positions are only comparable within one history. A store that was restored from a backup, or
//! whose primary was replaced by a replica that lagged behind, may give a seq to a second event:
//! so every epoch carries the store's generation, and `quad rebuild --restored` raises it.

use std::sync::RwLock;

use super::{Store, StoreError, keys};

/// The generation as it was last read. It is asked for again whenever the subscriber connection
/// was lost, since that is when a store may have been replaced.
pub struct Generation(RwLock<String>);

impl Default for Generation {
    fn default() -> Self {
        Self(RwLock::new("1".into()))
    }
}

impl Store {
    /// The generation, for scripts that name an epoch.
    pub fn generation(&self) -> String {
        self.generation
            .0
            .read()
            .unwrap_or_else(|e| e.into_inner())
            .clone()
    }

    /// Reads the generation from the store.
    pub async fn refresh_generation(&self) -> Result<(), StoreError> {
        let stored: Option<u64> = self
            .link()
            .query(redis::cmd("GET").arg(keys::GENERATION))
            .await?;
        *self.generation.0.write().unwrap_or_else(|e| e.into_inner()) =
            stored.unwrap_or(1).to_string();
        Ok(())
    }

    /// Begins a new history: every client reloads instead of catching up.
    pub async fn raise_generation(&self) -> Result<u64, StoreError> {
        self.link()
            .query::<Option<String>>(redis::cmd("SET").arg(keys::GENERATION).arg(1).arg("NX"))
            .await?;
        self.link()
            .query(redis::cmd("INCR").arg(keys::GENERATION))
            .await
    }
}
