//! The port: the operations that every event store offers.

use std::future::Future;

pub use crate::error::chain;
use crate::{Aggregate, Commit, CommitPage, Loaded, NewCommit, StoreError, Timestamp};

/// The result of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended<E> {
    /// The commit is written.
    Written {
        /// The size in bytes that the commit would have had with its snapshot, if one was due and left out because it
        /// exceeds DynamoDB's 400 KB. Until a snapshot fits again, every load folds more commits.
        oversized_snapshot: Option<usize>,
    },
    /// The version exists already; this is its commit. If its request is the one to be written, it is an earlier
    /// attempt or a duplicate. Otherwise another writer won.
    Occupied(Commit<E>),
}

/// The point up to which to read an aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpTo {
    /// Up to the newest commit.
    Head,
    /// Up to the commit of this version, or the newest before it.
    Version(u64),
    /// Up to the newest commit recorded at this instant or before it. The store looks up the times of a few commits to
    /// find it, and returns [`StoreError::Unreadable`] if one of these times cannot be read. It reads the events only
    /// of the commits that it folds.
    Time(Timestamp),
}

/// An append-only store of commits. Reads are strongly consistent, except [`load_eventually`](Self::load_eventually).
pub trait EventStore<A: Aggregate>: Send + Sync {
    /// Appends a commit at the version it names, if that version does not exist yet.
    fn append(&self, new: &NewCommit<A>) -> impl Future<Output = Result<Appended<A::Event>, StoreError>> + Send;

    /// Reads an aggregate as it was at a point; [`Loaded::absent`] if nothing had been appended.
    fn load(&self, aggregate_id: &str, up_to: UpTo) -> impl Future<Output = Result<Loaded<A>, StoreError>> + Send;

    /// Reads an aggregate as it is now, or as it was a moment ago: the newest commits may be missing. What is read is
    /// exact for its version, because commits never change. It costs half of [`load`](Self::load).
    ///
    /// A replica may answer with a gap, which is [`StoreError::Unreadable`]. Load again in that case.
    ///
    /// By default it is a strongly consistent load.
    fn load_eventually(&self, aggregate_id: &str) -> impl Future<Output = Result<Loaded<A>, StoreError>> + Send {
        self.load(aggregate_id, UpTo::Head)
    }

    /// Reads at most `limit` commits after version `after`, in order. Returns all of them or an error.
    fn commits(
        &self,
        aggregate_id: &str,
        after: u64,
        limit: Option<usize>,
    ) -> impl Future<Output = Result<Vec<Commit<A::Event>>, StoreError>> + Send;

    /// Reads the first commit of each of these aggregates, in the same order; `None` for an aggregate without commits.
    fn first_commits(
        &self,
        aggregate_ids: &[String],
    ) -> impl Future<Output = Vec<Result<Option<Commit<A::Event>>, StoreError>>> + Send {
        async move {
            let mut first = Vec::with_capacity(aggregate_ids.len());
            for aggregate_id in aggregate_ids {
                first.push(self.commits(aggregate_id, 0, Some(1)).await.map(|mut commits| commits.pop()));
            }
            first
        }
    }

    /// Reads one page of at most `limit` commits after version `after`, in order, up to the first that cannot be read.
    /// Nothing beyond the page is decoded.
    fn page(
        &self,
        aggregate_id: &str,
        after: u64,
        limit: usize,
    ) -> impl Future<Output = Result<CommitPage<A::Event>, StoreError>> + Send;
}
