//! The AWS clients of the commands that reach past the HTTP API: to an account as the SDK is configured for it, or to the
//! local stack.

use std::path::PathBuf;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use clap::Args;

use crate::running::{Service, StackFolder};

/// How long one attempt may take. Longer than within a function: a page of 1 MB has to come from a region far away.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one operation may take with its retries; the SDK sets no limit by itself.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(30);

/// Where DynamoDB and EventBridge are.
#[derive(Args, Clone)]
pub(crate) struct AwsArguments {
    /// Use the local stack (`orders local`) instead of an AWS account
    #[arg(long)]
    pub(crate) local: bool,
    /// With --local: the data folder of the running stack, which has its addresses. Without this option they come from the
    /// environment (`AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL_EVENTBRIDGE`), then from the stack that runs with
    /// .order-ledger, then they are the default ports
    #[arg(long, value_name = "FOLDER", requires = "local")]
    data: Option<PathBuf>,
}

/// A client of each service.
pub(crate) struct AwsClients {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) eventbridge: aws_sdk_eventbridge::Client,
}

impl AwsArguments {
    /// The clients.
    pub(crate) async fn clients(&self) -> anyhow::Result<AwsClients> {
        if self.local { local(&StackFolder::new(self.data.clone())) } else { Ok(of_account().await) }
    }
}

async fn of_account() -> AwsClients {
    let config = aws_config::defaults(BehaviorVersion::v2026_01_12()).timeout_config(timeouts()).load().await;
    AwsClients {
        dynamodb: aws_sdk_dynamodb::Client::new(&config),
        eventbridge: aws_sdk_eventbridge::Client::new(&config),
    }
}

/// Nothing of the environment but the endpoints: a profile's region or role is meant for an account.
fn local(stack: &StackFolder) -> anyhow::Result<AwsClients> {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("local"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("local", "local", None, None, "local")))
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts())
        .build();
    let dynamodb = stack.address(Service::DynamoDb, None)?.url;
    let eventbridge = stack.address(Service::EventBridge, None)?.url;
    let dynamodb = aws_sdk_dynamodb::config::Builder::from(&config).endpoint_url(dynamodb).build();
    let eventbridge = aws_sdk_eventbridge::config::Builder::from(&config).endpoint_url(eventbridge).build();
    Ok(AwsClients {
        dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb),
        eventbridge: aws_sdk_eventbridge::Client::from_conf(eventbridge),
    })
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).operation_timeout(OPERATION_TIMEOUT).build()
}
