//! Lagging rows: late ones, which the projector has not reached yet, and lost ones.
//!
//! At the end of the sweep, lagging rows are checked again as long as some of them arrive. [`LagBound`] then judges the rows
//! that still lag.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use event_store::Timestamp;
use futures_util::future::try_join_all;
use read_models::{Checked, Finding, LagBound};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};

use super::Verify;
use super::counts::VerifyCounts;
use super::page::{Reached, VerifyPage};
use super::progress::Verification;
use crate::error::OperationError;
use crate::sweep::Ended;

/// The maximum number of rows of a read model that are checked again.
const MOST: usize = 5_000;
/// The time between two checks.
const PAUSE: Duration = Duration::from_secs(1);

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
    left_out: BTreeSet<String>,
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
        let newest = newest.epoch_ms();
        if self.rows.len() < MOST {
            self.rows.insert(order.to_owned(), newest);
        } else {
            self.beyond = (self.beyond.0 + 1, Some(self.beyond.1.map_or(newest, |oldest| oldest.min(newest))));
        }
    }

    fn add(&mut self, more: Self) {
        self.reached = self.reached.max(more.reached);
        for (order, newest) in more.rows {
            if let Ok(newest) = Timestamp::from_epoch_ms(newest) {
                self.wait_for(&order, newest);
            }
        }
        let oldest = self.beyond.1.into_iter().chain(more.beyond.1).min();
        self.beyond = (self.beyond.0 + more.beyond.0, oldest);
    }

    fn is_late(&self, newest: Timestamp, rule: &LagRule, now: Timestamp) -> bool {
        let reached = self.reached.and_then(|reached| Timestamp::from_epoch_ms(reached).ok());
        rule.bound.is_late(newest, reached, now)
    }

    /// Keeps the lagging findings in `checked`, and returns the others.
    fn note(&mut self, checked: &mut Checked) -> Vec<Finding> {
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

    fn has_late(&self, checked: &Checked, rule: &LagRule) -> bool {
        let now = rule.now();
        checked.findings.iter().filter_map(|finding| finding.lags_behind).any(|newest| self.is_late(newest, rule, now))
    }

    /// Removes the lost rows from the lagging ones, and returns them.
    fn take_lost(&mut self, checked: Checked, rule: &LagRule) -> Vec<Finding> {
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
            self.of(&read_model).add(lag);
        }
        self.left_out.extend(more.left_out);
    }

    /// Returns true if a lagging row is late, and not lost, by a rule.
    pub(super) fn is_late(&self, read_model: &str, newest: Timestamp, rule: &LagRule, now: Timestamp) -> bool {
        match self.read_models.get(read_model) {
            Some(lag) => lag.is_late(newest, rule, now),
            None => Lag::default().is_late(newest, rule, now),
        }
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

    fn orders_of(&self, read_model: &str) -> Vec<String> {
        self.read_models.get(read_model).map(|lag| lag.rows.keys().cloned().collect()).unwrap_or_default()
    }
}

impl Verify {
    /// Checks the lagging rows in `known` again as long as some of them arrive, and judges the rest. Passes the result of
    /// every check to `settle`, which adds it to the progress.
    ///
    /// # Errors
    /// Returns an error if events or rows cannot be read, or if `settle` fails.
    pub async fn second_look<E: From<OperationError>>(
        &self,
        known: &Verification,
        told_to_stop: impl Future<Output = ()>,
        mut settle: impl FnMut(VerifyPage) -> Result<(), E>,
    ) -> Result<Ended, E> {
        let rule = &self.rule;
        let mut told_to_stop = std::pin::pin!(told_to_stop);
        let mut lags = known.lags.clone();
        let mut left = lags.not_projected();
        let mut patient_until = Instant::now() + rule.patience;
        while left.is_some() {
            let (mut page, checked) = self.look_again(&mut lags).await?;
            let by_now = lags.not_projected();
            if by_now.map(|(orders, _)| orders) < left.map(|(orders, _)| orders) {
                patient_until = Instant::now() + rule.patience;
            }
            left = by_now;
            let models = || self.models.iter().map(|model| model.name());
            let has_late = models().zip(&checked).any(|(name, checked)| lags.of(name).has_late(checked, rule));
            if !has_late || Instant::now() >= patient_until {
                for (model, checked) in self.models.iter().zip(checked) {
                    let lost = lags.of(model.name()).take_lost(checked, rule);
                    page.add_rows(lost, model.as_ref(), self).await?;
                }
                page.reached = Reached::SecondLook { lags };
                settle(page)?;
                return Ok(Ended::Complete);
            }
            page.reached = Reached::SecondLook { lags: lags.clone() };
            settle(page)?;
            tokio::select! {
                () = &mut told_to_stop => return Ok(Ended::Stopped),
                () = sleep_until((Instant::now() + PAUSE).min(patient_until)) => {}
            }
        }
        Ok(Ended::Complete)
    }

    /// Checks the lagging rows once. Keeps the ones that still lag; the page contains the differences of the others.
    async fn look_again(&self, lags: &mut Lags) -> Result<(VerifyPage, Vec<Checked>), OperationError> {
        let looks = self.models.iter().map(|model| model.look_again(lags.orders_of(model.name())));
        let mut checked = try_join_all(looks).await?;
        let mut page = VerifyPage::new(Reached::SecondLook { lags: Lags::default() }, VerifyCounts::default());
        let mut unfoldable = Vec::new();
        for (model, checked) in self.models.iter().zip(&mut checked) {
            let wrong = lags.of(model.name()).note(checked);
            page.add_rows(wrong, model.as_ref(), self).await?;
            unfoldable.append(&mut checked.unfoldable);
        }
        let new: Vec<_> = unfoldable.into_iter().filter(|it| !lags.left_out.contains(&it.aggregate_id)).collect();
        lags.left_out.extend(new.iter().map(|unfoldable| unfoldable.aggregate_id.clone()));
        page.add_left_out(new.into_iter());
        Ok((page, checked))
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
