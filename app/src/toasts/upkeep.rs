//! What toasts need done over time: they go, they are read aloud, and that they were seen is
//! reported.

use std::time::Duration;

use leptos::prelude::*;

use super::{Message, aloud, news, queue::Hold};
use crate::{
    browser,
    live::{Live, wake},
};

/// Starts all of it.
pub(super) fn keep(live: Live) {
    let toasts = live.toasts;
    wake(
        move || {
            let due = toasts.queue.with(|queue| queue.due_in());
            due.map(|due| browser::elapsed() + due)
        },
        move || toasts.change(|queue, now| queue.elapse(now)),
    );
    wake(
        move || toasts.news.with(news::News::due_at),
        move || read(live),
    );
    Effect::new(move || {
        let preferences = live.preferences.get();
        toasts.prefer(preferences.toast_seconds, preferences.sound);
    });
    Effect::new(move || {
        window_event_listener_untyped("visibilitychange", move |_| {
            toasts.change(|queue, now| queue.hold(now, Hold::Hidden, browser::hidden()));
        });
        if browser::hidden() {
            toasts.change(|queue, now| queue.hold(now, Hold::Hidden, true));
        }
    });
    report_what_is_seen(live);
}

/// Reads what is new: aloud, or by the system where nobody can see the tab and it may.
fn read(live: Live) {
    let toasts = live.toasts;
    let news = toasts.news.try_update(|news| news.take(browser::elapsed()));
    let by_system = browser::hidden() && aloud::system_may_show();
    let mut lines = Vec::new();
    let mut told = Vec::new();
    toasts.queue.with_untracked(|queue| {
        for item in news.unwrap_or_default() {
            // Whatever was taken back meanwhile is not read.
            let Some(message) = queue.find(item.toast) else {
                continue;
            };
            let text = message.spoken();
            if by_system && aloud::show_by_system(tag(message), &text, message.href.clone()) {
                told.extend(message.untold());
            } else {
                lines.push((text, item.entries));
            }
        }
    });
    if !told.is_empty() {
        live.painted(&told);
    }
    if let Some(sentence) = news::sentence(&lines) {
        toasts.announce(sentence);
    }
}

/// A burst on one post takes the place of what the system shows of it.
fn tag(message: &Message) -> &str {
    match message.entries.as_slice() {
        [] => "",
        [first, ..] => &first.group,
    }
}

/// An entry was told once a frame with it was painted: not when it was put into the page, and in
/// a hidden tab not at all.
fn report_what_is_seen(live: Live) {
    let toasts = live.toasts;
    let asked = StoredValue::new(false);
    Effect::new(move || {
        let news = toasts.queue.with(|queue| !queue.untold().is_empty());
        if !news || asked.get_value() {
            return;
        }
        asked.set_value(true);
        request_animation_frame(move || {
            asked.set_value(false);
            let told = toasts.queue.with_untracked(|queue| queue.untold());
            // The frame is painted before the next task begins.
            set_timeout(move || live.painted(&told), Duration::ZERO);
        });
    });
}
