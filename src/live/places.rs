//! How far a stream of events has told its inbox and its channels. It stands in the id of each
//! event, so that a client which comes back with the last id it saw resumes all of them.
//!
//! Written as `inbox=EPOCH:SEQ;CHANNEL=EPOCH:SEQ;…`: neither names of channels nor epochs have any
//! of the signs between them.

use std::fmt;

use app::{
    event::{ClientFrame, Ref},
    model::{Epoch, Position},
};
use serde::Deserialize;

use super::catch_up::{CHANNEL_KEEPS, MOST_CHANNELS};

/// What one's own inbox is called. It is no channel, so no channel is confused with it: names that
/// would be are written behind [`CHANNEL`].
const INBOX: &str = "inbox";
const CHANNEL: char = '#';

/// The longest name of a channel.
pub(super) const LONGEST_NAME: usize = 64;
/// The longest epoch. Ours are shorter.
const LONGEST_EPOCH: usize = 64;

/// The fields of a frame that places are read from. Kinds of frames that are not named here move
/// none: a client then sees something twice and can tell, while a hole could not be seen.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Head {
    r#type: String,
    channel: Option<String>,
    epoch: Option<Epoch>,
    seq: Option<u64>,
    recovered: Option<bool>,
    r#ref: Option<Ref>,
}

impl Head {
    /// Whether the frame is an entry of a history, which a client gets in order and knows by its
    /// number.
    pub(super) fn is_entry(&self) -> bool {
        matches!(&*self.r#type, "notification" | "retract" | "message")
    }
}

/// The places of one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// In the inbox; unknown for programs, which have none.
    pub(super) inbox: Option<Position>,
    /// In the channels that have a history, in the order in which they last moved. As many as one may
    /// listen to; a program that observes every room has the newest of them.
    pub(super) channels: Vec<(String, Position)>,
    /// A channel that is to begin with so many of its newest messages.
    last: Option<(String, u64)>,
    /// The `ref`s of what is being said in rooms: the answers say where that was stored, not how far
    /// the client was told.
    speaking: Vec<Ref>,
}

impl Places {
    /// From the id of an event. `None` where it is not one of ours.
    pub(super) fn read(id: &str) -> Option<Self> {
        // The inbox has a place too. Nothing longer is looked at.
        if id.split(';').nth(MOST_CHANNELS + 1).is_some() {
            return None;
        }
        let mut places = Self::default();
        for part in id.split(';').filter(|part| !part.is_empty()) {
            let (name, place) = part.split_once('=')?;
            let (epoch, seq) = place.rsplit_once(':')?;
            let longest = LONGEST_NAME + CHANNEL.len_utf8();
            if name.len() > longest || epoch.len() > LONGEST_EPOCH {
                return None;
            }
            let place = Position {
                epoch: Epoch::from(epoch.to_owned()),
                seq: seq.parse().ok()?,
            };
            match name.strip_prefix(CHANNEL) {
                None if name == INBOX => places.inbox = Some(place),
                channel => places.put(channel.unwrap_or(name), place),
            }
        }
        Some(places)
    }

    /// The place in a channel.
    pub(super) fn of(&self, channel: &str) -> Option<&Position> {
        let mut known = self.channels.iter();
        Some(&known.find(|(name, _)| name == channel)?.1)
    }

    /// The client asked for something: what follows begins there.
    pub(super) fn asked(&mut self, frame: &ClientFrame) {
        match frame {
            ClientFrame::Register { resume, .. } => self.inbox = resume.clone(),
            ClientFrame::Subscribe {
                channel,
                resume,
                last,
                ..
            } => {
                self.last = None;
                match (resume, last) {
                    (Some(resume), _) => self.put(channel, resume.clone()),
                    (None, Some(last)) => self.last = Some((channel.clone(), *last)),
                    (None, None) => {}
                }
            }
            ClientFrame::Publish { r#ref, .. } => self.speaking.push(r#ref.clone()),
            _ => {}
        }
    }

    /// A frame goes out. True if that moved a place.
    pub(super) fn said(&mut self, head: &Head) -> bool {
        let place = || {
            Some(Position {
                epoch: head.epoch.clone()?,
                seq: head.seq?,
            })
        };
        let resumed = head.recovered == Some(true);
        if let ("ack" | "error", Some(answered)) = (head.r#type.as_str(), &head.r#ref)
            && let Some(at) = self.speaking.iter().position(|r#ref| r#ref == answered)
        {
            self.speaking.swap_remove(at);
            return false;
        }
        match (head.r#type.as_str(), &head.channel, place()) {
            // What was missed follows, so the place is still the one that was asked for.
            ("registered", _, Some(_)) if resumed && self.inbox.is_some() => return false,
            ("registered" | "notification" | "retract", None, Some(place)) => {
                self.inbox = Some(place);
            }
            ("message", Some(channel), Some(place)) => self.put(channel, place),
            ("ack", Some(channel), Some(_)) if resumed && self.of(channel).is_some() => {
                return false;
            }
            ("ack", Some(channel), Some(mut place)) => {
                if let Some((_, last)) = self.last.take_if(|(name, _)| name == channel) {
                    place.seq = place.seq.saturating_sub(last.min(CHANNEL_KEEPS));
                }
                self.put(channel, place);
            }
            ("ack", Some(channel), None) => {
                let before = self.channels.len();
                self.channels.retain(|(name, _)| name != channel);
                return self.channels.len() != before;
            }
            _ => return false,
        }
        true
    }

    fn put(&mut self, channel: &str, place: Position) {
        let known = self.channels.iter().position(|(name, _)| name == channel);
        match known {
            Some(at) => {
                self.channels[at].1 = place;
                self.channels[at..].rotate_left(1);
            }
            None => {
                if self.channels.len() == MOST_CHANNELS {
                    self.channels.remove(0);
                }
                self.channels.push((channel.to_owned(), place));
            }
        }
    }
}

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Position { epoch, seq }) = &self.inbox {
            write!(f, "{INBOX}={epoch}:{seq}")?;
        }
        let mut begun = self.inbox.is_some();
        for (channel, Position { epoch, seq }) in &self.channels {
            if std::mem::replace(&mut begun, true) {
                f.write_str(";")?;
            }
            if channel == INBOX {
                write!(f, "{CHANNEL}")?;
            }
            write!(f, "{channel}={epoch}:{seq}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(places: &mut Places, json: &str) -> String {
        places.said(&serde_json::from_str(json).unwrap());
        places.to_string()
    }

    fn subscribe(channel: &str, resume: Option<u64>, last: Option<u64>) -> ClientFrame {
        ClientFrame::Subscribe {
            r#ref: "1".into(),
            channel: channel.into(),
            resume: resume.map(|seq| Position {
                epoch: Epoch::from("2.f".to_owned()),
                seq,
            }),
            last,
            token: None,
        }
    }

    #[test]
    fn where_something_that_one_said_is_stored_moves_no_place() {
        let mut places = Places::default();
        let ack = r#"{"type":"ack","ref":"1","channel":"room:a","epoch":"2.f","seq":7}"#;
        assert_eq!(said(&mut places, ack), "room:a=2.f:7");
        places.asked(&ClientFrame::Publish {
            r#ref: "p".into(),
            channel: "room:a".into(),
            id: "i".into(),
            text: "t".into(),
        });
        // Somebody else's message, which is 8, has not been told yet.
        let stored = r#"{"type":"ack","ref":"p","channel":"room:a","epoch":"2.f","seq":9}"#;
        assert!(!places.said(&serde_json::from_str(stored).unwrap()));
        let message = r#"{"type":"message","channel":"room:a","epoch":"2.f","seq":8}"#;
        assert_eq!(said(&mut places, message), "room:a=2.f:8");
    }

    #[test]
    fn entries_and_messages_move_the_places_and_nothing_else_does() {
        let mut places = Places::default();
        let registered = r#"{"type":"registered","epoch":"1.e","seq":3,"recovered":true}"#;
        assert_eq!(said(&mut places, registered), "inbox=1.e:3");
        let like = r#"{"type":"notification","epoch":"1.e","seq":4,"kind":"like"}"#;
        assert_eq!(said(&mut places, like), "inbox=1.e:4");
        let ack = r#"{"type":"ack","ref":"1","channel":"news","epoch":"2.f","seq":7}"#;
        assert_eq!(said(&mut places, ack), "inbox=1.e:4;news=2.f:7");
        let message = r#"{"type":"message","channel":"news","epoch":"2.f","seq":8}"#;
        assert_eq!(said(&mut places, message), "inbox=1.e:4;news=2.f:8");
        for other in [
            r#"{"type":"position","epoch":"1.e","seq":9}"#,
            r#"{"type":"marked","epoch":"1.e","seq":9}"#,
            r#"{"type":"post","post_id":"0abcdefg.1","likes":9}"#,
            r#"{"type":"invented","channel":"news","epoch":"2.f","seq":9}"#,
        ] {
            assert!(!places.said(&serde_json::from_str(other).unwrap()));
        }
        let left = r#"{"type":"ack","ref":"1","channel":"news"}"#;
        assert_eq!(said(&mut places, left), "inbox=1.e:4");
    }

    #[test]
    fn before_what_was_missed_has_followed_the_place_is_where_it_was() {
        let mut places = Places::read("inbox=1.e:2;news=2.f:5").unwrap();
        let registered = r#"{"type":"registered","epoch":"1.e","seq":9,"recovered":true}"#;
        assert_eq!(said(&mut places, registered), "inbox=1.e:2;news=2.f:5");
        places.asked(&subscribe("news", Some(5), None));
        let ack = r#"{"type":"ack","channel":"news","epoch":"2.f","seq":7,"recovered":true}"#;
        assert_eq!(said(&mut places, ack), "inbox=1.e:2;news=2.f:5");
        let lost = r#"{"type":"registered","epoch":"2.g","seq":1,"recovered":false}"#;
        assert_eq!(said(&mut places, lost), "inbox=2.g:1;news=2.f:5");
        places.asked(&subscribe("old", None, Some(4)));
        let ack = r#"{"type":"ack","channel":"old","epoch":"2.f","seq":9}"#;
        assert_eq!(said(&mut places, ack), "inbox=2.g:1;news=2.f:5;old=2.f:5");
    }

    #[test]
    fn an_id_holds_the_places_of_as_many_channels_as_one_may_listen_to() {
        let name = |n: usize| format!("{n:0>LONGEST_NAME$}");
        let of = |count: usize| {
            let place = |n| {
                format!(
                    ";{}={}:9007199254740991",
                    name(n),
                    "e".repeat(LONGEST_EPOCH)
                )
            };
            format!("inbox=1.e:1{}", (0..count).map(place).collect::<String>())
        };
        let full = of(MOST_CHANNELS);
        let places = Places::read(&full).unwrap();
        assert_eq!(places.to_string(), full);
        assert!(full.len() <= 32 << 10, "it fits into a header");
        for wrong in [
            of(MOST_CHANNELS + 1),
            ";".repeat(300_000),
            "a=b:1;".repeat(50_000),
            format!("{}=1.e:1", "a".repeat(LONGEST_NAME + 2)),
            format!("a={}:1", "e".repeat(LONGEST_EPOCH + 1)),
        ] {
            assert_eq!(Places::read(&wrong), None);
        }
    }

    #[test]
    fn the_places_of_one_who_hears_every_room_are_those_that_moved_last() {
        let mut places = Places::default();
        let message = |n: usize, seq: usize| {
            let json =
                format!(r#"{{"type":"message","channel":"room:{n}","epoch":"2.f","seq":{seq}}}"#);
            serde_json::from_str::<Head>(&json).unwrap()
        };
        for n in 0..10_000 {
            assert!(places.said(&message(n, 1)));
            // One where something is always said.
            assert!(places.said(&message(0, n + 2)));
        }
        assert_eq!(places.channels.len(), MOST_CHANNELS);
        assert_eq!(places.of("room:0").map(|place| place.seq), Some(10_001));
        assert!(places.of("room:9999").is_some() && places.of("room:9000").is_none());
        assert_eq!(
            Places::read(&places.to_string()).unwrap().channels.len(),
            MOST_CHANNELS
        );
    }

    #[test]
    fn an_id_is_read_as_it_was_written() {
        for id in [
            "",
            "inbox=1.e:4",
            "inbox=1.e:4;news=2.f:8;#inbox=3.g:1",
            "a:b=1.e:0",
        ] {
            assert_eq!(Places::read(id).unwrap().to_string(), id);
        }
        for id in ["nonsense", "inbox=", "inbox=1.e", "news=1.e:x"] {
            assert_eq!(Places::read(id), None, "{id}");
        }
    }
}
