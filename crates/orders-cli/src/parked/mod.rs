//! `orders parked`: what is parked, why, and taking it out again once the cause is mended.
//!
//! - `arguments`: which tables, which bus
//! - `list`, `show`, `redrive`: one file a subcommand
//! - `waiting`: commits that wait, as far as they can be read

mod arguments;
mod list;
mod redrive;
mod show;
mod waiting;

use clap::{Args, Subcommand};
use event_store::store::chain;
use parked_orders::{Parked, ParkedOrders};
use serde_json::{Value, json};

/// What is to be done with parked orders.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List what is parked
    List(list::Arguments),
    /// Print why an order is parked, and the commits that wait
    Show(show::Arguments),
    /// Do what waits, in sequence, and take the order out; exits with 1 where something still cannot be done
    Redrive(redrive::Arguments),
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::List(arguments) => list::run(&arguments).await,
        Command::Show(arguments) => show::run(&arguments).await,
        Command::Redrive(arguments) => redrive::run(&arguments).await,
    }
}

/// Every note there is, by consumer and order; and what is wrong with those that cannot be read.
async fn every_note(notes: &ParkedOrders) -> anyhow::Result<(Vec<Parked>, Vec<String>)> {
    let (mut parked, mut unreadable, mut next) = (Vec::new(), Vec::new(), None);
    loop {
        let page = notes.page(next).await?;
        for note in page.parked {
            match note {
                Ok(note) => parked.push(note),
                Err(error) => unreadable.push(chain(&error)),
            }
        }
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    parked.sort_by(|a, b| (a.consumer, &a.aggregate_id).cmp(&(b.consumer, &b.aggregate_id)));
    Ok((parked, unreadable))
}

/// The versions that wait: `3`, or `3..7`.
fn versions(note: &Parked) -> String {
    if note.held_up_to > note.version {
        format!("{}..{}", note.version, note.held_up_to)
    } else {
        note.version.to_string()
    }
}

/// A note for machines.
fn to_json(note: &Parked) -> Value {
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
