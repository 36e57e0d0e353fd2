//! The errors of reading and writing rows.

use std::error::Error;
use std::sync::Arc;

use event_store::TableError;

use crate::projection::RowKey;

/// The reason why rows could not be read or written.
///
/// The messages are logged and stored in notes, so they contain no partition, which may be a customer, and quote no
/// value. The error of a database often quotes values: then its code, such as an SQLSTATE, is the source instead.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RowError {
    /// The table did not answer. After an outage a write may have happened: the next attempt finds the row.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The deadline passed before the row was begun, so nothing was written.
    #[error("there was no time left for it")]
    OutOfTime,
    /// An existing row cannot be read. The engine rebuilds it with the next event of its aggregate.
    #[error("the row {sort} cannot be read")]
    Unreadable {
        /// The row's partition key.
        partition: String,
        /// The row's sort key.
        sort: String,
        /// The cause. It quotes nothing of the stored data.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The row cannot be stored in any way.
    #[error("the row {sort} cannot be written")]
    Unwritable {
        /// The row's partition key.
        partition: String,
        /// The row's sort key.
        sort: String,
        /// The cause. It quotes nothing of the row.
        source: Arc<dyn Error + Send + Sync>,
    },
}

impl RowError {
    /// Creates the error of an existing row that cannot be read. The source must quote nothing of the stored data.
    pub fn unreadable(key: &RowKey, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let RowKey { partition, sort } = key.clone();
        Self::Unreadable { partition, sort, source: Arc::from(source.into()) }
    }

    /// Creates the error of a row that cannot be stored. The source must quote nothing of the row.
    pub fn unwritable(key: &RowKey, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let RowKey { partition, sort } = key.clone();
        Self::Unwritable { partition, sort, source: Arc::from(source.into()) }
    }
}
