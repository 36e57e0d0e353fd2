//! The port: what a place that keeps events must be able to do.

use std::error::Error;
use std::future::Future;

use crate::{Aggregate, Commit, CommitPage, Loaded, NewCommit, Timestamp};

/// Why the store could not answer. Nothing here is a lost race or a refusal: those are answers.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Throttled, timed out, unreachable or failing, after the client's own retries. A write may have happened:
    /// a repeat of the request finds out.
    #[error("{operation} failed: the store is unavailable")]
    Unavailable {
        /// The DynamoDB operation.
        operation: &'static str,
        /// What the client said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The store refused the call itself: a missing table, a missing permission, a malformed call.
    #[error("{operation} was refused by the store")]
    Refused {
        /// The DynamoDB operation.
        operation: &'static str,
        /// What the client said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A commit that is there cannot be read, or one that must be there is not.
    #[error("commit {version} of aggregate {aggregate_id} cannot be read")]
    Unreadable {
        /// Whose commit.
        aggregate_id: String,
        /// Which commit.
        version: u64,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// An event or a state that is to be written cannot be encoded, or the item would be beyond DynamoDB's 400 KB.
    #[error("commit {version} of aggregate {aggregate_id} cannot be written")]
    Unwritable {
        /// Whose commit.
        aggregate_id: String,
        /// Which commit.
        version: u64,
        /// Why.
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

/// An error with everything that caused it, in one line: for logs.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// How an append ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended<E> {
    /// It is written.
    Written {
        /// The bytes that the commit would have with its snapshot, if one was due and left out because they exceed DynamoDB's
        /// 400 KB. Until a snapshot fits again, every load folds more commits.
        oversized_snapshot: Option<usize>,
    },
    /// That version exists already: the commit that holds it. Where its request is the one that was to be written,
    /// it is an earlier attempt or a duplicate; otherwise another writer won.
    Occupied(Commit<E>),
}

/// The point up to which an aggregate is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpTo {
    /// The newest commit.
    Head,
    /// The commit of this version, or the newest before it.
    Version(u64),
    /// The newest commit recorded at this instant or before it. The store looks at the times of few commits to find it; where
    /// it meets a time that cannot be read, it answers [`StoreError::Unreadable`]. Events are read of those commits only
    /// that are folded.
    Time(Timestamp),
}

/// An append-only store of commits. Reads are strongly consistent.
pub trait EventStore<A: Aggregate>: Send + Sync {
    /// Appends a commit at the version it names, if no commit stands there.
    fn append(&self, new: &NewCommit<A>) -> impl Future<Output = Result<Appended<A::Event>, StoreError>> + Send;

    /// Reads an aggregate as it was at a point; [`Loaded::absent`] where nothing had been appended.
    fn load(&self, aggregate_id: &str, up_to: UpTo) -> impl Future<Output = Result<Loaded<A>, StoreError>> + Send;

    /// Reads commits in order: those after version `after`, `limit` at most. All of them, or an error.
    fn commits(
        &self,
        aggregate_id: &str,
        after: u64,
        limit: Option<usize>,
    ) -> impl Future<Output = Result<Vec<Commit<A::Event>>, StoreError>> + Send;

    /// Reads one page of commits in order: those after version `after`, `limit` at most, up to the first that cannot be read.
    /// Nothing beyond the page is decoded.
    fn page(
        &self,
        aggregate_id: &str,
        after: u64,
        limit: usize,
    ) -> impl Future<Output = Result<CommitPage<A::Event>, StoreError>> + Send;
}
