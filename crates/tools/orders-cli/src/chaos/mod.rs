//! `orders chaos`: histories with injected faults. It runs the functions in this process, and checks the invariants. It
//! deploys nothing, opens no port and stores no data.
//!
//! - `report`: the report on the histories
//! - `poison`: a fault for a running local stack: an order with an unreadable commit

mod poison;
mod report;

use std::collections::BTreeSet;
use std::num::NonZero;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use simulation::Numbers;
use simulation::{AsDeployed, Campaign, Fault, Plan};

use crate::progress::Bar;
use crate::text::print;

/// Histories, or one fault.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    histories: HistoriesArguments,
}

#[derive(Subcommand)]
enum Command {
    /// Append an unreadable commit to an order of the local stack, to try `orders parked`; with --undo, make the commit
    /// readable
    Poison(poison::Arguments),
}

/// The histories to run.
#[derive(Args)]
struct HistoriesArguments {
    /// The seed of the first history; each later history has the next seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// The number of histories
    #[arg(long, value_name = "M", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    histories: u64,
    /// The number of histories that run at once; it does not change the histories [default: one for each processor]
    #[arg(long, value_name = "J")]
    jobs: Option<NonZero<usize>>,
    /// Send only these commands of each history, for example 0-4,7
    #[arg(long, value_name = "NUMBERS")]
    commands: Option<Numbers>,
    /// The largest number of clients
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    clients: Option<u8>,
    /// Leave out faults, by name or number, for example 14,poison
    #[arg(long, value_name = "FAULTS", value_delimiter = ',')]
    without: Vec<Fault>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl HistoriesArguments {
    fn campaign(self) -> Campaign {
        let without = BTreeSet::from_iter(self.without);
        let first = Plan { seed: self.seed, commands: self.commands, clients: self.clients, without };
        let jobs = self.jobs.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZero::get);
        Campaign { first, histories: self.histories, jobs }
    }
}

/// The number of complete histories at which every fault must have occurred.
const ENOUGH: u64 = 100;

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        None => run_histories(arguments.histories).await,
        Some(Command::Poison(arguments)) => poison::run(&arguments).await.map(|()| ExitCode::SUCCESS),
    }
}

/// Exits with 0 if every invariant holds, with 3 after a violation, and with 1 if a fault never occurred in [`ENOUGH`]
/// complete histories.
async fn run_histories(arguments: HistoriesArguments) -> anyhow::Result<ExitCode> {
    let json = arguments.json;
    let campaign = arguments.campaign();
    let bar = Bar::new("histories", Some(campaign.histories), 0)?;
    let (shown, first) = (bar.clone(), campaign.first.clone());
    let is_enough = campaign.histories >= ENOUGH && first == Plan::of(first.seed);
    let running = tokio::task::spawn_blocking(move || {
        campaign.run(&AsDeployed, |sum| {
            shown.show(sum.histories, format!("{} faults occurred", sum.faults.values().sum::<u64>()));
        })
    });
    let verdict = running.await?.context("a history could not be run")?;
    bar.clear();
    print(&if json { report::json(&first, &verdict)? } else { report::summary(&verdict, bar.elapsed()) });
    if verdict.failure.is_some() {
        return Ok(3.into());
    }
    let idle = Fault::ALL.into_iter().filter(|fault| !verdict.sum.faults.contains_key(fault));
    let idle: Vec<String> = idle.map(|fault| fault.to_string()).collect();
    anyhow::ensure!(
        idle.is_empty() || !is_enough,
        "these faults never occurred, so the histories do not test them: {}",
        idle.join(", ")
    );
    Ok(ExitCode::SUCCESS)
}
