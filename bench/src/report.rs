//! Medians, ratios and aims, as a table for people.

use std::fmt::Write;

use crate::options::Scenario;
use crate::peers::Peer;
use crate::record::{Figures, Record, Traffic};

/// From which share of the CPU that went to other programs a figure is marked as disturbed.
const DISTURBED: f64 = 0.1;

/// Everything that was recorded, to be asked for medians.
#[derive(Debug, Default)]
pub struct Report {
    records: Vec<Record>,
}

/// A limit that the project sets itself, as a ratio to a peer or as a plain number.
struct Aim {
    what: &'static str,
    value: Option<f64>,
    limit: f64,
}

impl Report {
    /// Takes a record in.
    pub fn add(&mut self, record: Record) {
        self.records.push(record);
    }

    /// The whole report.
    pub fn render(&self) -> String {
        let mut out = String::new();
        for scenario in [Scenario::Like, Scenario::Fanout, Scenario::Saturation] {
            for size in self.sizes(scenario) {
                self.traffic_table(&mut out, scenario, size);
            }
        }
        for size in self.sizes(Scenario::Idle) {
            self.memory_table(&mut out, size);
        }
        self.aims_table(&mut out);
        out
    }

    fn traffic_table(&self, out: &mut String, scenario: Scenario, size: u64) {
        let (title, unit) = match scenario {
            Scenario::Like => (format!("likes at {size}/s, request to toast"), "like"),
            Scenario::Fanout => (format!("broadcast, 1 to {size}"), "delivery"),
            _ => (
                format!("likes, as many as it carries ({size} in flight)"),
                "like",
            ),
        };
        let columns = "   CPU µs      x   Redis µs    p50 ms    p99 ms  p99.9 ms  arrived/s";
        let _ = writeln!(
            out,
            "\n{title} (CPU a {unit}; x: of quad's)\n{:<10}{columns}",
            ""
        );
        let quad = self.median(scenario, Peer::Quad, size, |t| t.cpu_us);
        for peer in self.peers(scenario, size) {
            let of = |field: fn(&Traffic) -> f64| {
                self.median(scenario, peer, size, field).unwrap_or(f64::NAN)
            };
            let cpu = of(|t| t.cpu_us);
            let ratio = quad.map_or("-".into(), |quad| format!("{:.2}", cpu / quad));
            let _ = write!(
                out,
                "{:<10}{cpu:>9.1}{ratio:>7}{:>11.1}",
                peer.name(),
                of(|t| t.redis_cpu_us)
            );
            let _ = write!(
                out,
                "{:>10.2}{:>10.2}{:>10.2}",
                of(|t| t.p50_ms),
                of(|t| t.p99_ms),
                of(|t| t.p999_ms)
            );
            let _ = writeln!(
                out,
                "{:>11.0}{}",
                of(|t| t.per_second),
                self.trouble(scenario, peer, size)
            );
        }
    }

    /// What must not be overlooked: a rate that was not kept; losses and refusals, in all rounds together; other programs.
    fn trouble(&self, scenario: Scenario, peer: Peer, size: u64) -> String {
        let sum =
            |field: fn(&Traffic) -> u64| self.traffic(scenario, peer, size).map(field).sum::<u64>();
        let mut trouble = String::new();
        let rate = self
            .median(scenario, peer, size, |t| t.per_second)
            .unwrap_or(0.0);
        if scenario == Scenario::Like && rate < 0.95 * size as f64 {
            trouble.push_str("  full");
        }
        for (count, word) in [(sum(|t| t.lost), "lost"), (sum(|t| t.refused), "refused")] {
            if count > 0 {
                let _ = write!(trouble, "  {count} {word}");
            }
        }
        let others = self
            .median(scenario, peer, size, |t| t.others)
            .unwrap_or(0.0);
        if others > DISTURBED {
            let _ = write!(
                trouble,
                "  disturbed: others took {:.0}% of the CPU",
                others * 100.0
            );
        }
        trouble
    }

    fn memory_table(&self, out: &mut String, size: u64) {
        let _ = writeln!(
            out,
            "\n{size} registered sockets that do nothing\n{:<10}{:>12}",
            "", "kB a socket"
        );
        for peer in self.peers(Scenario::Idle, size) {
            let bytes = self.bytes_per_socket(peer, size).unwrap_or(f64::NAN);
            let _ = writeln!(out, "{:<10}{:>12.1}", peer.name(), bytes / 1000.0);
        }
    }

    fn aims_table(&self, out: &mut String) {
        let _ = writeln!(out, "\naims");
        for aim in self.aims() {
            let verdict = match aim.value {
                Some(value) if value <= aim.limit => format!("{value:>8.3}  met"),
                Some(value) => format!("{value:>8.3}  MISSED"),
                None => format!("{:>8}  not measured", "-"),
            };
            let _ = writeln!(out, "{:<58} <= {:<5} {verdict}", aim.what, aim.limit);
        }
    }

    fn aims(&self) -> Vec<Aim> {
        let ratio = |scenario, size, peer, field: fn(&Traffic) -> f64| {
            Some(
                self.median(scenario, Peer::Quad, size, field)?
                    / self.median(scenario, peer, size, field)?,
            )
        };
        let cpu = |scenario, size, peer| ratio(scenario, size, peer, |t| t.cpu_us);
        use Scenario::{Fanout, Like};
        let aim = |what, value, limit| Aim { what, value, limit };
        vec![
            aim(
                "CPU a like at 2,000/s, to Socket.IO's",
                cpu(Like, 2000, Peer::SocketIo),
                0.1,
            ),
            aim(
                "p99 of the same, to Socket.IO's",
                ratio(Like, 2000, Peer::SocketIo, |t| t.p99_ms),
                0.2,
            ),
            aim(
                "CPU a delivery, 1 to 1,000, to the floor's",
                cpu(Fanout, 1000, Peer::Floor),
                1.25,
            ),
            aim(
                "CPU a delivery, 1 to 9,000, to the floor's",
                cpu(Fanout, 9000, Peer::Floor),
                1.25,
            ),
            aim(
                "CPU a delivery, 1 to 1,000, to nchan's",
                cpu(Fanout, 1000, Peer::Nchan),
                1.0,
            ),
            aim(
                "CPU a delivery, 1 to 9,000, to nchan's",
                cpu(Fanout, 9000, Peer::Nchan),
                1.0,
            ),
            aim(
                "resident kB an idle registered socket, at 10,000",
                self.bytes_per_socket(Peer::Quad, 10_000)
                    .map(|bytes| bytes / 1000.0),
                6.0,
            ),
        ]
    }

    fn sizes(&self, scenario: Scenario) -> Vec<u64> {
        let mut sizes: Vec<_> = self
            .records
            .iter()
            .filter(|r| r.scenario == scenario)
            .map(|r| r.size)
            .collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    fn peers(&self, scenario: Scenario, size: u64) -> impl Iterator<Item = Peer> {
        [Peer::Quad, Peer::SocketIo, Peer::Nchan, Peer::Floor]
            .into_iter()
            .filter(move |&peer| {
                self.records
                    .iter()
                    .any(|r| (r.scenario, r.peer, r.size) == (scenario, peer, size))
            })
    }

    fn traffic(&self, scenario: Scenario, peer: Peer, size: u64) -> impl Iterator<Item = &Traffic> {
        self.records
            .iter()
            .filter(move |r| (r.scenario, r.peer, r.size) == (scenario, peer, size))
            .filter_map(Record::traffic)
    }

    fn median(
        &self,
        scenario: Scenario,
        peer: Peer,
        size: u64,
        field: fn(&Traffic) -> f64,
    ) -> Option<f64> {
        median(self.traffic(scenario, peer, size).map(field).collect())
    }

    fn bytes_per_socket(&self, peer: Peer, size: u64) -> Option<f64> {
        let records = self
            .records
            .iter()
            .filter(|r| r.peer == peer && r.size == size);
        median(
            records
                .filter_map(|r| match r.figures {
                    Figures::Memory {
                        bytes_per_socket, ..
                    } => Some(bytes_per_socket),
                    Figures::Traffic(_) => None,
                })
                .collect(),
        )
    }
}

/// The middle value; of an even number, the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len().is_multiple_of(2) {
        (values[middle - 1] + upper) / 2.0
    } else {
        upper
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(peer: Peer, round: u32, cpu_us: f64) -> Record {
        let traffic = Traffic {
            cpu_us,
            redis_cpu_us: 0.0,
            client_cpu_us: 0.0,
            p50_ms: 1.0,
            p99_ms: 2.0,
            p999_ms: 3.0,
            max_ms: 4.0,
            per_second: 1.0,
            sent: 1,
            refused: 0,
            lost: 0,
            others: 0.0,
        };
        Record::new(
            Scenario::Fanout,
            peer,
            1000,
            round,
            Figures::Traffic(traffic),
        )
    }

    #[test]
    fn the_median_of_the_rounds_is_held_against_the_aim() {
        let mut report = Report::default();
        for (round, cpu) in [(1, 8.0), (2, 50.0), (3, 7.0)] {
            report.add(delivery(Peer::Quad, round, cpu));
            report.add(delivery(Peer::Floor, round, 7.0));
        }
        let text = report.render();
        let aim = text
            .lines()
            .find(|line| line.starts_with("CPU a delivery, 1 to 1,000, to the floor's"));
        assert!(
            aim.is_some_and(|line| line.ends_with("1.143  met")),
            "{text}"
        );
    }

    #[test]
    fn an_even_number_has_two_in_the_middle() {
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }
}
