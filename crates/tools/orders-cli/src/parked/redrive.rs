//! `orders parked redrive`.

use clap::Args;
use clap::builder::PossibleValuesParser;
use event_store::DynamoEventStore;
use event_store::store::chain;
use futures_util::stream::{self, StreamExt as _};
use operations::events_table::Remembered;
use operations::redrive::{Redrive, RedriveError, Redriven};
use parked_orders::{Consumer, ParkedError, ParkedOrder, ParkedOrderTable};
use publication::EventBus;
use read_models::ReadModels;
use serde_json::{Value, json};

use super::notes::{Notes, NotesArguments, consumers};
use crate::aws::{EVENTS, Needs, PARKED};
use crate::confirm::ConfirmArguments;
use crate::progress::Bar;
use crate::sweep::events_table;
use crate::text::{note, print};

/// The number of orders that are redriven concurrently.
const AT_ONCE: usize = 8;

/// The orders to redrive.
#[derive(Args)]
pub(super) struct Arguments {
    /// The order's id
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    order: Option<String>,
    /// Redrive every parked order
    #[arg(long)]
    all: bool,
    /// Redrive only for this consumer
    #[arg(long, value_parser = PossibleValuesParser::new(consumers()))]
    consumer: Option<String>,
    #[command(flatten)]
    confirm: ConfirmArguments,
    #[command(flatten)]
    notes: NotesArguments,
}

/// The result of a redrive, in pairs of an order and a consumer.
#[derive(Default)]
struct Tally {
    /// The number of orders that were redriven completely.
    redriven: u64,
    /// The number of commits that were processed, including commits before a commit that is still poison.
    commits: u64,
    /// The orders that are still parked, because a commit cannot be processed, or cannot be processed by this release.
    still_parked: Vec<Value>,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let needs = Needs { tables: &[PARKED, EVENTS], read_models: true, bus: true };
    let (clients, notes) = arguments.notes.open(needs).await?;
    let (events, events_id) = clients.find_events().await?;
    let store = DynamoEventStore::new(clients.dynamodb.clone(), &events);
    let (models, _) = clients.open_read_models(&clients.dynamodb, &store).await?;
    let bus = clients.names.bus()?;
    let (mut parked, unreadable) = parked(arguments, &notes).await?;
    leave_out(&mut parked, &models, arguments.consumer.as_deref())?;
    if parked.iter().any(|entry| entry.consumer == Consumer::PUBLISHER) {
        clients.find_bus(&bus).await?;
    }
    if !parked.is_empty() {
        // The check covers the publisher too: the bus remembers nothing, and all targets belong to the same stack.
        let remembered = Remembered::read(&models).await?;
        if let Some(mismatch) = events_table::mismatch(&remembered, &events, events_id.as_deref()) {
            anyhow::bail!(mismatch);
        }
        arguments.confirm.confirm(&plan(&parked, &clients.names.table(PARKED)?, &events, &models, &bus))?;
    }
    let redrive = Redrive::new(store, notes, EventBus::new(clients.eventbridge, &bus), models);
    let bar = Bar::new("parked orders", u64::try_from(parked.len()).ok(), 0)?;
    unreadable.iter().for_each(|problem| bar.complain(problem));

    let one = |Entry { consumer, order, .. }: Entry| {
        let redrive = &redrive;
        async move { (redrive.order(&consumer, &order).await, consumer, order) }
    };
    let mut outcomes = stream::iter(parked).map(one).buffer_unordered(AT_ONCE);
    let (mut tally, mut done) = (Tally::default(), 0);
    while let Some((outcome, consumer, order)) = outcomes.next().await {
        let complaint = match outcome {
            Ok(outcome) => tally.count(&consumer, &order, outcome),
            Err(error) if concerns_only_this_order(&error) => {
                Some(tally.leave(&consumer, &order, None, &chain(&error)))
            }
            Err(error) => {
                bar.clear();
                if arguments.notes.json {
                    print(&tally.json());
                }
                let context = format!("order {order} of {consumer}: {}", tally.so_far());
                return Err(anyhow::Error::new(error).context(context));
            }
        };
        if let Some(complaint) = complaint {
            bar.complain(&complaint);
        }
        done += 1;
        bar.show(done, tally.so_far());
    }
    bar.clear();
    print(&if arguments.notes.json { tally.json() } else { tally.so_far() });
    let left = tally.still_parked.len() + unreadable.len();
    anyhow::ensure!(left == 0, "{left} orders were not redriven, listed above");
    Ok(())
}

/// Returns true if the other orders can be redriven despite the error. An outage stops the redrive.
const fn concerns_only_this_order(error: &RedriveError) -> bool {
    match error {
        RedriveError::NewerProjection
        | RedriveError::UnknownConsumer
        | RedriveError::Notes(ParkedError::Unreadable { .. }) => true,
        RedriveError::Notes(ParkedError::Table(_))
        | RedriveError::Events(_)
        | RedriveError::Bus { .. }
        | RedriveError::Row { .. } => false,
    }
}

/// An order that one consumer has parked.
struct Entry {
    consumer: Consumer,
    order: String,
    /// The number of waiting commits; `None` if the note cannot be read.
    commits: Option<u64>,
}

impl Entry {
    fn of(note: ParkedOrder) -> Self {
        let commits = note.held_up_to.saturating_sub(note.version).saturating_add(1);
        Self { consumer: note.consumer, order: note.aggregate_id, commits: Some(commits) }
    }
}

/// Returns the selected parked orders, and the problems of other notes that cannot be read.
async fn parked(arguments: &Arguments, notes: &ParkedOrderTable) -> anyhow::Result<(Vec<Entry>, Vec<String>)> {
    let asked = |consumer: &Consumer| arguments.consumer.as_ref().is_none_or(|only| consumer.as_str() == only);
    let Some(order) = &arguments.order else {
        let Notes { parked, unreadable, .. } = Notes::read(notes).await?;
        let parked = parked.into_iter().filter(|note| asked(&note.consumer));
        return Ok((parked.map(Entry::of).collect(), unreadable));
    };
    let mut entries = Vec::new();
    for consumer in consumers().into_iter().map(Consumer::new).filter(asked) {
        match notes.find(&consumer, order).await {
            Ok(note) => entries.extend(note.map(Entry::of)),
            // The redrive reports this order, and continues with the others.
            Err(ParkedError::Unreadable { .. }) => {
                entries.push(Entry { consumer, order: order.clone(), commits: None });
            }
            Err(error @ ParkedError::Table(_)) => return Err(error.into()),
        }
    }
    Ok((entries, Vec::new()))
}

/// Keeps the orders of the consumers that have a target. The redrive does not write read models that the deployment leaves
/// out.
fn leave_out(parked: &mut Vec<Entry>, models: &ReadModels, only: Option<&str>) -> anyhow::Result<()> {
    let has_target = |consumer: &str| consumer == Consumer::PUBLISHER.as_str() || models.find(consumer).is_some();
    if let Some(only) = only.filter(|only| !has_target(only)) {
        anyhow::bail!("{only} is left out: the orders that it has parked stay parked");
    }
    let (kept, left): (Vec<_>, _) = std::mem::take(parked).into_iter().partition(|it| has_target(it.consumer.as_str()));
    *parked = kept;
    for (consumer, entries) in by_consumer(&left) {
        note(&format!("{consumer} is left out: {} orders that it has parked stay parked", entries.len()));
    }
    Ok(())
}

/// Returns the orders of each consumer, in the order in which consumers are listed.
fn by_consumer(parked: &[Entry]) -> impl Iterator<Item = (&Consumer, &[Entry])> {
    let groups = parked.chunk_by(|a, b| a.consumer == b.consumer);
    groups.filter_map(|entries| Some((&entries.first()?.consumer, entries)))
}

/// Describes the orders and commits of each consumer, and the work of the redrive.
fn plan(parked: &[Entry], notes: &str, events: &str, models: &ReadModels, bus: &str) -> String {
    let line = |(consumer, entries): (&Consumer, &[Entry])| {
        let commits = entries.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.commits.unwrap_or_default()));
        let to = models.find(consumer.as_str()).map_or(bus, |model| model.target());
        format!("  {consumer:<22}  {} orders, {commits} commits, to {to}\n", entries.len())
    };
    let lines: String = by_consumer(parked).map(line).collect();
    format!(
        "Redrive the parked orders in {notes}:\n{lines}\
         Reads the commits from {events}. Publication cannot be undone; rows only move to newer versions."
    )
}

impl Tally {
    /// Counts an outcome. Returns a message if an operator must act.
    fn count(&mut self, consumer: &Consumer, order: &str, outcome: Redriven) -> Option<String> {
        match outcome {
            Redriven::NotParked => None,
            Redriven::Done { commits } => {
                self.redriven += 1;
                self.commits += commits;
                None
            }
            Redriven::StillParked { commits, version, reason } => {
                self.commits += commits;
                Some(self.leave(consumer, order, Some(version), &reason))
            }
        }
    }

    /// Counts an order that stays parked, at a version if it is known. Returns the message.
    fn leave(&mut self, consumer: &Consumer, order: &str, version: Option<u64>, reason: &str) -> String {
        self.still_parked.push(json!({
            "consumer": consumer.as_str(), "orderId": order, "version": version, "reason": reason,
        }));
        let version = version.map(|version| format!(", at version {version}")).unwrap_or_default();
        format!("order {order} is still parked by {consumer}{version}: {reason}")
    }

    /// `2 redriven, 5 commits, 1 still parked`
    fn so_far(&self) -> String {
        format!("{} redriven, {} commits, {} still parked", self.redriven, self.commits, self.still_parked.len())
    }

    /// Returns the result as JSON.
    fn json(&self) -> String {
        json!({ "redriven": self.redriven, "commits": self.commits, "stillParked": self.still_parked }).to_string()
    }
}
