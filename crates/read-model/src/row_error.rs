//! Why rows could not be read or written.

use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

/// Why the table of rows could not answer.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// Throttled, timed out, unreachable or failing, after the client's own retries. A write may have happened: the
    /// next attempt finds the row it left.
    #[error("{operation} failed: the table is unavailable")]
    Unavailable {
        /// The DynamoDB operation.
        operation: &'static str,
        /// What the client said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The table refused the call itself: a missing table, a missing permission, a malformed call.
    #[error("{operation} was refused by the table")]
    Refused {
        /// The DynamoDB operation.
        operation: &'static str,
        /// What the client said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A row that is there cannot be read; the engine rebuilds it with the next event of its aggregate.
    #[error("the row {sort} of {partition} cannot be read")]
    Unreadable {
        /// The row's partition key.
        partition: String,
        /// The row's sort key.
        sort: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A row cannot be expressed as an item.
    #[error("the row {sort} of {partition} cannot be written")]
    Unwritable {
        /// The row's partition key.
        partition: String,
        /// The row's sort key.
        sort: String,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl RowError {
    /// Tells an outage, which a repeat may outlive, from a call that will never be accepted.
    pub(crate) fn of<E>(operation: &'static str, error: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let refused = if let SdkError::ServiceError(service) = &error {
            service.raw().status().is_client_error() && !is_throttle(error.code())
        } else {
            matches!(error, SdkError::ConstructionFailure(_))
        };
        let source = Box::new(error);
        if refused { Self::Refused { operation, source } } else { Self::Unavailable { operation, source } }
    }
}

/// DynamoDB's retryable errors with a 4xx status ("Error handling with DynamoDB" in its Developer Guide).
fn is_throttle(code: Option<&str>) -> bool {
    let codes = ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"];
    code.is_some_and(|code| codes.contains(&code))
}

/// An error with everything that caused it, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
