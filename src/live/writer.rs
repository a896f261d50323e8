//! One connection's way out: what fits is written at once by whoever sends, the rest waits in a
//! bounded queue for the connection's own task. Nobody who sends ever waits.
//!
//! Writing at once saves the wake-up of a task per delivery, which costs more than the write
//! itself when one message goes to thousands. Events have no such short cut: everything waits in
//! the queue, and the body of the answer takes it from there.

mod state;

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    pin::pin,
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use app::event::{ClientFrame, CloseCode};
use bytes::Bytes;
use rustix::{
    io::Errno,
    net::{SendFlags, send},
};
use tokio::{net::TcpStream, sync::Notify};

use super::{
    Topic,
    encoding::Encoding,
    event_stream::EventStream,
    frame::{self, Frame},
    lock,
};
use crate::meters::METERS;
use state::State;

/// Frames that may wait. A connection that is further behind comes back and catches up instead.
const MOST_FRAMES: usize = 512;
/// Bytes that may wait.
const MOST_BYTES: usize = 1 << 20;
/// Values of which only the newest counts are written this often.
const LATEST_EVERY: Duration = Duration::from_millis(100);
/// Frames handed to the kernel in one call.
const BATCH: usize = 32;

/// Writes whole frames to one connection, in the order in which they were sent.
pub struct Writer {
    way: Way,
    state: Mutex<State>,
    /// Tells the connection's own task that something waits, or that it is over. Only that task waits
    /// for it.
    wake: Notify,
    /// Tells everybody who waits for the reader that nothing waits any more, or that it is over.
    settled: Notify,
}

/// Where it all goes.
enum Way {
    /// Straight to the kernel.
    Socket(TcpStream, Encoding),
    /// Into the body of an answer.
    Events(Box<EventStream>),
}

/// How the draining of a writer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// The close frame is out or waits to be: the peer answers it, or is cut off soon.
    Closed,
    /// The connection is gone.
    Broken,
}

impl Writer {
    /// Takes over the write half of a WebSocket; reading goes on through [`Writer::tcp`].
    pub fn socket(tcp: TcpStream, encoding: Encoding) -> Self {
        Self::new(Way::Socket(tcp, encoding))
    }

    /// A stream of events, which [`Writer::next_event`] hands out.
    pub fn events(stream: EventStream) -> Self {
        Self::new(Way::Events(Box::new(stream)))
    }

    fn new(way: Way) -> Self {
        Self {
            way,
            state: Mutex::default(),
            wake: Notify::new(),
            settled: Notify::new(),
        }
    }

    /// The connection, where it is a WebSocket's.
    pub fn tcp(&self) -> Option<&TcpStream> {
        match &self.way {
            Way::Socket(tcp, _) => Some(tcp),
            Way::Events(_) => None,
        }
    }

    /// How frames are written, in both directions.
    pub fn encoding(&self) -> Encoding {
        match &self.way {
            Way::Socket(_, encoding) => *encoding,
            Way::Events(_) => Encoding::Json,
        }
    }

    /// Sends a frame. A connection that does not keep up is closed with [`CloseCode::TooSlow`].
    pub fn send(&self, frame: &Frame) {
        self.send_in_order(&mut self.state(), frame);
    }

    /// Sends a frame while the state is locked, so that what is sent after it follows it.
    fn send_in_order(&self, state: &mut State, frame: &Frame) {
        if !self.has_room(state) {
            return;
        }
        match &self.way {
            Way::Socket(_, encoding) => {
                if let Some(bytes) = frame.bytes(*encoding) {
                    self.push(state, bytes);
                }
            }
            Way::Events(stream) => self.push(state, &stream.event(frame)),
        }
    }

    /// Sends what proves that the connection lives.
    pub fn ping(&self) {
        let ping = match &self.way {
            Way::Socket(..) => frame::ping(),
            Way::Events(_) => EventStream::comment(),
        };
        self.send_bytes(&ping);
    }

    /// Sends what was encoded elsewhere: the answers that the reader of a socket makes by itself,
    /// and the beginning of a stream of events.
    pub(super) fn send_bytes(&self, bytes: &Bytes) {
        let mut state = self.state();
        if self.has_room(&mut state) {
            self.push(&mut state, bytes);
        }
    }

    /// The client asked for something, by a frame: what follows begins there.
    pub(super) fn asked(&self, frame: &ClientFrame) {
        if let Way::Events(stream) = &self.way {
            stream.asked(frame);
        }
    }

    /// The next event for the body of the answer; `None` after the last.
    pub(super) async fn next_event(&self) -> Option<Bytes> {
        let Way::Events(stream) = &self.way else {
            return None;
        };
        loop {
            {
                let mut state = self.state();
                if let Some(event) = state.queue.front().cloned() {
                    state.advance(event.len());
                    if state.queue.is_empty() {
                        self.wake.notify_one();
                        self.settled.notify_waiters();
                    }
                    return Some(event);
                }
                if state.closing || state.broken {
                    return None;
                }
            }
            stream.ready.notified().await;
        }
    }

    /// Nobody takes what is sent any more.
    pub(super) fn abandon(&self) {
        self.break_off(&mut self.state());
    }

    fn break_off(&self, state: &mut State) {
        state.broken = true;
        self.wake.notify_one();
        self.settled.notify_waiters();
    }

    /// Sends the newest value of `topic`, now or with the next write of such values; a value that
    /// still waits is replaced.
    pub fn send_latest(&self, topic: &Topic, frame: &Frame) {
        let mut state = self.state();
        if state.closing || state.broken {
            return;
        }
        let latest = state.latest.get_or_insert_default();
        let due = latest
            .sent
            .is_none_or(|sent| sent.elapsed() >= LATEST_EVERY);
        if due && latest.waiting.is_empty() {
            latest.sent = Some(Instant::now());
            self.send_in_order(&mut state, frame);
            return;
        }
        match latest.waiting.iter_mut().find(|(known, _)| known == topic) {
            Some((_, known)) => *known = frame.clone(),
            None => latest.waiting.push((topic.clone(), frame.clone())),
        }
        if latest.waiting.len() == 1 {
            self.wake.notify_one();
        }
    }

    /// Says goodbye. What waits behind a half-written frame is dropped: the peer catches up.
    pub fn close(&self, code: CloseCode) {
        let mut state = self.state();
        if !state.closing && !state.broken {
            self.finish(&mut state, code);
        }
    }

    /// Whether nothing more will be written.
    pub fn is_closing(&self) -> bool {
        let state = self.state();
        state.closing || state.broken
    }

    /// Writes what waits, whenever something does, until the socket closes. It does not wait for
    /// a peer that does not even read its close frame: [`Writer::last_words`] does, for a while.
    pub async fn drain(&self) -> Drained {
        loop {
            match self.flush() {
                Flushed::Blocked if self.is_closing() => return Drained::Closed,
                Flushed::Blocked => self.unblocked(self.wake.notified()).await,
                Flushed::Empty => match self.next_latest() {
                    None => self.wake.notified().await,
                    Some(at) => {
                        let due = tokio::time::sleep_until(at.into());
                        tokio::select! {
                            () = self.wake.notified() => {}
                            () = due => self.flush_latest(),
                        }
                    }
                },
                Flushed::Over(end) => return end,
            }
        }
    }

    /// Waits until everything is with the kernel, so that catching up runs no faster than its
    /// reader; or until the socket closes, which one that stops reading does. Any task may wait, and
    /// several at once.
    pub async fn settle(&self) {
        loop {
            // Begins to listen before it looks, so that no notice is missed in between.
            let mut settled = pin!(self.settled.notified());
            settled.as_mut().enable();
            if self.is_closing() || !matches!(self.flush(), Flushed::Blocked) {
                return;
            }
            self.unblocked(settled).await;
        }
    }

    /// Waits until everything is with the kernel, the close frame included. A peer that does not
    /// read makes this last for ever.
    pub async fn last_words(&self) {
        while let Flushed::Blocked = self.flush() {
            match &self.way {
                Way::Socket(tcp, _) => {
                    if tcp.writable().await.is_err() {
                        return;
                    }
                }
                Way::Events(_) => self.wake.notified().await,
            }
        }
    }

    /// Waits until the kernel takes more, or there is a notice: the body has taken all, or somebody
    /// closes it.
    async fn unblocked(&self, notice: impl Future<Output = ()>) {
        let Way::Socket(tcp, _) = &self.way else {
            return notice.await;
        };
        tokio::select! {
            writable = tcp.writable() => {
                if writable.is_err() {
                    self.break_off(&mut self.state());
                }
            }
            () = notice => {}
        }
    }

    /// When the values that wait are due.
    fn next_latest(&self) -> Option<Instant> {
        let state = self.state();
        let latest = state
            .latest
            .as_ref()
            .filter(|latest| !latest.waiting.is_empty())?;
        Some(
            latest
                .sent
                .map_or_else(Instant::now, |sent| sent + LATEST_EVERY),
        )
    }

    fn flush_latest(&self) {
        let mut state = self.state();
        let Some(latest) = &mut state.latest else {
            return;
        };
        latest.sent = Some(Instant::now());
        for (_, frame) in std::mem::take(&mut latest.waiting) {
            self.send_in_order(&mut state, &frame);
        }
    }

    /// Whether one more may be sent; if it would be too many, that was the last.
    fn has_room(&self, state: &mut State) -> bool {
        if state.closing || state.broken {
            return false;
        }
        let room = state.queue.len() < MOST_FRAMES && state.bytes <= MOST_BYTES;
        if !room {
            METERS.too_slow.increment(1);
            self.finish(state, CloseCode::TooSlow);
        }
        room
    }

    fn finish(&self, state: &mut State, code: CloseCode) {
        let (kept, close) = match &self.way {
            // The first may be the rest of a frame: without it the peer could not read on.
            Way::Socket(..) => (1, frame::close(code)),
            Way::Events(_) => (0, EventStream::close(code)),
        };
        state.queue.truncate(kept);
        state.bytes = state.queue.iter().map(Bytes::len).sum();
        state.closing = true;
        self.push(state, &close);
        self.wake.notify_one();
        self.settled.notify_waiters();
    }

    fn push(&self, state: &mut State, bytes: &Bytes) {
        let mut written = 0;
        if state.queue.is_empty() {
            if let Way::Socket(tcp, _) = &self.way {
                // Straight to the kernel: asking the runtime first whether the socket is writable
                // costs another miss of the cache for each of thousands, and the answer is almost
                // always yes.
                match send(tcp, bytes, SendFlags::empty()) {
                    Ok(all) if all == bytes.len() => return,
                    Ok(some) => written = some,
                    Err(Errno::AGAIN | Errno::INTR) => {}
                    Err(_) => return self.break_off(state),
                }
            }
            self.wake.notify_one();
        }
        state.bytes += bytes.len() - written;
        state.queue.push_back(bytes.slice(written..));
        if let Way::Events(stream) = &self.way {
            stream.ready.notify_one();
        }
    }

    fn flush(&self) -> Flushed {
        let mut state = self.state();
        while !state.broken && !state.queue.is_empty() {
            let Way::Socket(tcp, _) = &self.way else {
                return Flushed::Blocked;
            };
            let slices: Vec<IoSlice<'_>> = state
                .queue
                .iter()
                .take(BATCH)
                .map(|bytes| IoSlice::new(bytes))
                .collect();
            match tcp.try_write_vectored(&slices) {
                Ok(written) => state.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Flushed::Blocked,
                Err(_) => self.break_off(&mut state),
            }
        }
        // A burst should not cost an idle connection its memory for ever.
        state.queue = VecDeque::new();
        match (state.broken, state.closing) {
            (true, _) => Flushed::Over(Drained::Broken),
            (false, true) => Flushed::Over(Drained::Closed),
            (false, false) => Flushed::Empty,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

enum Flushed {
    Empty,
    Blocked,
    Over(Drained),
}

#[cfg(test)]
mod tests;
