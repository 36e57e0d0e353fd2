//! The Lambda function `publisher`: the events in batches of the OrderEvents stream become events on EventBridge.
//!
//! It reads records, makes CloudEvents of their commits, publishes them, and answers with the sequence number from
//! which the batch must come again. Delivery is at least once: it remembers nothing, neither between invocations nor
//! within one, so a record that appears twice is published twice, under the same event ids, and consumers drop the
//! second. (A memory could only ever be wrong in the one way that matters, by taking an event for sent.) This crate must
//! never know of HTTP or of rows, nor decide anything about orders.
//!
//! | file | holds |
//! |---|---|
//! | `lib.rs` | the handler: batch in, partial batch response out |
//! | [`bus`] | rounds of PutEvents until nothing is left that another attempt can help |
//! | [`publication`] | what became of the events |
//! | `answer` | what EventBridge's answers mean for the entries that were sent |
//! | `entry`, `packing` | an event as EventBridge takes and measures it; as few calls as the limits allow |
//! | `outbox` | which event belongs to which record, and which records are not done |
//! | `report` | one log line a batch, one for each thing that needs somebody |

mod answer;
pub mod bus;
mod entry;
mod outbox;
mod packing;
pub mod publication;
mod report;

use std::time::{Duration, Instant};

use aws_lambda_events::event::dynamodb::Event;
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use function_setup::clients::OPERATION_TIMEOUT;
use function_setup::deadline::{self, last_start};
use lambda_runtime::LambdaEvent;
use order_stream::Violation;

pub use bus::{EventBus, Pauses};
use outbox::Outbox;
pub use publication::{Counters, Failure, Publication, Reason};

/// Time kept back at the end of an invocation: a call that is begun may take as long as an operation may, retries
/// included, and then the answer must still be given.
const RESERVE: Duration = OPERATION_TIMEOUT.saturating_add(deadline::RESERVE);

/// The handler.
#[derive(Debug, Clone)]
pub struct Publisher {
    bus: EventBus,
}

impl Publisher {
    /// A publisher to `bus`.
    #[must_use]
    pub const fn new(bus: EventBus) -> Self {
        Self { bus }
    }

    /// Publishes one batch. The answer names the first record, in the stream's order, that has an event which is not
    /// published; Lambda goes on from there, so it need not hear of others.
    ///
    /// # Errors
    /// When a record has no sequence number: then no answer could say which one failed, and the batch fails whole,
    /// before anything is published. And when the first of several records can never be published, after all others were:
    /// then Lambda is to split the batch.
    pub async fn handle(&self, event: LambdaEvent<Event>) -> Result<DynamoDbEventResponse, lambda_runtime::Error> {
        let begun = Instant::now();
        let first = event.payload.records.first().and_then(|record| record.change.sequence_number.clone());
        let batch = order_stream::read(event.payload.records)?;
        batch.violations.iter().for_each(Violation::log);
        let records = batch.delivered.len() + batch.violations.len();
        let lag = order_stream::lag_ms(&batch.delivered);

        let outbox = Outbox::of(batch.delivered);
        let publication = self.bus.publish(&outbox.events, last_start(event.context.deadline, RESERVE)).await;
        let (events, counters) = (outbox.events.len(), publication.counters);
        let failed = outbox.settle(publication);
        report::failures(&failed);
        report::batch(&report::Batch { records, events, counters, failed: failed.len(), lag_ms: lag }, begun.elapsed());
        match failed.into_iter().next() {
            Some(poison) if poison.is_unpublishable() && records > 1 && Some(&poison.id) == first.as_ref() => {
                Err(PoisonFirst { sequence_number: poison.id }.into())
            }
            failed => Ok(order_stream::come_again(failed.map(|failed| failed.id))),
        }
    }
}

/// The batch's first record can never be published, and others came with it.
///
/// An answer that names a record makes Lambda go on from there. Where that is the first record, its guide does not say that
/// the batch gets any smaller; then all that came with the poison would be published once more for each of its retries, and
/// be given up with it. Of an error it does say that the batch is split in two, so an error it is, until the poison is alone.
#[derive(Debug, thiserror::Error)]
#[error(
    "record {sequence_number}, the first of its batch, can never be published: the batch fails, to be split in two"
)]
struct PoisonFirst {
    sequence_number: String,
}
