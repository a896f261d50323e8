//! The little of WebSocket (RFC 6455) that a load generator needs: masked frames out, whole frames in.

use anyhow::{Result, bail};

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// Text.
    Text,
    /// Bytes.
    Binary,
    /// The other side says goodbye.
    Close,
    /// To be answered with a pong of the same payload.
    Ping,
    /// An answer to our ping; we send none.
    Pong,
}

/// A whole frame, borrowed from the bytes that were read.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it carries.
    pub opcode: Opcode,
    /// Its payload.
    pub payload: &'a [u8],
}

/// Takes one frame from the front of `bytes`: the frame and how many bytes it took, or `None` if it is not whole yet.
pub fn parse(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>> {
    let [first, second, rest @ ..] = bytes else {
        return Ok(None);
    };
    if first & 0x80 == 0 {
        bail!("a fragmented frame: no peer of this benchmark sends those");
    }
    if second & 0x80 != 0 {
        bail!("a masked frame from a server");
    }
    let opcode = match first & 0x0f {
        0x1 => Opcode::Text,
        0x2 => Opcode::Binary,
        0x8 => Opcode::Close,
        0x9 => Opcode::Ping,
        0xa => Opcode::Pong,
        other => bail!("a frame with opcode {other:#x}"),
    };
    let (length, header) = match (second & 0x7f, rest) {
        (126, [a, b, ..]) => (usize::from(u16::from_be_bytes([*a, *b])), 4),
        (127, [0, 0, 0, 0, a, b, c, d, ..]) => (u32::from_be_bytes([*a, *b, *c, *d]) as usize, 10),
        (127, rest) if rest.len() >= 8 => bail!("a frame over 4 GiB"),
        (126 | 127, _) => return Ok(None),
        (length, _) => (usize::from(length), 2),
    };
    let Some(payload) = bytes.get(header..header + length) else {
        return Ok(None);
    };
    Ok(Some((Frame { opcode, payload }, header + length)))
}

/// Appends a client's frame. The mask is zero, which masks nothing and costs the server as much as any other.
pub fn write_masked(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    write_header(opcode, payload.len(), 0x80, out);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}

/// Appends a server's frame.
pub fn write_plain(opcode: Opcode, payload: &[u8], out: &mut Vec<u8>) {
    write_header(opcode, payload.len(), 0, out);
    out.extend_from_slice(payload);
}

fn write_header(opcode: Opcode, length: usize, mask_bit: u8, out: &mut Vec<u8>) {
    let code = match opcode {
        Opcode::Text => 0x1,
        Opcode::Binary => 0x2,
        Opcode::Close => 0x8,
        Opcode::Ping => 0x9,
        Opcode::Pong => 0xa,
    };
    out.push(0x80 | code);
    if let (Ok(short), true) = (u8::try_from(length), length < 126) {
        out.push(mask_bit | short);
    } else if let Ok(medium) = u16::try_from(length) {
        out.push(mask_bit | 126);
        out.extend_from_slice(&medium.to_be_bytes());
    } else {
        out.push(mask_bit | 127);
        out.extend_from_slice(&(length as u64).to_be_bytes());
    }
}

/// The request that opens a WebSocket at `path`, with `extra` header lines (each ending in CRLF).
pub fn upgrade(path: &str, host: &str, extra: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cXVhZCdzIGJlbmNobWFyaw==\r\n{extra}\r\n"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_length_come_back() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            let mut bytes = Vec::new();
            write_plain(Opcode::Text, &payload, &mut bytes);
            let (frame, used) = parse(&bytes).unwrap().unwrap();
            assert_eq!(
                (frame.opcode, frame.payload.len(), used),
                (Opcode::Text, length, bytes.len())
            );
            for cut in [0, 1, 2, 3, bytes.len() - 1] {
                assert_eq!(
                    parse(&bytes[..cut.min(bytes.len() - 1)]).unwrap(),
                    None,
                    "cut at {cut} of {length}"
                );
            }
        }
    }

    #[test]
    fn two_frames_are_taken_one_by_one() {
        let mut bytes = Vec::new();
        write_plain(Opcode::Text, b"one", &mut bytes);
        write_plain(Opcode::Ping, b"", &mut bytes);
        let (first, used) = parse(&bytes).unwrap().unwrap();
        assert_eq!(first.payload, b"one");
        assert_eq!(
            parse(&bytes[used..]).unwrap().unwrap().0.opcode,
            Opcode::Ping
        );
    }

    #[test]
    fn what_a_server_must_not_send_is_an_error() {
        let mut masked = Vec::new();
        write_masked(Opcode::Text, b"no", &mut masked);
        assert!(parse(&masked).is_err());
        assert!(parse(&[0x01, 0x00]).is_err());
    }
}
