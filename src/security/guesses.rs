//! How often somebody may be wrong about a password.
//!
//! Only wrong passwords count. Whoever logs in with the right one uses nothing up, so a campus
//! behind one address can log in at nine o'clock.
//!
//! A wrong password counts three times: for the handle from this network, for the handle from
//! everywhere, and for the network whatever the handle. A network from which the handle logged in
//! before has only the first limit. So strangers who guess at a handle do not lock its owner out
//! where the owner has been before. Changing a password has an allowance of its own, a session's.
//!
//! The counts are those of one server. Over several, the sums are as many times larger.

use std::{net::IpAddr, sync::Arc, time::Duration};

use app::{error::QuadError, model::Handle};

use super::{
    allowance::{Allowance, Entry, UsedUp},
    network::network,
};

/// The allowances.
#[derive(Debug)]
pub struct Guesses {
    at_handle_from: Allowance,
    at_handle: Allowance,
    from: Allowance,
    change: Allowance,
    lines: Allowance,
}

/// A guess that is allowed. Unless it is said to be [right](Self::right), it counts as wrong.
#[derive(Debug)]
pub struct Guess {
    /// `None` where nothing is limited.
    of: Option<Arc<Guesses>>,
    /// What was taken, and where.
    taken: Vec<(Which, Entry)>,
    /// Whose network is wrong if the guess is.
    from: Option<Entry>,
}

#[derive(Debug, Clone, Copy)]
enum Which {
    AtHandleFrom,
    AtHandle,
    Change,
}

impl Default for Guesses {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            at_handle_from: Allowance::new(seconds(20), 10),
            at_handle: Allowance::new(seconds(5), 100),
            from: Allowance::new(seconds(2), 50),
            change: Allowance::new(seconds(20), 10),
            lines: Allowance::new(seconds(1), 20),
        }
    }
}

impl Guesses {
    /// A log-in. At one handle: 10 at once and one in 20 s from one network, 100 at once and one in
    /// 5 s from all networks together that are not `known` to be the owner's. From one network that
    /// is not known: 50 at once and one in 2 s, whatever the handles. Errors: 429.
    pub fn log_in(
        self: &Arc<Self>,
        from: IpAddr,
        handle: Option<&Handle>,
        known: bool,
    ) -> Result<Guess, QuadError> {
        let network = network(from);
        let here = self.from.of(network);
        if !known {
            self.from.look(here).map_err(too_many)?;
        }
        let mut guess = Guess::of(self, Some(here));
        if let Some(handle) = handle {
            let pair = self.at_handle_from.of((handle.as_str(), network));
            guess.take(Which::AtHandleFrom, pair)?;
            if !known {
                guess.take(Which::AtHandle, self.at_handle.of(handle.as_str()))?;
            }
        }
        Ok(guess)
    }

    /// Somebody with a session says what the password was until now: 10 at once and one in 20 s, by
    /// session. Errors: 429.
    pub fn change(self: &Arc<Self>, session: &str) -> Result<Guess, QuadError> {
        let mut guess = Guess::of(self, None);
        guess.take(Which::Change, self.change.of(session))?;
        Ok(guess)
    }

    /// Whether what this address was refused shall stand in the log: 20 lines at once and one a
    /// second, so that a flood of requests is no flood of lines.
    pub fn may_log(&self, from: IpAddr) -> bool {
        self.lines.take(self.lines.of(network(from))).is_ok()
    }

    fn allowance(&self, which: Which) -> &Allowance {
        match which {
            Which::AtHandleFrom => &self.at_handle_from,
            Which::AtHandle => &self.at_handle,
            Which::Change => &self.change,
        }
    }
}

impl Guess {
    /// One that nobody counts: for load tests.
    pub fn unlimited() -> Self {
        Self {
            of: None,
            taken: Vec::new(),
            from: None,
        }
    }

    fn of(guesses: &Arc<Guesses>, from: Option<Entry>) -> Self {
        Self {
            of: Some(guesses.clone()),
            taken: Vec::new(),
            from,
        }
    }

    fn take(&mut self, which: Which, entry: Entry) -> Result<(), QuadError> {
        let Some(guesses) = &self.of else {
            return Ok(());
        };
        match guesses.allowance(which).take(entry) {
            Ok(()) => {
                self.taken.push((which, entry));
                Ok(())
            }
            Err(used_up) => {
                self.undo();
                Err(too_many(used_up))
            }
        }
    }

    /// It was right, or nothing was guessed after all: it does not count.
    pub fn right(mut self) {
        self.undo();
    }

    fn undo(&mut self) {
        if let Some(guesses) = self.of.take() {
            for (which, entry) in self.taken.drain(..) {
                guesses.allowance(which).give_back(entry);
            }
        }
    }
}

/// Whoever hangs up before the answer has guessed all the same.
impl Drop for Guess {
    fn drop(&mut self) {
        if let (Some(guesses), Some(from)) = (&self.of, self.from) {
            guesses.from.count(from);
        }
    }
}

fn too_many(UsedUp(ms): UsedUp) -> QuadError {
    QuadError::TooManyRequests {
        retry_after: ms.div_ceil(1_000).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> IpAddr {
        IpAddr::V4((0xC633_6400 + n).into())
    }

    fn handle(text: &str) -> Handle {
        text.parse().unwrap()
    }

    /// How many wrong ones are taken until one is refused.
    fn wrong(mut guess: impl FnMut(u32) -> Result<Guess, QuadError>) -> usize {
        let mut taken = |n| match guess(n) {
            Ok(guess) => {
                drop(guess);
                true
            }
            Err(QuadError::TooManyRequests { retry_after }) => {
                assert!((1..=20).contains(&retry_after), "{retry_after}");
                false
            }
            Err(other) => panic!("{other:?}"),
        };
        (0..1_000).take_while(|n| taken(*n)).count()
    }

    #[test]
    fn one_network_has_few_guesses_at_one_handle_and_others_still_have_theirs() {
        let guesses = Arc::new(Guesses::default());
        let ana = handle("ana");
        assert_eq!(wrong(|_| guesses.log_in(address(1), Some(&ana), false)), 10);
        assert!(guesses.log_in(address(2), Some(&ana), false).is_ok());
        assert!(
            guesses
                .log_in(address(1), Some(&handle("bob")), false)
                .is_ok()
        );
    }

    #[test]
    fn many_networks_share_the_guesses_at_one_handle_and_its_owner_is_let_through() {
        let guesses = Arc::new(Guesses::default());
        let ana = handle("ana");
        assert_eq!(
            wrong(|n| guesses.log_in(address(n), Some(&ana), false)),
            100
        );
        assert!(guesses.log_in(address(2_000), Some(&ana), false).is_err());
        let home = |_| guesses.log_in(address(2_000), Some(&ana), true);
        assert_eq!(wrong(home), 10, "the owner's network is limited too");
    }

    #[test]
    fn one_network_has_few_guesses_at_all_handles_together() {
        let guesses = Arc::new(Guesses::default());
        let of = |n| handle(&format!("u_{n}"));
        assert_eq!(
            wrong(|n| guesses.log_in(address(1), Some(&of(n)), false)),
            50
        );
        assert!(guesses.log_in(address(1), None, false).is_err());
        assert!(
            guesses
                .log_in(address(1), Some(&handle("ana")), true)
                .is_ok()
        );
    }

    #[test]
    fn an_ipv6_network_is_one_guesser() {
        let guesses = Arc::new(Guesses::default());
        let host = |n| IpAddr::V6((0x2001_0db8_u128 << 96 | u128::from(n)).into());
        let ana = handle("ana");
        assert_eq!(wrong(|n| guesses.log_in(host(n), Some(&ana), false)), 10);
    }

    #[test]
    fn right_passwords_use_nothing_up() {
        let guesses = Arc::new(Guesses::default());
        for n in 0..1_000 {
            let person = handle(&format!("u_{}", n % 3));
            let guess = guesses.log_in(address(1), Some(&person), n % 2 == 0);
            guess.unwrap().right();
        }
        assert_eq!(
            wrong(|n| guesses.log_in(address(1), Some(&handle(&format!("v_{n}"))), false)),
            50
        );
    }

    #[test]
    fn changing_a_password_and_logging_in_do_not_use_up_each_others_guesses() {
        let guesses = Arc::new(Guesses::default());
        let ana = handle("ana");
        assert_eq!(wrong(|_| guesses.log_in(address(1), Some(&ana), false)), 10);
        assert_eq!(wrong(|_| guesses.change("a session")), 10);
        assert!(guesses.change("another session").is_ok());
        assert!(guesses.log_in(address(2), Some(&ana), false).is_ok());
    }

    #[test]
    fn a_flood_of_refusals_is_no_flood_of_lines() {
        let guesses = Guesses::default();
        let lines = (0..1_000).filter(|_| guesses.may_log(address(1))).count();
        assert!((20..30).contains(&lines), "{lines}");
        assert!(guesses.may_log(address(2)));
    }
}
