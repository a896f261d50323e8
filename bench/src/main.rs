//! Quad beside other designs: one load generator, the same cores, the same run.
//!
//! In reading order: `options` says what is measured, `scenarios` how; `load` holds the clock, `swarm` the sockets that
//! listen, `pool` the connections that post; `peers` starts the servers and `dialect` is what differs between them on the
//! wire; `usage` reads what they used, and `report` says what came of it. `encodings` and `sizes` stand by themselves.

mod dialect;
mod encodings;
mod http;
mod load;
mod options;
mod pairing;
mod peers;
mod poll;
mod pool;
mod process;
mod record;
mod report;
mod resp;
mod scenarios;
mod sizes;
mod swarm;
mod usage;
mod ws;

use anyhow::{Result, bail};
use clap::Parser;

use options::{Cli, Commands, Options, Scenario};
use peers::Peer;
use report::Report;

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.command {
        Some(Commands::Floor { address }) => peers::serve_floor(address),
        Some(Commands::Encodings) => {
            print!("{}", encodings::render()?);
            Ok(())
        }
        None => measure(&cli.options),
    }
}

/// Runs all rounds. Within a round the peers take turns scenario by scenario, so that what changes on the machine
/// meanwhile meets all of them. Memory does not vary by round and is taken once.
#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn measure(options: &Options) -> Result<()> {
    let places = options.places()?;
    if options.scenarios.contains(&Scenario::Sizes) {
        print!("{}", sizes::render(&places, options)?);
    }
    if options.scenarios == [Scenario::Sizes] {
        return Ok(());
    }
    let json = options.json_path()?;
    let peers: Vec<Peer> = options
        .peers
        .iter()
        .copied()
        .filter(|peer| present(*peer, &places))
        .collect();
    if peers.is_empty() {
        bail!("nobody to measure");
    }
    let mut report = Report::default();
    for round in 1..=options.rounds {
        for &scenario in options
            .scenarios
            .iter()
            .filter(|&&scenario| round == 1 || scenario != Scenario::Idle)
            .filter(|&&scenario| scenario != Scenario::Sizes)
        {
            for &peer in peers
                .iter()
                .filter(|peer| peer.can(&scenarios::job(scenario, options)))
            {
                eprintln!(
                    "round {round}/{}: {scenario:?} on {}",
                    options.rounds,
                    peer.name()
                );
                let run = scenarios::run(scenario, peer, round, options, &places, |record| {
                    record.append_to(&json)?;
                    report.add(record);
                    Ok(())
                });
                if let Err(error) = run {
                    eprintln!("{} failed at {scenario:?}: {error:#}", peer.name());
                }
            }
        }
    }
    print!("{}", report.render());
    println!(
        "\nmedians of {} rounds; every measurement is a line in {}",
        options.rounds,
        json.display()
    );
    Ok(())
}

fn present(peer: Peer, places: &peers::Places) -> bool {
    match peer.missing(places) {
        Some(what) => {
            eprintln!("{} is skipped: {what}", peer.name());
            false
        }
        None => true,
    }
}
