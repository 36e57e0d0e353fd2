//! Commits as a stream delivers them: possibly repeated, out of order or unreadable.

use std::error::Error;

use crate::Commit;
use crate::error::chain;

/// One record of a stream.
#[derive(Debug, Clone)]
pub struct Delivered<E> {
    /// The record's name at its source; in a DynamoDB stream, its sequence number.
    pub id: String,
    /// The commit, or the reason why it cannot be read.
    pub record: Result<Commit<E>, Poison>,
}

impl<E> Delivered<E> {
    /// Returns the aggregate and the version of the record, as far as they can be read.
    #[must_use]
    pub fn position(&self) -> Option<(&str, u64)> {
        match &self.record {
            Ok(commit) => Some((&commit.aggregate_id, commit.version)),
            Err(poison) => poison.position.as_ref().map(|(aggregate_id, version)| (aggregate_id.as_str(), *version)),
        }
    }
}

/// A record without a commit that this release can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poison {
    /// The aggregate and the version that the record claims to have, as far as they can be read.
    pub position: Option<(String, u64)>,
    /// The reason why the record cannot be read.
    pub cause: String,
}

impl Poison {
    /// Creates the poison for a record that claims `position` and cannot be read because of `error`.
    #[must_use]
    pub fn new(position: Option<(String, u64)>, error: &dyn Error) -> Self {
        Self { position, cause: chain(error) }
    }
}
