//! Lagging rows: late ones, which the projector has not reached yet, and lost ones.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use event_store::Timestamp;
use read_models::{Checked, Finding, LagBound};
use serde::{Deserialize, Serialize};

/// The maximum number of rows of a read model that are checked again.
const MOST: usize = 5_000;

/// The rule that decides if a lagging row counts as lost.
#[derive(Debug, Clone, Copy)]
pub struct LagRule {
    /// The maximum age of the missing commits of a late row.
    pub bound: LagBound,
    /// The time for which late rows are checked again although none arrives.
    pub patience: Duration,
    /// The clock.
    pub clock: fn() -> Timestamp,
}

impl LagRule {
    /// Returns the time of the clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// The lagging rows, by read model. State files contain these names, so they must never change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lags {
    read_models: BTreeMap<String, Lag>,
    /// The orders among them that are counted as left out because a commit cannot be folded.
    pub(super) left_out: BTreeSet<String>,
}

/// The lagging rows of one read model. Times are in milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lag {
    /// The time of the newest commit of each order whose row lags.
    rows: BTreeMap<String, i64>,
    /// The number of rows beyond [`MOST`], which are not checked again, and the oldest of their times.
    beyond: (u64, Option<i64>),
    /// The time of the newest commit in a correct row.
    reached: Option<i64>,
}

impl Lag {
    /// Records that a correct row contains a commit of this time.
    pub(super) fn has_reached(&mut self, reached: Option<Timestamp>) {
        self.reached = self.reached.max(reached.map(Timestamp::epoch_ms));
    }

    /// Records a lagging row.
    pub(super) fn wait_for(&mut self, order: &str, newest: Timestamp) {
        self.wait(order, newest.epoch_ms());
    }

    fn wait(&mut self, order: &str, newest: i64) {
        if self.rows.len() < MOST {
            self.rows.insert(order.to_owned(), newest);
        } else {
            self.beyond = (self.beyond.0 + 1, Some(self.beyond.1.map_or(newest, |oldest| oldest.min(newest))));
        }
    }

    fn add(&mut self, more: &Self) {
        self.reached = self.reached.max(more.reached);
        more.rows.iter().for_each(|(order, newest)| self.wait(order, *newest));
        let oldest = self.beyond.1.into_iter().chain(more.beyond.1).min();
        self.beyond = (self.beyond.0 + more.beyond.0, oldest);
    }

    fn is_late(&self, newest: Timestamp, rule: &LagRule, now: Timestamp) -> bool {
        let reached = self.reached.and_then(|reached| Timestamp::from_epoch_ms(reached).ok());
        rule.bound.is_late(newest, reached, now)
    }

    /// Keeps the lagging findings in `checked`, and returns the others.
    pub(super) fn note(&mut self, checked: &mut Checked) -> Vec<Finding> {
        self.has_reached(checked.reached);
        self.rows.clear();
        let findings = std::mem::take(&mut checked.findings);
        let (lagging, wrong) = findings.into_iter().partition(|finding| finding.lags_behind.is_some());
        checked.findings = lagging;
        for finding in &checked.findings {
            if let Some((newest, order)) = finding.lags_behind.zip(finding.aggregate_id.as_deref()) {
                self.wait_for(order, newest);
            }
        }
        wrong
    }

    pub(super) fn has_late(&self, checked: &Checked, rule: &LagRule) -> bool {
        let now = rule.now();
        checked.findings.iter().filter_map(|finding| finding.lags_behind).any(|newest| self.is_late(newest, rule, now))
    }

    /// Removes the lost rows from the lagging ones, and returns them.
    pub(super) fn take_lost(&mut self, checked: Checked, rule: &LagRule) -> Vec<Finding> {
        let now = rule.now();
        let is_late = |finding: &Finding| finding.lags_behind.is_some_and(|newest| self.is_late(newest, rule, now));
        let lost: Vec<_> = checked.findings.into_iter().filter(|finding| !is_late(finding)).collect();
        for order in lost.iter().filter_map(|finding| finding.aggregate_id.as_ref()) {
            self.rows.remove(order);
        }
        lost
    }
}

impl Lags {
    /// Returns the lagging rows of a read model.
    pub(super) fn of(&mut self, read_model: &str) -> &mut Lag {
        self.read_models.entry(read_model.to_owned()).or_default()
    }

    pub(super) fn add(&mut self, more: Self) {
        for (read_model, lag) in more.read_models {
            self.of(&read_model).add(&lag);
        }
        self.left_out.extend(more.left_out);
    }

    /// Returns true if a lagging row is late, and not lost, by a rule.
    pub(super) fn is_late(&self, read_model: &str, newest: Timestamp, rule: &LagRule, now: Timestamp) -> bool {
        self.read_models.get(read_model).unwrap_or(&Lag::default()).is_late(newest, rule, now)
    }

    /// Records that an order with a lagging row is counted as left out.
    pub(super) fn leave_out(&mut self, order: &str) {
        if self.read_models.values().any(|lag| lag.rows.contains_key(order)) {
            self.left_out.insert(order.to_owned());
        }
    }

    /// Returns the number of orders with a row that is not checked again, because more than 5,000 rows lag.
    #[must_use]
    pub fn not_looked_at_again(&self) -> u64 {
        self.read_models.values().map(|lag| lag.beyond.0).max().unwrap_or(0)
    }

    /// Returns the number of orders with a row that is not projected yet, and the time of the oldest of their newest
    /// commits.
    #[must_use]
    pub fn not_projected(&self) -> Option<(u64, Timestamp)> {
        let orders: BTreeSet<&String> = self.read_models.values().flat_map(|lag| lag.rows.keys()).collect();
        let times = self.read_models.values().flat_map(|lag| lag.rows.values().copied().chain(lag.beyond.1));
        let oldest = Timestamp::from_epoch_ms(times.min()?).ok()?;
        let orders = u64::try_from(orders.len()).unwrap_or(u64::MAX);
        Some((orders.saturating_add(self.not_looked_at_again()), oldest))
    }

    pub(super) fn orders_of(&self, read_model: &str) -> Vec<String> {
        self.read_models.get(read_model).map(|lag| lag.rows.keys().cloned().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_beyond_the_number_that_is_looked_at_again_are_counted() {
        let (mut lags, at) = (Lags::default(), Timestamp::from_epoch_ms(1_800_000_000_000).unwrap());
        for order in 0..MOST + 2 {
            lags.of("one").wait_for(&format!("o-{order}"), at);
        }
        assert_eq!((lags.not_looked_at_again(), lags.not_projected()), (2, Some((5_002, at))));
        let mut kept = Lags::default();
        kept.add(lags);
        assert_eq!((kept.not_looked_at_again(), kept.not_projected()), (2, Some((5_002, at))));
    }
}
