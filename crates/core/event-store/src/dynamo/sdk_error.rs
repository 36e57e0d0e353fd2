//! The SDK's errors as errors of a table.

use std::error::Error;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::TableError;

impl TableError {
    /// Distinguishes an outage, after which a retry may succeed, from a call that will never be accepted.
    pub fn of<E>(operation: &'static str, error: SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        if is_refusal(&error) { Self::refused(operation, error) } else { Self::unavailable(operation, error) }
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
