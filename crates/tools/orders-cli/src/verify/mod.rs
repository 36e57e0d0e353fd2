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
use operations::Ended;
use operations::events_table::Remembered;
use operations::verify::{LagRule, Verification, Verify, VerifyPage, repair};

use crate::sweep::{Bar, ItemCounts, Opened, State, Tables, begin, events_table, until_told_to_stop};
use crate::text::{note, print, seconds};

pub(crate) use arguments::Arguments;
use report::verdict;

/// The result of a completed verification.
pub(crate) enum Verdict {
    /// Rows and events agree.
    Clean,
    /// Some rows differ.
    Differences,
    /// No row differs, but some orders cannot be folded, or some sums cannot be checked.
    Incomplete,
    /// Nothing differs, but the projector has not processed some orders yet.
    NotProjectedYet,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Clean => Self::SUCCESS,
            Verdict::Incomplete => Self::FAILURE,
            Verdict::Differences => 3.into(),
            Verdict::NotProjectedYet => 4.into(),
        }
    }
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let rule = arguments.lag_rule();
    let opened = arguments.sweep.open(if arguments.repair { "repair" } else { "verify" }).await?;
    let tables = &opened.tables;
    let remembered = remembered(&arguments, &opened).await?;
    let counts = ItemCounts::of(&opened.client, tables).await;
    let mut state = begin(arguments.sweep.state_file(tables), tables.clone(), Verification::new(tables.segments))?;
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
    if state.known().repair.is_none() {
        passes.pass(&mut state).await?;
        if arguments.repair && state.known().counts.repairable() > 0 {
            if let Some(refusal) = repair::refusal(&state.known().counts, arguments.delete_orphans) {
                state.file.remove()?;
                passes.report(state.known())?;
                anyhow::bail!(plan::refused(refusal, &tables.events));
            }
            state.settle(|known| known.begin_repair(rule.now()))?;
        }
    }
    if state.known().repair.is_some() {
        passes.pass(&mut state).await?;
    }
    state.file.remove()?;
    passes.report(state.known())?;
    let verdict = verdict(state.known(), rule.now());
    // Only a repair that an operator confirmed binds the read models to a table.
    if let (Verdict::Clean, Some(remembered)) = (&verdict, &remembered)
        && arguments.repair
        && state.known().counts.orders > 0
    {
        events_table::remember(remembered, tables).await?;
    }
    Ok(verdict)
}

/// Reads the events table that the read models remember. If it is another one, a repair is rejected, and a comparison notes
/// it.
async fn remembered(arguments: &Arguments, opened: &Opened) -> anyhow::Result<Option<Remembered>> {
    let remembered = match Remembered::read(&opened.models).await {
        Ok(remembered) => remembered,
        Err(error) if arguments.repair => return Err(error.into()),
        Err(error) => {
            note(&format!("the events table that the read models remember is not known: {}", chain(&error)));
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
    state: &mut State<Verification>,
    rule: LagRule,
) -> anyhow::Result<()> {
    let tables = &opened.tables;
    let decision = state.known().repair.filter(|decision| !decision.is_stale(rule.now()));
    if let Some(refusal) = decision.and_then(|decision| decision.refusal(arguments.delete_orphans)) {
        anyhow::bail!(plan::refused_to_go_on(refusal));
    }
    let adoption = remembered.map(|remembered| events_table::adoption(remembered, tables)).unwrap_or_default();
    let plan = decision.map_or_else(|| plan::of_repair(arguments.delete_orphans), |decision| plan::of_rest(&decision));
    let plan = [adoption, plan].concat();
    arguments.confirm.confirm(&counts.plan("Verify and repair the read models:", &plan))?;
    if decision.is_none() && state.known().repair.is_some() {
        note("the repair that is under way was decided more than an hour ago: all rows are counted anew");
        state.settle(|known| *known = Verification::new(tables.segments))?;
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
    async fn pass(&self, state: &mut State<Verification>) -> anyhow::Result<()> {
        let Opened { store, models, .. } = self.opened;
        let bar = Bar::new("commits and rows", self.expected, state.known().counts.looked_at())?;
        let verify = Verify::new(store.clone(), models.clone(), self.rule, state.known());
        let ended = until_told_to_stop(&bar, async |signals| {
            let known = state.known().clone();
            let settle = |page: VerifyPage| {
                page.left_out.iter().for_each(|order| bar.complain(order));
                state.settle(|known| known.add(page))?;
                bar.show(state.known().counts.looked_at(), report::so_far(&state.known().counts));
                Ok::<_, anyhow::Error>(())
            };
            let ended = verify.sweep(&known, signals.next(), settle).await?;
            if ended == Ended::Stopped || !verify.is_counting() {
                return Ok(ended);
            }
            let known = state.known().clone();
            let settle = |page: VerifyPage| {
                state.settle(|known| known.add(page))?;
                if let Some((orders, age)) = report::not_projected(state.known(), self.rule.now()) {
                    let waiting =
                        format!("{orders} orders not projected yet, the oldest commit is {} old", seconds(age));
                    bar.show(state.known().counts.looked_at(), waiting);
                }
                Ok::<_, anyhow::Error>(())
            };
            verify.second_look(&known, signals.next(), settle).await
        })
        .await;
        bar.clear();
        let (known, file) = (state.known(), &state.file);
        file.conclude(ended, report::so_far(&known.counts))
    }

    fn report(&self, known: &Verification) -> anyhow::Result<()> {
        let (tables, now): (&Tables, _) = (&self.opened.tables, self.rule.now());
        print(&if self.json {
            report::json(tables, known, now)?
        } else {
            report::summary(tables, known, self.started.elapsed(), now)
        });
        Ok(())
    }
}
