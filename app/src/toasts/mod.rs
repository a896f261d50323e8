//! Toasts: what just happened, said once, in a corner and to a screen reader.
//!
//! `queue` decides what is on screen, [`Toaster`] keeps it for the app, `region` draws it.

mod queue;
mod region;

use leptos::prelude::*;

use crate::browser;

pub(crate) use queue::{Event, Hold, Message, Toast};
pub(crate) use region::ToastRegion;

use queue::Queue;

/// The app's one queue of toasts, and what is to be read aloud.
#[derive(Clone, Copy)]
pub(crate) struct Toaster {
    queue: RwSignal<Queue>,
    announced: RwSignal<Vec<(u32, String)>>,
    announcements: StoredValue<u32>,
}

impl Toaster {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self {
            queue: RwSignal::new(Queue::default()),
            announced: RwSignal::new(Vec::new()),
            announcements: StoredValue::new(0),
        }
    }

    /// Shows a message, as soon as there is room.
    pub(crate) fn push(self, message: Message) {
        self.change(|queue, now| queue.push(now, message));
    }

    /// Shows something that the page itself has to say.
    pub(crate) fn say(self, text: impl Into<String>) {
        self.push(Message {
            text: text.into(),
            ..Message::default()
        });
    }

    /// An entry was taken back.
    pub(crate) fn retract(self, seq: u64) {
        self.change(|queue, now| queue.retract(now, seq));
    }

    /// A whole group was taken back.
    pub(crate) fn retract_group(self, group: &str) {
        self.change(|queue, now| queue.retract_group(now, group));
    }

    /// Reads something aloud, and shows nothing.
    pub(crate) fn announce(self, text: impl Into<String>) {
        /// Enough for what one moment brings; older lines were read long ago.
        const LINES: usize = 8;
        let id = self.announcements.try_update_value(|id| {
            *id += 1;
            *id
        });
        self.announced.update(|lines| {
            lines.push((id.unwrap_or_default(), text.into()));
            let surplus = lines.len().saturating_sub(LINES);
            lines.drain(..surplus);
        });
    }

    fn change(self, act: impl FnOnce(&mut Queue, u64)) {
        let now = browser::now();
        let fresh = self.queue.try_update(|queue| {
            act(queue, now);
            queue.take_fresh()
        });
        for message in fresh.unwrap_or_default() {
            let detail = message.detail.map(|detail| format!(": {detail}"));
            self.announce(message.text + detail.as_deref().unwrap_or_default());
        }
    }
}
