//! The time that counts is the store's. Each server asks for it every few seconds and notes how far its
//! own clock is off, so that a time which one server wrote means the same to all others.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use super::{Store, StoreError, keys, script::Script};

static CLOCK: LazyLock<Script> =
    LazyLock::new(|| Script::new(&[include_str!("clock.lua"), "return clock()"]));

/// How far the store's clock is ahead of this machine's, in milliseconds. A process has one store.
static AHEAD: AtomicI64 = AtomicI64::new(0);

/// Now by the store's clock, in milliseconds since 1970, UTC.
pub fn now() -> u64 {
    here().saturating_add_signed(AHEAD.load(Ordering::Relaxed))
}

/// Now by this machine's clock.
fn here() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_millis() as u64)
}

/// A question for the store's time that is on its way.
pub(super) struct Asked(u64);

impl Asked {
    /// To be called right before the store is asked.
    pub(super) fn now() -> Self {
        Self(here())
    }

    /// The store answered that this is the time.
    pub(super) fn answered(self, time: u64) {
        let known = AHEAD.load(Ordering::Relaxed);
        AHEAD.store(ahead(known, self.0, time, here()), Ordering::Relaxed);
    }
}

/// How far the store's clock is ahead, where it showed `time` at some moment between `before` and `after`
/// by this machine's clock. What is known stays where it can be true, so that a slow answer changes
/// nothing.
fn ahead(known: i64, before: u64, time: u64, after: u64) -> i64 {
    let difference = |here: u64| time as i64 - here as i64;
    // The store's time was cut off to whole milliseconds, and so was ours.
    let (least, most) = (difference(after) - 1, difference(before) + 1);
    if (least..=most).contains(&known) {
        known
    } else {
        least + (most - least) / 2
    }
}

impl Store {
    /// Asks for the store's time.
    pub async fn keep_time(&self) -> Result<(), StoreError> {
        let asked = Asked::now();
        let time = self.link().script(&CLOCK, keys::SERVERS, |_| {}).await?;
        asked.answered(time);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::ahead;

    #[test]
    fn the_difference_of_two_clocks_is_known_as_well_as_the_answer_was_quick() {
        for (known, before, time, after, expected) in [
            // The clocks agree, and the answer was quick, or slow.
            (0, 1_000, 1_000, 1_000, 0),
            (0, 1_000, 1_002, 1_005, 0),
            (0, 1_000, 3_900, 5_000, 0),
            // The store's clock is ahead, or behind.
            (0, 1_000, 21_000, 1_000, 20_000),
            (0, 50_000, 30_001, 50_002, -20_000),
            // What is known stays, also where a slow answer allows for more.
            (20_000, 1_000, 21_001, 1_001, 20_000),
            (20_000, 1_000, 21_900, 4_000, 20_000),
            // It is measured anew where it cannot be true any more.
            (20_000, 1_000, 1_001, 1_002, 0),
        ] {
            let found = ahead(known, before, time, after);
            assert_eq!(found, expected, "{known} {before} {time} {after}");
        }
    }
}
