//! The live part: what comes through the socket, and what is told about what was read.

use std::time::Duration;

use leptos::prelude::*;

use super::talk::Talk;
use crate::{
    browser,
    event::{ClientFrame, Ref, ServerFrame},
    live::{Word, wake},
    model::{Message, Position, UserId},
    talk::{Heard, Place},
};

/// How far this person has read is said this often at most.
const MARK_EVERY: Duration = Duration::from_secs(1);

/// Follows the room for as long as its page is there.
pub(super) fn follow(talk: Talk) {
    let follower = Follower {
        talk,
        marked: StoredValue::new(0),
        resting: StoredValue::new(false),
        connected_before: StoredValue::new(false),
    };
    let hear = Callback::new(move |word| follower.hear(word));
    talk.live.listen(talk.name().channel(), hear);
    Effect::new(move || {
        let seen = window_event_listener_untyped("visibilitychange", move |_| follower.mark());
        on_cleanup(move || seen.remove());
    });
    Effect::new(move || {
        if talk.at_end.get() {
            talk.unseen.set(0);
            follower.mark();
        }
    });
    wake(
        move || talk.typing.with(|typing| typing.due_at()),
        move || {
            let _ = talk
                .typing
                .try_update(|typing| typing.elapse(browser::elapsed()));
        },
    );
}

#[derive(Clone, Copy)]
struct Follower {
    talk: Talk,
    /// How far this person has told that they read.
    marked: StoredValue<u64>,
    /// Whether the next mark has to wait.
    resting: StoredValue<bool>,
    connected_before: StoredValue<bool>,
}

impl Follower {
    fn hear(self, word: Word) {
        match word {
            Word::Connected => self.connected(),
            Word::Frame(frame) => self.take(*frame),
        }
    }

    fn connected(self) {
        let talk = self.talk;
        let again = self
            .connected_before
            .try_update_value(|before| std::mem::replace(before, true));
        if talk.role.get_untracked().is_none() {
            return;
        }
        // Whether the last mark got through is unknown, and a repeat does no harm.
        self.marked.set_value(0);
        let subscribe = talk.place.try_update_value(|place| place.connected());
        let unsent = talk.log.with_untracked(|log| log.connected());
        subscribe
            .into_iter()
            .chain(unsent)
            .for_each(|frame| talk.live.send(frame));
        if again == Some(true) {
            talk.read_people();
        }
        if talk.stale.get_value() {
            talk.reload();
        }
    }

    fn take(self, frame: ServerFrame) {
        let talk = self.talk;
        match frame {
            ServerFrame::Message {
                epoch,
                seq,
                id,
                from,
                text,
                at,
                void,
                retracts,
                ..
            } => {
                let message = (!void).then_some(Message {
                    seq,
                    id,
                    from,
                    text,
                    at,
                });
                self.entry(Position { epoch, seq }, message, retracts);
            }
            ServerFrame::Ack {
                r#ref,
                channel,
                epoch: Some(epoch),
                seq: Some(seq),
                recovered,
            } => {
                // Ours are all text.
                let Some(r#ref) = r#ref.as_text() else { return };
                if r#ref == channel {
                    self.subscribed(Position { epoch, seq }, recovered != Some(false));
                } else {
                    let known = talk.place.with_value(|place| place.seq());
                    talk.log.update(|log| log.acknowledged(r#ref, seq, known));
                }
            }
            ServerFrame::Position {
                channel: Some(_),
                epoch,
                seq,
                ..
            } => {
                let heard = self.place(|place| place.checked(&Position { epoch, seq }));
                self.act(heard);
            }
            ServerFrame::Presence {
                here, gone, all, ..
            } => {
                talk.people
                    .update(|people| people.presence(here, &gone, all));
                for user in gone {
                    talk.typing.maybe_update(|typing| typing.done(&user));
                }
            }
            ServerFrame::Typing { from, .. } if !self.is_me(&from.user_id) => {
                // A repeat changes only until when it holds.
                talk.typing.update(|typing| {
                    let _ = typing.heard(browser::elapsed(), from);
                });
            }
            ServerFrame::Read { user_id, seq, .. } => {
                talk.people
                    .maybe_update(|people| people.has_read(&user_id, seq));
            }
            ServerFrame::Member { user_id, role, .. } => {
                if self.is_me(&user_id) {
                    match role {
                        Some(role) => talk.role.set(Some(role)),
                        None => return talk.out(),
                    }
                }
                talk.read_people();
            }
            ServerFrame::Error {
                r#ref,
                channel,
                code,
                detail,
            } => self.refused(r#ref, channel, &code, detail),
            _ => {}
        }
    }

    fn entry(self, position: Position, message: Option<Message>, removes: Option<u64>) {
        let talk = self.talk;
        let seq = position.seq;
        let heard = self.place(|place| place.entry(&position));
        if heard == Heard::Take {
            let from = message.as_ref().and_then(|message| message.from.as_ref());
            let from = from.map(|from| from.user_id.clone());
            let others = message.is_some() && !from.as_ref().is_some_and(|from| self.is_me(from));
            talk.log.update(|log| log.take(seq, message, removes));
            if let Some(from) = from {
                talk.typing.maybe_update(|typing| typing.done(&from));
                talk.people
                    .maybe_update(|people| people.has_read(&from, seq));
            }
            if others && !talk.at_end.get_untracked() {
                talk.unseen.update(|unseen| *unseen += 1);
            }
            self.mark();
        }
        self.act(heard);
    }

    fn subscribed(self, position: Position, recovered: bool) {
        let talk = self.talk;
        if !recovered {
            let epoch = position.epoch.clone();
            talk.log.update(|log| log.begin(epoch));
        }
        let heard = self.place(|place| place.subscribed(position, recovered));
        self.act(heard);
        self.mark();
    }

    fn refused(self, r#ref: Option<Ref>, channel: Option<String>, code: &str, detail: String) {
        let talk = self.talk;
        let own = talk.name().channel();
        let forbidden = code == "forbidden";
        let id = r#ref.as_ref().and_then(Ref::as_text);
        if forbidden && (channel.as_ref() == Some(&own) || id == Some(&own)) {
            return talk.out();
        }
        let Some(id) = id else { return };
        let mine = talk.log.try_update(|log| log.refused(id, detail));
        if mine == Some(true) && forbidden {
            talk.out();
        }
    }

    fn act(self, heard: Heard) {
        match heard {
            Heard::Ask(frame) => self.talk.live.send(frame),
            Heard::Reload => self.talk.reload(),
            Heard::Take | Heard::Skip => {}
        }
    }

    fn place(self, ask: impl FnOnce(&mut Place) -> Heard) -> Heard {
        let heard = self.talk.place.try_update_value(ask);
        heard.unwrap_or(Heard::Skip)
    }

    fn is_me(self, user: &UserId) -> bool {
        self.talk.me.with_value(|me| me.user_id == *user)
    }

    /// Tells how far this person has read, if they can see the newest message.
    fn mark(self) {
        let talk = self.talk;
        let (Some(marked), Some(false)) =
            (self.marked.try_get_value(), self.resting.try_get_value())
        else {
            return;
        };
        let seq = talk.place.with_value(|place| place.seq());
        let sees = talk.at_end.get_untracked() && !browser::hidden();
        if seq <= marked || !sees || !talk.is_open() || talk.role.get_untracked().is_none() {
            return;
        }
        self.marked.set_value(seq);
        let channel = talk.name().channel();
        talk.live.send(ClientFrame::Read { channel, seq });
        self.resting.set_value(true);
        let look_again = move || {
            // None: the page is gone.
            if self.resting.try_set_value(false).is_none() {
                self.mark();
            }
        };
        set_timeout(look_again, MARK_EVERY);
    }
}
