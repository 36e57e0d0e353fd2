//! Which tables, which bus.

use clap::Args;
use parked_orders::ParkedOrders;
use publisher::EventBus;
use read_model::{DynamoRows, SummedRows};

use event_store::DynamoEventStore;
use redrive::Redrive;

use crate::aws::{AwsArguments, AwsClients};

/// Where the notes are.
#[derive(Args)]
pub(super) struct NotesArguments {
    /// The table of parked orders [with --local: ParkedOrders]
    #[arg(long, value_name = "PARKED", required_unless_present = "local")]
    parked: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    aws: AwsArguments,
}

/// Where the events are.
#[derive(Args)]
pub(super) struct EventsArguments {
    /// The table of events [with --local: OrderEvents]
    #[arg(long, value_name = "EVENTS", required_unless_present = "local")]
    table: Option<String>,
}

/// Where the consumers put what they make of the events.
#[derive(Args)]
pub(super) struct TargetArguments {
    /// The table of the orders' summaries [with --local: OrderSummaryByCustomer]
    #[arg(long, value_name = "ROWS", required_unless_present = "local")]
    rows: Option<String>,
    /// The table of the customers' totals [with --local: CustomerTotals]
    #[arg(long, value_name = "TOTALS", required_unless_present = "local")]
    totals: Option<String>,
    /// The event bus, by name or ARN [with --local: OrderBus]
    #[arg(long, value_name = "BUS", required_unless_present = "local")]
    bus: Option<String>,
}

impl NotesArguments {
    pub(super) async fn clients(&self) -> anyhow::Result<AwsClients> {
        self.aws.clients().await
    }

    pub(super) fn table(&self) -> String {
        named(self.parked.as_ref(), "ParkedOrders")
    }

    pub(super) fn notes(&self, clients: &AwsClients) -> ParkedOrders {
        ParkedOrders::new(clients.dynamodb.clone(), self.table())
    }
}

impl EventsArguments {
    pub(super) fn table(&self) -> String {
        named(self.table.as_ref(), "OrderEvents")
    }
}

impl TargetArguments {
    /// The bus's name or ARN.
    pub(super) fn bus(&self) -> String {
        named(self.bus.as_ref(), "OrderBus")
    }

    pub(super) fn rows(&self) -> String {
        named(self.rows.as_ref(), "OrderSummaryByCustomer")
    }

    pub(super) fn totals(&self) -> String {
        named(self.totals.as_ref(), "CustomerTotals")
    }

    pub(super) fn redrive(&self, clients: AwsClients, notes: ParkedOrders, events: &EventsArguments) -> Redrive {
        let AwsClients { dynamodb, eventbridge, .. } = clients;
        let rows = DynamoRows::new(dynamodb.clone(), self.rows());
        let totals = SummedRows::new(dynamodb.clone(), self.totals());
        let store = DynamoEventStore::new(dynamodb, events.table());
        Redrive::new(store, notes, EventBus::new(eventbridge, self.bus()), rows, totals)
    }
}

/// The name that was given, or the one that the local stack has.
fn named(given: Option<&String>, local: &str) -> String {
    given.map_or_else(|| local.to_owned(), Clone::clone)
}
