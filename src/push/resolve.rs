//! From a name to addresses that may be called.
//!
//! The name is resolved here and nowhere else, and what was looked at is what is connected to: a
//! name server that answers something else the second time gains nothing.

use std::{io, net::SocketAddr};

use async_trait::async_trait;
use url::{Host, Url};

use super::{address::is_public, endpoint::Endpoint};

/// Addresses tried for one push.
const MOST: usize = 4;

/// Asks where a name leads.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// All addresses of a name.
    async fn resolve(&self, name: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// The operating system's resolver.
pub struct System;

#[async_trait]
impl Resolve for System {
    async fn resolve(&self, name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(tokio::net::lookup_host((name, port)).await?.collect())
    }
}

/// Why a name leads nowhere.
#[derive(Debug, thiserror::Error)]
pub enum NoAddress {
    /// The resolver does not know it, or does not answer.
    #[error("the name cannot be resolved: {0}")]
    Unknown(#[from] io::Error),
    /// It leads to addresses that are not public.
    #[error("the name leads to no public address")]
    NotPublic,
}

/// Where an endpoint is; never empty.
pub async fn addresses(
    resolver: &dyn Resolve,
    endpoint: &Endpoint,
) -> Result<Vec<SocketAddr>, NoAddress> {
    let found = all(resolver, endpoint.url()).await?;
    let allowed = found
        .into_iter()
        .filter(|address| endpoint.trusted || is_public(address.ip()));
    let allowed: Vec<_> = allowed.take(MOST).collect();
    if allowed.is_empty() {
        return Err(NoAddress::NotPublic);
    }
    Ok(allowed)
}

async fn all(resolver: &dyn Resolve, url: &Url) -> io::Result<Vec<SocketAddr>> {
    let port = url.port_or_known_default().unwrap_or(443);
    match url.host() {
        Some(Host::Ipv4(address)) => Ok(vec![(address, port).into()]),
        Some(Host::Ipv6(address)) => Ok(vec![(address, port).into()]),
        Some(Host::Domain(name)) => resolver.resolve(name, port).await,
        None => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every name leads to these.
    struct To(&'static [&'static str]);

    #[async_trait]
    impl Resolve for To {
        async fn resolve(&self, _: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
            let address = |text: &&str| SocketAddr::new(text.parse().unwrap(), port);
            Ok(self.0.iter().map(address).collect())
        }
    }

    async fn found(to: &'static [&'static str], url: &str) -> Result<Vec<String>, NoAddress> {
        let endpoint = Endpoint::parse(url, None).unwrap();
        let found = addresses(&To(to), &endpoint).await?;
        Ok(found.iter().map(ToString::to_string).collect())
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_called() {
        for inside in [
            &["127.0.0.1"] as &[&str],
            &["::1"],
            &["10.0.0.1", "fd00::1"],
            &["::ffff:127.0.0.1"],
            &["64:ff9b::10.0.0.1"],
            &["169.254.169.254"],
            &[],
        ] {
            let found = found(inside, "https://127.0.0.1.nip.io/x").await;
            assert!(matches!(found, Err(NoAddress::NotPublic)), "{inside:?}");
        }
    }

    #[tokio::test]
    async fn of_many_addresses_the_public_ones_are_called() {
        let mixed = &["127.0.0.1", "2606:4700::1111", "10.0.0.1", "1.1.1.1"];
        assert_eq!(
            found(mixed, "https://push.example/x").await.unwrap(),
            ["[2606:4700::1111]:443", "1.1.1.1:443"]
        );
        let many = &["1.1.1.1"; 50];
        let many = found(many, "https://push.example:8443/x").await.unwrap();
        assert_eq!((many.len(), many[0].as_str()), (MOST, "1.1.1.1:8443"));
        assert_eq!(
            found(&[], "https://1.0.0.1/x").await.unwrap(),
            ["1.0.0.1:443"]
        );
    }
}
