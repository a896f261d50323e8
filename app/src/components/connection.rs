//! Says that the page is not live, once that lasts long enough to matter, or that it is so over a
//! slower way.

use std::time::Duration;

use leptos::prelude::*;

use crate::{
    browser,
    live::{Connection, Live},
};

/// A reconnect within this time is nobody's business.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Note {
    connection: Connection,
    slow: bool,
}

/// The note, and the mark on `<html>` that says how the socket is doing.
#[component]
pub(crate) fn ConnectionNote() -> impl IntoView {
    let live = Live::current();
    let noted = RwSignal::new(None::<Note>);
    let since = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move || {
        let connection = live.connection.get();
        browser::mark_document("data-live", mark(connection));
        let note = Note {
            connection,
            slow: connection == Connection::Open && live.slow.get(),
        };
        match connection {
            Connection::Idle | Connection::Open => {
                if let Some(timer) = since.try_update_value(Option::take).flatten() {
                    timer.clear();
                }
                if note.slow {
                    noted.set(Some(note));
                } else if noted.get_untracked().is_some() {
                    noted.set(None);
                    live.toasts.announce("Connected again.");
                }
            }
            Connection::LoggedOut | Connection::Stopped => noted.set(Some(note)),
            Connection::Connecting | Connection::Offline => {
                // That it is slow stands until the interruption matters.
                if noted.get_untracked().is_some_and(|before| !before.slow) {
                    noted.set(Some(note));
                } else if since.with_value(Option::is_none) {
                    let lasts = move || {
                        since.set_value(None);
                        let connection = live.connection.get_untracked();
                        // A timer that comes late has nothing to say any more.
                        if connection != Connection::Open {
                            noted.set(Some(Note {
                                connection,
                                slow: false,
                            }));
                        }
                    };
                    since.set_value(set_timeout_with_handle(lasts, PATIENCE).ok());
                }
            }
        }
    });
    Effect::new(move |before: Option<Option<Note>>| {
        let note = noted.get();
        if let Some(note) = note.filter(|_| before != Some(note)) {
            live.toasts.announce(words(note));
        }
        note
    });
    move || {
        noted.get().map(|note| {
            let link = match note.connection {
                Connection::LoggedOut => {
                    Some(view! { <a href="/login">"Log in again"</a> }.into_any())
                }
                Connection::Stopped => {
                    Some(view! { <a href="" rel="external">"Reload the page"</a> }.into_any())
                }
                _ => None,
            };
            view! { <p class="connection" data-testid="connection">{words(note)}" "{link}</p> }
        })
    }
}

fn mark(connection: Connection) -> &'static str {
    match connection {
        Connection::Open => "open",
        Connection::Connecting | Connection::Offline => "connecting",
        Connection::Idle | Connection::LoggedOut | Connection::Stopped => "closed",
    }
}

fn words(note: Note) -> &'static str {
    match note.connection {
        Connection::Open if note.slow => "Connected over a slower way.",
        Connection::Connecting => "Connecting again…",
        Connection::Offline => "Offline. Quad catches up when the network is back.",
        Connection::LoggedOut => "Your session has ended.",
        Connection::Stopped => "Live updates have stopped.",
        Connection::Idle | Connection::Open => "",
    }
}
