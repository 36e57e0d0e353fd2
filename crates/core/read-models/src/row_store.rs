//! The port to the rows of a projection.

use std::collections::HashMap;
use std::future::Future;
use std::time::Instant;

use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;

/// How many rows one read asks for at most: DynamoDB's limit for `BatchGetItem`.
pub const MAX_KEYS: usize = 100;

/// What stands at a key, as far as this projection's number can make use of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing<R> {
    /// A row of this number.
    Row {
        /// The version up to which it is folded.
        version: u64,
        /// The row.
        row: R,
    },
    /// A row that counts as absent, because it is of an older number or cannot be read.
    Outdated,
    /// A row of a newer number: a newer release is being deployed, and the row is its own.
    Newer,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read<R> {
    /// What stands at the keys; a key that is not among them has no row.
    pub rows: HashMap<RowKey, Standing<R>>,
    /// The keys that the table was too busy for, however often it was asked.
    pub unread: Vec<RowKey>,
}

/// A row to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRow<R> {
    /// The row's key.
    pub key: RowKey,
    /// The version of the last commit that concerns it.
    pub version: u64,
    /// The version up to which commits are folded into it: `version`, or a later one whose commit does not concern it. A row of an
    /// older number, for which every commit may have counted, is compared with it.
    pub position: u64,
    /// The row.
    pub row: R,
}

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// The row is stored.
    Written,
    /// A row of this number that is as far or further is stored already, which is as good.
    Superseded {
        /// Its version.
        version: u64,
    },
    /// A row of an older number that is further is stored: nothing was written, because the row would go backwards.
    Behind {
        /// Its version: what to fold up to before the next attempt.
        version: u64,
    },
    /// A row of a newer number is stored; nothing was written.
    NewerProjection,
}

/// The rows of a projection. Reads are strongly consistent.
pub trait RowStore<P: Projection>: Send + Sync {
    /// Reads the rows at these keys, each given once, [`MAX_KEYS`] at most.
    fn read(&self, keys: &[RowKey]) -> impl Future<Output = Result<Read<P::Row>, RowError>> + Send;

    /// Writes rows of different aggregates, each with its key, its version and the projection's number, unless one is stored
    /// that is further or of a newer number. Returns how each write ended, in the same order.
    ///
    /// A row whose write has not begun by `until` is not written: [`RowError::OutOfTime`].
    fn write(
        &self,
        rows: &[NewRow<P::Row>],
        until: Option<Instant>,
    ) -> impl Future<Output = Vec<Result<Write, RowError>>> + Send;
}
