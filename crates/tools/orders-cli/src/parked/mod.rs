//! `orders parked`: lists parked orders with the reasons, and redrives them after the cause is repaired.
//!
//! - `arguments`: the tables and the bus
//! - `list`, `show`, `redrive`: one file a subcommand
//! - `waiting`: the waiting commits, as far as this release can read them

mod arguments;
mod list;
mod redrive;
mod show;
mod waiting;

use clap::{Args, Subcommand};
use event_store::store::chain;
use parked_orders::{Consumer, ParkedError, ParkedOrder, ParkedOrderTable, UnaddressableNote};
use read_models::registry::CORE;
use serde_json::{Value, json};

/// Returns the consumers of the stream, in the order in which they are listed.
fn consumers() -> Vec<Consumer> {
    let read_models = CORE.iter().map(|registered| Consumer::new(registered.name));
    read_models.chain([Consumer::PUBLISHER]).collect()
}

/// Parses the name of a consumer.
fn consumer(name: &str) -> Result<Consumer, String> {
    let known = consumers().into_iter().find(|consumer| consumer.as_str() == name);
    known.ok_or_else(|| format!("there is no consumer '{name}'"))
}

/// The arguments of `orders parked`.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List parked orders, and records of the stream that name no order
    List(list::Arguments),
    /// Print the reason why an order is parked, and its waiting commits
    Show(show::Arguments),
    /// Process the waiting commits in sequence, and remove the order from the parked orders; exits with 1 if a commit still
    /// cannot be processed
    Redrive(redrive::Arguments),
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.command {
        Command::List(arguments) => list::run(&arguments).await,
        Command::Show(arguments) => show::run(&arguments).await,
        Command::Redrive(arguments) => redrive::run(&arguments).await,
    }
}

/// The notes in the table of parked orders.
#[derive(Default)]
struct Notes {
    /// Notes about parked orders, by consumer and order.
    parked: Vec<ParkedOrder>,
    /// Notes about records that name no order, by time.
    unaddressable: Vec<UnaddressableNote>,
    /// The problems of the notes that cannot be read.
    unreadable: Vec<String>,
}

impl Notes {
    async fn read(table: &ParkedOrderTable) -> anyhow::Result<Self> {
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
            |note: &ParkedOrder| known.iter().position(|consumer| *consumer == note.consumer).unwrap_or(known.len());
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

/// Returns the versions that wait: `3`, or `3..7`.
fn versions(note: &ParkedOrder) -> String {
    if note.held_up_to > note.version {
        format!("{}..{}", note.version, note.held_up_to)
    } else {
        note.version.to_string()
    }
}

/// Returns a note as JSON.
fn to_json(note: &ParkedOrder) -> Value {
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

/// Returns a note about a record that names no order as JSON.
fn unaddressable_to_json(note: &UnaddressableNote) -> Value {
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
