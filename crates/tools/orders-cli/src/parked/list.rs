//! `orders parked list`.

use clap::Args;
use clap::builder::PossibleValuesParser;
use parked_orders::UnaddressableNote;
use serde_json::{Value, json};

use super::notes::{Notes, NotesArguments, consumers, table, to_json};
use crate::aws::{Needs, PARKED};
use crate::text::{Table, complain, print};

/// The consumer whose parked orders are listed.
#[derive(Args)]
pub(super) struct Arguments {
    /// List only the orders that this consumer has parked
    #[arg(long, value_parser = PossibleValuesParser::new(consumers()))]
    consumer: Option<String>,
    #[command(flatten)]
    notes: NotesArguments,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (_, notes) = arguments.notes.open(Needs { tables: &[PARKED], ..Needs::default() }).await?;
    let Notes { mut parked, mut unaddressable, unreadable } = Notes::read(&notes).await?;
    if let Some(consumer) = &arguments.consumer {
        parked.retain(|note| note.consumer.as_str() == consumer);
        unaddressable.clear();
    }
    if arguments.notes.json {
        let notes: Vec<_> = parked.iter().map(to_json).collect();
        let records: Vec<_> = unaddressable.iter().map(record_to_json).collect();
        print(&json!({ "count": parked.len(), "parked": notes, "unaddressable": records }).to_string());
    } else {
        print(&if parked.is_empty() { "no orders are parked".to_owned() } else { table(&parked) });
        if !unaddressable.is_empty() {
            print(&format!("\nSkipped records that name no order:\n{}", records(&unaddressable)));
        }
    }
    unreadable.iter().for_each(|problem| complain(problem));
    anyhow::ensure!(unreadable.is_empty(), "{} notes cannot be read, listed above", unreadable.len());
    Ok(())
}

/// Formats records that name no order as a table.
fn records(notes: &[UnaddressableNote]) -> String {
    let mut table = Table::new(["RECORD", "KEY", "NOTED BY", "SINCE", "REASON"]);
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

/// Returns a note about a record that names no order as JSON.
fn record_to_json(note: &UnaddressableNote) -> Value {
    json!({
        "record": note.id,
        "eventId": note.event_id,
        "key": note.key,
        "notedBy": note.noted_by,
        "attempts": note.attempts,
        "notedAt": note.noted_at.to_string(),
        "reason": note.reason,
    })
}
