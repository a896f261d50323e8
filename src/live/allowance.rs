//! How much a client may say: so many frames a second, whole ones or pieces of one.

use tokio::time::Instant;

/// Frames a second, on average, and in a burst.
const FRAMES_PER_SECOND: f64 = 50.0;
const BURST: f64 = 400.0;

/// How many frames a client may still send: a bucket that fills with time.
pub(super) struct Allowance {
    left: f64,
    at: Instant,
}

impl Allowance {
    pub(super) fn new() -> Self {
        Self {
            left: BURST,
            at: Instant::now(),
        }
    }

    pub(super) fn take(&mut self) -> bool {
        let now = Instant::now();
        let earned = (now - self.at).as_secs_f64() * FRAMES_PER_SECOND;
        self.left = (self.left + earned).min(BURST) - 1.0;
        self.at = now;
        self.left >= 0.0
    }
}

/// Finds where frames begin in the bytes of a WebSocket, RFC 6455, section 5.2. The library hands
/// out whole messages only, so it hides how many pieces, empty ones among them, one was made of.
#[derive(Debug, Default)]
pub(super) struct FrameCounter {
    /// Bytes of the frame that is passing, which may be skipped.
    skip: u64,
    /// Its head, as far as it is here: two bytes, and eight of a length at most.
    head: [u8; 10],
    known: usize,
}

impl FrameCounter {
    /// How many frames begin in the bytes that come next.
    pub(super) fn count(&mut self, mut bytes: &[u8]) -> u32 {
        let mut begun = 0;
        while !bytes.is_empty() {
            if self.skip > 0 {
                let skipped =
                    usize::try_from(self.skip).map_or(bytes.len(), |n| n.min(bytes.len()));
                bytes = &bytes[skipped..];
                self.skip -= skipped as u64;
                continue;
            }
            begun += u32::from(self.known == 0);
            self.head[self.known] = bytes[0];
            self.known += 1;
            bytes = &bytes[1..];
            if let Some(rest) = self.rest() {
                self.skip = rest;
                self.known = 0;
            }
        }
        begun
    }

    /// What follows the head: mask and payload. `None` until the head is whole.
    fn rest(&self) -> Option<u64> {
        let head = &self.head[..self.known];
        let (second, length) = (*head.get(1)?, &head[2..]);
        let payload = match (second & 0x7f, length) {
            (126, &[a, b]) => u16::from_be_bytes([a, b]).into(),
            (127, &[a, b, c, d, e, f, g, h]) => u64::from_be_bytes([a, b, c, d, e, f, g, h]),
            (126 | 127, _) => return None,
            (short, _) => short.into(),
        };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        Some(payload.saturating_add(mask))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_allowed_and_then_so_many_a_second() {
        let mut allowance = Allowance::new();
        assert!((0..BURST as usize).all(|_| allowance.take()));
        assert!(!allowance.take());
        tokio::time::advance(Duration::from_secs(2)).await;
        let taken = (0..1000).take_while(|_| allowance.take()).count();
        assert_eq!(taken, 2 * FRAMES_PER_SECOND as usize - 1);
    }

    fn frame(length: usize) -> Vec<u8> {
        let mut frame = vec![0x00];
        match length {
            0..126 => frame.push(0x80 | length as u8),
            126..65_536 => {
                frame.push(0x80 | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            _ => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend([0x81; 4]);
        frame.resize(frame.len() + length, 0x81);
        frame
    }

    #[test]
    fn each_frame_is_counted_however_its_bytes_arrive() {
        let lengths = [0, 1, 0, 125, 126, 65_535, 65_536, 0, 3, 200];
        let bytes: Vec<u8> = lengths.into_iter().flat_map(frame).collect();
        for chunk in [1, 2, 3, 7, 512, 100_000, usize::MAX] {
            let mut counter = FrameCounter::default();
            let counted: u32 = bytes
                .chunks(chunk.min(bytes.len()))
                .map(|chunk| counter.count(chunk))
                .sum();
            assert_eq!(counted as usize, lengths.len(), "{chunk}");
        }
    }

    #[test]
    fn a_frame_of_any_length_is_one() {
        let mut counter = FrameCounter::default();
        let mut head = vec![0x02, 0xff];
        head.extend(u64::MAX.to_be_bytes());
        assert_eq!(counter.count(&head), 1);
        assert_eq!(counter.count(&[0; 4096]), 0);
    }
}
