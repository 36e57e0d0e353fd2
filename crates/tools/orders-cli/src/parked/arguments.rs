//! The tables and the bus of `orders parked`.

use clap::Args;
use event_store::DynamoEventStore;
use operations::events_table::Remembered;
use parked_orders::ParkedOrderTable;
use read_models::ReadModels;

use crate::aws::{AwsArguments, AwsClients, EVENTS, Needs, PARKED};

/// The table of parked orders.
#[derive(Args)]
pub(super) struct NotesArguments {
    /// Print the result as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    aws: AwsArguments,
}

/// The targets that the consumers write to.
pub(super) struct Targets {
    pub(super) models: ReadModels,
    /// The bus's name or ARN.
    pub(super) bus: String,
}

impl NotesArguments {
    /// The clients, and the table of parked orders, which exists.
    pub(super) async fn open(&self, needs: Needs) -> anyhow::Result<(AwsClients, String, ParkedOrderTable)> {
        let clients = self.aws.clients(needs).await?;
        let table = clients.table(PARKED)?;
        clients.find_table(&table).await?;
        let notes = ParkedOrderTable::new(clients.dynamodb.clone(), &table);
        Ok((clients, table, notes))
    }
}

/// Checks that the table of events exists, and returns its name and, if it can be read, its id.
pub(super) async fn events(clients: &AwsClients) -> anyhow::Result<(String, Option<String>)> {
    let table = clients.table(EVENTS)?;
    let id = clients.find_table(&table).await?;
    Ok((table, id))
}

impl Targets {
    /// Checks that the tables of the read models exist, and returns them with the bus. The bus is not checked, because the
    /// redrive may not need it.
    pub(super) async fn find(clients: &AwsClients, events: &str) -> anyhow::Result<Self> {
        let store = DynamoEventStore::new(clients.dynamodb.clone(), events);
        let mut models = Vec::new();
        for (registered, table) in clients.read_models()? {
            clients.find_table(&table).await?;
            models.push(registered.open(clients.dynamodb.clone(), store.clone(), &table));
        }
        Ok(Self { models: ReadModels::new(models), bus: clients.bus()? })
    }

    /// Checks that the read models do not remember another table of events. The check covers the publisher too: the bus
    /// remembers nothing, and all targets belong to the same stack.
    pub(super) async fn belong_to(&self, events: &str, id: Option<&str>) -> anyhow::Result<()> {
        let remembered = Remembered::read(&self.models).await?;
        let mismatch = crate::sweep::events_table::mismatch(&remembered, events, id);
        mismatch.map_or(Ok(()), |mismatch| Err(anyhow::anyhow!(mismatch)))
    }
}
