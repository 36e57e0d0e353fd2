//! Who parks, what is noted, and why it cannot be.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use event_store::Timestamp;
use event_store::dynamo::is_refusal;

/// A consumer of the stream. Each parks for itself: what one cannot fold, another may well publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consumer {
    /// The projection `OrderSummaryByCustomer`.
    OrderSummaryByCustomer,
    /// The projection `CustomerTotals`.
    CustomerTotals,
    /// The publisher to the event bus.
    Publisher,
}

impl Consumer {
    /// Every consumer there is.
    pub const ALL: [Self; 3] = [Self::OrderSummaryByCustomer, Self::CustomerTotals, Self::Publisher];

    /// Its name. It is stored: never change it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OrderSummaryByCustomer => "OrderSummaryByCustomer",
            Self::CustomerTotals => "CustomerTotals",
            Self::Publisher => "publisher",
        }
    }
}

impl fmt::Display for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that no consumer has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no consumer '{0}'")]
pub struct UnknownConsumer(pub String);

impl FromStr for Consumer {
    type Err = UnknownConsumer;

    fn from_str(name: &str) -> Result<Self, UnknownConsumer> {
        Self::ALL.into_iter().find(|it| it.as_str() == name).ok_or_else(|| UnknownConsumer(name.to_owned()))
    }
}

/// An order that is to be parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parking {
    /// The order.
    pub aggregate_id: String,
    /// Its customer, as far as that can be told.
    pub customer_id: Option<String>,
    /// The first version that cannot be processed, from 1.
    pub version: u64,
    /// The last version that is known to wait: `version`, or a later one.
    pub held_up_to: u64,
    /// Why it cannot be processed. It is kept, listed and logged: it quotes nothing that an event holds.
    pub reason: String,
}

/// An order that is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// By whom.
    pub consumer: Consumer,
    /// The order.
    pub aggregate_id: String,
    /// Its customer, as far as that could be told.
    pub customer_id: Option<String>,
    /// The first version that cannot be processed, from 1.
    pub version: u64,
    /// The last version that is known to wait.
    pub held_up_to: u64,
    /// True if an outage is the cause: the consumer retries it by itself.
    pub is_deferred: bool,
    /// Why the first one cannot be processed.
    pub reason: String,
    /// How often it was tried, from 1.
    pub attempts: u64,
    /// Since when.
    pub parked_at: Timestamp,
    /// When it was tried last.
    pub last_attempt_at: Timestamp,
}

/// Why the notes could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ParkedError {
    /// Throttled, timed out, unreachable or failing, after the client's own retries. A write may have happened.
    #[error("{operation} failed: the table of parked orders is unavailable")]
    Unavailable {
        /// The DynamoDB operation.
        operation: &'static str,
        /// What the client said; nothing where keys were left unprocessed, however often they were asked for.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The table refused the call itself: a missing table, a missing permission, a malformed call.
    #[error("{operation} was refused by the table of parked orders")]
    Refused {
        /// The DynamoDB operation.
        operation: &'static str,
        /// What the client said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A note that is there is none of ours.
    #[error("the note on order {aggregate_id} of {consumer} cannot be read: {problem}")]
    Unreadable {
        /// By whom it says the order is parked.
        consumer: String,
        /// The order that it names.
        aggregate_id: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl ParkedError {
    /// Tells an outage, which a repeat may outlive, from a call that will never be accepted.
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
