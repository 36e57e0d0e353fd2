//! The findings of one page of a verification.

use std::collections::BTreeMap;

use event_store::{CheckedSnapshots, DynamoEventStore, Position, SnapshotDifference, Timestamp};
use read_models::{
    Audit, Checked, CustomerTotals, Finding, Halt, Projection, RowImages, RowKey, RowStore, SumAudit, SumsChecked,
};

use super::lag::{LagRule, Lags};
use super::named::{Named, NamedSnapshot, changes};
use super::read_models::ReadModel;
use super::repair::Repair;
use super::state::NAMED;
use super::tally::Tally;
use crate::sweep::Place;

/// The place of a page's segment after it.
pub(super) enum Reached {
    Orders {
        number: usize,
        place: Place<Position>,
    },
    Summaries {
        number: usize,
        place: Place<RowKey>,
    },
    Totals {
        number: usize,
        place: Place<RowKey>,
    },
    /// No segment: rows that lag were looked at again.
    SecondLook,
}

/// A page.
pub(super) struct Page {
    pub(super) reached: Reached,
    pub(super) tally: Tally,
    pub(super) differences: Vec<Named>,
    pub(super) snapshots: Vec<NamedSnapshot>,
    /// The rows that lag, and may be late.
    pub(super) lags: Lags,
    /// The orders and sums that could not be judged, in words.
    pub(super) left_out: Vec<String>,
}

impl Page {
    /// A page without differences.
    pub(super) fn new(reached: Reached, tally: Tally) -> Self {
        let (differences, snapshots, left_out) = (Vec::new(), Vec::new(), Vec::new());
        Self { reached, tally, differences, snapshots, lags: Lags::default(), left_out }
    }

    /// Counts and names the snapshots of orders that are complete. Comes before their rows, which a repair leaves alone where
    /// a snapshot is wrong.
    pub(super) fn checked_snapshots(&mut self, checked: Vec<CheckedSnapshots>) {
        for CheckedSnapshots { aggregate_id: _, compared, differences } in checked {
            self.tally.snapshots.compared += compared;
            for SnapshotDifference { aggregate_id: order, version, changes } in differences {
                self.tally.snapshots.wrong += 1;
                self.snapshots.push(NamedSnapshot { order, version, changes });
            }
        }
    }

    /// Takes what an audit found in a page of orders: rows that may be late wait for a second look.
    pub(super) async fn checked<P: ReadModel, R: RowStore<P> + RowImages<P>>(
        &mut self,
        checked: Checked<P>,
        audit: &Audit<P, DynamoEventStore, R>,
        rule: &LagRule,
        repair: Option<&Repair>,
    ) -> anyhow::Result<Vec<Halt>> {
        let now = rule.now();
        let lag = P::lag(&mut self.lags);
        lag.has_reached(checked.reached);
        let is_late = |newest: &Timestamp| {
            repair.map_or_else(|| rule.bound.may_be_late(*newest, now), |repair| repair.is_late::<P>(*newest, rule))
        };
        let mut wrong = Vec::new();
        for finding in checked.findings {
            match finding.lags_behind().filter(is_late).zip(P::aggregate_id(&finding.key)) {
                Some((newest, order)) if repair.is_none() => lag.wait_for(order, newest),
                // A repair leaves it to the projector.
                Some(_) => {}
                None => wrong.push(finding),
            }
        }
        self.found_rows(wrong, audit, repair).await?;
        Ok(checked.halts)
    }

    /// Counts and names rows that differ; repairs them first as far as that is allowed.
    pub(super) async fn found_rows<P: ReadModel, R: RowStore<P> + RowImages<P>>(
        &mut self,
        findings: Vec<Finding<P>>,
        audit: &Audit<P, DynamoEventStore, R>,
        repair: Option<&Repair>,
    ) -> anyhow::Result<()> {
        for finding in findings {
            let counts = P::counts(&mut self.tally);
            counts.count(&finding.difference);
            let (row, problem) = (finding.key.clone(), finding.difference.to_string());
            let changes = changes(&finding.difference);
            let order = P::aggregate_id(&finding.key);
            let is_touchable = !self.snapshots.iter().any(|named| order == Some(named.order.as_str()));
            let is_allowed = is_touchable && repair.is_some_and(|repair| repair.allows(&finding));
            let mended = is_allowed && audit.mend(finding).await?.is_none();
            counts.mended += u64::from(mended);
            let order = P::aggregate_id(&row).map(str::to_owned);
            self.name(Named { read_model: P::NAME.to_owned(), order, row, problem, changes, mended });
        }
        Ok(())
    }

    /// The same of sums.
    pub(super) async fn found_sums(
        &mut self,
        checked: Vec<(String, SumsChecked<CustomerTotals>)>,
        audit: &SumAudit<CustomerTotals>,
        repair: bool,
    ) -> anyhow::Result<()> {
        for (customer, checked) in checked {
            let finding = match checked {
                SumsChecked::Right => continue,
                SumsChecked::Wrong(finding) => *finding,
                // Which the contribution that cannot be read, or is of a newer release, is named for.
                SumsChecked::Unsummable => continue,
                SumsChecked::Unsettled => {
                    self.tally.sums.unsettled += 1;
                    self.left_out.push(format!("customer {customer}: the sums changed whenever they were looked at"));
                    continue;
                }
            };
            self.tally.sums.count(&finding.difference);
            let (row, problem) = (finding.key.clone(), finding.difference.to_string());
            let (read_model, order, changes) = (CustomerTotals::NAME.to_owned(), None, finding.changes.clone());
            let mended = repair && audit.mend(finding).await?.is_none();
            self.tally.sums.mended += u64::from(mended);
            self.name(Named { read_model, order, row, problem, changes, mended });
        }
        Ok(())
    }

    fn name(&mut self, named: Named) {
        if self.differences.len() < NAMED {
            self.differences.push(named);
        }
    }

    /// Counts and names the orders that could not be folded, each once. The second look does not count them anew.
    pub(super) fn left_out(&mut self, halts: impl Iterator<Item = Halt>) {
        let causes: BTreeMap<String, String> = halts.map(|halt| (halt.aggregate_id, halt.cause)).collect();
        for (order, cause) in causes {
            self.tally.left_out += 1;
            if self.lags.has(&order) {
                self.lags.left_out.insert(order.clone());
            }
            self.left_out.push(format!("order {order}: {cause}"));
        }
    }
}
