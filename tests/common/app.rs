//! Servers and their store, put together.

use tempfile::TempDir;

use super::{
    people::Person,
    redis::{Kind, Redis},
    server::{self, Server},
};

/// What the servers of a test are like.
#[derive(Default)]
pub struct Builder {
    kind: Option<Kind>,
    environment: Vec<(String, String)>,
}

/// Servers on one Redis.
pub struct App {
    /// Ended first.
    pub servers: Vec<Server>,
    pub redis: Redis,
    environment: Vec<(String, String)>,
    _data: TempDir,
}

impl Builder {
    pub fn on(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// One address plays many people.
    pub fn without_limits(self) -> Self {
        self.set("QUAD_RATE_LIMITS", "off")
    }

    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    pub fn start(self, servers: usize) -> App {
        let redis = Redis::start(self.kind.unwrap_or(Kind::Plain));
        let data = tempfile::tempdir().unwrap();
        let mut environment = redis.environment();
        // Never used, since there is a URL; if that breaks, it shall not touch the clone.
        environment.push(("QUAD_DATA_DIR".into(), data.path().display().to_string()));
        environment.extend(self.environment);
        let servers = (0..servers).map(|_| Server::start(&environment)).collect();
        App {
            servers,
            redis,
            environment,
            _data: data,
        }
    }
}

impl App {
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// One server on a Redis of its own.
    pub fn start() -> Self {
        Self::builder().start(1)
    }

    pub fn server(&self) -> &Server {
        &self.servers[0]
    }

    pub async fn sign_up(&self, handle: &str) -> Person {
        Person::sign_up(self.server(), handle).await
    }

    /// Several people, one after another.
    pub async fn sign_up_all<const N: usize>(&self, handles: [&str; N]) -> [Person; N] {
        let mut people = Vec::with_capacity(N);
        for handle in handles {
            people.push(self.sign_up(handle).await);
        }
        people.try_into().ok().unwrap()
    }

    /// Runs a command on the same store.
    pub fn command(&self, arguments: &[&str]) -> String {
        server::run(&self.environment, arguments)
    }

    /// An API token.
    pub fn token(&self, scopes: &str) -> String {
        let printed = self.command(&["token", "create", "--name", "a test", "--scope", scopes]);
        printed.lines().last().expect("the token").to_owned()
    }

    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }
}

/// A server with its embedded store.
pub struct Embedded {
    pub server: Option<Server>,
    pub data: TempDir,
    environment: Vec<(String, String)>,
}

impl Embedded {
    pub fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let environment = vec![
            ("QUAD_DATA_DIR".into(), data.path().display().to_string()),
            ("QUAD_RATE_LIMITS".into(), "off".into()),
        ];
        Self {
            server: None,
            data,
            environment,
        }
    }

    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    pub fn start(&mut self) -> &Server {
        self.server.insert(Server::start(&self.environment))
    }

    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("it runs")
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.server.take());
        // A server that was killed leaves its store behind.
        if let Ok(pid) = std::fs::read_to_string(self.data.path().join("redis/redis.pid")) {
            let _ = std::process::Command::new("kill")
                .args(["-9", pid.trim()])
                .output();
        }
    }
}
