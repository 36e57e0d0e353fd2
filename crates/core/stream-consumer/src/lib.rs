//! Batches of the OrderEvents stream as Lambda delivers them: records to commits, parked orders, and the answer.
//!
//! The consumers of the stream share this crate. It must never know what a consumer does with a commit. Start at [`read`].
//!
//! | file | holds |
//! |---|---|
//! | `lib.rs` | a batch as it was read, and the answer to it |
//! | `record` | one record: a commit, poison that names its order, a violation, or a record that names no order |
//! | [`failed_records`] | the failed records of a batch, sorted into orders to park and records to retry |
//! | [`order_parking`] | the parked orders of a consumer: parking, holding, retrying and unparking |
//! | `pass_by` | records that name no order: noted, and passed by |

pub mod failed_records;
pub mod order_parking;
mod pass_by;
mod record;

use std::collections::{BTreeSet, HashMap};

use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use event_store::{Delivered, Timestamp};
use order_domain::Event;
use parked_orders::UnaddressableRecord;
use serde::Deserialize;
use serde_json::value::RawValue;

pub use failed_records::{FailedRecord, FailedRecords, FailureCause, ParkingPolicy, PoisonedOrder};
pub use order_parking::{BatchReport, DeferredOrders, NoteError, OrderParking, before_deadline};
pub use pass_by::pass_by;
use record::Record;

/// A batch as Lambda delivers it. Its records are read one by one, so that one that cannot be read does not fail the others.
#[derive(Debug, Clone, Deserialize)]
pub struct StreamEvent {
    /// The records, in the stream's order.
    #[serde(rename = "Records")]
    pub records: Vec<Box<RawValue>>,
}

/// A batch as it was read.
///
/// A record is named by its sequence number. One without a number has the empty name: Lambda documents that an answer with
/// an empty name fails the batch as a whole, and that is how such a record is retried.
#[derive(Debug, Default)]
pub struct Batch {
    /// Its inserts, in the stream's order: commits, and poison. Every one names its order and its version.
    pub delivered: Vec<Delivered<Event>>,
    /// The customers of the orders, by the orders' ids, as far as they are known: also of commits that cannot be read.
    pub customers: HashMap<String, String>,
    /// The correlation ids that callers gave with the commands, by the sequence numbers of the commits' records.
    pub correlation_ids: HashMap<String, String>,
    /// Changes of stored commits, which are append-only.
    pub violations: Vec<Violation>,
    /// Records that name no order, or no version of one. No retry changes that.
    pub unaddressable: Vec<UnaddressableRecord>,
    /// The names of the inserts and of the records that name no order, in the stream's order.
    names: Vec<String>,
}

/// A record that says that a stored commit was changed or deleted. No consumer can process it. The cause is a caller with too many
/// rights on the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The record's sequence number; `None` where the stream gave none.
    pub sequence_number: Option<String>,
    /// The kind of change: `MODIFY`, `REMOVE`.
    pub event_name: String,
    /// The aggregate and the version it was done to, as far as it can be told.
    pub position: Option<(String, u64)>,
}

impl Violation {
    /// Writes it to the log, with the fields that alarms go by.
    pub fn log(&self) {
        let (order_id, version) = self.position.clone().unzip();
        tracing::error!(
            append_only_violation = true,
            event_name = self.event_name,
            sequence_number = self.sequence_number,
            order_id,
            version,
            "a stored commit was changed or deleted: OrderEvents is append-only"
        );
    }
}

impl Batch {
    /// The number of its records, of every kind.
    #[must_use]
    pub fn records(&self) -> usize {
        self.delivered.len() + self.violations.len() + self.unaddressable.len()
    }

    /// The orders of its inserts, each once.
    #[must_use]
    pub fn orders(&self) -> Vec<&str> {
        let orders = self.delivered.iter().filter_map(Delivered::position).map(|(order, _)| order);
        orders.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The names of the records to be retried, in the stream's order.
    pub fn to_retry(&self, is_failed: impl Fn(&str) -> bool) -> impl Iterator<Item = String> {
        self.names.iter().filter(move |name| is_failed(name)).cloned()
    }
}

/// Reads a batch.
#[must_use]
pub fn read(event: StreamEvent) -> Batch {
    let mut batch = Batch::default();
    for raw in event.records {
        match record::read(&raw) {
            Record::Insert { delivered, customer, correlation_id } => {
                batch.customers.extend(customer);
                batch.correlation_ids.extend(correlation_id.map(|id| (delivered.id.clone(), id)));
                batch.names.push(delivered.id.clone());
                batch.delivered.push(delivered);
            }
            Record::Violation(violation) => batch.violations.push(violation),
            Record::Unaddressable(record) => {
                batch.names.push(record.sequence_number.clone().unwrap_or_default());
                batch.unaddressable.push(record);
            }
        }
    }
    batch
}

/// The age of the oldest commit of a batch, in milliseconds, 0 where the clocks disagree; `None` where no
/// commit can be read.
#[must_use]
pub fn lag_ms(delivered: &[Delivered<Event>]) -> Option<u64> {
    let recorded = delivered.iter().filter_map(|it| it.record.as_ref().ok()).map(|commit| commit.recorded_at);
    let lag = recorded.min().map(|oldest| Timestamp::now().epoch_ms() - oldest.epoch_ms());
    lag.map(|lag| u64::try_from(lag).unwrap_or(0))
}

/// The answer that these records must be retried. Lambda goes on from the lowest of the sequence numbers.
pub fn retry_from(names: impl IntoIterator<Item = String>) -> DynamoDbEventResponse {
    let failure = |name| {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(name);
        failure
    };
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures = names.into_iter().map(failure).collect();
    response
}
