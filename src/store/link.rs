//! The one command connection of a server: multiplexed, and made anew when it breaks.
//!
//! redis-rs' own `ConnectionManager` asks a Sentinel only once and waits long when the store is
//! away, so the reconnecting is done here: whoever finds the connection broken makes the next one,
//! the others wait for it, and all give up after [`CONNECT_TIMEOUT`].

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use redis::{
    AsyncConnectionConfig, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult,
    ServerErrorKind, Value,
    aio::{ConnectionLike, MultiplexedConnection},
    cluster_async::ClusterConnection,
};
use tokio::sync::Mutex;

use super::{StoreError, script::Script, topology::Topology};

/// How long a connection may take to be made.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long after an attempt failed the next one is made.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// How long an answer may take. A command that ran into it may have run: it is unknown.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(4);

/// Commands that are sent in one go, so that neither this server nor the store is busy with them for
/// long.
const TOGETHER: usize = 500;

/// Sends commands to the store. Clones share one connection.
#[derive(Clone)]
pub struct Link {
    topology: Arc<Topology>,
    current: Arc<std::sync::RwLock<Option<(u64, Connection)>>>,
    attempts: Arc<Mutex<Attempts>>,
}

/// What became of the attempts to connect.
#[derive(Default)]
struct Attempts {
    /// How many succeeded: the name of the newest connection.
    succeeded: u64,
    /// When the last one failed.
    failed: Option<Instant>,
}

#[derive(Clone)]
enum Connection {
    Node(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    /// A link that connects when it is first used.
    pub fn new(topology: Arc<Topology>) -> Self {
        Self {
            topology,
            current: Arc::default(),
            attempts: Arc::default(),
        }
    }

    /// Where the store is.
    pub fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// Runs one command.
    pub async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        Ok(redis::from_redis_value(self.run(command).await?)?)
    }

    /// Runs commands of one slot in one round trip.
    pub async fn pipeline<T: FromRedisValue>(&self, pipeline: &Pipeline) -> Result<T, StoreError> {
        let (generation, mut connection) = self.connection().await?;
        let answer = match &mut connection {
            Connection::Node(node) => pipeline.query_async(node).await,
            Connection::Cluster(cluster) => pipeline.query_async(cluster).await,
        };
        self.observe(generation, answer)
    }

    /// Runs independent commands of any slots together, some hundreds at a time; they may take effect
    /// in any order.
    pub async fn all<T: FromRedisValue>(&self, commands: Vec<Cmd>) -> Result<Vec<T>, StoreError> {
        if commands.len() <= TOGETHER {
            return self.together(commands).await;
        }
        let mut answers = Vec::with_capacity(commands.len());
        let mut commands = commands.into_iter();
        loop {
            let some: Vec<Cmd> = commands.by_ref().take(TOGETHER).collect();
            if some.is_empty() {
                return Ok(answers);
            }
            answers.extend(self.together(some).await?);
        }
    }

    async fn together<T: FromRedisValue>(&self, commands: Vec<Cmd>) -> Result<Vec<T>, StoreError> {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        let (generation, connection) = self.connection().await?;
        match connection {
            Connection::Node(mut node) => {
                let mut pipeline = Pipeline::with_capacity(commands.len());
                for command in commands {
                    pipeline.add_command(command);
                }
                self.observe(generation, pipeline.query_async(&mut node).await)
            }
            Connection::Cluster(cluster) => {
                let answers = commands.iter().map(|command| {
                    let mut cluster = cluster.clone();
                    async move { command.query_async(&mut cluster).await }
                });
                let answers = futures_util::future::try_join_all(answers).await;
                self.observe(generation, answers)
            }
        }
    }

    /// Runs a script on the slot of `key`; it derives all other keys from this one.
    pub async fn script<T: FromRedisValue>(
        &self,
        script: &Script,
        key: &str,
        arguments: impl FnOnce(&mut Cmd),
    ) -> Result<T, StoreError> {
        let command = script.invocation(key, arguments);
        match self.query(&command).await {
            Err(StoreError::NoScript) => {
                self.query::<Value>(&script.load()).await?;
                self.query(&command).await
            }
            answer => answer,
        }
    }

    /// Runs a script on many slots together; `arguments` is told which one it adds to. Answers in
    /// the order of `keys`.
    pub async fn scripts<T: FromRedisValue>(
        &self,
        script: &Script,
        keys: impl Iterator<Item = String>,
        arguments: impl Fn(usize, &mut Cmd),
    ) -> Result<Vec<T>, StoreError> {
        let commands: Vec<Cmd> = keys
            .enumerate()
            .map(|(at, key)| script.invocation(&key, |command| arguments(at, command)))
            .collect();
        match self.all(commands.clone()).await {
            Err(StoreError::NoScript) => {
                self.query::<Value>(&script.load()).await?;
                self.all(commands).await
            }
            answer => answer,
        }
    }

    /// Runs `first`, then the script, then `last`. One round trip, except on a Cluster, where they may lie
    /// on different nodes.
    pub async fn script_between<T: FromRedisValue>(
        &self,
        first: Option<Cmd>,
        script: &Script,
        key: &str,
        arguments: impl FnOnce(&mut Cmd),
        last: Cmd,
    ) -> Result<T, StoreError> {
        if self.topology.is_cluster() {
            if let Some(first) = first {
                self.query::<Value>(&first).await?;
            }
            let answer = self.script(script, key, arguments).await?;
            self.query::<Value>(&last).await?;
            return Ok(answer);
        }
        let command = script.invocation(key, arguments);
        let mut pipeline = Pipeline::with_capacity(3);
        if let Some(first) = first {
            pipeline.add_command(first).ignore();
        }
        pipeline
            .add_command(command.clone())
            .add_command(last.clone())
            .ignore();
        match self.pipeline::<(T,)>(&pipeline).await {
            Err(StoreError::NoScript) => {
                // `first` and `last` were run all the same.
                self.query::<Value>(&script.load()).await?;
                self.query(&command).await
            }
            answer => answer.map(|(value,)| value),
        }
    }

    async fn run(&self, command: &Cmd) -> Result<Value, StoreError> {
        let (generation, mut connection) = self.connection().await?;
        let answer = match &mut connection {
            Connection::Node(node) => node.req_packed_command(command).await,
            Connection::Cluster(cluster) => cluster.req_packed_command(command).await,
        };
        self.observe(generation, answer.and_then(Value::extract_error))
    }

    /// Drops the connection that `generation` names, where the answer says that it is of no use.
    fn observe<T>(&self, generation: u64, answer: RedisResult<T>) -> Result<T, StoreError> {
        answer.map_err(|error| {
            if breaks_connection(&error) {
                let mut current = self.current.write().unwrap_or_else(|e| e.into_inner());
                if current
                    .as_ref()
                    .is_some_and(|(known, _)| *known == generation)
                {
                    *current = None;
                }
            }
            StoreError::from(error)
        })
    }

    fn established(&self) -> Option<(u64, Connection)> {
        self.current
            .read()
            .unwrap_or_else(|e| e.into_inner())
            .clone()
    }

    async fn connection(&self) -> Result<(u64, Connection), StoreError> {
        if let Some(established) = self.established() {
            return Ok(established);
        }
        let mut attempts = self.attempts.lock().await;
        if let Some(established) = self.established() {
            return Ok(established);
        }
        // Whoever waited while another's attempt failed does not have to fail as slowly.
        if attempts
            .failed
            .is_some_and(|failed| failed.elapsed() < RETRY_AFTER)
        {
            return Err(StoreError::Unavailable);
        }
        let connecting = tokio::time::timeout(CONNECT_TIMEOUT, self.connect()).await;
        let connection = connecting.unwrap_or(Err(StoreError::Unavailable));
        attempts.failed = connection.is_err().then(Instant::now);
        attempts.succeeded += u64::from(connection.is_ok());
        let established = (attempts.succeeded, connection?);
        *self.current.write().unwrap_or_else(|e| e.into_inner()) = Some(established.clone());
        Ok(established)
    }

    async fn connect(&self) -> Result<Connection, StoreError> {
        if let Some(client) = self.topology.cluster_client(RESPONSE_TIMEOUT)? {
            return Ok(Connection::Cluster(client.get_async_connection().await?));
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT));
        Ok(Connection::Node(self.topology.connect(None, config).await?))
    }
}

/// A time-out breaks it too: a node that was paused or cut off may never answer on it again. So
/// does a former primary, which is only found out by asking the Sentinel again.
fn breaks_connection(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_connection_dropped()
        || error.is_timeout()
        || error.is_unrecoverable_error()
        || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}
