//! `orders verify`: compares every row of both read models with the fold of its order's events, every sum with what it is the
//! sum of, and every snapshot with the fold; repairs rows and sums if asked to.
//!
//! - `orders`: the events' side: every order has its rows
//! - `summaries`: the summaries' side: every row has its order
//! - `totals`: the totals' side: the same, and the sums
//! - `read_models`: what compares and mends
//! - `arguments`: what it is told
//! - `page`, `tally`, `named`: what was found: on a page, counted, by name
//! - `lag`: rows that are late, and those that are lost
//! - `repair`: what may be changed
//! - `state`: how far it is
//! - `report`: what is said about it

mod arguments;
mod lag;
mod named;
mod orders;
mod page;
mod read_models;
mod repair;
mod report;
mod state;
mod summaries;
mod tally;
#[cfg(test)]
mod tests;
mod totals;

use std::process::ExitCode;
use std::time::Instant;

use aws_sdk_dynamodb::Client;
use event_store::store::chain;
use event_store::{DynamoEventStore, Timestamp};

use crate::sweep::{Bar, Ended, ItemCounts, Remembered, State, Tables, begin, sweep, until_told_to_stop};
use crate::text::{complain, note, print, seconds};
pub(crate) use arguments::Arguments;
use lag::LagRule;
use page::Page;
use read_models::Audits;
use repair::Repair;
use state::Verification;

/// The result of a verification that came to its end.
pub(crate) enum Verdict {
    /// Rows and events agree, by now.
    Clean,
    /// Some rows differ.
    Differences,
    /// No row differs, and some orders cannot be folded, or some customers' sums not be judged.
    Incomplete,
    /// Nothing differs, and the projector has not got to some orders yet.
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
    let Arguments { sweep: arguments, repair, adopt_events, confirm, delete_orphans, .. } = arguments;
    let (client, tables) = arguments.open(if repair { "repair" } else { "verify" }).await?;
    let remembered = match Remembered::read(&client, &tables).await {
        Ok(remembered) => Some(remembered),
        Err(error) if repair => return Err(error.into()),
        Err(error) => {
            note(&format!("the events table that the read models remember is not known: {}", chain(&error)));
            None
        }
    };
    if let Some(mismatch) = remembered.as_ref().and_then(Remembered::mismatch)
        && !adopt_events
    {
        anyhow::ensure!(!repair, mismatch);
        note(&mismatch);
    }
    let counts = ItemCounts::of(&client, &tables).await;
    let new = Verification::new(tables.segments);
    let mut state = begin(arguments.state_file(&tables), tables.clone(), new.clone())?;
    if repair {
        let decision = state.known().repair.filter(|decision| !decision.is_stale(rule.now()));
        if let Some(refusal) = decision.and_then(|decision| decision.refusal(delete_orphans)) {
            anyhow::bail!(refusal);
        }
        let adoption = remembered.as_ref().map(Remembered::adoption).unwrap_or_default();
        let plan = decision.map_or_else(|| repair::plan(delete_orphans), |decision| decision.plan());
        let plan = [adoption, plan].concat();
        confirm.confirm(&counts.plan("Verify and repair the read models:", &tables, &plan))?;
        if decision.is_none() && state.known().repair.is_some() {
            note("the repair that is under way was decided on more than an hour ago: all rows are counted anew");
            state.settle(|known| *known = new)?;
        }
    }
    let expected = counts.all().filter(|count| *count > 0);
    let surroundings = Surroundings { client: &client, tables: &tables, rule, expected, started: Instant::now() };
    if state.known().repair.is_none() {
        surroundings.pass(&mut state).await?;
        if repair && state.known().tally.repairable() > 0 {
            if let Some(refusal) = repair::refusal(&state.known().tally, surroundings.tables, delete_orphans) {
                state.file.remove()?;
                surroundings.report(state.known(), arguments.json)?;
                anyhow::bail!(refusal);
            }
            state.settle(|known| known.begin_repair(rule.now()))?;
        }
    }
    if state.known().repair.is_some() {
        surroundings.pass(&mut state).await?;
    }
    state.file.remove()?;
    surroundings.report(state.known(), arguments.json)?;
    let verdict = verdict(state.known(), rule.now());
    // Only what an operator has confirmed binds the read models to a table.
    if let (Verdict::Clean, Some(remembered)) = (&verdict, &remembered)
        && repair
        && state.known().tally.orders > 0
    {
        remembered.remember().await?;
    }
    Ok(verdict)
}

/// The surroundings of both passes of a verification.
struct Surroundings<'a> {
    client: &'a Client,
    tables: &'a Tables,
    rule: LagRule,
    /// About how many commits and rows there are.
    expected: Option<u64>,
    started: Instant,
}

impl Surroundings<'_> {
    /// Goes through all tables from where the state is, and looks at late rows again; repairs if that was decided on.
    async fn pass(&self, state: &mut State<Verification>) -> anyhow::Result<()> {
        let Self { client, tables, rule, expected, .. } = self;
        let bar = Bar::new("commits and rows", *expected, state.known().tally.looked_at())?;
        let store = DynamoEventStore::new((*client).clone(), &tables.events);
        let repair = Repair::of(state.known());
        let is_counting = repair.is_none();
        let audits = Audits::new(&store, client, tables, *rule, repair);
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
                || sweep(of_totals, signals.next(), &mut settle).await? == Ended::Stopped
            {
                return Ok(Ended::Stopped);
            }
            if !is_counting {
                return Ok(Ended::Complete);
            }
            let known = state.known().clone();
            lag::second_look(&audits, rule, &known, signals.next(), |lags, page| {
                state.settle(|known| {
                    known.lags = lags;
                    known.add(page);
                })?;
                if let Some((orders, age)) = report::not_projected(state.known(), rule.now()) {
                    let waiting =
                        format!("{orders} orders not projected yet, the oldest commit is {} old", seconds(age));
                    bar.show(state.known().tally.looked_at(), waiting);
                }
                Ok(())
            })
            .await
        })
        .await;
        bar.clear();
        let (known, file) = (state.known(), &state.file);
        file.conclude(ended, known.tally.so_far())
    }

    fn report(&self, known: &Verification, json: bool) -> anyhow::Result<()> {
        let (tables, now) = (self.tables, self.rule.now());
        print(&if json {
            report::json(tables, known, now)?
        } else {
            report::summary(tables, known, self.started.elapsed(), now)
        });
        Ok(())
    }
}

/// Complains about what is left, and says what it comes to.
fn verdict(known: &Verification, now: Timestamp) -> Verdict {
    let left_out = known.tally.left_out;
    if left_out > 0 {
        complain(&format!("{left_out} orders could not be folded to their end, listed above"));
    }
    let unsettled = known.tally.sums.unsettled;
    if unsettled > 0 {
        complain(&format!("the totals of {unsettled} customers could not be judged, listed above"));
    }
    let wrong = known.tally.snapshots.wrong;
    if wrong > 0 {
        complain(&format!(
            "{wrong} snapshots are not the fold of their events, listed above; a repair leaves them and the rows of their orders"
        ));
    }
    let not_projected = report::not_projected(known, now);
    if let Some((orders, age)) = not_projected {
        complain(&format!(
            "{orders} orders are not projected yet; the oldest commit is {} old: check the projector, or name the age at \
             which a row is lost with --lag-bound",
            seconds(age)
        ));
    }
    let not_looked_at_again = known.lags.not_looked_at_again();
    if not_looked_at_again > 0 {
        complain(&format!(
            "{not_looked_at_again} of them were not looked at again, and may be lost or have arrived since: verify once more when the \
             projector has caught up"
        ));
    }
    match (known.tally.left(), left_out + unsettled) {
        (0, 0) if not_projected.is_some() => Verdict::NotProjectedYet,
        (0, 0) => Verdict::Clean,
        (0, _) => Verdict::Incomplete,
        _ => Verdict::Differences,
    }
}
