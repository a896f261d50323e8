//! A stream of Server-Sent Events (the HTML standard, 9.2) as bytes: each frame is an event whose
//! data is its JSON and whose id is where a client that saw it resumes.

use std::{
    fmt::Write,
    sync::{Mutex, MutexGuard},
};

use app::event::{ClientFrame, CloseCode, is_throttled};
use bytes::Bytes;
use tokio::sync::Notify;

use super::{frame::Frame, lock, places::Places};

/// How long a browser waits before it comes back by itself, at least, in milliseconds.
const RETRY_MS: u64 = 1_000;
/// Not all wait equally long, or a server that starts anew is met by everybody at once.
const SPREAD_MS: u64 = 4_000;
/// How long it waits where the server said that it was too much.
const THROTTLED_MS: u64 = 30_000;

/// What a writer needs to know of a stream of events.
pub struct EventStream {
    /// Told when something waits for the body of the answer, or when all is said.
    pub(super) ready: Notify,
    places: Mutex<Places>,
}

impl EventStream {
    pub(super) fn new(places: Places) -> Self {
        Self {
            ready: Notify::new(),
            places: Mutex::new(places),
        }
    }

    /// The first event: how the stream is called.
    pub(super) fn hello(name: &str, number: u64) -> Bytes {
        // Neighbours are far apart, and no clock or chance is needed for it.
        let retry = RETRY_MS + number.wrapping_mul(2_654_435_761) % SPREAD_MS;
        format!("retry: {retry}\nevent: stream\ndata: {{\"stream\":\"{name}\"}}\n\n").into()
    }

    /// A frame. Its id says how far all has got with it; where it moves nothing, the id of the
    /// event before still holds.
    pub(super) fn event(&self, frame: &Frame) -> Bytes {
        let json = frame.as_json();
        let mut event = Vec::with_capacity(json.len() + 80);
        let mut places = self.places();
        if frame.head().is_some_and(|head| places.said(head)) {
            event.extend_from_slice(format!("id: {places}\n").as_bytes());
        }
        drop(places);
        event.extend_from_slice(b"data: ");
        event.extend_from_slice(json);
        event.extend_from_slice(b"\n\n");
        event.into()
    }

    /// What clients pass over. It shows them, and whatever is in between, that somebody is there.
    pub(super) fn comment() -> Bytes {
        Bytes::from_static(b":\n\n")
    }

    /// The last event.
    pub(super) fn close(code: CloseCode) -> Bytes {
        let mut event = String::new();
        if is_throttled(code.number()) {
            // Writing to a string cannot fail.
            let _ = writeln!(event, "retry: {THROTTLED_MS}");
        }
        let (number, reason) = (code.number(), code.reason());
        let _ = write!(
            event,
            "event: close\ndata: {{\"code\":{number},\"reason\":\"{reason}\"}}\n\n"
        );
        event.into()
    }

    pub(super) fn asked(&self, frame: &ClientFrame) {
        self.places().asked(frame);
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        lock(&self.places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_the_json_to_the_letter_and_an_id_where_it_moves_something() {
        let stream = EventStream::new(Places::default());
        let like = r#"{"type":"notification","epoch":"1.e","seq":4,"group":"like.1"}"#;
        let event = stream.event(&Frame::json(like.as_bytes()));
        assert_eq!(event, format!("id: inbox=1.e:4\ndata: {like}\n\n"));
        let post = r#"{"type":"post","post_id":"0abcdefg.1","likes":3}"#;
        let event = stream.event(&Frame::json(post.as_bytes()));
        assert_eq!(event, format!("data: {post}\n\n"));
    }

    #[test]
    fn the_last_event_carries_the_code_and_when_to_come_back() {
        let close = EventStream::close(CloseCode::Drain);
        assert_eq!(
            close,
            "event: close\ndata: {\"code\":4503,\"reason\":\"server stops, come back\"}\n\n"
        );
        let close = EventStream::close(CloseCode::TooManySockets);
        assert!(close.starts_with(b"retry: 30000\nevent: close\n"));
    }
}
