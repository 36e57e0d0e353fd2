//! Rebuild: brings every row of the read models as far as its order's events, beside live traffic.
//!
//! Pages of commits go through the read models as batches of the stream do, so repeats, gaps and rows that are further need no
//! code here. A rebuild deletes nothing.

mod segment;

use std::collections::BTreeMap;

use event_store::Position;
use serde::{Deserialize, Serialize};

pub use segment::{RebuildPage, RebuildSegment, segments};

use crate::sweep::Place;

/// The progress of a rebuild. Kept in state files: names are never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebuild {
    segments: Vec<SegmentProgress>,
    /// The counts of all runs together.
    pub counts: RebuildCounts,
}

/// The progress of one segment of the events table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentProgress {
    place: Place<Position>,
    /// True if the order at that place was left out: its further commits are no further order.
    left_out: bool,
}

/// The counts of all runs of a rebuild together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RebuildCounts {
    /// Commits that were read.
    pub commits: u64,
    /// Their orders.
    pub orders: u64,
    /// Writes of rows, by read model. A row that was as far needs none, and one whose order is on two pages may have two.
    pub rows_written: BTreeMap<String, u64>,
    /// Orders of which a row was left to the newer release that wrote it.
    pub newer: u64,
    /// Orders with a commit that cannot be read or folded. Their rows end before that commit.
    pub left_out: u64,
}

impl Rebuild {
    /// A rebuild that begins, in so many segments.
    #[must_use]
    pub fn new(segments: u32) -> Self {
        let segment = SegmentProgress { place: Place::Beginning, left_out: false };
        Self { segments: (0..segments).map(|_| segment.clone()).collect(), counts: RebuildCounts::default() }
    }

    /// The segments of the events table.
    #[must_use]
    pub fn segments(&self) -> &[SegmentProgress] {
        &self.segments
    }

    /// Counts a page, and moves its segment on.
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
