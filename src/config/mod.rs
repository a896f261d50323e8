//! Every setting, documented once: what `quad serve --help` prints is what stands in [`args`].
//!
//! Settings are flags with an environment variable each. They are checked here, whole, before
//! anything starts, and become the plain values of [`Config`].

mod args;
mod connections;
mod exposure;
mod store_url;

use std::{ffi::OsString, net::SocketAddr, path::PathBuf, time::Duration};

use app::{cookie::CookiePolicy, model::Handle};

pub use args::LogFormat;
pub use connections::{Allowed, ConnectionConfig, MetricsAddr};
pub use exposure::Exposed;
pub use store_url::{NoSuchStore, StoreUrl};

use crate::security::{client_addr::TrustedProxies, origin::Origin, token::Scope};

/// The settings, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub addr: SocketAddr,
    /// Where the metrics are.
    pub metrics_addr: MetricsAddr,
    /// How connections are taken, and how long they may take.
    pub connections: ConnectionConfig,
    /// What is allowed where others can reach the server.
    pub allowed: Allowed,
    /// Which store to use.
    pub store: StoreUrl,
    /// Where the embedded store keeps its files.
    pub data_dir: PathBuf,
    /// Under which origin people reach the site, where it is known.
    pub public_origin: Option<Origin>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: TrustedProxies,
    /// Whether rates are limited.
    pub rate_limits: bool,
    /// Where the browser's files are.
    pub site_dir: PathBuf,
    /// How many threads serve requests; at least 1.
    pub workers: usize,
    /// What is logged, and how.
    pub log: LogConfig,
    /// What is kept of an inbox.
    pub inbox: InboxLimits,
    /// How long a session lasts, however much it is used.
    pub session_age: Duration,
    /// How people are told whose tabs are all closed.
    pub push: PushConfig,
    /// Handles that nobody can sign up with, beside those that are reserved anyway.
    pub reserved_handles: Vec<Handle>,
    /// How many sockets one person may have open.
    pub max_sockets_per_user: usize,
    /// How many connections one API token may have open.
    pub max_sockets_per_token: usize,
    /// How long open connections may take to end when the server stops.
    pub drain: Duration,
}

impl Config {
    /// How session cookies are written: bound to https where the site is reached that way.
    pub fn cookies(&self) -> CookiePolicy {
        CookiePolicy {
            secure: self.public_origin.as_ref().is_some_and(Origin::is_https),
        }
    }
}

/// How people are told whose tabs are all closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushConfig {
    /// Whom a push service may write to: `mailto:` or `https:`. Without it, some refuse pushes.
    pub contact: Option<String>,
    /// How long a notification may wait to be shown by a page, before it is pushed.
    pub after: Duration,
    /// The tests' own push service, which is called whatever its address.
    pub test_service: Option<Origin>,
}

/// What is logged, and how.
#[derive(Debug, Clone)]
pub struct LogConfig {
    /// A filter of `tracing-subscriber`, which is known to parse.
    pub filter: String,
    /// For people or for programs.
    pub format: LogFormat,
}

/// What is kept of an inbox: its oldest entries go when it holds more, or older ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InboxLimits {
    /// Entries.
    pub max_entries: u64,
    /// The age of an entry.
    pub max_age: Duration,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Run the server.
    Serve {
        /// Whether the demo's people like what is posted.
        demo: bool,
    },
    /// Fill in people, posts and likes to look at.
    SeedDemo,
    /// Make people for load tests.
    SeedUsers {
        /// How many.
        users: u32,
        /// Where their tokens are written.
        credentials: PathBuf,
    },
    /// Make an API token and print it.
    CreateToken {
        /// What it is called.
        name: String,
        /// What it may do; at least one, each once.
        scopes: Vec<Scope>,
        /// For how long it is good.
        life: Duration,
    },
    /// List the API tokens.
    ListTokens,
    /// Revoke an API token.
    RevokeToken {
        /// Its id.
        id: String,
    },
    /// Make somebody an administrator.
    PromoteUser {
        /// Who.
        handle: Handle,
    },
    /// Make an administrator somebody like all others again.
    DemoteUser {
        /// Who.
        handle: Handle,
    },
    /// Make the derived data again.
    Rebuild {
        /// And begin a new history, because a backup was put back.
        restored: bool,
    },
}

/// Why a command line is not one of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandLineError {
    /// Not an error at all: help or the version was asked for. To be printed to the standard
    /// output, with exit code 0.
    #[error("{0}")]
    Asked(String),
    /// A setting or an argument is wrong. One line, for the standard error, with exit code 2.
    #[error("{0}")]
    Wrong(String),
}

/// Reads a command line, and the environment for what is not on it. The first argument is the
/// program's name.
pub fn parse<I, T>(arguments: I) -> Result<(Command, Config), CommandLineError>
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    args::parse(arguments)
}
