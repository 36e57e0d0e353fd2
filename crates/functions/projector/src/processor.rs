//! One projection's way through a batch: rows, and notes on what cannot become one.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::future::Future;
use std::time::{Duration, Instant};

use event_store::store::chain;
use event_store::{Delivered, EventStore, Poison, StoreError};
use function_setup::deadline::last_start;
use order_aggregate::Orders;
use order_domain::Event;
use parked_orders::{Consumer, Parked, ParkedOrders};
use read_models::{Engine, Failure, Outcome, Projection, Reason, RowStore};
use stream_consumer::Batch;

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

/// The time that a projection which defers has for the rows of a batch. A batch of 1,000 orders takes about a second at 10 ms a call.
const BUDGET: Duration = Duration::from_secs(5);
/// The time after which its rows under way are cut off: one that is begun may take an operation of three seconds more.
const BUDGET_WITH_RESERVE: Duration = Duration::from_secs(8);

/// Applies batches to the rows of one projection, and parks the orders that poison holds back.
///
/// A parked order is not skipped: its next commit is tried like any other. As long as the cause is there, that costs a read,
/// and is noted; once it is removed, the engine fills the gap, and the order is no longer parked.
#[derive(Debug, Clone)]
pub struct Processor<P, S, R> {
    engine: Engine<P, S, R>,
    notes: Notes,
    defers: bool,
}

impl<P: Projection<Aggregate = Orders>, S: EventStore<Orders>, R: RowStore<P>> Processor<P, S, R> {
    /// A processor that parks orders in `parked`, as `consumer`.
    #[must_use]
    pub const fn new(engine: Engine<P, S, R>, consumer: Consumer, parked: ParkedOrders) -> Self {
        Self { engine, notes: Notes { consumer, parked }, defers: false }
    }

    /// The same, but an outage of its rows never holds a batch back: it parks the orders as deferred, and
    /// [`retry_deferred`](Self::retry_deferred) brings them up. Its rows get five seconds of each batch.
    #[must_use]
    pub fn deferring(self) -> Self {
        Self { defers: true, ..self }
    }

    /// Processes a batch by a deadline, an instant in milliseconds since 1970. Returns the sequence numbers of the records that
    /// are to be retried; all others are in their rows, or their orders are parked.
    ///
    /// Where the notes cannot be read, all goes on, but this batch unparks nothing: a later commit of the order does it.
    /// Where an order cannot be parked, its records are retried.
    pub async fn process(&self, batch: &Batch, deadline_ms: u64) -> HashSet<String> {
        let begun = Instant::now();
        let cut_off = last_start(deadline_ms, RESERVE_FOR_NOTES);
        let (until, rows_cut_off) = self.within_budget(last_start(deadline_ms, RESERVE), cut_off);
        // A copy, because each projection takes the commits apart: next to what a batch's writes take it is nothing.
        let rows = self.engine.project(batch.delivered.clone(), until);
        let (parked, mut outcome) = tokio::join!(self.notes.among(batch, cut_off), by(rows_cut_off, rows));
        if let Some(outcome) = &mut outcome {
            // Commits that do not concern a row take no attempt, but an order is parked until there was one.
            let left = left_parked(batch, outcome, &parked);
            if !left.is_empty() {
                let rows = by(rows_cut_off, self.engine.catch_up(left, until)).await;
                outcome.extend(rows.unwrap_or_default());
            }
        }
        let (came_to, retried) = self.settle(batch, outcome, &parked, cut_off).await;
        report::batch(P::NAME, batch, &came_to, begun.elapsed());
        report::metrics(self.notes.consumer, batch, &came_to);
        retried
    }

    /// Retries the orders that an outage has kept from their rows, by a deadline, until there are none or the outage goes on.
    pub async fn retry_deferred(&self, deadline_ms: u64) {
        let cut_off = last_start(deadline_ms, RESERVE_FOR_NOTES);
        let mut from = None;
        while let Some((parked, next)) = self.notes.deferred(from.take(), cut_off).await {
            if !parked.is_empty() {
                let begun = Instant::now();
                let batch = self.waiting(&parked).await;
                let rows = self.engine.catch_up(batch.delivered.clone(), last_start(deadline_ms, RESERVE));
                let (came_to, _) = self.settle(&batch, by(cut_off, rows).await, &parked, cut_off).await;
                report::retried(P::NAME, &came_to, begun.elapsed());
                if came_to.deferred > 0 {
                    return;
                }
            }
            match next {
                Some(_) => from = next,
                None => return,
            }
        }
    }

    /// The first and the last commit of each of these orders that wait: the engine reads those between them. An order whose commits
    /// cannot be read for now is left out.
    async fn waiting(&self, parked: &HashMap<String, Parked>) -> Batch {
        let mut batch = Batch::default();
        for (order, note) in parked {
            for version in BTreeSet::from([note.version, note.held_up_to]) {
                batch.delivered.extend(self.commit(order, version).await);
            }
            batch.customers.extend(note.customer_id.clone().map(|customer| (order.clone(), customer)));
        }
        batch
    }

    /// A commit as a record of the stream; nothing where it cannot be read for now.
    async fn commit(&self, order: &str, version: u64) -> Option<Delivered<Event>> {
        let poison = |cause: String| Poison { position: Some((order.to_owned(), version)), cause };
        let record = match self.engine.store().commits(order, version.saturating_sub(1), Some(1)).await {
            Ok(commits) => commits.into_iter().next().ok_or_else(|| poison("it is not in the event store".to_owned())),
            Err(StoreError::Unreadable { source, .. }) => Err(poison(chain(source.as_ref()))),
            Err(StoreError::Unavailable { .. } | StoreError::Refused { .. } | StoreError::Unwritable { .. }) => {
                return None;
            }
        };
        Some(Delivered { id: format!("{order}@{version}"), record })
    }

    /// Parks and unparks by the outcome of a batch. Returns what was done, and the records to retry.
    async fn settle(
        &self,
        batch: &Batch,
        outcome: Option<Outcome>,
        parked: &HashMap<String, Parked>,
        cut_off: Option<Instant>,
    ) -> (report::CameTo, HashSet<String>) {
        let Outcome { failed, reached, counters } = outcome.unwrap_or_else(|| cut_off_in(batch));
        let caught_up = caught_up(&reached, parked);
        report::transient(self.notes.consumer, batch, &failed);
        let Leftovers { poisoned, transient } = Leftovers::of(failed, &batch.customers, self.defers);
        let deferred = poisoned.iter().filter(|order| order.is_deferred).count();
        let orders = poisoned.len();
        let unparkable = self.notes.park(batch, poisoned, cut_off).await;
        let undeferred = unparkable.iter().filter(|order| order.is_deferred).count();
        let unparked = self.notes.unpark(caught_up, cut_off).await;

        let again = transient.into_iter().map(|failure| failure.id);
        let deferred = deferred - undeferred;
        let parked = orders - unparkable.len() - deferred;
        let again: HashSet<String> = again.chain(unparkable.into_iter().flat_map(|order| order.records)).collect();
        (report::CameTo { counters, parked, deferred, unparked, again: again.len() }, again)
    }

    /// The times until which rows are begun and under way: earlier for a projection that defers.
    fn within_budget(&self, until: Option<Instant>, cut_off: Option<Instant>) -> (Option<Instant>, Option<Instant>) {
        if !self.defers {
            return (until, cut_off);
        }
        let now = Instant::now();
        let earlier = |time: Option<Instant>, budget| time.map(|time| time.min(now + budget));
        (earlier(until, BUDGET), earlier(cut_off, BUDGET_WITH_RESERVE))
    }
}

/// The records of parked orders that took no attempt.
fn left_parked(batch: &Batch, outcome: &Outcome, parked: &HashMap<String, Parked>) -> Vec<Delivered<Event>> {
    let failed: HashSet<&str> = outcome.failed.iter().filter_map(|failure| failure.aggregate_id.as_deref()).collect();
    let is_left =
        |order: &str| parked.contains_key(order) && !outcome.reached.contains_key(order) && !failed.contains(order);
    let delivered = batch.delivered.iter();
    delivered.filter(|it| it.position().is_some_and(|(order, _)| is_left(order))).cloned().collect()
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

/// The result of `work`, if it ends by then.
pub(crate) async fn by<T>(until: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match until {
        Some(until) => tokio::time::timeout_at(until.into(), work).await.ok(),
        None => Some(work.await),
    }
}
