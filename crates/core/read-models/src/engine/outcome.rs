//! The outcome of a batch.

use std::collections::BTreeMap;
use std::fmt;

/// What a batch came to: the records that must come again, and what was done for the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Records whose commits are not in their rows; in no particular order.
    pub failed: Vec<Failure>,
    /// The version up to which the row of an aggregate of the batch is folded, where that is known.
    pub reached: BTreeMap<String, u64>,
    /// What was done.
    pub counters: Counters,
}

/// A record whose commit is not in its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The record's name at its source.
    pub id: String,
    /// The record's aggregate, as far as it can be told.
    pub aggregate_id: Option<String>,
    /// The record's version, as far as it can be told.
    pub version: Option<u64>,
    /// Why.
    pub reason: Reason,
}

/// Why a record's commit is not in its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The events or the rows could not be read or written. A later attempt may succeed.
    Unavailable {
        /// What went wrong.
        cause: String,
    },
    /// The row was written by a newer release of this projection, which will take the record once it is deployed.
    NewerProjection,
    /// A commit cannot be read or folded: this one, or an earlier one of its aggregate. Attempts change nothing.
    Poison {
        /// The version that cannot be passed, as far as it can be told.
        version: Option<u64>,
        /// Why not.
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

/// What was done for a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Aggregates in the batch.
    pub aggregates: u64,
    /// Rows asked for.
    pub rows_read: u64,
    /// Rows written.
    pub rows_written: u64,
    /// Rows not written, because one that was as far stood there.
    pub superseded: u64,
    /// Records that were known to bring nothing new: twice in the batch, in the row already, or of no concern to it.
    pub repeats: u64,
    /// Gaps filled from the event store.
    pub gaps_repaired: u64,
}

impl Outcome {
    /// Both outcomes together.
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
    }
}
