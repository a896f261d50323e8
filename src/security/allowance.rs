//! An allowance that is used up by what goes wrong, and given back where it went right.
//!
//! It is the generic cell rate algorithm over a fixed table: each entry holds the moment at which
//! its caller will have paid for everything. A table does not grow, whoever comes; two callers who
//! meet in one entry share it, which neither notices unless the other is far beyond what people do.

use std::{
    hash::{BuildHasher, Hash, RandomState},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

/// Entries of a table: half a MiB.
const ENTRIES: u64 = 1 << 16;

/// So many at once, and one more after each period.
#[derive(Debug)]
pub struct Allowance {
    every: u64,
    /// How far ahead of now the debt of one caller may reach.
    ahead: u64,
    /// In milliseconds since `begin`.
    table: Box<[AtomicU64]>,
    /// Seeded at random, so that nobody can choose whose entry to share.
    hasher: RandomState,
    begin: Instant,
}

/// Where a caller's allowance stands in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry(usize);

/// There is nothing left; milliseconds until there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsedUp(pub u64);

impl Allowance {
    /// `burst` at once, and one more after each `every`.
    pub fn new(every: Duration, burst: u64) -> Self {
        let every = every.as_millis() as u64;
        Self {
            every,
            ahead: every * burst,
            table: (0..ENTRIES).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
            begin: Instant::now(),
        }
    }

    /// Where this caller's allowance stands.
    pub fn of(&self, caller: impl Hash) -> Entry {
        Entry((self.hasher.hash_one(caller) % ENTRIES) as usize)
    }

    /// Takes one.
    pub fn take(&self, entry: Entry) -> Result<(), UsedUp> {
        let (now, most) = self.now_and_most();
        let one_more = |paid: u64| Some(paid.max(now) + self.every).filter(|paid| *paid <= most);
        let taken = self.table[entry.0].fetch_update(Relaxed, Relaxed, one_more);
        taken
            .map(drop)
            .map_err(|paid| UsedUp(paid + self.every - most))
    }

    /// Whether one could be taken.
    pub fn look(&self, entry: Entry) -> Result<(), UsedUp> {
        let (now, most) = self.now_and_most();
        let paid = self.table[entry.0].load(Relaxed).max(now) + self.every;
        if paid <= most {
            Ok(())
        } else {
            Err(UsedUp(paid - most))
        }
    }

    /// Takes one, or what is left.
    pub fn count(&self, entry: Entry) {
        let (now, most) = self.now_and_most();
        let one_more = |paid: u64| Some((paid.max(now) + self.every).min(most.max(paid)));
        let _ = self.table[entry.0].fetch_update(Relaxed, Relaxed, one_more);
    }

    /// Gives back what was taken.
    pub fn give_back(&self, entry: Entry) {
        let one_less = |paid: u64| Some(paid.saturating_sub(self.every));
        let _ = self.table[entry.0].fetch_update(Relaxed, Relaxed, one_less);
    }

    fn now_and_most(&self) -> (u64, u64) {
        let now = self.begin.elapsed().as_millis() as u64;
        (now, now + self.ahead)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn at_once(mut take: impl FnMut() -> Result<(), UsedUp>) -> usize {
        (0..1_000).take_while(|_| take().is_ok()).count()
    }

    #[test]
    fn a_burst_is_allowed_and_then_it_is_said_when_to_come_back() {
        let allowance = Allowance::new(HOUR, 5);
        let ana = allowance.of("ana");
        assert_eq!(at_once(|| allowance.take(ana)), 5);
        let UsedUp(wait) = allowance.take(ana).unwrap_err();
        assert!((3_590_000..=3_600_000).contains(&wait), "{wait}");
        assert!(allowance.look(ana).is_err());
        assert!(allowance.take(allowance.of("bob")).is_ok());
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let allowance = Allowance::new(HOUR, 2);
        let ana = allowance.of("ana");
        for _ in 0..100 {
            allowance.take(ana).unwrap();
            allowance.give_back(ana);
        }
        assert_eq!(at_once(|| allowance.take(ana)), 2);
    }

    #[test]
    fn looking_takes_nothing_and_counting_never_takes_more_than_there_is() {
        let allowance = Allowance::new(HOUR, 3);
        let ana = allowance.of("ana");
        (0..10).for_each(|_| allowance.look(ana).unwrap());
        (0..10).for_each(|_| allowance.count(ana));
        let UsedUp(wait) = allowance.look(ana).unwrap_err();
        assert!(wait <= 3_600_000, "{wait}");
        allowance.give_back(ana);
        assert!(allowance.look(ana).is_ok());
    }

    #[test]
    fn it_comes_back_with_time() {
        let allowance = Allowance::new(Duration::from_millis(5), 1);
        let ana = allowance.of("ana");
        allowance.take(ana).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        assert!(allowance.take(ana).is_ok());
    }
}
