//! Sorts a batch for the engine: each aggregate's commits by version, with repeats grouped.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use event_store::{Aggregate, Commit, Delivered, Poison};

use super::outcome::Reason;
use crate::projection::{self, FoldError, Projection, RowKey};

/// The commits of one aggregate in a batch.
pub(super) struct AggregateCommits<E> {
    pub(super) aggregate_id: String,
    pub(super) versions: BTreeMap<u64, Version<E>>,
}

/// The records of one version: the first and its repeats.
pub(super) struct Version<E> {
    pub(super) ids: Vec<String>,
    /// The commit, or the reason why it cannot be read.
    pub(super) record: Result<Commit<E>, String>,
}

/// Groups the batch by aggregate, and separates the records that belong to none.
pub(super) fn aggregates<E>(entries: Vec<Delivered<E>>) -> (Vec<AggregateCommits<E>>, Vec<(String, Poison)>) {
    let mut aggregates: BTreeMap<String, BTreeMap<u64, Version<E>>> = BTreeMap::new();
    let mut unaddressable = Vec::new();
    for Delivered { id, record } in entries {
        let (aggregate_id, version, record) = match record {
            Ok(commit) => (commit.aggregate_id.clone(), commit.version, Ok(commit)),
            Err(Poison { position: Some((aggregate_id, version)), cause }) => (aggregate_id, version, Err(cause)),
            Err(poison @ Poison { position: None, .. }) => {
                unaddressable.push((id, poison));
                continue;
            }
        };
        let versions = aggregates.entry(aggregate_id).or_default();
        versions.entry(version).or_insert_with(|| Version { ids: Vec::new(), record }).ids.push(id);
    }
    let aggregates = aggregates.into_iter().map(|(aggregate_id, versions)| AggregateCommits { aggregate_id, versions });
    (aggregates.collect(), unaddressable)
}

impl<E> AggregateCommits<E> {
    /// Returns the first and the last version of these commits.
    pub(super) fn span(&self) -> RangeInclusive<u64> {
        let first = self.versions.keys().next().copied().unwrap_or(0);
        first..=self.versions.keys().next_back().copied().unwrap_or(0)
    }

    /// Returns true if these commits are enough to begin a row.
    pub(super) fn holds_the_first_version(&self) -> bool {
        self.versions.get(&1).is_some_and(|first| first.record.is_ok())
    }

    /// Returns true if every commit can be read and none can change the row.
    pub(super) fn is_of_no_concern<P>(&self) -> bool
    where
        P: Projection,
        P::Aggregate: Aggregate<Event = E>,
    {
        self.versions.values().all(|slot| slot.record.as_ref().is_ok_and(|commit| !projection::concerns::<P>(commit)))
    }

    /// Returns the key of the aggregate's row, from any readable commit.
    pub(super) fn key<P>(&self) -> Result<RowKey, Reason>
    where
        P: Projection,
        P::Aggregate: Aggregate<Event = E>,
    {
        let mut unreadable = None;
        for (&version, slot) in &self.versions {
            match &slot.record {
                Ok(commit) => {
                    let poison = |error: FoldError| Reason::Poison { version: Some(version), cause: error.to_string() };
                    return projection::key::<P>(commit).map_err(poison);
                }
                Err(cause) => unreadable = unreadable.or(Some((version, cause))),
            }
        }
        let (version, cause) = unreadable.unzip();
        Err(Reason::Poison { version, cause: cause.cloned().unwrap_or_default() })
    }
}
