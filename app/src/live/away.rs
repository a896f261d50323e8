//! What came while an open page had no connection: told in one line, not one by one.

use std::collections::VecDeque;

use crate::{event::Notification, toasts::Message};

/// Of a longer absence, the oldest entries are only counted.
const MOST: usize = 1_000;

/// Entries of one absence until all of them are there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Away {
    missed: VecDeque<Notification>,
    forgotten: u64,
}

/// What to say about an absence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Summary {
    /// One thing only: the ordinary toast says more than a summary could.
    One(Notification),
    /// A line about all of it.
    Many(Message),
}

impl Away {
    /// One more that was missed.
    pub(crate) fn missed(&mut self, event: Notification) {
        if self.missed.len() >= MOST {
            self.missed.pop_front();
            self.forgotten += 1;
        }
        self.missed.push_back(event);
    }

    /// An entry was taken back.
    pub(crate) fn retract(&mut self, seq: u64) {
        self.missed.retain(|event| event.seq != seq);
    }

    /// A whole group was taken back.
    pub(crate) fn retract_group(&mut self, group: &str) {
        self.missed.retain(|event| event.group != group);
    }

    /// The history is lost: the list is read anew, and nothing is replayed.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// All of it is there.
    pub(crate) fn sum_up(&mut self) -> Option<Summary> {
        let Self {
            mut missed,
            forgotten,
        } = std::mem::take(self);
        match missed.len() {
            0 => None,
            1 => missed.pop_front().map(Summary::One),
            _ => Some(Summary::Many(Message::away(missed, forgotten))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    fn like(seq: u64) -> Notification {
        Notification {
            epoch: "e".to_owned().into(),
            seq,
            group: format!("g{}", seq % 2),
            unread: 0,
            kind: Kind::Like,
            level: None,
            room: None,
            room_title: None,
            text: None,
            post_id: None,
            excerpt: None,
            actor: None,
            at: 0,
            void: false,
            withheld: None,
        }
    }

    fn away(seqs: std::ops::RangeInclusive<u64>) -> Away {
        let mut away = Away::default();
        seqs.for_each(|seq| away.missed(like(seq)));
        away
    }

    #[test]
    fn several_make_one_line_once() {
        let mut away = away(1..=4);
        assert!(matches!(away.sum_up(), Some(Summary::Many(sum)) if sum.entries.len() == 4));
        assert_eq!(away.sum_up(), None);
    }

    #[test]
    fn one_alone_is_told_as_ever() {
        let mut away = away(1..=3);
        away.retract_group("g1");
        assert_eq!(away.sum_up(), Some(Summary::One(like(2))));
    }

    #[test]
    fn what_was_taken_back_is_not_told() {
        let mut gone = away(1..=1);
        gone.retract(1);
        assert_eq!(gone.sum_up(), None);
        let mut lost = away(1..=4);
        lost.forget();
        assert_eq!(lost.sum_up(), None);
    }
}
