//! One connection: a WebSocket, or a stream of events.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, atomic::AtomicBool},
};

use app::{event::CloseCode, model::UserId};
use tokio::sync::mpsc;

use super::{Topic, input::Input, lock, writer::Writer};
use crate::audit::By;

/// Names a connection for as long as this server lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(u64);

impl ConnectionId {
    pub(super) fn new(number: u64) -> Self {
        Self(number)
    }

    /// As it stands in the name of a stream.
    pub fn number(self) -> u64 {
        self.0
    }

    /// Which of `parts` turns this connection belongs to, so that checks are spread over time.
    pub fn turn(self, parts: u64) -> u64 {
        self.0 % parts
    }
}

/// Whose connection it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A person, by a session.
    Session {
        /// Who.
        user: UserId,
        /// Names the session; ends with it.
        session: Arc<str>,
    },
    /// A program, by an API token.
    Token {
        /// Names the token.
        token: Arc<str>,
        /// Whether it may hear every room.
        observes: bool,
        /// When the token ends; milliseconds since 1970.
        until: u64,
    },
}

impl Owner {
    /// The person, where it is one's.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::Session { user, .. } => Some(user),
            Self::Token { .. } => None,
        }
    }

    /// As the log says it.
    pub fn by(&self) -> By {
        match self {
            Self::Session { user, .. } => By::User(user.clone()),
            Self::Token { token, .. } => By::Token(token.clone()),
        }
    }

    /// Who has the places that connections are counted against: a person, whatever their session, or
    /// a program.
    pub(super) fn holder(&self) -> String {
        match self {
            Self::Session { user, .. } => format!("user {user}"),
            Self::Token { token, .. } => format!("token {token}"),
        }
    }

    /// The same for the same owner on every server, and for nobody else.
    pub fn name(&self) -> String {
        match self {
            Self::Session { user, session } => format!("session {user} {session}"),
            Self::Token { token, .. } => format!("token {token}"),
        }
    }
}

/// One connection, shared by the hub and its own task.
pub struct Connection {
    /// Its name here.
    pub id: ConnectionId,
    /// Whose it is.
    pub owner: Owner,
    /// Its way out.
    pub writer: Writer,
    /// Set when anything arrives, or is taken by the body of an answer; cleared by each ping.
    pub heard: AtomicBool,
    /// Where its frames come in, if it is a stream of events: it has no way in of its own.
    inlet: Option<mpsc::Sender<Input>>,
    /// Whether it has one of its owner's places.
    pub(super) counted: AtomicBool,
    listens: Mutex<HashSet<Topic>>,
}

impl Connection {
    pub(super) fn new(
        id: ConnectionId,
        owner: Owner,
        writer: Writer,
        inlet: Option<mpsc::Sender<Input>>,
    ) -> Self {
        Self {
            id,
            owner,
            writer,
            heard: true.into(),
            inlet,
            counted: false.into(),
            listens: Mutex::default(),
        }
    }

    /// What it listens to.
    pub fn topics(&self) -> Vec<Topic> {
        self.listens().iter().cloned().collect()
    }

    /// Whether it listens to this.
    pub fn listens_to(&self, topic: &Topic) -> bool {
        self.listens().contains(topic)
    }

    /// How many topics it listens to.
    pub fn topic_count(&self) -> usize {
        self.listens().len()
    }

    /// How many of the topics that it listens to are `counted`.
    pub fn count_topics(&self, counted: impl Fn(&Topic) -> bool) -> usize {
        self.listens().iter().filter(|topic| counted(topic)).count()
    }

    /// What it listens to, for the hub, which changes it.
    pub(super) fn listens(&self) -> MutexGuard<'_, HashSet<Topic>> {
        lock(&self.listens)
    }

    /// Hands frames to a stream's task; `false` for a socket, which reads its own. A client that
    /// says more than is answered in time is closed.
    pub(super) fn say(&self, frames: Vec<Input>) -> bool {
        let Some(inlet) = &self.inlet else {
            return false;
        };
        for frame in frames {
            if inlet.try_send(frame).is_err() {
                self.writer.close(CloseCode::TooFast);
                break;
            }
        }
        true
    }
}
