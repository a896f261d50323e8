//! The wire: every frame that goes over the WebSocket, in both directions.
//!
//! One Rust type serves the store's scripts (which build the same JSON), the server and the
//! browser. The JSON is part of what outside programs rely on, so the tests hold it verbatim.

use serde::{Deserialize, Serialize};

use crate::model::{Epoch, Kind, Level, Outcome, Person, Position, PostId, UserId, Withheld};

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
        /// Pairs the answer with the question; at most 64 characters.
        r#ref: String,
        /// The channel's name.
        channel: String,
        /// Catch up from here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<Position>,
        /// Or begin with this many of the newest messages, at most 100.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last: Option<u64>,
    },
    /// Listen no more. Answered by [`ServerFrame::Ack`].
    Unsubscribe {
        /// Pairs the answer with the question.
        r#ref: String,
        /// The channel's name.
        channel: String,
    },
    /// Everything up to `seq` was on screen. Not answered.
    Seen {
        /// The history that `seq` counts in.
        epoch: Epoch,
        /// The newest entry that was shown.
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
    },
    /// The answer to a frame with this `ref`.
    Ack {
        /// The question's `ref`.
        r#ref: String,
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
        r#ref: Option<String>,
        /// Stable, for programs.
        code: String,
        /// A sentence for people.
        detail: String,
    },
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
    /// What a program says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
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
    /// 4400: a frame that is not of the protocol.
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
mod tests {
    use super::*;
    use crate::model::{Epoch, Handle};

    /// The JSON is what outside programs rely on: it stands here to the letter.
    fn golden<T>(frame: &T, json: &str)
    where
        T: Serialize + for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug,
    {
        assert_eq!(serde_json::to_string(frame).unwrap(), json);
        assert_eq!(&serde_json::from_str::<T>(json).unwrap(), frame);
        packed(frame, json);
    }

    /// MessagePack says the same with the same names, whether made from the frame or its JSON.
    fn packed<T>(frame: &T, json: &str)
    where
        T: Serialize + for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug,
    {
        let packed = rmp_serde::to_vec_named(frame).unwrap();
        assert_eq!(&rmp_serde::from_slice::<T>(&packed).unwrap(), frame);
        let mut back = Vec::new();
        let mut source = rmp_serde::Deserializer::new(packed.as_slice());
        let mut target = serde_json::Serializer::new(&mut back);
        serde_transcode::transcode(&mut source, &mut target).unwrap();
        assert_eq!(back, json.as_bytes());
        let mut again = Vec::new();
        let mut source = serde_json::Deserializer::from_str(json);
        let mut target = rmp_serde::Serializer::new(&mut again).with_struct_map();
        serde_transcode::transcode(&mut source, &mut target).unwrap();
        assert_eq!(again, packed);
    }

    fn epoch() -> Epoch {
        Epoch::from("1.e".to_owned())
    }

    fn ana() -> Person {
        Person {
            user_id: "0abcdefg".parse().unwrap(),
            handle: "ana".parse::<Handle>().unwrap(),
            name: "Ana \"A\" Ångström".into(),
        }
    }

    #[test]
    fn what_a_client_says() {
        let user_id: UserId = "0abcdefg".parse().unwrap();
        golden(
            &ClientFrame::Register {
                user_id: user_id.clone(),
                resume: None,
            },
            r#"{"type":"register","user_id":"0abcdefg"}"#,
        );
        golden(
            &ClientFrame::Register {
                user_id,
                resume: Some(Position {
                    epoch: epoch(),
                    seq: 7,
                }),
            },
            r#"{"type":"register","user_id":"0abcdefg","resume":{"epoch":"1.e","seq":7}}"#,
        );
        golden(
            &ClientFrame::Subscribe {
                r#ref: "1".into(),
                channel: "news".into(),
                resume: None,
                last: Some(5),
            },
            r#"{"type":"subscribe","ref":"1","channel":"news","last":5}"#,
        );
        golden(
            &ClientFrame::Unsubscribe {
                r#ref: "2".into(),
                channel: "news".into(),
            },
            r#"{"type":"unsubscribe","ref":"2","channel":"news"}"#,
        );
        golden(
            &ClientFrame::Seen {
                epoch: epoch(),
                seq: 9,
            },
            r#"{"type":"seen","epoch":"1.e","seq":9}"#,
        );
        golden(
            &ClientFrame::Told {
                epoch: epoch(),
                outcome: Outcome::CaughtUp,
                seqs: vec![3, 4],
            },
            r#"{"type":"told","epoch":"1.e","outcome":"caught_up","seqs":[3,4]}"#,
        );
    }

    #[test]
    fn what_the_server_says_of_the_inbox() {
        golden(
            &ServerFrame::Registered {
                user_id: "0abcdefg".parse().unwrap(),
                epoch: epoch(),
                seq: 3,
                unread: 1,
                recovered: true,
            },
            r#"{"type":"registered","user_id":"0abcdefg","epoch":"1.e","seq":3,"unread":1,"recovered":true}"#,
        );
        let like = Notification {
            epoch: epoch(),
            seq: 4,
            group: "like.1".into(),
            unread: 2,
            kind: Kind::Like,
            level: None,
            text: None,
            post_id: Some("0abcdefg.1".parse().unwrap()),
            excerpt: None,
            actor: Some(ana()),
            at: 1_700_000_000_000,
            void: false,
            withheld: None,
        };
        golden(
            &ServerFrame::Notification(like.clone()),
            r#"{"type":"notification","epoch":"1.e","seq":4,"group":"like.1","unread":2,"kind":"like","post_id":"0abcdefg.1","actor":{"user_id":"0abcdefg","handle":"ana","name":"Ana \"A\" Ångström"},"at":1700000000000}"#,
        );
        golden(
            &ServerFrame::Notification(Notification {
                excerpt: Some("Hello".into()),
                actor: None,
                withheld: Some(Withheld::Quiet),
                ..like.clone()
            }),
            r#"{"type":"notification","epoch":"1.e","seq":4,"group":"like.1","unread":2,"kind":"like","post_id":"0abcdefg.1","excerpt":"Hello","at":1700000000000,"withheld":"quiet"}"#,
        );
        golden(
            &ServerFrame::Notification(Notification {
                group: "message.4".into(),
                kind: Kind::Message,
                level: Some(Level::Warning),
                text: Some("Rain".into()),
                post_id: None,
                actor: None,
                ..like.clone()
            }),
            r#"{"type":"notification","epoch":"1.e","seq":4,"group":"message.4","unread":2,"kind":"message","level":"warning","text":"Rain","at":1700000000000}"#,
        );
        golden(
            &ServerFrame::Notification(Notification {
                actor: None,
                post_id: None,
                void: true,
                ..like
            }),
            r#"{"type":"notification","epoch":"1.e","seq":4,"group":"like.1","unread":2,"kind":"like","at":1700000000000,"void":true}"#,
        );
        golden(
            &ServerFrame::Retract {
                epoch: epoch(),
                seq: 5,
                retracts: Some(4),
                group: "like.1".into(),
                unread: 0,
            },
            r#"{"type":"retract","epoch":"1.e","seq":5,"retracts":4,"group":"like.1","unread":0}"#,
        );
        golden(
            &ServerFrame::Retract {
                epoch: epoch(),
                seq: 5,
                retracts: None,
                group: "like.1".into(),
                unread: 0,
            },
            r#"{"type":"retract","epoch":"1.e","seq":5,"group":"like.1","unread":0}"#,
        );
        golden(
            &ServerFrame::Marked {
                epoch: epoch(),
                seq: 5,
                group: None,
                unread: 0,
            },
            r#"{"type":"marked","epoch":"1.e","seq":5,"unread":0}"#,
        );
        golden(
            &ServerFrame::Position {
                channel: None,
                epoch: epoch(),
                seq: 5,
            },
            r#"{"type":"position","epoch":"1.e","seq":5}"#,
        );
    }

    #[test]
    fn what_the_server_says_of_channels() {
        let post_id: PostId = "0abcdefg.1".parse().unwrap();
        golden(
            &ServerFrame::Post {
                post_id: post_id.clone(),
                likes: Some(3),
                deleted: false,
            },
            r#"{"type":"post","post_id":"0abcdefg.1","likes":3}"#,
        );
        golden(
            &ServerFrame::Post {
                post_id,
                likes: None,
                deleted: true,
            },
            r#"{"type":"post","post_id":"0abcdefg.1","deleted":true}"#,
        );
        golden(
            &ServerFrame::Message {
                channel: "news".into(),
                epoch: epoch(),
                seq: 1,
                id: "i".into(),
                from: None,
                text: "t".into(),
                at: 2,
            },
            r#"{"type":"message","channel":"news","epoch":"1.e","seq":1,"id":"i","text":"t","at":2}"#,
        );
        golden(
            &ServerFrame::Ack {
                r#ref: "1".into(),
                channel: "news".into(),
                epoch: Some(epoch()),
                seq: Some(0),
                recovered: None,
            },
            r#"{"type":"ack","ref":"1","channel":"news","epoch":"1.e","seq":0}"#,
        );
        golden(
            &ServerFrame::Error {
                r#ref: None,
                code: "forbidden".into(),
                detail: "d".into(),
            },
            r#"{"type":"error","code":"forbidden","detail":"d"}"#,
        );
    }

    #[test]
    fn close_codes_say_whether_to_come_back() {
        for code in [
            CloseCode::BadUtf8,
            CloseCode::TooLarge,
            CloseCode::Malformed,
            CloseCode::SessionEnded,
            CloseCode::Forbidden,
            CloseCode::NeverRegistered,
        ] {
            assert!(is_final(code.number()), "{code:?}");
        }
        for code in [
            CloseCode::Drain,
            CloseCode::TooSlow,
            CloseCode::NoPong,
            CloseCode::Unavailable,
        ] {
            assert!(
                !is_final(code.number()) && !is_throttled(code.number()),
                "{code:?}"
            );
        }
        assert!(
            is_throttled(CloseCode::TooFast.number())
                && is_throttled(CloseCode::TooManySockets.number())
        );
    }
}
