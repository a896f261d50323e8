//! When to come back after a socket ended.
//!
//! Delays grow and carry full jitter, so that a restarted server is not met by everybody in the
//! same instant. Clock and chance are handed in: no test has to wait.

use crate::event::{is_final, is_throttled};

/// The longest first delay.
const BASE_MS: f64 = 1_000.0;
/// Delays grow no further than this.
const CAP_MS: f64 = 30_000.0;
/// How long to stay away at least where the server said that it was too much.
const THROTTLED_MS: f64 = 30_000.0;
/// A socket that lived this long was a success; one that dies sooner is not, though it registered.
const STABLE_MS: u64 = 10_000;

/// What to do after a socket ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Never come back by oneself.
    Stop,
    /// Come back after this long, or as soon as things look better.
    Wait {
        /// Milliseconds.
        ms: u32,
        /// Whether good news may cut the wait short.
        may_hasten: bool,
    },
}

/// How often it went wrong of late.
#[derive(Debug, Clone, Default)]
pub(crate) struct Backoff {
    failures: u32,
    registered_at: Option<u64>,
}

impl Backoff {
    /// The server knows the socket.
    pub(crate) fn registered(&mut self, now: u64) {
        self.registered_at.get_or_insert(now);
    }

    /// A socket ended. `chance` is in 0..1; `code` is missing where none was sent.
    pub(crate) fn ended(&mut self, code: Option<u16>, now: u64, chance: f64) -> Verdict {
        let code = code.unwrap_or(1006);
        if is_final(code) {
            return Verdict::Stop;
        }
        let lived = self
            .registered_at
            .take()
            .map(|then| now.saturating_sub(then));
        if lived.is_some_and(|lived| lived >= STABLE_MS) {
            self.failures = 0;
        }
        let growth = f64::from(2_u32.saturating_pow(self.failures.min(16)));
        self.failures = self.failures.saturating_add(1);
        let jitter = chance.clamp(0.0, 1.0) * (BASE_MS * growth).min(CAP_MS);
        let throttled = is_throttled(code);
        let floor = if throttled { THROTTLED_MS } else { 0.0 };
        Verdict::Wait {
            ms: (floor + jitter) as u32,
            may_hasten: !throttled,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(verdict: Verdict) -> u32 {
        match verdict {
            Verdict::Wait { ms, .. } => ms,
            Verdict::Stop => panic!("stopped"),
        }
    }

    #[test]
    fn delays_double_up_to_the_cap() {
        let mut backoff = Backoff::default();
        let delays: Vec<_> = (0..8).map(|_| wait(backoff.ended(None, 0, 1.0))).collect();
        assert_eq!(
            delays,
            [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]
        );
    }

    #[test]
    fn chance_spreads_over_the_whole_delay() {
        let mut backoff = Backoff::default();
        assert_eq!(wait(backoff.ended(Some(1006), 0, 0.0)), 0);
        assert_eq!(wait(backoff.ended(Some(1012), 0, 0.5)), 1_000);
    }

    #[test]
    fn only_a_socket_that_lasted_makes_up_for_failures() {
        let mut backoff = Backoff::default();
        backoff.ended(None, 0, 1.0);
        backoff.registered(1_000);
        assert_eq!(wait(backoff.ended(None, 1_500, 1.0)), 2_000);
        backoff.registered(2_000);
        backoff.registered(11_000);
        assert_eq!(wait(backoff.ended(None, 12_000, 1.0)), 1_000);
    }

    #[test]
    fn final_codes_stop() {
        for code in [1007, 1009, 4400, 4401, 4403, 4408] {
            assert_eq!(Backoff::default().ended(Some(code), 0, 0.5), Verdict::Stop);
        }
    }

    #[test]
    fn after_too_much_at_once_nothing_comes_before_thirty_seconds() {
        for code in [4409, 4429] {
            let verdict = Backoff::default().ended(Some(code), 0, 0.0);
            let expected = Verdict::Wait {
                ms: 30_000,
                may_hasten: false,
            };
            assert_eq!(verdict, expected);
        }
    }
}
