//! What is said in rooms: stored, numbered and published by one script.

use std::sync::LazyLock;

use app::model::{Epoch, RoomName, UserId};
use redis::{Value, from_redis_value};

use super::{
    BEYOND, Store, StoreError, keys,
    rooms::{Outcome, script, timed},
    script::Script,
};

static SAY: LazyLock<Script> = LazyLock::new(|| timed(include_str!("room/say.lua")));
static UNSAY: LazyLock<Script> = LazyLock::new(|| timed(include_str!("room/unsay.lua")));
static READ: LazyLock<Script> = LazyLock::new(|| script(include_str!("room/read_log.lua")));
static MARK: LazyLock<Script> = LazyLock::new(|| script(include_str!("room/mark_read.lua")));

/// Messages a room keeps; the oldest go first.
pub const MOST_KEPT: u64 = 10_000;
/// In a larger room, nobody is told how far others have read, only how far they have themselves.
const MOST_READERS: u64 = 100;

/// A message to be stored.
pub struct NewSaying<'a> {
    /// Who says it.
    pub from: &'a UserId,
    /// The same as JSON, for the frame that the script publishes.
    pub person: &'a str,
    /// Made by the client.
    pub id: &'a str,
    /// What is said.
    pub text: &'a str,
    /// Milliseconds since 1970.
    pub now: u64,
    /// Whom it mentions, whether they are in the room or not.
    pub mentions: &'a [UserId],
}

/// A message that was stored, now or before.
pub struct Stored {
    /// Which history.
    pub epoch: Epoch,
    /// Its place.
    pub seq: u64,
    /// When; milliseconds since 1970.
    pub at: u64,
    /// The members whom it mentions and who are to be told.
    pub owed: Vec<UserId>,
}

/// A message that was removed.
pub struct Unsaid {
    /// Who said it.
    pub from: Option<UserId>,
    /// The members whom it mentioned.
    pub owed: Vec<UserId>,
}

/// An entry of a room's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// Its place.
    pub seq: u64,
    /// Made by the client; empty for a removal.
    pub id: String,
    /// Who said it.
    pub from: Option<UserId>,
    /// What was said.
    pub text: String,
    /// When; milliseconds since 1970.
    pub at: u64,
    /// The message that this entry removes.
    pub removes: Option<u64>,
}

/// Which part of a history to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What follows this entry, in order.
    After(u64),
    /// What came before this entry (0: the end), backwards, without removals.
    Before(u64),
}

/// A part of a room's history, and where it stands.
pub struct RoomLog {
    /// Which history.
    pub epoch: Epoch,
    /// The newest entry.
    pub seq: u64,
    /// The oldest one that is kept.
    pub first: u64,
    /// What was asked for.
    pub sayings: Vec<Saying>,
}

impl Store {
    /// Stores a message and publishes it. `None`: they are not in the room.
    pub async fn say(
        &self,
        name: &RoomName,
        saying: &NewSaying<'_>,
    ) -> Result<Option<Stored>, StoreError> {
        let answer: Vec<Value> = self
            .on_room(&SAY, name, |command| {
                command
                    .arg(saying.from.as_str())
                    .arg(saying.id)
                    .arg(serde_json::Value::from(saying.text).to_string())
                    .arg(saying.now)
                    .arg(self.generation())
                    .arg(saying.person)
                    .arg(MOST_KEPT);
                for mentioned in saying.mentions {
                    command.arg(mentioned.as_str());
                }
            })
            .await?;
        let mut answer = answer.into_iter();
        let mut next = || answer.next().unwrap_or(Value::Nil);
        let status: String = from_redis_value(next())?;
        let (seq, at) = (from_redis_value(next())?, from_redis_value(next())?);
        let epoch: String = from_redis_value(next())?;
        let owed = answer.filter_map(|id| from_redis_value::<String>(id).ok()?.parse().ok());
        Ok((status != "none").then(|| Stored {
            epoch: Epoch::from(epoch),
            seq,
            at,
            owed: owed.collect(),
        }))
    }

    /// Whoever was mentioned has been told.
    pub async fn settle_mention(
        &self,
        name: &RoomName,
        seq: u64,
        user: &UserId,
    ) -> Result<(), StoreError> {
        let mut command = redis::cmd("ZREM");
        command
            .arg(keys::room_part(name, "owed"))
            .arg(format!("{seq} {user}"));
        self.link().query(&command).await
    }

    /// Removes a message. Answers who said it and whom it mentions, who are to be told.
    pub async fn unsay(
        &self,
        name: &RoomName,
        actor: &UserId,
        seq: u64,
        id: &str,
        now: u64,
    ) -> Result<Result<Unsaid, Outcome>, StoreError> {
        let answer: Vec<Value> = self
            .on_room(&UNSAY, name, |command| {
                command
                    .arg(actor.as_str())
                    .arg(seq)
                    .arg(now)
                    .arg(self.generation())
                    .arg(id);
            })
            .await?;
        let mut answer = answer.into_iter();
        match from_redis_value(answer.next().unwrap_or(Value::Nil))? {
            Outcome::Done => {}
            refused => return Ok(Err(refused)),
        }
        let mut people = answer.filter_map(|id| from_redis_value::<String>(id).ok()?.parse().ok());
        Ok(Ok(Unsaid {
            from: people.next(),
            owed: people.collect(),
        }))
    }

    /// Reads a part of a room's history; everybody's where no reader is named. Errors:
    /// [`Outcome::NoRoom`] where there is none, [`Outcome::Forbidden`] to somebody who is not in it.
    pub async fn read_room(
        &self,
        name: &RoomName,
        reader: Option<&UserId>,
        part: Part,
        limit: usize,
    ) -> Result<Result<RoomLog, Outcome>, StoreError> {
        type Row = (u64, String, String, String, u64, u64);
        let (way, begin) = match part {
            Part::After(seq) => ("after", seq.min(BEYOND)),
            Part::Before(seq) => ("before", seq.min(BEYOND)),
        };
        let (status, epoch, seq, first, rows): (String, String, u64, u64, Vec<Row>) = self
            .on_room(&READ, name, |command| {
                command
                    .arg(reader.map_or("", UserId::as_str))
                    .arg(way)
                    .arg(begin)
                    .arg(limit);
            })
            .await?;
        let sayings = rows
            .into_iter()
            .filter_map(|(seq, id, from, text, at, removes)| {
                Some(Saying {
                    seq,
                    id,
                    from: from.parse().ok(),
                    text: serde_json::from_str(&text).ok()?,
                    at,
                    removes: (removes > 0).then_some(removes),
                })
            });
        Ok(match status.as_str() {
            "ok" => Ok(RoomLog {
                epoch: self.epoch(&epoch),
                seq,
                first,
                sayings: sayings.collect(),
            }),
            "none" => Err(Outcome::NoRoom),
            _ => Err(Outcome::Forbidden),
        })
    }

    /// Which history a room has.
    pub async fn room_epoch(&self, name: &RoomName) -> Result<Epoch, StoreError> {
        let mut command = redis::cmd("HGET");
        command.arg(keys::room_part(name, "log:meta")).arg("epoch");
        let epoch: Option<String> = self.link().query(&command).await?;
        Ok(self.epoch(epoch.as_deref().unwrap_or("0")))
    }

    /// How far somebody has read a room; `None` for somebody who is not in it.
    pub async fn read_mark(
        &self,
        name: &RoomName,
        user: &UserId,
    ) -> Result<Option<u64>, StoreError> {
        let mut command = redis::cmd("HGET");
        command
            .arg(keys::room_part(name, "reads"))
            .arg(user.as_str());
        self.link().query(&command).await
    }

    /// Somebody has read a room up to `seq`.
    pub async fn mark_room(
        &self,
        name: &RoomName,
        user: &UserId,
        seq: u64,
    ) -> Result<(), StoreError> {
        self.on_room(&MARK, name, |command| {
            command.arg(user.as_str()).arg(seq).arg(MOST_READERS);
        })
        .await
    }
}
