//! `orders replay`: publishes recorded events once more, for consumers that came late.
//!
//! - `parameters`: what is asked for, and whether a replay that was begun is the same one
//! - `state`: how far it is, in a file
//! - `publishing`: pages of commits to calls, and what is saved when
//! - `pace`: when a call may be made
//! - `report`: what is said about it, on the way and at the end

mod pace;
mod parameters;
mod publishing;
mod report;
mod state;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use event_store::{DynamoEventStore, Timestamp};
use publisher::EventBus;
use tokio::signal::unix::{SignalKind, signal};

use crate::aws::AwsArguments;
use crate::text::{note, print};
use pace::Pace;
use parameters::{Parameters, ReplayName};
use publishing::{Ended, Replay};
use report::Progress;
use state::{State, StateFile};

/// What is published, to where, how fast.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The event bus, by name or ARN [with --local: OrderBus]
    #[arg(long, value_name = "BUS", required_unless_present = "local")]
    bus: Option<String>,
    /// The table of events [with --local: OrderEvents]
    #[arg(long, required_unless_present = "local")]
    table: Option<String>,
    /// Events recorded at this time or later, for example 2026-11-21T09:30:00Z
    #[arg(long, value_name = "TIME")]
    from: Timestamp,
    /// Events recorded before this time [default: the time when the replay is begun]
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    /// Only events of this order
    #[arg(long, value_name = "ID")]
    order: Option<String>,
    /// What the events bear as their replayname: 1 to 64 of A-Z a-z 0-9 . _ - [default: made from --from and --to]
    #[arg(long)]
    name: Option<ReplayName>,
    /// Events a second
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// The file that remembers how far it is [default: orders-replay-NAME.json]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    aws: AwsArguments,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    // Before anything is sent, so that no signal finds nobody listening.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let (file, state) = begin(&arguments)?;
    let clients = arguments.aws.clients().await;
    let Parameters { bus, table, name, order, .. } = &state.parameters;
    let expected = if order.is_some() { None } else { item_count(&clients.dynamodb, table).await };
    let headline = format!("Replay {name} from {table} to {bus}");
    let mut replay = Replay {
        store: DynamoEventStore::new(clients.dynamodb, table),
        bus: EventBus::new(clients.eventbridge, bus),
        pace: Pace::new(arguments.rate),
        progress: Progress::new(expected, &state.tally)?,
        file,
        state,
    };
    let told_to_stop = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let started = Instant::now();
    let ended = replay.run(told_to_stop).await;
    replay.progress.clear();
    let (tally, file) = (&replay.state.tally, &replay.file);
    match ended {
        Ok(Ended::Complete) => {}
        Ok(Ended::Stopped) => anyhow::bail!("stopped, {}; the same command goes on from {file}", tally.published()),
        Err(error) => anyhow::bail!("{error:#}; {}, the same command goes on from {file}", tally.published()),
    }
    file.remove()?;
    print(&report::summary(&headline, tally, started.elapsed()));
    anyhow::ensure!(tally.left_out == 0, "{} left out, listed above", tally.left_out);
    Ok(())
}

/// The replay as it was left by an earlier run, or a new one.
fn begin(arguments: &Arguments) -> anyhow::Result<(StateFile, State)> {
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => ReplayName::of_range(arguments.from, arguments.to),
    };
    let file = StateFile::new(arguments.state.clone().unwrap_or_else(|| format!("orders-replay-{name}.json").into()));
    let kept = file.read()?;
    // Where no end is given, that of the first run stands: a replay must not run after its own tail.
    let to = arguments.to.or(kept.as_ref().map(|kept| kept.parameters.to)).unwrap_or_else(Timestamp::now);
    let parameters = Parameters {
        bus: arguments.bus.clone().unwrap_or_else(|| "OrderBus".to_owned()),
        table: arguments.table.clone().unwrap_or_else(|| "OrderEvents".to_owned()),
        from: arguments.from,
        to,
        order: arguments.order.clone(),
        name,
        local: arguments.aws.local,
    };
    parameters.check()?;
    // One that was ended before it did anything binds nobody to its arguments.
    let Some(kept) = kept.filter(|kept| kept.after.is_some()) else {
        let state = State::new(parameters);
        file.write(&state)?;
        return Ok((file, state));
    };
    if let Some(difference) = parameters.difference(&kept.parameters) {
        anyhow::bail!(
            "{file} belongs to another replay, {difference}: finish that one, give this one a --name or a --state file of \
             its own, or delete the file"
        );
    }
    note(&format!("going on from {file}: {} so far", kept.tally.published()));
    Ok((file, kept))
}

/// About how many commits there are; DynamoDB counts every few hours.
async fn item_count(client: &aws_sdk_dynamodb::Client, table: &str) -> Option<u64> {
    // A figure for the progress bar: who may not ask for it goes without.
    let description = client.describe_table().table_name(table).send().await.ok()?;
    description.table?.item_count.and_then(|count| u64::try_from(count).ok()).filter(|count| *count > 0)
}
