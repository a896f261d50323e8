//! What was said, and what this person says and is on its way.

use std::collections::VecDeque;

use crate::{
    event::ClientFrame,
    model::{Epoch, Message, MessagePage, Person, Position},
};

/// Messages that are kept on screen; older ones are a link away.
const MOST: usize = 300;
/// Messages on their way; who says more has to wait.
const MOST_UNSENT: usize = 50;
/// Removals that are remembered, for pages that were read before them.
const REMEMBERED: usize = 500;

/// How a message is doing that this client sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sending {
    /// It is on its way, or waits for a connection.
    UnderWay,
    /// It is stored, and has this place.
    Stored(u64),
    /// It was refused, and why.
    Refused(String),
}

/// A message that this client sends, until it comes back with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Unsent {
    message: Message,
    sending: Sending,
}

/// A message as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its `seq` is 0 while it has none.
    pub(crate) message: Message,
    /// How it is doing; nothing for one that is in the history.
    pub(crate) sending: Option<Sending>,
}

/// What is on screen of a room.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    channel: String,
    epoch: Epoch,
    messages: VecDeque<Message>,
    unsent: Vec<Unsent>,
    removed: VecDeque<u64>,
    /// Where older messages begin, if there are any.
    older: Option<u64>,
}

impl Log {
    /// As the page was rendered.
    pub(crate) fn new(channel: String, page: MessagePage) -> Self {
        Self {
            channel,
            epoch: page.epoch,
            messages: page.messages.into(),
            unsent: Vec::new(),
            removed: VecDeque::new(),
            older: page.next,
        }
    }

    /// Everything, the oldest first.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let stored = self.messages.iter().map(|message| Line {
            message: message.clone(),
            sending: None,
        });
        let unsent = self.unsent.iter().map(|unsent| Line {
            message: unsent.message.clone(),
            sending: Some(unsent.sending.clone()),
        });
        stored.chain(unsent).collect()
    }

    /// Whether there is nothing to show.
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.unsent.is_empty()
    }

    /// The page before this one begins below it.
    pub(crate) fn older(&self) -> Option<u64> {
        self.older
    }

    /// The newest message that is stored.
    pub(crate) fn newest(&self) -> Option<&Message> {
        self.messages.back()
    }

    /// How a message of this client is doing; nothing once it is in the history.
    pub(crate) fn sending(&self, id: &str) -> Option<Sending> {
        let mut unsent = self.unsent.iter();
        let same = unsent.find(|unsent| unsent.message.id == id);
        same.map(|unsent| unsent.sending.clone())
    }

    /// The place of a message, once it has one.
    pub(crate) fn place(&self, id: &str) -> Option<u64> {
        let mut newest = self.messages.iter().rev();
        newest.find(|message| message.id == id).map(|m| m.seq)
    }

    /// Says something. Nothing where too much is on its way already.
    pub(crate) fn say(
        &mut self,
        me: &Person,
        id: String,
        text: String,
        at: u64,
    ) -> Option<ClientFrame> {
        if self.unsent.len() >= MOST_UNSENT {
            return None;
        }
        let frame = self.frame(&id, &text);
        self.unsent.push(Unsent {
            message: Message {
                seq: 0,
                id,
                from: Some(me.clone()),
                text,
                at,
            },
            sending: Sending::UnderWay,
        });
        Some(frame)
    }

    /// What has no place yet and would be lost with this page: id, text and when it was said.
    pub(crate) fn unsent(&self) -> Vec<(String, String, u64)> {
        let lost = |unsent: &&Unsent| !matches!(unsent.sending, Sending::Stored(_));
        let unsent = self.unsent.iter().filter(lost);
        unsent
            .map(|Unsent { message, .. }| (message.id.clone(), message.text.clone(), message.at))
            .collect()
    }

    /// Tries once more what was refused, with the same id.
    pub(crate) fn again(&mut self, id: &str) -> Option<ClientFrame> {
        let unsent = self.find(id)?;
        unsent.sending = Sending::UnderWay;
        let text = unsent.message.text.clone();
        Some(self.frame(id, &text))
    }

    /// Gives up on what was refused, and hands its text back.
    pub(crate) fn take_back(&mut self, id: &str) -> Option<String> {
        let same = |unsent: &Unsent| unsent.message.id == id;
        let place = self.unsent.iter().position(same)?;
        Some(self.unsent.remove(place).message.text)
    }

    /// There is a new socket. Whether the last one got everything through is unknown, and the same
    /// id again is answered and not stored.
    pub(crate) fn connected(&self) -> Vec<ClientFrame> {
        let under_way = |unsent: &&Unsent| unsent.sending == Sending::UnderWay;
        let unsent = self.unsent.iter().filter(under_way);
        unsent
            .map(|unsent| self.frame(&unsent.message.id, &unsent.message.text))
            .collect()
    }

    /// A message is stored at `seq`; `known` is how far the history is known here.
    pub(crate) fn acknowledged(&mut self, id: &str, seq: u64, known: u64) {
        if seq > known {
            if let Some(unsent) = self.find(id) {
                unsent.sending = Sending::Stored(seq);
            }
        } else {
            // It is in the history already, or was there and is removed.
            self.unsent.retain(|unsent| unsent.message.id != id);
        }
    }

    /// A message was refused. Tells whether it is one of ours.
    pub(crate) fn refused(&mut self, id: &str, why: String) -> bool {
        let unsent = self.find(id);
        let known = unsent.is_some();
        if let Some(unsent) = unsent {
            unsent.sending = Sending::Refused(why);
        }
        known
    }

    /// The next entry of the history: a message, or nothing but a place.
    pub(crate) fn take(&mut self, seq: u64, message: Option<Message>, removes: Option<u64>) {
        let mine = |unsent: &Unsent| {
            let same = message
                .as_ref()
                .is_some_and(|message| message.id == unsent.message.id);
            same || unsent.sending == Sending::Stored(seq)
        };
        self.unsent.retain(|unsent| !mine(unsent));
        if let Some(removed) = removes {
            self.messages.retain(|message| message.seq != removed);
            self.removed.push_back(removed);
            if self.removed.len() > REMEMBERED {
                self.removed.pop_front();
            }
        }
        if let Some(message) = message {
            self.messages.push_back(message);
            if self.messages.len() > MOST {
                self.messages.pop_front();
                self.older = self.messages.front().map(|message| message.seq);
            }
        }
    }

    /// This client removed a message: it need not wait for the history to say so.
    pub(crate) fn removed(&mut self, seq: u64) {
        self.messages.retain(|message| message.seq != seq);
    }

    /// Another history begins: what counts in the old one cannot be compared with it.
    pub(crate) fn begin(&mut self, epoch: Epoch) {
        if self.epoch != epoch {
            self.epoch = epoch;
            self.messages.clear();
            self.removed.clear();
        }
    }

    /// A page was read anew: it is the truth up to where it was read.
    pub(crate) fn read_again(&mut self, page: MessagePage) {
        self.begin(page.epoch);
        let Self {
            messages, removed, ..
        } = self;
        messages.retain(|message| message.seq > page.seq);
        let read = page.messages.into_iter();
        let mut all: VecDeque<_> = read.filter(|read| !removed.contains(&read.seq)).collect();
        all.append(messages);
        self.messages = all;
        self.older = page.next;
        let messages = &self.messages;
        self.unsent.retain(|unsent| match unsent.sending {
            Sending::Stored(seq) => seq > page.seq,
            _ => !messages
                .iter()
                .any(|message| message.id == unsent.message.id),
        });
    }

    fn find(&mut self, id: &str) -> Option<&mut Unsent> {
        let mut unsent = self.unsent.iter_mut();
        unsent.find(|unsent| unsent.message.id == id)
    }

    /// The message's own id is the `ref`: answers need no list of questions.
    fn frame(&self, id: &str, text: &str) -> ClientFrame {
        ClientFrame::Publish {
            r#ref: id.into(),
            channel: self.channel.clone(),
            id: id.to_owned(),
            text: text.to_owned(),
        }
    }
}

/// Where a page ends.
impl From<&MessagePage> for Position {
    fn from(page: &MessagePage) -> Self {
        Self {
            epoch: page.epoch.clone(),
            seq: page.seq,
        }
    }
}

#[cfg(test)]
mod tests;
