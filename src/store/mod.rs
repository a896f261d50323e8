//! The only code that sends data commands to Redis.
//!
//! A submodule an idea; each script lies beside the code that calls it. Store first, publish in
//! the same script: whoever is told of something can also read it.

pub mod accounts;
pub mod announcements;
pub mod attention;
pub mod channels;
pub mod cleanup;
mod clock;
mod directory;
pub mod feed;
pub mod generation;
pub mod inbox;
pub mod keys;
pub mod ledger;
pub mod likes;
pub mod link;
pub mod messages;
pub mod owed;
pub mod paging;
pub mod posts;
pub mod presence;
pub mod push;
mod room_notes;
pub mod rooms;
mod script;
pub mod sessions;
pub mod slots;
pub mod talk;
pub mod tokens;
pub mod topology;
pub mod untell;

use std::sync::Arc;

use app::error::QuadError;
use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::config::StoreUrl;

pub use self::clock::now;
use self::{generation::Generation, link::Link, topology::Topology};

/// How many entries an inbox keeps, and how long that and a session last.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Entries an inbox; the oldest go first.
    pub entries: u64,
    /// Milliseconds.
    pub age: u64,
    /// How long a session lasts, however much it is used; milliseconds.
    pub session: u64,
}

/// Beyond every entry of every history. Scripts count in floating point and write numbers with 14
/// digits, so what a client names is cut off here before they see it.
pub const BEYOND: u64 = 10_000_000_000_000;

/// The store: cheap to clone, shared by all.
#[derive(Clone)]
pub struct Store {
    link: Link,
    generation: Arc<Generation>,
    retention: Retention,
}

impl Store {
    /// Finds out what is behind `url`. Succeeds while the store is away.
    pub async fn open(url: &StoreUrl, retention: Retention) -> Result<Self, StoreError> {
        let store = Self {
            link: Link::new(Arc::new(Topology::discover(url).await?)),
            generation: Arc::default(),
            retention,
        };
        if let Err(error) = store.keep_time().await {
            tracing::debug!(%error, "the store's time is asked for later");
        }
        Ok(store)
    }

    /// The command connection.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// The value of a key that is written once: `fresh`, where it has none yet.
    pub async fn first_of(&self, key: &str, fresh: &str) -> Result<String, StoreError> {
        let known: Option<String> = self.link.query(redis::cmd("GET").arg(key)).await?;
        if let Some(known) = known {
            return Ok(known);
        }
        let mut pipeline = redis::pipe();
        pipeline
            .cmd("SET")
            .arg(key)
            .arg(fresh)
            .arg("NX")
            .ignore()
            .get(key);
        let (kept,): (String,) = self.link.pipeline(&pipeline).await?;
        Ok(kept)
    }

    /// Whether the store answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        // A read of a key works on every node of every topology; `PING` goes to any one of them.
        self.link
            .query::<Option<String>>(redis::cmd("GET").arg(keys::GENERATION))
            .await
            .map(drop)
    }
}

/// What went wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It does not answer, or says that it cannot just now. Whether a change was made is unknown.
    #[error("the store does not answer")]
    Unavailable,
    /// A script is not known yet.
    #[error("the script is not loaded")]
    NoScript,
    /// The address of the store cannot be understood.
    #[error("{0}")]
    BadUrl(&'static str),
    /// The store answered what it never should.
    #[error("the store refused: {0}")]
    Refused(RedisError),
}

impl From<RedisError> for StoreError {
    fn from(error: RedisError) -> Self {
        let away = error.is_io_error()
            || error.is_timeout()
            || error.is_connection_dropped()
            || error.is_connection_refusal()
            || error.is_unrecoverable_error()
            || error.is_cluster_error();
        match error.kind() {
            ErrorKind::Server(ServerErrorKind::NoScript) => Self::NoScript,
            ErrorKind::Server(
                ServerErrorKind::BusyLoading
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::ReadOnly
                | ServerErrorKind::TryAgain
                // A slot that is not where it was, after all tries to follow it.
                | ServerErrorKind::Ask
                | ServerErrorKind::Moved,
            )
            | ErrorKind::MasterNameNotFoundBySentinel
            | ErrorKind::ClusterConnectionNotFound => Self::Unavailable,
            _ if matches!(error.code(), Some("OOM" | "MISCONF")) => {
                tracing::error!(%error, "the store cannot write");
                Self::Unavailable
            }
            // A script of somebody else's runs too long, or was ended by hand; or too few replicas are there.
            _ if matches!(error.code(), Some("BUSY" | "UNKILLABLE" | "NOREPLICAS")) => {
                Self::Unavailable
            }
            _ if away => Self::Unavailable,
            _ => Self::Refused(error),
        }
    }
}

impl From<redis::ParsingError> for StoreError {
    fn from(error: redis::ParsingError) -> Self {
        Self::from(RedisError::from(error))
    }
}

/// What is internal goes to the log, and no further.
impl From<StoreError> for QuadError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable => Self::Unavailable,
            StoreError::NoScript | StoreError::BadUrl(_) | StoreError::Refused(_) => {
                tracing::error!(%error, "store");
                Self::Internal
            }
        }
    }
}
