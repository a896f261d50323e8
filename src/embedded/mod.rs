//! The embedded store: a private `redis-server` that Quad starts, watches and stops.
//!
//! It listens on a Unix socket only, keeps its files in the data folder, and syncs its
//! append-only file to disk before it answers, so that what was acknowledged survives anything.
//!
//! It runs in a process group of its own and outlives a Quad that was killed: the next one adopts
//! it, where it is the data folder's own and set up as it must be, and replaces it where not. One
//! lock file in the data folder says who owns it; the kernel frees it however the owner ends.

mod place;
mod probe;
mod process;
mod supervisor;
#[cfg(test)]
mod tests;

use std::{
    env,
    ffi::OsString,
    fs::File,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{sync::oneshot, task::JoinHandle, time};
use tokio_util::sync::CancellationToken;

use place::Place;
use supervisor::Owner;

/// For how long a command waits for a store that another process is just starting or stopping.
const BORROW_PATIENCE: Duration = Duration::from_secs(60);

/// Why there is no embedded store.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// Another process has the data folder.
    #[error("another quad{} uses the data folder {}; stop it, or choose another with --data-dir",
        holder.map(|pid| format!(" (process {pid})")).unwrap_or_default(), folder.display())]
    Locked {
        /// The data folder.
        folder: PathBuf,
        /// The id of the process, where the lock says it.
        holder: Option<u32>,
    },
    /// There is no program to start.
    #[error(
        "there is no redis-server on the PATH; install it (apt install redis-server, \
        dnf install redis, brew install redis), or name a Redis with REDIS_URL"
    )]
    NoRedis,
    /// The program cannot do what is needed.
    #[error("{} is version {version}, but Quad needs Redis 7.0 or newer", program.display())]
    TooOld {
        /// What was found on the PATH.
        program: PathBuf,
        /// Its version.
        version: String,
    },
    /// A file or folder cannot be used.
    #[error("cannot use {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder that must be private is somebody else's, or open to others.
    #[error("the folder {} is not private to this user; remove it", .0.display())]
    NotPrivate(PathBuf),
    /// The program ended as soon as it was started.
    #[error("redis-server does not start: {reason} (see {})", log.display())]
    Start {
        /// The end of its log.
        reason: String,
        /// Its log.
        log: PathBuf,
    },
    /// The program runs and does not answer.
    #[error("redis-server does not answer on {}", .0.display())]
    Silent(PathBuf),
    /// The task that owns the program is gone.
    #[error("the embedded store was cut short")]
    CutShort,
}

/// A running private `redis-server`. Dropped, it is asked to stop, and nobody waits for it.
#[derive(Debug)]
pub struct Embedded {
    place: Place,
    stop: CancellationToken,
    owner: Option<JoinHandle<()>>,
}

impl Embedded {
    /// Takes the data folder, makes it where it is missing, and answers when the store has read
    /// its files and takes commands. Errors: all of [`EmbeddedError`].
    pub async fn start(data_dir: &Path) -> Result<Self, EmbeddedError> {
        Self::start_with(data_dir, env::var_os("PATH")).await
    }

    /// Where to reach it, for redis-rs.
    pub fn url(&self) -> String {
        self.place.url()
    }

    /// Stops the store and waits until it has ended and the data folder is free. Errors: what
    /// hindered it, when it had to be killed; no data is lost by that.
    pub async fn stop(mut self) -> Result<(), EmbeddedError> {
        self.stop.cancel();
        match self.owner.take() {
            Some(owner) => owner.await.map_err(|_| EmbeddedError::CutShort),
            None => Ok(()),
        }
    }

    /// For a command that needs the store for a moment: joins the one that runs on this data
    /// folder, or starts it and stops it after. Errors: all of [`EmbeddedError`] but `Locked`.
    pub async fn borrow(data_dir: &Path) -> Result<Borrowed, EmbeddedError> {
        let patience = time::Instant::now() + BORROW_PATIENCE;
        loop {
            match Self::start(data_dir).await {
                Ok(embedded) => return Ok(Borrowed::Ours(embedded)),
                Err(EmbeddedError::Locked { .. }) => {}
                Err(error) => return Err(error),
            }
            let place = Place::prepare(data_dir)?;
            // The lock is taken first: from then on, whoever owns the store waits before
            // stopping it.
            if let Some(guest) = place.join()?
                && probe::ask(&place.socket).await.is_ready()
            {
                return Ok(Borrowed::Theirs {
                    url: place.url(),
                    _guest: guest,
                });
            }
            if time::Instant::now() > patience {
                return Err(EmbeddedError::Silent(place.socket));
            }
            time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn start_with(data_dir: &Path, path: Option<OsString>) -> Result<Self, EmbeddedError> {
        let place = Place::prepare(data_dir)?;
        let lock = place.own()?;
        let stop = CancellationToken::new();
        let (tell, told) = oneshot::channel();
        let owner = Owner::new(place.clone(), lock, stop.clone());
        // It is owned from here on: if whoever waits for it gives up, dropping this stops it.
        let embedded = Self {
            place,
            stop,
            owner: Some(tokio::spawn(owner.run(path, tell))),
        };
        match told.await {
            Ok(Ok(())) => Ok(embedded),
            Ok(Err(error)) => {
                // The folder is free again before the caller hears of it.
                embedded.stop().await.ok();
                Err(error)
            }
            Err(_) => Err(EmbeddedError::CutShort),
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A store that was borrowed for a moment.
#[derive(Debug)]
pub enum Borrowed {
    /// Nobody ran it, so it was started; it stops when it is released.
    Ours(Embedded),
    /// Another process runs it, and waits a moment before it stops it under us.
    Theirs {
        /// Where to reach it.
        url: String,
        #[doc(hidden)]
        _guest: File,
    },
}

impl Borrowed {
    /// Where to reach it, for redis-rs.
    pub fn url(&self) -> String {
        match self {
            Self::Ours(embedded) => embedded.url(),
            Self::Theirs { url, .. } => url.clone(),
        }
    }

    /// Gives it back. Errors: those of [`Embedded::stop`].
    pub async fn release(self) -> Result<(), EmbeddedError> {
        match self {
            Self::Ours(embedded) => embedded.stop().await,
            Self::Theirs { .. } => Ok(()),
        }
    }
}
