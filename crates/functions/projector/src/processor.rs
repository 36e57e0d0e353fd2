//! The processing of a batch for one read model: rows, and notes on the orders that poison holds back.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_store::store::chain;
use event_store::{Delivered, EventStore, Poison, StoreError};
use function_setup::deadline::last_start;
use order_aggregate::Orders;
use order_domain::Event;
use parked_orders::{Consumer, ParkedError, ParkedOrder, ParkedOrderTable};
use read_models::{Failure, OnOutage, Outcome, ReadModel, Reason};
use stream_consumer::{
    Batch, BatchReport, FailedRecord, FailureCause, NoteError, OrderParking, ParkingPolicy, before_deadline,
};

use crate::report;

/// The time reserved at the end of an invocation for notes and the reply. A note takes at most two operations of three
/// seconds each (`function_setup::clients`).
pub(crate) const RESERVE_FOR_NOTES: Duration = Duration::from_secs(7);
/// The time reserved for rows and notes. A row may take three such operations, with pauses between them. A row with a sum
/// that other writers keep changing may take more, up to twelve tries (`SummedRows`). Rows that are not written when the
/// notes' time begins are cut off and retried.
const RESERVE: Duration = Duration::from_secs(12 + RESERVE_FOR_NOTES.as_secs());

/// The time for the rows of a batch, for a read model that defers. A batch of 1,000 orders takes about a second at 10 ms a
/// call.
const BUDGET: Duration = Duration::from_secs(5);
/// The time after which its unfinished rows are cut off: a row that has begun may take one more operation of three seconds.
const BUDGET_WITH_RESERVE: Duration = Duration::from_secs(8);

/// A processor that applies batches to the rows of one read model and parks the orders that poison holds back.
///
/// A parked order is not skipped: its next commit that affects the row is tried like any other. While the cause exists, each
/// attempt costs a read and is noted. Once the cause is removed, the engine fills the gap, and the order is unparked.
///
/// The notes are read only for orders whose rows lacked commits, or had them already. A row that a commit follows directly
/// lacks nothing, so in traffic without problems no batch reads notes.
///
/// An outage of a read model that [defers](OnOutage::Defer) never holds a batch back. The processor parks the affected
/// orders as deferred, and [`retry_deferred`](Self::retry_deferred) updates their rows later. The rows of such a read model
/// get five seconds of each batch.
#[derive(Debug, Clone)]
pub struct Processor {
    model: Arc<dyn ReadModel>,
    parking: OrderParking,
}

impl Processor {
    /// Creates a processor that parks orders in `parked`, under the name of the read model.
    #[must_use]
    pub fn new(model: Arc<dyn ReadModel>, parked: ParkedOrderTable) -> Self {
        let parking = OrderParking::new(Consumer::new(model.name()), parked);
        Self { model, parking }
    }

    /// Processes a batch until a deadline in milliseconds since 1970. Returns the sequence numbers of the records to retry.
    /// All other records are in their rows, or their orders are parked.
    ///
    /// If the notes cannot be read, processing continues, but this batch unparks no order: a redrive does. If an order cannot
    /// be parked, its records are retried.
    pub async fn process(&self, batch: &Batch, store: &impl EventStore<Orders>, deadline_ms: u64) -> HashSet<String> {
        let begun = Instant::now();
        let cut_off = last_start(deadline_ms, RESERVE_FOR_NOTES);
        let (until, rows_cut_off) = self.within_budget(last_start(deadline_ms, RESERVE), cut_off);
        // Each read model takes the commits apart and therefore needs a copy. Its cost is negligible next to the batch's
        // writes.
        let rows = self.model.project(batch.delivered.clone(), until);
        let mut outcome = before_deadline(rows_cut_off, rows).await.unwrap_or_else(|| cut_off_in(batch));
        let parked = self.parked(&outcome.out_of_sequence, cut_off).await;
        let recovered = recovered(&outcome, &parked);
        if !recovered.is_empty() {
            let rows = self.model.catch_up(waiting(store, recovered).await.delivered, until);
            outcome.extend(before_deadline(rows_cut_off, rows).await.unwrap_or_default());
        }
        let counters = outcome.counters;
        let settled = self.settle(batch, outcome, &parked, cut_off).await;
        // Commits that were read from the store have no record in the batch.
        let records: HashSet<&String> = batch.delivered.iter().map(|record| &record.id).collect();
        let to_retry = settled.to_retry.iter().map(|record| &record.id).filter(|id| records.contains(id));
        let to_retry: HashSet<String> = to_retry.cloned().collect();
        report::batch(self.model.name(), batch, counters, &settled, to_retry.len(), begun.elapsed());
        report::metrics(self.model.name(), batch, counters, &settled);
        to_retry
    }

    /// Retries the orders that an outage kept from their rows, until a deadline, until none are left, or until the outage
    /// is seen to continue. Reads their commits from `store`.
    pub async fn retry_deferred(&self, store: &impl EventStore<Orders>, deadline_ms: u64) {
        let cut_off = last_start(deadline_ms, RESERVE_FOR_NOTES);
        let mut from = None;
        loop {
            let page = match self.parking.deferred(from.take(), cut_off).await {
                Ok(page) => page,
                Err(NoteError::OutOfTime) => return,
                Err(NoteError::Table(error)) => return report::unread_notes(self.parking.consumer(), &error),
            };
            let parked: HashMap<_, _> = page.orders.into_iter().filter_map(|order| self.readable(order)).collect();
            if !parked.is_empty() {
                let begun = Instant::now();
                let batch = waiting(store, parked.values()).await;
                let rows = self.model.catch_up(batch.delivered.clone(), last_start(deadline_ms, RESERVE));
                let outcome = before_deadline(cut_off, rows).await.unwrap_or_else(|| cut_off_in(&batch));
                let counters = outcome.counters;
                let settled = self.settle(&batch, outcome, &parked, cut_off).await;
                report::retried(self.model.name(), counters, &settled, begun.elapsed());
                if settled.deferred_orders() > 0 {
                    return;
                }
            }
            match page.next {
                Some(_) => from = page.next,
                None => return,
            }
        }
    }

    /// The read model as a consumer of the stream.
    pub(crate) const fn consumer(&self) -> &Consumer {
        self.parking.consumer()
    }

    /// Returns true if an outage of its rows is deferred.
    pub(crate) fn defers(&self) -> bool {
        match self.model.on_outage() {
            OnOutage::Retry => false,
            OnOutage::Defer => true,
        }
    }

    /// Returns the parked orders among these. Orders whose notes cannot be read in time are left out: they stay parked.
    async fn parked(&self, orders: &BTreeSet<String>, deadline: Option<Instant>) -> HashMap<String, ParkedOrder> {
        let orders: Vec<&str> = orders.iter().map(String::as_str).collect();
        match self.parking.among(&orders, deadline).await {
            Ok(parked) => parked.into_values().filter_map(|order| self.readable(order)).collect(),
            Err(NoteError::OutOfTime) => HashMap::new(),
            Err(NoteError::Table(error)) => {
                report::unread_notes(self.parking.consumer(), &error);
                HashMap::new()
            }
        }
    }

    fn readable(&self, order: Result<ParkedOrder, ParkedError>) -> Option<(String, ParkedOrder)> {
        let order = order.inspect_err(|error| report::unread_notes(self.parking.consumer(), error)).ok()?;
        Some((order.aggregate_id.clone(), order))
    }

    /// Parks and unparks orders according to the outcome of a batch.
    async fn settle(
        &self,
        batch: &Batch,
        outcome: Outcome,
        parked: &HashMap<String, ParkedOrder>,
        cut_off: Option<Instant>,
    ) -> BatchReport {
        let consumer = self.parking.consumer();
        report::transient(consumer, batch, &outcome.failed);
        let failed = outcome.failed.into_iter().map(failed_record).collect();
        let policy = if self.defers() { ParkingPolicy::DeferOutages } else { ParkingPolicy::ParkPoison };
        let caught_up = caught_up(&outcome.reached, parked);
        let settled = self.parking.settle(failed, &batch.customers, policy, caught_up, cut_off).await;
        report::poisoned(consumer, batch, &settled);
        report::unparked(consumer, &settled);
        settled
    }

    /// Returns the times until which rows may begin and may run. They are earlier for a read model that defers.
    fn within_budget(&self, until: Option<Instant>, cut_off: Option<Instant>) -> (Option<Instant>, Option<Instant>) {
        if !self.defers() {
            return (until, cut_off);
        }
        let now = Instant::now();
        let earlier = |time: Option<Instant>, budget| time.map(|time| time.min(now + budget));
        (earlier(until, BUDGET), earlier(cut_off, BUDGET_WITH_RESERVE))
    }
}

/// Reads the first and the last waiting commit of each of these orders; the engine reads the commits between them. An order
/// whose commits cannot be read now is left out.
async fn waiting(store: &impl EventStore<Orders>, parked: impl IntoIterator<Item = &ParkedOrder>) -> Batch {
    let mut batch = Batch::default();
    // Sorted, so that the same notes always give the same sequence of reads.
    for (order, note) in BTreeMap::from_iter(parked.into_iter().map(|note| (&note.aggregate_id, note))) {
        for version in BTreeSet::from([note.version, note.held_up_to]) {
            batch.delivered.extend(commit(store, order, version).await);
        }
        batch.customers.extend(note.customer_id.clone().map(|customer| (order.clone(), customer)));
    }
    batch
}

/// Returns a commit as a record of the stream; `None` if it cannot be read now.
async fn commit(store: &impl EventStore<Orders>, order: &str, version: u64) -> Option<Delivered<Event>> {
    let poison = |cause: String| Poison { position: Some((order.to_owned(), version)), cause };
    let record = match store.commits(order, version.saturating_sub(1), Some(1)).await {
        Ok(commits) => commits.into_iter().next().ok_or_else(|| poison("it is not in the event store".to_owned())),
        Err(StoreError::Unreadable { source, .. }) => Err(poison(chain(source.as_ref()))),
        Err(StoreError::Table(_) | StoreError::Unwritable { .. }) => return None,
    };
    Some(Delivered { id: format!("{order}@{version}"), record })
}

/// Returns the parked orders whose rows now contain every commit that is known to have waited.
///
/// Passing the poison is not enough: the records behind it have left the stream, and only the note records that the row
/// lacks them.
fn caught_up(reached: &BTreeMap<String, u64>, parked: &HashMap<String, ParkedOrder>) -> Vec<ParkedOrder> {
    let of_order = |(order, version): (&String, &u64)| parked.get(order).filter(|note| note.held_up_to <= *version);
    reached.iter().filter_map(of_order).cloned().collect()
}

/// Returns the failure of a record whose commit is not in its row.
fn failed_record(failure: Failure) -> FailedRecord {
    let Failure { id, aggregate_id, version, reason } = failure;
    let cause = match reason {
        Reason::Poison { version, cause } => FailureCause::Poison { version, reason: cause },
        Reason::Unavailable { .. } | Reason::NewerProjection => {
            FailureCause::Unavailable { reason: reason.to_string() }
        }
    };
    FailedRecord { id, order_id: aggregate_id, version, cause }
}

/// Returns the parked orders whose rows have passed the poison, but lack later commits that waited. These commits have left
/// the stream.
fn recovered<'a>(outcome: &Outcome, parked: &'a HashMap<String, ParkedOrder>) -> Vec<&'a ParkedOrder> {
    let is_recovered = |note: &&ParkedOrder| {
        let reached = outcome.reached.get(&note.aggregate_id);
        reached.is_some_and(|version| (note.version..note.held_up_to).contains(version))
    };
    parked.values().filter(is_recovered).collect()
}

/// Returns the outcome of a batch that ran out of time: no record is known to be done. Commits that are in rows anyway are
/// repeats next time.
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
