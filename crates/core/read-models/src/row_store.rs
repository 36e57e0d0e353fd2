//! The port to the rows of a projection.

use std::collections::HashMap;
use std::future::Future;
use std::time::Instant;

use event_store::dynamo::Consistency;

use crate::projection::{Projection, RowKey};
use crate::row_error::RowError;

/// The largest number of rows in one read. It is DynamoDB's limit for `BatchGetItem`.
pub const MAX_KEYS: usize = 100;

/// The stored row at a key, as far as this projection number can use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExistingRow<R> {
    /// A row of this number.
    Row {
        /// The version up to which it is folded.
        version: u64,
        /// The row.
        row: R,
    },
    /// The row counts as absent, because it has an older number or cannot be read.
    Outdated,
    /// The row has a newer number: a newer release is being deployed and owns the row.
    Newer,
}

/// The result of a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read<R> {
    /// The stored rows by key. A key that is missing here has no row.
    pub rows: HashMap<RowKey, ExistingRow<R>>,
    /// The keys that the table did not process, because it stayed too busy.
    pub unread: Vec<RowKey>,
    /// The consistency of the rows.
    pub consistency: Consistency,
}

/// A row to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRow<R> {
    /// The row's key.
    pub key: RowKey,
    /// The version of the last commit that concerns it.
    pub version: u64,
    /// The version up to which commits are folded into it: `version`, or a later one whose commit does not concern it.
    /// It is compared with rows of an older number, for which every commit may have counted.
    pub position: u64,
    /// The row.
    pub row: R,
}

/// The result of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// The row is stored.
    Written,
    /// A row of this number is already stored with the same or a later version, which is equally good.
    Superseded {
        /// The version of the stored row.
        version: u64,
    },
    /// A row of an older number is stored with a later version. Nothing was written, because the row would go
    /// backwards.
    Behind {
        /// The version of the stored row. Fold up to it before the next attempt.
        version: u64,
    },
    /// A row of a newer number is stored; nothing was written.
    NewerProjection,
}

/// The rows of a projection. Reads are strongly consistent, except [`read_eventually`](Self::read_eventually).
pub trait RowStore<P: Projection>: Send + Sync {
    /// Reads the rows at these keys. Give each key once, and at most [`MAX_KEYS`].
    fn read(&self, keys: &[RowKey]) -> impl Future<Output = Result<Read<P::Row>, RowError>> + Send;

    /// Reads the rows at these keys, each as it is now or as it was a moment ago. By default it is a strongly consistent
    /// read. Override it if the table sells such reads for less, and if each row is a fold of its aggregate alone.
    fn read_eventually(&self, keys: &[RowKey]) -> impl Future<Output = Result<Read<P::Row>, RowError>> + Send {
        self.read(keys)
    }

    /// Writes rows of different aggregates, each with the attributes that [`row_attributes`](crate::row_attributes) returns.
    /// A row is not written if the [stamp](crate::RowStamp) of the stored one rejects it. Returns the result of each write,
    /// in the same order.
    ///
    /// The result of a row whose write has not begun when [`is_over`] returns true is [`RowError::OutOfTime`]. The row is not written.
    fn write(
        &self,
        rows: &[NewRow<P::Row>],
        until: Option<Instant>,
    ) -> impl Future<Output = Vec<Result<Write, RowError>>> + Send;
}

/// Returns true if the deadline of a write has passed, so that no further row may be begun.
#[must_use]
pub fn is_over(until: Option<Instant>) -> bool {
    until.is_some_and(|until| Instant::now() >= until)
}
