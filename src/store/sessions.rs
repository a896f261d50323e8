//! Sessions: a key with an expiry each, in the slot of the person.

use std::sync::LazyLock;

use app::model::{Person, UserId};
use redis::Pipeline;

use super::{Store, StoreError, keys, script::Script};

static END: LazyLock<Script> = LazyLock::new(|| Script::new(&[include_str!("end_sessions.lua")]));

/// A session that is not used for this long lapses.
const LIFETIME_MS: u64 = 30 * 24 * 60 * 60 * 1000;
/// A person's oldest sessions end when there are more.
const MOST: isize = 100;

impl Store {
    /// Begins a session. `id` is the hash of its secret.
    pub async fn begin_session(&self, user: &UserId, id: &str, now: u64) -> Result<(), StoreError> {
        let mut pipeline = Pipeline::new();
        pipeline
            .hset(keys::session(user, id), "created", now)
            .ignore()
            .pexpire(keys::session(user, id), LIFETIME_MS as i64)
            .ignore()
            .zadd(keys::sessions(user), id, now)
            .ignore()
            .cmd("ZRANGE")
            .arg(keys::sessions(user))
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

    /// Finds the person of a session, and prolongs it.
    pub async fn session(&self, user: &UserId, id: &str) -> Result<Option<Person>, StoreError> {
        let mut pipeline = Pipeline::new();
        pipeline
            .pexpire(keys::session(user, id), LIFETIME_MS as i64)
            .cmd("HMGET")
            .arg(keys::user(user))
            .arg("handle")
            .arg("name");
        let (lives, (handle, name)): (bool, (Option<String>, Option<String>)) =
            self.link().pipeline(&pipeline).await?;
        Ok((|| {
            let handle = handle?.parse().ok()?;
            lives.then_some(Person {
                user_id: user.clone(),
                handle,
                name: name?,
            })
        })())
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

    /// Ends one session.
    pub async fn end_session(&self, user: &UserId, id: &str) -> Result<(), StoreError> {
        let mut pipeline = Pipeline::new();
        pipeline
            .del(keys::session(user, id))
            .ignore()
            .zrem(keys::sessions(user), id)
            .ignore();
        self.link().pipeline(&pipeline).await
    }

    /// Ends all sessions of a person but `except`, and sets a new password where there is one.
    pub async fn end_sessions(
        &self,
        user: &UserId,
        except: Option<&str>,
        password: Option<&str>,
    ) -> Result<(), StoreError> {
        self.link()
            .script(&END, &keys::sessions(user), |command| {
                command
                    .arg(except.unwrap_or_default())
                    .arg(password.unwrap_or_default());
            })
            .await
    }
}
