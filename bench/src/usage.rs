//! What processes have used, from `/proc`: CPU time and resident memory of a server with all of its children.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// CPU time so far and memory now, summed over a process and its descendants.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// User and system time.
    pub cpu: Duration,
    /// Resident memory in bytes.
    pub resident: u64,
}

impl Usage {
    /// Reads it for `pid` and all that it started.
    pub fn of_tree(pid: u32) -> Result<Self> {
        let mut total = Self::of(pid)?;
        for child in children(pid)? {
            let usage = Self::of_tree(child)?;
            total.cpu += usage.cpu;
            total.resident += usage.resident;
        }
        Ok(total)
    }

    /// Reads it for one process.
    pub fn of(pid: u32) -> Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("the server is gone")?;
        let rollup =
            fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).context("smaps_rollup")?;
        let ticks = cpu_ticks(&stat).context("/proc/PID/stat")?;
        let kilobytes = resident_kilobytes(&rollup).context("/proc/PID/smaps_rollup")?;
        Ok(Self {
            cpu: from_ticks(ticks),
            resident: kilobytes * 1024,
        })
    }
}

/// How long all cores together have been busy so far, with whatever it was.
pub fn machine_busy() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/stat").context("/proc/stat")?;
    busy_ticks(&stat).map(from_ticks).context("/proc/stat")
}

fn from_ticks(ticks: u64) -> Duration {
    Duration::from_nanos(ticks * 1_000_000_000 / rustix::param::clock_ticks_per_second())
}

/// All of the first line but the 4th and 5th field, which are idleness, and the guests, who are counted before.
fn busy_ticks(stat: &str) -> Option<u64> {
    let fields = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = fields
        .split_whitespace()
        .map_while(|field| field.parse().ok())
        .collect();
    Some(ticks.get(..3)?.iter().sum::<u64>() + ticks.get(5..8)?.iter().sum::<u64>())
}

/// `utime` and `stime`: the 14th and 15th field, counted past the name in brackets, which may hold anything.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

fn resident_kilobytes(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn children(pid: u32) -> Result<Vec<u32>> {
    let mut children = Vec::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).context("the server is gone")? {
        let list = fs::read_to_string(task?.path().join("children")).unwrap_or_default();
        children.extend(
            list.split_whitespace()
                .filter_map(|pid| pid.parse::<u32>().ok()),
        );
    }
    Ok(children)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_found_behind_any_name() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 1 0 100 0 0";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(
            resident_kilobytes("0-0 ---p\nRss:                1234 kB\nPss: 9 kB\n"),
            Some(1234)
        );
    }

    #[test]
    fn idleness_and_guests_are_not_busy() {
        let stat = "cpu  1 2 3 1000 1000 4 5 6 1000 1000\ncpu0 9 9 9\n";
        assert_eq!(busy_ticks(stat), Some(21));
    }

    #[test]
    fn our_own_usage_can_be_read() {
        let usage = Usage::of_tree(std::process::id());
        assert!(usage.is_ok_and(|usage| usage.resident > 100_000));
    }
}
