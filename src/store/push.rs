//! Push subscriptions, and what is to be pushed.

use std::{sync::LazyLock, time::Duration};

use app::model::{Epoch, UserId};
use serde::{Deserialize, Serialize};

use super::{Store, StoreError, keys, now, script::Script};

static ADD: LazyLock<Script> = LazyLock::new(|| with_library(include_str!("add_push.lua")));
static PRUNE: LazyLock<Script> = LazyLock::new(|| with_library(include_str!("prune_push.lua")));
static CLAIM: LazyLock<Script> = LazyLock::new(|| with_library(include_str!("claim_push.lua")));

static WORTH: LazyLock<Script> =
    LazyLock::new(|| super::inbox::reading(include_str!("worth_pushing.lua")));

fn with_library(script: &str) -> Script {
    Script::new(&[
        include_str!("inbox.lua"),
        include_str!("entry.lua"),
        include_str!("push.lua"),
        script,
    ])
}

/// Subscriptions of one person.
pub const SUBSCRIPTIONS: usize = 20;
/// Groups that are pushed at once. What is beyond is in the inbox.
const GROUPS: usize = 5;

/// A subscription as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredSubscription {
    /// Where to.
    pub endpoint: String,
    /// The browser's public key.
    pub p256dh: String,
    /// The secret that the browser shares with us.
    pub auth: String,
    /// The session that it lives as long as.
    pub session: String,
    /// When it was made; milliseconds since 1970.
    pub at: u64,
}

/// What became of a look at somebody.
pub enum Claimed {
    /// There is nothing to push.
    Nothing,
    /// It may be told any moment: look again after the grace.
    TooYoung,
    /// It is to be pushed, and nobody else does.
    Untold(Claim),
}

/// What is to be pushed.
pub struct Claim {
    /// Which history.
    pub epoch: Epoch,
    /// Groups with something unread.
    pub unread: u64,
    /// By group, the newest first.
    pub untold: Vec<Untold>,
    /// Where to.
    pub subscriptions: Vec<StoredSubscription>,
}

/// A group with something that nobody has shown.
pub struct Untold {
    /// Its newest such entry.
    pub seq: u64,
    /// What it is.
    pub kind: String,
    /// `like.<n>`, or that of a message.
    pub group: String,
    /// Distinct people.
    pub count: u64,
    /// What a message says.
    pub text: String,
    /// The newest two of the people.
    pub people: Vec<UserId>,
}

impl Store {
    /// The instance's key pair: the first one that was ever offered.
    pub async fn vapid_key(&self, fresh: &str) -> Result<String, StoreError> {
        self.first_of(keys::VAPID, fresh).await
    }

    /// Adds a subscription, or takes the place of the one that has this id.
    pub async fn add_push(
        &self,
        user: &UserId,
        id: &str,
        subscription: &StoredSubscription,
    ) -> Result<(), StoreError> {
        let json = serde_json::to_string(subscription).unwrap_or_default();
        self.link()
            .script(&ADD, &keys::inbox(user), |command| {
                command.arg(id).arg(json).arg(SUBSCRIPTIONS);
            })
            .await
    }

    /// Removes a subscription.
    pub async fn remove_push(&self, user: &UserId, id: &str) -> Result<(), StoreError> {
        self.link()
            .query(redis::cmd("HDEL").arg(keys::push(user)).arg(id))
            .await
    }

    /// Removes the subscriptions whose session ended.
    pub async fn prune_push(&self, user: &UserId) -> Result<(), StoreError> {
        self.link().script(&PRUNE, &keys::inbox(user), |_| {}).await
    }

    /// Which of these people have a subscription, in their order.
    pub async fn have_push(&self, people: &[UserId]) -> Result<Vec<bool>, StoreError> {
        let commands = people
            .iter()
            .map(|user| {
                let mut command = redis::cmd("EXISTS");
                command.arg(keys::push(user));
                command
            })
            .collect();
        self.link().all(commands).await
    }

    /// Takes what nobody has told somebody for as long as `grace`.
    pub async fn claim_push(&self, user: &UserId, grace: Duration) -> Result<Claimed, StoreError> {
        type Row = (u64, String, String, u64, String, Vec<String>);
        type Answer = (String, String, u64, Vec<String>, Vec<Row>);
        let (state, epoch, unread, subscriptions, rows): Answer = self
            .link()
            .script(&CLAIM, &keys::inbox(user), |command| {
                let grace = grace.as_millis() as u64;
                command.arg(now()).arg(grace).arg(GROUPS);
            })
            .await?;
        let untold = rows
            .into_iter()
            .map(|(seq, kind, group, count, text, people)| Untold {
                seq,
                kind,
                group,
                count,
                text: serde_json::from_str(&text).unwrap_or_default(),
                people: people.iter().filter_map(|id| id.parse().ok()).collect(),
            });
        let subscriptions = subscriptions
            .iter()
            .filter_map(|json| serde_json::from_str(json).ok());
        Ok(match state.as_str() {
            "untold" => Claimed::Untold(Claim {
                epoch: self.epoch(&epoch),
                unread,
                untold: untold.collect(),
                subscriptions: subscriptions.collect(),
            }),
            "young" => Claimed::TooYoung,
            _ => Claimed::Nothing,
        })
    }

    /// Whether an entry is still worth a push: neither is its group gone, nor has its owner read or seen
    /// it, nor, where it is a mention, read the message in its room.
    pub async fn is_worth_pushing(
        &self,
        user: &UserId,
        seq: u64,
        group: &str,
    ) -> Result<bool, StoreError> {
        let answer: Vec<u64> = self
            .link()
            .script(&WORTH, &keys::inbox(user), |command| {
                command.arg(seq).arg(group);
            })
            .await?;
        let Some(message) = answer.get(1) else {
            return Ok(false);
        };
        let room = group.strip_prefix("mention.").map(str::parse);
        match room {
            Some(Ok(room)) => {
                let read = self.read_mark(&room, user).await?;
                Ok(read.is_none_or(|read| read < *message))
            }
            _ => Ok(true),
        }
    }
}
