//! Mentions that a server was to tell somebody of, and did not.

use std::sync::LazyLock;

use app::model::{RoomName, UserId};

use super::{Store, StoreError, keys, rooms::timed, script::Script};

static OWED: LazyLock<Script> = LazyLock::new(|| timed(include_str!("room/owed.lua")));

/// How long the server that stored a message has to tell whom it mentions, in milliseconds.
const IN_TIME: u64 = 10_000;
/// Mentions that are read together.
pub const TOGETHER: usize = 20;

impl Store {
    /// Which of these rooms note a mention that is to be told.
    pub async fn rooms_that_owe(&self, rooms: Vec<RoomName>) -> Result<Vec<RoomName>, StoreError> {
        let commands = rooms.iter().map(|room| {
            let mut command = redis::cmd("EXISTS");
            command.arg(keys::room_part(room, "owed"));
            command
        });
        let owes: Vec<bool> = self.link().all(commands.collect()).await?;
        let rooms = rooms.into_iter().zip(owes);
        Ok(rooms
            .filter_map(|(room, owes)| owes.then_some(room))
            .collect())
    }

    /// Mentions in a room that nobody was told of in time: the message, and who is to be told. The oldest
    /// first, at most [`TOGETHER`].
    pub async fn owed(&self, room: &RoomName) -> Result<Vec<(u64, UserId)>, StoreError> {
        let owed: Vec<String> = self
            .link()
            .script(&OWED, &keys::room(room), |command| {
                command.arg(IN_TIME).arg(TOGETHER);
            })
            .await?;
        let owed = owed.iter().filter_map(|owed| {
            let (seq, user) = owed.split_once(' ')?;
            Some((seq.parse().ok()?, user.parse().ok()?))
        });
        Ok(owed.collect())
    }
}
