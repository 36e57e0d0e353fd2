//! The reason why an operation stopped.

use event_store::StoreError;
use publication::UnpublishedReason;
use read_models::{AuditError, RowError};

/// The reason why an operation stopped. Finished pages stay finished.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// The events could not be read.
    #[error(transparent)]
    Events(#[from] StoreError),
    /// The rows could not be read or written.
    #[error(transparent)]
    Rows(#[from] RowError),
    /// Events or rows could not be compared.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// The row of an order could not be written.
    #[error("the row of order {order} is not written: {cause}")]
    RowNotWritten {
        /// The order.
        order: String,
        /// The cause.
        cause: String,
    },
    /// The event bus did not accept a call.
    #[error("the event bus did not accept a call: {0}")]
    Bus(UnpublishedReason),
    /// A segment's task ended before its work was finished.
    #[error("a segment has panicked")]
    Panicked(#[from] tokio::task::JoinError),
}
