//! The counts of a verification. State files contain these names, so they must never change.

use std::collections::BTreeMap;

use read_models::{Difference, SumDifference};
use serde::{Deserialize, Serialize};

/// The total counts of all runs of a verification.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyCounts {
    /// Commits that were read.
    pub commits: u64,
    /// Orders that were read.
    pub orders: u64,
    /// Orders with a commit that cannot be read or folded. Their rows are compared up to that commit.
    pub left_out: u64,
    /// The snapshots in commits.
    pub snapshots: SnapshotCounts,
    /// The rows, by read model.
    pub read_models: BTreeMap<String, RowCounts>,
}

/// The counts of the snapshots in commits. A wrong snapshot is never repaired.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SnapshotCounts {
    /// Snapshots that a command of this release would use.
    pub compared: u64,
    /// Snapshots that differ from the fold of the events.
    pub wrong: u64,
}

/// The counts of one read model's rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RowCounts {
    /// Rows that were read.
    pub rows: u64,
    /// Orders without a row.
    pub missing: u64,
    /// Rows that lack commits.
    pub behind: u64,
    /// Rows whose values differ from the fold of the same version.
    pub different: u64,
    /// Rows with commits that the events table lacks.
    pub ahead: u64,
    /// Rows of an older projection number.
    pub older_projection: u64,
    /// Rows of a newer projection number.
    pub newer_projection: u64,
    /// Rows without an order.
    pub without_order: u64,
    /// Differences that were repaired.
    pub repaired: u64,
    /// The counts of the sums, if the read model keeps sums.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sums: Option<SumCounts>,
}

/// The counts of a read model's sums.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SumCounts {
    /// Items with sums that were read.
    pub sums: u64,
    /// Partitions whose sums were compared.
    pub partitions: u64,
    /// Partitions with rows and without sums.
    pub missing: u64,
    /// Partitions whose sums differ from their rows.
    pub different: u64,
    /// Sums without rows.
    pub without_rows: u64,
    /// Differences that were repaired.
    pub repaired: u64,
    /// Partitions whose sums changed during every comparison.
    pub unsettled: u64,
}

impl VerifyCounts {
    /// Returns the number of commits, rows and sums that were read.
    #[must_use]
    pub fn looked_at(&self) -> u64 {
        self.commits + self.sum(|counts| counts.rows + counts.sums.as_ref().map_or(0, |sums| sums.sums))
    }

    /// Returns the number of differences.
    #[must_use]
    pub fn found(&self) -> u64 {
        self.repairable() + self.snapshots.wrong
    }

    /// Returns the number of differences that a repair can repair.
    #[must_use]
    pub fn repairable(&self) -> u64 {
        self.sum(RowCounts::found)
    }

    /// Returns the number of rows that were read.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.sum(|counts| counts.rows)
    }

    /// Returns the number of rows and sums that have no commits in the events table, or commits that it lacks.
    #[must_use]
    pub fn orphans(&self) -> u64 {
        self.sum(RowCounts::orphans)
    }

    /// Returns the number of repaired differences.
    #[must_use]
    pub fn repaired(&self) -> u64 {
        self.sum(|counts| counts.repaired + counts.sums.as_ref().map_or(0, |sums| sums.repaired))
    }

    /// Returns the number of remaining differences.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.found().saturating_sub(self.repaired())
    }

    /// Returns the number of partitions whose sums could not be checked.
    #[must_use]
    pub fn unsettled(&self) -> u64 {
        self.sum(|counts| counts.sums.as_ref().map_or(0, |sums| sums.unsettled))
    }

    /// Returns the counts of a read model.
    pub fn of(&mut self, read_model: &str) -> &mut RowCounts {
        self.read_models.entry(read_model.to_owned()).or_default()
    }

    /// Adds the counts of a page.
    pub(super) fn add(&mut self, more: Self) {
        self.commits += more.commits;
        self.orders += more.orders;
        self.left_out += more.left_out;
        self.snapshots.compared += more.snapshots.compared;
        self.snapshots.wrong += more.snapshots.wrong;
        for (read_model, counts) in more.read_models {
            self.of(&read_model).add(&counts);
        }
    }

    fn sum(&self, count: impl Fn(&RowCounts) -> u64) -> u64 {
        self.read_models.values().map(count).sum()
    }
}

impl RowCounts {
    /// Counts a difference.
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

    fn found(&self) -> u64 {
        let of_orders = self.missing + self.behind + self.different + self.ahead;
        let of_rows = of_orders + self.older_projection + self.newer_projection + self.without_order;
        of_rows + self.sums.as_ref().map_or(0, |sums| sums.missing + sums.different + sums.without_rows)
    }

    fn orphans(&self) -> u64 {
        self.without_order + self.ahead + self.sums.as_ref().map_or(0, |sums| sums.without_rows)
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
        self.repaired += more.repaired;
        if let Some(more) = &more.sums {
            self.sums.get_or_insert_default().add(more);
        }
    }
}

impl SumCounts {
    /// Counts a difference.
    pub(super) fn count(&mut self, difference: &SumDifference) {
        let kind = match difference {
            SumDifference::Missing => &mut self.missing,
            SumDifference::Different { .. } | SumDifference::Unreadable => &mut self.different,
            SumDifference::WithoutRows => &mut self.without_rows,
        };
        *kind += 1;
    }

    fn add(&mut self, more: &Self) {
        self.sums += more.sums;
        self.partitions += more.partitions;
        self.missing += more.missing;
        self.different += more.different;
        self.without_rows += more.without_rows;
        self.repaired += more.repaired;
        self.unsettled += more.unsettled;
    }
}
