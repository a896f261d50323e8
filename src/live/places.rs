//! How far a stream of events has told its inbox and its channels. It stands in the id of each
//! event, so that a client which comes back with the last id it saw resumes all of them.
//!
//! Written as `inbox=EPOCH:SEQ;CHANNEL=EPOCH:SEQ;…`: neither names of channels nor epochs have any
//! of the signs between them. A room to which the client listens without being there is written
//! behind `~`.

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
/// Stands before the name of a room to which one listens without being there.
const QUIET: char = '~';

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

/// The place in one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    channel: String,
    position: Position,
    /// Whether it is a room to which one listens without being there.
    quiet: bool,
}

/// A subscription that is not answered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    channel: String,
    /// It is to begin with so many of the newest messages.
    last: u64,
    quiet: bool,
}

/// The places of one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// In the inbox; unknown for programs, which have none.
    pub(super) inbox: Option<Position>,
    /// In the channels that have a history, in the order in which they last moved. As many as one may
    /// listen to; a program that observes every room has the newest of them.
    channels: Vec<Place>,
    /// What the client asked for last, as far as the answer does not say it.
    asked: Option<Asked>,
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
            let (name, quiet) = match name.strip_prefix(QUIET) {
                Some(name) => (name, true),
                None => (name, false),
            };
            let longest = LONGEST_NAME + CHANNEL.len_utf8();
            if name.len() > longest || epoch.len() > LONGEST_EPOCH {
                return None;
            }
            let place = Position {
                epoch: Epoch::from(epoch.to_owned()),
                seq: seq.parse().ok()?,
            };
            match name.strip_prefix(CHANNEL) {
                None if name == INBOX && quiet => return None,
                None if name == INBOX => places.inbox = Some(place),
                channel => places.put(channel.unwrap_or(name), place, Some(quiet)),
            }
        }
        Some(places)
    }

    /// The place in a channel.
    pub(super) fn of(&self, channel: &str) -> Option<&Position> {
        Some(&self.channels[self.index(channel)?].position)
    }

    /// Whether it is a room to which the client listens without being there.
    pub(super) fn is_quiet(&self, channel: &str) -> bool {
        self.index(channel)
            .is_some_and(|at| self.channels[at].quiet)
    }

    /// The channels that have a place.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.channels.iter().map(|place| place.channel.as_str())
    }

    fn index(&self, channel: &str) -> Option<usize> {
        self.channels
            .iter()
            .position(|place| place.channel == channel)
    }

    /// The client asked for something: what follows begins there.
    pub(super) fn asked(&mut self, frame: &ClientFrame) {
        match frame {
            ClientFrame::Register { resume, .. } => self.inbox = resume.clone(),
            ClientFrame::Subscribe {
                channel,
                resume,
                last,
                presence,
                ..
            } => {
                let quiet = *presence == Some(false);
                if let Some(resume) = resume {
                    self.put(channel, resume.clone(), Some(quiet));
                }
                self.asked = Some(Asked {
                    channel: channel.clone(),
                    last: last.filter(|_| resume.is_none()).unwrap_or(0),
                    quiet,
                });
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
            ("message", Some(channel), Some(place)) => self.put(channel, place, None),
            ("ack", Some(channel), Some(_)) if resumed && self.of(channel).is_some() => {
                return false;
            }
            ("ack", Some(channel), Some(mut place)) => {
                let asked = self.asked.take_if(|asked| asked.channel == *channel);
                let quiet = asked.as_ref().map(|asked| asked.quiet);
                let last = asked.map_or(0, |asked| asked.last);
                place.seq = place.seq.saturating_sub(last.min(CHANNEL_KEEPS));
                self.put(channel, place, quiet);
            }
            ("ack", Some(channel), None) => {
                let before = self.channels.len();
                self.channels.retain(|place| place.channel != *channel);
                return self.channels.len() != before;
            }
            _ => return false,
        }
        true
    }

    /// Moves a place. Whether one listens quietly stays as it was where `quiet` does not say.
    fn put(&mut self, channel: &str, position: Position, quiet: Option<bool>) {
        match self.index(channel) {
            Some(at) => {
                let place = &mut self.channels[at];
                place.position = position;
                place.quiet = quiet.unwrap_or(place.quiet);
                self.channels[at..].rotate_left(1);
            }
            None => {
                if self.channels.len() == MOST_CHANNELS {
                    self.channels.remove(0);
                }
                self.channels.push(Place {
                    channel: channel.to_owned(),
                    position,
                    quiet: quiet.unwrap_or(false),
                });
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
        for place in &self.channels {
            let (channel, Position { epoch, seq }) = (&place.channel, &place.position);
            if std::mem::replace(&mut begun, true) {
                f.write_str(";")?;
            }
            if place.quiet {
                write!(f, "{QUIET}")?;
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
mod tests;
