//! `orders replay`: republishes recorded events for consumers that were added later.
//!
//! - `state`: the replay and its progress, in a file
//! - `report`: the plan, and the result

mod report;
mod state;

use std::path::PathBuf;

use clap::Args;
use event_store::{DynamoEventStore, Timestamp};
use operations::replay::{Replay, ReplayName, ReplayProgress, ReplayRequest};
use publication::EventBus;

use crate::aws::{AwsArguments, EVENTS, Needs};
use crate::confirm::ConfirmArguments;
use crate::progress::Bar;
use crate::state_file::{Kept, State};
use crate::stop::until_stopped;
use crate::sweep::item_count;
use crate::text::print;
use state::{KeptReplay, Parameters};

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
    let (bus, table) = (clients.names.bus()?, clients.names.table(EVENTS)?);
    let mut state = begin(&arguments, bus, table)?;
    let parameters = state.kept.parameters.clone();
    let Parameters { bus, table, request, .. } = &parameters;
    tokio::try_join!(clients.find_bus(bus), clients.find_table(table))?;
    let expected = if request.order.is_some() { None } else { item_count(&clients.dynamodb, table).await };
    let expected = expected.filter(|count| *count > 0);
    arguments.confirm.confirm(&report::plan(&parameters, arguments.rate, expected))?;

    let ReplayProgress { after, counts: before } = state.kept.progress.clone();
    let store = DynamoEventStore::new(clients.dynamodb, table);
    let mut replay = Replay::new(store, EventBus::new(clients.eventbridge, bus), request.clone(), arguments.rate);
    let bar = Bar::new("commits", expected, before.scanned)?;
    let ended = until_stopped(&bar, "call", async |stop_requested| {
        let settle = |commits: operations::replay::ReplayedCommits| {
            commits.left_out.iter().for_each(|what| bar.complain(what));
            state.settle(|kept| kept.progress.add(commits))?;
            let counts = &state.kept.progress.counts;
            bar.show_rate(counts.scanned, counts.published - before.published, state.kept.so_far());
            Ok::<_, anyhow::Error>(())
        };
        replay.run(after, stop_requested, settle).await
    })
    .await;
    bar.clear();
    state.conclude(ended)?;
    let removed = state.remove();
    let counts = &state.kept.progress.counts;
    if let (Some(order), 0) = (&request.order, counts.scanned) {
        anyhow::bail!("there is no order {order} in {table}");
    }
    print(&report::summary(&parameters, counts, bar.elapsed()));
    removed?;
    anyhow::ensure!(counts.left_out == 0, "{} left out, listed above", counts.left_out);
    Ok(())
}

/// Continues the replay that an earlier run left, or starts a new one.
fn begin(arguments: &Arguments, bus: String, table: String) -> anyhow::Result<State<KeptReplay>> {
    let Arguments { from, to, order, .. } = arguments;
    let name = arguments.name.clone().unwrap_or_else(|| ReplayName::of_range(*from, *to));
    let path = arguments.state.clone().unwrap_or_else(|| format!("orders-replay-{name}.json").into());
    State::begin(path, |earlier: Option<&KeptReplay>| {
        // Without --to, the end from the first run applies, so that a replay does not follow the events that it publishes.
        let to = to.or(earlier.map(|earlier| earlier.parameters.request.to)).unwrap_or_else(Timestamp::now);
        anyhow::ensure!(*from < to, "--from {from} must be before --to {to}");
        let request = ReplayRequest { from: *from, to, order: order.clone(), name };
        let parameters = Parameters { bus, table, request, local: arguments.aws.local };
        Ok(KeptReplay { parameters, progress: ReplayProgress::default() })
    })
}
