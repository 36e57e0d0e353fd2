//! The Lambda function `publisher`: the events in batches of the OrderEvents stream become events on EventBridge.
//!
//! It reads records, has the events of their commits published by the engine in `publication`, and answers with the sequence number from
//! which the batch must be retried. Delivery is at least once: it remembers nothing that it sent, neither between
//! invocations nor within one, so a record that appears twice is published twice, under the same event ids, and consumers
//! drop the second. (A memory could only ever be wrong in the one way that matters, by taking an event for sent.) What it
//! does remember is which orders are parked, at a commit that can never be published. This crate must never know of HTTP
//! or of rows, nor decide anything about orders.
//!
//! | file | holds |
//! |---|---|
//! | `lib.rs` | the handler: batch in, partial batch response out |
//! | `hold` | records that wait with their orders, which are parked |
//! | `report` | one log line a batch, one for each problem that needs an operator, and the metrics |

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
use stream_consumer::{BatchReport, FailedRecord, FailureCause, OrderParking, ParkingPolicy, StreamEvent, Violation};

/// The function's name in notes.
const NAME: &str = "publisher";
/// Time kept back at the end of an invocation: each operation that is begun may take its whole time-out, retries included.
/// They are the last call to the bus, and the two writes that a note on a parked order may take; then the answer must still
/// be given.
const RESERVE: Duration = OPERATION_TIMEOUT.saturating_add(RESERVE_FOR_NOTES);
/// The part of it that is kept back for notes: none is begun later.
const RESERVE_FOR_NOTES: Duration = OPERATION_TIMEOUT.saturating_mul(2).saturating_add(deadline::RESERVE);

/// The handler.
#[derive(Debug, Clone)]
pub struct Publisher {
    bus: EventBus,
    parking: OrderParking,
    parked: ParkedOrderTable,
}

impl Publisher {
    /// A publisher to `bus`, which notes in `parked` what can never be published.
    #[must_use]
    pub fn new(bus: EventBus, parked: ParkedOrderTable) -> Self {
        Self { bus, parking: OrderParking::new(Consumer::PUBLISHER, parked.clone()), parked }
    }

    /// Makes the connections to the bus and to the notes ahead of the first batch, both at once.
    pub async fn prime(&self) {
        // The read that each batch begins with. No order has this id: ids start with a letter or a digit.
        let read = async { self.parking.among(&["-"], None).await.map(|_| ()) };
        tokio::join!(clients::prime_by("EventBridge", self.bus.connect()), clients::prime_by("DynamoDB", read));
    }

    /// Publishes one batch. The answer names the first record, in the stream's order, that is not done; Lambda goes on from
    /// there, so it need not hear of others. A record is done when its events are published, or when they wait with their
    /// order, which is parked; one that names no order is done when it is noted.
    ///
    /// # Errors
    /// None. Lambda's runtime asks for the type.
    pub async fn handle(
        &self,
        event: LambdaEvent<StreamEvent>,
    ) -> Result<DynamoDbEventResponse, lambda_runtime::Error> {
        let begun = Instant::now();
        let deadline_ms = event.context.deadline;
        let last_note = last_start(deadline_ms, RESERVE_FOR_NOTES);
        let mut batch = stream_consumer::read(event.payload);
        batch.violations.iter().for_each(Violation::log);
        let (records, unaddressable) = (batch.records(), batch.unaddressable.len());
        report::received(&batch);
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
        // After the events, because they do not wait for notes.
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

/// The failure of a record whose events are not published.
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
