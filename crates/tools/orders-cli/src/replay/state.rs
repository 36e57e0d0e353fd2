//! How far a replay is, in a file: what is there was acknowledged by the bus.

use event_store::Position;
use serde::{Deserialize, Serialize};

use super::parameters::Parameters;

/// A replay, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) parameters: Parameters,
    /// The last commit that is done with; none at the beginning.
    pub(crate) after: Option<Position>,
    pub(crate) tally: Tally,
}

/// What was done, in all runs of a replay together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Commits looked at, those outside the range included, and those again that a run after the first one meets twice.
    pub(crate) scanned: u64,
    /// Events that the bus has acknowledged.
    pub(crate) published: u64,
    /// PutEvents calls.
    pub(crate) calls: u64,
    /// Entries that were sent again.
    pub(crate) retried: u64,
    /// Commits that cannot be read, and events that can never be published.
    pub(crate) left_out: u64,
}

impl Tally {
    /// `12 events published`
    pub(crate) fn published(&self) -> String {
        format!("{} events published", self.published)
    }
}

impl State {
    pub(crate) fn new(parameters: Parameters) -> Self {
        Self { parameters, after: None, tally: Tally::default() }
    }
}
