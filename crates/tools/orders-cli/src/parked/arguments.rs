//! The tables and the bus of `orders parked`.

use clap::Args;
use event_store::DynamoEventStore;
use futures_util::FutureExt as _;
use futures_util::future::OptionFuture;
use operations::redrive::Redrive;
use parked_orders::ParkedOrders;
use publisher::EventBus;
use read_models::{CustomerTotals, DynamoRows, OrderSummaryByCustomer, Projection, SummedRows};

use crate::aws::{AwsArguments, AwsClients, Place, Resource, TotalsArguments};
use crate::sweep::{Remembered, Tables};

/// The table of the notes.
#[derive(Args)]
pub(super) struct NotesArguments {
    /// The table of parked orders
    #[arg(long, value_name = "PARKED", required_unless_present_any = ["local", "stack"])]
    parked: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    aws: AwsArguments,
}

/// The table of the events.
#[derive(Args)]
pub(super) struct EventsArguments {
    /// The table of events
    #[arg(long, value_name = "EVENTS", required_unless_present_any = ["local", "stack"])]
    table: Option<String>,
}

/// The tables and the bus that the consumers write to.
#[derive(Args)]
pub(super) struct TargetArguments {
    /// The table of the orders' summaries
    #[arg(long, value_name = "ROWS", required_unless_present_any = ["local", "stack"])]
    rows: Option<String>,
    #[command(flatten)]
    totals: TotalsArguments,
    /// The event bus, by name or ARN
    #[arg(long, value_name = "BUS", required_unless_present_any = ["local", "stack"])]
    bus: Option<String>,
}

/// The names of what a redrive writes to.
pub(super) struct Targets {
    pub(super) rows: String,
    /// None where totals are left out.
    pub(super) totals: Option<String>,
    /// The bus's name or ARN.
    pub(super) bus: String,
}

impl NotesArguments {
    /// The clients, and the table of parked orders, which exists.
    pub(super) async fn open(&self) -> anyhow::Result<(AwsClients, String, ParkedOrders)> {
        let clients = self.aws.clients().await?;
        let table = clients.name(Resource::Parked, self.parked.as_ref())?;
        clients.find_table(&table).await?;
        let notes = ParkedOrders::new(clients.dynamodb.clone(), &table);
        Ok((clients, table, notes))
    }
}

impl EventsArguments {
    /// The table of events, which exists, and its id as far as it can be read.
    pub(super) async fn find(&self, clients: &AwsClients) -> anyhow::Result<(String, Option<String>)> {
        let table = clients.name(Resource::Events, self.table.as_ref())?;
        let id = clients.find_table(&table).await?;
        Ok((table, id))
    }
}

impl TargetArguments {
    /// The tables, which exist, and the bus, which nothing may need.
    pub(super) async fn find(&self, clients: &AwsClients) -> anyhow::Result<Targets> {
        let rows = clients.name(Resource::Summaries, self.rows.as_ref())?;
        let totals = self.totals.table(clients)?;
        let bus = clients.name(Resource::Bus, self.bus.as_ref())?;
        let find_totals = OptionFuture::from(totals.as_deref().map(|totals| clients.find_table(totals)));
        tokio::try_join!(clients.find_table(&rows), find_totals.map(Option::transpose))?;
        Ok(Targets { rows, totals, bus })
    }
}

impl Targets {
    /// Checks that the read models do not remember another table of events. They tell for the publisher too, whose bus remembers
    /// nothing: all are of one stack.
    pub(super) async fn belong_to(&self, clients: &AwsClients, events: &str, id: Option<String>) -> anyhow::Result<()> {
        let tables = Tables {
            command: "redrive".to_owned(),
            events: events.to_owned(),
            rows: self.rows.clone(),
            totals: self.totals.clone(),
            ids: vec![id],
            segments: 1,
            local: matches!(clients.place, Place::Local { .. }),
            projection: OrderSummaryByCustomer::NUMBER,
            totals_projection: CustomerTotals::NUMBER,
        };
        let mismatch = Remembered::read(&clients.dynamodb, &tables).await?.mismatch();
        mismatch.map_or(Ok(()), |mismatch| Err(anyhow::anyhow!(mismatch)))
    }
    /// The redrive to these. Without totals, it is given a table without a name, and must not be asked for orders of CustomerTotals.
    pub(super) fn redrive(&self, clients: AwsClients, notes: ParkedOrders, events: &str) -> Redrive {
        let AwsClients { dynamodb, eventbridge, .. } = clients;
        let rows = DynamoRows::new(dynamodb.clone(), &self.rows);
        let totals = SummedRows::new(dynamodb.clone(), self.totals.clone().unwrap_or_default());
        let store = DynamoEventStore::new(dynamodb, events);
        Redrive::new(store, notes, EventBus::new(eventbridge, &self.bus), rows, totals)
    }
}
