//! `room:*`: a program that observes hears every room, those that are and those that will be.
//!
//! Sharded pub/sub has no patterns, so they are expanded here: from the directory of rooms when
//! somebody begins to observe, and whenever a server says that it made a room. What that missed is
//! found when the directory is looked through again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use app::{event::ServerFrame, model::RoomName};
use futures_util::future::try_join_all;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::{
    catch_up::{Asked, History, PAGE, away, begin, forbid, ignore, send_history},
    hub::{Connection, ConnectionId, Owner},
    listeners::Carries,
    lock,
    socket::{End, send},
};
use crate::{
    server::Shared,
    store::{BEYOND, keys, now},
};

/// How often the directory is looked through.
const EVERY: Duration = Duration::from_secs(30);
/// Rooms that one socket can observe.
const MOST: usize = 10_000;
/// Rooms that are subscribed to at once.
const AT_ONCE: usize = 64;

/// Who observes on this server.
#[derive(Default)]
pub struct Observers(Mutex<HashMap<ConnectionId, Arc<Connection>>>);

impl Observers {
    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectionId, Arc<Connection>>> {
        lock(&self.0)
    }

    fn all(&self) -> Vec<Arc<Connection>> {
        let mut observers = self.lock();
        observers.retain(|_, connection| !connection.writer.is_closing());
        observers.values().cloned().collect()
    }

    /// Forgets a connection that ended.
    pub fn remove(&self, id: ConnectionId) {
        self.lock().remove(&id);
    }
}

/// Begins to hear every room. Each that is there is followed by a `position`, from where on what
/// is said comes.
pub(super) async fn subscribe(
    shared: &Shared,
    connection: &Arc<Connection>,
    asked: Asked,
) -> Result<(), End> {
    if !matches!(connection.owner, Owner::Token { observes: true, .. }) {
        forbid(connection, asked);
        return Ok(());
    }
    shared
        .live
        .observers
        .lock()
        .insert(connection.id, connection.clone());
    let expanded = expand(shared, connection, From::Now).await;
    send(connection, &ServerFrame::ack(asked.r#ref, asked.channel));
    expanded
}

/// Hears them no more.
pub(super) async fn leave(shared: &Shared, connection: &Connection) {
    shared.live.observers.remove(connection.id);
    for topic in connection.topics() {
        if keys::room_of(topic.as_str()).is_some() {
            ignore(shared, connection, topic).await;
        }
    }
}

/// Follows a room that was just made.
pub async fn follow(shared: &Shared, room: &RoomName) {
    for connection in shared.live.observers.all() {
        // Whoever cannot be served comes back and expands again.
        if let Err(Some(code)) = listen(shared, &connection, room, From::Beginning).await {
            connection.writer.close(code);
        }
    }
}

/// Looks through the directory until `stop`, for rooms that nobody said were made.
pub async fn run(shared: Shared, stop: CancellationToken) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        for connection in shared.live.observers.all() {
            if let Err(Some(code)) = expand(&shared, &connection, From::Beginning).await {
                connection.writer.close(code);
            }
        }
    }
}

/// From where on a room is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// What was said before is not sent.
    Now,
    /// Everything is sent.
    Beginning,
}

/// Begins to hear every room of the directory that is not heard yet.
async fn expand(shared: &Shared, connection: &Arc<Connection>, from: From) -> Result<(), End> {
    let store = shared.service.store();
    let mut heard = connection.topic_count();
    let mut after = None;
    loop {
        let names = store.room_names(after.as_ref(), 500).await;
        let names = names.map_err(|_| away())?;
        let Some(last) = names.last().cloned() else {
            return Ok(());
        };
        let mut new = names;
        new.retain(|name| !connection.listens_to(&keys::room_topic(name)));
        new.truncate(MOST.saturating_sub(heard));
        heard += new.len();
        for batch in new.chunks(AT_ONCE) {
            let listening = batch
                .iter()
                .map(async |name| listen(shared, connection, name, from).await);
            try_join_all(listening).await?;
        }
        after = Some(last);
    }
}

/// Begins to hear one room.
async fn listen(
    shared: &Shared,
    connection: &Arc<Connection>,
    room: &RoomName,
    from: From,
) -> Result<(), End> {
    let topic = keys::room_topic(room);
    if connection.listens_to(&topic) {
        return Ok(());
    }
    begin(shared, connection, &topic, Carries::History).await?;
    let service = &shared.service;
    let after = match from {
        From::Now => BEYOND,
        From::Beginning => 0,
    };
    let Ok(read) = service.room_after(room, None, after, PAGE).await else {
        // It is gone, or was never made: its name may still be taken later.
        ignore(shared, connection, topic).await;
        return Ok(());
    };
    let begins = match from {
        From::Now => read.seq,
        From::Beginning => 0,
    };
    let position = ServerFrame::Position {
        channel: Some(room.channel()),
        epoch: read.epoch,
        seq: begins,
        at: Some(now()),
    };
    send(connection, &position);
    let (history, end) = (History::Room(room, None), read.seq);
    let sent = send_history(shared, connection, history, read.frames, begins, end).await?;
    service.hub().release(&topic, connection, sent);
    Ok(())
}
