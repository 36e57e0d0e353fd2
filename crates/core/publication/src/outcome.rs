//! The result of publishing events.

use std::fmt;

/// The result of publishing events. Every event that it does not name is on the bus.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publication {
    /// The events that are not known to be on the bus, in the order in which they were given.
    pub failed: Vec<UnpublishedEvent>,
    /// The number of entries, calls and retries.
    pub counters: PublishCounters,
}

/// An event that is not known to be on the bus. If a response was lost, it may be on the bus nevertheless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnpublishedEvent {
    /// The position of the event among the events given, from 0.
    pub index: usize,
    /// The reason why it is not known to be on the bus.
    pub reason: UnpublishedReason,
}

/// The reason why an event is not known to be on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnpublishedReason {
    /// The bus did not accept the event for now, or the response was lost. A later attempt may succeed.
    Unavailable {
        /// The last error.
        cause: String,
    },
    /// The bus, or the table of parked orders, does not exist or rejects the caller. No attempt succeeds until an
    /// operator repairs it.
    Refused {
        /// The error.
        cause: String,
    },
    /// The event can never be published as it is.
    Unpublishable {
        /// The defect of the event.
        cause: String,
    },
}

impl fmt::Display for UnpublishedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { cause } => write!(f, "unavailable: {cause}"),
            Self::Refused { cause } => write!(f, "refused: {cause}"),
            Self::Unpublishable { cause } => write!(f, "unpublishable: {cause}"),
        }
    }
}

/// The number of entries, calls and retries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PublishCounters {
    /// The entries sent: one for each event, and one for each retry of an event.
    pub entries: u64,
    /// The PutEvents calls. The SDK's own retries of a call are not counted.
    pub calls: u64,
    /// The entries that were sent again.
    pub retried: u64,
}
