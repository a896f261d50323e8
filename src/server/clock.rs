//! Until when a connection must do something: send a head, or a new request, or hang up.
//!
//! The connection itself is polled by HTTP's state machine, and what it does is noticed at its two
//! ends: bytes that come or go, and requests that begin and end. While a request runs there is no
//! deadline here: its body has one of its own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// How long each part may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    /// The head of a request, from its first byte.
    pub(super) head: Duration,
    /// The body.
    pub(super) body: Duration,
    /// The time between two requests.
    pub(super) idle: Duration,
}

/// How long a peer whose request was cut off may go on sending what nobody reads.
const LINGER: Duration = Duration::from_secs(2);
/// There is no deadline.
const NEVER: u64 = u64::MAX;

/// The clock of one connection.
pub(super) struct Clock {
    begin: Instant,
    times: Times,
    /// Requests that run; several with HTTP/2.
    running: AtomicUsize,
    /// Whether a head is on its way.
    in_head: AtomicBool,
    /// Whether the peer may still be sending what nobody reads.
    unread: AtomicBool,
    /// Milliseconds after `begin`.
    deadline: AtomicU64,
}

impl Clock {
    /// The clock of a new connection, which must send its first head.
    pub(super) fn new(times: Times) -> Self {
        let clock = Self {
            begin: Instant::now(),
            times,
            running: AtomicUsize::new(0),
            in_head: AtomicBool::new(true),
            unread: AtomicBool::new(false),
            deadline: AtomicU64::new(NEVER),
        };
        clock.set(times.head);
        clock
    }

    /// When the connection is over, unless something happens.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let millis = self.deadline.load(Ordering::Relaxed);
        (millis != NEVER).then(|| self.begin + Duration::from_millis(millis))
    }

    /// When a body that begins now must be there.
    pub(super) fn body_until(&self) -> Instant {
        Instant::now() + self.times.body
    }

    /// Bytes came. The first ones after a request begin the next, and more do not prolong it.
    pub(super) fn read(&self) {
        if self.is_waiting() && !self.in_head.swap(true, Ordering::Relaxed) {
            self.set(self.times.head);
        }
    }

    /// Bytes went out. Whoever still takes an answer is not idle.
    pub(super) fn wrote(&self) {
        if self.is_waiting() && !self.in_head.load(Ordering::Relaxed) {
            self.set(self.times.idle);
        }
    }

    /// A request runs until what this answers is dropped.
    pub(super) fn request(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::Relaxed);
        self.in_head.store(false, Ordering::Relaxed);
        self.deadline.store(NEVER, Ordering::Relaxed);
        Running(self.clone())
    }

    /// The request was answered before all of it was read.
    pub(super) fn leaves_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    /// The connection hangs up. Where the peer may still be sending, it is listened to for a
    /// while: closing with unread bytes resets the connection, and the answer may be lost.
    pub(super) fn lingers(&self) -> bool {
        let lingers = self.unread.load(Ordering::Relaxed);
        if lingers {
            self.set(LINGER);
        }
        lingers
    }

    fn is_waiting(&self) -> bool {
        self.running.load(Ordering::Relaxed) == 0
    }

    fn set(&self, after: Duration) {
        let at = self.begin.elapsed() + after;
        let millis = u64::try_from(at.as_millis()).unwrap_or(NEVER - 1);
        self.deadline.store(millis, Ordering::Relaxed);
    }
}

/// A request that runs.
pub(super) struct Running(Arc<Clock>);

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.running.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.set(self.0.times.idle);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const TIMES: Times = Times {
        head: Duration::from_secs(10),
        body: Duration::from_secs(30),
        idle: Duration::from_secs(60),
    };

    fn left(clock: &Clock) -> Option<u64> {
        Some((clock.deadline()? - Instant::now()).as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_of_a_head_do_not_prolong_it() {
        let clock = Clock::new(TIMES);
        assert_eq!(left(&clock), Some(10));
        for second in 1..10 {
            advance(Duration::from_secs(1)).await;
            clock.read();
            assert_eq!(left(&clock), Some(10 - second));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_runs_as_long_as_it_takes_and_the_next_may_wait() {
        let clock = Arc::new(Clock::new(TIMES));
        let (first, second) = (clock.request(), clock.request());
        assert_eq!(left(&clock), None);
        clock.read();
        clock.wrote();
        drop(first);
        assert_eq!(left(&clock), None);
        drop(second);
        assert_eq!(left(&clock), Some(60));
        advance(Duration::from_secs(20)).await;
        assert_eq!(left(&clock), Some(40));
        clock.wrote();
        assert_eq!(left(&clock), Some(60), "it still takes the answer");
        clock.read();
        assert_eq!(left(&clock), Some(10), "the next head");
        clock.wrote();
        advance(Duration::from_secs(3)).await;
        clock.read();
        assert_eq!(left(&clock), Some(7));
    }

    #[tokio::test(start_paused = true)]
    async fn only_who_may_still_be_sending_is_listened_to() {
        let clock = Clock::new(TIMES);
        assert!(!clock.lingers());
        clock.leaves_unread();
        assert!(clock.lingers());
        assert_eq!(left(&clock), Some(LINGER.as_secs()));
    }
}
