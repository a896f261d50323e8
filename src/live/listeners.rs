//! Who listens to one topic, and how far each has got.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    ops::Bound,
    sync::Arc,
};

use app::{event::CloseCode, model::UserId};

use super::{
    Topic,
    frame::Frame,
    hub::{Connection, ConnectionId},
};

/// Messages that may wait for one listener while its history is being read.
const MOST_HELD: usize = 1024;
/// Messages of a history that may wait for a crowd. One too many is left to the position check.
const MOST_WAITING: usize = 1024;
/// More listeners than this are a crowd: a message reaches them in several turns, so that nothing
/// else has to wait for all of them.
const CROWD: usize = 512;
/// How many of a crowd get a message in one turn.
const TURN: usize = 256;

/// What a topic carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// A history: every message counts, in its order.
    History,
    /// The same, for one who listens to a room and is not there: of what has no place in the history,
    /// only read marks come.
    Quietly,
    /// A value: only the newest counts.
    Value,
}

/// A listener of one topic.
struct Listener {
    connection: Arc<Connection>,
    carries: Carries,
    /// The newest seq that was sent or skipped.
    position: u64,
    /// Whether it was ever ready, which it is not before its right to listen was looked up.
    admitted: bool,
    /// While its history is read: what came meanwhile. Boxed, since most hold nothing back.
    held: Option<Box<Held>>,
}

/// What came for a listener that is not ready for it.
#[derive(Default)]
struct Held(Vec<(u64, Frame)>);

/// The listeners of one topic.
#[derive(Default)]
pub(super) struct Listeners {
    /// In the order in which they connected: walking over a crowd then goes through memory as it
    /// was given out, and a turn can go on where the one before ended, whoever came or left.
    by_id: BTreeMap<ConnectionId, Listener>,
    /// What a crowd has not got yet; the first is on its way.
    waiting: VecDeque<(u64, Frame)>,
    /// Of a value: how often it came, and what it is.
    version: Version,
    value: Option<Frame>,
}

/// Tells whether a value has come since it was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Version(u64);

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// Everybody has it.
    Done,
    /// It waits, and somebody has to begin handing it out.
    Begin,
    /// It waits behind others.
    Waits,
}

impl Listeners {
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Begins to hold back what comes for a listener; `true` if it is new.
    pub(super) fn hold(&mut self, connection: &Arc<Connection>, carries: Carries) -> bool {
        let new = !self.by_id.contains_key(&connection.id);
        let listener = self.by_id.entry(connection.id).or_insert_with(|| Listener {
            connection: connection.clone(),
            carries,
            position: 0,
            admitted: false,
            held: None,
        });
        listener.carries = carries;
        listener.held = Some(Box::default());
        new
    }

    /// Goes on above `position`, with what was held back first.
    pub(super) fn release(&mut self, topic: &Topic, id: ConnectionId, position: u64) {
        let Some(listener) = self.by_id.get_mut(&id) else {
            return;
        };
        listener.position = position;
        listener.admitted = true;
        for (seq, frame) in listener.held.take().unwrap_or_default().0 {
            listener.take(topic, seq, &frame);
        }
    }

    /// The people who are there: those who listen, and not quietly.
    pub(super) fn people(&self) -> HashSet<UserId> {
        let there = self.by_id.values().filter(|listener| listener.is_there());
        let people = there.filter_map(|listener| listener.connection.owner.user());
        people.cloned().collect()
    }

    /// Whether this listener is there.
    pub(super) fn is_there(&self, id: ConnectionId) -> bool {
        self.by_id.get(&id).is_some_and(Listener::is_there)
    }

    /// Gives one listener something that has no place in the history.
    pub(super) fn deliver_to(&mut self, topic: &Topic, id: ConnectionId, frame: &Frame) {
        if let Some(listener) = self.by_id.get_mut(&id) {
            listener.take(topic, 0, frame);
        }
    }

    /// The connections that listen.
    pub(super) fn ids(&self) -> Vec<ConnectionId> {
        self.by_id.keys().copied().collect()
    }

    /// The connections of a person, or with `None` all connections.
    pub(super) fn of_people(&self, person: Option<&UserId>) -> Vec<Arc<Connection>> {
        let listeners = self.by_id.values();
        let theirs = listeners
            .filter(|listener| person.is_none() || listener.connection.owner.user() == person);
        theirs.map(|listener| listener.connection.clone()).collect()
    }

    pub(super) fn remove(&mut self, id: ConnectionId) {
        self.by_id.remove(&id);
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    /// Whether the value is another one than `frame`, and has not come anew since `version`.
    pub(super) fn is_wrong(&self, version: Version, frame: &Frame) -> bool {
        let known = self.value.as_ref();
        version == self.version && known.is_none_or(|known| known.as_json() != frame.as_json())
    }

    /// Gives a message to everybody, or, if they are a crowd, queues it.
    pub(super) fn deliver(&mut self, topic: &Topic, seq: u64, frame: &Frame) -> Delivery {
        let is_value = self.carries_value();
        if is_value {
            self.version.0 += 1;
            self.value = Some(frame.clone());
        }
        if self.by_id.len() <= CROWD && self.waiting.is_empty() {
            for listener in self.by_id.values_mut() {
                listener.take(topic, seq, frame);
            }
            return Delivery::Done;
        }
        // The first is on its way. Of values, none but the newest waits behind it.
        if is_value {
            self.waiting.truncate(1);
        }
        if self.waiting.len() < MOST_WAITING {
            self.waiting.push_back((seq, frame.clone()));
        }
        if self.waiting.len() == 1 {
            Delivery::Begin
        } else {
            Delivery::Waits
        }
    }

    /// Whether only the newest message counts: that is a matter of the topic, so all listeners agree.
    fn carries_value(&self) -> bool {
        let mut listeners = self.by_id.values();
        listeners
            .next()
            .is_some_and(|listener| listener.carries == Carries::Value)
    }

    /// Gives the message on its way to the next few after `after`. Answers the last of them, and
    /// `None` once everybody has it. Who came meanwhile knows by their position what to skip.
    pub(super) fn hand_out(
        &mut self,
        topic: &Topic,
        after: Option<ConnectionId>,
    ) -> Option<ConnectionId> {
        let (seq, frame) = self.waiting.front()?;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut last = None;
        for (id, listener) in self.by_id.range_mut((from, Bound::Unbounded)).take(TURN) {
            listener.take(topic, *seq, frame);
            last = Some(*id);
        }
        last
    }

    /// Everybody has the message on its way. True if another waits.
    pub(super) fn next_waiting(&mut self) -> bool {
        self.waiting.pop_front();
        !self.waiting.is_empty()
    }
}

impl Listener {
    fn is_there(&self) -> bool {
        self.admitted && self.carries != Carries::Quietly
    }

    fn take(&mut self, topic: &Topic, seq: u64, frame: &Frame) {
        match &mut self.held {
            _ if self.carries == Carries::Quietly && seq == 0 && !frame.is_read_mark() => {}
            Some(held) if held.0.len() < MOST_HELD => held.0.push((seq, frame.clone())),
            Some(_) => self.connection.writer.close(CloseCode::TooSlow),
            None if self.carries == Carries::Value => {
                self.connection.writer.send_latest(topic, frame);
            }
            None if seq == 0 => self.connection.writer.send(frame),
            // What was sent while catching up is not sent again.
            None if seq <= self.position => {}
            None => {
                self.position = seq;
                self.connection.writer.send(frame);
            }
        }
    }
}
