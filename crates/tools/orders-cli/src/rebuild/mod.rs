//! `orders rebuild`: updates every row of the read models to its order's newest event, during live traffic.

mod report;

use clap::Args;
use operations::events_table::Remembered;
use operations::rebuild::{Rebuild, segments};
use operations::sweep;

use crate::confirm::ConfirmArguments;
use crate::progress::Bar;
use crate::stop::until_stopped;
use crate::sweep::{ItemCounts, Opened, Progress, SweepArguments, events_table};
use crate::text::print;

/// The tables, and the options of the rebuild.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    sweep: SweepArguments,
    /// Adopt this table of events where the read models remember another one, for example after a restore
    #[arg(long)]
    adopt_events: bool,
    #[command(flatten)]
    confirm: ConfirmArguments,
}

/// The plan, for the operator to confirm.
const PLAN: &str = "Writes rows that are missing, behind, or have an older projection number. Deletes nothing.";

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { sweep: arguments, adopt_events, confirm } = arguments;
    let Opened { client, store, models, tables } = arguments.open("rebuild").await?;
    let remembered = Remembered::read(&models).await?;
    if !adopt_events && let Some(refusal) = events_table::refusal(&remembered, &tables).await? {
        anyhow::bail!(refusal);
    }
    let counts = ItemCounts::of(&client, &tables).await;
    let plan = [events_table::adoption(&remembered, &tables), PLAN.to_owned()].concat();
    confirm.confirm(&counts.plan("Rebuild the read models:", &plan))?;
    let mut state = arguments.begin(&tables, Rebuild::new(tables.segments))?;
    let expected = counts.events().filter(|count| *count > 0);
    let bar = Bar::new("commits", expected, state.kept.progress.counts.commits)?;
    let segments = segments(&store, &models, state.kept.progress.segments());
    let ended = until_stopped(&bar, "pages", async |stop_requested| {
        sweep(segments, stop_requested, |page| {
            page.left_out.iter().for_each(|order| bar.complain(order));
            state.settle(|kept| kept.progress.add(page))?;
            bar.show(state.kept.progress.counts.commits, state.kept.progress.so_far());
            Ok(())
        })
        .await
    })
    .await;
    bar.clear();
    state.conclude(ended)?;
    let counts = &state.kept.progress.counts;
    if counts.orders > 0 {
        remembered.remember(&tables.events, tables.events_id.as_deref()).await?;
    }
    state.remove()?;
    print(&if arguments.json {
        report::json(&tables, counts)?
    } else {
        report::summary(&tables, counts, bar.elapsed())
    });
    anyhow::ensure!(counts.left_out == 0, "{} orders left out, listed above", counts.left_out);
    Ok(())
}
