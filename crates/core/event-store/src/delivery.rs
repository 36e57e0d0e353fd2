//! Commits as a stream delivers them: repeated, out of order, and now and then unreadable.

use std::error::Error;

use crate::Commit;
use crate::store::chain;

/// One record of a stream.
#[derive(Debug, Clone)]
pub struct Delivered<E> {
    /// The record's name at its source: for a DynamoDB stream its sequence number.
    pub id: String,
    /// The commit, or why there is none.
    pub record: Result<Commit<E>, Poison>,
}

impl<E> Delivered<E> {
    /// The aggregate and the version it is of, as far as it can be told.
    #[must_use]
    pub fn position(&self) -> Option<(&str, u64)> {
        match &self.record {
            Ok(commit) => Some((&commit.aggregate_id, commit.version)),
            Err(poison) => poison.position.as_ref().map(|(aggregate_id, version)| (aggregate_id.as_str(), *version)),
        }
    }
}

/// A record that holds no commit this release can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poison {
    /// The aggregate and the version it claims to be, as far as it can be told.
    pub position: Option<(String, u64)>,
    /// Why it cannot be read.
    pub cause: String,
}

impl Poison {
    /// A record that claims `position` and cannot be read because of `error`.
    #[must_use]
    pub fn new(position: Option<(String, u64)>, error: &dyn Error) -> Self {
        Self { position, cause: chain(error) }
    }
}
