//! What servers tell each other over the store: what to forget, and how many listen.

use app::model::{Handle, RoomName, UserId};
use serde::{Deserialize, Serialize};

use super::input::Input;

/// A message on the topic of all servers, or on that of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Control {
    /// Sessions of a person ended.
    SessionsEnded {
        /// Whose.
        user: UserId,
        /// Which one; all of them where it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<String>,
        /// But not this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        except: Option<String>,
    },
    /// Somebody is called differently now.
    PersonChanged {
        /// Who.
        user: UserId,
    },
    /// An API token was made.
    TokenMade {
        /// Its id.
        id: String,
        /// What it is called.
        name: String,
        /// What it may do.
        scopes: Vec<String>,
    },
    /// An API token was revoked.
    TokenRevoked {
        /// The hash of its secret.
        token: String,
        /// What it was called.
        name: String,
    },
    /// Somebody got another role.
    RoleChanged {
        /// Who.
        user: UserId,
        /// What they are called.
        handle: Handle,
        /// The new role.
        role: String,
    },
    /// There is a new room.
    RoomMade {
        /// Its name.
        name: RoomName,
    },
    /// Nobody listens to this topic any more, on the server that says so to itself.
    Unheard {
        /// Which one.
        topic: String,
    },
    /// How many listen to this topic? Answer there.
    Count {
        /// Pairs the answer with the question.
        question: String,
        /// What is counted.
        topic: String,
        /// The topic of the server that asks.
        answer_to: String,
    },
    /// A client of the server that this goes to, which has a stream there, said this. Answer, with
    /// [`Control::Counted`], how many streams took it.
    Said {
        /// Pairs the answer with the question.
        question: String,
        /// The number of the stream there.
        stream: u64,
        /// Whose it must be.
        owner: String,
        /// What was said.
        frames: Vec<Input>,
        /// The topic of the server that asks.
        answer_to: String,
    },
    /// So many do.
    Counted {
        /// Pairs the answer with the question.
        question: String,
        /// On the server that answers.
        count: u64,
    },
}
