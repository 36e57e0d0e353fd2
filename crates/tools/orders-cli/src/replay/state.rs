//! The progress of a replay, in a file. The bus acknowledged everything that the file records.

use event_store::Position;
use serde::{Deserialize, Serialize};

use super::parameters::Parameters;

/// A replay and its progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) parameters: Parameters,
    /// The last finished commit; `None` at the start.
    pub(crate) after: Option<Position>,
    pub(crate) tally: Tally,
}

/// The totals of all runs of a replay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Commits read, including commits outside the range. A later run counts commits again that it reads a second time.
    pub(crate) scanned: u64,
    /// Events that the bus has acknowledged.
    pub(crate) published: u64,
    /// PutEvents calls.
    pub(crate) calls: u64,
    /// Entries that were retried.
    pub(crate) retried: u64,
    /// Commits that cannot be read, and events that cannot be published.
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
