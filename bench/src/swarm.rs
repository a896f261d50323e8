//! Thousands of WebSockets in one thread: each with an address of its own, a few bytes of state and no buffer to spare.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use memchr::memmem;
use rustix::net::{AddressFamily, SocketType};

use crate::dialect::{Dialect, Heard};
use crate::http::loopback;
use crate::poll::Poll;
use crate::ws::{self, Opcode};

/// How many sockets may be in their opening at once: far below any listen backlog.
const OPENING_AT_ONCE: usize = 64;
/// How long all openings together may take.
const OPENING_LIMIT: Duration = Duration::from_secs(60);

#[derive(Debug, PartialEq, Eq)]
enum Stage {
    /// The upgrade is asked for.
    Upgrading,
    /// The conversation before the socket is registered.
    Opening,
    /// Registered: what comes now are events.
    Ready,
}

struct Socket {
    stream: TcpStream,
    stage: Stage,
    /// The beginning of a frame whose end has not come yet; nearly always empty.
    partial: Vec<u8>,
}

/// The sockets of one run, all speaking one dialect.
pub struct Swarm {
    server: SocketAddrV4,
    dialect: Box<dyn Dialect>,
    sockets: Vec<Socket>,
    ready: usize,
    scratch: Vec<u8>,
}

impl Swarm {
    /// No sockets yet.
    pub fn new(server: SocketAddrV4, dialect: Box<dyn Dialect>) -> Self {
        Self {
            server,
            dialect,
            sockets: Vec::new(),
            ready: 0,
            scratch: vec![0; 64 * 1024],
        }
    }

    /// How many sockets there are.
    pub fn len(&self) -> usize {
        self.sockets.len()
    }

    /// The dialect that the sockets speak.
    pub fn dialect(&self) -> &dyn Dialect {
        self.dialect.as_ref()
    }

    /// Opens sockets until there are `count`, and waits until all of them are registered.
    pub fn grow(&mut self, count: usize, poll: &mut Poll) -> Result<()> {
        let deadline = Instant::now() + OPENING_LIMIT;
        let mut tokens = Vec::new();
        while self.ready < count {
            while self.sockets.len() < count && self.sockets.len() - self.ready < OPENING_AT_ONCE {
                self.open(poll)?;
            }
            if Instant::now() > deadline {
                bail!(
                    "only {} of {count} sockets were registered in {OPENING_LIMIT:?}",
                    self.ready
                );
            }
            poll.wait(Duration::from_millis(100), &mut tokens)?;
            for &token in &tokens {
                self.read(token as usize, |_| {})?;
            }
        }
        Ok(())
    }

    fn open(&mut self, poll: &Poll) -> Result<()> {
        let index = self.sockets.len();
        let mut stream = connect(index, self.server).with_context(|| format!("socket {index}"))?;
        stream.write_all(self.dialect.upgrade(index).as_bytes())?;
        poll.watch(&stream, index as u64)?;
        self.sockets.push(Socket {
            stream,
            stage: Stage::Upgrading,
            partial: Vec::new(),
        });
        Ok(())
    }

    /// Reads once from socket `index` and hands the number of each operation that arrived to `arrived`.
    pub fn read(&mut self, index: usize, mut arrived: impl FnMut(u64)) -> Result<()> {
        let socket = self
            .sockets
            .get_mut(index)
            .context("an event of a socket that is not ours")?;
        let count = match socket.stream.read(&mut self.scratch) {
            Ok(0) => bail!("the server closed socket {index}"),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error).with_context(|| format!("socket {index}")),
        };
        let mut conversation = Conversation {
            index,
            dialect: self.dialect.as_ref(),
            ready: &mut self.ready,
        };
        let read = &self.scratch[..count];
        if socket.partial.is_empty() {
            let used = conversation.take(socket, read, &mut arrived)?;
            socket.partial.extend_from_slice(&read[used..]);
        } else {
            let mut bytes = std::mem::take(&mut socket.partial);
            bytes.extend_from_slice(read);
            let used = conversation.take(socket, &bytes, &mut arrived)?;
            socket.partial.extend_from_slice(&bytes[used..]);
        }
        Ok(())
    }
}

/// A socket's state while bytes are taken from it.
struct Conversation<'a> {
    index: usize,
    dialect: &'a dyn Dialect,
    ready: &'a mut usize,
}

impl Conversation<'_> {
    /// Takes all that is whole from the front of `bytes`; answers how much that was.
    fn take(
        &mut self,
        socket: &mut Socket,
        bytes: &[u8],
        arrived: &mut impl FnMut(u64),
    ) -> Result<usize> {
        let mut used = 0;
        if socket.stage == Stage::Upgrading {
            let Some(end) = memmem::find(bytes, b"\r\n\r\n") else {
                return Ok(0);
            };
            if !bytes.starts_with(b"HTTP/1.1 101") {
                bail!(
                    "socket {} was not upgraded: {}",
                    self.index,
                    String::from_utf8_lossy(bytes)
                );
            }
            used = end + 4;
            match self.dialect.hello(self.index) {
                Some(text) => {
                    send(socket, Opcode::Text, text.as_bytes())?;
                    socket.stage = Stage::Opening;
                }
                None => self.set_ready(socket),
            }
        }
        while let Some((frame, length)) = ws::parse(&bytes[used..])? {
            match frame.opcode {
                Opcode::Text => self.hear(socket, frame.payload, arrived)?,
                Opcode::Ping => send(socket, Opcode::Pong, frame.payload)?,
                Opcode::Close => bail!(
                    "the server closed socket {}: {:?}",
                    self.index,
                    close_reason(frame.payload)
                ),
                Opcode::Binary | Opcode::Pong => {}
            }
            used += length;
        }
        Ok(used)
    }

    fn hear(
        &mut self,
        socket: &mut Socket,
        text: &[u8],
        arrived: &mut impl FnMut(u64),
    ) -> Result<()> {
        match self.dialect.hear(self.index, text) {
            Heard::Nothing => {}
            Heard::Event(operation) => arrived(operation),
            Heard::Send(text) => send(socket, Opcode::Text, text.as_bytes())?,
            Heard::Ready => self.set_ready(socket),
            Heard::Refused => bail!(
                "socket {} was refused: {}",
                self.index,
                String::from_utf8_lossy(text)
            ),
        }
        Ok(())
    }

    fn set_ready(&mut self, socket: &mut Socket) {
        if socket.stage != Stage::Ready {
            socket.stage = Stage::Ready;
            *self.ready += 1;
        }
    }
}

/// A connection from the address of client `index`, set to non-blocking once it stands.
pub fn connect(index: usize, server: SocketAddrV4) -> Result<TcpStream> {
    let socket =
        rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).context("socket")?;
    rustix::net::bind(&socket, &SocketAddr::from((loopback(index), 0))).context("bind")?;
    rustix::net::connect(&socket, &server).context("connect")?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

fn send(socket: &mut Socket, opcode: Opcode, payload: &[u8]) -> Result<()> {
    let mut frame = Vec::with_capacity(payload.len() + 14);
    ws::write_masked(opcode, payload, &mut frame);
    socket
        .stream
        .write_all(&frame)
        .context("a client's frame did not fit into an empty socket buffer")
}

fn close_reason(payload: &[u8]) -> (u16, String) {
    match payload {
        [a, b, reason @ ..] => (
            u16::from_be_bytes([*a, *b]),
            String::from_utf8_lossy(reason).into_owned(),
        ),
        _ => (1005, String::new()),
    }
}
