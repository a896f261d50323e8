//! The task that owns the `redis-server`: it starts it, starts it again when it dies, and ends it.

use std::{
    ffi::OsString,
    fs::File,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{self, Instant},
};
use tokio_util::sync::CancellationToken;

use super::{
    EmbeddedError,
    place::Place,
    process::{Redis, find_program},
};

/// The pause before the first attempt to start it again; each one that fails doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// One that ran for so long did not die of how it was started.
const HEALTHY: Duration = Duration::from_secs(60);

/// Owns the data folder and the process.
pub(super) struct Owner {
    place: Place,
    /// Held until the process has ended.
    lock: File,
    stop: CancellationToken,
}

impl Owner {
    pub(super) fn new(place: Place, lock: File, stop: CancellationToken) -> Self {
        Self { place, lock, stop }
    }

    /// Runs until it is told to stop, and tells once whether it started.
    pub(super) async fn run(
        self,
        path: Option<OsString>,
        tell: oneshot::Sender<Result<(), EmbeddedError>>,
    ) {
        match self.begin(path).await {
            Ok(None) => {}
            Ok(Some((program, mut redis))) => {
                tell.send(Ok(())).ok();
                self.watch(&program, &mut redis).await;
                self.finish(redis).await;
            }
            Err(error) => {
                drop(self.lock);
                tell.send(Err(error)).ok();
            }
        }
    }

    /// Adopts or starts one; `None` where it was told to stop before that was done.
    async fn begin(
        &self,
        path: Option<OsString>,
    ) -> Result<Option<(PathBuf, Redis)>, EmbeddedError> {
        let program = find_program(path.as_deref()).await?;
        let adopted = tokio::select! {
            // What was left running before stays so.
            () = self.stop.cancelled() => return Ok(None),
            adopted = Redis::adopt(&self.place) => adopted?,
        };
        let mut redis = match adopted {
            Some(adopted) => adopted,
            None => Redis::launch(&program, &self.place)?,
        };
        let ready = tokio::select! {
            () = self.stop.cancelled() => None,
            ready = redis.ready(&self.place) => Some(ready),
        };
        match ready {
            Some(Ok(())) => Ok(Some((program, redis))),
            Some(Err(error)) => {
                redis.end(&self.place).await.ok();
                Err(error)
            }
            None => {
                redis.end(&self.place).await.ok();
                Ok(None)
            }
        }
    }

    /// Returns when it is told to stop. The clients find a Redis that was started again by
    /// themselves: the socket is the same.
    async fn watch(&self, program: &Path, redis: &mut Redis) {
        let mut pause = FIRST_PAUSE;
        let mut since = Instant::now();
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = redis.ended(&self.place) => {}
            }
            if since.elapsed() > HEALTHY {
                pause = FIRST_PAUSE;
            }
            tracing::error!(log = %self.place.log.display(), "the embedded store ended by itself; starting it again");
            loop {
                tokio::select! {
                    () = self.stop.cancelled() => return,
                    () = time::sleep(pause) => {}
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
                match Redis::launch(program, &self.place) {
                    Ok(started) => *redis = started,
                    Err(error) => {
                        tracing::error!(%error, "cannot start the embedded store again");
                        continue;
                    }
                }
                let ready = tokio::select! {
                    () = self.stop.cancelled() => return,
                    ready = redis.ready(&self.place) => ready,
                };
                match ready {
                    Ok(()) => break,
                    Err(error) => {
                        tracing::error!(%error, "cannot start the embedded store again");
                        redis.end(&self.place).await.ok();
                    }
                }
            }
            since = Instant::now();
            tracing::info!("the embedded store is back");
        }
    }

    async fn finish(self, mut redis: Redis) {
        let _no_guests = self.place.show_guests_out().await;
        match redis.end(&self.place).await {
            Ok(()) => tracing::info!("the embedded store has stopped"),
            Err(error) => tracing::error!(%error, "the embedded store cannot be stopped"),
        }
        drop(self.lock);
    }
}
