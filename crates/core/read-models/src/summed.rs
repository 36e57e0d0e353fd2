//! Projections that span aggregates: rows of one aggregate each, and sums over the rows of a partition.
//!
//! A row is a fold like any other, so the engine takes care of repeats, gaps and rebuilds. The sums of a partition change by the
//! difference between the new row and the one that they counted before, so they equal the sum of the rows, however often and in
//! whatever sequence commits arrive. `summed_rows` says how.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::projection::{Projection, RowKey};

/// The beginning of the sort keys of sums.
pub const SUMS: &str = "total#";

/// A projection whose rows add up to sums. All sums of a partition are one item, at the sort key `total#<NUMBER>`. No row's own
/// sort key may begin with [`SUMS`].
///
/// The number is part of the key: a release that raised it sums from nothing, and the release before goes on with its own.
pub trait Summed: Projection {
    /// The sum of rows.
    type Sum: Serialize + DeserializeOwned + Debug + Clone + PartialEq + Send + Sync;

    /// The name of the sum that a row belongs to; the same for every row that an aggregate ever has.
    fn sum_name(row: &Self::Row) -> &str;

    /// The sum after `new` has taken the place of `old`; begun where there is none. The order in which rows are added must
    /// not matter.
    ///
    /// # Errors
    /// When the sum cannot hold `new`, or does not hold what `old` would have added.
    fn replace(sum: Option<Self::Sum>, old: Option<&Self::Row>, new: &Self::Row) -> Result<Self::Sum, SumError>;
}

/// The reason why a sum cannot follow its rows. Attempts change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SumError {
    /// It would be more than can be stated.
    #[error("{figure} would be more than 2^64 - 1")]
    TooLarge {
        /// Which of its figures.
        figure: &'static str,
    },
    /// It does not hold what a row has added, so something else changed or deleted it: an audit repairs it.
    #[error("{figure} does not hold what the row has added to it")]
    NotInIt {
        /// Which of its figures.
        figure: &'static str,
    },
}

/// The key of a partition's sums.
pub(crate) fn sums_key<P: Projection>(partition: &str) -> RowKey {
    RowKey { partition: partition.to_owned(), sort: format!("{SUMS}{}", P::NUMBER) }
}
