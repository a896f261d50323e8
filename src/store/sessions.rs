//! Sessions: a key with an expiry each, in the slot of the person.

use std::sync::LazyLock;

use app::model::{Person, UserId};
use redis::Pipeline;

use super::{Store, StoreError, keys, script::Script};

static USE: LazyLock<Script> = LazyLock::new(|| Script::new(&[include_str!("use_session.lua")]));
static LIST: LazyLock<Script> = LazyLock::new(|| Script::new(&[include_str!("list_sessions.lua")]));
static END: LazyLock<Script> = LazyLock::new(|| Script::new(&[include_str!("end_sessions.lua")]));

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// A session that is not used for this long lapses.
const IDLE_MS: u64 = 30 * DAY_MS;
/// The use of a session is noted at most this often.
const NOTED_MS: u64 = 5 * 60 * 1000;
/// A person's oldest sessions end when there are more.
const MOST: isize = 100;
/// Networks that are remembered of a person, and for how long after the last log-in.
const NETWORKS: isize = 8;
const NETWORKS_MS: u64 = 365 * DAY_MS;

/// A session that begins.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewSession<'a> {
    /// The hash of its secret.
    pub id: &'a str,
    /// Milliseconds since 1970.
    pub now: u64,
    /// On what kind of device.
    pub device: &'a str,
    /// From which address, as it is shown.
    pub address: &'a str,
    /// The digest of the network, where a password was shown from there.
    pub network: Option<&'a str>,
}

/// A session as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// The hash of its secret.
    pub id: String,
    /// Milliseconds since 1970.
    pub created: u64,
    /// When it was last used, give or take some minutes; milliseconds since 1970.
    pub used: u64,
    /// On what kind of device it began; empty where that is not known.
    pub device: String,
    /// From which address it was last used; empty where that is not known.
    pub address: String,
}

impl Store {
    /// How long a session lasts at most, in milliseconds.
    pub fn session_age(&self) -> u64 {
        self.retention.session
    }

    /// Begins a session.
    pub async fn begin_session(
        &self,
        user: &UserId,
        new: &NewSession<'_>,
    ) -> Result<(), StoreError> {
        let NewSession { id, now, .. } = *new;
        let (session, sessions) = (keys::session(user, id), keys::sessions(user));
        let mut pipeline = Pipeline::new();
        let fields = [("device", new.device), ("address", new.address)];
        pipeline
            .hset_multiple(&session, &[("created", now), ("used", now)])
            .ignore()
            .hset_multiple(&session, &fields)
            .ignore()
            .pexpire(&session, IDLE_MS.min(self.retention.session) as i64)
            .ignore();
        if let Some(network) = new.network {
            let networks = keys::networks(user);
            pipeline
                .zadd(&networks, network, now)
                .ignore()
                .zremrangebyrank(&networks, 0, -NETWORKS - 1)
                .ignore()
                .pexpire(&networks, NETWORKS_MS as i64)
                .ignore();
        }
        pipeline
            .zadd(&sessions, id, now)
            .ignore()
            .cmd("ZRANGE")
            .arg(&sessions)
            .arg(0)
            .arg(-MOST - 1);
        let (surplus,): (Vec<String>,) = self.link().pipeline(&pipeline).await?;
        if surplus.is_empty() {
            return Ok(());
        }
        let mut pipeline = Pipeline::new();
        for id in surplus {
            pipeline
                .del(keys::session(user, &id))
                .ignore()
                .zrem(keys::sessions(user), &id)
                .ignore();
        }
        self.link().pipeline(&pipeline).await
    }

    /// Finds the person of a session, and notes from time to time that it is used, and `from` where.
    pub async fn session(
        &self,
        user: &UserId,
        id: &str,
        now: u64,
        from: &str,
    ) -> Result<Option<Person>, StoreError> {
        let found: Vec<Option<String>> = self
            .link()
            .script(&USE, &keys::session(user, id), |command| {
                let age = self.retention.session;
                command
                    .arg(now)
                    .arg(IDLE_MS)
                    .arg(age)
                    .arg(NOTED_MS)
                    .arg(from);
            })
            .await?;
        let [Some(handle), Some(name)] = &found[..] else {
            return Ok(None);
        };
        Ok(handle.parse().ok().map(|handle| Person {
            user_id: user.clone(),
            handle,
            name: name.clone(),
        }))
    }

    /// A person's sessions, the newest first.
    pub async fn sessions(
        &self,
        user: &UserId,
        now: u64,
    ) -> Result<Vec<StoredSession>, StoreError> {
        type Row = (String, u64, u64, String, String);
        let rows: Vec<Row> = self
            .link()
            .script(&LIST, &keys::sessions(user), |command| {
                command.arg(now).arg(self.retention.session);
            })
            .await?;
        let session = |(id, created, used, device, address)| StoredSession {
            id,
            created,
            used,
            device,
            address,
        };
        Ok(rows.into_iter().map(session).collect())
    }

    /// Which of these sessions still live, in their order.
    pub async fn sessions_live(
        &self,
        sessions: &[(UserId, &str)],
    ) -> Result<Vec<bool>, StoreError> {
        let commands = sessions
            .iter()
            .map(|(user, id)| {
                let mut command = redis::cmd("EXISTS");
                command.arg(keys::session(user, id));
                command
            })
            .collect();
        self.link().all(commands).await
    }

    /// Ends one session. Answers whether there was one.
    pub async fn end_session(&self, user: &UserId, id: &str) -> Result<bool, StoreError> {
        let mut pipeline = Pipeline::new();
        pipeline
            .del(keys::session(user, id))
            .zrem(keys::sessions(user), id)
            .ignore();
        let (ended,): (bool,) = self.link().pipeline(&pipeline).await?;
        Ok(ended)
    }

    /// Ends all sessions of a person but `except`. Answers how many.
    pub async fn end_sessions(
        &self,
        user: &UserId,
        except: Option<&str>,
    ) -> Result<u64, StoreError> {
        self.replace_sessions(user, except, None, None).await
    }

    /// Sets a new password and ends all sessions but `new`, which takes the place of `old`.
    pub async fn change_password(
        &self,
        user: &UserId,
        password: &str,
        old: &str,
        new: &str,
    ) -> Result<u64, StoreError> {
        self.replace_sessions(user, Some(new), Some(password), Some(old))
            .await
    }

    async fn replace_sessions(
        &self,
        user: &UserId,
        except: Option<&str>,
        password: Option<&str>,
        replaced: Option<&str>,
    ) -> Result<u64, StoreError> {
        self.link()
            .script(&END, &keys::sessions(user), |command| {
                for argument in [except, password, replaced] {
                    command.arg(argument.unwrap_or_default());
                }
            })
            .await
    }
}
