//! The line to the server, whichever way it takes: it opens, brings frames, takes frames, ends.

use std::{future::poll_fn, pin::Pin};

use futures_util::{Sink, SinkExt, StreamExt, future::select};
use gloo_net::websocket::{Message, State, WebSocketError, futures::WebSocket};
use gloo_timers::future::TimeoutFuture;

use super::{event_source::EventSource, route::Way};
use crate::{browser, event::ClientFrame};

/// How long a connection may take to come about.
pub(super) const OPEN_WITHIN_MS: u32 = 20_000;

/// An open connection.
pub(super) enum Line {
    Socket(WebSocket),
    Events(EventSource),
}

/// What comes over it.
pub(super) enum Heard {
    /// A frame, as JSON.
    Text(String),
    /// Nothing that matters.
    Other,
    /// The end, and the server's code for it.
    Ended(Option<u16>),
}

impl Line {
    /// Opens one and says who is there. What went wrong may have a code of the server's.
    pub(super) async fn open(
        way: Way,
        register: impl FnOnce() -> ClientFrame,
    ) -> Result<Self, Option<u16>> {
        match way {
            Way::Socket => {
                let mut line = Self::Socket(open_socket().await?);
                line.send(&register()).await;
                Ok(line)
            }
            Way::Events => EventSource::open(&register()).await.map(Self::Events),
        }
    }

    /// Which way it takes.
    pub(super) fn way(&self) -> Way {
        match self {
            Self::Socket(_) => Way::Socket,
            Self::Events(_) => Way::Events,
        }
    }

    /// The next that comes.
    pub(super) async fn next(&mut self) -> Heard {
        let socket = match self {
            Self::Socket(socket) => socket,
            Self::Events(events) => return events.next().await,
        };
        match socket.next().await {
            Some(Ok(Message::Text(text))) => Heard::Text(text),
            Some(Err(WebSocketError::ConnectionClose(close))) => Heard::Ended(Some(close.code)),
            Some(_) => Heard::Other,
            None => Heard::Ended(None),
        }
    }

    /// Says something. What fails is followed by the end, which is what is acted on.
    pub(super) async fn send(&mut self, frame: &ClientFrame) {
        match self {
            Self::Socket(socket) => {
                if let (Ok(text), State::Open) = (serde_json::to_string(frame), socket.state()) {
                    let _ = socket.send(Message::Text(text)).await;
                }
            }
            Self::Events(events) => events.say(frame),
        }
    }
}

async fn open_socket() -> Result<WebSocket, Option<u16>> {
    let socket = browser::socket_url().and_then(|url| WebSocket::open(&url).ok());
    let mut socket = socket.ok_or(None)?;
    let opened = poll_fn(|context| Pin::new(&mut socket).poll_ready(context));
    select(opened, TimeoutFuture::new(OPEN_WITHIN_MS)).await;
    match socket.state() {
        State::Open => Ok(socket),
        State::Connecting => Err(None),
        // Opened and closed at once, or refused: its last word says which.
        State::Closing | State::Closed => loop {
            match socket.next().await {
                Some(Err(WebSocketError::ConnectionClose(close))) => return Err(Some(close.code)),
                Some(_) => {}
                None => return Err(None),
            }
        },
    }
}
