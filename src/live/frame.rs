//! Frames as bytes. A server's frames are not masked (RFC 6455, 5.1), so the same bytes serve
//! every socket: they are made once an encoding, whoever many listen, and only where one does.

use std::sync::{Arc, OnceLock};

use app::event::{CloseCode, ServerFrame};
use bytes::{BufMut, Bytes, BytesMut};

use super::{
    encoding::{self, Encoding},
    places::Head,
};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;

/// One frame of the protocol, ready to be written. Clones share its bytes.
#[derive(Debug, Clone)]
pub struct Frame(Arc<Encodings>);

#[derive(Debug)]
struct Encodings {
    /// A WebSocket's text frame.
    text: Bytes,
    /// A WebSocket's binary frame, once a socket wants it; nothing if it cannot be made.
    packed: OnceLock<Option<Bytes>>,
    /// What tells how far a stream of events has got, once there is one.
    head: OnceLock<Option<Head>>,
}

impl Frame {
    /// A frame around JSON.
    pub fn json(json: &[u8]) -> Self {
        Self(Arc::new(Encodings {
            text: encode(TEXT, json),
            packed: OnceLock::new(),
            head: OnceLock::new(),
        }))
    }

    /// A frame of the protocol. `None` only if it cannot be encoded, which no frame of ours does.
    pub fn of(frame: &ServerFrame) -> Option<Self> {
        serde_json::to_vec(frame).ok().map(|json| Self::json(&json))
    }

    /// The bytes on a WebSocket. `None` only for what is no JSON, which nobody publishes.
    pub fn bytes(&self, encoding: Encoding) -> Option<&Bytes> {
        match encoding {
            Encoding::Json => Some(&self.0.text),
            Encoding::MessagePack => {
                let pack = || Some(encode(BINARY, &encoding::transcode(self.as_json()).ok()?));
                self.0.packed.get_or_init(pack).as_ref()
            }
        }
    }

    /// The JSON by itself.
    pub fn as_json(&self) -> &[u8] {
        // The second byte says how long the length is that follows it: see `encode`.
        let header = match self.0.text.get(1) {
            Some(127) => 10,
            Some(126) => 4,
            _ => 2,
        };
        self.0.text.get(header..).unwrap_or_default()
    }

    /// Whether it says how far somebody has read a room. The store's script writes it so.
    pub(super) fn is_read_mark(&self) -> bool {
        self.as_json().starts_with(br#"{"type":"read","#)
    }

    /// What of it tells how far a stream has got.
    pub(super) fn head(&self) -> Option<&Head> {
        let read = || serde_json::from_slice(self.as_json()).ok();
        self.0.head.get_or_init(read).as_ref()
    }
}

/// An empty ping of a WebSocket.
pub(super) const fn ping() -> Bytes {
    Bytes::from_static(&[PING, 0])
}

/// The last frame of a WebSocket.
pub(super) fn close(code: CloseCode) -> Bytes {
    let mut payload = Vec::with_capacity(2 + code.reason().len());
    payload.extend_from_slice(&code.number().to_be_bytes());
    payload.extend_from_slice(code.reason().as_bytes());
    encode(CLOSE, &payload)
}

/// RFC 6455, 5.2: final frame, the opcode, no mask, the length in 7, 16 or 64 bits.
fn encode(first: u8, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(payload.len() + 10);
    frame.put_u8(first);
    match payload.len() {
        length @ 0..126 => frame.put_u8(length as u8),
        length @ 126..=0xffff => {
            frame.put_u8(126);
            frame.put_u16(length as u16);
        }
        length => {
            frame.put_u8(127);
            frame.put_u64(length as u64);
        }
    }
    frame.extend_from_slice(payload);
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;

    use super::*;

    #[test]
    fn headers_are_those_that_an_independent_reader_expects() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536, 70_000] {
            let payload = vec![b'x'; length];
            let frame = Frame::json(&payload);
            let bytes = frame.bytes(Encoding::Json).unwrap();
            let mut cursor = std::io::Cursor::new(bytes);
            let (header, read) = FrameHeader::parse(&mut cursor).unwrap().unwrap();
            assert!(header.is_final && header.mask.is_none());
            assert_eq!(read, length as u64);
            assert_eq!(&bytes[cursor.position() as usize..], payload);
            assert_eq!(frame.as_json(), payload);
        }
    }

    #[test]
    fn a_close_frame_carries_its_code() {
        let frame = close(CloseCode::SessionEnded);
        assert_eq!(frame[0], CLOSE);
        assert_eq!(&frame[2..4], 4401u16.to_be_bytes());
        assert_eq!(frame[1] as usize, frame.len() - 2);
    }

    #[test]
    fn whoever_asks_for_messagepack_gets_the_same_bytes() {
        let frame = Frame::json(br#"{"type":"position","epoch":"1.e","seq":5}"#);
        let first = frame.bytes(Encoding::MessagePack).unwrap().as_ptr();
        let again = frame.clone();
        assert_eq!(first, again.bytes(Encoding::MessagePack).unwrap().as_ptr());
        assert_eq!(again.bytes(Encoding::MessagePack).unwrap()[0], BINARY);
        assert!(Frame::json(b"{").bytes(Encoding::MessagePack).is_none());
    }
}
