//! What is left of something that was deleted, where that may be much: a million likes of a post, what
//! 10,000 members of a room noted and were told of it.
//!
//! Deleting marks it as gone in one short script, and nobody sees it from then on. What is left is put
//! aside by the same script, in the same slot, and swept in slices, each of which is short. That there is
//! something to sweep is noted in one queue, which lies in another slot: so it is noted before, due in a
//! minute, and made due at once when the script has run. Whatever ends in between, the job is there.
//!
//! A server takes a job for some seconds, works on it for a moment, and puts it back behind the others; if
//! it ends before, another one goes on. A slice may be done twice, and changes nothing the second time.

use std::{fmt, str::FromStr, sync::LazyLock, time::Duration};

use app::model::{PostId, RoomName, UserId};
use redis::Cmd;

use super::{Store, StoreError, inbox::reading, keys, now, script::Script};

static GROUP: LazyLock<Script> = LazyLock::new(|| reading(include_str!("sweep_group.lua")));
static ADOPT: LazyLock<Script> = LazyLock::new(|| Script::new(&[include_str!("adopt_ended.lua")]));
static QUEUE: LazyLock<Script> = LazyLock::new(|| Script::new(&[include_str!("cleanup.lua")]));

/// How long a server has a job that it takes.
const LEASE: Duration = Duration::from_secs(10);
/// How long it may be unknown whether something was deleted. After that its job is looked at.
pub(super) const UNKNOWN_FOR: Duration = Duration::from_secs(60);
/// People whose notes are cleaned up in one slice.
const SLICE: usize = 200;
/// Entries of an inbox that are swept in one slice, and people who are told in one.
const FEW: usize = 100;
/// Everything that people are told of in a room.
const KINDS: [&str; 2] = ["mention", "invitation"];
/// How far the clocks of two servers may differ, in milliseconds.
pub const SKEW: u64 = 2_000;

/// Something that was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deleted {
    /// A post.
    Post(PostId),
    /// All rooms of this name that ended.
    Room(RoomName),
}

impl fmt::Display for Deleted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Post(id) => write!(f, "post {id}"),
            Self::Room(name) => write!(f, "room {name}"),
        }
    }
}

/// This is no [`Deleted`] that this version knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotKnown;

impl FromStr for Deleted {
    type Err = NotKnown;

    fn from_str(text: &str) -> Result<Self, NotKnown> {
        match text.split_once(' ') {
            Some(("post", id)) => id.parse().map(Self::Post).map_err(|_| NotKnown),
            Some(("room", name)) => name.parse().map(Self::Room).map_err(|_| NotKnown),
            _ => Err(NotKnown),
        }
    }
}

/// A job that this server has for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// As it stands in the queue: a [`Deleted`].
    pub job: String,
    until: u64,
}

impl Store {
    /// Adds a job that any server may take at once.
    pub(super) async fn clean_up(&self, deleted: &Deleted) -> Result<(), StoreError> {
        self.clean_up_after(Duration::ZERO, deleted).await
    }

    /// Adds a job that any server may take after `delay`.
    pub(super) async fn clean_up_after(
        &self,
        delay: Duration,
        deleted: &Deleted,
    ) -> Result<(), StoreError> {
        let job = deleted.to_string();
        let added = self.cleanup("add", delay, &job, 0);
        added.await.map(drop)
    }

    /// Takes a job, if there is one.
    pub async fn take_cleanup(&self) -> Result<Option<Job>, StoreError> {
        self.cleanup("take", LEASE, "", 0).await
    }

    /// Puts one's own job back, behind all others that are due.
    pub async fn hand_cleanup_back(&self, job: &Job) -> Result<(), StoreError> {
        let back = self.cleanup("back", Duration::ZERO, &job.job, job.until);
        back.await.map(drop)
    }

    /// One's own job is done. If it was added again meanwhile, it stays.
    pub async fn finish_cleanup(&self, job: &Job) -> Result<(), StoreError> {
        let done = self.cleanup("done", Duration::ZERO, &job.job, job.until);
        done.await.map(drop)
    }

    async fn cleanup(
        &self,
        what: &str,
        time: Duration,
        job: &str,
        until: u64,
    ) -> Result<Option<Job>, StoreError> {
        let time = time.as_millis() as u64;
        let answer: Option<(String, u64)> = self
            .link()
            .script::<Vec<redis::Value>>(&QUEUE, keys::CLEANUP, |command| {
                command.arg(what).arg(time).arg(job).arg(until);
            })
            .await
            .and_then(|row| match row.is_empty() {
                true => Ok(None),
                false => Ok(Some(redis::from_redis_value(redis::Value::Array(row))?)),
            })?;
        Ok(answer.map(|(job, until)| Job { job, until }))
    }

    /// Cleans up one slice. Answers whether there may be more.
    pub async fn clean_up_slice(&self, deleted: &Deleted) -> Result<bool, StoreError> {
        match deleted {
            Deleted::Post(id) => self.clean_up_post(id).await,
            Deleted::Room(name) => self.clean_up_room(name).await,
        }
    }

    async fn clean_up_post(&self, id: &PostId) -> Result<bool, StoreError> {
        // A server may have ended before it deleted what it was going to delete.
        if self.post_exists(id).await? {
            return Ok(false);
        }
        let left: bool = self
            .link()
            .script(&GROUP, &keys::inbox(id.author()), |command| {
                command.arg(format!("like.{}", id.n())).arg(FEW);
            })
            .await?;
        if left {
            return Ok(true);
        }
        let likes = keys::likes(id);
        let fans = self.first_of_set(&likes).await?;
        if fans.is_empty() {
            self.unlist_post(id).await?;
            return Ok(false);
        }
        let notes = people(&fans).map(|fan| {
            let mut note = redis::cmd("SREM");
            note.arg(keys::liked(&fan)).arg(id.to_string());
            note
        });
        self.link().all::<u64>(notes.collect()).await?;
        self.remove_from_set(&likes, &fans).await?;
        Ok(true)
    }

    async fn clean_up_room(&self, name: &RoomName) -> Result<bool, StoreError> {
        let gone = keys::room_part(name, "gone");
        let mut oldest = redis::cmd("ZRANGE");
        oldest.arg(&gone).arg(0).arg(0).arg("WITHSCORES");
        let ended: Vec<(String, u64)> = self.link().query(&oldest).await?;
        let Some((epoch, ended)) = ended.into_iter().next() else {
            if !self.room_exists(name).await? {
                self.unlist_room(name).await?;
            }
            return Ok(false);
        };
        // First what people see.
        let told = keys::room_part(name, &format!("gone:{epoch}:told"));
        let ids = self.some_of_set(&told).await?;
        if !ids.is_empty() {
            let people: Vec<UserId> = people(&ids).collect();
            self.untell_room(&people, name, ended + SKEW, &KINDS, now())
                .await?;
            let mut done = redis::cmd("SREM");
            done.arg(&told).arg(&ids);
            self.link().query::<u64>(&done).await?;
            return Ok(true);
        }
        for part in ["members", "invited"] {
            let key = keys::room_part(name, &format!("gone:{epoch}:{part}"));
            let ids = self.first_of_set(&key).await?;
            if !ids.is_empty() {
                let people: Vec<UserId> = people(&ids).collect();
                self.forget_ended_room(&people, name, ended).await?;
                self.remove_from_set(&key, &ids).await?;
                return Ok(true);
            }
        }
        self.remove_from_set(&gone, &[epoch]).await?;
        Ok(true)
    }

    /// Makes jobs of what an earlier version noted, which had a list of ended rooms of its own.
    pub async fn adopt_ended(&self) -> Result<(), StoreError> {
        let mut command = redis::cmd("ZRANGE");
        command.arg(keys::ENDED).arg(0).arg(9).arg("WITHSCORES");
        let ended: Vec<(String, u64)> = self.link().query(&command).await?;
        for (room, at) in ended {
            if let Ok(name) = room.parse::<RoomName>() {
                let gone = keys::room_part(&name, "gone");
                self.link()
                    .script::<()>(&ADOPT, &gone, |command| {
                        command.arg(at);
                    })
                    .await?;
                self.clean_up(&Deleted::Room(name)).await?;
            }
            let mut done = redis::cmd("ZREM");
            done.arg(keys::ENDED).arg(room);
            self.link().query::<u64>(&done).await?;
        }
        Ok(())
    }

    async fn some_of_set(&self, key: &str) -> Result<Vec<String>, StoreError> {
        let mut command = redis::cmd("SRANDMEMBER");
        command.arg(key).arg(FEW);
        self.link().query(&command).await
    }

    async fn first_of_set(&self, key: &str) -> Result<Vec<String>, StoreError> {
        let mut command = redis::cmd("ZRANGE");
        command.arg(key).arg(0).arg(SLICE - 1);
        self.link().query(&command).await
    }

    async fn remove_from_set(&self, key: &str, members: &[String]) -> Result<(), StoreError> {
        let mut command: Cmd = redis::cmd("ZREM");
        command.arg(key).arg(members);
        self.link().query::<u64>(&command).await.map(drop)
    }
}

fn people(ids: &[String]) -> impl Iterator<Item = UserId> {
    ids.iter().filter_map(|id| id.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_read_as_they_are_written() {
        for job in [
            Deleted::Post("0abcdefg.7".parse().unwrap()),
            Deleted::Room("chess-club".parse().unwrap()),
        ] {
            assert_eq!(job.to_string().parse(), Ok(job));
        }
        for unknown in ["", "post", "post x", "room a b", "planet earth"] {
            assert_eq!(unknown.parse::<Deleted>(), Err(NotKnown), "{unknown}");
        }
    }
}
