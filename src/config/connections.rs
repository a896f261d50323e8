//! Settings of connections: how many there may be, and how long each may take.

use std::{net::SocketAddr, str::FromStr, time::Duration};

use clap::{Args, builder::FalseyValueParser};

use super::args::{Switch, duration};

/// Connections that one address may have where nothing else is set: a campus may share one.
const PER_ADDRESS: u32 = 2_000;

/// How connections are taken, and how long they may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionConfig {
    /// Connections at once; as many as the limit on open files allows, where it is not set.
    pub most: Option<usize>,
    /// Connections at once of one address; no limit where it is not set.
    pub most_per_address: Option<usize>,
    /// Whether HTTP/2 is spoken without TLS.
    pub http2: bool,
    /// How long a connection may take to send the head of a request.
    pub header_timeout: Duration,
    /// How long it may take to send the body.
    pub body_timeout: Duration,
    /// How long it may wait between two requests.
    pub idle_timeout: Duration,
}

/// Where the metrics are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricsAddr {
    /// Nowhere.
    Off,
    /// At [`MetricsAddr::USUAL`]; nowhere if that is taken.
    Usual,
    /// There, or the server does not start.
    At(SocketAddr),
}

impl MetricsAddr {
    /// Where they are unless something else is set.
    pub const USUAL: &str = "127.0.0.1:9464";
}

impl FromStr for MetricsAddr {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "" => Ok(Self::Usual),
            "off" => Ok(Self::Off),
            address => address
                .parse()
                .map(Self::At)
                .map_err(|_| "metrics are `off` or at an address and a port, such as [::1]:9464"),
        }
    }
}

#[derive(Args)]
pub(super) struct ConnectionArgs {
    /// Where `/metrics` is served, as ADDRESS:PORT, or off. [default: 127.0.0.1:9464]
    ///
    /// Port 0 takes a free one, which the log says. If the default address is taken, the server
    /// goes on without metrics.
    #[arg(
        long,
        env = "QUAD_METRICS_ADDR",
        global = true,
        default_value = "",
        hide_default_value = true,
        value_name = "ADDRESS|off"
    )]
    metrics_addr: MetricsAddr,
    /// How many connections may be open at once. By default a little fewer than the limit on open
    /// files allows, and never more.
    #[arg(long, env = "QUAD_MAX_CONNECTIONS", global = true, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: Option<u32>,
    /// How many of them one address may have; 0 for any number. [default: 2000]
    ///
    /// An IPv6 network of 64 bits counts as one address. Trusted proxies may have any number. With
    /// rate limits off, there is no limit unless one is set.
    #[arg(
        long,
        env = "QUAD_MAX_CONNECTIONS_PER_ADDRESS",
        global = true,
        value_name = "N"
    )]
    max_connections_per_address: Option<u32>,
    /// Whether HTTP/2 is spoken without TLS, for a proxy that wants it.
    #[arg(
        long,
        env = "QUAD_HTTP2",
        global = true,
        default_value = "off",
        value_name = "on|off",
        hide_possible_values = true
    )]
    http2: Switch,
    /// How long a connection may take to send the head of a request.
    #[arg(long, env = "QUAD_HEADER_TIMEOUT", global = true, default_value = "10s", hide = true,
        value_parser = duration)]
    header_timeout: Duration,
    /// How long it may take to send the body.
    #[arg(long, env = "QUAD_BODY_TIMEOUT", global = true, default_value = "30s", hide = true,
        value_parser = duration)]
    body_timeout: Duration,
    /// How long it may wait between two requests.
    #[arg(long, env = "QUAD_IDLE_TIMEOUT", global = true, default_value = "60s", hide = true,
        value_parser = duration)]
    idle_timeout: Duration,
    /// Serve with rate limits off at an address that is not loopback.
    #[arg(long, env = "QUAD_ALLOW_NO_RATE_LIMITS", global = true, value_parser = FalseyValueParser::new())]
    allow_no_rate_limits: bool,
    /// Serve without a public origin at an address that is not loopback.
    #[arg(long, env = "QUAD_ALLOW_NO_PUBLIC_ORIGIN", global = true, value_parser = FalseyValueParser::new())]
    allow_no_public_origin: bool,
}

/// What is allowed at an address that others can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowed {
    /// To limit no rates.
    pub no_rate_limits: bool,
    /// To have no public origin.
    pub no_public_origin: bool,
}

impl ConnectionArgs {
    pub(super) fn resolve(self, rate_limits: bool) -> (ConnectionConfig, MetricsAddr, Allowed) {
        let count = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        // Without rate limits, one address plays thousands of people.
        let usual = if rate_limits { PER_ADDRESS } else { 0 };
        let per_address = self.max_connections_per_address.unwrap_or(usual);
        let connections = ConnectionConfig {
            most: self.max_connections.map(count),
            most_per_address: (per_address > 0).then(|| count(per_address)),
            http2: self.http2 == Switch::On,
            header_timeout: self.header_timeout,
            body_timeout: self.body_timeout,
            idle_timeout: self.idle_timeout,
        };
        let allowed = Allowed {
            no_rate_limits: self.allow_no_rate_limits,
            no_public_origin: self.allow_no_public_origin,
        };
        (connections, self.metrics_addr, allowed)
    }
}
