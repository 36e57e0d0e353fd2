//! The limits of a repair, decided once everything is counted.
//!
//! A repair goes through the tables twice. The first pass only counts, so that nothing is deleted before it is known how much
//! would be. The second pass writes, within what was decided. Both go on where they stopped, and neither keeps a list of rows.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use event_store::Timestamp;
use read_models::{Difference, Finding};
use serde::{Deserialize, Serialize};

use super::counts::VerifyCounts;
use super::lag::{LagRule, Lags};
use super::progress::Verification;

/// The orphans that are deleted without being named: one row in a hundred, and no more than a hundred.
pub const MOST_ORPHANS: u64 = 100;
/// The age of a decision beyond which everything is counted anew: an hour.
const MOST_AGE_MS: i64 = 60 * 60 * 1_000;

/// The decision to repair. Kept in state files: names are never changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The orphans that were counted.
    pub orphans: u64,
    /// The rows that were counted.
    pub rows: u64,
    /// The time of the decision, in milliseconds since 1970: what is recorded later is not repaired.
    at: i64,
}

/// The reason why a repair must not begin or go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The events table has no orders, and there are rows.
    NoOrders {
        /// The number of rows.
        rows: u64,
    },
    /// More rows have no commits than may be deleted.
    TooManyOrphans {
        /// The number of these rows.
        orphans: u64,
        /// The number of all rows.
        rows: u64,
    },
}

impl Decision {
    pub(super) fn new(counts: &VerifyCounts, at: Timestamp) -> Self {
        Self { orphans: counts.orphans(), rows: counts.rows(), at: at.epoch_ms() }
    }

    /// The time of the decision.
    #[must_use]
    pub fn at(&self) -> Option<Timestamp> {
        Timestamp::from_epoch_ms(self.at).ok()
    }

    /// True if the counts may no longer be those of the tables.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.epoch_ms().saturating_sub(self.at) > MOST_AGE_MS
    }

    /// The refusal to go on with this decision, where a call allows fewer orphans than `allowed`.
    #[must_use]
    pub fn refusal(&self, allowed: Option<u64>) -> Option<Refusal> {
        let Self { orphans, rows, .. } = *self;
        (!is_allowed(orphans, rows, allowed)).then_some(Refusal::TooManyOrphans { orphans, rows })
    }
}

/// The refusal to repair what was counted, given the number of orphans that an operator allows.
#[must_use]
pub fn refusal(counts: &VerifyCounts, allowed: Option<u64>) -> Option<Refusal> {
    let (orphans, rows) = (counts.orphans(), counts.rows());
    if counts.orders == 0 && orphans > 0 {
        return Some(Refusal::NoOrders { rows });
    }
    (!is_allowed(orphans, rows, allowed)).then_some(Refusal::TooManyOrphans { orphans, rows })
}

/// True if so many orphans may be deleted: few of the rows, or no more than the operator allows.
fn is_allowed(orphans: u64, rows: u64, allowed: Option<u64>) -> bool {
    let is_few = orphans <= MOST_ORPHANS && orphans.saturating_mul(100) <= rows;
    is_few || allowed.is_some_and(|allowed| orphans <= allowed)
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
    /// The repair that was decided, as far as it is not done yet; `None` while a verification counts.
    pub(super) fn of(known: &Verification) -> Option<Self> {
        let decision = known.repair?;
        let left = decision.orphans.saturating_sub(known.counts.orphans());
        Some(Self {
            orphans: AtomicU64::new(left),
            at: decision.at()?,
            lags: known.lags.clone(),
            untouchable: known.untouchable.clone(),
        })
    }

    /// True if a row that lacks a commit of this time was late when the repair was decided.
    pub(super) fn is_late(&self, read_model: &str, newest: Timestamp, rule: &LagRule) -> bool {
        self.lags.is_late(read_model, newest, rule, self.at)
    }

    /// True if a row may be written or deleted. An orphan is counted down.
    pub(super) fn allows(&self, finding: &Finding) -> bool {
        if finding.aggregate_id.as_ref().is_some_and(|order| self.untouchable.contains(order)) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(orders: u64, rows: u64, orphans: u64) -> VerifyCounts {
        let mut counts = VerifyCounts { orders, ..VerifyCounts::default() };
        (counts.of("one").rows, counts.of("two").rows) = (rows / 2, rows / 2);
        counts.of("one").without_order = orphans;
        counts
    }

    #[test]
    fn orphans_beyond_one_in_a_hundred_or_a_hundred_must_be_allowed() {
        let refused = |rows, orphans, allowed| refusal(&counted(1, rows, orphans), allowed);
        let too_many = |orphans, rows| Some(Refusal::TooManyOrphans { orphans, rows });
        assert_eq!(refused(1_000, 10, None), None);
        assert_eq!(refused(1_000, 11, None), too_many(11, 1_000));
        assert_eq!(refused(1_000_000, 100, None), None);
        assert_eq!(refused(1_000_000, 101, None), too_many(101, 1_000_000));
        assert_eq!(refused(1_000, 11, Some(10)), too_many(11, 1_000));
        assert_eq!(refused(1_000, 11, Some(11)), None);
        assert_eq!(refused(2, 0, None), None);
    }

    #[test]
    fn an_events_table_without_orders_is_refused_whatever_is_allowed() {
        assert_eq!(refusal(&counted(0, 16, 16), Some(16)), Some(Refusal::NoOrders { rows: 16 }));
        assert_eq!(refusal(&counted(0, 0, 0), None), None);
    }

    #[test]
    fn rows_that_are_ahead_and_sums_without_rows_are_orphans_too() {
        let mut counts = counted(1, 0, 0);
        counts.of("two").ahead = 2;
        counts.of("two").sums.get_or_insert_default().without_rows = 3;
        assert_eq!(counts.orphans(), 5);
        assert!(refusal(&counts, Some(4)).is_some());
    }
}
