//! The Lambda function `publisher`: it publishes the events in batches of the OrderEvents stream on EventBridge.
//!
//! It reads records, lets the engine in `publication` publish the events of their commits, and returns the sequence number
//! from which the batch must be retried.
//!
//! Delivery is at least once. The publisher does not remember which events it sent, neither between invocations nor within
//! one. A record that appears twice is published twice, under the same event ids, and consumers drop the second copy. A
//! memory of sent events would add a risk: an event that it wrongly lists as sent would be lost. The publisher does
//! remember the parked orders, each with the commit that can never be published.
//!
//! This crate must never know of HTTP or of rows, nor decide about orders.
//!
//! | file | holds |
//! |---|---|
//! | `lib.rs` | the handler: batch in, partial batch response out |
//! | `hold` | records that wait with their parked orders |
//! | `report` | one log line for each batch, one for each problem that needs an operator, and the metrics |

mod hold;
mod report;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use function_setup::clients::{self, OPERATION_TIMEOUT};
use function_setup::deadline::{self, last_start};
use lambda_runtime::LambdaEvent;
use parked_orders::{Consumer, ParkedOrderTable};
use publication::{EventBus, Outbox, UnpublishedReason, UnpublishedRecord};
use stream_consumer::{BatchReport, FailedRecord, FailureCause, OrderParking, ParkingPolicy, StreamEvent};

/// The function's name in notes on parked orders.
const NAME: &str = "publisher";
/// The time reserved at the end of an invocation. Each operation that has begun may take its whole time-out, including
/// retries. The operations are the last call to the bus and the two writes that a note on a parked order may take. After
/// them, the reply must still be sent.
const RESERVE: Duration = OPERATION_TIMEOUT.saturating_add(RESERVE_FOR_NOTES);
/// The part of this time that is reserved for notes. No note is begun later.
const RESERVE_FOR_NOTES: Duration = OPERATION_TIMEOUT.saturating_mul(2).saturating_add(deadline::RESERVE);

/// The handler.
#[derive(Debug, Clone)]
pub struct Publisher {
    bus: EventBus,
    parking: OrderParking,
    parked: ParkedOrderTable,
}

impl Publisher {
    /// Creates a publisher to `bus`. It parks in `parked` the orders with an event that can never be published.
    #[must_use]
    pub fn new(bus: EventBus, parked: ParkedOrderTable) -> Self {
        Self { bus, parking: OrderParking::new(Consumer::PUBLISHER, parked.clone()), parked }
    }

    /// Opens the connections to the bus and to the table of notes before the first batch, both at once.
    pub async fn prime(&self) {
        // Each batch begins with this read. No order has this id, because ids start with a letter or a digit.
        let read = async { self.parking.among(&["-"], None).await.map(|_| ()) };
        tokio::join!(clients::prime_by("EventBridge", self.bus.connect()), clients::prime_by("DynamoDB", read));
    }

    /// Publishes one batch. The reply names the first record, in the stream's order, that is not done. Lambda continues
    /// from there, so the reply does not list others.
    ///
    /// A record is done:
    /// - when its events are published,
    /// - when its events wait with their order, which is parked, or
    /// - when it has no order id and a note on it is written.
    ///
    /// # Errors
    /// Never. The Lambda runtime requires the type.
    pub async fn handle(
        &self,
        event: LambdaEvent<StreamEvent>,
    ) -> Result<DynamoDbEventResponse, lambda_runtime::Error> {
        let begun = Instant::now();
        let deadline_ms = event.context.deadline;
        let last_note = last_start(deadline_ms, RESERVE_FOR_NOTES);
        let mut batch = stream_consumer::read(event.payload);
        batch.log();
        let (records, unaddressable) = (batch.records(), batch.unaddressable.len());
        let lag = stream_consumer::lag_ms(&batch.delivered).map(|lag_ms| (lag_ms, Instant::now()));
        let mut outbox = Outbox::of(std::mem::take(&mut batch.delivered));
        let mut parked = hold::hold(&self.parking, &mut outbox).await;
        let pending = outbox.pending();
        let publication = self.bus.publish(&pending.events, last_start(deadline_ms, RESERVE)).await;
        let (events, counters) = (pending.events.len(), publication.counters);
        let published = events.saturating_sub(publication.failed.len());
        outbox.settle(&pending, publication);
        let failed = outbox.unpublished().into_iter().map(failed_record).collect();
        let policy = ParkingPolicy::InSequence;
        let settled = self.parking.settle(failed, &batch.customers, policy, Vec::new(), last_note).await;
        // This runs after the events are published, because they do not depend on these notes.
        let unnoted = stream_consumer::pass_by(&batch.unaddressable, NAME, &self.parked, last_note).await;

        let BatchReport { parked: newly_parked, to_retry, .. } = settled;
        let held = outbox.held() + newly_parked.iter().map(|order| order.records.len()).sum::<usize>();
        parked.extend(newly_parked);
        report::parked(&parked, &batch.correlation_ids);
        report::failures(&batch, &to_retry);
        let parked = parked.len();
        let lag_ms = lag.map(|(lag_ms, then)| lag_ms.saturating_add(report::millis(then.elapsed())));
        let again: HashSet<String> = to_retry.into_iter().map(|failed| failed.id).chain(unnoted).collect();
        let failed = again.len();
        let report =
            report::Batch { records, events, published, counters, parked, held, unaddressable, failed, lag_ms };
        report::batch(&report, begun.elapsed());
        report::metrics(&report);
        Ok(stream_consumer::retry_from(batch.to_retry(|name| again.contains(name)).next()))
    }
}

/// Returns the failure of a record whose events are not published.
fn failed_record(record: UnpublishedRecord) -> FailedRecord {
    let (order_id, version) = record.position.unzip();
    let cause = match record.reason {
        UnpublishedReason::Unavailable { cause: reason } => FailureCause::Unavailable { reason },
        UnpublishedReason::Refused { cause: reason } => FailureCause::Refused { reason },
        UnpublishedReason::Unpublishable { cause: reason } => {
            FailureCause::Poison { version: record.stopped_at, reason }
        }
    };
    FailedRecord { id: record.id, order_id, version, cause }
}
