//! What a verification has found.

use std::collections::BTreeMap;

use event_store::{DynamoEventStore, Position};
use read_model::{
    Audit, CustomerTotals, Difference, Finding, Halt, Projection, RowImages, RowKey, RowStore, SumAudit, SumDifference,
    SumsChecked,
};
use serde::{Deserialize, Serialize};

use super::read_models::ReadModel;
use crate::sweep::Place;

/// How many differences are named.
const NAMED: usize = 20;

/// How far a verification is, and what it has found. Kept in the state file: names are never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Verification {
    /// The events' segments.
    pub(super) orders: Vec<Place<Position>>,
    /// The summaries' segments.
    pub(super) summaries: Vec<Place<RowKey>>,
    /// The totals' segments.
    pub(super) totals: Vec<Place<RowKey>>,
    pub(super) tally: Tally,
    /// The first differences.
    pub(super) differences: Vec<Named>,
}

/// What was counted, in all runs of a verification together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tally {
    pub(super) commits: u64,
    pub(super) orders: u64,
    /// Orders with a commit that cannot be read or folded. Only as far as that their rows are compared.
    pub(super) left_out: u64,
    pub(super) summaries: Counts,
    pub(super) contributions: Counts,
    pub(super) sums: SumCounts,
}

/// What was counted of the rows of one read model.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Counts {
    pub(super) rows: u64,
    pub(super) missing: u64,
    pub(super) behind: u64,
    pub(super) different: u64,
    pub(super) ahead: u64,
    pub(super) older_projection: u64,
    pub(super) newer_projection: u64,
    pub(super) without_order: u64,
    /// Of these, how many are mended.
    pub(super) mended: u64,
}

/// What was counted of the sums.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SumCounts {
    pub(super) sums: u64,
    pub(super) customers: u64,
    pub(super) missing: u64,
    pub(super) different: u64,
    pub(super) without_orders: u64,
    /// Of these, how many are mended.
    pub(super) mended: u64,
    /// Customers whose sums changed whenever they were looked at.
    pub(super) unsettled: u64,
}

/// A difference, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Named {
    /// The projection whose row it is.
    pub(super) read_model: String,
    /// The order, as far as the row's key names one.
    pub(super) order: Option<String>,
    /// Where its row stands, or should.
    pub(super) row: RowKey,
    /// What is wrong with it, in words.
    pub(super) problem: String,
    pub(super) mended: bool,
}

/// Where the segment of a page is after it.
pub(super) enum Reached {
    Orders { number: usize, place: Place<Position> },
    Summaries { number: usize, place: Place<RowKey> },
    Totals { number: usize, place: Place<RowKey> },
}

/// What a page came to.
pub(super) struct Page {
    pub(super) reached: Reached,
    pub(super) tally: Tally,
    pub(super) differences: Vec<Named>,
    /// What could not be judged, in words.
    pub(super) left_out: Vec<String>,
}

impl Verification {
    pub(super) fn new(segments: u32) -> Self {
        Self {
            orders: (0..segments).map(|_| Place::Beginning).collect(),
            summaries: (0..segments).map(|_| Place::Beginning).collect(),
            totals: (0..segments).map(|_| Place::Beginning).collect(),
            tally: Tally::default(),
            differences: Vec::new(),
        }
    }

    /// Counts a page, and moves its segment on.
    pub(super) fn add(&mut self, page: Page) {
        self.tally.add(&page.tally);
        self.differences.extend(page.differences);
        self.differences.truncate(NAMED);
        match page.reached {
            Reached::Orders { number, place } => move_on(&mut self.orders, number, place),
            Reached::Summaries { number, place } => move_on(&mut self.summaries, number, place),
            Reached::Totals { number, place } => move_on(&mut self.totals, number, place),
        }
    }
}

fn move_on<P>(segments: &mut [Place<P>], number: usize, place: Place<P>) {
    if let Some(segment) = segments.get_mut(number) {
        *segment = place;
    }
}

impl Tally {
    /// Commits, rows and sums that were looked at.
    pub(super) fn looked_at(&self) -> u64 {
        self.commits + self.summaries.rows + self.contributions.rows + self.sums.sums
    }

    /// Differences that were found.
    pub(super) fn found(&self) -> u64 {
        self.summaries.found() + self.contributions.found() + self.sums.found()
    }

    /// Differences that were mended.
    pub(super) fn mended(&self) -> u64 {
        self.summaries.mended + self.contributions.mended + self.sums.mended
    }

    /// Differences that are left.
    pub(super) fn left(&self) -> u64 {
        self.found().saturating_sub(self.mended())
    }

    /// `12 orders, 1 differences, 0 mended`
    pub(super) fn so_far(&self) -> String {
        format!("{} orders, {} differences, {} mended", self.orders, self.found(), self.mended())
    }

    fn add(&mut self, more: &Self) {
        self.commits += more.commits;
        self.orders += more.orders;
        self.left_out += more.left_out;
        self.summaries.add(&more.summaries);
        self.contributions.add(&more.contributions);
        self.sums.add(&more.sums);
    }
}

impl Counts {
    fn found(&self) -> u64 {
        let of_orders = self.missing + self.behind + self.different + self.ahead;
        of_orders + self.older_projection + self.newer_projection + self.without_order
    }

    fn add(&mut self, more: &Self) {
        self.rows += more.rows;
        self.missing += more.missing;
        self.behind += more.behind;
        self.different += more.different;
        self.ahead += more.ahead;
        self.older_projection += more.older_projection;
        self.newer_projection += more.newer_projection;
        self.without_order += more.without_order;
        self.mended += more.mended;
    }

    fn count(&mut self, difference: &Difference) {
        let kind = match difference {
            Difference::Missing => &mut self.missing,
            Difference::Behind { .. } => &mut self.behind,
            Difference::Different { .. } => &mut self.different,
            Difference::Ahead { .. } => &mut self.ahead,
            Difference::OlderProjection { .. } => &mut self.older_projection,
            Difference::NewerProjection { .. } => &mut self.newer_projection,
            Difference::WithoutAggregate => &mut self.without_order,
        };
        *kind += 1;
    }
}

impl SumCounts {
    fn found(&self) -> u64 {
        self.missing + self.different + self.without_orders
    }

    fn add(&mut self, more: &Self) {
        self.sums += more.sums;
        self.customers += more.customers;
        self.missing += more.missing;
        self.different += more.different;
        self.without_orders += more.without_orders;
        self.mended += more.mended;
        self.unsettled += more.unsettled;
    }

    fn count(&mut self, difference: &SumDifference) {
        let kind = match difference {
            SumDifference::Missing => &mut self.missing,
            SumDifference::Different { .. } | SumDifference::Unreadable => &mut self.different,
            SumDifference::WithoutRows => &mut self.without_orders,
        };
        *kind += 1;
    }
}

impl Page {
    /// A page without differences.
    pub(super) fn new(reached: Reached, tally: Tally) -> Self {
        Self { reached, tally, differences: Vec::new(), left_out: Vec::new() }
    }

    /// Counts and names rows that differ; mends them first if asked to.
    pub(super) async fn found_rows<P: ReadModel, R: RowStore<P> + RowImages>(
        &mut self,
        findings: Vec<Finding<P>>,
        audit: &Audit<P, DynamoEventStore, R>,
        repair: bool,
    ) -> anyhow::Result<()> {
        for finding in findings {
            let counts = P::counts(&mut self.tally);
            counts.count(&finding.difference);
            let (row, problem) = (finding.key.clone(), finding.difference.to_string());
            let mended = repair && audit.mend(finding).await?.is_none();
            counts.mended += u64::from(mended);
            let order = P::aggregate_id(&row).map(str::to_owned);
            self.name(Named { read_model: P::NAME.to_owned(), order, row, problem, mended });
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
            let mended = repair && audit.mend(finding).await?.is_none();
            self.tally.sums.mended += u64::from(mended);
            self.name(Named { read_model: CustomerTotals::NAME.to_owned(), order: None, row, problem, mended });
        }
        Ok(())
    }

    fn name(&mut self, named: Named) {
        if self.differences.len() < NAMED {
            self.differences.push(named);
        }
    }

    /// Counts and names what could not be folded, each order once.
    pub(super) fn left_out(&mut self, halts: impl Iterator<Item = Halt>) {
        let causes: BTreeMap<String, String> = halts.map(|halt| (halt.aggregate_id, halt.cause)).collect();
        for (order, cause) in causes {
            self.tally.left_out += 1;
            self.left_out.push(format!("order {order}: {cause}"));
        }
    }
}
