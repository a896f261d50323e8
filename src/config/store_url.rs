//! Which Redis to use, as one line of text.

use std::{fmt, str::FromStr};

use redis::IntoConnectionInfo;

/// Where the data is.
///
/// ```text
///                                          (nothing) the embedded store
/// redis://[user:password@]host[:port][/db]           one server; rediss:// for TLS
/// redis+unix:///path                                 one server on this machine
/// redis+sentinel://[user:password@]host:port,…/master[/db]
/// redis+cluster://[user:password@]host:port,…
/// ```
///
/// `rediss+sentinel` and `rediss+cluster` use TLS. The credentials are those of the servers that
/// hold the data. Every URL in here is one that redis-rs takes.
#[derive(Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A private `redis-server` in the data folder.
    Embedded,
    /// One server.
    Single(String),
    /// Servers that Sentinels watch.
    Sentinel {
        /// The Sentinels, with the credentials and database of the servers they watch.
        nodes: Vec<String>,
        /// What the Sentinels call the primary.
        master: String,
    },
    /// A Cluster.
    Cluster {
        /// Some of its nodes; the others are found.
        nodes: Vec<String>,
    },
}

/// Not the URL of a store. It does not say which text it was: there may be a password in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSuchStore {
    /// The scheme is unknown.
    #[error(
        "a store's URL begins with redis://, rediss://, redis+unix://, redis+sentinel:// or \
         redis+cluster://"
    )]
    Scheme,
    /// A part of it is wrong.
    #[error("{0}")]
    Part(String),
    /// Sentinels are asked for a primary by its name.
    #[error("after the Sentinels comes the name of the primary: redis+sentinel://host:port/NAME")]
    NoMaster,
}

impl FromStr for StoreUrl {
    type Err = NoSuchStore;

    fn from_str(text: &str) -> Result<Self, NoSuchStore> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::Embedded);
        }
        let (scheme, rest) = text.split_once("://").ok_or(NoSuchStore::Scheme)?;
        match scheme {
            "redis" | "rediss" | "redis+unix" | "unix" => Ok(Self::Single(checked(text.into())?)),
            "redis+sentinel" | "rediss+sentinel" => {
                let (nodes, tail) = split(rest);
                let path = tail.strip_prefix('/').ok_or(NoSuchStore::NoMaster)?;
                let end = path.find(['/', '?', '#']).unwrap_or(path.len());
                let (master, tail) = path.split_at(end);
                if master.is_empty() {
                    return Err(NoSuchStore::NoMaster);
                }
                Ok(Self::Sentinel {
                    nodes: urls(plain(scheme), nodes, tail)?,
                    master: master.to_owned(),
                })
            }
            "redis+cluster" | "rediss+cluster" => {
                let (nodes, tail) = split(rest);
                Ok(Self::Cluster {
                    nodes: urls(plain(scheme), nodes, tail)?,
                })
            }
            _ => Err(NoSuchStore::Scheme),
        }
    }
}

/// Names the place and hides the credentials.
impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("the embedded store"),
            Self::Single(url) => f.write_str(&place(url)),
            Self::Sentinel { nodes, master } => {
                write!(f, "{master} behind {}", places(nodes))
            }
            Self::Cluster { nodes } => write!(f, "the cluster at {}", places(nodes)),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

fn places(urls: &[String]) -> String {
    let places: Vec<String> = urls.iter().map(|url| place(url)).collect();
    places.join(", ")
}

fn place(url: &str) -> String {
    match url.into_connection_info() {
        Ok(info) => info.addr().to_string(),
        Err(_) => "an unknown place".to_owned(),
    }
}

/// The list of nodes, and what comes after it.
fn split(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

/// The scheme of one node.
fn plain(scheme: &str) -> &str {
    scheme.split('+').next().unwrap_or(scheme)
}

fn urls(scheme: &str, nodes: &str, tail: &str) -> Result<Vec<String>, NoSuchStore> {
    let (credentials, hosts) = match nodes.rsplit_once('@') {
        Some((credentials, hosts)) => (format!("{credentials}@"), hosts),
        None => (String::new(), nodes),
    };
    let hosts = hosts.split(',').map(str::trim);
    hosts
        .map(|host| checked(format!("{scheme}://{credentials}{host}{tail}")))
        .collect()
}

fn checked(url: String) -> Result<String, NoSuchStore> {
    match url.as_str().into_connection_info() {
        Ok(_) => Ok(url),
        // What redis-rs says names the part, and repeats at most its parameters.
        Err(error) => Err(NoSuchStore::Part(
            error
                .detail()
                .map_or_else(|| error.category().to_owned(), str::to_owned),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_store() {
        let parse = |text: &str| text.parse::<StoreUrl>();
        assert_eq!(parse(""), Ok(StoreUrl::Embedded));
        for single in [
            "redis://127.0.0.1:6379",
            "rediss://u:p@redis.example/2",
            "redis+unix:///run/redis.sock",
        ] {
            assert_eq!(parse(single), Ok(StoreUrl::Single(single.into())));
        }
        assert_eq!(
            parse("redis+sentinel://u:p%40@a:26379,b:26379/primary/3"),
            Ok(StoreUrl::Sentinel {
                nodes: vec![
                    "redis://u:p%40@a:26379/3".into(),
                    "redis://u:p%40@b:26379/3".into()
                ],
                master: "primary".into(),
            })
        );
        assert_eq!(
            parse("rediss+cluster://a:7000, [::1]:7001#insecure"),
            Ok(StoreUrl::Cluster {
                nodes: vec![
                    "rediss://a:7000#insecure".into(),
                    "rediss://[::1]:7001#insecure".into()
                ],
            })
        );
    }

    #[test]
    fn what_is_no_store_says_why_without_the_password() {
        for bad in [
            "127.0.0.1:6379",
            "http://a",
            "redis://",
            "redis://u:hunter2@a/x",
            "redis://u:hunter2@a:99999",
            "redis+sentinel://u:hunter2@a:26379",
            "redis+sentinel://u:hunter2@a:26379/",
            "redis+cluster://",
            "redis+cluster://u:hunter2@a:7000,,",
        ] {
            let error = bad.parse::<StoreUrl>().unwrap_err().to_string();
            assert!(
                !error.is_empty() && !error.contains("hunter2"),
                "{bad}: {error}"
            );
        }
    }

    #[test]
    fn what_is_logged_hides_the_password() {
        for url in [
            "redis://u:hunter2@a:1",
            "redis+cluster://u:hunter2@a:1,b:2",
            "redis+sentinel://u:hunter2@a:1/m",
        ] {
            let url: StoreUrl = url.parse().unwrap();
            let shown = format!("{url} {url:?}");
            assert!(
                !shown.contains("hunter2") && shown.contains("a:1"),
                "{shown}"
            );
        }
    }
}
