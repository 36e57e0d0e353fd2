//! One projection's way through a batch: rows, and notes on what cannot become one.

use std::collections::HashSet;
use std::future::Future;
use std::time::{Duration, Instant};

use event_store::{Delivered, EventStore};
use function_setup::deadline::last_start;
use order_domain::Event;
use order_store::Orders;
use order_stream::Batch;
use parked_orders::{Consumer, ParkedOrders};
use read_model::{Engine, Failure, Outcome, Projection, Reason, RowStore};

use crate::leftovers::{Leftovers, caught_up};
use crate::notes::Notes;
use crate::report;

/// Time kept back at the end of an invocation for notes and the answer: a note that is begun may take two operations of
/// three seconds each (`function_setup::clients`).
pub(crate) const RESERVE_FOR_NOTES: Duration = Duration::from_secs(7);
/// Time kept back for rows as well: one that is begun may take three such operations, and pauses between them. A row with a
/// sum that others keep changing may take more, twelve tries (`SummedRows`): what it has not done when the notes' time begins
/// is cut off, and comes again.
const RESERVE: Duration = Duration::from_secs(12 + RESERVE_FOR_NOTES.as_secs());

/// Applies batches to the rows of one projection, and parks the orders that poison holds back.
///
/// A parked order is not skipped: its next commit is tried like any other. As long as the cause is there, that costs a read,
/// and is noted; once it is mended, the engine fills the gap, and the order is no longer parked.
#[derive(Debug, Clone)]
pub struct Processor<P, S, R> {
    engine: Engine<P, S, R>,
    notes: Notes,
}

impl<P: Projection<Aggregate = Orders>, S: EventStore<Orders>, R: RowStore<P>> Processor<P, S, R> {
    /// A processor that parks orders in `parked`, as `consumer`.
    #[must_use]
    pub const fn new(engine: Engine<P, S, R>, consumer: Consumer, parked: ParkedOrders) -> Self {
        Self { engine, notes: Notes { consumer, parked } }
    }

    /// Processes a batch by a deadline, an instant in milliseconds since 1970. What it returns are the sequence numbers of the
    /// records that must come again; all others are in their rows, or their orders are parked.
    ///
    /// Where the notes cannot be read, all goes on, but this batch unparks nothing: a later commit of the order does it.
    /// Where an order cannot be parked, its records come again.
    pub async fn process(&self, batch: &Batch, deadline_ms: u64) -> HashSet<String> {
        let begun = Instant::now();
        let cut_off = last_start(deadline_ms, RESERVE_FOR_NOTES);
        // A copy, because each projection takes the commits apart: next to what a batch's writes take it is nothing.
        let rows = self.engine.project(batch.delivered.clone(), last_start(deadline_ms, RESERVE));
        let (parked, outcome) = tokio::join!(self.notes.among(batch, cut_off), by(cut_off, rows));
        let Outcome { failed, reached, counters } = outcome.unwrap_or_else(|| cut_off_in(batch));
        let caught_up = caught_up(&reached, &parked);
        let Leftovers { poisoned, transient } = Leftovers::of(failed, &batch.customers);

        let consumer = self.notes.consumer;
        report::transient(consumer, batch, &transient);
        let orders = poisoned.len();
        let unparkable = self.notes.park(batch, poisoned, cut_off).await;
        let parked = orders - unparkable.len();
        let unparked = self.notes.unpark(caught_up, cut_off).await;

        let again = transient.into_iter().map(|failure| failure.id);
        let again: HashSet<String> = again.chain(unparkable.into_iter().flat_map(|order| order.records)).collect();
        let came_to = report::CameTo { counters, parked, unparked, again: again.len() };
        report::batch(P::NAME, batch, &came_to, begun.elapsed());
        report::metrics(consumer, batch, &came_to);
        again
    }
}

/// A batch of which nothing is known to be done: its time was over. What is in rows all the same is a repeat next time.
fn cut_off_in(batch: &Batch) -> Outcome {
    let reason = Reason::Unavailable { cause: "there was no time left for the rest of the batch".to_owned() };
    let failure = |delivered: &Delivered<Event>| {
        let (aggregate_id, version) = delivered.position().unzip();
        Failure {
            id: delivered.id.clone(),
            aggregate_id: aggregate_id.map(str::to_owned),
            version,
            reason: reason.clone(),
        }
    };
    Outcome { failed: batch.delivered.iter().map(failure).collect(), ..Outcome::default() }
}

/// What `work` comes to, if it does by then.
pub(crate) async fn by<T>(until: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match until {
        Some(until) => tokio::time::timeout_at(until.into(), work).await.ok(),
        None => Some(work.await),
    }
}
