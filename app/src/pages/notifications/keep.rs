//! What keeps the list true while it is on screen.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::read_inbox,
    browser,
    live::{Connection, Live},
    model::Inbox,
};

/// Reads the list anew whenever it is out of date: one request at a time, and once more if
/// something happened meanwhile. Its answer also corrects the badge.
pub(super) fn keep(live: Live, inbox: RwSignal<Inbox>, before: Option<u64>) {
    let busy = StoredValue::new(false);
    let again = StoredValue::new(false);
    let read = move || {
        if busy.get_value() {
            return again.set_value(true);
        }
        busy.set_value(true);
        spawn_local(async move {
            loop {
                let answer = read_inbox(before).await;
                let once_more = again.try_update_value(std::mem::take);
                if once_more == Some(false) {
                    if let Ok(read) = answer {
                        live.listed(&read);
                        let _ = inbox.try_set(read);
                    }
                    let _ = busy.try_set_value(false);
                }
                // None at all: the page is gone.
                if once_more != Some(true) {
                    return;
                }
            }
        });
    };
    Effect::new(move |known: Option<(u64, u64)>| {
        let state = (live.inbox_changes.get(), live.rereads.get());
        match known {
            None => inbox.with_untracked(|inbox| live.listed(inbox)),
            Some(known) if known != state => read(),
            Some(_) => {}
        }
        state
    });
}

/// Says once that the newest entries are on screen: where the list is, and somebody can see it.
pub(super) fn tell_seen(live: Live, inbox: RwSignal<Inbox>) {
    let visible = RwSignal::new(false);
    Effect::new(move || {
        visible.set(!browser::hidden());
        let listener = window_event_listener_untyped("visibilitychange", move |_| {
            let _ = visible.try_set(!browser::hidden());
        });
        on_cleanup(move || listener.remove());
    });
    Effect::new(move || {
        if live.connection.get() == Connection::Open && visible.get() {
            let (epoch, seq) = inbox.with(|inbox| (inbox.epoch.clone(), inbox.seq));
            if seq > 0 {
                live.seen(epoch, seq);
            }
        }
    });
}
