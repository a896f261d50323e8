//! The wire: every frame that goes over the WebSocket, in both directions.
//!
//! One Rust type serves the store's scripts (which build the same JSON), the server and the
//! browser. The JSON is part of what outside programs rely on, so the tests hold it verbatim.

mod known;
mod reference;

use serde::{Deserialize, Serialize};

pub use reference::Ref;

use crate::model::{
    Epoch, Kind, Level, Outcome, Person, Position, PostId, Role, RoomName, UserId, Withheld,
    lenient,
};

/// What a client may say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Who is there, and how far they had read. Answered by [`ServerFrame::Registered`].
    Register {
        /// Must be the session's own.
        user_id: UserId,
        /// Catch up from here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<Position>,
    },
    /// Listen to a channel. Answered by [`ServerFrame::Ack`], then by what was missed.
    Subscribe {
        /// Pairs the answer with the question.
        r#ref: Ref,
        /// The channel's name.
        channel: String,
        /// Catch up from here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<Position>,
        /// Or begin with this many of the newest messages, at most 100.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<u64>,
        /// What lets one listen to a private channel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token: Option<String>,
        /// False: listen to a room without being there. Only its messages and read marks come.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        presence: Option<bool>,
    },
    /// Listen no more. Answered by [`ServerFrame::Ack`].
    Unsubscribe {
        /// Pairs the answer with the question.
        r#ref: Ref,
        /// The channel's name.
        channel: String,
    },
    /// Say something in a room. Answered by [`ServerFrame::Ack`] once it is stored.
    Publish {
        /// Pairs the answer with the question.
        r#ref: Ref,
        /// `room:NAME`.
        channel: String,
        /// Made by the client, with at least 64 random bits. A repeat within a day is answered
        /// and not stored.
        id: String,
        /// What is said.
        text: String,
    },
    /// Somebody is writing in a room. Not answered, and never stored.
    Typing {
        /// `room:NAME`.
        channel: String,
    },
    /// Everything up to `seq` was read in a room. Not answered.
    Read {
        /// `room:NAME`.
        channel: String,
        /// The newest message that was read.
        #[serde(deserialize_with = "lenient::whole")]
        seq: u64,
    },
    /// Everything up to `seq` was on screen. Not answered.
    Seen {
        /// The history that `seq` counts in.
        epoch: Epoch,
        /// The newest entry that was shown.
        #[serde(deserialize_with = "lenient::whole")]
        seq: u64,
    },
    /// What became of notifications here. Not answered; a repeat changes nothing.
    Told {
        /// The history that `seqs` count in.
        epoch: Epoch,
        /// What became of them.
        outcome: Outcome,
        /// Which entries, at most 500.
        seqs: Vec<u64>,
    },
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The socket is known now, and stands at this position of the inbox.
    Registered {
        /// Whose inbox.
        user_id: UserId,
        /// Which history.
        epoch: Epoch,
        /// Its newest entry.
        seq: u64,
        /// Groups with something unread.
        unread: u64,
        /// True if everything after `resume` follows; if false, reload.
        recovered: bool,
    },
    /// A new entry of the inbox.
    Notification(Notification),
    /// An entry, or a whole group, was taken back.
    Retract {
        /// Which history.
        epoch: Epoch,
        /// This entry's own place in it.
        seq: u64,
        /// The entry that is void now; all of the group where it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retracts: Option<u64>,
        /// The group it belonged to.
        group: String,
        /// Groups with something unread, afterwards.
        unread: u64,
    },
    /// Something was seen or read elsewhere.
    Marked {
        /// Which history.
        epoch: Epoch,
        /// Up to which entry.
        seq: u64,
        /// Which group; all where it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<String>,
        /// Groups with something unread, afterwards.
        unread: u64,
    },
    /// Where a stream stands, said every 30 seconds, so that a lost push is noticed.
    Position {
        /// Which channel; one's own inbox where it is missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<String>,
        /// Which history.
        epoch: Epoch,
        /// Its newest entry.
        seq: u64,
        /// What the server's clock shows; milliseconds since 1970, UTC.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<u64>,
    },
    /// A post changed, on the channel `post:ID`.
    Post {
        /// Which one.
        post_id: PostId,
        /// How many people like it now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        likes: Option<u64>,
        /// True once it is gone.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        deleted: bool,
    },
    /// A message on a channel.
    Message {
        /// Which channel.
        channel: String,
        /// Which history.
        epoch: Epoch,
        /// Its place in it.
        seq: u64,
        /// Made by the publisher, unique.
        id: String,
        /// Who said it; nobody for a program.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Person>,
        /// What was said.
        text: String,
        /// When; milliseconds since 1970, UTC.
        at: u64,
        /// How it is meant, where it is an announcement.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        level: Option<Level>,
        /// It was removed, or removes another: it only moves the position and is never shown.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        void: bool,
        /// The message that this entry removes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retracts: Option<u64>,
    },
    /// This person likes a post, or does not any more, on the channel `user:likes`. It is a state: it
    /// may repeat what is known.
    Liked {
        /// Which one.
        post_id: PostId,
        /// Whether they like it now.
        liked: bool,
    },
    /// The list of one's own rooms changed, on the channel `user:rooms`: one made, joined or left this
    /// room, was removed from it, or an invitation to it came or went.
    Rooms {
        /// Which room.
        room: RoomName,
    },
    /// There is a new post, on the channel `feed`.
    NewPost {
        /// Which one.
        post_id: PostId,
        /// When; milliseconds since 1970, UTC.
        at: u64,
    },
    /// Who is looking at a room. With `all`, everybody who is; else what changed.
    Presence {
        /// `room:NAME`.
        channel: String,
        /// They are there.
        here: Vec<Person>,
        /// They are not, any more.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gone: Vec<UserId>,
        /// Nobody else is there.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        all: bool,
    },
    /// Somebody is writing in a room.
    Typing {
        /// `room:NAME`.
        channel: String,
        /// Who.
        from: Person,
    },
    /// Somebody has read a room up to here.
    Read {
        /// `room:NAME`.
        channel: String,
        /// Who.
        user_id: UserId,
        /// The newest message that they read.
        seq: u64,
    },
    /// Somebody's membership of a room changed.
    Member {
        /// `room:NAME`.
        channel: String,
        /// Who.
        user_id: UserId,
        /// What they are now; missing for somebody who is out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
    },
    /// The answer to a frame with this `ref`.
    Ack {
        /// The question's `ref`.
        r#ref: Ref,
        /// The channel it was about.
        channel: String,
        /// Which history, where the channel has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<Epoch>,
        /// Its newest entry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
        /// Whether everything after `resume` follows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recovered: Option<bool>,
    },
    /// A frame was refused; the socket stays open.
    Error {
        /// The question's `ref`, where it had one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        r#ref: Option<Ref>,
        /// The channel that it is about, where nothing was asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<String>,
        /// Stable, for programs.
        code: String,
        /// A sentence for people.
        detail: String,
    },
}

impl ServerFrame {
    /// The plain answer to a frame with this `ref`.
    pub fn ack(r#ref: Ref, channel: String) -> Self {
        Self::Ack {
            r#ref,
            channel,
            epoch: None,
            seq: None,
            recovered: None,
        }
    }

    /// What the server's clock shows, where the frame says it.
    pub fn said_at(&self) -> Option<u64> {
        match self {
            Self::Position { at, .. } => *at,
            _ => None,
        }
    }
}

/// An entry of the inbox as it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Which history.
    pub epoch: Epoch,
    /// Its place in it, from 1, without gaps.
    pub seq: u64,
    /// The group it belongs to.
    pub group: String,
    /// Groups with something unread, this one included.
    pub unread: u64,
    /// What happened.
    pub kind: Kind,
    /// How a program means it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// What is said, by a program or in a room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// In which room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomName>,
    /// What that room is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room_title: Option<String>,
    /// On which post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_id: Option<PostId>,
    /// How that post begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Person>,
    /// When; milliseconds since 1970, UTC.
    pub at: u64,
    /// Taken back since, or kept from every list: it only moves the position and is never shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub void: bool,
    /// It makes no toast, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withheld: Option<Withheld>,
}

/// Why a server closes a socket. The first six are final; after any other a client comes back
/// with a jittered, growing delay, and not before 30 s after the last two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseCode {
    /// 1007: a text frame that is not UTF-8.
    BadUtf8,
    /// 1009: a frame over 64 KiB.
    TooLarge,
    /// 4400: what is no object of a known type.
    Malformed,
    /// 4401: the session ended.
    SessionEnded,
    /// 4403: somebody else's id.
    Forbidden,
    /// 4408: never registered.
    NeverRegistered,
    /// 4503: the server stops; another one takes over.
    Drain,
    /// 4503: the socket did not read fast enough.
    TooSlow,
    /// 4503: the socket did not answer pings.
    NoPong,
    /// 1012: the store is away just now.
    Unavailable,
    /// 4409: too many sockets of one person.
    TooManySockets,
    /// 4429: too many frames.
    TooFast,
}

impl CloseCode {
    /// The number on the wire.
    pub fn number(self) -> u16 {
        match self {
            Self::BadUtf8 => 1007,
            Self::TooLarge => 1009,
            Self::Malformed => 4400,
            Self::SessionEnded => 4401,
            Self::Forbidden => 4403,
            Self::NeverRegistered => 4408,
            Self::Drain | Self::TooSlow | Self::NoPong => 4503,
            Self::Unavailable => 1012,
            Self::TooManySockets => 4409,
            Self::TooFast => 4429,
        }
    }

    /// A word on why, sent with the code.
    pub fn reason(self) -> &'static str {
        match self {
            Self::BadUtf8 => "not UTF-8",
            Self::TooLarge => "frame too large",
            Self::Malformed => "malformed frame",
            Self::SessionEnded => "session ended",
            Self::Forbidden => "not your id",
            Self::NeverRegistered => "never registered",
            Self::Drain => "server stops, come back",
            Self::TooSlow => "too slow, come back and catch up",
            Self::NoPong => "no answer to pings",
            Self::Unavailable => "store away, come back",
            Self::TooManySockets => "too many sockets",
            Self::TooFast => "too many frames",
        }
    }
}

/// After which close code a client must not come back by itself.
pub fn is_final(code: u16) -> bool {
    matches!(code, 1007 | 1009 | 4400 | 4401 | 4403 | 4408)
}

/// After which close code a client waits at least 30 s.
pub fn is_throttled(code: u16) -> bool {
    matches!(code, 4409 | 4429)
}

#[cfg(test)]
mod tests;
