//! `orders verify`: compares every row of the read models with the fold of its order's events, every sum with its rows, and
//! every snapshot with the fold. Repairs rows and sums on request.
//!
//! - `arguments`: the tables, the rule for late rows, and the limits of a repair
//! - `plan`: the plan of a repair, and the messages that reject it
//! - `report`: the report and the verdict

mod arguments;
mod plan;
mod report;

use std::process::ExitCode;
use std::time::Instant;

use event_store::store::chain;
use operations::events_table::Remembered;
use operations::verify::{LagRule, Verification, Verify, VerifyPage, repair};

use crate::progress::Bar;
use crate::state_file::State;
use crate::stop::until_stopped;
use crate::sweep::{ItemCounts, KeptSweep, Opened, Progress, events_table};
use crate::text::{note, print, seconds};

pub(crate) use arguments::Arguments;
use report::{Verdict, verdict};

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let rule = arguments.lag_rule();
    let opened = arguments.sweep.open(if arguments.repair { "repair" } else { "verify" }).await?;
    let tables = &opened.tables;
    let remembered = remembered(&arguments, &opened).await?;
    let counts = ItemCounts::of(&opened.client, tables).await;
    let mut state = arguments.sweep.begin(tables, Verification::new(tables.segments))?;
    if arguments.repair {
        confirm_repair(&arguments, &opened, remembered.as_ref(), &counts, &mut state, rule)?;
    }

    let passes = Passes {
        opened: &opened,
        rule,
        expected: counts.all().filter(|count| *count > 0),
        started: Instant::now(),
        json: arguments.sweep.json,
    };
    if state.kept.progress.repair.is_none() {
        passes.pass(&mut state).await?;
        let counts = &state.kept.progress.counts;
        if arguments.repair && counts.repairable() > 0 {
            if let Some(refusal) = repair::refusal(counts, arguments.delete_orphans) {
                state.remove()?;
                passes.report(&state.kept.progress)?;
                anyhow::bail!(plan::refused(refusal, &tables.events));
            }
            state.settle(|kept| kept.progress.begin_repair(rule.now()))?;
        }
    }
    if state.kept.progress.repair.is_some() {
        passes.pass(&mut state).await?;
    }
    state.remove()?;
    passes.report(&state.kept.progress)?;
    let verdict = verdict(&state.kept.progress, rule.now());
    // Only a repair that an operator confirmed binds the read models to a table.
    if let Some(remembered) = remembered
        && arguments.repair
        && verdict == Verdict::Clean
        && state.kept.progress.counts.orders > 0
    {
        remembered.remember(&tables.events, tables.events_id.as_deref()).await?;
    }
    Ok((verdict as u8).into())
}

/// Reads the events table that the read models remember. If it is another one, a repair is rejected, and a comparison notes
/// it.
async fn remembered(arguments: &Arguments, opened: &Opened) -> anyhow::Result<Option<Remembered>> {
    let remembered = match Remembered::read(&opened.models).await {
        Ok(remembered) => remembered,
        Err(error) if arguments.repair => return Err(error.into()),
        Err(error) => {
            note(&format!("cannot read which events table the read models remember: {}", chain(&error)));
            return Ok(None);
        }
    };
    let tables = &opened.tables;
    if let Some(mismatch) = events_table::mismatch(&remembered, &tables.events, tables.events_id.as_deref())
        .filter(|_| !arguments.adopt_events)
    {
        anyhow::ensure!(!arguments.repair, mismatch);
        note(&mismatch);
    }
    Ok(Some(remembered))
}

/// Asks the operator to confirm a repair, or the rest of a started repair.
fn confirm_repair(
    arguments: &Arguments,
    opened: &Opened,
    remembered: Option<&Remembered>,
    counts: &ItemCounts,
    state: &mut State<KeptSweep<Verification>>,
    rule: LagRule,
) -> anyhow::Result<()> {
    let tables = &opened.tables;
    let decision = state.kept.progress.repair.filter(|decision| !decision.is_stale(rule.now()));
    if let Some(decision) = decision.filter(|decision| !decision.is_allowed(arguments.delete_orphans)) {
        anyhow::bail!(plan::refused_to_continue(&decision));
    }
    let adoption = remembered.map(|remembered| events_table::adoption(remembered, tables)).unwrap_or_default();
    let plan = decision.map_or_else(|| plan::of_repair(arguments.delete_orphans), |decision| plan::of_rest(&decision));
    let plan = [adoption, plan].concat();
    arguments.confirm.confirm(&counts.plan("Verify and repair the read models:", &plan))?;
    if decision.is_none() && state.kept.progress.repair.is_some() {
        note("the started repair was decided more than an hour ago: all rows are counted again");
        state.settle(|kept| kept.progress = Verification::new(tables.segments))?;
    }
    Ok(())
}

/// Both passes of a verification.
struct Passes<'a> {
    opened: &'a Opened,
    rule: LagRule,
    /// The number of commits and rows, if it is known.
    expected: Option<u64>,
    started: Instant,
    json: bool,
}

impl Passes<'_> {
    /// Processes all tables from the saved position, and checks late rows again. Repairs if the repair was confirmed.
    async fn pass(&self, state: &mut State<KeptSweep<Verification>>) -> anyhow::Result<()> {
        let Opened { store, models, .. } = self.opened;
        let bar = Bar::new("commits and rows", self.expected, state.kept.progress.counts.looked_at())?;
        let verify = Verify::new(store.clone(), models.clone(), self.rule, &state.kept.progress);
        let ended = until_stopped(&bar, "pages", async |stop_requested| {
            let known = state.kept.progress.clone();
            let settle = |page: VerifyPage| {
                page.left_out.iter().for_each(|order| bar.complain(order));
                let is_second_look = page.is_second_look();
                state.settle(|kept| kept.progress.add(page))?;
                let known = &state.kept.progress;
                let late = report::not_projected(known, self.rule.now()).filter(|_| is_second_look);
                let late = late.map(|(orders, age)| {
                    format!("{orders} orders not projected yet, the oldest commit is {} old", seconds(age))
                });
                bar.show(known.counts.looked_at(), late.unwrap_or_else(|| known.so_far()));
                Ok::<_, anyhow::Error>(())
            };
            verify.run(&known, stop_requested, settle).await
        })
        .await;
        bar.clear();
        state.conclude(ended)
    }

    fn report(&self, known: &Verification) -> anyhow::Result<()> {
        let (tables, now) = (&self.opened.tables, self.rule.now());
        print(&if self.json {
            report::json(tables, known, now)?
        } else {
            report::summary(tables, known, self.started.elapsed(), now)
        });
        Ok(())
    }
}
