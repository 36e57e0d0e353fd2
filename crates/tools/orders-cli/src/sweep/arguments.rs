//! The arguments of a sweep.

use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use clap::Args;
use event_store::DynamoEventStore;
use futures_util::future::try_join_all;
use read_models::ReadModels;

use super::state::{KeptReadModel, Tables};
use crate::aws::{AwsArguments, EVENTS, Needs};

/// The tables, and the options for reading them.
#[derive(Args)]
pub(crate) struct SweepArguments {
    /// The number of parts of a table that are processed concurrently
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=256))]
    segments: u32,
    /// The file that keeps the progress [default: orders-COMMAND-TABLE.json, with the table of events]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    aws: AwsArguments,
}

/// The opened tables of a sweep.
pub(crate) struct Opened {
    pub(crate) client: Client,
    pub(crate) store: DynamoEventStore,
    pub(crate) models: ReadModels,
    pub(crate) tables: Tables,
}

impl SweepArguments {
    /// Finds the tables of a sweep. The client tolerates long throttling, because a sweep reads at the table's full
    /// capacity.
    pub(crate) async fn open(&self, command: &str) -> anyhow::Result<Opened> {
        let clients = self.aws.clients(Needs { tables: &[EVENTS], read_models: true, ..Needs::default() }).await?;
        let events = clients.table(EVENTS)?;
        let kept = clients.read_models()?;
        let events_id = clients.find_table(&events).await?;
        let ids = try_join_all(kept.iter().map(|(_, table)| clients.find_table(table))).await?;
        let retries = RetryConfig::standard().with_max_attempts(8).with_initial_backoff(Duration::from_millis(100));
        let retries = retries.with_max_backoff(Duration::from_secs(3));
        let client = Client::from_conf(clients.dynamodb.config().to_builder().retry_config(retries).build());

        let store = DynamoEventStore::new(client.clone(), &events);
        let models: ReadModels =
            kept.iter().map(|(registered, table)| registered.open(client.clone(), store.clone(), table)).collect();
        let read_models = models.iter().zip(ids).map(|(model, id)| {
            let kept = KeptReadModel { table: model.target().to_owned(), id, projection: model.number() };
            (model.name().to_owned(), kept)
        });
        let tables = Tables {
            command: command.to_owned(),
            events,
            events_id,
            read_models: read_models.collect(),
            segments: self.segments,
            local: self.aws.local,
        };
        Ok(Opened { client, store, models, tables })
    }

    /// Returns the state file for a sweep of these tables.
    pub(crate) fn state_file(&self, tables: &Tables) -> PathBuf {
        let named = || format!("orders-{}-{}.json", tables.command, tables.events).into();
        self.state.clone().unwrap_or_else(named)
    }
}
