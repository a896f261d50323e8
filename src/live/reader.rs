//! One socket's way in, for the WebSocket library. What the library writes by itself (answers to
//! pings and close frames, each whole) goes out in line with everything else.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use tokio::io::{self, AsyncRead, AsyncWrite, ReadBuf};

use super::hub::Connection;

/// A connection as the library wants it.
pub(super) struct Reader {
    connection: Arc<Connection>,
    /// What was read with the upgrade, and goes first.
    early: Bytes,
}

impl Reader {
    pub(super) fn new(connection: Arc<Connection>, early: Bytes) -> Self {
        Self { connection, early }
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.early.is_empty() {
            let length = self.early.len().min(buffer.remaining());
            buffer.put_slice(&self.early[..length]);
            self.early.advance(length);
            return Poll::Ready(Ok(()));
        }
        let Some(tcp) = self.connection.writer.tcp() else {
            return Poll::Ready(Ok(()));
        };
        loop {
            ready!(tcp.poll_read_ready(context))?;
            match tcp.try_read(buffer.initialize_unfilled()) {
                Ok(length) => {
                    buffer.advance(length);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
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
