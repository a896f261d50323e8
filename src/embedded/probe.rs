//! Talking to the embedded store: is it there, has it read its files, is it ours?

use std::{
    collections::HashMap,
    io,
    path::Path,
    time::{Duration, Instant},
};

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, RedisError, RedisResult,
    ServerErrorKind, aio::MultiplexedConnection,
};
use tokio::time;

use super::place::Place;

/// How long a healthy Redis on the same machine may take for an answer. Long enough for a disk
/// that is slow to sync.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a Redis that was started may take until it listens.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// How often a person who waits is told how far it is.
const PROGRESS: Duration = Duration::from_secs(2);

/// What is at a socket.
#[derive(Debug)]
pub(super) enum State {
    /// A Redis that takes commands.
    Ready,
    /// A Redis that is still reading its files; how much of them, in percent.
    Loading(String),
    /// Nobody listens.
    Nobody,
    /// Somebody listens and does not answer.
    Silent,
}

impl State {
    pub(super) fn is_ready(&self) -> bool {
        matches!(self, Self::Ready)
    }
}

/// Looks once.
pub(super) async fn ask(socket: &Path) -> State {
    let mut connection = match connect(socket).await {
        Ok(connection) => connection,
        Err(error) if error.is_io_error() && !error.is_timeout() => return State::Nobody,
        Err(_) => return State::Silent,
    };
    match redis::cmd("PING").query_async::<()>(&mut connection).await {
        Ok(()) => State::Ready,
        Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::BusyLoading) => {
            let info = info(&mut connection, "persistence")
                .await
                .unwrap_or_default();
            State::Loading(info.get("loading_loaded_perc").cloned().unwrap_or_default())
        }
        Err(error) if error.is_io_error() && !error.is_timeout() => State::Nobody,
        Err(_) => State::Silent,
    }
}

/// Waits until it takes commands, and logs how far it is. False where it does not listen or
/// answer in time; reading its files may take however long it takes.
pub(super) async fn until_ready(socket: &Path) -> bool {
    let mut patience = time::Instant::now() + START_PATIENCE;
    let mut told = Instant::now();
    loop {
        match ask(socket).await {
            State::Ready => return true,
            State::Loading(percent) => {
                patience = time::Instant::now() + START_PATIENCE;
                if told.elapsed() >= PROGRESS {
                    told = Instant::now();
                    tracing::info!(%percent, "the embedded store is reading its files");
                }
            }
            State::Nobody | State::Silent => {}
        }
        if time::Instant::now() > patience {
            return false;
        }
        time::sleep(Duration::from_millis(10)).await;
    }
}

/// Whether the Redis that answers is the folder's own, and loses nothing.
pub(super) async fn is_sound(place: &Place) -> RedisResult<bool> {
    let mut connection = connect(&place.socket).await?;
    let folder = place.folder.to_string_lossy();
    let expected = [
        ("dir", &*folder),
        ("port", "0"),
        ("appendonly", "yes"),
        ("appendfsync", "always"),
        ("maxmemory-policy", "noeviction"),
    ];
    let names = expected.map(|(name, _)| name);
    let mut command = redis::cmd("CONFIG");
    let found: HashMap<String, String> = command
        .arg("GET")
        .arg(&names)
        .query_async(&mut connection)
        .await?;
    Ok(expected
        .iter()
        .all(|(name, value)| found.get(*name).is_some_and(|found| found == value)))
}

/// Asks it to end. It syncs its append-only file first, and does not answer: the connection ends.
pub(super) async fn shut_down(socket: &Path) -> RedisResult<()> {
    let mut connection = connect(socket).await?;
    let mut command = redis::cmd("SHUTDOWN");
    let ended: RedisResult<()> = command
        .arg("NOSAVE")
        .arg("FORCE")
        .query_async(&mut connection)
        .await;
    match ended {
        Err(error) if !error.is_io_error() || error.is_timeout() => Err(error),
        _ => Ok(()),
    }
}

async fn connect(socket: &Path) -> RedisResult<MultiplexedConnection> {
    let client = Client::open(ConnectionAddr::Unix(socket.to_owned()))?;
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE));
    // Redis-rs waits for its first answers without a limit of ours.
    match time::timeout(
        PATIENCE,
        client.get_multiplexed_async_connection_with_config(&config),
    )
    .await
    {
        Ok(connection) => connection,
        Err(_) => Err(RedisError::from(io::Error::from(io::ErrorKind::TimedOut))),
    }
}

async fn info(
    connection: &mut MultiplexedConnection,
    section: &str,
) -> RedisResult<HashMap<String, String>> {
    let text: String = redis::cmd("INFO")
        .arg(section)
        .query_async(connection)
        .await?;
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    Ok(pairs
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect())
}
