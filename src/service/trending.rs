//! Keeps the trending order up with the likes: touched posts are ranked together, about once a
//! second, so that a like itself costs nothing for it.

use std::{collections::HashSet, sync::Mutex, time::Duration};

use app::model::PostId;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Service;

/// Posts that may wait to be ranked. What is above is ranked by its next like, or by a rebuild.
const MOST: usize = 50_000;
/// Posts ranked in one go.
const BATCH: usize = 500;

/// Posts whose likes changed since they were ranked.
#[derive(Default)]
pub struct Trending(Mutex<HashSet<PostId>>);

impl Trending {
    /// This post's likes changed.
    pub fn touch(&self, id: &PostId) {
        let mut touched = self.0.lock().unwrap_or_else(|e| e.into_inner());
        if touched.len() < MOST {
            touched.insert(id.clone());
        }
    }

    fn take(&self) -> Vec<PostId> {
        let mut touched = self.0.lock().unwrap_or_else(|e| e.into_inner());
        std::mem::take(&mut *touched).into_iter().collect()
    }
}

impl Service {
    /// Ranks touched posts until `stop`, and once more then.
    pub async fn keep_trending(&self, stop: CancellationToken) {
        let mut ticks = interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let stopping = tokio::select! {
                () = stop.cancelled() => true,
                _ = ticks.tick() => false,
            };
            let touched = self.trending.take();
            for batch in touched.chunks(BATCH) {
                if let Err(error) = self.store.rank(batch).await {
                    tracing::debug!(%error, "trending is ranked later");
                    batch.iter().for_each(|id| self.trending.touch(id));
                    break;
                }
            }
            if stopping {
                return;
            }
        }
    }
}
