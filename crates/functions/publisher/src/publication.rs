//! What became of events that were to be published.

use std::fmt;

/// What became of events that were to be published: those not named here are on the bus.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publication {
    /// The events that are not known to be on the bus, in the order in which they were given.
    pub failed: Vec<Failure>,
    /// What it took.
    pub counters: Counters,
}

/// An event that is not known to be on the bus. It may be there all the same, where an answer was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its place among the events that were given, from 0.
    pub index: usize,
    /// Why.
    pub reason: Reason,
}

/// Why an event is not on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The bus did not take it for now, or did not say. A later attempt may succeed.
    Unavailable {
        /// What went wrong last.
        cause: String,
    },
    /// The bus, or the table of parked orders, is not to be had: a permission is missing, or the thing itself. Attempts
    /// change nothing until somebody does.
    Refused {
        /// What was said.
        cause: String,
    },
    /// This event can never be published as it is.
    Unpublishable {
        /// What is wrong with it.
        cause: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { cause } => write!(f, "unavailable: {cause}"),
            Self::Refused { cause } => write!(f, "refused: {cause}"),
            Self::Unpublishable { cause } => write!(f, "unpublishable: {cause}"),
        }
    }
}

/// What publishing took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Entries sent: one for each event, and one for each time that an event was sent again.
    pub entries: u64,
    /// PutEvents calls; the SDK's own retries of a call are not counted.
    pub calls: u64,
    /// Entries that were sent again.
    pub retried: u64,
}
