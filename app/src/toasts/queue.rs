//! Which toasts are on screen, which wait, and for how long: a state machine without a clock.
//!
//! Every call says what time it is. Time that passes while the queue is held (pointer or focus on
//! a toast, hidden tab) is not counted.
//!
//! Of several tabs, one speaks. In the others entries only wait, until it is heard that they were
//! told, or until it is this tab's turn. What the page itself has to say is always shown.

use std::collections::VecDeque;

use super::{
    message::{Message, Told},
    news::Item,
};
use crate::model::Epoch;

/// More than this many at once would cover the page.
pub(crate) const VISIBLE: usize = 3;
/// Beyond these, entries are only counted.
const WAITING: usize = 100;
/// What other tabs told is remembered this far, for entries that come here later than there.
const REMEMBERED: usize = 1_000;

/// A message on screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toast {
    /// Never used twice.
    pub(crate) id: u32,
    /// What it says.
    pub(crate) message: Message,
    /// For how long it stays; for ever where it is missing.
    left: Option<u64>,
}

/// Why time stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// The pointer is on a toast.
    Pointer,
    /// The focus is in the region.
    Focus,
    /// Nobody can see the tab.
    Hidden,
}

/// All toasts, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queue {
    shown: Vec<Toast>,
    fresh: Vec<Item>,
    waiting: VecDeque<Message>,
    /// What cannot even wait.
    beyond: Option<Message>,
    /// Whether this tab is the one that speaks.
    speaks: bool,
    stay: Option<u64>,
    newest: Option<(Epoch, u64)>,
    told: VecDeque<(Epoch, u64)>,
    next_id: u32,
    holds: Vec<Hold>,
    now: u64,
}

impl Queue {
    /// The toasts on screen, the oldest first.
    pub(crate) fn shown(&self) -> &[Toast] {
        &self.shown
    }

    /// What a toast says, while it is on screen.
    pub(crate) fn find(&self, id: u32) -> Option<&Message> {
        let toast = self.shown.iter().find(|toast| toast.id == id);
        toast.map(|toast| &toast.message)
    }

    /// What appeared since the last call, to be announced once.
    pub(crate) fn take_fresh(&mut self) -> Vec<Item> {
        std::mem::take(&mut self.fresh)
    }

    /// For how long new toasts stay; 0 until they are dismissed.
    pub(crate) fn stay(&mut self, seconds: u16) {
        self.stay = (seconds > 0).then_some(u64::from(seconds) * 1_000);
    }

    /// Adds a message. An entry that was known before, or told in another tab, is not shown.
    pub(crate) fn push(&mut self, now: u64, mut message: Message) {
        message.entries.retain(|entry| {
            let known = self.newest.as_ref();
            let known = known.is_some_and(|(e, seq)| *e == entry.epoch && *seq >= entry.seq);
            let told = self.told.iter();
            let told = told
                .rev()
                .any(|(e, seq)| *seq == entry.seq && *e == entry.epoch);
            !known && !told
        });
        // What passed until now is not taken from a toast whose time starts again.
        self.elapse(now);
        if let Some(last) = message.entries.last() {
            self.newest = Some((last.epoch.clone(), last.seq));
        }
        if !message.is_empty() {
            self.place(message);
        }
        self.fill();
    }

    /// It is this tab's turn to speak, or another one's. What was not on screen yet goes back to
    /// what waits: the other tab shows it.
    pub(crate) fn speak(&mut self, now: u64, on: bool) {
        self.speaks = on;
        if !on {
            let mut withdrawn = Vec::new();
            for toast in &mut self.shown {
                withdrawn.extend(toast.message.split_untold());
            }
            for message in withdrawn.into_iter().rev() {
                match self.waiting.iter_mut().find(|old| old.merges(&message)) {
                    Some(old) => old.absorb(message),
                    None => self.waiting.push_front(message),
                }
            }
            self.sweep();
        }
        self.elapse(now);
    }

    /// Another tab had these on screen.
    pub(crate) fn told_elsewhere(&mut self, now: u64, epoch: &Epoch, seqs: &[u64]) {
        self.each(|message| {
            let entries = &mut message.entries;
            entries
                .retain(|entry| entry.told || entry.epoch != *epoch || !seqs.contains(&entry.seq));
        });
        self.told
            .extend(seqs.iter().map(|seq| (epoch.clone(), *seq)));
        let surplus = self.told.len().saturating_sub(REMEMBERED);
        self.told.drain(..surplus);
        self.elapse(now);
    }

    /// What is on screen and was not reported yet.
    pub(crate) fn untold(&self) -> Vec<Told> {
        let shown = self.shown.iter();
        shown.flat_map(|toast| toast.message.untold()).collect()
    }

    /// Somebody could see these.
    pub(crate) fn painted(&mut self, told: &[Told]) {
        let entries = self.shown.iter_mut();
        for entry in entries.flat_map(|toast| &mut toast.message.entries) {
            let same = |told: &Told| told.seq == entry.seq && told.epoch == entry.epoch;
            entry.told = entry.told || told.iter().any(same);
        }
    }

    /// Takes a toast off the screen.
    pub(crate) fn dismiss(&mut self, now: u64, id: u32) {
        self.shown.retain(|toast| toast.id != id);
        self.elapse(now);
    }

    /// An entry was taken back.
    pub(crate) fn retract(&mut self, now: u64, seq: u64) {
        self.each(|message| message.entries.retain(|entry| entry.seq != seq));
        self.elapse(now);
    }

    /// A whole group was taken back.
    pub(crate) fn retract_group(&mut self, now: u64, group: &str) {
        self.each(|message| message.entries.retain(|entry| entry.group != group));
        self.elapse(now);
    }

    /// Stops time, or lets it run on.
    pub(crate) fn hold(&mut self, now: u64, why: Hold, on: bool) {
        self.elapse(now);
        self.holds.retain(|hold| *hold != why);
        if on {
            self.holds.push(why);
        }
    }

    /// Lets time pass: toasts go, and others take their place.
    pub(crate) fn elapse(&mut self, now: u64) {
        let passed = now.saturating_sub(self.now);
        self.now = self.now.max(now);
        if self.holds.is_empty() {
            for toast in &mut self.shown {
                toast.left = toast.left.map(|left| left.saturating_sub(passed));
            }
            self.shown.retain(|toast| toast.left != Some(0));
        }
        self.fill();
    }

    /// After how long `elapse` has something to do.
    pub(crate) fn due_in(&self) -> Option<u64> {
        if !self.holds.is_empty() {
            return None;
        }
        self.shown.iter().filter_map(|toast| toast.left).min()
    }

    /// Changes every message, and forgets those that have nothing left to say.
    fn each(&mut self, change: impl Fn(&mut Message)) {
        let shown = self.shown.iter_mut().map(|toast| &mut toast.message);
        shown
            .chain(&mut self.waiting)
            .chain(&mut self.beyond)
            .for_each(change);
        self.sweep();
    }

    fn sweep(&mut self) {
        self.shown.retain(|toast| !toast.message.is_empty());
        self.waiting.retain(|message| !message.is_empty());
        self.beyond = self.beyond.take().filter(|message| !message.is_empty());
    }

    /// Finds the place of a new message: in a toast of its group, or behind all others.
    fn place(&mut self, message: Message) {
        let Some(message) = self.add_to_shown(message) else {
            return;
        };
        if let Some(old) = self.waiting.iter_mut().find(|old| old.merges(&message)) {
            old.absorb(message);
        } else if !message.is_own() && (self.beyond.is_some() || self.waiting.len() >= WAITING) {
            let beyond = self.beyond.get_or_insert_with(Message::more);
            beyond.absorb(message);
        } else {
            self.waiting.push_back(message);
        }
    }

    /// A toast of the same group takes it in, and stays as long as a new one. Where there is
    /// none, the message is handed back.
    fn add_to_shown(&mut self, message: Message) -> Option<Message> {
        let mut shown = self.shown.iter_mut();
        let same = shown.find(|toast| self.speaks && toast.message.merges(&message));
        let Some(toast) = same else {
            return Some(message);
        };
        self.fresh.push(Item {
            toast: toast.id,
            entries: message.count(),
        });
        toast.message.absorb(message);
        toast.left = self.stay;
        None
    }

    fn fill(&mut self) {
        while let Some(message) = self.next() {
            let Some(message) = self.add_to_shown(message) else {
                continue;
            };
            self.next_id += 1;
            self.fresh.push(Item {
                toast: self.next_id,
                entries: message.count(),
            });
            self.shown.push(Toast {
                id: self.next_id,
                message,
                left: self.stay,
            });
        }
    }

    fn next(&mut self) -> Option<Message> {
        if self.shown.len() >= VISIBLE {
            return None;
        }
        let speaks = self.speaks;
        let mut waiting = self.waiting.iter();
        let next = waiting.position(|message| speaks || message.is_own());
        match next {
            Some(next) => self.waiting.remove(next),
            None if speaks => self.beyond.take(),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests;
