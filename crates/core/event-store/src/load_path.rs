//! The load path that both adapters share: back from the newest commit to the first with a usable snapshot, then
//! forward again with the fold.

use serde_dynamo::Item;

use crate::item::{self, usable_snapshot};
use crate::ring::{REMEMBERED_REQUESTS, RequestRing};
use crate::{Aggregate, Commit, Loaded, StoreError};

/// Collects commits of one aggregate, newest first, until no older one is needed.
pub(crate) struct LoadPath<A: Aggregate> {
    aggregate_id: String,
    commits: Vec<Commit<A::Event>>,
    base: Option<(A::State, RequestRing, u64)>,
}

impl<A: Aggregate> LoadPath<A> {
    pub(crate) fn new(aggregate_id: &str) -> Self {
        Self { aggregate_id: aggregate_id.to_owned(), commits: Vec::new(), base: None }
    }

    /// Takes the next older item. Returns true once no older one is needed.
    pub(crate) fn push(&mut self, item: Item) -> Result<bool, StoreError> {
        let expected = self.commits.last().map(|newer| newer.version - 1);
        let Some((_, version)) = item::key_of(&item) else {
            return Err(self.unreadable(expected.unwrap_or(0), "it has no key".into()));
        };
        if expected.is_some_and(|expected| expected != version) {
            return Err(self.unreadable(version.saturating_add(1), "it is missing between its neighbours".into()));
        }
        if let Some(snapshot) = usable_snapshot::<A>(&item, version) {
            self.base = Some((snapshot.state, snapshot.requests, version));
        }
        let commit = item::decode::<A>(item).map_err(|error| self.unreadable(version, error.into()))?;
        self.commits.push(commit);
        Ok(self.base.is_some() || version <= 1)
    }

    fn unreadable(&self, version: u64, source: crate::aggregate::CodecError) -> StoreError {
        StoreError::unreadable(&self.aggregate_id, version, source)
    }

    /// Folds the collected commits.
    pub(crate) fn finish(self) -> Result<Loaded<A>, StoreError> {
        let Some(newest) = self.commits.first() else { return Ok(Loaded::absent(&self.aggregate_id)) };
        let version = newest.version;
        let oldest = self.commits.last().map_or(0, |commit| commit.version);
        if self.base.is_none() && oldest > 1 {
            return Err(self.unreadable(oldest - 1, "it is missing".into()));
        }
        let (state, mut requests, snapshot_version) = self.base.unwrap_or_default();
        let newer = || self.commits.iter().rev().filter(|commit| commit.version > snapshot_version);
        let state = newer().fold(state, |state, commit| commit.apply_to::<A>(state));
        newer().for_each(|commit| requests.push(&commit.request.request_id));
        let mut recent = self.commits;
        recent.truncate(REMEMBERED_REQUESTS);
        Ok(Loaded { aggregate_id: self.aggregate_id, state, version, recent, requests, snapshot_version })
    }
}
