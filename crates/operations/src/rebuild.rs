//! Rebuild: updates every row of the read models to its order's newest event, during live traffic.
//!
//! The read models process pages of commits in the same way as batches of the stream. Repeated commits, gaps and rows with
//! newer versions therefore need no code here. A rebuild deletes nothing.

mod segment;

use std::collections::BTreeMap;

use event_store::Position;
use serde::{Deserialize, Serialize};

pub use segment::{RebuildPage, RebuildSegment, segments};

use crate::sweep::Place;

/// The progress of a rebuild. State files contain these names, so they must never change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebuild {
    segments: Vec<SegmentProgress>,
    /// The total counts of all runs.
    pub counts: RebuildCounts,
}

/// The progress of one segment of the events table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentProgress {
    place: Place<Position>,
    /// True if the order at that position was left out, so that its later commits do not count as another order.
    left_out: bool,
}

/// The total counts of all runs of a rebuild.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RebuildCounts {
    /// Commits that were read.
    pub commits: u64,
    /// Orders that were read.
    pub orders: u64,
    /// Writes of rows, by read model. A row that is up to date needs none, and a row whose order spans two pages can need
    /// two.
    pub rows_written: BTreeMap<String, u64>,
    /// Orders with a row that was left unchanged because a newer release wrote it.
    pub newer: u64,
    /// Orders with a commit that cannot be read or folded. Their rows end before that commit.
    pub left_out: u64,
}

impl Rebuild {
    /// Creates a rebuild with a number of segments.
    #[must_use]
    pub fn new(segments: u32) -> Self {
        let segment = SegmentProgress { place: Place::Beginning, left_out: false };
        Self { segments: (0..segments).map(|_| segment.clone()).collect(), counts: RebuildCounts::default() }
    }

    /// Returns the progress of the segments of the events table.
    #[must_use]
    pub fn segments(&self) -> &[SegmentProgress] {
        &self.segments
    }

    /// Counts a page, and advances its segment.
    pub fn add(&mut self, page: RebuildPage) {
        let (sum, more) = (&mut self.counts, page.counts);
        sum.commits += more.commits;
        sum.orders += more.orders;
        for (read_model, rows) in more.rows_written {
            *sum.rows_written.entry(read_model).or_default() += rows;
        }
        sum.newer += more.newer;
        sum.left_out += more.left_out;
        if let Some(segment) = usize::try_from(page.number).ok().and_then(|number| self.segments.get_mut(number)) {
            *segment = page.progress;
        }
    }
}
