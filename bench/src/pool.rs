//! The connections that operations are posted on: kept alive, one request at a time on each, the rest wait in line.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddrV4, TcpStream};

use anyhow::{Context, Result, bail};

use crate::dialect::Dialect;
use crate::http;
use crate::poll::Poll;
use crate::swarm::connect;

/// Tokens of the pool begin here, so that they never meet those of sockets.
pub const FIRST_TOKEN: u64 = 1 << 32;
/// Addresses of the pool begin here, for the same reason.
const FIRST_ADDRESS: usize = 1 << 20;

struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

/// Connections of one run.
pub struct Pool {
    connections: Vec<Connection>,
    /// Used in turn, as requests of many people would be.
    idle: VecDeque<usize>,
    /// Operations that are due while all connections are busy. Their clock runs.
    waiting: VecDeque<u64>,
    refused: u64,
    scratch: Vec<u8>,
}

impl Pool {
    /// Opens `count` connections.
    pub fn connect(server: SocketAddrV4, count: usize, poll: &Poll) -> Result<Self> {
        let mut connections = Vec::with_capacity(count);
        for index in 0..count {
            let stream =
                connect(FIRST_ADDRESS + index, server).context("connection for requests")?;
            poll.watch(&stream, FIRST_TOKEN + index as u64)?;
            connections.push(Connection {
                stream,
                answer: Vec::new(),
            });
        }
        let idle = (0..count).collect();
        Ok(Self {
            connections,
            idle,
            waiting: VecDeque::new(),
            refused: 0,
            scratch: vec![0; 16 * 1024],
        })
    }

    /// Sends an operation, or puts it in line.
    pub fn submit(&mut self, operation: u64, dialect: &dyn Dialect) -> Result<()> {
        match self.idle.pop_front() {
            Some(index) => self.send(index, operation, dialect),
            None => {
                self.waiting.push_back(operation);
                Ok(())
            }
        }
    }

    /// Whether an operation would be sent at once.
    pub fn has_idle(&self) -> bool {
        !self.idle.is_empty()
    }

    /// Whether every request has its answer.
    pub fn is_quiet(&self) -> bool {
        self.waiting.is_empty() && self.idle.len() == self.connections.len()
    }

    /// How many operations were answered with anything but 2xx since the last call.
    pub fn take_refused(&mut self) -> u64 {
        std::mem::take(&mut self.refused)
    }

    /// Reads once from the connection with this token, and sends what waits in line if it became free.
    pub fn read(&mut self, token: u64, dialect: &dyn Dialect) -> Result<()> {
        let index = (token - FIRST_TOKEN) as usize;
        let connection = self
            .connections
            .get_mut(index)
            .context("an event of a connection that is not ours")?;
        match connection.stream.read(&mut self.scratch) {
            Ok(0) => bail!("the server closed a kept connection"),
            Ok(count) => connection.answer.extend_from_slice(&self.scratch[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error).context("connection for requests"),
        }
        let Some(answer) = http::parse(&connection.answer)? else {
            return Ok(());
        };
        if !(200..300).contains(&answer.status) {
            if self.refused == 0 {
                eprintln!("refused: {}", String::from_utf8_lossy(&connection.answer));
            }
            self.refused += 1;
        }
        connection.answer.drain(..answer.used);
        match self.waiting.pop_front() {
            Some(operation) => self.send(index, operation, dialect),
            None => {
                self.idle.push_back(index);
                Ok(())
            }
        }
    }

    fn send(&mut self, index: usize, operation: u64, dialect: &dyn Dialect) -> Result<()> {
        let connection = self
            .connections
            .get_mut(index)
            .context("a connection that is not ours")?;
        connection
            .stream
            .write_all(&dialect.request(operation))
            .context("a request did not fit into an empty buffer")
    }
}
