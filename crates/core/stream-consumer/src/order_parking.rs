//! The parked orders of a consumer: finds the parked orders of a batch, and parks and unparks orders, within an
//! invocation's time.
//!
//! A consumer decides with a [`ParkingPolicy`] which failures park an order. Each consumer handles the next commits of
//! a parked order in its own way: the projector tries them, because a row can recover. The publisher
//! [holds](OrderParking::hold) them, because events are published in sequence.

use std::collections::HashMap;
use std::future::Future;
use std::time::Instant;

use futures_util::stream::{self, StreamExt as _};
use parked_orders::{Consumer, Next, ParkedError, ParkedOrder, ParkedOrderTable};

use crate::failed_records::{FailedRecord, FailedRecords, ParkingPolicy, PoisonedOrder};

/// The number of notes written at once.
pub(crate) const AT_ONCE: usize = 16;

/// The parked orders of one consumer.
#[derive(Debug, Clone)]
pub struct OrderParking {
    consumer: Consumer,
    table: ParkedOrderTable,
}

/// The reason why notes were not read or written.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    /// The invocation had no time left.
    #[error("out of time")]
    OutOfTime,
    /// The table failed.
    #[error(transparent)]
    Table(#[from] ParkedError),
}

/// A page of deferred orders, by their ids.
#[derive(Debug)]
pub struct DeferredOrders {
    /// The orders, and the notes that cannot be read.
    pub orders: Vec<Result<ParkedOrder, ParkedError>>,
    /// The start of the next page; `None` at the end.
    pub next: Option<Next>,
}

/// The result of a batch in parked orders and in records to retry.
#[derive(Debug, Default)]
pub struct BatchReport {
    /// The orders that were parked.
    pub parked: Vec<PoisonedOrder>,
    /// The orders that could not be parked. Their records are among those to retry.
    pub not_parked: Vec<(PoisonedOrder, NoteError)>,
    /// The orders that have caught up. `false` means that more commits wait than this batch contains, so the order
    /// stays parked.
    pub unparked: Vec<(ParkedOrder, Result<bool, NoteError>)>,
    /// The records to retry.
    pub to_retry: Vec<FailedRecord>,
}

impl OrderParking {
    /// Creates the parked orders of `consumer` in `table`.
    #[must_use]
    pub const fn new(consumer: Consumer, table: ParkedOrderTable) -> Self {
        Self { consumer, table }
    }

    /// Returns the consumer.
    #[must_use]
    pub const fn consumer(&self) -> &Consumer {
        &self.consumer
    }

    /// Returns the notes on the parked orders among these orders. For a note that cannot be read, the result contains
    /// its error.
    ///
    /// # Errors
    /// Returns an error if the table cannot be read, or not before `deadline`.
    pub async fn among(
        &self,
        orders: &[&str],
        deadline: Option<Instant>,
    ) -> Result<HashMap<String, Result<ParkedOrder, ParkedError>>, NoteError> {
        let parked = before_deadline(deadline, self.table.among(&self.consumer, orders)).await;
        Ok(parked.ok_or(NoteError::OutOfTime)??)
    }

    /// Notes the version up to which the commits of parked orders wait. `false` means that the order is no longer
    /// parked, so nothing waits.
    pub async fn hold(&self, orders: Vec<(ParkedOrder, u64)>) -> Vec<(ParkedOrder, Result<bool, ParkedError>)> {
        let hold = |(order, up_to): (ParkedOrder, u64)| async move {
            let held = self.table.hold(&self.consumer, &order.aggregate_id, up_to).await;
            (order, held)
        };
        stream::iter(orders).map(hold).buffered(AT_ONCE).collect().await
    }

    /// Parks the orders whose records failed, and unparks those that have caught up. No write of a note begins after
    /// `last_start`.
    pub async fn settle(
        &self,
        failed: Vec<FailedRecord>,
        customers: &HashMap<String, String>,
        policy: ParkingPolicy,
        caught_up: Vec<ParkedOrder>,
        last_start: Option<Instant>,
    ) -> BatchReport {
        let FailedRecords { to_park, to_retry } = FailedRecords::sort(failed, customers, policy);
        let mut report = BatchReport { to_retry, ..BatchReport::default() };
        let parks: Vec<_> = to_park.into_iter().map(|order| self.park(order, last_start)).collect();
        for (order, parked) in stream::iter(parks).buffered(AT_ONCE).collect::<Vec<_>>().await {
            match parked {
                Ok(()) => report.parked.push(order),
                Err(error) => {
                    report.to_retry.extend(order.not_parked(&error));
                    report.not_parked.push((order, error));
                }
            }
        }
        let unparks: Vec<_> = caught_up.into_iter().map(|order| self.unpark(order, last_start)).collect();
        report.unparked = stream::iter(unparks).buffered(AT_ONCE).collect().await;
        report
    }

    async fn park(&self, order: PoisonedOrder, last_start: Option<Instant>) -> (PoisonedOrder, Result<(), NoteError>) {
        let note = async {
            if order.is_deferred {
                self.table.defer(&self.consumer, &order.request).await
            } else {
                self.table.park(&self.consumer, &order.request).await
            }
        };
        let parked = begin_before(last_start, note).await;
        (order, parked)
    }

    async fn unpark(&self, order: ParkedOrder, last_start: Option<Instant>) -> (ParkedOrder, Result<bool, NoteError>) {
        let unparked = begin_before(last_start, self.table.unpark(&order)).await;
        (order, unparked)
    }

    /// Reads a page of the orders that an outage has deferred.
    ///
    /// # Errors
    /// Returns an error if the table cannot be read, or not before `deadline`.
    pub async fn deferred(&self, from: Option<Next>, deadline: Option<Instant>) -> Result<DeferredOrders, NoteError> {
        let page = begin_before(deadline, self.table.deferred(&self.consumer, from));
        let page = before_deadline(deadline, page).await.ok_or(NoteError::OutOfTime)??;
        Ok(DeferredOrders { orders: page.parked, next: page.next })
    }
}

impl BatchReport {
    /// Returns the number of orders that poison has parked.
    #[must_use]
    pub fn parked_orders(&self) -> usize {
        self.parked.iter().filter(|order| !order.is_deferred).count()
    }

    /// Returns the number of orders that an outage has deferred.
    #[must_use]
    pub fn deferred_orders(&self) -> usize {
        self.parked.len() - self.parked_orders()
    }

    /// Returns the number of orders that are no longer parked.
    #[must_use]
    pub fn unparked_orders(&self) -> usize {
        self.unparked.iter().filter(|(_, unparked)| matches!(unparked, Ok(true))).count()
    }
}

/// Does `work` with the table of notes, unless the time to begin is over.
pub(crate) async fn begin_before<T>(
    last_start: Option<Instant>,
    work: impl Future<Output = Result<T, ParkedError>>,
) -> Result<T, NoteError> {
    if last_start.is_some_and(|last_start| Instant::now() >= last_start) {
        return Err(NoteError::OutOfTime);
    }
    Ok(work.await?)
}

/// Returns the result of `work`; `None` if it does not end before the deadline.
pub async fn before_deadline<T>(deadline: Option<Instant>, work: impl Future<Output = T>) -> Option<T> {
    match deadline {
        Some(deadline) => tokio::time::timeout_at(deadline.into(), work).await.ok(),
        None => Some(work.await),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::{Client, Config};

    use super::*;
    use crate::failed_records::FailureCause;

    #[tokio::test]
    async fn no_note_is_begun_when_the_time_is_over_and_the_record_is_retried() {
        // This client cannot send anything: an attempt would fail for another reason.
        let client = Client::from_conf(Config::builder().behavior_version_latest().build());
        let parking = OrderParking::new(Consumer::PUBLISHER, ParkedOrderTable::new(client, "ParkedOrders"));
        let (id, reason) = ("7".to_owned(), "events is not a list".to_owned());
        let cause = FailureCause::Poison { version: None, reason };
        let failed = vec![FailedRecord { id, order_id: Some("o-1".to_owned()), version: Some(3), cause }];
        for policy in [ParkingPolicy::ParkPoison, ParkingPolicy::DeferOutages, ParkingPolicy::InSequence] {
            let now = Some(Instant::now());
            let report = parking.settle(failed.clone(), &HashMap::new(), policy, Vec::new(), now).await;
            assert_eq!((report.parked_orders(), report.not_parked.len()), (0, 1));
            let reason = "the time was over before its order was parked".to_owned();
            let [retried] = &report.to_retry[..] else { unreachable!("{report:?}") };
            assert_eq!((&*retried.id, &retried.cause), ("7", &FailureCause::Unavailable { reason }));
        }
    }
}
