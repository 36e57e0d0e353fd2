//! The table of parked orders, and its notes.

use clap::Args;
use event_store::store::chain;
use parked_orders::{Consumer, ParkedError, ParkedOrder, ParkedOrderTable, UnaddressableNote};
use read_models::registry::CORE;
use serde_json::{Value, json};

use crate::aws::{AwsArguments, AwsClients, Needs, PARKED};
use crate::text::Table;

/// The publisher, as a constant that can be borrowed.
static PUBLISHER: Consumer = Consumer::PUBLISHER;

/// The table of parked orders.
#[derive(Args)]
pub(super) struct NotesArguments {
    /// Print the result as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    aws: AwsArguments,
}

impl NotesArguments {
    /// Creates the clients, and opens the table of parked orders after a check that it exists.
    pub(super) async fn open(&self, needs: Needs) -> anyhow::Result<(AwsClients, ParkedOrderTable)> {
        let clients = self.aws.clients(needs).await?;
        let table = clients.names.table(PARKED)?;
        clients.find_table(&table).await?;
        let notes = ParkedOrderTable::new(clients.dynamodb.clone(), table);
        Ok((clients, notes))
    }
}

/// Returns the names of the stream's consumers, in the order in which they are listed.
pub(super) fn consumers() -> Vec<&'static str> {
    CORE.iter().map(|registered| registered.name).chain([PUBLISHER.as_str()]).collect()
}

/// The notes in the table of parked orders.
#[derive(Default)]
pub(super) struct Notes {
    /// Notes about parked orders, by consumer and order.
    pub(super) parked: Vec<ParkedOrder>,
    /// Notes about records that name no order, by time.
    pub(super) unaddressable: Vec<UnaddressableNote>,
    /// The problems of the notes that cannot be read.
    pub(super) unreadable: Vec<String>,
}

impl Notes {
    pub(super) async fn read(table: &ParkedOrderTable) -> anyhow::Result<Self> {
        let (mut notes, mut next) = (Self::default(), None);
        loop {
            let page = table.page(next).await?;
            notes.parked.extend(readable(page.parked, &mut notes.unreadable));
            notes.unaddressable.extend(readable(page.unaddressable, &mut notes.unreadable));
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        let known = consumers();
        let place =
            |note: &ParkedOrder| known.iter().position(|it| *it == note.consumer.as_str()).unwrap_or(known.len());
        let key = |note: &ParkedOrder| (place(note), note.consumer.clone(), note.aggregate_id.clone());
        notes.parked.sort_by_cached_key(key);
        notes.unaddressable.sort_by(|a, b| (a.noted_at, &a.id).cmp(&(b.noted_at, &b.id)));
        Ok(notes)
    }
}

/// Returns the readable notes, and adds the problems of the others to `unreadable`.
fn readable<T>(notes: Vec<Result<T, ParkedError>>, unreadable: &mut Vec<String>) -> Vec<T> {
    let note = |note: Result<T, ParkedError>| note.map_err(|error| unreadable.push(chain(&error))).ok();
    notes.into_iter().filter_map(note).collect()
}

/// Formats parked orders as a table.
pub(super) fn table(parked: &[ParkedOrder]) -> String {
    let headings = ["CONSUMER", "ORDER", "VERSIONS", "ATTEMPTS", "SINCE", "REASON"];
    let mut table = Table::new(headings).numbers(&["VERSIONS", "ATTEMPTS"]);
    for note in parked {
        let versions = match note.held_up_to {
            last if last > note.version => format!("{}..{last}", note.version),
            _ => note.version.to_string(),
        };
        table.row([
            note.consumer.to_string(),
            note.aggregate_id.clone(),
            versions,
            note.attempts.to_string(),
            note.parked_at.to_string(),
            note.reason.clone(),
        ]);
    }
    table.render()
}

/// Returns a note about a parked order as JSON.
pub(super) fn to_json(note: &ParkedOrder) -> Value {
    json!({
        "consumer": note.consumer.as_str(),
        "orderId": note.aggregate_id,
        "customerId": note.customer_id,
        "version": note.version,
        "heldUpTo": note.held_up_to,
        "attempts": note.attempts,
        "parkedAt": note.parked_at.to_string(),
        "lastAttemptAt": note.last_attempt_at.to_string(),
        "reason": note.reason,
    })
}
