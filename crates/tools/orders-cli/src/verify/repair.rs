//! The limits of a repair, decided once everything is counted.
//!
//! A repair goes through the tables twice. The first time it only counts, so that nothing is deleted before it is known how
//! much would be. The second time it writes, within what was decided. Both passes go on where they stopped, and neither
//! keeps a list of rows.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use event_store::Timestamp;
use read_models::{Difference, Finding};
use serde::{Deserialize, Serialize};

use super::lag::{LagRule, Lags};
use super::read_models::ReadModel;
use super::state::Verification;
use super::tally::Tally;
use crate::sweep::Tables;

/// The orphans that are deleted without being named: one row in a hundred, and no more than a hundred.
const MOST_ORPHANS: u64 = 100;
/// The age of a decision beyond which everything is counted anew: an hour.
const MOST_AGE_MS: i64 = 60 * 60 * 1_000;

/// The decision that a state file keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Decision {
    /// The orphans that were counted.
    pub(super) orphans: u64,
    /// The rows that were counted.
    #[serde(default)]
    rows: u64,
    /// The time of the decision, in milliseconds since 1970: what is recorded later is not repaired.
    at: i64,
}

impl Decision {
    pub(super) fn new(tally: &Tally, at: Timestamp) -> Self {
        Self { orphans: tally.orphans(), rows: rows(tally), at: at.epoch_ms() }
    }

    /// True if the counts may no longer be those of the tables.
    pub(super) fn is_stale(&self, now: Timestamp) -> bool {
        now.epoch_ms().saturating_sub(self.at) > MOST_AGE_MS
    }

    /// The refusal to go on with this decision, where a call allows fewer orphans.
    pub(super) fn refusal(&self, named: Option<u64>) -> Option<String> {
        let Self { orphans, rows, .. } = self;
        (!is_allowed(*orphans, *rows, named)).then(|| {
            format!(
                "the repair that is under way deletes or takes back {orphans} of {rows} rows, more than this call allows: \
                 nothing was changed; go on with --delete-orphans {orphans}, or delete the state file to count anew"
            )
        })
    }

    /// The plan of a repair that goes on, for the operator to confirm.
    pub(super) fn plan(&self) -> String {
        let Self { orphans, at, .. } = self;
        let at = Timestamp::from_epoch_ms(*at).map(|at| at.to_string()).unwrap_or_default();
        format!(
            "The repair that was decided on at {at} goes on: rows that are lost or wrong are written.\n\
             Rows without commits in the events table are deleted or taken back: no more than {orphans} in all runs together."
        )
    }
}

fn rows(tally: &Tally) -> u64 {
    tally.summaries.rows + tally.contributions.rows
}

/// True if so many orphans may be deleted: few of the rows, or no more than the operator names.
fn is_allowed(orphans: u64, rows: u64, named: Option<u64>) -> bool {
    let is_few = orphans <= MOST_ORPHANS && orphans.saturating_mul(100) <= rows;
    is_few || named.is_some_and(|named| orphans <= named)
}

/// The limits that the pages of a repair share.
#[derive(Debug)]
pub(super) struct Repair {
    /// The orphans that may still be deleted or taken back.
    orphans: AtomicU64,
    at: Timestamp,
    /// The rows that lagged, and the commits that others had.
    lags: Lags,
    /// The orders with a wrong snapshot: what is recorded of them is in doubt.
    untouchable: BTreeSet<String>,
}

impl Repair {
    /// The repair that was decided on, as far as it is not done yet; `None` while a verification counts.
    pub(super) fn of(known: &Verification) -> Option<Self> {
        let Decision { orphans, at, .. } = known.repair?;
        let left = orphans.saturating_sub(known.tally.orphans());
        Some(Self {
            orphans: AtomicU64::new(left),
            at: Timestamp::from_epoch_ms(at).ok()?,
            lags: known.lags.clone(),
            untouchable: known.untouchable.clone(),
        })
    }

    #[cfg(test)]
    pub(super) fn orphans_left(&self) -> u64 {
        self.orphans.load(Ordering::Relaxed)
    }

    /// True if a row that lacks a commit of this time was late when the repair was decided on.
    pub(super) fn is_late<P: ReadModel>(&self, newest: Timestamp, rule: &LagRule) -> bool {
        P::lag_of(&self.lags).is_late(newest, rule, self.at)
    }

    /// True if a row may be written or deleted. An orphan is counted down.
    pub(super) fn allows<P: ReadModel>(&self, finding: &Finding<P>) -> bool {
        if P::aggregate_id(&finding.key).is_some_and(|order| self.untouchable.contains(order)) {
            return false;
        }
        !is_orphan(&finding.difference)
            || self.orphans.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

/// True for a row with commits that the events table lacks: it would be deleted, or taken back to an earlier version.
const fn is_orphan(difference: &Difference) -> bool {
    match difference {
        Difference::Ahead { .. } | Difference::WithoutAggregate => true,
        Difference::Missing
        | Difference::Behind { .. }
        | Difference::Different { .. }
        | Difference::OlderProjection { .. }
        | Difference::NewerProjection { .. } => false,
    }
}

/// The refusal of a repair, in one line, given the number of orphans that the operator names.
pub(super) fn refusal(tally: &Tally, tables: &Tables, named: Option<u64>) -> Option<String> {
    let (orphans, rows, events) = (tally.orphans(), rows(tally), &tables.events);
    if tally.orders == 0 && orphans > 0 {
        return Some(format!(
            "{events} has no orders, and the read models have {rows} rows: nothing was changed; name the events table that \
             these rows were folded from"
        ));
    }
    if is_allowed(orphans, rows, named) {
        return None;
    }
    Some(format!(
        "{orphans} of {rows} rows have no commits in {events}, more than 1 % or {MOST_ORPHANS}: nothing was changed; if it is \
         not the table of another stack, nor half restored, delete these rows with --delete-orphans {orphans}"
    ))
}

/// The plan of a repair, for the operator to confirm.
pub(super) fn plan(delete_orphans: Option<u64>) -> String {
    let most = delete_orphans.map_or_else(
        || format!("no more than 1 % of the rows and {MOST_ORPHANS}"),
        |named| format!("no more than {named}"),
    );
    format!(
        "First all rows are compared and counted, and nothing is written. Then rows that are lost or wrong are written.\n\
         Rows without commits in the events table are deleted or taken back: {most}, or nothing is changed."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::large_orders::tables;
    use crate::verify::tally::Counts;

    fn refused(orders: u64, rows: u64, orphans: u64, named: Option<u64>) -> Option<String> {
        let counts = |without_order, ahead| Counts { rows: rows / 2, without_order, ahead, ..Counts::default() };
        let (summaries, contributions) = (counts(orphans, 0), counts(0, 0));
        refusal(&Tally { orders, summaries, contributions, ..Tally::default() }, &tables(), named)
    }

    #[test]
    fn orphans_beyond_one_in_a_hundred_or_a_hundred_must_be_named() {
        assert_eq!(refused(1, 1_000, 10, None), None);
        let refusal = refused(1, 1_000, 11, None).unwrap();
        assert!(refusal.starts_with("11 of 1000 rows have no commits in OrderEvents, "), "{refusal}");
        assert_eq!(refused(1, 1_000_000, 100, None), None);
        assert!(refused(1, 1_000_000, 101, None).is_some());
        assert!(refused(1, 1_000, 11, Some(10)).is_some());
        assert_eq!(refused(1, 1_000, 11, Some(11)), None);
        assert_eq!(refused(1, 2, 0, None), None);
    }

    #[test]
    fn an_events_table_without_orders_is_refused_whatever_is_named() {
        let refusal = refused(0, 16, 16, Some(16)).unwrap();
        assert!(refusal.starts_with("OrderEvents has no orders, and the read models have 16 rows: "), "{refusal}");
        assert_eq!(refused(0, 0, 0, None), None);
    }

    #[test]
    fn rows_that_are_ahead_and_sums_of_nothing_are_orphans_too() {
        let mut tally = Tally { orders: 1, ..Tally::default() };
        tally.contributions.ahead = 2;
        tally.sums.without_orders = 3;
        assert_eq!(tally.orphans(), 5);
        assert!(refusal(&tally, &tables(), Some(4)).is_some());
    }
}
