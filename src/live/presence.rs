//! Who is looking at a room: people, not sockets, and on all servers.
//!
//! The hub knows who listens here. Whatever changes that only says which room it was; one task
//! then compares the hub with what it told the store before, so that nothing waits and nothing can
//! be lost. It also says every few seconds that this server lives: what a server said that went
//! silent is forgotten by the others.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use app::model::{Person, RoomName, UserId};
use tokio::{
    sync::Notify,
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;

use super::lock;
use crate::{
    pulse::Pulse,
    service::Service,
    store::{StoreError, keys, presence::Attendance},
};

/// How often a server says that it lives, in each room that somebody here looks at.
const BEAT: Duration = Duration::from_secs(5);
/// Those who come together are told together.
const TOGETHER: Duration = Duration::from_millis(50);
/// Rooms in one go.
const BATCH: usize = 100;

/// The rooms where somebody came or went. There are no more than rooms that were listened to.
#[derive(Default)]
pub struct Attendances {
    touched: Mutex<HashSet<RoomName>>,
    changed: Notify,
}

impl Attendances {
    /// Somebody may have come to this room, or left it.
    pub fn touch(&self, room: RoomName) {
        self.lock().insert(room);
        self.changed.notify_one();
    }

    fn take(&self) -> HashSet<RoomName> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<RoomName>> {
        lock(&self.touched)
    }
}

/// Tells the store who is looking, until `stop`; then, that nobody is.
pub async fn run(service: Arc<Service>, stop: CancellationToken, pulse: Pulse) {
    let mut presence = Presence {
        service,
        told: HashMap::new(),
        anew: HashSet::new(),
    };
    let mut beats = interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let due = tokio::select! {
            () = stop.cancelled() => break,
            _ = beats.tick() => presence.told.keys().cloned().collect(),
            () = presence.service.attendance().changed.notified() => {
                sleep(TOGETHER).await;
                HashSet::new()
            }
        };
        pulse.during(presence.sync(due)).await;
    }
    let rooms = presence.told.keys().cloned().collect();
    presence.sync(rooms).await;
}

struct Presence {
    service: Arc<Service>,
    /// Who is looking, as the store was told.
    told: HashMap<RoomName, HashSet<UserId>>,
    /// Rooms in which this server was taken for dead.
    anew: HashSet<RoomName>,
}

impl Presence {
    /// Tells the store of the rooms that changed, and of those that are due.
    async fn sync(&mut self, mut rooms: HashSet<RoomName>) {
        rooms.extend(self.service.attendance().take());
        rooms.extend(self.anew.iter().cloned());
        let rooms: Vec<RoomName> = rooms.into_iter().collect();
        for batch in rooms.chunks(BATCH) {
            if let Err(error) = self.tell(batch).await {
                tracing::debug!(%error, "who is looking is told later");
                // Whether it was stored is unknown: with the next beat all is said again.
                self.anew.extend(batch.iter().cloned());
                for room in batch {
                    self.told.entry(room.clone()).or_default();
                }
            }
        }
    }

    async fn tell(&mut self, rooms: &[RoomName]) -> Result<(), StoreError> {
        let nobody = HashSet::new();
        let mut changes = Vec::with_capacity(rooms.len());
        let mut here = Vec::with_capacity(rooms.len());
        for room in rooms {
            let now = self.service.hub().people(keys::room_topic(room).as_str());
            let all = self.anew.contains(room);
            let before = if all {
                &nobody
            } else {
                self.told.get(room).unwrap_or(&nobody)
            };
            let came: Vec<UserId> = now.difference(before).cloned().collect();
            let went: Vec<UserId> = before.difference(&now).cloned().collect();
            let known = !before.is_empty();
            if !all && !known && came.is_empty() {
                continue;
            }
            let people = self.service.people(&came).await;
            let people = people.map_err(|_| StoreError::Unavailable)?;
            let came = came.into_iter().filter_map(|user| {
                let person: &Person = people.get(&user)?;
                Some((user, serde_json::to_string(person).ok()?))
            });
            let came = came.collect();
            changes.push((room.clone(), Attendance { all, came, went }));
            here.push(now);
        }
        let server = self.service.server();
        let answers = self.service.store().attend(server, &changes).await?;
        for (((room, change), here), answer) in changes.into_iter().zip(here).zip(answers) {
            let anew = !answer.known && !change.all && self.told.contains_key(&room);
            if anew {
                self.anew.insert(room.clone());
            } else {
                self.anew.remove(&room);
            }
            if let Err(error) = self.service.tell_owed(&room, &answer.owed).await {
                tracing::debug!(%error, "mentions are told later");
            }
            if here.is_empty() && !anew {
                self.told.remove(&room);
            } else {
                self.told.insert(room, here);
            }
        }
        Ok(())
    }
}
