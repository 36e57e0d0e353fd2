//! A page of commits in version order, up to the first that cannot be read.

use serde_dynamo::Item;

use crate::{Aggregate, Commit, StoreError, item};

/// One page of an aggregate's commits.
#[derive(Debug)]
pub struct CommitPage<E> {
    /// The commits, in order. There are fewer than requested if the aggregate has no more, or if the next one cannot be
    /// read.
    pub commits: Vec<Commit<E>>,
    /// The error of the commit after `commits`, if that commit belongs to this page and cannot be read.
    pub unreadable: Option<StoreError>,
    /// True if a commit follows `commits`, readable or not.
    pub has_more: bool,
}

/// Commits of one aggregate, collected while they are decoded.
pub(crate) struct Commits<'a, A: Aggregate> {
    aggregate_id: &'a str,
    after: u64,
    commits: Vec<Commit<A::Event>>,
}

impl<'a, A: Aggregate> Commits<'a, A> {
    pub(crate) const fn after(aggregate_id: &'a str, after: u64) -> Self {
        Self { aggregate_id, after, commits: Vec::new() }
    }

    pub(crate) const fn len(&self) -> usize {
        self.commits.len()
    }

    /// Decodes the next item.
    pub(crate) fn push(&mut self, item: Item) -> Result<(), StoreError> {
        let decoded = item::decode::<A>(item);
        let commit = decoded.map_err(|error| StoreError::unreadable(self.aggregate_id, self.next_version(), error))?;
        self.commits.push(commit);
        Ok(())
    }

    fn next_version(&self) -> u64 {
        self.after.saturating_add(u64::try_from(self.commits.len()).unwrap_or(u64::MAX)).saturating_add(1)
    }

    pub(crate) fn into_inner(self) -> Vec<Commit<A::Event>> {
        self.commits
    }

    /// Returns the first `limit` items as a page. Further items only set `has_more`.
    pub(crate) fn into_page(mut self, items: Vec<Item>, limit: usize) -> CommitPage<A::Event> {
        let found = items.len();
        let unreadable = items.into_iter().take(limit).try_for_each(|item| self.push(item)).err();
        CommitPage { has_more: found > self.commits.len(), commits: self.commits, unreadable }
    }
}
