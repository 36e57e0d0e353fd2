//! The port to a projection's table: what a place that keeps rows must be able to do.

use std::collections::HashMap;
use std::future::Future;

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

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// The row stands.
    Written,
    /// A row of this number that is as far or further stands already, which is as good.
    Superseded {
        /// Its version.
        version: u64,
    },
    /// A row of an older number that is further stands there: nothing was written, lest the row go backwards.
    Behind {
        /// Its version: what to fold up to before the next attempt.
        version: u64,
    },
    /// A row of a newer number stands there; nothing was written.
    NewerProjection,
}

/// The rows of a projection. Reads are strongly consistent.
pub trait RowStore<P: Projection>: Send + Sync {
    /// Reads the rows at these keys, each given once, [`MAX_KEYS`] at most.
    fn read(&self, keys: &[RowKey]) -> impl Future<Output = Result<Read<P::Row>, RowError>> + Send;

    /// Writes a row, with its key, its version and the projection's number, unless one stands there that is further
    /// or of a newer number.
    fn write(&self, key: &RowKey, version: u64, row: &P::Row) -> impl Future<Output = Result<Write, RowError>> + Send;
}
