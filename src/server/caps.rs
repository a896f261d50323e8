//! How many connections there may be: in all, and of one address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use rustix::process::{Resource, getrlimit};

use crate::{
    config::ConnectionConfig,
    security::{client_addr::TrustedProxies, network::network},
};

/// Where nothing limits the open files.
const VERY_MANY: usize = 1_000_000;

/// Counts the connections that are open.
pub(super) struct Caps {
    most: usize,
    per_address: Option<usize>,
    proxies: TrustedProxies,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    /// Only addresses that have a connection, so no more than there are connections.
    by_network: HashMap<IpAddr, usize>,
}

/// Why a connection is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// There are as many as there may be.
    Server,
    /// This address has as many as one may have.
    Address,
}

impl Full {
    /// Stable, for the log.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Server => "server_full",
            Self::Address => "address_full",
        }
    }
}

impl Caps {
    pub(super) fn new(config: &ConnectionConfig, proxies: TrustedProxies) -> Self {
        let allowed = allowed_by(getrlimit(Resource::Nofile).current);
        let most = config.most.unwrap_or(allowed).min(allowed);
        Self::of(most, config.most_per_address, proxies)
    }

    pub(super) fn of(most: usize, per_address: Option<usize>, proxies: TrustedProxies) -> Self {
        Self {
            most,
            per_address,
            proxies,
            open: Mutex::default(),
        }
    }

    /// A place for a connection from `peer`. A trusted proxy brings many people along, so it may
    /// have any number.
    pub(super) fn take(self: &Arc<Self>, peer: IpAddr) -> Result<Place, Full> {
        let peer = peer.to_canonical();
        let per_address = self.per_address.filter(|_| !self.proxies.trusts(peer));
        let counted = per_address.map(|most| (network(peer), most));
        let mut open = self.open();
        if open.all >= self.most {
            return Err(Full::Server);
        }
        if let Some((network, most)) = counted {
            let theirs = open.by_network.entry(network).or_default();
            if *theirs >= most {
                return Err(Full::Address);
            }
            *theirs += 1;
        }
        open.all += 1;
        drop(open);
        Ok(Place {
            caps: self.clone(),
            network: counted.map(|(network, _)| network),
        })
    }

    fn give_back(&self, network: Option<IpAddr>) {
        let mut open = self.open();
        open.all -= 1;
        if let Some(network) = network
            && let Some(theirs) = open.by_network.get_mut(&network)
        {
            *theirs -= 1;
            if *theirs == 0 {
                open.by_network.remove(&network);
            }
        }
    }

    /// Whoever panicked while holding it: the counts are whole after every line.
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// The place of one connection. Dropping it makes room for another.
pub struct Place {
    caps: Arc<Caps>,
    network: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.caps.give_back(self.network);
    }
}

/// Some files are for the store, for pushes, and for files of the site.
fn allowed_by(open_files: Option<u64>) -> usize {
    let Some(files) = open_files.and_then(|files| usize::try_from(files).ok()) else {
        return VERY_MANY;
    };
    let others = (files / 10).clamp(32, 1_024);
    files.saturating_sub(others).clamp(1, VERY_MANY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caps(most: usize, per_address: Option<usize>) -> Arc<Caps> {
        let proxies = "10.0.0.1".parse().unwrap();
        Arc::new(Caps::of(most, per_address, proxies))
    }

    fn from(caps: &Arc<Caps>, address: &str) -> Result<Place, Full> {
        caps.take(address.parse().unwrap())
    }

    #[test]
    fn one_address_may_have_so_many_and_others_still_get_in() {
        let caps = caps(100, Some(2));
        let first = from(&caps, "192.0.2.1").unwrap();
        let _second = from(&caps, "::ffff:192.0.2.1").unwrap();
        assert_eq!(from(&caps, "192.0.2.1").err(), Some(Full::Address));
        let _other = from(&caps, "192.0.2.2").unwrap();
        drop(first);
        let _again = from(&caps, "192.0.2.1").unwrap();
        let v6 = ["2001:db8::1", "2001:db8::2"].map(|peer| from(&caps, peer).unwrap());
        assert_eq!(from(&caps, "2001:db8::3").err(), Some(Full::Address));
        let _elsewhere = from(&caps, "2001:db8:0:1::3").unwrap();
        drop(v6);
        assert!(from(&caps, "2001:db8::3").is_ok());
    }

    #[test]
    fn a_trusted_proxy_may_have_any_number_up_to_that_of_all() {
        let caps = caps(5, Some(1));
        let many: Vec<_> = (0..5).map(|_| from(&caps, "10.0.0.1").unwrap()).collect();
        assert_eq!(from(&caps, "10.0.0.1").err(), Some(Full::Server));
        assert_eq!(from(&caps, "192.0.2.1").err(), Some(Full::Server));
        drop(many);
        assert!(from(&caps, "192.0.2.1").is_ok());
    }

    #[test]
    fn whoever_is_gone_is_not_remembered() {
        let caps = caps(10, Some(1));
        for host in 0..1_000_u32 {
            let peer = IpAddr::V4(host.into());
            assert!(caps.take(peer).is_ok());
        }
        let open = caps.open();
        assert_eq!((open.all, open.by_network.len()), (0, 0));
    }

    #[test]
    fn some_files_are_left_for_others() {
        assert_eq!(allowed_by(Some(1_024)), 922);
        assert_eq!(allowed_by(Some(20_000)), 18_976);
        assert_eq!(allowed_by(Some(20)), 1);
        assert_eq!(allowed_by(None), VERY_MANY);
        assert_eq!(allowed_by(Some(u64::MAX)), VERY_MANY);
    }
}
