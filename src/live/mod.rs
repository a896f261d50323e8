//! The live path: what was published reaches the sockets that listen.
//!
//! - [`frame`]: a frame encoded once, its bytes shared by everybody who gets it.
//! - [`encoding`]: JSON or MessagePack; `outline`, `message_pack`: what is left of a frame
//!   with a wrong field.
//! - [`writer`]: one connection's bounded way out.
//! - [`hub`], [`connection`], [`listeners`] and `connection_count`: who listens here. They know no Redis.
//! - [`broker`]: Redis pub/sub. It knows no socket.
//! - [`control`]: what servers tell each other.
//! - [`upgrade`], [`socket`], `reader`, `allowance`, [`catch_up`]: one socket's life.
//! - `room`, [`observe`]: how a room is listened to, by its members and by programs.
//! - `admission`: what a connection must pass before anything is done for it.
//! - [`expiry`]: subscriptions and connections that end by themselves.
//! - [`presence`]: who is looking at a room.
//! - [`events`], [`input`], [`event_stream`], `places`: the same over Server-Sent Events, for whoever has no
//!   WebSocket.
//! - [`sweep`]: the position check, pings, and whether sessions and tokens still live.

mod admission;
mod allowance;
pub mod broker;
pub mod catch_up;
pub mod connection;
mod connection_count;
pub mod control;
pub mod encoding;
pub mod event_stream;
pub mod events;
pub mod expiry;
pub mod frame;
pub mod hub;
pub mod input;
pub mod listeners;
mod message_pack;
pub mod observe;
mod outline;
mod places;
pub mod presence;
mod reader;
mod room;
pub mod socket;
pub mod sweep;
pub mod upgrade;
pub mod writer;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};

/// Takes a lock, whoever panicked while holding it: what is locked here is whole after every line.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Where frames are published and listened to. Opaque here; the store names them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Topic(Arc<str>);

impl Topic {
    /// A topic by its name in the store.
    pub fn new(name: String) -> Self {
        Self(name.into())
    }

    /// Its name in the store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// So that a topic can be looked up by the name that a push carries.
impl std::borrow::Borrow<str> for Topic {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
