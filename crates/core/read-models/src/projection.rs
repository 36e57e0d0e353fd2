//! Projections: pure folds of commits into rows, with one row for each aggregate.

use event_store::{Aggregate, Commit, Panic, RecordedEvent, catch_panic};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The event type of a projection's aggregate.
pub type EventOf<P> = <<P as Projection>::Aggregate as Aggregate>::Event;
/// The commit type of a projection's aggregate.
pub type CommitOf<P> = Commit<EventOf<P>>;

/// A pure fold of an aggregate's events into its row: the same events always give the same row.
pub trait Projection: Send + Sync + 'static {
    /// The aggregate whose events are folded.
    type Aggregate: Aggregate;
    /// The row that the events are folded into.
    type Row: Serialize + DeserializeOwned + Clone + Send + Sync;

    /// The projection's name, for logs.
    const NAME: &'static str;
    /// The projection number. Raise it when the meaning of the fold or the shape of the row changes: rows with a lower
    /// number are rebuilt.
    const NUMBER: u32;
    /// The names of the table's key attributes.
    const KEY: KeyAttributes;

    /// Returns the key of the row of a commit's aggregate. It is the same for every commit of the aggregate.
    ///
    /// # Errors
    /// Returns an error if the commit lacks a part of the key, or has a part that a key cannot contain. A table rejects
    /// such a key together with all other keys in the same read.
    fn key(commit: &CommitOf<Self>) -> Result<RowKey, FoldError>
    where
        Self: Sized;

    /// Returns the aggregate whose row has a key from [`key`](Self::key); `None` for any other key.
    fn aggregate_id(key: &RowKey) -> Option<&str>
    where
        Self: Sized;

    /// Returns true if a commit can change the row. By default every commit can.
    ///
    /// The version of a row is that of the last commit that concerns it. If no commit of an aggregate in a batch
    /// concerns the row, the batch neither reads nor writes the row.
    #[must_use]
    fn concerns(commit: &CommitOf<Self>) -> bool
    where
        Self: Sized,
    {
        let _ = commit;
        true
    }

    /// Returns the row after one event of `commit`. An event of a commit that does not concern the row does not change
    /// it.
    ///
    /// # Errors
    /// Returns an error if the event is invalid for that row. No retry fixes this, so it is poison and not an outage.
    fn apply(
        row: Option<Self::Row>,
        event: &RecordedEvent<EventOf<Self>>,
        commit: &CommitOf<Self>,
    ) -> Result<Self::Row, FoldError>
    where
        Self: Sized;
}

/// The names of a table's key attributes; both are strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyAttributes {
    /// The partition key's attribute.
    pub partition: &'static str,
    /// The sort key's attribute.
    pub sort: &'static str,
}

/// The key of a row in its table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowKey {
    /// The partition key's value.
    pub partition: String,
    /// The sort key's value.
    pub sort: String,
}

/// The reason why commits cannot be folded into a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// A commit lacks a part of the row's key, or has a part that a row's key cannot contain.
    #[error("version {version} has no {part} that a key can be made of")]
    NoKey {
        /// The commit's version.
        version: u64,
        /// The tag, or the aggregate's id.
        part: &'static str,
    },
    /// There is no row yet, and the event does not create one.
    #[error("{event_type} at version {version} is not what an aggregate begins with")]
    NotABeginning {
        /// The event's version.
        version: u64,
        /// The event's stored name.
        event_type: &'static str,
    },
    /// The row exists already, and the event would create it again.
    #[error("{event_type} at version {version} begins an aggregate that had begun")]
    BegunTwice {
        /// The event's version.
        version: u64,
        /// The event's stored name.
        event_type: &'static str,
    },
    /// The event would make an amount negative, or larger than the row can represent.
    #[error("{event_type} at version {version} takes an amount out of its range")]
    OutOfRange {
        /// The event's version.
        version: u64,
        /// The event's stored name.
        event_type: &'static str,
    },
    /// A commit does not follow the row's version.
    #[error("version {found} does not follow version {after}")]
    Gap {
        /// The row's version; 0 if there is no row.
        after: u64,
        /// The commit's version.
        found: u64,
    },
    /// The projection panicked on the commit.
    #[error("at version {version} {panicked}")]
    Panicked {
        /// The commit's version.
        version: u64,
        /// The panic.
        panicked: Panic,
    },
}

/// Returns the key of the row of a commit's aggregate.
///
/// # Errors
/// Returns the same errors as [`Projection::key`], and an error if that panics.
pub fn key<P: Projection>(commit: &CommitOf<P>) -> Result<RowKey, FoldError> {
    catch_panic(|| P::key(commit))
        .unwrap_or_else(|panicked| Err(FoldError::Panicked { version: commit.version, panicked }))
}

/// Returns true if a commit can change the row. Also returns true if the projection panics over the question.
#[must_use]
pub fn concerns<P: Projection>(commit: &CommitOf<P>) -> bool {
    catch_panic(|| P::concerns(commit)).unwrap_or(true)
}

/// Returns the row after all events of the commit that follows `version`.
///
/// # Errors
/// Returns an error if the commit does not follow, if an event is invalid, or if the fold panics on it.
pub fn fold<P: Projection>(
    row: Option<P::Row>,
    version: u64,
    commit: &CommitOf<P>,
) -> Result<Option<P::Row>, FoldError> {
    if version.checked_add(1) != Some(commit.version) {
        return Err(FoldError::Gap { after: version, found: commit.version });
    }
    catch_panic(|| commit.events.iter().try_fold(row, |row, event| P::apply(row, event, commit).map(Some)))
        .unwrap_or_else(|panicked| Err(FoldError::Panicked { version: commit.version, panicked }))
}
