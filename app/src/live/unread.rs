//! How many groups are unread: one number for badge, title and list.

use crate::{
    event::ServerFrame,
    model::{Epoch, Inbox, Me},
};

/// The count, and which entry it belongs to: the newest one wins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unread {
    epoch: Epoch,
    seq: u64,
    count: u64,
}

impl Unread {
    /// What the page was rendered with.
    pub(crate) fn of(me: &Me) -> Self {
        Self {
            epoch: me.epoch.clone(),
            seq: me.seq,
            count: me.unread,
        }
    }

    /// The number to show.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// What a frame says about it. During catch-up old entries come after `registered`, whose
    /// count is the newer one.
    pub(crate) fn frame(&mut self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Registered {
                epoch, seq, unread, ..
            } => {
                *self = Self {
                    epoch: epoch.clone(),
                    seq: *seq,
                    count: *unread,
                };
            }
            ServerFrame::Notification(event) => self.newer(&event.epoch, event.seq, event.unread),
            ServerFrame::Retract {
                epoch, seq, unread, ..
            } => self.newer(epoch, *seq, *unread),
            // Its seq is how far the mark reaches, not when it was made; frames come in order.
            ServerFrame::Marked { epoch, unread, .. } if *epoch == self.epoch => {
                self.count = *unread;
            }
            _ => {}
        }
    }

    /// What the list's answer says about it.
    pub(crate) fn listed(&mut self, inbox: &Inbox) {
        self.newer(&inbox.epoch, inbox.seq, inbox.unread);
    }

    fn newer(&mut self, epoch: &Epoch, seq: u64, count: u64) {
        if *epoch == self.epoch && seq >= self.seq {
            self.seq = seq;
            self.count = count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{event::Notification, model::Kind};

    fn epoch() -> Epoch {
        "e".to_owned().into()
    }

    fn unread(seq: u64, count: u64) -> Unread {
        Unread {
            epoch: epoch(),
            seq,
            count,
        }
    }

    fn like(seq: u64, unread: u64) -> ServerFrame {
        ServerFrame::Notification(Notification {
            epoch: epoch(),
            seq,
            group: "g".into(),
            unread,
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
        })
    }

    #[test]
    fn the_newest_entry_wins() {
        let mut state = unread(4, 1);
        state.frame(&like(5, 2));
        assert_eq!(state.count(), 2);
        state.frame(&like(3, 9));
        assert_eq!(state.count(), 2);
    }

    #[test]
    fn a_mark_counts_whatever_it_reaches_to() {
        let mut state = unread(4, 3);
        state.frame(&ServerFrame::Marked {
            epoch: epoch(),
            seq: 2,
            group: None,
            unread: 1,
        });
        assert_eq!(state.count(), 1);
    }

    #[test]
    fn an_answer_of_the_list_counts_unless_it_is_older() {
        let inbox = |seq, unread| Inbox {
            epoch: epoch(),
            seq,
            unread,
            items: Vec::new(),
            next: None,
        };
        let mut state = unread(4, 3);
        state.listed(&inbox(3, 9));
        assert_eq!(state.count(), 3);
        state.listed(&inbox(4, 2));
        assert_eq!(state.count(), 2);
    }
}
