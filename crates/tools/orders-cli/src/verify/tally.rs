//! The counts of a verification. Kept in the state file: names are never changed.

use read_models::{Difference, SumDifference};
use serde::{Deserialize, Serialize};

/// The counts of all runs of a verification together.
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
    #[serde(default)]
    pub(super) snapshots: SnapshotCounts,
}

/// The counts of the snapshots in commits. A wrong one is never repaired.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SnapshotCounts {
    /// Those that a command of this release would use.
    pub(super) compared: u64,
    /// Those that are not the fold of the events.
    pub(super) wrong: u64,
}

/// The counts of one read model's rows.
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

/// The counts of the sums.
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

impl Tally {
    /// Commits, rows and sums that were looked at.
    pub(super) fn looked_at(&self) -> u64 {
        self.commits + self.summaries.rows + self.contributions.rows + self.sums.sums
    }

    /// Differences that were found.
    pub(super) fn found(&self) -> u64 {
        self.summaries.found() + self.contributions.found() + self.sums.found() + self.snapshots.wrong
    }

    /// Differences that a repair may mend.
    pub(super) fn repairable(&self) -> u64 {
        self.found() - self.snapshots.wrong
    }

    /// Rows and sums that have no commits in the events table, or have commits that it has not.
    pub(super) fn orphans(&self) -> u64 {
        self.summaries.orphans() + self.contributions.orphans() + self.sums.without_orders
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

    pub(super) fn add(&mut self, more: &Self) {
        self.commits += more.commits;
        self.orders += more.orders;
        self.left_out += more.left_out;
        self.summaries.add(&more.summaries);
        self.contributions.add(&more.contributions);
        self.sums.add(&more.sums);
        self.snapshots.compared += more.snapshots.compared;
        self.snapshots.wrong += more.snapshots.wrong;
    }
}

impl Counts {
    fn found(&self) -> u64 {
        let of_orders = self.missing + self.behind + self.different + self.ahead;
        of_orders + self.older_projection + self.newer_projection + self.without_order
    }

    const fn orphans(&self) -> u64 {
        self.without_order + self.ahead
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

    pub(super) fn count(&mut self, difference: &Difference) {
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

    pub(super) fn count(&mut self, difference: &SumDifference) {
        let kind = match difference {
            SumDifference::Missing => &mut self.missing,
            SumDifference::Different { .. } | SumDifference::Unreadable => &mut self.different,
            SumDifference::WithoutRows => &mut self.without_orders,
        };
        *kind += 1;
    }
}
