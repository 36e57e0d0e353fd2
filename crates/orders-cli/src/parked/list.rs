//! `orders parked list`.

use clap::Args;
use parked_orders::{Consumer, Parked};
use serde_json::json;

use super::arguments::NotesArguments;
use super::{every_note, to_json, versions};
use crate::text::{Align, Table, complain, print};

/// Of which consumer.
#[derive(Args)]
pub(super) struct Arguments {
    /// Only what this one has parked: OrderSummaryByCustomer, CustomerTotals or publisher
    #[arg(long)]
    consumer: Option<Consumer>,
    #[command(flatten)]
    notes: NotesArguments,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (_, _, notes) = arguments.notes.open().await?;
    let (mut parked, unreadable) = every_note(&notes).await?;
    parked.retain(|note| arguments.consumer.is_none_or(|consumer| note.consumer == consumer));
    if arguments.notes.json {
        let notes: Vec<_> = parked.iter().map(to_json).collect();
        print(&json!({ "count": parked.len(), "parked": notes }).to_string());
    } else if parked.is_empty() {
        print("nothing is parked");
    } else {
        print(&table(&parked));
    }
    unreadable.iter().for_each(|problem| complain(problem));
    anyhow::ensure!(unreadable.is_empty(), "{} notes cannot be read, listed above", unreadable.len());
    Ok(())
}

/// Notes in columns.
pub(super) fn table(parked: &[Parked]) -> String {
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
