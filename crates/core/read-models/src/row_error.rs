//! Why rows could not be read or written.

use std::error::Error;
use std::sync::Arc;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use event_store::dynamo::is_refusal;

/// Why the table of rows could not answer. The texts are logged and kept in notes: they name no partition, which may be a
/// customer, and quote no value.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RowError {
    /// Throttled, timed out, unreachable or failing, after the client's own retries. A write may have happened: the
    /// next attempt finds the row it left.
    #[error("{operation} failed: the table is unavailable")]
    Unavailable {
        /// The DynamoDB operation.
        operation: &'static str,
        /// What the client said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The table refused the call itself: a missing table, a missing permission, a malformed call.
    #[error("{operation} was refused by the table")]
    Refused {
        /// The DynamoDB operation.
        operation: &'static str,
        /// What the client said.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The deadline had passed before the row was begun: nothing was written.
    #[error("there was no time left for it")]
    OutOfTime,
    /// A row that is there cannot be read; the engine rebuilds it with the next event of its aggregate.
    #[error("the row {sort} cannot be read")]
    Unreadable {
        /// The row's partition key.
        partition: String,
        /// The row's sort key.
        sort: String,
        /// Why; it quotes nothing that stands there.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// A row cannot be expressed as an item.
    #[error("the row {sort} cannot be written")]
    Unwritable {
        /// The row's partition key.
        partition: String,
        /// The row's sort key.
        sort: String,
        /// Why.
        source: Arc<dyn Error + Send + Sync>,
    },
}

impl RowError {
    /// Tells an outage, which a repeat may outlive, from a call that will never be accepted.
    pub(crate) fn of<E>(operation: &'static str, error: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let refused = is_refusal(&error);
        let source = Arc::new(error);
        if refused { Self::Refused { operation, source } } else { Self::Unavailable { operation, source } }
    }
}
