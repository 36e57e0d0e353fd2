//! The errors of a store.

use std::error::Error;

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
