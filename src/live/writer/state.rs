//! What waits for one connection, and whether anything more may follow.

use std::{collections::VecDeque, time::Instant};

use bytes::{Buf, Bytes};

use crate::live::{Topic, frame::Frame};

#[derive(Default)]
pub(super) struct State {
    /// What waits; the first may be the rest of a frame that was written in part.
    pub(super) queue: VecDeque<Bytes>,
    pub(super) bytes: usize,
    /// A close frame was sent or queued; nothing may follow it.
    pub(super) closing: bool,
    /// The peer is gone.
    pub(super) broken: bool,
    /// Values of which only the newest counts; absent until there is one.
    pub(super) latest: Option<Box<Latest>>,
}

/// Values that change often: at most ten writes a second, the last value always.
#[derive(Default)]
pub(super) struct Latest {
    pub(super) sent: Option<Instant>,
    pub(super) waiting: Vec<(Topic, Frame)>,
}

impl State {
    /// So many bytes are out.
    pub(super) fn advance(&mut self, mut written: usize) {
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
