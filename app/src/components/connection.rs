//! Says that the page is not live, once that lasts long enough to matter.

use std::time::Duration;

use leptos::prelude::*;

use crate::{
    browser,
    live::{Connection, Live},
};

/// A reconnect within this time is nobody's business.
const PATIENCE: Duration = Duration::from_secs(3);

/// The note, and the mark on `<html>` that says how the socket is doing.
#[component]
pub(crate) fn ConnectionNote() -> impl IntoView {
    let live = Live::current();
    let noted = RwSignal::new(None::<Connection>);
    let since = StoredValue::new(None::<TimeoutHandle>);
    Effect::new(move || {
        let connection = live.connection.get();
        browser::mark_document("data-live", mark(connection));
        match connection {
            Connection::Idle | Connection::Open => {
                if let Some(timer) = since.try_update_value(Option::take).flatten() {
                    timer.clear();
                }
                if noted.get_untracked().is_some() {
                    noted.set(None);
                    live.toasts.announce("Connected again.");
                }
            }
            Connection::LoggedOut | Connection::Stopped => noted.set(Some(connection)),
            Connection::Connecting | Connection::Offline => {
                if noted.get_untracked().is_some() {
                    noted.set(Some(connection));
                } else if since.with_value(Option::is_none) {
                    let note = move || {
                        since.set_value(None);
                        let connection = live.connection.get_untracked();
                        // A timer that comes late has nothing to say any more.
                        if connection != Connection::Open {
                            noted.set(Some(connection));
                        }
                    };
                    since.set_value(set_timeout_with_handle(note, PATIENCE).ok());
                }
            }
        }
    });
    Effect::new(move |before: Option<Option<Connection>>| {
        let connection = noted.get();
        if let Some(connection) = connection.filter(|_| before != Some(connection)) {
            live.toasts.announce(words(connection));
        }
        connection
    });
    move || {
        noted.get().map(|connection| {
            let link = match connection {
                Connection::LoggedOut => Some(view! { <a href="/login">"Log in again"</a> }.into_any()),
                Connection::Stopped => Some(view! { <a href="" rel="external">"Reload the page"</a> }.into_any()),
                _ => None,
            };
            view! { <p class="connection" data-testid="connection">{words(connection)}" "{link}</p> }
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

fn words(connection: Connection) -> &'static str {
    match connection {
        Connection::Connecting => "Connecting again…",
        Connection::Offline => "Offline. Quad catches up when the network is back.",
        Connection::LoggedOut => "Your session has ended.",
        Connection::Stopped => "Live updates have stopped.",
        Connection::Idle | Connection::Open => "",
    }
}
