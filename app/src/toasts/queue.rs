//! Which toasts are on screen, which wait, and for how long: a state machine without a clock.
//!
//! Every call says what time it is. Time that passes while the queue is held (pointer or focus on
//! a toast, hidden tab) is not counted.

use std::collections::VecDeque;

use crate::model::Epoch;

/// More than this many at once would cover the page.
pub(crate) const VISIBLE: usize = 3;
/// Beyond these, events are only counted.
const WAITING: usize = 100;
/// For how long a toast stays.
pub(crate) const STAY_MS: u64 = 6_000;

/// The entry of the inbox that a toast tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Which history.
    pub(crate) epoch: Epoch,
    /// Its place in it.
    pub(crate) seq: u64,
    /// The group it belongs to.
    pub(crate) group: String,
}

/// What a toast says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Message {
    /// Where it comes from; none for what the page itself has to say.
    pub(crate) event: Option<Event>,
    /// The sentence.
    pub(crate) text: String,
    /// The beginning of the post.
    pub(crate) detail: Option<String>,
    /// Where it leads.
    pub(crate) href: Option<String>,
}

/// A message on screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toast {
    /// Never used twice.
    pub(crate) id: u32,
    /// What it says.
    pub(crate) message: Message,
    left: u64,
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
    fresh: Vec<Message>,
    waiting: VecDeque<Message>,
    /// How many more there were than can wait, and from which entry on.
    beyond: u64,
    beyond_from: u64,
    newest: Option<(Epoch, u64)>,
    next_id: u32,
    holds: Vec<Hold>,
    now: u64,
}

impl Queue {
    /// The toasts on screen, the oldest first.
    pub(crate) fn shown(&self) -> &[Toast] {
        &self.shown
    }

    /// What appeared since the last call, to be announced once.
    pub(crate) fn take_fresh(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.fresh)
    }

    /// Adds a message. An entry that was known before is not shown again.
    pub(crate) fn push(&mut self, now: u64, message: Message) {
        if let Some(event) = &message.event {
            let known = self
                .newest
                .as_ref()
                .is_some_and(|(epoch, seq)| *epoch == event.epoch && *seq >= event.seq);
            if known {
                return;
            }
            self.newest = Some((event.epoch.clone(), event.seq));
        }
        if self.beyond > 0 || self.waiting.len() >= WAITING {
            if self.beyond == 0 {
                self.beyond_from = message.event.as_ref().map_or(0, |event| event.seq);
            }
            self.beyond += 1;
        } else {
            self.waiting.push_back(message);
        }
        self.elapse(now);
    }

    /// Takes a toast off the screen.
    pub(crate) fn dismiss(&mut self, now: u64, id: u32) {
        self.shown.retain(|toast| toast.id != id);
        self.elapse(now);
    }

    /// An entry was taken back.
    pub(crate) fn retract(&mut self, now: u64, seq: u64) {
        let count = self.count();
        self.drop_events(|event| event.seq == seq);
        if self.count() == count && self.beyond > 0 && seq >= self.beyond_from {
            self.beyond -= 1;
        }
        self.elapse(now);
    }

    /// A whole group was taken back.
    pub(crate) fn retract_group(&mut self, now: u64, group: &str) {
        self.drop_events(|event| event.group == group);
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
                toast.left = toast.left.saturating_sub(passed);
            }
            self.shown.retain(|toast| toast.left > 0);
        }
        self.fill();
    }

    /// After how long `elapse` has something to do.
    pub(crate) fn due_in(&self) -> Option<u64> {
        if !self.holds.is_empty() {
            return None;
        }
        self.shown.iter().map(|toast| toast.left).min()
    }

    fn count(&self) -> usize {
        self.shown.len() + self.waiting.len()
    }

    fn drop_events(&mut self, gone: impl Fn(&Event) -> bool) {
        let stays = |message: &Message| !message.event.as_ref().is_some_and(&gone);
        self.shown.retain(|toast| stays(&toast.message));
        self.waiting.retain(stays);
    }

    fn fill(&mut self) {
        while self.shown.len() < VISIBLE {
            let Some(message) = self.waiting.pop_front().or_else(|| self.summary()) else {
                return;
            };
            self.next_id += 1;
            self.fresh.push(message.clone());
            self.shown.push(Toast {
                id: self.next_id,
                message,
                left: STAY_MS,
            });
        }
    }

    fn summary(&mut self) -> Option<Message> {
        let more = std::mem::take(&mut self.beyond);
        (more > 0).then(|| Message {
            text: format!("And {more} more"),
            detail: Some("All of it is on your notifications page.".into()),
            href: Some("/notifications".into()),
            event: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(seq: u64) -> Message {
        Message {
            event: Some(Event {
                epoch: "e".to_owned().into(),
                seq,
                group: format!("g{}", seq % 2),
            }),
            text: seq.to_string(),
            ..Message::default()
        }
    }

    fn texts(queue: &Queue) -> Vec<&str> {
        let shown = queue.shown().iter();
        shown.map(|toast| toast.message.text.as_str()).collect()
    }

    fn queue(count: u64) -> Queue {
        let mut queue = Queue::default();
        for seq in 1..=count {
            queue.push(0, like(seq));
        }
        queue
    }

    #[test]
    fn three_are_shown_and_the_rest_wait_their_turn() {
        let mut queue = queue(5);
        assert_eq!(texts(&queue), ["1", "2", "3"]);
        let id = queue.shown()[1].id;
        queue.dismiss(10, id);
        assert_eq!(texts(&queue), ["1", "3", "4"]);
        queue.elapse(STAY_MS);
        assert_eq!(texts(&queue), ["4", "5"]);
    }

    #[test]
    fn each_is_announced_once_when_it_appears() {
        let mut queue = queue(4);
        assert_eq!(queue.take_fresh().len(), 3);
        assert!(queue.take_fresh().is_empty());
        queue.elapse(STAY_MS);
        assert_eq!(queue.take_fresh(), [like(4)]);
    }

    #[test]
    fn one_entry_is_never_shown_twice() {
        let mut queue = queue(2);
        queue.push(0, like(2));
        queue.push(0, like(1));
        assert_eq!(texts(&queue), ["1", "2"]);
        queue.elapse(STAY_MS);
        queue.push(STAY_MS, like(2));
        assert!(queue.shown().is_empty());
    }

    #[test]
    fn time_stands_still_while_somebody_reads() {
        let mut queue = queue(1);
        queue.hold(1_000, Hold::Pointer, true);
        queue.hold(2_000, Hold::Focus, true);
        assert_eq!(queue.due_in(), None);
        queue.hold(50_000, Hold::Pointer, false);
        queue.elapse(90_000);
        assert_eq!(texts(&queue), ["1"]);
        queue.hold(100_000, Hold::Focus, false);
        assert_eq!(queue.due_in(), Some(STAY_MS - 1_000));
        queue.elapse(100_000 + STAY_MS - 1_000);
        assert!(queue.shown().is_empty());
    }

    #[test]
    fn what_was_taken_back_goes_whether_shown_or_waiting() {
        let mut queue = queue(5);
        queue.retract(0, 2);
        queue.retract(0, 5);
        assert_eq!(texts(&queue), ["1", "3", "4"]);
        queue.retract_group(0, "g1");
        assert_eq!(texts(&queue), ["4"]);
    }

    #[test]
    fn what_cannot_wait_is_counted() {
        let mut queue = queue(3 + WAITING as u64 + 7);
        queue.retract(0, 3 + WAITING as u64 + 2);
        let mut now = 0;
        while !texts(&queue).contains(&"And 6 more") {
            assert!(!queue.shown().is_empty());
            now += STAY_MS;
            queue.elapse(now);
        }
        assert_eq!(texts(&queue), ["103", "And 6 more"]);
        assert!(queue.shown()[1].message.href.is_some());
        queue.push(now, like(500));
        assert_eq!(texts(&queue), ["103", "And 6 more", "500"]);
    }

    #[test]
    fn what_the_page_says_itself_is_always_shown() {
        let mut queue = Queue::default();
        for _ in 0..2 {
            queue.push(
                0,
                Message {
                    text: "Sorry".into(),
                    ..Message::default()
                },
            );
        }
        assert_eq!(texts(&queue), ["Sorry", "Sorry"]);
    }
}
