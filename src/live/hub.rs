//! Who listens here: the one owner of the map of connections.
//!
//! A message is delivered to each listener in turn, without waiting for any; a crowd gets it in
//! several turns, between which others are served. Listeners are
//! removed by connection id, so that a late goodbye evicts nobody else.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use app::{event::CloseCode, model::UserId};
use tokio::{
    sync::{Notify, mpsc},
    task::yield_now,
};
use tokio_util::sync::CancellationToken;

pub use super::connection::{Connection, ConnectionId, Owner};
use super::{
    Topic,
    connection_count::ConnectionCount,
    frame::Frame,
    input::Input,
    listeners::{Carries, Delivery, Listeners, Version},
    lock,
    writer::Writer,
};
use crate::meters::METERS;

type Shared = Arc<Mutex<Listeners>>;

/// The map of who listens to what.
#[derive(Default)]
pub struct Hub {
    next: AtomicU64,
    connections: Mutex<HashMap<ConnectionId, Arc<Connection>>>,
    count: ConnectionCount,
    topics: Mutex<HashMap<Topic, Shared>>,
    /// Topics with a crowd that has something waiting, each once.
    crowds: Mutex<VecDeque<(Topic, Shared)>>,
    crowded: Notify,
}

impl Hub {
    /// Takes a socket in.
    pub fn connect(&self, owner: Owner, writer: Writer) -> Arc<Connection> {
        self.take_in(owner, writer, None)
    }

    /// Takes a stream of events in, whose frames come in through `inlet`.
    pub fn connect_stream(
        &self,
        owner: Owner,
        writer: Writer,
        inlet: mpsc::Sender<Input>,
    ) -> Arc<Connection> {
        self.take_in(owner, writer, Some(inlet))
    }

    fn take_in(
        &self,
        owner: Owner,
        writer: Writer,
        inlet: Option<mpsc::Sender<Input>>,
    ) -> Arc<Connection> {
        let id = ConnectionId::new(self.next.fetch_add(1, Ordering::Relaxed));
        let connection = Arc::new(Connection::new(id, owner, writer, inlet));
        lock(&self.connections).insert(connection.id, connection.clone());
        connection
    }

    /// Gives a connection one of the `most` places of its owner; `false` if all are taken.
    pub fn admit(&self, connection: &Connection, most: u64) -> bool {
        self.count.take(connection, most)
    }

    /// Lets a connection go. Answers the topics that nobody listens to any more.
    pub fn disconnect(&self, connection: &Connection) -> Vec<Topic> {
        lock(&self.connections).remove(&connection.id);
        self.count.give_back(connection);
        let mut topics = connection.topics();
        topics.retain(|topic| self.ignore(topic, connection));
        topics
    }

    /// Hands frames to a stream of this owner's; `false` if there is none of that number.
    pub fn say(&self, stream: u64, owner: &str, frames: Vec<Input>) -> bool {
        let stream = ConnectionId::new(stream);
        let connection = lock(&self.connections).get(&stream).cloned();
        connection.is_some_and(|known| known.owner.name() == owner && known.say(frames))
    }

    /// Begins to listen, holding back what arrives until [`Hub::release`]. On a topic that is
    /// listened to already, it holds back from now on.
    pub fn listen(&self, topic: &Topic, connection: &Arc<Connection>, carries: Carries) {
        // The map stays locked meanwhile, so that the topic cannot be removed as empty in between.
        let mut topics = lock(&self.topics);
        let mut listeners = lock(topics.entry(topic.clone()).or_default());
        if listeners.hold(connection, carries) {
            connection.listens().insert(topic.clone());
        }
    }

    /// Goes on after everything up to `position` was sent: first what was held back above it.
    pub fn release(&self, topic: &Topic, connection: &Connection, position: u64) {
        let Some(listeners) = self.listeners(topic.as_str()) else {
            return;
        };
        lock(&listeners).release(topic, connection.id, position);
    }

    /// Listens no more. True if nobody does.
    pub fn ignore(&self, topic: &Topic, connection: &Connection) -> bool {
        connection.listens().remove(topic);
        let mut topics = lock(&self.topics);
        let Some(listeners) = topics.get(topic) else {
            return false;
        };
        let mut remaining = lock(listeners);
        remaining.remove(connection.id);
        let empty = remaining.len() == 0;
        drop(remaining);
        if empty {
            topics.remove(topic);
        }
        empty
    }

    /// Delivers a frame to everybody who listens. `seq` is 0 where the topic has no history.
    pub fn deliver(&self, topic: &str, seq: u64, frame: &Frame) {
        let Some((topic, listeners)) = self.topic(topic) else {
            return;
        };
        let mut crowd = lock(&listeners);
        let delivery = crowd.deliver(&topic, seq, frame);
        METERS.published.increment(1);
        METERS.delivered.increment(crowd.len() as u64);
        drop(crowd);
        self.begin(delivery, topic, listeners);
    }

    fn begin(&self, delivery: Delivery, topic: Topic, listeners: Shared) {
        if delivery == Delivery::Begin {
            lock(&self.crowds).push_back((topic, listeners));
            self.crowded.notify_one();
        }
    }

    /// Which value of a topic everybody has, for [`Hub::correct`]. `None` if nobody listens.
    pub fn version(&self, topic: &Topic) -> Option<Version> {
        let listeners = self.listeners(topic.as_str())?;
        let version = lock(&listeners).version();
        Some(version)
    }

    /// Delivers the value that the store has, unless it is the one that everybody has, or a newer one
    /// came since `version` was looked at.
    pub fn correct(&self, topic: &Topic, version: Version, frame: &Frame) {
        let Some(listeners) = self.listeners(topic.as_str()) else {
            return;
        };
        let mut crowd = lock(&listeners);
        if crowd.is_wrong(version, frame) {
            let delivery = crowd.deliver(topic, 0, frame);
            drop(crowd);
            self.begin(delivery, topic.clone(), listeners);
        }
    }

    /// Hands out what waits for crowds, a few at a time and each crowd in turn, until `stop`.
    pub async fn serve_crowds(&self, stop: CancellationToken) {
        loop {
            let Some((topic, listeners)) = lock(&self.crowds).pop_front() else {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = self.crowded.notified() => continue,
                }
            };
            let mut last = None;
            loop {
                last = lock(&listeners).hand_out(&topic, last);
                if last.is_none() {
                    break;
                }
                yield_now().await;
            }
            if lock(&listeners).next_waiting() {
                lock(&self.crowds).push_back((topic, listeners));
            }
        }
    }

    /// The people who listen, each once, however many sockets they have. Those whose right to
    /// listen is still being looked up are not among them.
    pub fn people(&self, topic: &str) -> HashSet<UserId> {
        self.listeners(topic)
            .map_or_else(HashSet::new, |listeners| lock(&listeners).people())
    }

    /// Whether this connection is one of those who are there.
    pub fn is_there(&self, topic: &str, connection: &Connection) -> bool {
        self.listeners(topic)
            .is_some_and(|listeners| lock(&listeners).is_there(connection.id))
    }

    /// Delivers a frame that has no place in a history to those listeners who also listen to `own`,
    /// which is one person's topic.
    pub fn deliver_to(&self, topic: &str, own: &str, frame: &Frame) {
        let (Some((topic, listeners)), Some(theirs)) = (self.topic(topic), self.listeners(own))
        else {
            return;
        };
        let theirs = lock(&theirs).ids();
        let mut listeners = lock(&listeners);
        for id in theirs {
            listeners.deliver_to(&topic, id, frame);
        }
    }

    /// Makes a person, or with `None` everybody, listen no more. Answers their connections.
    pub fn evict(&self, topic: &Topic, user: Option<&UserId>) -> Vec<Arc<Connection>> {
        let Some(listeners) = self.listeners(topic.as_str()) else {
            return Vec::new();
        };
        let evicted = lock(&listeners).of_people(user);
        for connection in &evicted {
            self.ignore(topic, connection);
        }
        evicted
    }

    /// How many connections listen.
    pub fn count(&self, topic: &str) -> u64 {
        self.listeners(topic)
            .map_or(0, |listeners| lock(&listeners).len() as u64)
    }

    /// All connections that there are now.
    pub fn connections(&self) -> Vec<Arc<Connection>> {
        lock(&self.connections).values().cloned().collect()
    }

    /// How many connections there are.
    pub fn len(&self) -> usize {
        lock(&self.connections).len()
    }

    /// Whether nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Closes the sockets of a session that ended; of all of a person's but `except`, where
    /// `session` is `None`.
    pub fn end_sessions(&self, user: &UserId, session: Option<&str>, except: Option<&str>) {
        for connection in self.connections() {
            let Owner::Session {
                user: owner,
                session: id,
            } = &connection.owner
            else {
                continue;
            };
            let named = session.is_none_or(|session| session == id.as_ref());
            if owner == user && named && except != Some(id) {
                connection.writer.close(CloseCode::SessionEnded);
            }
        }
    }

    /// Closes the connections of a token that ended, by its hash.
    pub fn end_token(&self, ended: &str) {
        for connection in self.connections() {
            if matches!(&connection.owner, Owner::Token { token, .. } if **token == *ended) {
                connection.writer.close(CloseCode::SessionEnded);
            }
        }
    }

    fn listeners(&self, topic: &str) -> Option<Shared> {
        self.topic(topic).map(|(_, listeners)| listeners)
    }

    fn topic(&self, topic: &str) -> Option<(Topic, Shared)> {
        lock(&self.topics)
            .get_key_value(topic)
            .map(|(t, l)| (t.clone(), l.clone()))
    }
}

#[cfg(test)]
mod tests;
