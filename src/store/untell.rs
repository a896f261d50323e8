//! What is gone takes along what people were told of it.

use std::sync::LazyLock;

use app::model::{RoomName, UserId};

use super::{Store, StoreError, inbox::retracting, keys, script::Script};

static MENTION: LazyLock<Script> = LazyLock::new(|| retracting(include_str!("untell.lua")));
static ROOM: LazyLock<Script> = LazyLock::new(|| retracting(include_str!("untell_room.lua")));

/// People of an ended room who are looked after together.
const BATCH: usize = 100;

/// A mention that is taken back.
pub struct Unmention<'a> {
    /// Whom it mentioned.
    pub to: &'a UserId,
    /// Where.
    pub room: &'a RoomName,
    /// Who said it; unknown where only the store's note is left.
    pub from: Option<&'a UserId>,
    /// Which message.
    pub seq: u64,
    /// Names the occasion, as when they were told.
    pub key: &'a str,
    /// Milliseconds since 1970.
    pub now: u64,
}

impl Store {
    /// Takes a mention back, with its notification. Whoever was not told yet will not be.
    pub async fn untell(&self, mention: &Unmention<'_>) -> Result<(), StoreError> {
        let _: u64 = self
            .link()
            .script(&MENTION, &keys::inbox(mention.to), |command| {
                command
                    .arg(mention.room.as_str())
                    .arg(mention.from.map_or("", UserId::as_str))
                    .arg(mention.seq)
                    .arg(mention.key)
                    .arg(mention.now);
                self.inbox_arguments(command, mention.now);
            })
            .await?;
        Ok(())
    }

    /// Takes back what people were told of a room up to `until`: of the kinds named.
    pub async fn untell_room(
        &self,
        people: &[UserId],
        room: &RoomName,
        until: u64,
        kinds: &[&str],
        now: u64,
    ) -> Result<(), StoreError> {
        let inboxes = people.iter().map(keys::inbox);
        let answers = self.link().scripts(&ROOM, inboxes, |_, command| {
            command.arg(room.as_str()).arg(until).arg(now);
            self.inbox_arguments(command, now);
            command.arg(kinds);
        });
        answers.await.map(|_: Vec<String>| ())
    }

    /// Notes that those who were told of a room that ended are to be told that it is gone.
    pub(super) async fn note_ended(&self, room: &RoomName, now: u64) -> Result<(), StoreError> {
        let mut note = redis::cmd("ZADD");
        note.arg(keys::ENDED).arg(now).arg(room.as_str());
        self.link().query(&note).await
    }

    /// Ended rooms whose people are still to be told, and when they ended; a few at a time.
    pub async fn ended_rooms(&self) -> Result<Vec<(RoomName, u64)>, StoreError> {
        let mut command = redis::cmd("ZRANGE");
        command.arg(keys::ENDED).arg(0).arg(9).arg("WITHSCORES");
        let rows: Vec<(String, u64)> = self.link().query(&command).await?;
        let rooms = rows.into_iter();
        Ok(rooms
            .filter_map(|(room, at)| Some((room.parse().ok()?, at)))
            .collect())
    }

    /// Some of those who were told of a room that ended.
    pub async fn told_of(&self, room: &RoomName) -> Result<Vec<UserId>, StoreError> {
        let mut command = redis::cmd("SRANDMEMBER");
        command.arg(keys::room_part(room, "untold")).arg(BATCH);
        let ids: Vec<String> = self.link().query(&command).await?;
        Ok(ids.into_iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// These people were told; with none left, the room is done.
    pub async fn settle_ended(&self, room: &RoomName, people: &[UserId]) -> Result<(), StoreError> {
        let mut command = if people.is_empty() {
            redis::cmd("ZREM")
        } else {
            redis::cmd("SREM")
        };
        if people.is_empty() {
            command.arg(keys::ENDED).arg(room.as_str());
        } else {
            command.arg(keys::room_part(room, "untold"));
            for id in people {
                command.arg(id.as_str());
            }
        }
        self.link().query(&command).await
    }
}
