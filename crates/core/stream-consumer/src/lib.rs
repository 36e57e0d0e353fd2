//! Batches of the OrderEvents stream as Lambda delivers them: records turned into commits, parked orders, and the
//! response.
//!
//! The consumers of the stream share this crate. It must never know how a consumer processes a commit. Start at
//! [`read`].
//!
//! | file | holds |
//! |---|---|
//! | `lib.rs` | a batch after reading, and the response to it |
//! | `record` | one record: a commit, poison that names its order, a violation, or a record that names no order |
//! | [`failed_records`] | the failed records of a batch, sorted into orders to park and records to retry |
//! | [`order_parking`] | the parked orders of a consumer: parking, holding, retrying and unparking |
//! | `pass_by` | records that name no order: noted and skipped |

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

/// A batch as Lambda delivers it. Its records are parsed one by one, so that an unreadable one does not fail the
/// others.
#[derive(Debug, Clone, Deserialize)]
pub struct StreamEvent {
    /// The records, in the stream's order.
    #[serde(rename = "Records")]
    pub records: Vec<Box<RawValue>>,
}

/// A batch after reading.
///
/// A record is identified by its sequence number. A record without one has the empty name. Lambda documents that a
/// response with an empty name fails the whole batch, so such a record is retried.
#[derive(Debug, Default)]
pub struct Batch {
    /// The inserts, in the stream's order: commits and poison. Each names its order and its version.
    pub delivered: Vec<Delivered<Event>>,
    /// The customers by order id, as far as they are known, including those of unreadable commits.
    pub customers: HashMap<String, String>,
    /// The callers' correlation ids, by the sequence numbers of the commits' records.
    pub correlation_ids: HashMap<String, String>,
    /// Violations: changes of stored commits, which are append-only.
    pub violations: Vec<Violation>,
    /// Records that name no order, or no version of one. A retry does not change that.
    pub unaddressable: Vec<UnaddressableRecord>,
    /// The names of the inserts and of the records that name no order, in the stream's order.
    names: Vec<String>,
}

/// A record of a change or deletion of a stored commit. No consumer can process it. The cause is a caller with too many
/// permissions on the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The record's sequence number; `None` if the stream gave none.
    pub sequence_number: Option<String>,
    /// The kind of change: `MODIFY`, `REMOVE`.
    pub event_name: String,
    /// The aggregate and the version that were changed, as far as they can be read.
    pub position: Option<(String, u64)>,
}

impl Violation {
    /// Writes the violation to the log, with the fields that alarms use.
    fn log(&self) {
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
    /// Returns the number of records of every kind.
    #[must_use]
    pub fn records(&self) -> usize {
        self.delivered.len() + self.violations.len() + self.unaddressable.len()
    }

    /// Logs the violations, and at debug level each commit.
    pub fn log(&self) {
        self.violations.iter().for_each(Violation::log);
        for delivered in &self.delivered {
            if let Ok(commit) = &delivered.record {
                tracing::debug!(
                    order_id = commit.aggregate_id,
                    version = commit.version,
                    correlation_id = commit.request.correlation_id,
                    sequence_number = delivered.id,
                    "received a commit"
                );
            }
        }
    }

    /// Returns the orders of the inserts, each once.
    #[must_use]
    pub fn orders(&self) -> Vec<&str> {
        let orders = self.delivered.iter().filter_map(Delivered::position).map(|(order, _)| order);
        orders.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Returns the names of the records to retry, in the stream's order.
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

/// Returns the age of the oldest commit of a batch, in milliseconds. It is 0 if the commit's clock is ahead, and `None`
/// if no commit can be read.
#[must_use]
pub fn lag_ms(delivered: &[Delivered<Event>]) -> Option<u64> {
    let recorded = delivered.iter().filter_map(|it| it.record.as_ref().ok()).map(|commit| commit.recorded_at);
    let lag = recorded.min().map(|oldest| Timestamp::now().epoch_ms() - oldest.epoch_ms());
    lag.map(|lag| u64::try_from(lag).unwrap_or(0))
}

/// Returns the response that these records must be retried. Lambda retries from the lowest sequence number.
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
