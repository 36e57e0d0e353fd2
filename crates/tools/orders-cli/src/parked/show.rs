//! `orders parked show`.

use clap::Args;
use serde_json::json;

use super::arguments::{NotesArguments, events};
use super::waiting::{self, Waiting};
use super::{consumers, list, to_json};
use crate::aws::{EVENTS, Needs, PARKED};
use crate::text::{Align, Table, print};

/// The order to show.
#[derive(Args)]
pub(super) struct Arguments {
    /// The order's id
    order: String,
    #[command(flatten)]
    notes: NotesArguments,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (clients, _, notes) = arguments.notes.open(Needs { tables: &[PARKED, EVENTS], ..Needs::default() }).await?;
    let (events, _) = events(&clients).await?;
    let mut parked = Vec::new();
    for consumer in &consumers() {
        parked.extend(notes.find(consumer, &arguments.order).await?);
    }
    let first = parked.iter().map(|note| note.version).min();
    let last = parked.iter().map(|note| note.held_up_to).max();
    let commits = match first.zip(last) {
        Some((first, last)) => waiting::commits(&clients.dynamodb, &events, &arguments.order, first, last).await?,
        None => Vec::new(),
    };
    if arguments.notes.json {
        let notes: Vec<_> = parked.iter().map(to_json).collect();
        let commits: Vec<_> = commits.iter().map(Waiting::to_json).collect();
        print(&json!({ "orderId": arguments.order, "parked": notes, "waiting": commits }).to_string());
    } else if !parked.is_empty() {
        print(&format!("{}\n\n{}", list::table(&parked), table(&commits)));
    }
    anyhow::ensure!(!parked.is_empty(), "order {} is not parked", arguments.order);
    Ok(())
}

fn table(commits: &[Waiting]) -> String {
    let mut table = Table::new([
        ("VERSION", Align::Right),
        ("RECORDED AT", Align::Left),
        ("EVENTS", Align::Left),
        ("CANNOT BE READ", Align::Left),
    ]);
    for commit in commits {
        table.row([
            commit.version.clone(),
            commit.recorded_at.clone().unwrap_or_else(|| "?".to_owned()),
            commit.event_types.join(", "),
            commit.error.clone().unwrap_or_default(),
        ]);
    }
    table.render()
}
