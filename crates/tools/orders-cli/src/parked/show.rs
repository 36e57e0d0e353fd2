//! `orders parked show`.

use clap::Args;
use parked_orders::Consumer;
use serde_json::json;

use super::notes::{self, NotesArguments, consumers};
use super::waiting::{self, Waiting};
use crate::aws::{EVENTS, Needs, PARKED};
use crate::text::{Table, print};

/// The order to show.
#[derive(Args)]
pub(super) struct Arguments {
    /// The order's id
    order: String,
    #[command(flatten)]
    notes: NotesArguments,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (clients, notes) = arguments.notes.open(Needs { tables: &[PARKED, EVENTS], ..Needs::default() }).await?;
    let (events, _) = clients.find_events().await?;
    let mut parked = Vec::new();
    for consumer in consumers() {
        parked.extend(notes.find(&Consumer::new(consumer), &arguments.order).await?);
    }
    let first = parked.iter().map(|note| note.version).min();
    let last = parked.iter().map(|note| note.held_up_to).max();
    let commits = match first.zip(last) {
        Some((first, last)) => waiting::commits(&clients.dynamodb, &events, &arguments.order, first, last).await?,
        None => Vec::new(),
    };
    if arguments.notes.json {
        let notes: Vec<_> = parked.iter().map(notes::to_json).collect();
        print(&json!({ "orderId": arguments.order, "parked": notes, "waiting": commits }).to_string());
    } else if !parked.is_empty() {
        print(&format!("{}\n\n{}", notes::table(&parked), table(commits)));
    }
    anyhow::ensure!(!parked.is_empty(), "order {} is not parked", arguments.order);
    Ok(())
}

fn table(commits: Vec<Waiting>) -> String {
    let mut table = Table::new(["VERSION", "RECORDED AT", "EVENTS", "CANNOT BE READ"]).numbers(&["VERSION"]);
    for Waiting { version, recorded_at, event_types, error } in commits {
        let recorded_at = recorded_at.unwrap_or_else(|| "?".to_owned());
        let version = version.map(|version| version.to_string()).unwrap_or_default();
        table.row([version, recorded_at, event_types.join(", "), error.unwrap_or_default()]);
    }
    table.render()
}
