//! A connection as HTTP reads and writes it, with its clock and its place.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::{caps::Place, clock::Clock, refusal};

/// What a peer may still send that nobody reads.
const MOST_WASTE: usize = 1 << 20;

/// A TCP connection.
pub struct Tcp {
    stream: TcpStream,
    place: Place,
    clock: Arc<Clock>,
    /// What is left of an answer that goes out in place of the one that was to be written.
    instead: Option<Bytes>,
    /// What was thrown away while hanging up.
    waste: Option<usize>,
}

impl Tcp {
    pub(super) fn new(stream: TcpStream, clock: Arc<Clock>, place: Place) -> Self {
        Self {
            stream,
            place,
            clock,
            instead: None,
            waste: None,
        }
    }

    /// The connection itself, whoever takes it over. It counts until its place is dropped.
    pub fn into_parts(self) -> (TcpStream, Place) {
        (self.stream, self.place)
    }

    /// Writes what HTTP wants to write, or the whole answer that stands for it.
    fn write(
        &mut self,
        context: &mut Context<'_>,
        bytes: &[u8],
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if self.instead.is_none() {
            self.instead = refusal::instead_of(bytes);
            if self.instead.is_some() {
                self.clock.leaves_unread();
            }
        }
        let Some(instead) = &mut self.instead else {
            let written = ready!(write(Pin::new(&mut self.stream), context))?;
            self.clock.wrote();
            return Poll::Ready(Ok(written));
        };
        while !instead.is_empty() {
            let stream = Pin::new(&mut self.stream);
            let written = ready!(stream.poll_write(context, instead))?;
            instead.advance(written);
        }
        self.instead = None;
        Poll::Ready(Ok(bytes.len()))
    }
}

impl AsyncRead for Tcp {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.clock.read();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tcp {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.write(context, bytes, |stream, context| {
            stream.poll_write(context, bytes)
        })
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let first = slices.first().map_or(&[][..], |slice| slice);
        self.write(context, first, |stream, context| {
            stream.poll_write_vectored(context, slices)
        })
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.waste.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            if !self.clock.lingers() {
                return Poll::Ready(Ok(()));
            }
        }
        let mut wasted = self.waste.unwrap_or(0);
        let mut space = [0; 4096];
        while wasted < MOST_WASTE {
            let mut buffer = ReadBuf::new(&mut space);
            self.waste = Some(wasted);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
            match buffer.filled().len() {
                0 => break,
                read => wasted += read,
            }
        }
        Poll::Ready(Ok(()))
    }
}
