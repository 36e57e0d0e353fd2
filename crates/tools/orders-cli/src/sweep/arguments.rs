//! The arguments of a sweep.

use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use clap::Args;
use event_store::DynamoEventStore;
use read_models::ReadModels;

use super::state::{KeptReadModel, KeptSweep, Progress, Tables};
use crate::aws::{AwsArguments, EVENTS, Needs};
use crate::state_file::State;

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
        let (events, events_id) = clients.find_events().await?;
        let retries = RetryConfig::standard().with_max_attempts(8).with_initial_backoff(Duration::from_millis(100));
        let retries = retries.with_max_backoff(Duration::from_secs(3));
        let client = Client::from_conf(clients.dynamodb.config().to_builder().retry_config(retries).build());

        let store = DynamoEventStore::new(client.clone(), &events);
        let (models, ids) = clients.open_read_models(&client, &store).await?;
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

    /// Continues the sweep of these tables in the state file, or starts `new`.
    pub(crate) fn begin<T: Progress>(&self, tables: &Tables, new: T) -> anyhow::Result<State<KeptSweep<T>>> {
        let named = || format!("orders-{}-{}.json", tables.command, tables.events).into();
        let path = self.state.clone().unwrap_or_else(named);
        State::begin(path, |_| Ok(KeptSweep::new(tables.clone(), new)))
    }
}
