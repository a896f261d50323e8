//! How many messages of a room are unread, kept up by what is heard since the list was read.

use super::{Heard, Place};
use crate::{
    event::ClientFrame,
    model::{Position, Room},
};

/// Unread messages that are known one by one. Those before them are only counted.
const MOST_KNOWN: usize = 1_000;

/// A message of a room, as far as it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    /// Somebody else said something.
    Theirs,
    /// This person did, and has read everything before it.
    Own,
    /// A place that holds nothing, or removes this message.
    Void(Option<u64>),
}

/// The count for one room.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    place: Place,
    /// How far this person has read.
    read: u64,
    /// Up to here, what is unread is only counted.
    base: u64,
    counted: u64,
    /// Unread messages after that, in order.
    known: Vec<u64>,
    /// The newest entry that removed a message.
    removal: u64,
}

impl Tally {
    /// As the server counted.
    pub(crate) fn new(room: &Room) -> Self {
        let position = Position {
            epoch: room.epoch.clone(),
            seq: room.seq,
        };
        Self {
            place: Place::quiet(room.name.channel(), position),
            read: room.read,
            base: room.seq,
            counted: room.unread,
            known: Vec::new(),
            removal: 0,
        }
    }

    /// How many are unread.
    pub(crate) fn unread(&self) -> u64 {
        self.counted + self.known.len() as u64
    }

    /// The newest entry that is known.
    pub(crate) fn seq(&self) -> u64 {
        self.place.seq()
    }

    /// There is a new connection: what it has to subscribe.
    pub(crate) fn connected(&mut self) -> ClientFrame {
        self.place.connected()
    }

    /// The subscription is there.
    pub(crate) fn subscribed(&mut self, stands: Position, recovered: bool) -> Heard {
        self.place.subscribed(stands, recovered)
    }

    /// The server says where the room stands.
    pub(crate) fn checked(&mut self, place: &Position) -> Heard {
        self.place.checked(place)
    }

    /// An entry of the room comes in.
    pub(crate) fn entry(&mut self, place: &Position, entry: Entry) -> Heard {
        let heard = self.place.entry(place);
        if heard != Heard::Take {
            return heard;
        }
        match entry {
            Entry::Theirs => self.add(place.seq),
            Entry::Own => {
                let _ = self.marked(place.seq);
            }
            Entry::Void(None) => {}
            Entry::Void(Some(removed)) => {
                self.removal = place.seq;
                if removed > self.base {
                    self.known.retain(|seq| *seq != removed);
                } else if removed > self.read {
                    self.counted = self.counted.saturating_sub(1);
                }
            }
        }
        heard
    }

    /// This person has read up to here, wherever they did. True if only the server can tell what is left.
    #[must_use]
    pub(crate) fn marked(&mut self, seq: u64) -> bool {
        if seq <= self.read {
            return false;
        }
        self.read = seq;
        self.known.retain(|known| *known > seq);
        if seq >= self.base {
            self.counted = 0;
        }
        self.counted > 0
    }

    /// The server counted anew. What was heard meanwhile is newer. True if it has to be asked again.
    #[must_use]
    pub(crate) fn counted(&mut self, room: &Room) -> bool {
        if room.epoch != *self.place.epoch() {
            *self = Self::new(room);
            return false;
        }
        if room.seq < self.base {
            return false;
        }
        // Which of the messages that were counted is gone cannot be told.
        if room.seq < self.removal {
            return true;
        }
        let marked = self.read;
        self.place.read(Position {
            epoch: room.epoch.clone(),
            seq: room.seq,
        });
        self.base = room.seq;
        self.counted = room.unread;
        self.read = room.read;
        self.known.retain(|seq| *seq > room.seq.max(room.read));
        self.marked(marked)
    }

    fn add(&mut self, seq: u64) {
        if seq <= self.read {
            return;
        }
        if self.known.len() == MOST_KNOWN {
            self.base = self.known.remove(0);
            self.counted += 1;
        }
        self.known.push(seq);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seq: u64) -> Position {
        Position {
            epoch: "e".to_owned().into(),
            seq,
        }
    }

    /// A room with ten messages, of which these many are unread.
    fn room(seq: u64, read: u64, unread: u64) -> Room {
        Room {
            name: "r".parse().unwrap(),
            title: "R".into(),
            private: false,
            created_at: 0,
            members: 2,
            role: None,
            invited: false,
            epoch: "e".to_owned().into(),
            seq,
            read,
            unread,
        }
    }

    fn tally(seq: u64, read: u64, unread: u64) -> Tally {
        let mut tally = Tally::new(&room(seq, read, unread));
        tally.connected();
        tally.subscribed(at(seq), true);
        tally
    }

    fn theirs(tally: &mut Tally, seq: u64) {
        assert_eq!(tally.entry(&at(seq), Entry::Theirs), Heard::Take);
    }

    #[test]
    fn it_subscribes_without_being_there_from_where_it_stands() {
        let frame = Tally::new(&room(10, 8, 2)).connected();
        let json = serde_json::to_value(frame).unwrap();
        assert_eq!(json["presence"], false);
        assert_eq!(json["resume"]["seq"], 10);
    }

    #[test]
    fn what_others_say_counts_and_what_one_says_oneself_ends_the_count() {
        let mut tally = tally(10, 8, 2);
        theirs(&mut tally, 11);
        assert_eq!((tally.unread(), tally.seq()), (3, 11));
        assert_eq!(tally.entry(&at(11), Entry::Theirs), Heard::Skip);
        assert_eq!(tally.unread(), 3);
        tally.entry(&at(12), Entry::Own);
        assert_eq!(tally.unread(), 0);
        theirs(&mut tally, 13);
        assert_eq!(tally.unread(), 1);
        assert!(matches!(tally.entry(&at(15), Entry::Theirs), Heard::Ask(_)));
        assert_eq!(tally.unread(), 1);
    }

    #[test]
    fn a_mark_lowers_it_and_never_goes_back() {
        let mut tally = tally(10, 8, 2);
        for seq in 11..=13 {
            theirs(&mut tally, seq);
        }
        assert!(tally.marked(9), "one of two is read, or was removed before");
        assert!(!tally.marked(12));
        assert_eq!(tally.unread(), 1);
        assert!(!tally.marked(11));
        assert_eq!(tally.unread(), 1);
        // A mark may come before what it marks.
        assert!(!tally.marked(14));
        theirs(&mut tally, 14);
        assert_eq!(tally.unread(), 0);
    }

    #[test]
    fn what_is_removed_counts_no_more() {
        let mut tally = tally(10, 8, 2);
        theirs(&mut tally, 11);
        tally.entry(&at(12), Entry::Void(Some(11)));
        assert_eq!(tally.unread(), 2);
        tally.entry(&at(13), Entry::Void(Some(9)));
        assert_eq!(tally.unread(), 1);
        tally.entry(&at(14), Entry::Void(Some(3)));
        tally.entry(&at(15), Entry::Void(None));
        assert_eq!((tally.unread(), tally.seq()), (1, 15));
    }

    #[test]
    fn what_was_heard_meanwhile_is_newer_than_a_count() {
        let mut tally = tally(10, 8, 2);
        for seq in 11..=13 {
            theirs(&mut tally, seq);
        }
        // Counted when the room stood at 11.
        assert!(!tally.counted(&room(11, 9, 2)));
        assert_eq!(tally.unread(), 4);
        assert!(!tally.marked(12));
        assert!(!tally.counted(&room(12, 9, 3)));
        assert_eq!(tally.unread(), 1);
        assert!(!tally.marked(14));
        // A mark in the middle of what was only counted.
        assert!(!tally.counted(&room(20, 14, 6)));
        assert!(tally.marked(16));
        assert!(tally.counted(&room(20, 14, 6)), "counted before the mark");
        assert!(!tally.counted(&room(20, 16, 4)));
        assert_eq!(tally.unread(), 4);
        tally.entry(&at(21), Entry::Void(Some(20)));
        assert!(
            tally.counted(&room(20, 16, 4)),
            "counted before the removal"
        );
        assert_eq!(tally.unread(), 3);
        assert!(!tally.counted(&room(21, 16, 3)));
        assert_eq!(tally.unread(), 3);
    }

    #[test]
    fn another_history_is_counted_from_its_beginning() {
        let mut tally = tally(10, 8, 2);
        let mut other = room(1, 0, 1);
        other.epoch = "other".to_owned().into();
        assert!(!tally.counted(&other));
        assert_eq!((tally.unread(), tally.seq()), (1, 1));
    }

    #[test]
    fn a_flood_is_counted_and_not_kept() {
        let mut tally = tally(0, 0, 0);
        for seq in 1..=3_000 {
            theirs(&mut tally, seq);
        }
        assert_eq!((tally.unread(), tally.known.len()), (3_000, MOST_KNOWN));
        assert!(!tally.marked(2_500));
        assert_eq!(tally.unread(), 500);
        assert_eq!(tally.counted, 0);
    }
}
