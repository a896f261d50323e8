//! Which node of a Cluster holds which key.

use redis::{FromRedisValue, Value, from_redis_value};

use super::{StoreError, keys, link::Link};
use app::model::{RoomName, UserId};

/// A node of a Cluster: host and port.
pub type Address = (String, u16);

/// The primaries of a Cluster and their slots.
pub struct SlotMap(Vec<(u16, u16, Address)>);

impl SlotMap {
    /// The primary that holds `key`.
    pub fn node_of(&self, key: &str) -> Option<&Address> {
        let slot = slot(key);
        self.0
            .iter()
            .find(|(first, last, _)| (*first..=*last).contains(&slot))
            .map(|(.., a)| a)
    }

    /// All primaries, each once.
    pub fn nodes(&self) -> Vec<Address> {
        let mut nodes: Vec<Address> = self.0.iter().map(|(.., address)| address.clone()).collect();
        nodes.sort();
        nodes.dedup();
        nodes
    }
}

impl Link {
    /// Which node holds which slots; `None` where one node holds all.
    pub async fn slots(&self) -> Result<Option<SlotMap>, StoreError> {
        if !self.topology().is_cluster() {
            return Ok(None);
        }
        let rows: Vec<Vec<Value>> = self.query(redis::cmd("CLUSTER").arg("SLOTS")).await?;
        let ranges = rows.into_iter().filter_map(|row| {
            let mut row = row.into_iter();
            let first = from_redis_value(row.next()?).ok()?;
            let last = from_redis_value(row.next()?).ok()?;
            let mut primary = Vec::<Value>::from_redis_value(row.next()?)
                .ok()?
                .into_iter();
            let host: String = from_redis_value(primary.next()?).ok()?;
            let port = from_redis_value(primary.next()?).ok()?;
            // A node that does not know its own name is where we asked.
            let host = if host.is_empty() {
                self.topology().seed_host()
            } else {
                host
            };
            Some((first, last, (host, port)))
        });
        Ok(Some(SlotMap(ranges.collect())))
    }

    /// The ids of all people, for whoever makes derived data again.
    pub async fn everybody(&self) -> Result<Vec<UserId>, StoreError> {
        self.scan("{*}:user", keys::owner).await
    }

    /// Every room that there is.
    pub async fn every_room(&self) -> Result<Vec<RoomName>, StoreError> {
        self.scan("{r:*}:room", keys::room_named).await
    }

    /// The hashes of all API tokens.
    pub async fn every_token(&self) -> Result<Vec<String>, StoreError> {
        self.scan("token:*", keys::token_hash).await
    }

    /// What `read` makes of the keys that match `pattern`, on all nodes, sorted.
    async fn scan<T: Ord>(
        &self,
        pattern: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, StoreError> {
        let nodes = match self.slots().await? {
            Some(slots) => slots.nodes().into_iter().map(Some).collect(),
            None => vec![None],
        };
        let mut found = Vec::new();
        for node in nodes {
            let address = node.as_ref().map(|(host, port)| (host.as_str(), *port));
            let mut connection = self.topology().connect(address, Default::default()).await?;
            let mut cursor = 0u64;
            loop {
                let (next, page): (u64, Vec<String>) = redis::cmd("SCAN")
                    .arg(cursor)
                    .arg("MATCH")
                    .arg(pattern)
                    .arg("COUNT")
                    .arg(1000)
                    .query_async(&mut connection)
                    .await?;
                found.extend(page.iter().filter_map(|key| read(key)));
                cursor = next;
                if cursor == 0 {
                    break;
                }
            }
        }
        found.sort();
        found.dedup();
        Ok(found)
    }
}

/// The hash slot of a key: CRC-16/XMODEM of its tag, modulo 16384.
/// Source: <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>.
fn slot(key: &str) -> u16 {
    let tag = key
        .split_once('{')
        .and_then(|(_, rest)| rest.split_once('}'))
        .map(|(tag, _)| tag)
        .filter(|tag| !tag.is_empty())
        .unwrap_or(key);
    let crc = tag.bytes().fold(0u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 {
                crc << 1
            } else {
                (crc << 1) ^ 0x1021
            }
        })
    });
    crc % 16_384
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(slot("123456789"), 0x31c3);
        assert_eq!(slot("{user1000}.following"), slot("{user1000}.followers"));
        assert_eq!(slot("foo{}{bar}"), slot("foo{}{bar}"));
        assert_ne!(slot("foo{}{bar}"), slot("bar"));
        assert_eq!(slot("foo{bar}{zap}"), slot("bar"));
    }
}
