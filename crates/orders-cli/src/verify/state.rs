//! What a verification has found.

use event_store::Position;
use read_model::{Difference, Finding, Halt, OrderSummaryByCustomer, Projection, RowKey};
use serde::{Deserialize, Serialize};

use super::SummaryAudit;
use crate::sweep::Place;

/// How many differences are named.
const NAMED: usize = 20;

/// How far a verification is, and what it has found. Kept in the state file: names are never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Verification {
    /// The events' segments.
    pub(super) orders: Vec<Place<Position>>,
    /// The rows' segments.
    pub(super) rows: Vec<Place<RowKey>>,
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
    /// Orders with a commit that cannot be read or folded. Only as far as that their rows are compared.
    pub(super) left_out: u64,
}

/// A difference, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Named {
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
    Rows { number: usize, place: Place<RowKey> },
}

/// What a page came to.
pub(super) struct Page {
    pub(super) reached: Reached,
    pub(super) tally: Tally,
    pub(super) differences: Vec<Named>,
    pub(super) left_out: Vec<String>,
}

impl Verification {
    pub(super) fn new(segments: u32) -> Self {
        Self {
            orders: (0..segments).map(|_| Place::Beginning).collect(),
            rows: (0..segments).map(|_| Place::Beginning).collect(),
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
            Reached::Rows { number, place } => move_on(&mut self.rows, number, place),
        }
    }
}

fn move_on<P>(segments: &mut [Place<P>], number: usize, place: Place<P>) {
    if let Some(segment) = segments.get_mut(number) {
        *segment = place;
    }
}

impl Tally {
    /// Commits and rows that were looked at.
    pub(super) fn looked_at(&self) -> u64 {
        self.commits + self.rows
    }

    /// Differences that were found.
    pub(super) fn found(&self) -> u64 {
        let of_orders = self.missing + self.behind + self.different + self.ahead;
        of_orders + self.older_projection + self.newer_projection + self.without_order
    }

    /// Differences that are left.
    pub(super) fn left(&self) -> u64 {
        self.found().saturating_sub(self.mended)
    }

    /// `12 orders, 1 differs`
    pub(super) fn so_far(&self) -> String {
        format!("{} orders, {} differences, {} mended", self.orders, self.found(), self.mended)
    }

    fn add(&mut self, more: &Self) {
        self.commits += more.commits;
        self.orders += more.orders;
        self.rows += more.rows;
        self.missing += more.missing;
        self.behind += more.behind;
        self.different += more.different;
        self.ahead += more.ahead;
        self.older_projection += more.older_projection;
        self.newer_projection += more.newer_projection;
        self.without_order += more.without_order;
        self.mended += more.mended;
        self.left_out += more.left_out;
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

impl Page {
    /// A page without differences.
    pub(super) fn new(reached: Reached, tally: Tally) -> Self {
        Self { reached, tally, differences: Vec::new(), left_out: Vec::new() }
    }

    /// Counts and names what was found; mends it first if asked to.
    pub(super) async fn found(
        &mut self,
        findings: Vec<Finding<OrderSummaryByCustomer>>,
        audit: &SummaryAudit,
        repair: bool,
    ) -> anyhow::Result<()> {
        for finding in findings {
            self.tally.count(&finding.difference);
            let (row, problem) = (finding.key.clone(), finding.difference.to_string());
            let mended = repair && audit.mend(finding).await?.is_none();
            self.tally.mended += u64::from(mended);
            if self.differences.len() < NAMED {
                let order = OrderSummaryByCustomer::aggregate_id(&row).map(str::to_owned);
                self.differences.push(Named { order, row, problem, mended });
            }
        }
        Ok(())
    }

    /// Counts and names what could not be folded.
    pub(super) fn left_out(&mut self, halts: Vec<Halt>) {
        for Halt { aggregate_id, cause } in halts {
            self.tally.left_out += 1;
            self.left_out.push(format!("{aggregate_id}: {cause}"));
        }
    }
}
