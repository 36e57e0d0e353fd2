//! `orders verify`: compares every row of both read models with the fold of its order's events, and every sum with what it is
//! the sum of; mends them if asked to.
//!
//! - `orders`: the events' side: every order has its rows
//! - `summaries`: the summaries' side: every row has its order
//! - `totals`: the totals' side: the same, and the sums
//! - `read_models`: what compares and mends
//! - `state`: what was found
//! - `report`: what is said about it

mod orders;
mod read_models;
mod report;
mod state;
mod summaries;
#[cfg(test)]
mod tests;
mod totals;

use std::process::ExitCode;

use clap::Args;
use event_store::DynamoEventStore;

use crate::sweep::{Bar, Ended, SweepArguments, begin, item_count, sweep, until_told_to_stop};
use crate::text::{complain, print};
use read_models::Audits;
use state::{Page, Verification};

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
    /// No row differs, and some orders cannot be folded, or some customers' sums not be judged.
    Incomplete,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Clean => Self::SUCCESS,
            Verdict::Incomplete => Self::FAILURE,
            Verdict::Differences => 3.into(),
        }
    }
}

pub(crate) async fn run(Arguments { sweep: arguments, repair }: Arguments) -> anyhow::Result<Verdict> {
    let client = arguments.client().await;
    let tables = arguments.tables(if repair { "repair" } else { "verify" }).identified(&client).await;
    let new = Verification::new(tables.segments);
    let mut state = begin(arguments.state_file(&tables), tables.clone(), new)?;
    let mut expected = Some(0_u64);
    for table in [&tables.events, &tables.rows, &tables.totals] {
        let count = item_count(&client, table).await.filter(|count| *count > 0);
        expected = expected.zip(count).map(|(sum, count)| sum.saturating_add(count));
    }
    let bar = Bar::new("commits and rows", expected, state.known().tally.looked_at())?;
    let store = DynamoEventStore::new(client.clone(), &tables.events);
    let audits = Audits::new(&store, &client, &tables, repair);
    let of_orders = orders::segments(&store, &audits, &state.known().orders);
    let of_summaries = summaries::segments(&audits, &state.known().summaries);
    let of_totals = totals::segments(&audits, &state.known().totals);
    let ended = until_told_to_stop(&bar, async |signals| {
        let mut settle = |page: Page| {
            page.left_out.iter().for_each(|what| bar.complain(what));
            state.settle(|known| known.add(page))?;
            bar.show(state.known().tally.looked_at(), state.known().tally.so_far());
            Ok(())
        };
        if sweep(of_orders, signals.next(), &mut settle).await? == Ended::Stopped
            || sweep(of_summaries, signals.next(), &mut settle).await? == Ended::Stopped
        {
            return Ok(Ended::Stopped);
        }
        sweep(of_totals, signals.next(), settle).await
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
    let unsettled = known.tally.sums.unsettled;
    if unsettled > 0 {
        complain(&format!("the totals of {unsettled} customers could not be judged, listed above"));
    }
    Ok(match (known.tally.left(), left_out + unsettled) {
        (0, 0) => Verdict::Clean,
        (0, _) => Verdict::Incomplete,
        _ => Verdict::Differences,
    })
}
