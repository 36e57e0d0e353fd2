//! The errors of reading and writing rows.

use std::error::Error;
use std::sync::Arc;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use event_store::dynamo::TableError;

/// The reason why the table of rows could not answer. The messages are logged and stored in notes, so they contain no
/// partition, which may be a customer, and quote no value.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RowError {
    /// The table was throttled, timed out, was unreachable or failed, after the client's own retries. A write may have
    /// happened: the next attempt finds the row.
    #[error("{operation} failed: the table is unavailable")]
    Unavailable {
        /// The DynamoDB operation.
        operation: &'static str,
        /// The client's error.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The table rejected the call itself: a missing table, a missing permission, a malformed call.
    #[error("{operation} was refused by the table")]
    Refused {
        /// The DynamoDB operation.
        operation: &'static str,
        /// The client's error.
        source: Arc<dyn Error + Send + Sync>,
    },
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
    /// The row cannot be expressed as an item.
    #[error("the row {sort} cannot be written")]
    Unwritable {
        /// The row's partition key.
        partition: String,
        /// The row's sort key.
        sort: String,
        /// The cause.
        source: Arc<dyn Error + Send + Sync>,
    },
}

impl RowError {
    pub(crate) fn of<E>(operation: &'static str, error: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        Self::of_table(TableError::of(operation, error))
    }

    pub(crate) fn of_table(error: TableError) -> Self {
        match error {
            TableError::Unavailable { operation, source } => Self::Unavailable { operation, source },
            TableError::Refused { operation, source } => Self::Refused { operation, source },
        }
    }
}
