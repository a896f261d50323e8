//! The four scenarios. Each starts a fresh server, so that none inherits another's state.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::load::{Client, Load, Outcome, Pace, millis};
use crate::options::{Arrivals, Options, Scenario};
use crate::peers::{Job, Peer, Places, Server};
use crate::poll::Poll;
use crate::pool::Pool;
use crate::record::{Figures, Record, Traffic};
use crate::swarm::Swarm;
use crate::usage::{Usage, machine_busy};

/// Traffic before each measurement that is not counted: caches fill, compilers warm up.
const WARM_UP: Duration = Duration::from_millis(700);
/// How long memory is left to settle after the last socket.
const SETTLE: Duration = Duration::from_secs(2);
/// Likes in flight at saturation.
const IN_FLIGHT: u64 = 100;

/// Runs one scenario on one peer and hands each record to `keep`.
pub fn run(
    scenario: Scenario,
    peer: Peer,
    round: u32,
    options: &Options,
    places: &Places,
    mut keep: impl FnMut(Record) -> Result<()>,
) -> Result<()> {
    let mut keep = |size, figures| keep(Record::new(scenario, peer, size, round, figures));
    let job = job(scenario, options);
    let mut bench = Bench::start(peer, &job, places, options)?;
    let measured = match scenario {
        Scenario::Like => options.rates.iter().try_for_each(|&rate| {
            let pace = match options.arrivals {
                Arrivals::Poisson => Pace::Poisson(rate as f64),
                Arrivals::Even => Pace::Even(rate as f64),
            };
            keep(rate, bench.traffic(pace, 1, options.span())?)
        }),
        Scenario::Fanout => options.subscribers.iter().try_for_each(|&subscribers| {
            bench
                .client
                .swarm
                .grow(subscribers as usize, &mut bench.client.poll)?;
            let pace = Pace::Even((options.deliveries as f64 / subscribers as f64).max(1.0));
            keep(
                subscribers,
                bench.traffic(pace, subscribers, options.span())?,
            )
        }),
        Scenario::Saturation => bench
            .traffic(Pace::InFlight(IN_FLIGHT), 1, options.span())
            .and_then(|found| keep(IN_FLIGHT, found)),
        // It has no peers and is run before all others.
        Scenario::Sizes => Ok(()),
        Scenario::Idle => bench
            .memory(options.sockets)
            .and_then(|found| keep(options.sockets, found)),
    };
    measured.with_context(|| format!("the end of the server's log:\n{}", bench.server.log_end()))
}

/// What a server is started for in a scenario.
pub fn job(scenario: Scenario, options: &Options) -> Job {
    match scenario {
        Scenario::Like | Scenario::Saturation => Job::Likes(options.pairing()),
        Scenario::Fanout => Job::Broadcast {
            sockets: options.subscribers.iter().copied().max().unwrap_or(0),
        },
        Scenario::Idle => Job::Idle {
            sockets: options.sockets,
        },
        Scenario::Sizes => Job::Idle { sockets: 0 },
    }
}

/// A server and the client that measures it.
struct Bench {
    /// First, so that its sockets close before the server is told to stop.
    client: Client,
    server: Server,
    /// How many connections operations are sent on.
    connections: usize,
    /// The next operation that has not been yet.
    next: u64,
    /// How many there can be before one would be a repeat.
    limit: u64,
}

impl Bench {
    fn start(peer: Peer, job: &Job, places: &Places, options: &Options) -> Result<Self> {
        let (server, dialect) = peer.start(job, places)?;
        let mut client = Client {
            poll: Poll::new()?,
            swarm: Swarm::new(server.address, dialect),
        };
        let (sockets, connections, limit) = match job {
            Job::Likes(pairing) => (
                pairing.owners as usize,
                options.connections,
                pairing.capacity(),
            ),
            // Broadcasts come from one program, and the floor serves but one.
            Job::Broadcast { .. } | Job::Idle { .. } => (0, 1, u64::MAX),
        };
        client.swarm.grow(sockets, &mut client.poll)?;
        Ok(Self {
            client,
            server,
            connections,
            next: 0,
            limit,
        })
    }

    /// Warms up, measures, and divides what was used by what arrived.
    fn traffic(&mut self, pace: Pace, events_each: u64, span: Duration) -> Result<Figures> {
        let mut pool = Pool::connect(self.server.address, self.connections, &self.client.poll)?;
        self.load(&mut pool, pace, events_each, WARM_UP)?;
        let (began, busy) = (Instant::now(), machine_busy()?);
        let before = self.usages()?;
        let outcome = self.load(&mut pool, pace, events_each, span)?;
        let after = self.usages()?;
        let spent = |index: usize| (after[index].cpu - before[index].cpu).as_secs_f64();
        let each = |index| spent(index) * 1e6 / outcome.arrived.max(1) as f64;
        let others = (machine_busy()? - busy).as_secs_f64() - spent(0) - spent(1) - spent(2);
        let cores = std::thread::available_parallelism()?.get() as f64;
        let latency = &outcome.latency;
        Ok(Figures::Traffic(Traffic {
            cpu_us: each(0),
            redis_cpu_us: each(1),
            client_cpu_us: each(2),
            p50_ms: millis(latency, 0.5),
            p99_ms: millis(latency, 0.99),
            p999_ms: millis(latency, 0.999),
            max_ms: millis(latency, 1.0),
            per_second: outcome.arrived as f64 / outcome.elapsed.as_secs_f64().max(1e-9),
            sent: outcome.sent,
            refused: outcome.refused,
            lost: (outcome.sent * events_each).saturating_sub(outcome.arrived),
            others: (others / (began.elapsed().as_secs_f64() * cores)).max(0.0),
        }))
    }

    fn load(
        &mut self,
        pool: &mut Pool,
        pace: Pace,
        events_each: u64,
        span: Duration,
    ) -> Result<Outcome> {
        let outcome = self.client.run(
            pool,
            Load {
                first: self.next,
                pace,
                span,
                events_each,
            },
        )?;
        self.next += outcome.sent;
        if self.next > self.limit {
            bail!("likes were repeated, which cause no toast: raise --owners or --likers");
        }
        Ok(outcome)
    }

    fn memory(&mut self, sockets: u64) -> Result<Figures> {
        let before = self.server.usage()?.resident;
        self.client
            .swarm
            .grow(sockets as usize, &mut self.client.poll)?;
        self.client.rest(SETTLE)?;
        let after = self.server.usage()?.resident;
        let bytes_per_socket = (after as f64 - before as f64) / self.client.swarm.len() as f64;
        Ok(Figures::Memory {
            bytes_per_socket,
            bytes_before: before,
        })
    }

    /// Server, Redis, load generator.
    fn usages(&self) -> Result<[Usage; 3]> {
        Ok([
            self.server.usage()?,
            self.server.redis_usage()?,
            Usage::of(std::process::id())?,
        ])
    }
}
