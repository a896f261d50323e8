//! Broadcast channels: their last 100 messages, kept for a day after the newest. Epoch and numbers
//! are kept for 30 days, so that they go on where a channel was quiet for a while.

use std::{sync::LazyLock, time::Duration};

use app::model::{Epoch, Level};
use redis::{AsyncConnectionConfig, Value, from_redis_value};

use super::{
    Store, StoreError, keys,
    messages::{level, level_word},
    posts::Idempotency,
    script::Script,
};

static BROADCAST: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[include_str!("channel.lua"), include_str!("broadcast.lua")]));
static READ: LazyLock<Script> = LazyLock::new(|| {
    Script::new(&[
        include_str!("channel.lua"),
        include_str!("read_channel.lua"),
    ])
});
static NEXT_EPOCH: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[include_str!("channel.lua"), "return next_epoch()"]));
static CLAIM: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[include_str!("claim_channel.lua")]));

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Its place.
    pub seq: u64,
    /// Unique.
    pub id: String,
    /// What was said.
    pub text: String,
    /// When; milliseconds since 1970.
    pub at: u64,
    /// How it is meant, where it is an announcement.
    pub level: Option<Level>,
}

/// How much of a channel is kept.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    /// Messages; the oldest go first.
    pub messages: u64,
    /// How long after the newest, in milliseconds.
    pub history: u64,
    /// How long after the newest the numbers go on, in milliseconds; at least 30 days, see
    /// `channel.lua`.
    pub numbers: u64,
}

/// How long a list of all topics of a node may take to arrive.
const LISTING: Duration = Duration::from_secs(10);
const DAY: u64 = 86_400_000;
/// What is kept of a broadcast channel.
pub const BROADCASTS: Keep = Keep {
    messages: 100,
    history: DAY,
    numbers: 30 * DAY,
};
/// What is kept of the announcements: for whoever comes back after a long summer.
pub const ANNOUNCEMENTS: Keep = Keep {
    messages: 100,
    history: 400 * DAY,
    numbers: 4_000 * DAY,
};

/// What became of a claim to a private channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is the program's from now on.
    New,
    /// It was the program's before.
    Kept,
    /// It belongs to another program.
    OfAnother,
}

/// Topics as the nodes of the store answered them. There may be very many, so nothing is made of them
/// until somebody has the time.
pub struct Topics(Vec<Value>);

impl Topics {
    /// Their names. To be asked for where nobody waits.
    pub fn names(self) -> impl Iterator<Item = String> {
        let answers = self.0.into_iter();
        answers.flat_map(|names| from_redis_value::<Vec<String>>(names).unwrap_or_default())
    }
}

/// Where a channel stands, and messages of it.
pub struct ChannelLog {
    /// Which history.
    pub epoch: Epoch,
    /// The newest message.
    pub seq: u64,
    /// In their order.
    pub messages: Vec<StoredMessage>,
}

/// A message to be published.
pub struct NewMessage<'a> {
    /// On which channel.
    pub channel: &'a str,
    /// What it says.
    pub text: &'a str,
    /// A fresh id.
    pub id: &'a str,
    /// Milliseconds since 1970.
    pub now: u64,
    /// How it is meant, where it is an announcement.
    pub level: Option<Level>,
    /// How much is kept.
    pub keep: Keep,
}

impl Store {
    /// Stores a message and publishes it. Answers its id, the first one for a repeat; `None`: the
    /// key was used for something else.
    pub async fn broadcast(
        &self,
        message: &NewMessage<'_>,
        idempotency: Option<Idempotency<'_>>,
    ) -> Result<Option<String>, StoreError> {
        let (key, body) = idempotency.map_or(("", ""), |idem| (idem.key, idem.body));
        let (id,): (String,) = self
            .link()
            .script(&BROADCAST, &keys::channel_log(message.channel), |command| {
                command
                    .arg(serde_json::Value::from(message.channel).to_string())
                    .arg(serde_json::Value::from(message.text).to_string())
                    .arg(message.now)
                    .arg(self.generation())
                    .arg(message.id)
                    .arg(key)
                    .arg(body)
                    .arg(message.level.map_or("", level_word))
                    .arg(message.keep.messages)
                    .arg(message.keep.history)
                    .arg(message.keep.numbers);
            })
            .await?;
        Ok(Some(id).filter(|id| !id.is_empty()))
    }

    /// Reads where a channel stands, and what follows `after`. Writes nothing.
    pub async fn read_channel(
        &self,
        channel: &str,
        after: u64,
        limit: usize,
    ) -> Result<ChannelLog, StoreError> {
        // Of each message its seq, id, text as JSON, time, and level.
        type Row = (u64, String, String, u64, String);
        let (epoch, seq, rows): (String, u64, Vec<Row>) = self
            .link()
            .script(&READ, &keys::channel_log(channel), |command| {
                command.arg(after).arg(limit);
            })
            .await?;
        let messages = rows.into_iter().filter_map(|(seq, id, text, at, word)| {
            Some(StoredMessage {
                seq,
                id,
                text: serde_json::from_str(&text).ok()?,
                at,
                level: (!word.is_empty()).then(|| level(&word)),
            })
        });
        Ok(ChannelLog {
            epoch: self.epoch(&epoch),
            seq,
            messages: messages.collect(),
        })
    }

    /// Claims a private channel for a program, where nobody has. A claim ends with the channel's
    /// numbers, and so after its history.
    pub async fn own_channel(&self, channel: &str, token: &str) -> Result<Claim, StoreError> {
        let claimed: u64 = self
            .link()
            .script(&CLAIM, &keys::channel_owner(channel), |command| {
                command.arg(token).arg(BROADCASTS.numbers);
            })
            .await?;
        Ok(match claimed {
            0 => Claim::OfAnother,
            1 => Claim::Kept,
            _ => Claim::New,
        })
    }

    /// Renews a claim.
    pub async fn keep_channel(&self, channel: &str) -> Result<(), StoreError> {
        let mut keep = redis::cmd("PEXPIRE");
        keep.arg(keys::channel_owner(channel))
            .arg(BROADCASTS.numbers);
        self.link().query::<u64>(&keep).await.map(drop)
    }

    /// The token that each of these private channels belongs to, by its hash, in their order.
    pub async fn channel_owners(
        &self,
        channels: &[&str],
    ) -> Result<Vec<Option<String>>, StoreError> {
        let commands = channels.iter().map(|channel| {
            let mut command = redis::cmd("GET");
            command.arg(keys::channel_owner(channel));
            command
        });
        self.link().all(commands.collect()).await
    }

    /// The topics that some server listens to and that match `pattern`, on all nodes.
    pub async fn topics(&self, pattern: &str) -> Result<Topics, StoreError> {
        let mut command = redis::cmd("PUBSUB");
        command.arg("SHARDCHANNELS").arg(pattern);
        let nodes = match self.link().slots().await? {
            Some(slots) => slots.nodes().into_iter().map(Some).collect(),
            None => vec![None],
        };
        // The answer may be long, and likes do not wait behind it: it has a connection of its own.
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(LISTING));
        let mut topics = Vec::new();
        for node in nodes {
            let address = node.as_ref().map(|(host, port)| (host.as_str(), *port));
            let topology = self.link().topology();
            let mut node = topology.connect(address, config.clone()).await?;
            topics.push(command.query_async(&mut node).await?);
        }
        Ok(Topics(topics))
    }

    /// Where many channels stand, in their order; `None` for one without a history.
    pub async fn channel_positions(
        &self,
        channels: &[String],
    ) -> Result<Vec<Option<(Epoch, u64)>>, StoreError> {
        let commands = channels
            .iter()
            .map(|channel| {
                let mut command = redis::cmd("HMGET");
                command
                    .arg(keys::channel_meta(channel))
                    .arg("epoch")
                    .arg("seq");
                command
            })
            .collect();
        let rows: Vec<(Option<String>, Option<u64>)> = self.link().all(commands).await?;
        // A broadcast channel without a history is told the epoch that it will have. Rooms have epochs of
        // their own.
        let is_new = |(channel, (epoch, _)): &(&String, &(Option<String>, _))| {
            epoch.is_none() && !channel.starts_with("room:")
        };
        let next = match channels.iter().zip(&rows).find(is_new) {
            Some((channel, _)) => Some(self.next_epoch(channel).await?),
            None => None,
        };
        let positions = channels.iter().zip(rows).map(|(channel, (epoch, seq))| {
            let next = || next.clone().filter(|_| !channel.starts_with("room:"));
            Some((self.epoch(&epoch.or_else(next)?), seq.unwrap_or(0)))
        });
        Ok(positions.collect())
    }

    /// The epoch that broadcast channels get whose numbers begin now, by the store's clock.
    async fn next_epoch(&self, channel: &str) -> Result<String, StoreError> {
        let log = keys::channel_log(channel);
        self.link().script(&NEXT_EPOCH, &log, |_| {}).await
    }
}
