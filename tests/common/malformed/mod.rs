//! WebSocket frames, byte by byte: some that no server may take, and some that only look so.

pub mod bytes;
pub mod text;

use serde_json::{Value, json};

use super::dice::Dice;

pub const CONTINUATION: u8 = 0x0;
pub const TEXT: u8 = 0x1;
pub const BINARY: u8 = 0x2;
pub const CLOSE: u8 = 0x8;
pub const PING: u8 = 0x9;
pub const PONG: u8 = 0xa;

/// One way to be malformed, or only odd.
pub struct Case {
    pub what: &'static str,
    pub bytes: Vec<u8>,
    /// The close codes that it may be answered with.
    pub closes: &'static [u16],
    /// Whether the socket may stay open.
    pub stays: bool,
    /// More would have to follow, so what follows is not read as a frame of its own.
    pub unfinished: bool,
}

impl Case {
    pub fn refused(what: &'static str, bytes: Vec<u8>) -> Self {
        Self::new(what, bytes, &[4400], false)
    }

    pub fn taken(what: &'static str, bytes: Vec<u8>) -> Self {
        Self::new(what, bytes, &[], true)
    }

    /// Answered with an error.
    pub fn wrong(what: &'static str, bytes: Vec<u8>) -> Self {
        Self::taken(what, bytes)
    }

    pub fn new(what: &'static str, bytes: Vec<u8>, closes: &'static [u16], stays: bool) -> Self {
        Self {
            what,
            bytes,
            closes,
            stays,
            unfinished: false,
        }
    }

    /// It never ends, so the peer hangs up instead.
    pub fn unfinished(what: &'static str, bytes: Vec<u8>) -> Self {
        Self {
            unfinished: true,
            ..Self::new(what, bytes, &[1005, 1006, 4400], false)
        }
    }
}

/// A frame as a client sends it: `first` holds FIN, the reserved bits and the opcode.
pub fn frame(dice: &mut Dice, first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, true, payload.len() as u64);
    let mask = (dice.roll() as u32).to_be_bytes();
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m));
    bytes
}

pub fn header(first: u8, masked: bool, length: u64) -> Vec<u8> {
    let mask = if masked { 0x80 } else { 0 };
    match length {
        0..=125 => vec![first, mask | length as u8],
        126..=0xffff => [&[first, mask | 126][..], &(length as u16).to_be_bytes()].concat(),
        _ => [&[first, mask | 127][..], &length.to_be_bytes()].concat(),
    }
}

pub fn whole(dice: &mut Dice, opcode: u8, payload: &[u8]) -> Vec<u8> {
    frame(dice, 0x80 | opcode, payload)
}

pub fn text(dice: &mut Dice, text: &str) -> Vec<u8> {
    whole(dice, TEXT, text.as_bytes())
}

/// Text in two to five pieces, with something between them.
pub fn pieces(dice: &mut Dice, text: &[u8], between: Option<(u8, &[u8])>) -> Vec<u8> {
    let count = 2 + dice.below(4);
    let mut bytes = Vec::new();
    let mut rest = text;
    for n in 0..count {
        let end = if n + 1 == count {
            rest.len()
        } else {
            dice.below(rest.len() + 1)
        };
        let opcode = if n == 0 { TEXT } else { CONTINUATION };
        let fin = if n + 1 == count { 0x80 } else { 0 };
        bytes.extend(frame(dice, fin | opcode, &rest[..end]));
        rest = &rest[end..];
        if let (Some((first, payload)), true) = (between, n + 1 < count) {
            bytes.extend(frame(dice, first, payload));
        }
    }
    bytes
}

/// Frames that would be taken as they are, and none of which changes anything.
pub fn models() -> [Value; 5] {
    let resume = json!({"epoch": "e", "seq": 0});
    [
        json!({"type": "unsubscribe", "ref": "r", "channel": "news"}),
        json!({"type": "subscribe", "ref": "r", "channel": "news", "resume": resume}),
        json!({"type": "subscribe", "ref": "r", "channel": "news", "last": 3}),
        json!({"type": "seen", "epoch": "e", "seq": 1}),
        json!({"type": "told", "epoch": "e", "outcome": "shown", "seqs": [1, 2]}),
    ]
}
