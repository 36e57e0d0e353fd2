//! The outcome of a batch.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The outcome of a batch: the records to retry, and the work done for the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The records whose commits are not in their rows, in no particular order.
    pub failed: Vec<Failure>,
    /// The version up to which the row of each aggregate in the batch is folded, if it is known.
    pub reached: BTreeMap<String, u64>,
    /// The aggregates of which earlier commits may have waited: their row was not read, or it was not one version behind
    /// their first commit in the batch. Aggregates that the batch does not concern are left out.
    pub out_of_sequence: BTreeSet<String>,
    /// The counters of the work done.
    pub counters: Counters,
}

/// A record whose commit is not in its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The record's name at its source.
    pub id: String,
    /// The record's aggregate, as far as it can be read.
    pub aggregate_id: Option<String>,
    /// The record's version, as far as it can be read.
    pub version: Option<u64>,
    /// The reason.
    pub reason: Reason,
}

/// The reason why a record's commit is not in its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The events or the rows could not be read or written. A later attempt may succeed.
    Unavailable {
        /// The last error.
        cause: String,
    },
    /// A newer release of this projection wrote the row. That release will process the record once it is deployed.
    NewerProjection,
    /// A commit cannot be read or folded: this one, or an earlier one of its aggregate. No retry changes that.
    Poison {
        /// The version that cannot be processed, as far as it can be read.
        version: Option<u64>,
        /// The defect.
        cause: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { cause } => f.write_str(cause),
            Self::NewerProjection => {
                f.write_str("the row is of a newer projection number: a deployment is in progress")
            }
            Self::Poison { version: Some(version), cause } => write!(f, "version {version} is poison: {cause}"),
            Self::Poison { version: None, cause } => write!(f, "the record is poison: {cause}"),
        }
    }
}

/// The work done for a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Aggregates in the batch.
    pub aggregates: u64,
    /// Rows requested from the table.
    pub rows_read: u64,
    /// Rows written.
    pub rows_written: u64,
    /// Rows not written, because the stored row was at the same version or later.
    pub superseded: u64,
    /// Records that bring nothing new: repeated in the batch, already in the row, or not concerning it.
    pub repeats: u64,
    /// Gaps filled from the event store.
    pub gaps_repaired: u64,
}

impl Outcome {
    /// Combines two outcomes.
    pub(super) fn merge(mut self, other: Self) -> Self {
        self.extend(other);
        self
    }

    /// Adds the outcome of further records.
    pub fn extend(&mut self, other: Self) {
        let (sum, more) = (&mut self.counters, other.counters);
        sum.aggregates += more.aggregates;
        sum.rows_read += more.rows_read;
        sum.rows_written += more.rows_written;
        sum.superseded += more.superseded;
        sum.repeats += more.repeats;
        sum.gaps_repaired += more.gaps_repaired;
        self.failed.extend(other.failed);
        self.reached.extend(other.reached);
        self.out_of_sequence.extend(other.out_of_sequence);
    }
}

/// Returns a length as a counter.
pub(super) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
