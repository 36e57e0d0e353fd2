//! Rows that lag: late ones, which the projector has yet to reach, told from lost ones.
//!
//! A row that lags is looked at again at the end of the sweep, for as long as such rows arrive. [`LagBound`] judges the rows that
//! still lag then.

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

/// The number of rows of a read model that are looked at again.
const MOST: usize = 5_000;
/// The time between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// The rule by which a row that lags counts as lost.
#[derive(Debug, Clone, Copy)]
pub struct LagRule {
    /// The age up to which the commits that a row lacks make it late.
    pub bound: LagBound,
    /// The time to look again without a row that arrives.
    pub patience: Duration,
    /// The clock.
    pub clock: fn() -> Timestamp,
}

impl LagRule {
    /// The time by its clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// The rows that lag, by read model. Kept in state files: names are never changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lags {
    read_models: BTreeMap<String, Lag>,
    /// The orders among them that are counted as left out, because a commit cannot be folded.
    left_out: BTreeSet<String>,
}

/// The rows of one read model that lag. Times are in milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lag {
    /// The newest commit of each order whose row lags.
    rows: BTreeMap<String, i64>,
    /// The number of those beyond [`MOST`], which are not looked at again, and the time of the oldest.
    beyond: (u64, Option<i64>),
    /// The newest commit that a right row has.
    reached: Option<i64>,
}

impl Lag {
    /// Notes that a right row has a commit of that time.
    pub(super) fn has_reached(&mut self, reached: Option<Timestamp>) {
        self.reached = self.reached.max(reached.map(Timestamp::epoch_ms));
    }

    /// Notes a row that lags.
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

    /// Keeps the findings that lag in `checked`, and returns the others.
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

    /// Takes the rows that are lost out of those that lag.
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
    /// The rows of a read model that lag.
    pub(super) fn of(&mut self, read_model: &str) -> &mut Lag {
        self.read_models.entry(read_model.to_owned()).or_default()
    }

    pub(super) fn add(&mut self, more: Self) {
        for (read_model, lag) in more.read_models {
            self.of(&read_model).add(lag);
        }
        self.left_out.extend(more.left_out);
    }

    /// True if a row that lags is late by a rule, and not lost.
    pub(super) fn is_late(&self, read_model: &str, newest: Timestamp, rule: &LagRule, now: Timestamp) -> bool {
        match self.read_models.get(read_model) {
            Some(lag) => lag.is_late(newest, rule, now),
            None => Lag::default().is_late(newest, rule, now),
        }
    }

    /// Notes that an order is counted as left out, if a row of it lags.
    pub(super) fn leave_out(&mut self, order: &str) {
        if self.read_models.values().any(|lag| lag.rows.contains_key(order)) {
            self.left_out.insert(order.to_owned());
        }
    }

    /// The orders with a row that is not looked at again, because there are more than 5,000.
    #[must_use]
    pub fn not_looked_at_again(&self) -> u64 {
        self.read_models.values().map(|lag| lag.beyond.0).max().unwrap_or(0)
    }

    /// The orders with a row that is not projected yet, and the time of the oldest of their newest commits.
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
    /// Looks again at the rows that lag in `known`, for as long as some of them arrive, and judges the rest. Every look goes to
    /// `settle`, which adds it to what is known.
    ///
    /// # Errors
    /// When events or rows cannot be read, and what `settle` returns.
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

    /// Looks once at the rows that lag. Notes those that still do; differences of the others are on the page.
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
