//! From a stream's records to the engine's entries.

use aws_lambda_events::event::dynamodb::EventRecord;
use event_store::item;
use order_domain::Event;
use order_store::Orders;
use read_model::{Entry, Poison};

/// A record whose position in the stream is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {event_id} has no sequence number")]
pub struct NoSequenceNumber {
    /// The record's own id.
    pub event_id: String,
}

/// A batch as it was read.
#[derive(Debug)]
pub struct Batch {
    /// Its inserts, in the stream's order: commits, and what was to be one.
    pub entries: Vec<Entry<Event>>,
    /// What must not have happened.
    pub violations: Vec<Violation>,
}

/// A record that says that a stored commit was changed or deleted. There is nothing to fold in it, and its rows are
/// as they were; somebody with too many rights has been at the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The record's sequence number.
    pub sequence_number: String,
    /// What the stream says was done: `MODIFY`, `REMOVE`.
    pub event_name: String,
    /// The aggregate and the version it was done to, as far as it can be told.
    pub position: Option<(String, u64)>,
}

/// Reads a batch.
///
/// # Errors
/// When a record has no sequence number.
pub fn read(records: Vec<EventRecord>) -> Result<Batch, NoSequenceNumber> {
    let mut batch = Batch { entries: Vec::with_capacity(records.len()), violations: Vec::new() };
    for record in records {
        // An empty identifier in the answer would fail the batch as a whole, for ever.
        let sequence_number = record.change.sequence_number.filter(|number| !number.is_empty());
        let sequence_number = sequence_number.ok_or(NoSequenceNumber { event_id: record.event_id })?;
        if record.event_name == "INSERT" {
            batch.entries.push(entry(sequence_number, record.change.new_image));
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

fn entry(id: String, image: serde_dynamo::Item) -> Entry<Event> {
    let position = item::key_of(&image);
    let record = item::decode::<Orders>(image).map_err(|error| Poison::new(position, &error));
    Entry { id, record }
}
