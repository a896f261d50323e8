//! The clock: when operations are due, and how long after that their events arrive.

use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;

use crate::poll::Poll;
use crate::pool::{FIRST_TOKEN, Pool};
use crate::swarm::Swarm;

/// How long after the last operation events may still arrive before they count as lost.
const GRACE: Duration = Duration::from_secs(5);

/// The longest latency that is told apart from longer ones, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;

/// When operations are sent.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// So many a second, with gaps as independent people make them (exponential, from a fixed seed).
    Poisson(f64),
    /// So many a second, evenly.
    Even(f64),
    /// As fast as so many in flight allow; one is in flight until its answer and all of its events have arrived.
    InFlight(u64),
}

/// One measured stretch of operations.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// The number of the first operation.
    pub first: u64,
    /// When they are sent.
    pub pace: Pace,
    /// For how long.
    pub span: Duration,
    /// How many events one operation causes.
    pub events_each: u64,
}

/// What came of a load.
#[derive(Debug)]
pub struct Outcome {
    /// Operations sent.
    pub sent: u64,
    /// Operations that were refused.
    pub refused: u64,
    /// Events that arrived.
    pub arrived: u64,
    /// From the first due time to the last arrival.
    pub elapsed: Duration,
    /// Nanoseconds from the time an operation was *due* to the arrival of each of its events.
    pub latency: Histogram<u64>,
}

/// The load generator's sockets that listen, and the readiness of all sockets.
pub struct Client {
    /// Readiness of all of them.
    pub poll: Poll,
    /// Those that listen.
    pub swarm: Swarm,
}

impl Client {
    /// Runs a load to its end: every answer and every event is in, or the grace is over.
    pub fn run(&mut self, pool: &mut Pool, load: Load) -> Result<Outcome> {
        let span = nanos(load.span);
        let mut due = schedule(load.pace, span);
        let mut tally = Tally {
            first: load.first,
            arrived: 0,
            last: 0,
            latency: Histogram::new_with_max(LONGEST, 3)?,
        };
        let mut tokens = Vec::new();
        let mut sent = 0;
        let start = Instant::now();
        loop {
            let now = nanos(start.elapsed());
            if let Pace::InFlight(limit) = load.pace {
                let in_flight = |sent: usize, arrived| sent as u64 - arrived / load.events_each;
                while now < span && pool.has_idle() && in_flight(due.len(), tally.arrived) < limit {
                    due.push(now);
                    pool.submit(load.first + due.len() as u64 - 1, self.swarm.dialect())?;
                }
                sent = due.len();
            }
            while due.get(sent).is_some_and(|&time| time <= now) {
                pool.submit(load.first + sent as u64, self.swarm.dialect())?;
                sent += 1;
            }
            let over =
                sent == due.len() && (now >= span || !matches!(load.pace, Pace::InFlight(_)));
            if over && pool.is_quiet() && tally.arrived >= sent as u64 * load.events_each {
                break;
            }
            if now > span + nanos(GRACE) {
                break;
            }
            let next = due.get(sent).map_or(Duration::from_millis(20), |&time| {
                Duration::from_nanos(time - now)
            });
            self.poll.wait(next, &mut tokens)?;
            for &token in &tokens {
                if token >= FIRST_TOKEN {
                    pool.read(token, self.swarm.dialect())?;
                } else {
                    self.swarm.read(token as usize, |operation| {
                        tally.count(operation, &due, start)
                    })?;
                }
            }
        }
        Ok(Outcome {
            sent: sent as u64,
            refused: pool.take_refused(),
            arrived: tally.arrived,
            elapsed: Duration::from_nanos(tally.last),
            latency: tally.latency,
        })
    }

    /// Reads and answers for `span` without sending anything of its own.
    pub fn rest(&mut self, span: Duration) -> Result<()> {
        let end = Instant::now() + span;
        let mut tokens = Vec::new();
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.poll.wait(left, &mut tokens)?;
            for &token in &tokens {
                self.swarm.read(token as usize, |_| {})?;
            }
        }
        Ok(())
    }
}

/// What has arrived so far.
struct Tally {
    first: u64,
    arrived: u64,
    last: u64,
    latency: Histogram<u64>,
}

impl Tally {
    /// Counts an event. Those of an earlier load, which came too late for it, are not ours.
    fn count(&mut self, operation: u64, due: &[u64], start: Instant) {
        let index = operation
            .checked_sub(self.first)
            .and_then(|index| due.get(index as usize));
        if let Some(&time) = index {
            self.last = nanos(start.elapsed());
            self.arrived += 1;
            self.latency
                .saturating_record(self.last.saturating_sub(time));
        }
    }
}

/// The due times within `span`, in nanoseconds from the start. Empty for a load that is not timed.
fn schedule(pace: Pace, span: u64) -> Vec<u64> {
    let mut times = Vec::new();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut time = 0.0;
    while let Some(gap) = match pace {
        Pace::Even(rate) => Some(1e9 / rate),
        Pace::Poisson(rate) => Some(-uniform(&mut random).ln() * 1e9 / rate),
        Pace::InFlight(_) => None,
    } {
        time += gap;
        if time >= span as f64 {
            break;
        }
        times.push(time as u64);
    }
    times
}

/// The next of a fixed series of numbers in (0, 1], by SplitMix64.
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 + f64::EPSILON / 2.0
}

fn nanos(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}

/// A percentile in milliseconds.
pub fn millis(latency: &Histogram<u64>, quantile: f64) -> f64 {
    latency.value_at_quantile(quantile) as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_keep_their_rate() {
        for pace in [Pace::Even(2_000.0), Pace::Poisson(2_000.0)] {
            let times = schedule(pace, 10_000_000_000);
            assert!(
                (19_400..=20_600).contains(&times.len()),
                "{pace:?}: {}",
                times.len()
            );
            assert!(times.is_sorted());
        }
        assert!(schedule(Pace::InFlight(1), 1_000_000_000).is_empty());
    }
}
