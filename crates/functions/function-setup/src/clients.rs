//! AWS clients. The SDK reads region, credentials and endpoint from the environment. `AWS_ENDPOINT_URL_DYNAMODB` makes the
//! same code use the embedded DynamoDB.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::AttributeValue;

/// The time limit of one attempt, including the connection. DynamoDB normally answers within milliseconds.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
/// The time limit of one operation, including its retries. The SDK sets no limit by default.
///
/// A lookup of one order takes three operations (index, row, and notes or events): at most 9 seconds. A command without a
/// race takes two. A command that loses all of its ten attempts takes nineteen: at most 57 seconds. This limit alone
/// therefore does not keep the HTTP functions within their 29 seconds; [`deadline::within`](crate::deadline::within) does.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(3);
/// The number of attempts of one operation. More attempts would only take longer than the caller waits.
pub const MAX_ATTEMPTS: u32 = 3;
/// The time limit for priming one connection.
const PRIME_TIMEOUT: Duration = Duration::from_secs(1);

/// Returns the SDK's configuration from the environment, with time-outs and with standard retries, which are bounded and
/// have jitter. Adaptive retries are not used, because they slow down a whole client for one hot partition.
pub async fn sdk_config() -> SdkConfig {
    // The version is pinned: a newer one may change retries and time-outs.
    aws_config::defaults(BehaviorVersion::v2026_01_12()).timeout_config(timeouts()).retry_config(retries()).load().await
}

/// Returns the time-outs of every client.
#[must_use]
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).operation_timeout(OPERATION_TIMEOUT).build()
}

/// Returns the retries of every client.
#[must_use]
pub fn retries() -> RetryConfig {
    RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_secs(1))
}

/// Creates a DynamoDB client.
#[must_use]
pub fn dynamodb(config: &SdkConfig) -> Client {
    Client::new(config)
}

/// Opens the connection to DynamoDB before the first request. It sends a read that finds nothing and that every role with
/// read access to events may send.
pub async fn prime(client: &Client, events_table: &str) {
    let read = client
        .query()
        .table_name(events_table)
        .key_condition_expression("aggregateId = :id")
        // No order has this id, because ids start with a letter or a digit.
        .expression_attribute_values(":id", AttributeValue::S("-".to_owned()))
        .limit(1)
        .send();
    prime_by("DynamoDB", async { read.await.map(|_| ()) }).await;
}

/// Opens a connection before the first request, by a call that changes nothing. Credentials are resolved and the TLS
/// handshake is done during init, when Lambda gives the process full CPU speed.
///
/// The process also starts if the call fails or has no answer within a second: the first request tries again and reports
/// the error.
pub async fn prime_by<E: Error>(service: &'static str, call: impl Future<Output = Result<(), E>>) {
    match tokio::time::timeout(PRIME_TIMEOUT, call).await {
        Ok(Ok(())) => tracing::debug!(service, "primed a connection"),
        Ok(Err(error)) => {
            tracing::debug!(service, error = %DisplayErrorContext(&error), "could not prime a connection");
        }
        Err(_) => tracing::debug!(service, "gave up priming a connection"),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::{Credentials, Region};
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    fn client(endpoint: String) -> Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("eu-central-1"))
            .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(endpoint)
            .build();
        Client::from_conf(config)
    }

    #[tokio::test]
    async fn operations_are_bounded_and_retries_standard() {
        let config = sdk_config().await;
        let timeouts = config.timeout_config().unwrap();
        assert_eq!(timeouts.operation_timeout(), Some(OPERATION_TIMEOUT));
        assert_eq!(timeouts.operation_attempt_timeout(), Some(ATTEMPT_TIMEOUT));
        assert_eq!(config.retry_config().unwrap().max_attempts(), MAX_ATTEMPTS);
    }

    #[tokio::test]
    async fn a_function_starts_although_nothing_answers_its_priming() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        prime(&client(endpoint), "events").await;
    }

    #[tokio::test]
    async fn a_function_starts_although_its_priming_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            connection.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
            connection
        });
        prime(&client(endpoint), "events").await;
        server.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_function_waits_a_second_at_most_for_its_priming() {
        let begun = tokio::time::Instant::now();
        prime_by("EventBridge", std::future::pending::<Result<(), std::fmt::Error>>()).await;
        assert_eq!(begun.elapsed(), PRIME_TIMEOUT);
    }
}
