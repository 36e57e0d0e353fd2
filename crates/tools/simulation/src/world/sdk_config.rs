//! Configurations of the SDKs, with the time-outs and retries of `function_setup::clients`.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::config::retry::RetryPartition;
use aws_sdk_eventbridge::config::{BehaviorVersion, Config, Credentials, Region};
use embedded_dynamodb::EmbeddedDynamoDb;
use function_setup::clients::{MAX_ATTEMPTS, retries, timeouts};

/// The number of attempts before a call fails.
pub(crate) const TRIES: u64 = MAX_ATTEMPTS as u64;

pub(crate) fn dynamodb(dynamo: &EmbeddedDynamoDb) -> aws_sdk_dynamodb::config::Builder {
    dynamo.config().timeout_config(timeouts()).retry_config(retries())
}

/// The configuration for the bus. Its endpoint does not exist, because the HTTP client is the bus.
pub(crate) fn eventbridge() -> aws_sdk_eventbridge::config::Builder {
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url("http://bus.invalid")
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "chaos"))
        .timeout_config(timeouts())
        .retry_config(retries())
}

/// A retry budget for one client alone.
pub(crate) fn own_budget() -> RetryPartition {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    RetryPartition::new(format!("chaos-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
}
