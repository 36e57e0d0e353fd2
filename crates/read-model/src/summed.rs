//! What a projection is that spans aggregates: rows of one aggregate each, and sums over the rows of a partition.
//!
//! A row is a fold like any other, so repeats, gaps and rebuilds are the engine's business. A sum changes by what a row
//! that is replaced had added and what the new one adds, together with that row or not at all. So it always is what
//! its partition's rows come to, however often and in whatever order commits arrive.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::projection::{Projection, RowKey};

/// What the sort keys of sums begin with.
pub const SUMS: &str = "total#";

/// A projection whose rows add up to sums, which stand beside them: at the sort key `total#<NUMBER>#<name>` of the
/// rows' partition. No row's own sort key may begin with [`SUMS`].
///
/// The number is part of the key: a release that raised it sums from nothing, and the release before goes on with its own.
pub trait Summed: Projection<Row: PartialEq> {
    /// What rows come to.
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

/// Why a sum cannot follow its rows. Attempts change nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SumError {
    /// It would be more than can be stated.
    #[error("{figure} would be more than 2^64 - 1")]
    TooLarge {
        /// Which of its figures.
        figure: &'static str,
    },
    /// It does not hold what a row has added, so it was changed or taken away by somebody else: an audit puts it right.
    #[error("{figure} does not hold what the row has added to it")]
    NotInIt {
        /// Which of its figures.
        figure: &'static str,
    },
}

/// Where a sum stands.
pub(crate) fn sum_key<P: Projection>(partition: &str, name: &str) -> RowKey {
    RowKey { partition: partition.to_owned(), sort: format!("{}{name}", sums_of::<P>()) }
}

/// What the sort keys of a projection number's sums begin with.
pub(crate) fn sums_of<P: Projection>() -> String {
    format!("{SUMS}{}#", P::NUMBER)
}
