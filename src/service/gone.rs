//! What is gone is gone everywhere: a removed message and an invitation that is over take their
//! notifications along. Those of a deleted post go in the script that deletes it, and those of an ended
//! room are swept: see [`crate::store::cleanup`].

use app::{
    backend::Answer,
    model::{Epoch, RoomName, UserId},
};

use super::{Service, mentions::occasion};
use crate::store::{cleanup::SKEW, now, untell::Unmention};

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
    }
}
