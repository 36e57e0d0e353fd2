//! The errors of a store.

use std::error::Error;
use std::sync::Arc;

/// The reason why a table, or another system that keeps data, did not answer a call.
///
/// The source is logged and stored in notes, so it must quote no stored value.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TableError {
    /// The system was throttled, timed out, was unreachable or failed, after the client's own retries. A write may have
    /// happened.
    #[error("{operation} failed: the {system} is unavailable")]
    Unavailable {
        /// The operation, such as `PutItem`.
        operation: &'static str,
        /// The noun for the system in the message, such as `table`, `store` or `database`.
        system: &'static str,
        /// The client's error.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The system rejected the call itself: a missing table, a missing permission, a malformed call.
    #[error("{operation} was refused by the {system}")]
    Refused {
        /// The operation, such as `PutItem`.
        operation: &'static str,
        /// The noun for the system in the message, such as `table`, `store` or `database`.
        system: &'static str,
        /// The client's error.
        source: Arc<dyn Error + Send + Sync>,
    },
}

impl TableError {
    /// Creates the error of an outage, after which a retry may succeed.
    pub fn unavailable(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable { operation, system: "table", source: Arc::from(source.into()) }
    }

    /// Creates the error of a call that will never be accepted.
    pub fn refused(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Refused { operation, system: "table", source: Arc::from(source.into()) }
    }

    /// Creates the error of a table that leaves keys unprocessed at every read.
    #[must_use]
    pub fn busy(operation: &'static str) -> Self {
        Self::unavailable(operation, "the table is too busy")
    }

    /// Returns the error with another noun for the system.
    #[must_use]
    pub fn of_system(self, system: &'static str) -> Self {
        match self {
            Self::Unavailable { operation, source, .. } => Self::Unavailable { operation, system, source },
            Self::Refused { operation, source, .. } => Self::Refused { operation, system, source },
        }
    }
}

/// The reason why the store could not answer. A lost race or a rejection is not an error here but an ordinary result.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store did not answer. After an outage the write may have happened: a retry of the request finds out.
    #[error(transparent)]
    Table(TableError),
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

impl From<TableError> for StoreError {
    fn from(error: TableError) -> Self {
        Self::Table(error.of_system("store"))
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
