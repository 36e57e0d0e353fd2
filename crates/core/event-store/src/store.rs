//! The port: the operations that every event store offers.

use std::error::Error;
use std::future::Future;

use crate::{Aggregate, Commit, CommitPage, Loaded, NewCommit, Timestamp};

/// The reason why the store could not answer. A lost race or a rejection is not an error here but an ordinary result.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store was throttled, timed out, was unreachable or failed, after the client's own retries. The write may
    /// have happened: a retry of the request finds out.
    #[error("{operation} failed: the store is unavailable")]
    Unavailable {
        /// The DynamoDB operation.
        operation: &'static str,
        /// The client's error.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The store rejected the call itself: a missing table, a missing permission, a malformed call.
    #[error("{operation} was refused by the store")]
    Refused {
        /// The DynamoDB operation.
        operation: &'static str,
        /// The client's error.
        source: Box<dyn Error + Send + Sync>,
    },
    /// An existing commit cannot be read, or a commit that must exist is missing.
    #[error("commit {version} of aggregate {aggregate_id} cannot be read")]
    Unreadable {
        /// The aggregate of the commit.
        aggregate_id: String,
        /// The version of the commit.
        version: u64,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
    /// An event or a state cannot be encoded, or the item would exceed DynamoDB's 400 KB.
    #[error("commit {version} of aggregate {aggregate_id} cannot be written")]
    Unwritable {
        /// The aggregate of the commit.
        aggregate_id: String,
        /// The version of the commit.
        version: u64,
        /// The cause.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl StoreError {
    pub(crate) fn unreadable(
        aggregate_id: &str,
        version: u64,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Unreadable { aggregate_id: aggregate_id.to_owned(), version, source: source.into() }
    }
}

/// Returns an error with all its causes in one line, for logs.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

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

/// An append-only store of commits. Reads are strongly consistent.
pub trait EventStore<A: Aggregate>: Send + Sync {
    /// Appends a commit at the version it names, if that version does not exist yet.
    fn append(&self, new: &NewCommit<A>) -> impl Future<Output = Result<Appended<A::Event>, StoreError>> + Send;

    /// Reads an aggregate as it was at a point; [`Loaded::absent`] if nothing had been appended.
    fn load(&self, aggregate_id: &str, up_to: UpTo) -> impl Future<Output = Result<Loaded<A>, StoreError>> + Send;

    /// Reads at most `limit` commits after version `after`, in order. Returns all of them or an error.
    fn commits(
        &self,
        aggregate_id: &str,
        after: u64,
        limit: Option<usize>,
    ) -> impl Future<Output = Result<Vec<Commit<A::Event>>, StoreError>> + Send;

    /// Reads one page of at most `limit` commits after version `after`, in order, up to the first that cannot be read.
    /// Nothing beyond the page is decoded.
    fn page(
        &self,
        aggregate_id: &str,
        after: u64,
        limit: usize,
    ) -> impl Future<Output = Result<CommitPage<A::Event>, StoreError>> + Send;
}
