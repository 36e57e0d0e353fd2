//! AWS clients. Region, credentials and endpoint come from the environment as the SDK has it:
//! `AWS_ENDPOINT_URL_DYNAMODB` turns the same code on the embedded DynamoDB.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::AttributeValue;

/// How long one attempt may take, connecting included; DynamoDB answers in milliseconds, or not at all.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long one operation may take with its retries; the SDK sets no limit by itself.
///
/// Looking for one order is three operations, index, row, and notes or events: 9 seconds. A command without a race is two, and
/// one that loses all of its ten attempts is nineteen: 57 seconds. So this alone does not keep within the HTTP
/// functions' 29 seconds; [`deadline::within`](crate::deadline::within) does.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(3);
/// How often an operation is tried: more would only outlast the caller's patience.
pub const MAX_ATTEMPTS: u32 = 3;
/// How long priming one connection may take before it is given up.
const PRIME_TIMEOUT: Duration = Duration::from_secs(1);

/// The SDK's configuration from the environment, with time-outs and standard, jittered, bounded retries. (Adaptive
/// retries hold back a whole client for one hot partition.)
pub async fn sdk_config() -> SdkConfig {
    // Pinned: a newer one may change retries and time-outs under us.
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                .operation_timeout(OPERATION_TIMEOUT)
                .build(),
        )
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(MAX_ATTEMPTS)
                .with_initial_backoff(Duration::from_millis(50))
                .with_max_backoff(Duration::from_secs(1)),
        )
        .load()
        .await
}

/// A DynamoDB client.
#[must_use]
pub fn dynamodb(config: &SdkConfig) -> Client {
    Client::new(config)
}

/// Makes the connection to DynamoDB ahead of the first request, by a read that finds nothing and that every role with the
/// right to read events may do.
pub async fn prime(client: &Client, events_table: &str) {
    let read = client
        .query()
        .table_name(events_table)
        .key_condition_expression("aggregateId = :id")
        // No order has this id: ids start with a letter or a digit.
        .expression_attribute_values(":id", AttributeValue::S("-".to_owned()))
        .limit(1)
        .send();
    prime_by("DynamoDB", async { read.await.map(|_| ()) }).await;
}

/// Makes a connection ahead of the first request, by a call that changes nothing: credentials are resolved and hands shaken
/// during init, when the processor is at full speed.
///
/// Neither a failure nor a second without an answer is a reason not to start: the first request tries again, and reports it.
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
