//! A stream of Server-Sent Events (the HTML standard, 9.2) as bytes: each frame is an event whose
//! data is its JSON and whose id is where a client that saw it resumes.

use std::{
    fmt::Write,
    sync::{Mutex, MutexGuard},
};

use app::event::{ClientFrame, CloseCode, is_throttled};
use bytes::Bytes;
use tokio::sync::Notify;

use super::{
    frame::Frame,
    lock,
    places::{Head, Places},
};

/// How long a browser waits before it comes back by itself, at least, in milliseconds.
const RETRY_MS: u64 = 1_000;
/// Not all wait equally long, or a server that starts anew is met by everybody at once.
const SPREAD_MS: u64 = 4_000;
/// An id of so many bytes goes with every event that moves a place.
const SHORT_ID: usize = 512;
/// How long it waits where the server said that it was too much.
const THROTTLED_MS: u64 = 30_000;

/// What a writer needs to know of a stream of events.
pub struct EventStream {
    /// Told when something waits for the body of the answer, or when all is said.
    pub(super) ready: Notify,
    progress: Mutex<Progress>,
}

/// How far a stream has got, and what of it the client was told.
struct Progress {
    places: Places,
    /// Bytes of data since the last id.
    since: usize,
    /// How long that id was.
    last: usize,
}

impl Progress {
    /// The id of an event that moved a place, where it is due. An id names the places of all channels, so that it
    /// is long where they are many: then it is left out until as much data has followed as it would
    /// take. Whoever comes back with the id before gets a few events a second time, and can tell; nobody
    /// misses one. Where a channel came or went, the id is always due.
    fn id(&mut self, head: &Head, data: usize) -> Option<String> {
        self.since += data;
        if head.is_entry() && self.last > SHORT_ID && self.since < self.last {
            return None;
        }
        let id = self.places.to_string();
        (self.since, self.last) = (0, id.len());
        Some(id)
    }
}

impl EventStream {
    pub(super) fn new(places: Places) -> Self {
        Self {
            ready: Notify::new(),
            progress: Mutex::new(Progress {
                places,
                since: 0,
                last: 0,
            }),
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
        let mut progress = self.progress();
        let moving = frame.head().filter(|head| progress.places.said(head));
        if let Some(id) = moving.and_then(|head| progress.id(head, json.len())) {
            event.extend_from_slice(format!("id: {id}\n").as_bytes());
        }
        drop(progress);
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
        self.progress().places.asked(frame);
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        lock(&self.progress)
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
    fn ids_of_many_places_cost_no_more_than_the_data_and_lag_no_further() {
        let many: String = (0..200).map(|n| format!("channel-{n}=1.e:1;")).collect();
        let stream = EventStream::new(Places::read(many.trim_end_matches(';')).unwrap());
        let (mut data, mut ids, mut since) = (0, 0, 0);
        for seq in 2..2_000 {
            let json =
                format!(r#"{{"type":"message","channel":"channel-7","epoch":"1.e","seq":{seq}}}"#);
            let event =
                String::from_utf8(stream.event(&Frame::json(json.as_bytes())).to_vec()).unwrap();
            data += json.len();
            since += json.len();
            if let Some(id) = event.lines().find_map(|line| line.strip_prefix("id: ")) {
                ids += id.len();
                since = 0;
                assert!(
                    id.contains(&format!("channel-7=1.e:{seq}")),
                    "an id is of its event"
                );
            }
            assert!(since < 4_000, "an id is due");
        }
        assert!(
            ids > 0 && ids <= data + 4_000,
            "{ids} of ids, {data} of data"
        );
        let ack = br#"{"type":"ack","ref":"1","channel":"new","epoch":"2.f","seq":7}"#;
        let event = String::from_utf8(stream.event(&Frame::json(ack)).to_vec()).unwrap();
        assert!(
            event.starts_with("id: ") && event.contains("new=2.f:7"),
            "{event}"
        );
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
