//! Frames as bytes. A server's frames are not masked (RFC 6455, 5.1), so the same bytes serve
//! every socket: they are made once, whoever many listen.

use app::event::{CloseCode, ServerFrame};
use bytes::{BufMut, Bytes, BytesMut};

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;

/// One WebSocket frame, ready to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame(Bytes);

impl Frame {
    /// A text frame around JSON.
    pub fn text(json: &[u8]) -> Self {
        Self(encode(TEXT, json))
    }

    /// A frame of the protocol. `None` only if it cannot be encoded, which no frame of ours does.
    pub fn of(frame: &ServerFrame) -> Option<Self> {
        serde_json::to_vec(frame).ok().map(|json| Self::text(&json))
    }

    /// An empty ping.
    pub fn ping() -> Self {
        Self(Bytes::from_static(&[PING, 0]))
    }

    /// The last frame of a socket.
    pub fn close(code: CloseCode) -> Self {
        let mut payload = Vec::with_capacity(2 + code.reason().len());
        payload.extend_from_slice(&code.number().to_be_bytes());
        payload.extend_from_slice(code.reason().as_bytes());
        Self(encode(CLOSE, &payload))
    }

    /// Bytes that were encoded elsewhere: the answers that the reader of a socket makes by itself.
    pub(super) fn encoded(bytes: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(bytes))
    }

    /// The bytes on the wire.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }
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
            let frame = Frame::text(&payload);
            let mut cursor = std::io::Cursor::new(frame.bytes());
            let (header, read) = FrameHeader::parse(&mut cursor).unwrap().unwrap();
            assert!(header.is_final && header.mask.is_none());
            assert_eq!(read, length as u64);
            assert_eq!(&frame.bytes()[cursor.position() as usize..], payload);
        }
    }

    #[test]
    fn a_close_frame_carries_its_code() {
        let frame = Frame::close(CloseCode::SessionEnded);
        assert_eq!(frame.bytes()[0], CLOSE);
        assert_eq!(&frame.bytes()[2..4], 4401u16.to_be_bytes());
        assert_eq!(frame.bytes()[1] as usize, frame.bytes().len() - 2);
    }
}
