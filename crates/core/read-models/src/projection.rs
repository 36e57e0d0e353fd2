//! What a projection is: a pure fold of commits into rows, one row an aggregate.

use event_store::{Aggregate, Commit, Panicked, RecordedEvent, contain};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The event type of a projection's aggregate.
pub type EventOf<P> = <<P as Projection>::Aggregate as Aggregate>::Event;
/// The commit type of a projection's aggregate.
pub type CommitOf<P> = Commit<EventOf<P>>;

/// A pure fold of an aggregate's events into its row: the same events always give the same row.
pub trait Projection: Send + Sync + 'static {
    /// Whose events are folded.
    type Aggregate: Aggregate;
    /// What they are folded into.
    type Row: Serialize + DeserializeOwned + Clone + Send + Sync;

    /// The projection's name, for logs.
    const NAME: &'static str;
    /// Raised when the fold's meaning or the row's shape changes: rows of a lower number are rebuilt.
    const NUMBER: u32;
    /// The names of the table's key attributes.
    const KEY: KeyAttributes;

    /// Where the row of a commit's aggregate stands; the same for every commit of the aggregate.
    ///
    /// # Errors
    /// When the commit does not carry what the key is made of, or carries what no key can hold: a table refuses such
    /// a key together with all that are read beside it.
    fn key(commit: &CommitOf<Self>) -> Result<RowKey, FoldError>
    where
        Self: Sized;

    /// The aggregate whose row stands at a key that [`key`](Self::key) made; `None` where it made no such key.
    fn aggregate_id(key: &RowKey) -> Option<&str>
    where
        Self: Sized;

    /// True if a commit can change the row. By default every commit does.
    ///
    /// The version of a row is that of the last commit that concerns it. A batch in which no commit of an aggregate concerns
    /// the row costs neither a read nor a write of it.
    #[must_use]
    fn concerns(commit: &CommitOf<Self>) -> bool
    where
        Self: Sized,
    {
        let _ = commit;
        true
    }

    /// The row after one event of `commit`. An event of a commit that does not concern the row leaves it as it is.
    ///
    /// # Errors
    /// When the event makes no sense for that row. This never mends itself, so it is poison and not an outage.
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

/// Where a row stands in its table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowKey {
    /// The partition key's value.
    pub partition: String,
    /// The sort key's value.
    pub sort: String,
}

/// Why commits cannot be folded into a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// A commit lacks a part of the row's key, or has one that no row of ours can stand under.
    #[error("version {version} has no {part} that a key can be made of")]
    NoKey {
        /// The commit's version.
        version: u64,
        /// The tag, or the aggregate's id.
        part: &'static str,
    },
    /// There is no row yet, and the event does not make one.
    #[error("{event_type} at version {version} is not what an aggregate begins with")]
    NotABeginning {
        /// The event's version.
        version: u64,
        /// The event's stored name.
        event_type: &'static str,
    },
    /// There is a row already, and the event would make it again.
    #[error("{event_type} at version {version} begins an aggregate that had begun")]
    BegunTwice {
        /// The event's version.
        version: u64,
        /// The event's stored name.
        event_type: &'static str,
    },
    /// The event would take an amount below nothing, or beyond what can be stated.
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
        /// The row's version; 0 where there is no row.
        after: u64,
        /// The commit's version.
        found: u64,
    },
    /// The projection itself failed on it.
    #[error("at version {version} {panicked}")]
    Panicked {
        /// The commit's version.
        version: u64,
        /// How.
        panicked: Panicked,
    },
}

/// Where the row of a commit's aggregate stands.
///
/// # Errors
/// As [`Projection::key`]; and when that panics.
pub fn key<P: Projection>(commit: &CommitOf<P>) -> Result<RowKey, FoldError> {
    contain(|| P::key(commit)).unwrap_or_else(|panicked| Err(FoldError::Panicked { version: commit.version, panicked }))
}

/// True if a commit can change the row, also where the projection panics over the question.
#[must_use]
pub fn concerns<P: Projection>(commit: &CommitOf<P>) -> bool {
    contain(|| P::concerns(commit)).unwrap_or(true)
}

/// The row after all events of the commit that follows `version`.
///
/// # Errors
/// When the commit does not follow, or an event makes no sense, or the fold panics on it.
pub fn fold<P: Projection>(
    row: Option<P::Row>,
    version: u64,
    commit: &CommitOf<P>,
) -> Result<Option<P::Row>, FoldError> {
    if version.checked_add(1) != Some(commit.version) {
        return Err(FoldError::Gap { after: version, found: commit.version });
    }
    contain(|| commit.events.iter().try_fold(row, |row, event| P::apply(row, event, commit).map(Some)))
        .unwrap_or_else(|panicked| Err(FoldError::Panicked { version: commit.version, panicked }))
}
