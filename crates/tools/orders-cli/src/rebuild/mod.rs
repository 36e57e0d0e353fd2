//! `orders rebuild`: updates every row of the read models to its order's newest event, during live traffic.

mod report;

use clap::Args;
use operations::events_table::Remembered;
use operations::rebuild::{Rebuild, segments};
use operations::sweep;

use crate::confirm::ConfirmArguments;
use crate::sweep::{Bar, ItemCounts, Opened, SweepArguments, begin, events_table, until_told_to_stop};
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
const PLAN: &str = "Rows that are missing, behind or of an older projection number are written. Nothing is deleted.";

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
    let mut state = begin(arguments.state_file(&tables), tables.clone(), Rebuild::new(tables.segments))?;
    let expected = counts.events().filter(|count| *count > 0);
    let bar = Bar::new("commits", expected, state.known().counts.commits)?;
    let segments = segments(&store, &models, state.known().segments());
    let ended = until_told_to_stop(&bar, async |signals| {
        sweep(segments, signals.next(), |page| {
            page.left_out.iter().for_each(|order| bar.complain(order));
            state.settle(|rebuild| rebuild.add(page))?;
            bar.show(state.known().counts.commits, report::so_far(&state.known().counts));
            Ok(())
        })
        .await
    })
    .await;
    bar.clear();
    let (counts, file) = (&state.known().counts, &state.file);
    file.conclude(ended, report::so_far(counts))?;
    if counts.orders > 0 {
        events_table::remember(&remembered, &tables).await?;
    }
    file.remove()?;
    print(&if arguments.json {
        report::json(&tables, counts)?
    } else {
        report::summary(&tables, counts, bar.elapsed())
    });
    anyhow::ensure!(counts.left_out == 0, "{} orders left out, listed above", counts.left_out);
    Ok(())
}
