//! What is gone takes along what people were told of it.

use std::sync::LazyLock;

use app::model::{RoomName, UserId};

use super::{Store, StoreError, inbox::retracting, keys, script::Script};

static MENTION: LazyLock<Script> = LazyLock::new(|| retracting(include_str!("untell.lua")));
static ROOM: LazyLock<Script> = LazyLock::new(|| retracting(include_str!("untell_room.lua")));

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
        let mut people: Vec<&UserId> = people.iter().collect();
        while !people.is_empty() {
            let inboxes = people.iter().map(|user| keys::inbox(user));
            let answers: Vec<String> = self
                .link()
                .scripts(&ROOM, inboxes, |_, command| {
                    command.arg(room.as_str()).arg(until).arg(now);
                    self.inbox_arguments(command, now);
                    command.arg(kinds);
                })
                .await?;
            // Whoever was told much is told in parts that it is gone.
            let mut answers = answers.iter();
            people.retain(|_| answers.next().is_some_and(|answer| answer == "more"));
        }
        Ok(())
    }
}
