//! Batches of the OrderEvents stream as Lambda delivers them: records to commits, and the answer.
//!
//! What the stream's consumers share. It must never know what a consumer does with a commit; start at [`read`].

use std::collections::HashMap;

use aws_lambda_events::event::dynamodb::EventRecord;
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use event_store::{Delivered, Poison, Timestamp, item};
use order_domain::Event;
use order_store::{CUSTOMER_ID, Orders};
use serde_dynamo::{AttributeValue, Item};

/// A record whose position in the stream is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {event_id} has no sequence number")]
pub struct NoSequenceNumber {
    /// The record's own id.
    pub event_id: String,
}

/// A batch as it was read.
#[derive(Debug, Default)]
pub struct Batch {
    /// Its inserts, in the stream's order: commits, and what was to be one.
    pub delivered: Vec<Delivered<Event>>,
    /// Whose the orders are, by their ids, as far as it can be told: also of what cannot be read otherwise.
    pub customers: HashMap<String, String>,
    /// What callers gave with the commands, by the sequence numbers of the commits' records, where they gave one.
    pub correlation_ids: HashMap<String, String>,
    /// What must not have happened.
    pub violations: Vec<Violation>,
}

/// A record that says that a stored commit was changed or deleted. No consumer can do anything with it; somebody with
/// too many rights has been at the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The record's sequence number.
    pub sequence_number: String,
    /// What the stream says was done: `MODIFY`, `REMOVE`.
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

/// Reads a batch.
///
/// # Errors
/// When a record has no sequence number.
pub fn read(records: Vec<EventRecord>) -> Result<Batch, NoSequenceNumber> {
    let mut batch = Batch::default();
    for record in records {
        // An empty identifier in the answer would fail the batch as a whole, for ever.
        let sequence_number = record.change.sequence_number.filter(|number| !number.is_empty());
        let sequence_number = sequence_number.ok_or(NoSequenceNumber { event_id: record.event_id })?;
        if record.event_name == "INSERT" {
            let image = record.change.new_image;
            batch.customers.extend(customer(&image));
            let correlation_id = item::correlation_of(&image);
            batch.correlation_ids.extend(correlation_id.map(|id| (sequence_number.clone(), id.to_owned())));
            batch.delivered.push(delivered(sequence_number, image));
        } else {
            batch.violations.push(Violation {
                sequence_number,
                event_name: record.event_name,
                position: item::key_of(&record.change.keys),
            });
        }
    }
    Ok(batch)
}

/// An image's order and its customer.
fn customer(image: &Item) -> Option<(String, String)> {
    let (order_id, _) = item::key_of(image)?;
    let Some(AttributeValue::S(customer_id)) = image.inner().get(CUSTOMER_ID) else { return None };
    Some((order_id, customer_id.clone()))
}

fn delivered(id: String, image: Item) -> Delivered<Event> {
    let position = item::key_of(&image);
    let record = item::decode::<Orders>(image).map_err(|error| Poison::new(position, &error));
    Delivered { id, record }
}

/// How long ago the oldest commit of a batch was recorded, in milliseconds, 0 where the clocks disagree; `None` where no
/// commit can be read.
#[must_use]
pub fn lag_ms(delivered: &[Delivered<Event>]) -> Option<u64> {
    let recorded = delivered.iter().filter_map(|it| it.record.as_ref().ok()).map(|commit| commit.recorded_at);
    let lag = recorded.min().map(|oldest| Timestamp::now().epoch_ms() - oldest.epoch_ms());
    lag.map(|lag| u64::try_from(lag).unwrap_or(0))
}

/// The answer that these records must come again. Lambda goes on from the lowest of the sequence numbers.
pub fn come_again(sequence_numbers: impl IntoIterator<Item = String>) -> DynamoDbEventResponse {
    let again = |sequence_number| {
        let mut failure = DynamoDbBatchItemFailure::default();
        failure.item_identifier = Some(sequence_number);
        failure
    };
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures = sequence_numbers.into_iter().map(again).collect();
    response
}
