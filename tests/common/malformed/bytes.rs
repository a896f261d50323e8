//! What a frame itself is made of.

use super::{
    BINARY, CLOSE, CONTINUATION, Case, PING, PONG, TEXT, frame, header, models, pieces, whole,
};
use crate::common::dice::Dice;

/// Bytes that are no frames, or none that may be sent.
pub fn malformed_bytes(dice: &mut Dice) -> Case {
    let good = dice.pick(&models()).to_string().into_bytes();
    let noise: Vec<u8> = (0..dice.below(300)).map(|_| dice.roll() as u8).collect();
    match dice.below(18) {
        0 => {
            let broken = dice.pick(&[
                &b"\xff"[..],
                b"\xc0\xaf",
                b"\xed\xa0\x80",
                b"\xf4\x90\x80\x80",
                b"\xe2\x28\xa1",
                b"\x80",
            ]);
            let mut bytes = good.clone();
            let at = dice.below(bytes.len());
            bytes.splice(at..at, broken.iter().copied());
            Case::new("not UTF-8", whole(dice, TEXT, &bytes), &[1007], false)
        }
        1 => {
            let bytes = [&good[..], b"\xe2\x82"].concat();
            Case::new(
                "not UTF-8, in pieces",
                pieces(dice, &bytes, None),
                &[1007],
                false,
            )
        }
        2 => Case::refused("binary", whole(dice, BINARY, &noise)),
        3 => {
            let opcode = dice.pick(&[0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf]);
            Case::refused("of a reserved opcode", whole(dice, opcode, &good[..20]))
        }
        4 => {
            let reserved = (1 + dice.below(7) as u8) << 4;
            Case::refused(
                "with reserved bits",
                frame(dice, 0x80 | reserved | TEXT, &good),
            )
        }
        5 => {
            let opcode = dice.pick(&[TEXT, BINARY, PING]);
            let mut bytes = header(0x80 | opcode, false, good.len() as u64);
            bytes.extend(&good);
            Case::refused("not masked", bytes)
        }
        6 => {
            let length = (64 << 10) + 1 + dice.roll() % (1 << 40);
            Case::new(
                "too long, as it says",
                header(0x80 | TEXT, true, length),
                &[1009],
                false,
            )
        }
        7 => {
            let length = dice.pick(&[u64::MAX, 1 << 63, (1 << 63) - 1]);
            Case::new(
                "of an impossible length",
                header(0x80 | TEXT, true, length),
                &[1009, 4400],
                false,
            )
        }
        8 => {
            let long = vec![b' '; (64 << 10) + 1 + dice.below(1_000)];
            Case::new("too long", whole(dice, TEXT, &long), &[1009], false)
        }
        9 => {
            let half = vec![b' '; 40 << 10];
            let bytes = [frame(dice, TEXT, &half), frame(dice, 0x80, &half)].concat();
            Case::new("too long together", bytes, &[1009], false)
        }
        10 => {
            let opcode = dice.pick(&[PING, PONG, CLOSE]);
            Case::refused("a long control frame", whole(dice, opcode, &[b'x'; 126]))
        }
        11 => {
            let opcode = dice.pick(&[PING, PONG, CLOSE]);
            Case::refused("a control frame in pieces", frame(dice, opcode, b"x"))
        }
        12 => {
            let fin = dice.pick(&[0x80, 0]);
            Case::refused("a continuation of nothing", frame(dice, fin, &good))
        }
        13 => {
            let bytes = [frame(dice, TEXT, &good[..5]), whole(dice, TEXT, &good)].concat();
            Case::refused("text amid text", bytes)
        }
        14 => {
            let mut bytes = frame(dice, TEXT, &good);
            for _ in 0..dice.below(5) {
                bytes.extend(frame(dice, CONTINUATION, &noise));
            }
            // What does not end may be known not to be text before.
            Case {
                closes: &[1005, 1006, 1007, 4400],
                ..Case::unfinished("pieces without an end", bytes)
            }
        }
        15 => {
            let bytes = whole(dice, TEXT, &good);
            let end = 1 + dice.below(bytes.len() - 1);
            Case::unfinished("half a frame", bytes[..end].to_vec())
        }
        16 => Case::refused("a close frame of one byte", whole(dice, CLOSE, &[3])),
        _ => {
            let (code, why) = dice.pick(&[
                (0u16, &b""[..]),
                (999, b"x"),
                (1005, b""),
                (1006, b""),
                (1015, b""),
                (5000, b"x"),
                (65535, b""),
                (1000, b"\xff"),
            ]);
            let payload = [&code.to_be_bytes()[..], why].concat();
            Case::new(
                "a close frame that says nonsense",
                whole(dice, CLOSE, &payload),
                &[1000, 1002, 1005, 1007, 4400],
                false,
            )
        }
    }
}

/// Bytes that are frames, if not as anybody sends them.
pub fn odd_bytes(dice: &mut Dice) -> Case {
    let good = dice.pick(&models()).to_string().into_bytes();
    match dice.below(5) {
        0 => Case::taken("in pieces", pieces(dice, &good, None)),
        1 => Case::taken(
            "in pieces, pinged between",
            pieces(dice, &good, Some((0x80 | PING, b"hello"))),
        ),
        2 => Case::taken(
            "in pieces of nothing",
            pieces(dice, &good, Some((CONTINUATION, b""))),
        ),
        3 => Case::taken("a pong that nobody asked for", whole(dice, PONG, &[0; 125])),
        _ => {
            let mut bytes = header(0x80 | TEXT, true, good.len() as u64);
            bytes.extend([0; 4]);
            bytes.extend(&good);
            Case::taken("masked with nothing", bytes)
        }
    }
}
