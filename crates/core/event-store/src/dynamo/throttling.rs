//! The reasons that DynamoDB gives for throttling.

use std::error::Error;

use aws_sdk_dynamodb::types::ThrottlingReason;
use aws_sdk_dynamodb::types::error::{
    ProvisionedThroughputExceededException, RequestLimitExceeded, ThrottlingException,
};

/// Returns the reasons why DynamoDB throttled the request behind an error, for logs. Each has its table or index, as in
/// `TableWriteKeyRangeThroughputExceeded on table/Orders`. Returns `None` if DynamoDB did not throttle the request or
/// gave no reason. The reasons contain no key.
#[must_use]
pub fn throttling_reasons(error: &(dyn Error + 'static)) -> Option<String> {
    let errors = std::iter::successors(Some(error), |&error| error.source());
    let reasons: Vec<String> = errors.flat_map(reasons_of).map(described).collect();
    (!reasons.is_empty()).then(|| reasons.join(", "))
}

fn reasons_of<'e>(error: &'e (dyn Error + 'static)) -> &'e [ThrottlingReason] {
    if let Some(error) = error.downcast_ref::<ThrottlingException>() {
        error.throttling_reasons()
    } else if let Some(error) = error.downcast_ref::<ProvisionedThroughputExceededException>() {
        error.throttling_reasons()
    } else if let Some(error) = error.downcast_ref::<RequestLimitExceeded>() {
        error.throttling_reasons()
    } else {
        &[]
    }
}

fn described(reason: &ThrottlingReason) -> String {
    let what = reason.reason().unwrap_or("unknown");
    // Format: arn:aws:dynamodb:eu-central-1:111122223333:table/Orders/index/ByOrder
    match reason.resource().and_then(|arn| arn.splitn(6, ':').nth(5)) {
        Some(resource) => format!("{what} on {resource}"),
        None => what.to_owned(),
    }
}
