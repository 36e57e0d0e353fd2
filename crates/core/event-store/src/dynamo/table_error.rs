//! The error of a call to a DynamoDB table: an outage, or a call that DynamoDB will never accept.

use std::error::Error;
use std::sync::Arc;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::StoreError;

/// The reason why a table did not answer a call.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TableError {
    /// The table was throttled, timed out, was unreachable or failed, after the client's own retries. A write may have
    /// happened.
    #[error("{operation} failed: the table is unavailable")]
    Unavailable {
        /// The DynamoDB operation.
        operation: &'static str,
        /// The client's error.
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The table rejected the call itself: a missing table, a missing permission, a malformed call.
    #[error("{operation} was refused by the table")]
    Refused {
        /// The DynamoDB operation.
        operation: &'static str,
        /// The client's error.
        source: Arc<dyn Error + Send + Sync>,
    },
}

impl TableError {
    /// Distinguishes an outage, after which a retry may succeed, from a call that will never be accepted.
    pub fn of<E>(operation: &'static str, error: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let is_refused = is_refusal(&error);
        let source = Arc::new(error);
        if is_refused { Self::Refused { operation, source } } else { Self::Unavailable { operation, source } }
    }

    /// Returns the error for a table that leaves keys unprocessed at every read.
    #[must_use]
    pub fn busy(operation: &'static str) -> Self {
        let source: Box<dyn Error + Send + Sync> = "the table is too busy".into();
        Self::Unavailable { operation, source: source.into() }
    }
}

impl From<TableError> for StoreError {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Unavailable { operation, source } => Self::Unavailable { operation, source: Box::new(source) },
            TableError::Refused { operation, source } => Self::Refused { operation, source: Box::new(source) },
        }
    }
}

fn is_refusal<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    let answer = error.raw_response().map(HttpResponse::status);
    answer.is_some_and(|status| status.is_client_error() && !is_throttle(error.code()))
        || matches!(error, SdkError::ConstructionFailure(_))
}

/// Returns true for DynamoDB's retryable errors with a 4xx status ("Error handling with DynamoDB" in its Developer
/// Guide).
fn is_throttle(code: Option<&str>) -> bool {
    let codes = [
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "ItemCollectionSizeLimitExceededException",
        "LimitExceededException",
    ];
    code.is_some_and(|code| codes.contains(&code))
}
