//! The findings of one page of a verification.

use std::collections::BTreeMap;
use std::sync::Arc;

use event_store::{CheckedSnapshots, Position, SnapshotDifference, Timestamp};
use read_models::{Checked, Finding, ReadModel, RowKey, Sums, SumsChecked, Unfoldable};

use super::counts::{SumCounts, VerifyCounts};
use super::lag::Lags;
use super::named::{NAMED, NamedDifference, NamedSnapshot, changes};
use super::repair::Rules;
use crate::error::OperationError;
use crate::sweep::Place;

/// The position that a page has reached.
pub(super) enum Reached {
    Orders {
        number: u32,
        place: Place<Position>,
    },
    Rows {
        read_model: String,
        number: u32,
        place: Place<RowKey>,
    },
    /// No segment: lagging rows were checked again, and these still lag.
    SecondLook {
        lags: Lags,
    },
}

/// The findings of one page.
pub struct VerifyPage {
    rules: Arc<Rules>,
    pub(super) reached: Reached,
    pub(super) counts: VerifyCounts,
    pub(super) differences: Vec<NamedDifference>,
    pub(super) snapshots: Vec<NamedSnapshot>,
    /// The lagging rows, which may be late.
    pub(super) lags: Lags,
    /// The orders and sums that could not be checked, with the reasons.
    pub left_out: Vec<String>,
}

impl VerifyPage {
    /// Creates a page without differences.
    pub(super) fn new(rules: &Arc<Rules>, reached: Reached, counts: VerifyCounts) -> Self {
        let (differences, snapshots, left_out) = (Vec::new(), Vec::new(), Vec::new());
        Self { rules: Arc::clone(rules), reached, counts, differences, snapshots, lags: Lags::default(), left_out }
    }

    /// Returns true if the page contains lagging rows that were checked again.
    #[must_use]
    pub const fn is_second_look(&self) -> bool {
        matches!(self.reached, Reached::SecondLook { .. })
    }

    /// Counts and names the snapshots of complete orders. Runs before the rows are added, because a repair does not change
    /// the rows of an order with a wrong snapshot.
    pub(super) fn add_snapshots(&mut self, checked: Vec<CheckedSnapshots>) {
        for CheckedSnapshots { aggregate_id: _, compared, differences } in checked {
            self.counts.snapshots.compared += compared;
            for SnapshotDifference { aggregate_id: order, version, changes } in differences {
                self.counts.snapshots.wrong += 1;
                self.snapshots.push(NamedSnapshot { order, version, changes });
            }
        }
    }

    /// Adds the result of comparing a page of orders with their rows. Rows that may be late wait for a second check. Returns
    /// the orders that could not be folded.
    pub(super) async fn add_checked(
        &mut self,
        checked: Checked,
        model: &dyn ReadModel,
    ) -> Result<Vec<Unfoldable>, OperationError> {
        let Rules { lag: rule, repair } = self.rules.as_ref();
        let (now, lag) = (rule.now(), self.lags.of(model.name()));
        lag.has_reached(checked.reached);
        let is_late = |newest: &Timestamp| match repair {
            None => rule.bound.may_be_late(*newest, now),
            // As it was when the repair was decided.
            Some(limits) => limits.lags.is_late(model.name(), *newest, rule, limits.at),
        };
        let mut wrong = Vec::new();
        for finding in checked.findings {
            match finding.lags_behind.filter(is_late).zip(finding.aggregate_id.as_deref()) {
                Some((newest, order)) if repair.is_none() => lag.wait_for(order, newest),
                // The projector writes this row, so a repair does not.
                Some(_) => {}
                None => wrong.push(finding),
            }
        }
        self.add_rows(wrong, model).await?;
        Ok(checked.unfoldable)
    }

    /// Counts and names rows that differ, after repairing those that the limits allow.
    pub(super) async fn add_rows(
        &mut self,
        findings: Vec<Finding>,
        model: &dyn ReadModel,
    ) -> Result<(), OperationError> {
        for finding in findings {
            let is_touchable = !self.snapshots.iter().any(|named| finding.aggregate_id.as_ref() == Some(&named.order));
            let is_allowed = is_touchable && self.rules.repair.as_ref().is_some_and(|limits| limits.allows(&finding));
            let repaired = is_allowed && model.repair(finding.clone()).await?.is_none();
            let counts = self.counts.of(model.name());
            counts.count(&finding.difference);
            counts.repaired += u64::from(repaired);
            let changes = changes(&finding.difference);
            let Finding { key: row, aggregate_id: order, difference, .. } = finding;
            let problem = difference.to_string();
            self.name(NamedDifference { read_model: model.name().to_owned(), order, row, problem, changes, repaired });
        }
        Ok(())
    }

    /// Counts and names sums that differ, after repairing them if the pass repairs.
    pub(super) async fn add_sums(
        &mut self,
        checked: Vec<(String, SumsChecked)>,
        read_model: &str,
        sums: &dyn Sums,
    ) -> Result<(), OperationError> {
        for (partition, checked) in checked {
            let finding = match checked {
                SumsChecked::Wrong(finding) => finding,
                // The row that cannot be summed is counted as a separate difference.
                SumsChecked::Right | SumsChecked::Unsummable => continue,
                SumsChecked::Unsettled => {
                    self.sum_counts(read_model).unsettled += 1;
                    self.left_out
                        .push(format!("partition {partition} of {read_model}: the sums changed during every check"));
                    continue;
                }
            };
            let repaired = self.rules.repair.is_some() && sums.repair(&finding).await?.is_none();
            let counts = self.sum_counts(read_model);
            counts.count(&finding.difference);
            counts.repaired += u64::from(repaired);
            let (read_model, order, problem) = (read_model.to_owned(), None, finding.difference.to_string());
            let (row, changes) = (finding.key, finding.changes);
            self.name(NamedDifference { read_model, order, row, problem, changes, repaired });
        }
        Ok(())
    }

    /// Counts and names each order that could not be folded, once. A second check does not count it again.
    pub(super) fn add_left_out(&mut self, unfoldable: impl Iterator<Item = Unfoldable>) {
        let causes: BTreeMap<String, String> =
            unfoldable.map(|unfoldable| (unfoldable.aggregate_id, unfoldable.cause)).collect();
        for (order, cause) in causes {
            self.counts.left_out += 1;
            self.lags.leave_out(&order);
            self.left_out.push(format!("order {order}: {cause}"));
        }
    }

    fn sum_counts(&mut self, read_model: &str) -> &mut SumCounts {
        self.counts.of(read_model).sums.get_or_insert_default()
    }

    fn name(&mut self, named: NamedDifference) {
        if self.differences.len() < NAMED {
            self.differences.push(named);
        }
    }
}
