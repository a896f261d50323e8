//! One socket's way out: what fits is written at once by whoever sends, the rest waits in a
//! bounded queue for the socket's own task. Nobody who sends ever waits.
//!
//! Writing at once saves the wake-up of a task per delivery, which costs more than the write
//! itself when one message goes to thousands.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use app::event::CloseCode;
use bytes::{Buf, Bytes};
use rustix::{
    io::Errno,
    net::{SendFlags, send},
};
use tokio::{net::TcpStream, sync::Notify};

use super::{Topic, frame::Frame};
use crate::meters::METERS;

/// Frames that may wait. A socket that is further behind comes back and catches up instead.
const MOST_FRAMES: usize = 512;
/// Bytes that may wait.
const MOST_BYTES: usize = 1 << 20;
/// Values of which only the newest counts are written this often.
const LATEST_EVERY: Duration = Duration::from_millis(100);
/// Frames handed to the kernel in one call.
const BATCH: usize = 32;

/// Writes whole frames to one socket, in the order in which they were sent.
pub struct Writer {
    tcp: TcpStream,
    state: Mutex<State>,
    /// Tells the socket's task that something waits, or that it is over.
    wake: Notify,
}

#[derive(Default)]
struct State {
    /// What waits; the first may be the rest of a frame that was written in part.
    queue: VecDeque<Bytes>,
    bytes: usize,
    /// A close frame was sent or queued; nothing may follow it.
    closing: bool,
    /// The peer is gone.
    broken: bool,
    /// Values of which only the newest counts; absent until there is one.
    latest: Option<Box<Latest>>,
}

/// Values that change often: at most ten writes a second, the last value always.
#[derive(Default)]
struct Latest {
    sent: Option<Instant>,
    waiting: Vec<(Topic, Frame)>,
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
    /// Takes over the write half; reading goes on through [`Writer::tcp`].
    pub fn new(tcp: TcpStream) -> Self {
        Self {
            tcp,
            state: Mutex::default(),
            wake: Notify::new(),
        }
    }

    /// The connection.
    pub fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    /// Sends a frame. A socket that does not keep up is closed with [`CloseCode::TooSlow`].
    pub fn send(&self, frame: &Frame) {
        let mut state = self.state();
        if state.closing || state.broken {
            return;
        }
        if state.queue.len() >= MOST_FRAMES || state.bytes > MOST_BYTES {
            METERS.too_slow.increment(1);
            self.finish(&mut state, CloseCode::TooSlow);
            return;
        }
        self.push(&mut state, frame.bytes().clone());
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
            drop(state);
            self.send(frame);
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
                Flushed::Blocked => self.unblocked().await,
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
    /// reader; or until the socket closes, which one that stops reading does.
    pub async fn settle(&self) {
        while let Flushed::Blocked = self.flush() {
            if self.is_closing() {
                return;
            }
            self.unblocked().await;
        }
    }

    /// Waits until everything is with the kernel, the close frame included. A peer that does not
    /// read makes this last for ever.
    pub async fn last_words(&self) {
        while let Flushed::Blocked = self.flush() {
            if self.tcp.writable().await.is_err() {
                return;
            }
        }
    }

    /// Waits until the kernel takes more, or somebody closes the socket.
    async fn unblocked(&self) {
        tokio::select! {
            writable = self.tcp.writable() => {
                if writable.is_err() {
                    self.state().broken = true;
                }
            }
            () = self.wake.notified() => {}
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
        let waiting = std::mem::take(&mut latest.waiting);
        drop(state);
        for (_, frame) in waiting {
            self.send(&frame);
        }
    }

    fn finish(&self, state: &mut State, code: CloseCode) {
        // The first may be the rest of a frame: without it the peer could not read on.
        state.queue.truncate(1);
        state.bytes = state.queue.front().map_or(0, Bytes::len);
        state.closing = true;
        self.push(state, Frame::close(code).bytes().clone());
        self.wake.notify_one();
    }

    fn push(&self, state: &mut State, mut bytes: Bytes) {
        if state.queue.is_empty() {
            // Straight to the kernel: asking the runtime first whether the socket is writable costs
            // another miss of the cache for each of thousands, and the answer is almost always yes.
            match send(&self.tcp, &bytes, SendFlags::empty()) {
                Ok(written) if written == bytes.len() => return,
                Ok(written) => bytes.advance(written),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(_) => {
                    state.broken = true;
                    self.wake.notify_one();
                    return;
                }
            }
            self.wake.notify_one();
        }
        state.bytes += bytes.len();
        state.queue.push_back(bytes);
    }

    fn flush(&self) -> Flushed {
        let mut state = self.state();
        while !state.broken && !state.queue.is_empty() {
            let slices: Vec<IoSlice<'_>> = state
                .queue
                .iter()
                .take(BATCH)
                .map(|bytes| IoSlice::new(bytes))
                .collect();
            match self.tcp.try_write_vectored(&slices) {
                Ok(written) => state.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Flushed::Blocked,
                Err(_) => state.broken = true,
            }
        }
        // A burst should not cost an idle socket its memory for ever.
        state.queue = VecDeque::new();
        match (state.broken, state.closing) {
            (true, _) => Flushed::Over(Drained::Broken),
            (false, true) => Flushed::Over(Drained::Closed),
            (false, false) => Flushed::Empty,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    fn advance(&mut self, mut written: usize) {
        self.bytes = self.bytes.saturating_sub(written);
        while let Some(front) = self.queue.front_mut() {
            if written < front.len() {
                front.advance(written);
                return;
            }
            written -= front.len();
            self.queue.pop_front();
        }
    }
}

enum Flushed {
    Empty,
    Blocked,
    Over(Drained),
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncReadExt, net::TcpListener};

    use super::*;

    async fn pair() -> (Writer, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let connect = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(connect, listener.accept());
        let (server, _) = accepted.unwrap();
        server.writable().await.unwrap();
        (Writer::new(server), client.unwrap())
    }

    #[tokio::test]
    async fn frames_arrive_whole_and_in_order_though_the_reader_is_slow() {
        let (writer, mut client) = pair().await;
        // More than the kernel's buffers hold, less than the bound on what waits.
        let frames: Vec<Frame> = (0..200)
            .map(|i| Frame::text(&vec![i as u8; 20_000]))
            .collect();
        let expected: Vec<u8> = frames.iter().flat_map(|f| f.bytes().to_vec()).collect();
        let sending = async {
            for frame in &frames {
                writer.send(frame);
                writer.settle().await;
            }
        };
        let mut received = vec![0; expected.len()];
        let (_, read) = tokio::join!(sending, client.read_exact(&mut received));
        read.unwrap();
        assert!(received == expected);
    }

    #[tokio::test]
    async fn a_reader_that_stops_is_closed_and_nobody_waits_for_it() {
        let (writer, mut client) = pair().await;
        let frame = Frame::text(&[b'x'; 30_000]);
        for _ in 0..MOST_FRAMES * 2 {
            writer.send(&frame);
        }
        assert!(writer.is_closing());
        assert!(writer.state().bytes <= MOST_BYTES + 2 * frame.bytes().len());
        let mut received = Vec::new();
        let reading = async {
            let mut chunk = vec![0; 65_536];
            while let Ok(read) = client.read(&mut chunk).await {
                received.extend_from_slice(&chunk[..read]);
                if received.ends_with(Frame::close(CloseCode::TooSlow).bytes()) {
                    break;
                }
            }
        };
        // The one who writes is free at once; the goodbye waits for the reader.
        assert_eq!(writer.drain().await, Drained::Closed);
        tokio::join!(writer.last_words(), reading);
        let close = Frame::close(CloseCode::TooSlow);
        assert_eq!(
            (received.len() - close.bytes().len()) % frame.bytes().len(),
            0
        );
    }

    #[tokio::test]
    async fn who_waits_for_a_reader_is_free_once_the_socket_closes() {
        let (writer, _client) = pair().await;
        while writer.state().queue.is_empty() {
            writer.send(&Frame::text(&[b'x'; 30_000]));
        }
        let close = async { writer.close(CloseCode::NoPong) };
        tokio::join!(writer.settle(), close);
        assert_eq!(writer.drain().await, Drained::Closed);
    }

    #[tokio::test]
    async fn of_many_values_the_first_and_the_last_arrive() {
        let (writer, mut client) = pair().await;
        let topic = Topic::new("post".into());
        for value in 0..100u8 {
            writer.send_latest(&topic, &Frame::text(&[value]));
        }
        let mut received = [0; 6];
        tokio::select! {
            read = client.read_exact(&mut received) => drop(read.unwrap()),
            _ = writer.drain() => panic!("nobody closed it"),
        }
        assert_eq!([received[2], received[5]], [0, 99]);
    }

    #[tokio::test]
    async fn nothing_follows_a_close() {
        let (writer, mut client) = pair().await;
        writer.close(CloseCode::Drain);
        writer.send(&Frame::ping());
        assert_eq!(writer.drain().await, Drained::Closed);
        drop(writer);
        let mut received = Vec::new();
        client.read_to_end(&mut received).await.unwrap();
        assert_eq!(received, Frame::close(CloseCode::Drain).bytes().as_ref());
    }
}
