//! Rows that lag: late ones, which the projector has yet to reach, told from lost ones.
//!
//! A row that lags is looked at again at the end of the sweep, for as long as such rows arrive. What then still lags is judged
//! by [`LagBound`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use event_store::Timestamp;
use futures_util::future::OptionFuture;
use read_models::{Checked, CustomerTotals, Finding, LagBound, OrderSummaryByCustomer, Projection};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};

use super::page::{Page, Reached};
use super::read_models::{Audits, ReadModel};
use super::state::Verification;
use super::tally::Tally;
use crate::sweep::Ended;

/// The number of rows of a read model that are looked at again.
const MOST: usize = 5_000;
/// The time between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// The rule by which a row that lags counts as lost.
#[derive(Clone, Copy)]
pub(super) struct LagRule {
    pub(super) bound: LagBound,
    /// The time to look again without a row that arrives.
    pub(super) patience: Duration,
    /// The clock.
    pub(super) clock: fn() -> Timestamp,
}

impl LagRule {
    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// The rows that lag, by read model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lags {
    pub(super) summaries: Lag,
    pub(super) contributions: Lag,
    /// The orders among them that are counted as left out, because a commit cannot be folded.
    #[serde(default)]
    pub(super) left_out: BTreeSet<String>,
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

    /// True if a row that lags is late by a rule, and not lost.
    pub(super) fn is_late(&self, newest: Timestamp, rule: &LagRule, now: Timestamp) -> bool {
        let reached = self.reached.and_then(|reached| Timestamp::from_epoch_ms(reached).ok());
        rule.bound.is_late(newest, reached, now)
    }
}

impl Lags {
    pub(super) fn add(&mut self, more: Self) {
        self.summaries.add(more.summaries);
        self.contributions.add(more.contributions);
        self.left_out.extend(more.left_out);
    }

    /// True if a row of this order lags.
    pub(super) fn has(&self, order: &str) -> bool {
        [&self.summaries, &self.contributions].into_iter().any(|lag| lag.rows.contains_key(order))
    }

    /// The orders with a row that is not looked at again, because there are more than [`MOST`].
    pub(super) fn not_looked_at_again(&self) -> u64 {
        self.summaries.beyond.0.max(self.contributions.beyond.0)
    }

    /// The orders with a row that is not projected yet, and the time of the oldest of their newest commits.
    pub(super) fn not_projected(&self) -> Option<(u64, Timestamp)> {
        let lags = [&self.summaries, &self.contributions];
        let orders: BTreeSet<&String> = lags.iter().flat_map(|lag| lag.rows.keys()).collect();
        let times = lags.into_iter().flat_map(|lag| lag.rows.values().copied().chain(lag.beyond.1));
        let oldest = Timestamp::from_epoch_ms(times.min()?).ok()?;
        let orders = u64::try_from(orders.len()).unwrap_or(u64::MAX);
        Some((orders.saturating_add(self.not_looked_at_again()), oldest))
    }
}

/// A look at the rows that lag.
struct Look {
    summaries: Checked<OrderSummaryByCustomer>,
    /// None where totals are left out.
    contributions: Option<Checked<CustomerTotals>>,
}

impl Look {
    async fn at(audits: &Audits, lags: &Lags) -> anyhow::Result<Self> {
        let orders = |lag: &Lag| lag.rows.keys().cloned().collect();
        let of_totals = audits.totals.as_ref().map(|audits| &audits.contributions);
        let of_totals = of_totals.map(|audit| audit.look_again(orders(&lags.contributions)));
        let (summaries, contributions) =
            tokio::join!(audits.summaries.look_again(orders(&lags.summaries)), OptionFuture::from(of_totals));
        Ok(Self { summaries: summaries?, contributions: contributions.transpose()? })
    }

    /// Notes the rows that still lag. The others are not looked at again, so their differences are counted on the page.
    async fn note(&mut self, audits: &Audits, lags: &mut Lags, page: &mut Page) -> anyhow::Result<()> {
        page.found_rows(note(&mut self.summaries, &mut lags.summaries), &audits.summaries, None).await?;
        let mut halts = std::mem::take(&mut self.summaries.halts);
        if let Some((contributions, audits)) = self.contributions.as_mut().zip(audits.totals.as_ref()) {
            page.found_rows(note(contributions, &mut lags.contributions), &audits.contributions, None).await?;
            halts.append(&mut contributions.halts);
        }
        let new: Vec<_> = halts.into_iter().filter(|halt| !lags.left_out.contains(&halt.aggregate_id)).collect();
        lags.left_out.extend(new.iter().map(|halt| halt.aggregate_id.clone()));
        page.left_out(new.into_iter());
        Ok(())
    }

    /// True if a row may still arrive.
    fn has_late(&self, lags: &Lags, rule: &LagRule) -> bool {
        let contributions = self.contributions.as_ref();
        has_late(&self.summaries, &lags.summaries, rule)
            || contributions.is_some_and(|contributions| has_late(contributions, &lags.contributions, rule))
    }
}

/// Keeps the findings that lag, and returns the others.
fn note<P: Projection>(checked: &mut Checked<P>, lag: &mut Lag) -> Vec<Finding<P>> {
    lag.has_reached(checked.reached);
    lag.rows.clear();
    let findings = std::mem::take(&mut checked.findings);
    let (lagging, wrong) = findings.into_iter().partition(|finding| finding.lags_behind().is_some());
    checked.findings = lagging;
    for finding in &checked.findings {
        if let Some((newest, order)) = finding.lags_behind().zip(P::aggregate_id(&finding.key)) {
            lag.wait_for(order, newest);
        }
    }
    wrong
}

fn has_late<P: Projection>(checked: &Checked<P>, lag: &Lag, rule: &LagRule) -> bool {
    let now = rule.now();
    checked.findings.iter().filter_map(Finding::lags_behind).any(|newest| lag.is_late(newest, rule, now))
}

/// Takes the rows that are lost out of those that lag.
fn lost<P: ReadModel>(checked: Checked<P>, lags: &mut Lags, rule: &LagRule) -> Vec<Finding<P>> {
    let (now, lag) = (rule.now(), P::lag(lags));
    let is_late = |finding: &Finding<P>| finding.lags_behind().is_some_and(|newest| lag.is_late(newest, rule, now));
    let lost: Vec<_> = checked.findings.into_iter().filter(|finding| !is_late(finding)).collect();
    for order in lost.iter().filter_map(|finding| P::aggregate_id(&finding.key)) {
        lag.rows.remove(order);
    }
    lost
}

/// Looks again at the rows that lag, for as long as some of them arrive, and judges the rest. Each look is settled.
pub(super) async fn second_look(
    audits: &Audits,
    rule: &LagRule,
    known: &Verification,
    told_to_stop: impl Future<Output = ()>,
    mut settle: impl FnMut(Lags, Page) -> anyhow::Result<()>,
) -> anyhow::Result<Ended> {
    let mut told_to_stop = std::pin::pin!(told_to_stop);
    let mut lags = known.lags.clone();
    let mut left = lags.not_projected();
    let mut patient_until = Instant::now() + rule.patience;
    while left.is_some() {
        let mut look = Look::at(audits, &lags).await?;
        let mut page = Page::new(Reached::SecondLook, Tally::default());
        look.note(audits, &mut lags, &mut page).await?;
        let by_now = lags.not_projected();
        if by_now.map(|(orders, _)| orders) < left.map(|(orders, _)| orders) {
            patient_until = Instant::now() + rule.patience;
        }
        left = by_now;
        if !look.has_late(&lags, rule) || Instant::now() >= patient_until {
            page.found_rows(lost(look.summaries, &mut lags, rule), &audits.summaries, None).await?;
            if let Some((contributions, audits)) = look.contributions.zip(audits.totals.as_ref()) {
                page.found_rows(lost(contributions, &mut lags, rule), &audits.contributions, None).await?;
            }
            settle(lags, page)?;
            return Ok(Ended::Complete);
        }
        settle(lags.clone(), page)?;
        tokio::select! {
            () = &mut told_to_stop => return Ok(Ended::Stopped),
            () = sleep_until((Instant::now() + PAUSE).min(patient_until)) => {}
        }
    }
    Ok(Ended::Complete)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_beyond_the_number_that_is_looked_at_again_are_counted() {
        let (mut lags, at) = (Lags::default(), Timestamp::from_epoch_ms(1_800_000_000_000).unwrap());
        for order in 0..MOST + 2 {
            lags.summaries.wait_for(&format!("o-{order}"), at);
        }
        assert_eq!((lags.not_looked_at_again(), lags.not_projected()), (2, Some((5_002, at))));
        let mut kept = Lags::default();
        kept.add(lags);
        assert_eq!((kept.not_looked_at_again(), kept.not_projected()), (2, Some((5_002, at))));
    }
}
