//! The limits of a repair, which are decided after everything is counted.
//!
//! A repair processes the tables twice. The first pass only counts, so that nothing is deleted before the number of
//! deletions is known. The second pass writes, within the decided limits. Both passes continue after a stop, and neither
//! keeps a list of rows.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use event_store::Timestamp;
use read_models::{Difference, Finding};
use serde::{Deserialize, Serialize};

use super::counts::VerifyCounts;
use super::lag::{LagRule, Lags};

/// The largest number of orphans that a repair deletes without a limit from the operator. They must also be at most one row in
/// a hundred.
pub const MOST_ORPHANS: u64 = 100;
/// The maximum age of a decision: one hour. After that, everything is counted again.
const MOST_AGE_MS: i64 = 60 * 60 * 1_000;

/// The decision to repair. State files contain these names, so they must never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The number of orphans that were counted.
    pub orphans: u64,
    /// The number of rows that were counted.
    pub rows: u64,
    /// The time of the decision, in milliseconds since 1970. Later commits are not repaired.
    at: i64,
}

/// The reason why a repair must not start or continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The events table has no orders although there are rows.
    NoOrders {
        /// The number of rows.
        rows: u64,
    },
    /// The number of rows without commits exceeds the limit of deletions.
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

    /// Returns the time of the decision.
    #[must_use]
    pub fn at(&self) -> Option<Timestamp> {
        Timestamp::from_epoch_ms(self.at).ok()
    }

    /// Returns true if the counts may be out of date.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.epoch_ms().saturating_sub(self.at) > MOST_AGE_MS
    }

    /// Returns true if the repair can continue, given the number of orphans that an operator allows.
    #[must_use]
    pub fn is_allowed(&self, allowed: Option<u64>) -> bool {
        is_allowed(self.orphans, self.rows, allowed)
    }
}

/// Returns the reason to reject the repair, given the number of orphans that an operator allows.
#[must_use]
pub fn refusal(counts: &VerifyCounts, allowed: Option<u64>) -> Option<Refusal> {
    let (orphans, rows) = (counts.orphans(), counts.rows());
    if counts.orders == 0 && orphans > 0 {
        return Some(Refusal::NoOrders { rows });
    }
    (!is_allowed(orphans, rows, allowed)).then_some(Refusal::TooManyOrphans { orphans, rows })
}

/// Returns true if this number of orphans may be deleted: few rows, or no more than the operator allows.
fn is_allowed(orphans: u64, rows: u64, allowed: Option<u64>) -> bool {
    let is_few = orphans <= MOST_ORPHANS && orphans.saturating_mul(100) <= rows;
    is_few || allowed.is_some_and(|allowed| orphans <= allowed)
}

/// The rules of a pass, which its pages share.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) lag: LagRule,
    /// The limits of the repair; `None` while the verification counts.
    pub(super) repair: Option<Limits>,
}

/// The limits of a repair.
#[derive(Debug)]
pub(super) struct Limits {
    /// The number of orphans that can still be deleted or reduced.
    pub(super) orphans: AtomicU64,
    pub(super) at: Timestamp,
    /// The rows that lagged, and the newest commits of correct rows.
    pub(super) lags: Lags,
    /// The orders with a wrong snapshot. Their recorded commits are in doubt.
    pub(super) untouchable: BTreeSet<String>,
}

impl Limits {
    /// Returns true if a row may be written or deleted, and counts down the orphans.
    pub(super) fn allows(&self, finding: &Finding) -> bool {
        if finding.aggregate_id.as_ref().is_some_and(|order| self.untouchable.contains(order)) {
            return false;
        }
        !is_orphan(&finding.difference)
            || self.orphans.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

/// Returns true for a row with commits that the events table lacks. A repair would delete it, or reduce it to an earlier
/// version.
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
