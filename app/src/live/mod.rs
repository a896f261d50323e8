//! The page's live side: one [`Live`] for the whole app, fed by one socket,
//! or by a stream of events where no socket gets through.
//!
//! Data flows one way: frames come in through `driver`, `position` decides what they mean, and
//! the signals here tell the components. What decides is free of the browser, and tested so.

mod away;
mod backoff;
mod channels;
#[cfg(feature = "hydrate")]
mod driver;
#[cfg(feature = "hydrate")]
mod event_source;
#[cfg(feature = "hydrate")]
mod line;
mod position;
mod reports;
mod route;
mod speaker;
#[cfg(feature = "hydrate")]
mod tabs;
mod unread;
mod wake;
mod watch;

use std::{sync::Arc, time::Duration};

use leptos::prelude::*;

use crate::{
    browser,
    clock::Clock,
    event::{ClientFrame, Notification},
    model::{Epoch, Inbox, Me, Outcome, Position, Post, PostId, Preferences, RoomName},
    text::{balanced, beginning},
    toasts::{Message, Toaster, Told},
};

pub(crate) use channels::{OWN_ROOMS, Word, subscribe};
pub(crate) use wake::wake;

use channels::Channels;
use reports::Reports;
use unread::Unread;
use watch::Watches;

/// How the socket is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connection {
    /// Nobody is logged in, or the page is not awake yet.
    Idle,
    /// Trying, or waiting for the next try.
    Connecting,
    /// Registered: events come in.
    Open,
    /// The device has no network.
    Offline,
    /// The session ended; a socket would be refused.
    LoggedOut,
    /// Given up for another reason, which only a reload can mend.
    Stopped,
}

/// What became of a post since it was rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// So many people like it now.
    Likes(u64),
    /// The viewer likes it now, or not any more, wherever they said so.
    Liked(bool),
    /// It was deleted.
    Gone,
}

type Listener = RwSignal<Option<News>>;
type Send = Arc<dyn Fn(ClientFrame) + std::marker::Send + Sync>;
type TellTabs = Arc<dyn Fn(Epoch, Vec<u64>) + std::marker::Send + Sync>;

/// Toasts come in bursts: what is reported of them goes together.
const REPORT_EVERY: Duration = Duration::from_millis(50);

/// Everything live, shared by all components.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    /// What time it is by the server's clock.
    clock: Clock,
    /// How the socket is doing.
    pub(crate) connection: RwSignal<Connection>,
    /// Whether it is a stream of events, because no socket gets through.
    pub(crate) slow: RwSignal<bool>,
    /// Counts up when the inbox on screen is out of date.
    pub(crate) inbox_changes: RwSignal<u64>,
    /// Counts up when everything on screen may be out of date.
    pub(crate) rereads: RwSignal<u64>,
    /// Where toasts go.
    pub(crate) toasts: Toaster,
    /// What this person wants to be told of.
    pub(crate) preferences: RwSignal<Preferences>,
    unread: RwSignal<Option<Unread>>,
    watches: StoredValue<Watches<Listener>>,
    channels: StoredValue<Channels<Callback<Word>>>,
    reports: StoredValue<Reports>,
    reporting: StoredValue<bool>,
    send: StoredValue<Option<Send>>,
    tell_tabs: StoredValue<Option<TellTabs>>,
}

impl Live {
    /// Nothing is known yet; the same in the server and in the browser.
    pub(crate) fn provide(clock: Clock) -> Self {
        let live = Self {
            clock,
            connection: RwSignal::new(Connection::Idle),
            slow: RwSignal::new(false),
            inbox_changes: RwSignal::new(0),
            rereads: RwSignal::new(0),
            toasts: Toaster::new(),
            preferences: RwSignal::new(Preferences::default()),
            unread: RwSignal::new(None),
            watches: StoredValue::new(Watches::default()),
            channels: StoredValue::new(Channels::default()),
            reports: StoredValue::new(Reports::default()),
            reporting: StoredValue::new(false),
            send: StoredValue::new(None),
            tell_tabs: StoredValue::new(None),
        };
        provide_context(live);
        live
    }

    /// The one of this page.
    pub(crate) fn current() -> Self {
        expect_context()
    }

    /// Takes over what the page was rendered with, so that badge and title begin with it. What
    /// is known already is newer.
    pub(crate) fn begin(self, me: &Me) {
        if self.unread.with_untracked(Option::is_none) {
            self.unread.set(Some(Unread::of(me)));
        }
    }

    /// Opens the socket, once; the position of the rendered page is where it begins.
    #[cfg_attr(not(feature = "hydrate"), allow(unused_variables))]
    pub(crate) fn start(self, me: Me) {
        if self.connection.get_untracked() == Connection::Idle {
            self.connection.set(Connection::Connecting);
            #[cfg(feature = "hydrate")]
            driver::start(self, me);
        }
    }

    /// Groups with something unread, where that is known.
    pub(crate) fn unread(self) -> u64 {
        self.unread
            .with(|unread| unread.as_ref().map_or(0, Unread::count))
    }

    /// The list was read: badge and list say the same from now on.
    pub(crate) fn listed(self, inbox: &Inbox) {
        self.unread.update(|unread| {
            if let Some(unread) = unread {
                unread.listed(inbox);
            }
        });
    }

    /// Begins to listen to a post that is on screen.
    pub(crate) fn watch(self, post: &PostId, listener: Listener) {
        let frame = self
            .watches
            .try_update_value(|watches| watches.add(post, listener));
        self.say(frame.flatten());
    }

    /// Listens no more.
    pub(crate) fn unwatch(self, post: &PostId, listener: Listener) {
        let frame = self
            .watches
            .try_update_value(|watches| watches.remove(post, listener));
        self.say(frame.flatten());
    }

    /// Listens to a channel for as long as the component that asks is there. The listener itself
    /// subscribes whenever it hears of a connection, because it alone knows how far it got.
    pub(crate) fn listen(self, channel: String, listener: Callback<Word>) {
        self.listen_as(channel, true, listener);
    }

    /// Does the same, for a component that does not show what the channel carries.
    pub(crate) fn listen_quietly(self, channel: String, listener: Callback<Word>) {
        self.listen_as(channel, false, listener);
    }

    fn listen_as(self, channel: String, shows: bool, listener: Callback<Word>) {
        let place = StoredValue::new(None::<u64>);
        Effect::new(move || {
            let added = self
                .channels
                .try_update_value(|channels| channels.add(&channel, shows, listener));
            place.set_value(added);
            if self.connection.get_untracked() == Connection::Open {
                listener.run(Word::Connected);
            }
        });
        on_cleanup(move || {
            if let Some(place) = place.try_get_value().flatten() {
                let frame = self
                    .channels
                    .try_update_value(|channels| channels.remove(place));
                self.say(frame.flatten());
            }
        });
    }

    /// Sends a frame, if there is a connection.
    pub(crate) fn send(self, frame: ClientFrame) {
        self.say(Some(frame));
    }

    /// Tells the cards of posts that were read anew.
    pub(crate) fn tell(self, post: &PostId, news: News) {
        let listeners = self.watches.with_value(|watches| watches.of(post));
        for listener in listeners {
            // A card may be gone before it could say so.
            let _ = listener.try_set(Some(news));
        }
    }

    /// Remembers how a post begins.
    pub(crate) fn remember(self, post: &Post) {
        let excerpt = excerpt(&post.text);
        self.watches
            .update_value(|watches| watches.remember(&post.post_id, excerpt));
    }

    /// The list was on screen, up to this entry of this history.
    pub(crate) fn seen(self, epoch: Epoch, seq: u64) {
        let news = self
            .reports
            .try_update_value(|reports| reports.seen(Position { epoch, seq }));
        if news == Some(true) {
            self.report();
        }
    }

    /// These were on screen as toasts of this tab: the server and the other tabs hear of it.
    pub(crate) fn painted(self, told: &[Told]) {
        if told.is_empty() {
            return;
        }
        self.toasts.painted(told);
        self.reports.update_value(|reports| reports.told(told));
        if let Some(tell) = self.tell_tabs.get_value() {
            for epoch in reports::epochs(told) {
                let same = told.iter().filter(|told| told.epoch == epoch);
                tell(epoch.clone(), same.map(|told| told.seq).collect());
            }
        }
        // The first goes at once, what follows close behind it goes together.
        let waits = self
            .reporting
            .try_update_value(|on| std::mem::replace(on, true));
        if waits == Some(false) {
            self.report();
            let rest = move || {
                self.reporting.set_value(false);
                self.report();
            };
            set_timeout(rest, REPORT_EVERY);
        }
    }

    /// Without a connection, reports wait for the next one.
    fn report(self) {
        if self.connection.get_untracked() == Connection::Open {
            let frames = self.reports.try_update_value(Reports::take);
            for frame in frames.unwrap_or_default() {
                self.say(Some(frame));
            }
        }
    }

    fn say(self, frame: Option<ClientFrame>) {
        let send = self.send.try_get_value().flatten();
        if let (Some(frame), Some(send)) = (frame, send) {
            send(frame);
        }
    }

    fn show(self, event: Notification) {
        let room = event.room.as_ref().map(RoomName::channel);
        let on_screen = |room: &String| self.channels.with_value(|channels| channels.shows(room));
        if room.as_ref().is_some_and(on_screen) && !browser::hidden() {
            // They are looking at the room: it was told without a toast.
            return self.painted(&[Told {
                epoch: event.epoch,
                seq: event.seq,
                outcome: Outcome::CaughtUp,
            }]);
        }
        let known = event.post_id.as_ref();
        let remembered =
            || known.and_then(|post| self.watches.with_value(|known| known.excerpt(post)));
        let detail = event.excerpt.clone().or_else(remembered);
        self.toasts.push(Message::of(event, detail));
    }
}

/// The beginning of a text, cut between characters. It turns nothing that stands beside it.
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 80;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match beginning(&line, LONGEST) {
        (begin, true) => format!("{}…", balanced(begin.trim_end())),
        (whole, false) => balanced(whole).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_line_and_short() {
        assert_eq!(excerpt("Hello\n\n  there"), "Hello there");
        let long = excerpt(&"ä".repeat(200));
        assert_eq!(long.chars().count(), 81);
        assert!(long.ends_with('…'));
    }
}
