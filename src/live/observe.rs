//! `room:*`: a program that observes hears every room, those that are and those that will be.
//!
//! Sharded pub/sub has no patterns, so they are expanded here: from the directory of rooms when
//! somebody begins to observe, and whenever a server says that it made a room. What that missed is
//! found when the directory is looked through again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use app::{
    error::QuadError,
    event::{CloseCode, ServerFrame},
    model::RoomName,
};
use futures_util::future::try_join_all;
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{MissedTickBehavior, interval_at},
};
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
    service::talk::RoomFrames,
    store::{BEYOND, keys, now},
};

/// How often the directory is looked through, for rooms whose making no message told of.
const EVERY: Duration = Duration::from_secs(30);
/// Rooms that one socket can observe.
const MOST: usize = 10_000;
/// Rooms that are subscribed to at once.
const AT_ONCE: usize = 64;
/// Orders that may wait for an observer. A new room too many is found in the directory.
const MOST_ORDERS: usize = 256;

/// The observers on this server. Each has a task of its own, so that one that does not read keeps
/// nobody waiting but itself.
#[derive(Default)]
pub struct Observers(Mutex<HashMap<ConnectionId, Observer>>);

struct Observer {
    orders: mpsc::Sender<Order>,
    stop: CancellationToken,
    task: JoinHandle<Option<()>>,
}

/// What an observer's task does next.
enum Order {
    /// Listen to a room that was just made.
    Follow(RoomName),
    /// Answer another subscription, once everything before it is done.
    Answer(Asked),
}

impl Observers {
    /// A room was made: every observer listens to it from its first message on.
    pub fn follow(&self, room: &RoomName) {
        for observer in lock(&self.0).values() {
            let _ = observer.orders.try_send(Order::Follow(room.clone()));
        }
    }

    /// Ends an observer's task, if the connection has one, and waits until it has ended: from then on
    /// nothing begins to listen in its name.
    pub(super) async fn end(&self, id: ConnectionId) {
        let observer = lock(&self.0).remove(&id);
        if let Some(Observer { stop, task, .. }) = observer {
            stop.cancel();
            // It neither panics nor is it aborted; if it were, it would have ended as well.
            let _ = task.await;
        }
    }
}

/// Begins to hear every room. Each room is followed by a `position`, which says from where on its
/// messages come.
pub(super) fn subscribe(
    shared: &Shared,
    connection: &Arc<Connection>,
    asked: Asked,
) -> Result<(), End> {
    if !matches!(connection.owner, Owner::Token { observes: true, .. }) {
        forbid(connection, asked);
        return Ok(());
    }
    let mut observers = lock(&shared.live.observers.0);
    if let Some(known) = observers.get(&connection.id) {
        let sent = known.orders.try_send(Order::Answer(asked));
        return sent.map_err(|_| Some(CloseCode::TooFast));
    }
    let (orders, waiting) = mpsc::channel(MOST_ORDERS);
    let stop = CancellationToken::new();
    let observing = run(shared.clone(), connection.clone(), asked, waiting);
    let observing = stop.clone().run_until_cancelled_owned(observing);
    let observer = Observer {
        orders,
        stop,
        task: shared.live.tasks.spawn(observing),
    };
    observers.insert(connection.id, observer);
    Ok(())
}

/// Hears them no more.
pub(super) async fn leave(shared: &Shared, connection: &Connection) {
    shared.live.observers.end(connection.id).await;
    for topic in connection.topics() {
        if keys::room_of(topic.as_str()).is_some() {
            ignore(shared, connection, topic).await;
        }
    }
}

/// An observer's task: listens to all rooms of the directory, and then to every new one.
async fn run(
    shared: Shared,
    connection: Arc<Connection>,
    asked: Asked,
    mut orders: mpsc::Receiver<Order>,
) {
    if let Err(Some(code)) = observe(&shared, &connection, asked, &mut orders).await {
        connection.writer.close(code);
    }
}

async fn observe(
    shared: &Shared,
    connection: &Arc<Connection>,
    asked: Asked,
    orders: &mut mpsc::Receiver<Order>,
) -> Result<(), End> {
    let answer = |asked: Asked| send(connection, &ServerFrame::ack(asked.r#ref, asked.channel));
    expand(shared, connection, From::Now).await?;
    answer(asked);
    let mut ticks = interval_at(tokio::time::Instant::now() + EVERY, EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => expand(shared, connection, From::Beginning).await?,
            order = orders.recv() => match order {
                Some(Order::Follow(room)) if connection.topic_count() < MOST => {
                    listen(shared, connection, &[room], From::Beginning).await?;
                }
                Some(Order::Follow(_)) => {}
                Some(Order::Answer(asked)) => answer(asked),
                None => return Ok(()),
            },
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
            listen(shared, connection, batch, from).await?;
        }
        after = Some(last);
    }
}

/// Begins to hear rooms. The store is asked for all of them at once; what is sent waits for the
/// reader after each room, so that no number of rooms fills the queue of the connection.
async fn listen(
    shared: &Shared,
    connection: &Arc<Connection>,
    rooms: &[RoomName],
    from: From,
) -> Result<(), End> {
    let reading = rooms
        .iter()
        .filter(|room| !connection.listens_to(&keys::room_topic(room)))
        .map(|room| read(shared, connection, room, from));
    for (room, read) in try_join_all(reading).await?.into_iter().flatten() {
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
        connection.writer.settle().await;
        let (history, end) = (History::Room(room, None), read.seq);
        send_history(shared, connection, history, read.frames, begins, end).await?;
        let topic = keys::room_topic(room);
        shared.service.hub().release(&topic, connection, end);
    }
    Ok(())
}

/// Subscribes to a room and reads its beginning. `None` if the room is gone, or was never made: its
/// name may still be taken later.
async fn read<'r>(
    shared: &Shared,
    connection: &Arc<Connection>,
    room: &'r RoomName,
    from: From,
) -> Result<Option<(&'r RoomName, RoomFrames)>, End> {
    let topic = keys::room_topic(room);
    begin(shared, connection, &topic, Carries::History).await?;
    let after = match from {
        From::Now => BEYOND,
        From::Beginning => 0,
    };
    match shared.service.room_after(room, None, after, PAGE).await {
        Ok(read) => Ok(Some((room, read))),
        Err(QuadError::NoSuchRoom) => {
            ignore(shared, connection, topic).await;
            Ok(None)
        }
        Err(_) => Err(away()),
    }
}
