//! The arguments of a sweep.

use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use clap::Args;
use futures_util::FutureExt as _;
use futures_util::future::OptionFuture;
use read_models::{CustomerTotals, OrderSummaryByCustomer, Projection};

use super::Tables;
use crate::aws::{AwsArguments, Resource, TotalsArguments};

/// The tables, and how they are read.
#[derive(Args)]
pub(crate) struct SweepArguments {
    /// The table of events
    #[arg(long, value_name = "EVENTS", required_unless_present_any = ["local", "stack"])]
    table: Option<String>,
    /// The table of the orders' summaries
    #[arg(long, value_name = "ROWS", required_unless_present_any = ["local", "stack"])]
    rows: Option<String>,
    #[command(flatten)]
    totals: TotalsArguments,
    /// Parts of a table that are worked on at once
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=256))]
    segments: u32,
    /// The file that remembers how far it is [default: orders-COMMAND-ROWS.json]
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    aws: AwsArguments,
}

impl SweepArguments {
    /// Finds the tables of a command's sweep. Returns them with a client that outlives throttling: a sweep asks for all that a
    /// table can give.
    pub(crate) async fn open(&self, command: &str) -> anyhow::Result<(Client, Tables)> {
        let clients = self.aws.clients().await?;
        let events = clients.name(Resource::Events, self.table.as_ref())?;
        let rows = clients.name(Resource::Summaries, self.rows.as_ref())?;
        let totals = self.totals.table(&clients)?;
        let find_totals = OptionFuture::from(totals.as_deref().map(|totals| clients.find_table(totals)));
        let (events_id, rows_id, totals_id) = tokio::try_join!(
            clients.find_table(&events),
            clients.find_table(&rows),
            find_totals.map(Option::transpose)
        )?;
        let tables = Tables {
            command: command.to_owned(),
            events,
            rows,
            totals,
            ids: [events_id, rows_id].into_iter().chain(totals_id).collect(),
            segments: self.segments,
            local: self.aws.local,
            projection: OrderSummaryByCustomer::NUMBER,
            totals_projection: CustomerTotals::NUMBER,
        };
        let retries = RetryConfig::standard().with_max_attempts(8).with_initial_backoff(Duration::from_millis(100));
        let retries = retries.with_max_backoff(Duration::from_secs(3));
        let client = Client::from_conf(clients.dynamodb.config().to_builder().retry_config(retries).build());
        Ok((client, tables))
    }

    /// The file of the state of a sweep of these tables.
    pub(crate) fn state_file(&self, tables: &Tables) -> PathBuf {
        let named = || format!("orders-{}-{}.json", tables.command, tables.rows).into();
        self.state.clone().unwrap_or_else(named)
    }
}
