//! `orders verify`: compares every row of the read model with the fold of its order's events, and mends it if asked to.
//!
//! - `orders`: the events' side: every order has its row
//! - `rows`: the rows' side: every row has its order
//! - `state`: what was found
//! - `report`: what is said about it

mod orders;
mod report;
mod rows;
mod state;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::Args;
use event_store::DynamoEventStore;
use read_model::{Audit, DynamoRows, OrderSummaryByCustomer};

use crate::sweep::{Bar, Ended, SweepArguments, begin, item_count, sweep, until_told_to_stop};
use crate::text::{complain, print};
use state::{Page, Verification};

type SummaryAudit = Audit<OrderSummaryByCustomer, DynamoEventStore>;

/// What is compared, and how.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    sweep: SweepArguments,
    /// Mend what differs: write the rows anew that are still as they were read, and delete those that belong to no order
    #[arg(long)]
    repair: bool,
}

/// What a verification that came to its end says.
pub(crate) enum Verdict {
    /// Rows and events agree, by now.
    Clean,
    /// Some rows differ.
    Differences,
    /// No row differs, and some orders cannot be folded.
    Incomplete,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Clean => Self::SUCCESS,
            Verdict::Incomplete => Self::FAILURE,
            Verdict::Differences => 2.into(),
        }
    }
}

pub(crate) async fn run(Arguments { sweep: arguments, repair }: Arguments) -> anyhow::Result<Verdict> {
    let tables = arguments.tables(if repair { "repair" } else { "verify" });
    let new = Verification::new(tables.segments);
    let mut state = begin(arguments.state_file(&tables), tables.clone(), new)?;
    let client = arguments.client().await;
    let expected = item_count(&client, &tables.events).await.zip(item_count(&client, &tables.rows).await);
    let expected = expected.map(|(commits, rows)| commits.saturating_add(rows));
    let bar = Bar::new("commits and rows", expected, state.known().tally.looked_at())?;
    let store = DynamoEventStore::new(client.clone(), &tables.events);
    let rows = DynamoRows::new(client, &tables.rows);
    let audit = SummaryAudit::new(store.clone(), rows.clone());
    let of_orders = orders::segments(&store, &audit, repair, &state.known().orders);
    let of_rows = rows::segments(&rows, &audit, repair, &state.known().rows);
    let ended = until_told_to_stop(&bar, async |signals| {
        let mut settle = |page: Page| {
            page.left_out.iter().for_each(|what| bar.complain(&format!("order {what}")));
            state.settle(|known| known.add(page))?;
            bar.show(state.known().tally.looked_at(), state.known().tally.so_far());
            Ok(())
        };
        match sweep(of_orders, signals.next(), &mut settle).await? {
            Ended::Complete => sweep(of_rows, signals.next(), settle).await,
            Ended::Stopped => Ok(Ended::Stopped),
        }
    })
    .await;
    bar.clear();
    let (known, file) = (state.known(), &state.file);
    match ended {
        Ok(Ended::Complete) => {}
        Ok(Ended::Stopped) => anyhow::bail!("stopped, {}; the same command goes on from {file}", known.tally.so_far()),
        Err(error) => anyhow::bail!("{error:#}; {}, the same command goes on from {file}", known.tally.so_far()),
    }
    file.remove()?;
    print(&if arguments.json { report::json(&tables, known)? } else { report::summary(&tables, known, bar.elapsed()) });
    let left_out = known.tally.left_out;
    if left_out > 0 {
        complain(&format!("{left_out} orders could not be folded to their end, listed above"));
    }
    Ok(match (known.tally.left(), left_out) {
        (0, 0) => Verdict::Clean,
        (0, _) => Verdict::Incomplete,
        _ => Verdict::Differences,
    })
}
