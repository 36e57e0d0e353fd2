//! The AWS clients of the commands that do not use the HTTP API. They connect to the account that the SDK is configured for,
//! or to the local stack.
//!
//! - `describe_stacks`: the outputs of a CloudFormation stack
//! - `names`: the names of the tables and the bus
//! - `failure`: the reason why a service cannot be used, and the remedy

mod describe_stacks;
mod failure;
mod names;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use clap::Args;
use event_store::DynamoEventStore;
use futures_util::future::try_join_all;
use read_models::ReadModels;

pub(crate) use failure::{Place, remedy};
pub(crate) use names::{EVENTS, Names, Needs, PARKED};
use names::{NameArguments, Source};

use crate::running::{Service, StackFolder};
use crate::text::note;

/// The longest time of one attempt. Longer than in a function, because a page of 1 MB can come from a distant region.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time of one operation with its retries. The SDK sets no limit by default.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(30);

/// The location of DynamoDB and EventBridge.
#[derive(Args, Clone)]
pub(crate) struct AwsArguments {
    /// Use the local stack (`orders local`) instead of an AWS account
    #[arg(long)]
    pub(crate) local: bool,
    /// The CloudFormation stack whose outputs have the names of the tables and the bus
    #[arg(long, value_name = "NAME", conflicts_with = "local")]
    stack: Option<String>,
    /// With --local: the data folder of the running stack, which contains its addresses. Without this option, the addresses
    /// come from the environment (`AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL_EVENTBRIDGE`), then from the stack that
    /// runs with .order-ledger, then from the default ports
    #[arg(long, value_name = "FOLDER", requires = "local")]
    data: Option<PathBuf>,
    #[command(flatten)]
    names: NameArguments,
}

/// One client for each service.
pub(crate) struct AwsClients {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) eventbridge: aws_sdk_eventbridge::Client,
    pub(crate) place: Place,
    pub(crate) names: Names,
}

impl AwsArguments {
    /// The clients of a command that needs these names. An account needs a Region and credentials; with --stack, the outputs are
    /// read. A missing option is an error before anything is asked for.
    pub(crate) async fn clients(&self, needs: Needs) -> anyhow::Result<AwsClients> {
        let given = self.names.clone();
        if self.local {
            return local(&StackFolder::new(self.data.clone()), given);
        }
        let options = Names { source: Source::Options, given };
        if self.stack.is_none() {
            options.check(needs)?;
        }
        of_account(self.stack.as_deref(), options).await
    }
}

impl AwsClients {
    /// Checks that a table exists before a command changes anything, and returns its id, which distinguishes tables of the
    /// same name. In an account, a caller without permission to describe the table gets no id. The local stack has no
    /// permissions.
    pub(crate) async fn find_table(&self, table: &str) -> anyhow::Result<Option<String>> {
        match self.dynamodb.describe_table().table_name(table).send().await {
            Ok(described) => Ok(described.table.and_then(|table| table.table_id)),
            Err(error) => match failure::code(&error) {
                Some("ResourceNotFoundException") => Err(self.place.not_found("table", table)),
                Some("AccessDeniedException") if matches!(self.place, Place::Account { .. }) => Ok(None),
                _ => Err(self.place.failed(Service::DynamoDb, &format!("cannot find table {table}"), &error)),
            },
        }
    }

    /// Checks that the events table exists, and returns its name and its id.
    pub(crate) async fn find_events(&self) -> anyhow::Result<(String, Option<String>)> {
        let table = self.names.table(EVENTS)?;
        let id = self.find_table(&table).await?;
        Ok((table, id))
    }

    /// Opens the read models that the deployment keeps, after a check that their tables exist. Also returns the tables' ids.
    pub(crate) async fn open_read_models(
        &self,
        client: &aws_sdk_dynamodb::Client,
        store: &DynamoEventStore,
    ) -> anyhow::Result<(ReadModels, Vec<Option<String>>)> {
        let kept = self.names.read_models()?;
        let ids = try_join_all(kept.iter().map(|(_, table)| self.find_table(table))).await?;
        let open = kept.iter().map(|(registered, table)| registered.open(client.clone(), store.clone(), table));
        Ok((open.collect(), ids))
    }

    /// Checks that a bus exists before a command publishes anything. PutEvents [has been
    /// seen](https://github.com/aws/aws-cli/issues/9186) to accept events for a bus that does not exist, and to drop them.
    pub(crate) async fn find_bus(&self, bus: &str) -> anyhow::Result<()> {
        let Err(error) = self.eventbridge.describe_event_bus().name(bus).send().await else { return Ok(()) };
        match failure::code(&error) {
            Some("ResourceNotFoundException") => Err(self.place.not_found("event bus", bus)),
            Some("AccessDeniedException") if matches!(self.place, Place::Account { .. }) => {
                note(&format!(
                    "events:DescribeEventBus is not granted: cannot check that event bus {bus} exists, and EventBridge may drop \
                     events for a bus that does not exist"
                ));
                Ok(())
            }
            _ => Err(self.place.failed(Service::EventBridge, &format!("cannot find event bus {bus}"), &error)),
        }
    }
}

/// Creates the clients for the account. The outputs of a stack give the names that `options` lacks.
async fn of_account(stack: Option<&str>, options: Names) -> anyhow::Result<AwsClients> {
    let config = aws_config::defaults(BehaviorVersion::v2026_01_12()).timeout_config(timeouts()).load().await;
    let region = config.region().context("no AWS Region is set: set AWS_REGION, or add --local for the local stack")?;
    let provider = config.credentials_provider().context("there is no provider of AWS credentials")?;
    provider.provide_credentials().await.context(
        "no AWS credentials are found: sign in and run `eval \"$(aws configure export-credentials --format env)\"`, or add \
         --local for the local stack",
    )?;
    let names = match stack {
        Some(stack) => {
            let outputs = describe_stacks::outputs(&config, region.as_ref(), timeouts(), stack).await?;
            Names { source: Source::Stack { stack: stack.to_owned(), outputs }, ..options }
        }
        None => options,
    };
    Ok(AwsClients {
        dynamodb: aws_sdk_dynamodb::Client::new(&config),
        eventbridge: aws_sdk_eventbridge::Client::new(&config),
        place: Place::Account { region: region.to_string() },
        names,
    })
}

/// Creates the clients for the local stack. Reads only the endpoints from the environment, because a profile's region or
/// role is meant for an account.
fn local(stack: &StackFolder, given: NameArguments) -> anyhow::Result<AwsClients> {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("local"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("local", "local", None, None, "local")))
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts())
        .build();
    let dynamodb = stack.address(Service::DynamoDb, None)?;
    let eventbridge = stack.address(Service::EventBridge, None)?;
    let of_dynamodb = aws_sdk_dynamodb::config::Builder::from(&config).endpoint_url(&dynamodb.url).build();
    let of_eventbridge = aws_sdk_eventbridge::config::Builder::from(&config).endpoint_url(&eventbridge.url).build();
    Ok(AwsClients {
        dynamodb: aws_sdk_dynamodb::Client::from_conf(of_dynamodb),
        eventbridge: aws_sdk_eventbridge::Client::from_conf(of_eventbridge),
        place: Place::Local { dynamodb, eventbridge },
        names: Names { source: Source::Local, given },
    })
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).operation_timeout(OPERATION_TIMEOUT).build()
}
