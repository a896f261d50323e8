//! One socket's way in, for the WebSocket library. What the library writes by itself (answers to
//! pings and close frames, each whole) goes out in line with everything else.

use std::{
    error::Error,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use tokio::io::{self, AsyncRead, AsyncWrite, ReadBuf};

use super::{
    allowance::{Allowance, FrameCounter},
    hub::Connection,
};

/// A connection as the library wants it.
pub(super) struct Reader {
    connection: Arc<Connection>,
    /// What was read with the upgrade, and goes first.
    early: Bytes,
    /// Every frame counts, also one that is empty or a piece of a message.
    frames: FrameCounter,
    allowance: Allowance,
}

/// The client sends more frames than it may.
#[derive(Debug)]
pub(super) struct TooFast;

impl fmt::Display for TooFast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too many frames")
    }
}

impl Error for TooFast {}

impl Reader {
    pub(super) fn new(connection: Arc<Connection>, early: Bytes) -> Self {
        Self {
            connection,
            early,
            frames: FrameCounter::default(),
            allowance: Allowance::new(),
        }
    }

    fn count(&mut self, bytes: &[u8]) -> io::Result<()> {
        let frames = self.frames.count(bytes);
        if (0..frames).all(|_| self.allowance.take()) {
            Ok(())
        } else {
            Err(io::Error::other(TooFast))
        }
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        if this.early.is_empty() {
            let Some(tcp) = this.connection.writer.tcp() else {
                return Poll::Ready(Ok(()));
            };
            loop {
                ready!(tcp.poll_read_ready(context))?;
                match tcp.try_read(buffer.initialize_unfilled()) {
                    Ok(length) => {
                        buffer.advance(length);
                        break;
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        } else {
            let length = this.early.len().min(buffer.remaining());
            buffer.put_slice(&this.early[..length]);
            this.early.advance(length);
        }
        Poll::Ready(this.count(&buffer.filled()[before..]))
    }
}

impl AsyncWrite for Reader {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let bytes = Bytes::copy_from_slice(bytes);
        self.connection.writer.send_bytes(&bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
