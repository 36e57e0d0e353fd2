//! `orders parked list`.

use clap::Args;
use parked_orders::{Consumer, ParkedOrder, UnaddressableNote};
use serde_json::json;

use super::arguments::NotesArguments;
use super::{Notes, to_json, unaddressable_to_json, versions};
use crate::aws::{Needs, PARKED};
use crate::text::{Align, Table, complain, print};

/// The consumer whose parked orders are listed.
#[derive(Args)]
pub(super) struct Arguments {
    /// List only the orders that this consumer has parked: OrderSummaryByCustomer, CustomerTotals, OrdersByStatus or publisher
    #[arg(long, value_parser = super::consumer)]
    consumer: Option<Consumer>,
    #[command(flatten)]
    notes: NotesArguments,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (_, _, notes) = arguments.notes.open(Needs { tables: &[PARKED], ..Needs::default() }).await?;
    let Notes { mut parked, mut unaddressable, unreadable } = Notes::read(&notes).await?;
    if let Some(consumer) = &arguments.consumer {
        parked.retain(|note| note.consumer == *consumer);
        unaddressable.clear();
    }
    if arguments.notes.json {
        let notes: Vec<_> = parked.iter().map(to_json).collect();
        let records: Vec<_> = unaddressable.iter().map(unaddressable_to_json).collect();
        print(&json!({ "count": parked.len(), "parked": notes, "unaddressable": records }).to_string());
    } else {
        print(&if parked.is_empty() { "nothing is parked".to_owned() } else { table(&parked) });
        if !unaddressable.is_empty() {
            print(&format!("\nRecords that name no order, passed by:\n{}", records(&unaddressable)));
        }
    }
    unreadable.iter().for_each(|problem| complain(problem));
    anyhow::ensure!(unreadable.is_empty(), "{} notes cannot be read, listed above", unreadable.len());
    Ok(())
}

/// Formats records that name no order as a table.
fn records(notes: &[UnaddressableNote]) -> String {
    let mut table = Table::new([
        ("RECORD", Align::Left),
        ("KEY", Align::Left),
        ("NOTED BY", Align::Left),
        ("SINCE", Align::Left),
        ("REASON", Align::Left),
    ]);
    for note in notes {
        table.row([
            note.id.clone(),
            note.key.clone(),
            note.noted_by.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
            note.noted_at.to_string(),
            note.reason.clone(),
        ]);
    }
    table.render()
}

/// Formats parked orders as a table.
pub(super) fn table(parked: &[ParkedOrder]) -> String {
    let mut table = Table::new([
        ("CONSUMER", Align::Left),
        ("ORDER", Align::Left),
        ("VERSIONS", Align::Right),
        ("ATTEMPTS", Align::Right),
        ("SINCE", Align::Left),
        ("REASON", Align::Left),
    ]);
    for note in parked {
        table.row([
            note.consumer.to_string(),
            note.aggregate_id.clone(),
            versions(note),
            note.attempts.to_string(),
            note.parked_at.to_string(),
            note.reason.clone(),
        ]);
    }
    table.render()
}
