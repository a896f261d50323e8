//! Where this client stands in the history of a channel.
//!
//! A push is only a hint: seq + 1 is taken, what is known is skipped, and a gap is never jumped
//! over.

use crate::{
    event::ClientFrame,
    model::{Epoch, Position},
};

/// After this many questions that brought nothing forward, the history is read anew.
const ASK_LIMIT: u8 = 3;

/// What to do about an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It is the next one: take it.
    Take,
    /// It is known, or already asked for.
    Skip,
    /// Something is missing: send this.
    Ask(ClientFrame),
    /// What is missing cannot be had: read it all anew.
    Reload,
}

/// The position, and whether a question about it is open.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    channel: String,
    position: Position,
    /// Whether a `subscribe` is unanswered.
    asked: bool,
    /// Questions since the position last moved.
    asks: u8,
    /// Catch-up is under way until the position gets here.
    target: u64,
    /// Whether the position moved since the last `position` frame.
    moved: bool,
    /// Whether it is a room to which this client listens without being there.
    quiet: bool,
}

impl Place {
    /// Begins where the page was rendered.
    pub(crate) fn new(channel: String, position: Position) -> Self {
        Self {
            channel,
            target: position.seq,
            position,
            asked: false,
            asks: 0,
            moved: false,
            quiet: false,
        }
    }

    /// The same in a room to which this client listens without being there.
    pub(crate) fn quiet(channel: String, position: Position) -> Self {
        Self {
            quiet: true,
            ..Self::new(channel, position)
        }
    }

    /// The history that the position counts in.
    pub(crate) fn epoch(&self) -> &Epoch {
        &self.position.epoch
    }

    /// The last entry that is known.
    pub(crate) fn seq(&self) -> u64 {
        self.position.seq
    }

    /// There is a new socket: what it has to subscribe.
    pub(crate) fn connected(&mut self) -> ClientFrame {
        self.asks = 0;
        self.subscribe()
    }

    /// The subscription is there.
    pub(crate) fn subscribed(&mut self, stands: Position, recovered: bool) -> Heard {
        self.asked = false;
        self.moved = true;
        self.target = stands.seq;
        if recovered {
            return Heard::Skip;
        }
        self.position = stands;
        Heard::Reload
    }

    /// An entry comes in.
    pub(crate) fn entry(&mut self, place: &Position) -> Heard {
        if place.epoch == self.position.epoch {
            if place.seq <= self.position.seq {
                return Heard::Skip;
            }
            if place.seq == self.position.seq + 1 {
                self.position.seq = place.seq;
                self.moved = true;
                self.asks = 0;
                return Heard::Take;
            }
        }
        self.ask()
    }

    /// The server says where the channel stands. While catch-up makes headway, being behind is no
    /// sign of a loss.
    pub(crate) fn checked(&mut self, place: &Position) -> Heard {
        let moved = std::mem::replace(&mut self.moved, false);
        let known = place.epoch == self.position.epoch;
        let catching_up = self.position.seq < self.target && moved;
        if known && (place.seq <= self.position.seq || catching_up) {
            Heard::Skip
        } else {
            self.ask()
        }
    }

    /// The history was read anew, up to here.
    pub(crate) fn read(&mut self, place: Position) {
        if place.epoch != self.position.epoch || place.seq > self.position.seq {
            self.position = place;
            self.asks = 0;
        }
    }

    fn ask(&mut self) -> Heard {
        if self.asked {
            return Heard::Skip;
        }
        if self.asks >= ASK_LIMIT {
            self.asks = 0;
            return Heard::Reload;
        }
        self.asks += 1;
        Heard::Ask(self.subscribe())
    }

    /// The channel itself is the `ref`: no answer is taken for one to something else.
    fn subscribe(&mut self) -> ClientFrame {
        self.asked = true;
        ClientFrame::Subscribe {
            r#ref: self.channel.as_str().into(),
            channel: self.channel.clone(),
            resume: Some(self.position.clone()),
            last: None,
            token: None,
            presence: self.quiet.then_some(false),
        }
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

    fn elsewhere(seq: u64) -> Position {
        Position {
            epoch: "other".to_owned().into(),
            seq,
        }
    }

    fn place(seq: u64) -> Place {
        let mut place = Place::new("room:r".into(), at(seq));
        place.connected();
        assert_eq!(place.subscribed(at(seq), true), Heard::Skip);
        place
    }

    fn from(heard: &Heard) -> Option<u64> {
        match heard {
            Heard::Ask(ClientFrame::Subscribe {
                resume: Some(resume),
                ..
            }) => Some(resume.seq),
            _ => None,
        }
    }

    #[test]
    fn the_next_is_taken_once_and_a_gap_is_asked_for_once() {
        let mut place = place(3);
        assert_eq!(place.entry(&at(3)), Heard::Skip);
        assert_eq!(place.entry(&at(4)), Heard::Take);
        assert_eq!(place.entry(&at(4)), Heard::Skip);
        assert_eq!(from(&place.entry(&at(6))), Some(4));
        assert_eq!(place.entry(&at(7)), Heard::Skip);
        place.subscribed(at(7), true);
        for seq in 5..=7 {
            assert_eq!(place.entry(&at(seq)), Heard::Take);
        }
    }

    #[test]
    fn a_check_asks_where_something_was_lost_and_not_while_it_is_coming() {
        let mut place = place(3);
        assert_eq!(place.checked(&at(3)), Heard::Skip);
        assert_eq!(from(&place.checked(&at(5))), Some(3));
        place.subscribed(at(9), true);
        assert_eq!(place.entry(&at(4)), Heard::Take);
        assert_eq!(place.checked(&at(9)), Heard::Skip);
        assert_eq!(from(&place.checked(&at(9))), Some(4));
    }

    #[test]
    fn a_history_that_is_lost_is_read_anew() {
        let mut place = place(3);
        assert!(from(&place.entry(&elsewhere(1))).is_some());
        assert_eq!(place.subscribed(elsewhere(8), false), Heard::Reload);
        assert_eq!(place.entry(&elsewhere(9)), Heard::Take);
        // What was read before that is no step back.
        place.read(elsewhere(8));
        assert_eq!(place.seq(), 9);
        place.read(elsewhere(12));
        assert_eq!(place.entry(&elsewhere(12)), Heard::Skip);
    }

    #[test]
    fn nobody_asks_for_ever() {
        let mut place = place(3);
        for _ in 0..ASK_LIMIT {
            assert!(from(&place.entry(&at(9))).is_some());
            place.subscribed(at(9), true);
        }
        assert_eq!(place.entry(&at(9)), Heard::Reload);
    }
}
