//! `orders replay`: republishes recorded events for consumers that were added later.
//!
//! - `parameters`: the range and the destination of a replay, which must not change between its runs
//! - `state`: the progress, in a file
//! - `publishing`: groups commits into calls, publishes them, and saves the progress
//! - `pace`: the time at which the next call is due
//! - `report`: the messages during the run and at the end

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
use publication::EventBus;

use crate::aws::{AwsArguments, EVENTS, Needs};
use crate::confirm::ConfirmArguments;
use crate::state_file::{Lock, StateFile, difference};
use crate::stop::{Interrupted, StopSignals};
use crate::text::{note, print};
use pace::Pace;
use parameters::{Parameters, ReplayName};
use publishing::{PATIENCE, Replay};
use report::Progress;
use state::State;

/// The range, the destination and the rate.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Events recorded at this time or later, for example 2026-11-21T09:30:00Z
    #[arg(long, value_name = "TIME")]
    from: Timestamp,
    /// Events recorded before this time [default: the time when the replay starts]
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    /// Only events of this order
    #[arg(long, value_name = "ID")]
    order: Option<String>,
    /// The replayname of the events: 1 to 64 of A-Z a-z 0-9 . _ - [default: made from --from and --to]
    #[arg(long)]
    name: Option<ReplayName>,
    /// Events a second
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// The file that keeps the progress [default: orders-replay-NAME.json]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    confirm: ConfirmArguments,
    #[command(flatten)]
    aws: AwsArguments,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let clients = arguments.aws.clients(Needs { tables: &[EVENTS], bus: true, ..Needs::default() }).await?;
    let bus = clients.bus()?;
    let table = clients.table(EVENTS)?;
    let (_lock, file, state) = begin(&arguments, bus, table)?;
    let Parameters { bus, table, name, order, .. } = state.parameters.clone();
    tokio::try_join!(clients.find_bus(&bus), clients.find_table(&table))?;
    let expected = if order.is_some() { None } else { item_count(&clients.dynamodb, &table).await };
    arguments.confirm.confirm(&report::plan(&state.parameters, arguments.rate, expected))?;
    let headline = format!("Replay {name} from {table} to {bus}");
    let mut replay = Replay {
        store: DynamoEventStore::new(clients.dynamodb, &table),
        bus: EventBus::new(clients.eventbridge, bus),
        patience: PATIENCE,
        pace: Pace::new(arguments.rate),
        progress: Progress::new(expected, &state.tally)?,
        file,
        state,
    };
    // The run starts to send events here. Before this point, a signal simply ends the process.
    let (mut first, mut both, progress) = (StopSignals::listen()?, StopSignals::listen()?, replay.progress.clone());
    let told_twice = async {
        both.next().await;
        // A run that stops at once must end before this message.
        tokio::task::yield_now().await;
        progress.note("stopping after the call under way; Ctrl-C again does not wait for it");
        both.next().await;
    };
    let started = Instant::now();
    let ended = tokio::select! {
        // A run that stops at once must not print the message about waiting.
        biased;
        ended = replay.run(first.next()) => ended,
        () = told_twice => {
            Err(Interrupted("interrupted a second time: the call under way is cut off".to_owned()).into())
        }
    };
    replay.progress.clear();
    let (tally, file) = (&replay.state.tally, &replay.file);
    file.conclude(ended, tally.published())?;
    let removed = file.remove();
    if let (Some(order), 0) = (order, tally.scanned) {
        anyhow::bail!("there is no order {order} in {table}");
    }
    print(&report::summary(&headline, tally, started.elapsed()));
    removed?;
    anyhow::ensure!(tally.left_out == 0, "{} left out, listed above", tally.left_out);
    Ok(())
}

/// Loads the replay that an earlier run left, or creates a new one.
fn begin(arguments: &Arguments, bus: String, table: String) -> anyhow::Result<(Lock, StateFile, State)> {
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => ReplayName::of_range(arguments.from, arguments.to),
    };
    let file = StateFile::new(arguments.state.clone().unwrap_or_else(|| format!("orders-replay-{name}.json").into()));
    let lock = file.lock()?;
    // A run of an earlier release left a file even if it did nothing.
    let kept = file.read::<State>("replay's state")?.filter(|kept| kept.after.is_some());
    // Without --to, the end from the first run applies, so that a replay does not follow the events that it publishes.
    let to = arguments.to.or(kept.as_ref().map(|kept| kept.parameters.to)).unwrap_or_else(Timestamp::now);
    let parameters = Parameters {
        bus,
        table,
        from: arguments.from,
        to,
        order: arguments.order.clone(),
        name,
        local: arguments.aws.local,
    };
    parameters.check()?;
    let Some(kept) = kept else {
        // The file does not exist before the first acknowledged call, so a run that did nothing leaves no file.
        let state = State::new(parameters);
        return Ok((lock, file, state));
    };
    if let Some(difference) = difference(&parameters, &kept.parameters) {
        anyhow::bail!(
            "{file} belongs to another replay, {difference}: finish that one, give this one a --name or a --state file of \
             its own, or delete the file"
        );
    }
    note(&format!("going on from {file}: {} so far", kept.tally.published()));
    Ok((lock, file, kept))
}

/// Returns the approximate number of commits, which DynamoDB updates every few hours.
async fn item_count(client: &aws_sdk_dynamodb::Client, table: &str) -> Option<u64> {
    // The number is only for the progress bar, so a caller without the permission continues without it.
    let description = client.describe_table().table_name(table).send().await.ok()?;
    description.table?.item_count.and_then(|count| u64::try_from(count).ok()).filter(|count| *count > 0)
}
