//! `orders rebuild`: brings every row of both read models as far as its order's events, beside whatever goes on meanwhile.
//!
//! - `folding`: pages of commits through the projector's engines
//! - `report`: what is said about it

mod folding;
mod report;
#[cfg(test)]
mod tests;

use clap::Args;
use event_store::{DynamoEventStore, Position};
use serde::{Deserialize, Serialize};

use crate::confirm::ConfirmArguments;
use crate::sweep::{Bar, ItemCounts, Place, Remembered, SweepArguments, begin, sweep, until_told_to_stop};
use crate::text::print;
use folding::Engines;

/// The tables, and how they are rebuilt.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    sweep: SweepArguments,
    /// Take over this table of events where the read models remember another one, as after a restore
    #[arg(long)]
    adopt_events: bool,
    #[command(flatten)]
    confirm: ConfirmArguments,
}

/// The plan, for the operator to confirm.
const PLAN: &str = "Rows that are missing, behind or of an older projection number are written. Nothing is deleted.";

/// The progress of a rebuild.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Rebuild {
    segments: Vec<SegmentState>,
    tally: Tally,
}

/// The progress of one segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SegmentState {
    place: Place<Position>,
    /// True if the order at that place was left out: its further commits are no further order.
    left_out: bool,
}

/// The counts of all runs of a rebuild together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tally {
    /// Commits looked at.
    commits: u64,
    /// Their orders.
    orders: u64,
    /// Writes of summaries. A row that was as far needs none, and one whose order is on two pages may have two.
    rows_written: u64,
    /// Writes of orders' contributions to the totals, likewise.
    totals_written: u64,
    /// Orders of which a row was left to the newer release that wrote it.
    newer: u64,
    /// Orders with a commit that cannot be read or folded. Their rows stand before it.
    left_out: u64,
}

impl Rebuild {
    fn new(segments: u32) -> Self {
        let state = SegmentState { place: Place::Beginning, left_out: false };
        Self { segments: (0..segments).map(|_| state.clone()).collect(), tally: Tally::default() }
    }
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { sweep: arguments, adopt_events, confirm } = arguments;
    let (client, tables) = arguments.open("rebuild").await?;
    let remembered = Remembered::read(&client, &tables).await?;
    if !adopt_events && let Some(refusal) = remembered.refusal().await? {
        anyhow::bail!(refusal);
    }
    let counts = ItemCounts::of(&client, &tables).await;
    let plan = [remembered.adoption(), PLAN.to_owned()].concat();
    confirm.confirm(&counts.plan("Rebuild the read models:", &tables, &plan))?;
    let mut state = begin(arguments.state_file(&tables), tables.clone(), Rebuild::new(tables.segments))?;
    let bar = Bar::new("commits", counts.events.filter(|count| *count > 0), state.known().tally.commits)?;
    let store = DynamoEventStore::new(client.clone(), &tables.events);
    let engines = Engines::new(&store, &client, &tables);
    let segments = folding::segments(&store, &engines, &state.known().segments);
    let ended = until_told_to_stop(&bar, async |signals| {
        sweep(segments, signals.next(), |page| {
            page.left_out.iter().for_each(|what| bar.complain(what));
            state.settle(|rebuild| page.add_to(rebuild))?;
            bar.show(state.known().tally.commits, report::so_far(&tables, &state.known().tally));
            Ok(())
        })
        .await
    })
    .await;
    bar.clear();
    let (tally, file) = (&state.known().tally, &state.file);
    file.conclude(ended, report::so_far(&tables, tally))?;
    if tally.orders > 0 {
        remembered.remember().await?;
    }
    file.remove()?;
    print(&if arguments.json { report::json(&tables, tally)? } else { report::summary(&tables, tally, bar.elapsed()) });
    anyhow::ensure!(tally.left_out == 0, "{} orders left out, listed above", tally.left_out);
    Ok(())
}
