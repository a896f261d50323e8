//! A message and the inboxes of those whom it mentions lie in different slots, so the message notes whom
//! it mentions until they were told. Where a server ends in between, the others find the note by going
//! through all rooms again and again, whether or not anybody looks at them.

use std::time::Duration;

use app::{backend::Answer, model::RoomName};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::Service;
use crate::store::owed::TOGETHER;

/// How often some rooms are looked at.
const EVERY: Duration = Duration::from_secs(5);
/// Rooms that are looked at each time: a house of 10,000 rooms is gone through in ten seconds.
const ROOMS: usize = 5_000;
/// Rooms that are looked at together.
const SOME: usize = 500;
/// Between them the store has time for what people wait for.
const BREATH: Duration = Duration::from_millis(2);

impl Service {
    /// Tells those whom nobody told that they were mentioned, until `stop`.
    pub async fn keep_owed(&self, stop: CancellationToken) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut after = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
            }
            match stop
                .run_until_cancelled(self.look_for_owed(&mut after))
                .await
            {
                Some(Ok(())) => {}
                Some(Err(error)) => tracing::debug!(%error, "mentions are looked for later"),
                None => return,
            }
        }
    }

    /// Goes through the rooms that follow `after`, which it moves. It begins anew after the last one.
    async fn look_for_owed(&self, after: &mut Option<RoomName>) -> Answer<()> {
        for _ in 0..ROOMS / SOME {
            let rooms = self.store.room_names(after.as_ref(), SOME).await?;
            let whole = rooms.len() == SOME;
            *after = rooms.last().filter(|_| whole).cloned();
            for room in self.store.rooms_that_owe(rooms).await? {
                if let Err(error) = self.tell_all_owed(&room).await {
                    tracing::debug!(%error, room = room.as_str(), "mentions are told later");
                }
            }
            if !whole {
                return Ok(());
            }
            sleep(BREATH).await;
        }
        Ok(())
    }

    async fn tell_all_owed(&self, room: &RoomName) -> Answer<()> {
        let mut before = Vec::new();
        loop {
            let owed = self.store.owed(room).await?;
            // What stays although it was told is not looked at for ever.
            if owed.is_empty() || owed == before {
                return Ok(());
            }
            self.tell_owed(room, &owed).await?;
            if owed.len() < TOGETHER {
                return Ok(());
            }
            before = owed;
        }
    }
}
