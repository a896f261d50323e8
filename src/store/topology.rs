//! Where the store is: one node, a primary that Sentinels know, or a Cluster.

use std::time::Duration;

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo,
    ProtocolVersion, TlsMode,
    aio::MultiplexedConnection,
    cluster::ClusterClient,
    io::tcp::{TcpSettings, socket2::TcpKeepalive},
    sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType},
};
use tokio::sync::Mutex;

use super::StoreError;
use crate::config::StoreUrl;

/// What `REDIS_URL` stands for.
pub struct Topology {
    /// One node of the store, and how to log in to it.
    seeds: Vec<ConnectionInfo>,
    kind: Kind,
}

enum Kind {
    Node,
    Sentinel(Box<Mutex<SentinelClient>>),
    Cluster,
}

impl Topology {
    /// Finds out what is behind `url`: a single node that is part of a Cluster is taken for the
    /// whole Cluster.
    pub async fn discover(url: &StoreUrl) -> Result<Self, StoreError> {
        match url {
            StoreUrl::Embedded => Err(StoreError::BadUrl("the embedded store has no URL yet")),
            StoreUrl::Sentinel { nodes, master } => Self::sentinel(nodes, master),
            StoreUrl::Cluster { nodes } => {
                let seeds = nodes
                    .iter()
                    .map(|url| node(url))
                    .collect::<Result<_, _>>()?;
                Ok(Self {
                    seeds,
                    kind: Kind::Cluster,
                })
            }
            StoreUrl::Single(url) => {
                let mut topology = Self {
                    seeds: vec![node(url)?],
                    kind: Kind::Node,
                };
                if topology.is_part_of_a_cluster().await {
                    topology.kind = Kind::Cluster;
                }
                Ok(topology)
            }
        }
    }

    fn sentinel(nodes: &[String], master: &str) -> Result<Self, StoreError> {
        let seeds = nodes
            .iter()
            .map(|url| node(url))
            .collect::<Result<Vec<_>, _>>()?;
        let addresses = seeds.iter().map(|seed| seed.addr().clone());
        let primary = seeds[0].redis_settings();
        let mut builder =
            SentinelClientBuilder::new(addresses, master, SentinelServerType::Master)?
                .set_client_to_redis_protocol(ProtocolVersion::RESP3)
                .set_client_to_redis_tcp_settings(tcp_settings())
                .set_client_to_redis_db(primary.db());
        if matches!(seeds[0].addr(), ConnectionAddr::TcpTls { .. }) {
            builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
        }
        if let Some(username) = primary.username() {
            builder = builder.set_client_to_redis_username(username);
        }
        if let Some(password) = primary.password() {
            builder = builder.set_client_to_redis_password(password);
        }
        let kind = Kind::Sentinel(Box::new(Mutex::new(builder.build()?)));
        Ok(Self { seeds, kind })
    }

    /// Whether keys are spread over slots of several nodes.
    pub fn is_cluster(&self) -> bool {
        matches!(self.kind, Kind::Cluster)
    }

    /// Whether a Sentinel says which node is the primary.
    pub fn has_sentinel(&self) -> bool {
        matches!(self.kind, Kind::Sentinel(_))
    }

    /// The host that was asked first.
    pub fn seed_host(&self) -> String {
        match self.seeds[0].addr() {
            ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => host.clone(),
            _ => "localhost".to_owned(),
        }
    }

    /// Connects to `address` of a Cluster, or else to the node that holds everything.
    pub async fn connect(
        &self,
        address: Option<(&str, u16)>,
        config: AsyncConnectionConfig,
    ) -> Result<MultiplexedConnection, StoreError> {
        let client = match (&self.kind, address) {
            (Kind::Sentinel(client), _) => {
                let mut client = client.lock().await;
                return Ok(client.get_async_connection_with_config(&config).await?);
            }
            (_, None) => Client::open(self.seeds[0].clone())?,
            (_, Some((host, port))) => Client::open(self.neighbour(host, port))?,
        };
        Ok(client
            .get_multiplexed_async_connection_with_config(&config)
            .await?)
    }

    /// The client of the whole Cluster, where it is one.
    pub fn cluster_client(
        &self,
        response_timeout: Duration,
    ) -> Result<Option<ClusterClient>, StoreError> {
        if !self.is_cluster() {
            return Ok(None);
        }
        let client = ClusterClient::builder(self.seeds.clone())
            .use_protocol(ProtocolVersion::RESP3)
            .tcp_settings(tcp_settings())
            .connection_timeout(super::link::CONNECT_TIMEOUT)
            .response_timeout(response_timeout)
            .retries(3)
            .build()?;
        Ok(Some(client))
    }

    /// How to reach another node of the same Cluster.
    fn neighbour(&self, host: &str, port: u16) -> ConnectionInfo {
        let seed = self.seeds[0].clone();
        let address = match seed.addr() {
            ConnectionAddr::TcpTls {
                insecure,
                tls_params,
                ..
            } => ConnectionAddr::TcpTls {
                host: host.to_owned(),
                port,
                insecure: *insecure,
                tls_params: tls_params.clone(),
            },
            _ => ConnectionAddr::Tcp(host.to_owned(), port),
        };
        seed.set_addr(address)
    }

    /// A store that is away at start is taken for a single node: its URL says nothing else.
    async fn is_part_of_a_cluster(&self) -> bool {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(super::link::CONNECT_TIMEOUT))
            .set_response_timeout(Some(super::link::CONNECT_TIMEOUT));
        let Ok(mut connection) = self.connect(None, config).await else {
            return false;
        };
        let info: Result<String, _> = redis::cmd("INFO")
            .arg("cluster")
            .query_async(&mut connection)
            .await;
        info.is_ok_and(|info| info.contains("cluster_enabled:1"))
    }
}

fn node(url: &str) -> Result<ConnectionInfo, StoreError> {
    let info = url
        .into_connection_info()
        .map_err(|_| StoreError::BadUrl("REDIS_URL is not a redis:// URL"))?;
    let settings = info
        .redis_settings()
        .clone()
        .set_protocol(ProtocolVersion::RESP3);
    Ok(info
        .set_redis_settings(settings)
        .set_tcp_settings(tcp_settings()))
}

/// A dead peer is noticed within half a minute, and small writes leave at once.
fn tcp_settings() -> TcpSettings {
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(10))
        .with_interval(Duration::from_secs(5))
        .with_retries(3);
    TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(keepalive)
        .set_user_timeout(Duration::from_secs(20))
}
