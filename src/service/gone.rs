//! What is gone is gone everywhere: a removed message, an ended room and an invitation that is over
//! take their notifications along. Those of a deleted post go in the script that deletes it.

use std::time::Duration;

use app::{
    backend::Answer,
    model::{Epoch, RoomName, UserId},
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{Service, mentions::occasion};
use crate::store::{now, untell::Unmention};

/// Everything that people are told of in a room.
const KINDS: [&str; 2] = ["mention", "invitation"];
/// What another server left undone is looked for this often.
const LOOK: Duration = Duration::from_secs(30);
/// How far the clocks of two servers may differ.
const SKEW: u64 = 2_000;

impl Service {
    /// Tells those whom a message mentioned that it is gone, and notes that they were told.
    pub(super) async fn tell_unmentioned(
        &self,
        room: &RoomName,
        epoch: &Epoch,
        from: Option<&UserId>,
        seq: u64,
        owed: &[UserId],
    ) -> Answer<()> {
        for to in owed {
            let mention = Unmention {
                to,
                room,
                from,
                seq,
                key: &occasion("mention", room, epoch.as_str(), seq),
                now: now(),
            };
            self.store.untell(&mention).await?;
            self.store.settle_mention(room, seq, to).await?;
        }
        Ok(())
    }

    /// An invitation is over: it was taken back, followed or declined.
    pub(super) async fn uninvite(&self, room: &RoomName, user: &UserId) {
        let (people, now) = (std::slice::from_ref(user), now());
        let untold = self
            .store
            .untell_room(people, room, now + SKEW, &["invitation"], now);
        if let Err(error) = untold.await {
            // It leads to what the room says about itself, which is the truth.
            tracing::warn!(%error, "the notification of an invitation that is over stays");
        }
        self.tell_own_rooms(room, people).await;
    }

    /// Takes what people were told of ended rooms out of their inboxes, until `stop`.
    pub async fn keep_ended(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.clear_ended().await {
                tracing::debug!(%error, "notifications of ended rooms stay for now");
            }
            let woken = timeout(LOOK, self.ended.notified());
            let _ = stop.run_until_cancelled(woken).await;
        }
    }

    async fn clear_ended(&self) -> Answer<()> {
        loop {
            let rooms = self.store.ended_rooms().await?;
            if rooms.is_empty() {
                return Ok(());
            }
            for (room, at) in rooms {
                loop {
                    let people = self.store.told_of(&room).await?;
                    let untold = self
                        .store
                        .untell_room(&people, &room, at + SKEW, &KINDS, now());
                    untold.await?;
                    self.tell_own_rooms(&room, &people).await;
                    self.store.settle_ended(&room, &people).await?;
                    if people.is_empty() {
                        break;
                    }
                }
            }
        }
    }
}
