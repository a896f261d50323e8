//! Cleans up what is left of what was deleted, on whichever server: see [`crate::store::cleanup`].

use std::time::{Duration, Instant};

use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::Service;
use crate::store::{StoreError, cleanup::Job};

/// How often the queue is looked at for what another server did not finish.
const EVERY: Duration = Duration::from_secs(5);
/// Between two slices the store has time for what people wait for.
const BREATH: Duration = Duration::from_millis(2);
/// After this long it is another job's turn, so that none waits for a large one.
const TURN: Duration = Duration::from_millis(200);

impl Service {
    /// Cleans up until `stop`. What is not done then, another server does.
    pub async fn keep_clean(&self, stop: CancellationToken) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.deleted.notified() => {}
                _ = ticks.tick() => {}
            }
            match stop.run_until_cancelled(self.clean_up()).await {
                Some(Ok(())) => {}
                Some(Err(error)) => tracing::debug!(%error, "the rest is cleaned up later"),
                None => return,
            }
        }
    }

    /// Does all jobs that are due.
    async fn clean_up(&self) -> Result<(), StoreError> {
        self.store.adopt_ended().await?;
        while let Some(job) = self.store.take_cleanup().await? {
            self.work_on(&job).await?;
        }
        Ok(())
    }

    /// Does a job, or a part of it.
    async fn work_on(&self, job: &Job) -> Result<(), StoreError> {
        let Ok(deleted) = job.job.parse() else {
            // Of a newer version, whose servers take it when this one does not have it any more.
            tracing::debug!(job = job.job, "a job that this version does not know");
            return Ok(());
        };
        let begun = Instant::now();
        while self.store.clean_up_slice(&deleted).await? {
            if begun.elapsed() > TURN {
                return self.store.hand_cleanup_back(job).await;
            }
            sleep(BREATH).await;
        }
        self.store.finish_cleanup(job).await
    }
}
