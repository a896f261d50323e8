//! The floor: a server that does nothing but one bare blocking `write` of the ready frame to each subscriber, from one
//! thread. No design that writes to sockets one by one can do less.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddrV4, TcpListener, TcpStream};
use std::process::Command;

use anyhow::{Context, Result};
use memchr::memmem;
use tempfile::TempDir;

use super::Server;
use crate::dialect::{Dialect, Heard, marked, ready_made};
use crate::process::{Process, free_address, status};
use crate::{http, ws};

/// Starts this same program as the floor.
pub fn start() -> Result<(Server, Box<dyn Dialect>)> {
    let folder = TempDir::new()?;
    let address = free_address()?;
    let program = std::env::current_exe().context("this program's own path")?;
    let mut command = Command::new(program);
    command.args(["floor", "--address", &address.to_string()]);
    let mut main = Process::start("floor", &mut command, folder.path())?;
    main.wait_until(|| status(address, "/healthz") == Some(200))?;
    let server = Server {
        address,
        main,
        redis: None,
        _folder: folder,
    };
    Ok((
        server,
        Box::new(FloorDialect {
            host: address.to_string(),
        }),
    ))
}

struct FloorDialect {
    host: String,
}

impl Dialect for FloorDialect {
    fn upgrade(&self, _: usize) -> String {
        ws::upgrade("/ws", &self.host, "")
    }

    fn hello(&self, _: usize) -> Option<String> {
        None
    }

    fn hear(&self, _: usize, text: &[u8]) -> Heard {
        marked(text).map_or(Heard::Nothing, Heard::Event)
    }

    fn request(&self, operation: u64) -> Vec<u8> {
        http::request("POST", "/publish", &self.host, "", &ready_made(operation))
    }
}

/// The server itself. It takes one connection at a time: a subscriber is answered and put aside, a publisher is served
/// until it leaves.
pub fn serve(address: SocketAddrV4) -> Result<()> {
    let listener = TcpListener::bind(address).context("the floor's address")?;
    let mut subscribers = Vec::new();
    for stream in listener.incoming() {
        let mut stream = stream?;
        stream.set_nodelay(true)?;
        let mut bytes = Vec::new();
        let Some(head) = read_head(&mut stream, &mut bytes)? else {
            continue;
        };
        if head.starts_with("GET /ws ") {
            // The key is not signed: nobody but the load generator, which does not ask for it, connects here.
            stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")?;
            subscribers.push(stream);
        } else if head.starts_with("GET ") {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
        } else {
            serve_publisher(stream, bytes, head, &mut subscribers)?;
        }
    }
    Ok(())
}

fn serve_publisher(
    mut stream: TcpStream,
    mut bytes: Vec<u8>,
    head: String,
    to: &mut [TcpStream],
) -> Result<()> {
    let mut head = Some(head);
    let mut frame = Vec::new();
    while let Some(text) = head {
        let length: usize = text
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .and_then(|value| value.trim().parse().ok())
            .context("a publish without a length")?;
        while bytes.len() < length {
            read_some(&mut stream, &mut bytes)?;
        }
        frame.clear();
        ws::write_plain(ws::Opcode::Text, &bytes[..length], &mut frame);
        bytes.drain(..length);
        for subscriber in to.iter_mut() {
            subscriber.write_all(&frame)?;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
        head = read_head(&mut stream, &mut bytes)?;
    }
    Ok(())
}

/// A request's head, taken from the front of `bytes`; `None` when the other side has left.
fn read_head(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Result<Option<String>> {
    loop {
        if let Some(end) = memmem::find(bytes, b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            let head = std::mem::replace(bytes, rest);
            return Ok(Some(String::from_utf8(head)?));
        }
        if read_some(stream, bytes)? == 0 {
            return Ok(None);
        }
    }
}

fn read_some(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Result<usize> {
    let mut chunk = [0; 4096];
    match stream.read(&mut chunk) {
        Ok(count) => {
            bytes.extend_from_slice(&chunk[..count]);
            Ok(count)
        }
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(0),
        Err(error) => Err(error.into()),
    }
}
