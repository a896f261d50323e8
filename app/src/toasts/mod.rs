//! Toasts: what just happened, said once, in a corner and to a screen reader.
//!
//! `message` makes the sentences, `queue` decides what is on screen, `news` when it is read
//! aloud; [`Toaster`] keeps all of it for the app, and `region` draws it. `aloud` is what may be
//! heard and seen outside the page.

mod aloud;
mod keys;
mod message;
mod news;
mod queue;
mod region;
mod upkeep;

use leptos::prelude::*;

use crate::{browser, model::Epoch};

pub(crate) use message::{Message, Told};
pub(crate) use region::ToastRegion;

use news::News;
use queue::Queue;

/// The app's one queue of toasts, and what is to be read aloud.
#[derive(Clone, Copy)]
pub(crate) struct Toaster {
    queue: RwSignal<Queue>,
    news: RwSignal<News>,
    announced: RwSignal<Option<(u32, String)>>,
    announcements: StoredValue<u32>,
    sound: StoredValue<bool>,
}

impl Toaster {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self {
            queue: RwSignal::new(Queue::default()),
            news: RwSignal::new(News::default()),
            announced: RwSignal::new(None),
            announcements: StoredValue::new(0),
            sound: StoredValue::new(false),
        }
    }

    /// Shows a message, as soon as there is room and it is this tab's turn.
    pub(crate) fn push(self, message: Message) {
        self.change(|queue, now| queue.push(now, message));
    }

    /// Shows something that the page itself has to say.
    pub(crate) fn say(self, text: impl Into<String>) {
        self.push(Message::said(text.into()));
    }

    /// An entry was taken back.
    pub(crate) fn retract(self, seq: u64) {
        self.change(|queue, now| queue.retract(now, seq));
    }

    /// A whole group was taken back.
    pub(crate) fn retract_group(self, group: &str) {
        self.change(|queue, now| queue.retract_group(now, group));
    }

    /// Whether this tab is the one that speaks.
    pub(crate) fn speak(self, on: bool) {
        self.change(|queue, now| queue.speak(now, on));
    }

    /// Another tab had these on screen.
    pub(crate) fn told_elsewhere(self, epoch: &Epoch, seqs: &[u64]) {
        self.change(|queue, now| queue.told_elsewhere(now, epoch, seqs));
    }

    /// Somebody could see these.
    pub(crate) fn painted(self, told: &[Told]) {
        self.change(|queue, _| queue.painted(told));
    }

    /// How this person likes toasts: for how many seconds, and whether they are heard.
    pub(crate) fn prefer(self, seconds: u16, sound: bool) {
        self.sound.set_value(sound);
        self.change(|queue, _| queue.stay(seconds));
    }

    /// Reads something aloud, and shows nothing. It takes the place of what was read before: a
    /// screen reader that comes back to it finds the newest alone.
    pub(crate) fn announce(self, text: impl Into<String>) {
        let id = self.announcements.try_update_value(|id| {
            *id += 1;
            *id
        });
        self.announced
            .set(Some((id.unwrap_or_default(), text.into())));
    }

    /// What the page says itself is read at once; everything else at the end of its burst.
    fn change(self, act: impl FnOnce(&mut Queue, u64)) {
        let now = browser::elapsed();
        let fresh = self.queue.try_update(|queue| {
            act(queue, now);
            // Whoever waits for the next toast to go counts from now on.
            queue.elapse(now);
            let fresh = queue.take_fresh().into_iter();
            let own = |id| {
                let message = queue.find(id).filter(|message| message.is_own());
                message.map(Message::spoken)
            };
            fresh
                .map(|item| (item, own(item.toast)))
                .collect::<Vec<_>>()
        });
        for (item, own) in fresh.unwrap_or_default() {
            if let Some(text) = own {
                self.announce(text);
            } else if self.news.try_update(|news| news.add(now, item)) == Some(true)
                && self.sound.get_value()
            {
                aloud::tone();
            }
        }
    }
}
