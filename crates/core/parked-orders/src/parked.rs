//! Parked orders, and the errors of their table.

use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use event_store::Timestamp;
use event_store::dynamo::is_refusal;

use crate::consumer::Consumer;

/// A request to park an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkRequest {
    /// The order.
    pub aggregate_id: String,
    /// The order's customer, as far as it is known.
    pub customer_id: Option<String>,
    /// The first version that cannot be processed, from 1.
    pub version: u64,
    /// The last version that is known to wait: `version`, or a later one.
    pub held_up_to: u64,
    /// The reason. It is stored, listed and logged, so it quotes nothing of an event's content.
    pub reason: String,
}

/// An order that is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedOrder {
    /// The consumer that parked it.
    pub consumer: Consumer,
    /// The order.
    pub aggregate_id: String,
    /// The order's customer, as far as it is known.
    pub customer_id: Option<String>,
    /// The first version that cannot be processed, from 1.
    pub version: u64,
    /// The last version that is known to wait.
    pub held_up_to: u64,
    /// True if the cause is an outage. The consumer then retries the order without an operator.
    pub is_deferred: bool,
    /// The reason why the first version cannot be processed.
    pub reason: String,
    /// The number of attempts, from 1.
    pub attempts: u64,
    /// The time when it was parked.
    pub parked_at: Timestamp,
    /// The time of the last attempt.
    pub last_attempt_at: Timestamp,
}

/// The reason why notes could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ParkedError {
    /// The table was throttled, timed out, was unreachable or failed, after the client's own retries. A write may have
    /// happened.
    #[error("{operation} failed: the table of parked orders is unavailable")]
    Unavailable {
        /// The DynamoDB operation.
        operation: &'static str,
        /// The client's error; `None` if DynamoDB left keys unprocessed at every read.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The table rejected the call: a missing table, a missing permission, a malformed call.
    #[error("{operation} was refused by the table of parked orders")]
    Refused {
        /// The DynamoDB operation.
        operation: &'static str,
        /// The client's error.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A note does not have the shape that a release writes.
    #[error("the note on order {aggregate_id} of {consumer} cannot be read: {problem}")]
    Unreadable {
        /// The consumer in the note.
        consumer: String,
        /// The order in the note.
        aggregate_id: String,
        /// The defect.
        problem: String,
    },
}

impl ParkedError {
    /// Distinguishes an outage, after which a retry may succeed, from a call that will never be accepted.
    pub(crate) fn of<E>(operation: &'static str, error: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let refused = is_refusal(&error);
        let source = Box::new(error);
        if refused {
            Self::Refused { operation, source }
        } else {
            Self::Unavailable { operation, source: Some(source) }
        }
    }
}
