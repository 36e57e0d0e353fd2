//! Parked orders, and the errors of their table.

use event_store::{TableError, Timestamp};

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
    /// The table did not answer.
    #[error("the table of parked orders cannot be used")]
    Table(#[from] TableError),
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
