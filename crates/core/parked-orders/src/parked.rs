//! Parked orders, and the errors of their table.

use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use event_store::Timestamp;
use event_store::dynamo::is_refusal;

use crate::consumer::Consumer;

/// An order that is to be parked.
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
    /// The reason. It is stored, listed and logged, so it quotes nothing that an event holds.
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
    /// True if an outage is the cause: the consumer retries it by itself.
    pub is_deferred: bool,
    /// The reason why the first one cannot be processed.
    pub reason: String,
    /// The number of attempts, from 1.
    pub attempts: u64,
    /// The time at which it was parked.
    pub parked_at: Timestamp,
    /// The time of the last attempt.
    pub last_attempt_at: Timestamp,
}

/// The reason why notes could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ParkedError {
    /// Throttled, timed out, unreachable or failing, after the client's own retries. A write may have happened.
    #[error("{operation} failed: the table of parked orders is unavailable")]
    Unavailable {
        /// The DynamoDB operation.
        operation: &'static str,
        /// The client's error; `None` where keys were left unprocessed, however often they were read.
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
    /// A note has not the shape that a release writes.
    #[error("the note on order {aggregate_id} of {consumer} cannot be read: {problem}")]
    Unreadable {
        /// The consumer that it names.
        consumer: String,
        /// The order that it names.
        aggregate_id: String,
        /// The defect.
        problem: String,
    },
}

impl ParkedError {
    /// Distinguishes an outage, where a retry may succeed, from a call that no retry makes acceptable.
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
