//! Configurations of the SDKs, with the time-outs and retries of `function_setup::clients`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_eventbridge::config::{BehaviorVersion, Config, Credentials, Region};
use embedded_dynamodb::EmbeddedDynamoDb;
use function_setup::clients::{ATTEMPT_TIMEOUT, MAX_ATTEMPTS, OPERATION_TIMEOUT};

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

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).operation_timeout(OPERATION_TIMEOUT).build()
}

fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_secs(1))
}

/// A retry budget for one client alone.
pub(crate) fn own_budget() -> RetryPartition {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    RetryPartition::new(format!("chaos-{}", NEXT.fetch_add(1, Ordering::Relaxed)))
}
