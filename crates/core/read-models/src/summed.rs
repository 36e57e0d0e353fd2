//! Projections that span aggregates: each row belongs to one aggregate, and sums are over the rows of a partition.
//!
//! A row is a fold like any other, so the engine handles repeats, gaps and rebuilds. The sums of a partition change by
//! the difference between the new row and the row that they counted before. So they equal the sum of the rows, however
//! often and in whatever sequence commits arrive. `summed_rows` describes the writes.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::projection::{Projection, RowKey};

/// The prefix of the sort keys of sums.
pub const SUMS: &str = "total#";

/// A projection whose rows are added up to sums. All sums of a partition are one item, at the sort key
/// `total#<NUMBER>`. The sort key of a row must not begin with [`SUMS`].
///
/// The number is part of the key: a release that raises it starts new sums, and the previous release continues with its
/// own.
pub trait Summed: Projection {
    /// The sum of rows.
    type Sum: Serialize + DeserializeOwned + Debug + Clone + PartialEq + Send + Sync;

    /// Returns the name of the sum that a row belongs to. It is the same for every row that an aggregate ever has.
    fn sum_name(row: &Self::Row) -> &str;

    /// Returns the sum after `new` has replaced `old`. Starts the sum if there is none. The order in which rows are
    /// added must not matter.
    ///
    /// # Errors
    /// Returns an error if the sum cannot represent `new`, or does not contain the part of `old`.
    fn replace(sum: Option<Self::Sum>, old: Option<&Self::Row>, new: &Self::Row) -> Result<Self::Sum, SumError>;
}

/// The reason why a sum cannot be updated. No retry changes that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SumError {
    /// The sum would be too large to represent.
    #[error("{figure} would be more than 2^64 - 1")]
    TooLarge {
        /// The figure of the sum.
        figure: &'static str,
    },
    /// The sum does not contain the part of a row, so it was changed or deleted from outside. An audit repairs it.
    #[error("{figure} does not hold what the row has added to it")]
    NotInIt {
        /// The figure of the sum.
        figure: &'static str,
    },
}

/// Returns the key of a partition's sums.
pub(crate) fn sums_key<P: Projection>(partition: &str) -> RowKey {
    RowKey { partition: partition.to_owned(), sort: format!("{SUMS}{}", P::NUMBER) }
}
