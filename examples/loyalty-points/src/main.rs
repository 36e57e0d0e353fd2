//! The Lambda function `loyalty-points`: only the wiring.

use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_config::timeout::TimeoutConfig;
use lambda_runtime::service_fn;
use loyalty_points::LoyaltyPoints;

#[tokio::main]
async fn main() -> Result<(), lambda_runtime::Error> {
    let logs = tracing_subscriber::fmt().json().flatten_event(true).with_span_list(false);
    logs.with_max_level(tracing::Level::INFO).init();
    let table = std::env::var("CREDITS_TABLE").map_err(|error| format!("CREDITS_TABLE: {error}"))?;
    // The SDK sets no limit by default. This limit is shorter than the function's time-out.
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(1))
        .operation_timeout(Duration::from_secs(5))
        .build();
    let config = aws_config::defaults(BehaviorVersion::v2026_01_12()).timeout_config(timeouts).load().await;
    let loyalty_points = LoyaltyPoints::new(aws_sdk_dynamodb::Client::new(&config), table);
    lambda_runtime::run(service_fn(|event| loyalty_points.handle(event))).await
}
