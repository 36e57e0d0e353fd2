//! Notes on records of the stream that name no order: no retry can process one, and no order can be parked for it.
//!
//! They are in the table of parked orders, under a partition key that no consumer has. So no consumer reads them, and
//! one scan lists everything that an operator must check. The attribute names are stored: never change them.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use event_store::dynamo::SdkItem;
use event_store::{TableError, Timestamp};

use crate::note::{AGGREGATE_ID, ATTEMPTS, CONSUMER, REASON, number, string};
use crate::parked::ParkedError;
use crate::table::{MAX_ORDER_ID, MAX_REASON, ParkedOrderTable, fits};

/// The partition key of these notes. It is stored: never change it.
pub(crate) const PARTITION: &str = "UnaddressableRecords";
const EVENT_ID: &str = "eventId";
const KEY: &str = "key";
const NOTED_BY: &str = "notedBy";
const NOTED_AT: &str = "notedAt";
/// The name of a record without a sequence number and an id. All of these share a note, which counts them.
const UNIDENTIFIED: &str = "unidentified";

/// A record that names no order, or no version of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnaddressableRecord {
    /// The record's sequence number; `None` if the stream gave none.
    pub sequence_number: Option<String>,
    /// The record's own id; `None` if the stream gave none.
    pub event_id: Option<String>,
    /// The key of its item without personal data: the types of the attributes, and no text except an order's id.
    pub key: String,
    /// The reason why it names no order. It is stored, listed and logged, so it quotes nothing of the record's content.
    pub reason: String,
}

impl UnaddressableRecord {
    /// Returns the name of its note: its sequence number, or otherwise its own id.
    #[must_use]
    pub fn id(&self) -> &str {
        let ids = [&self.sequence_number, &self.event_id].into_iter().flatten();
        ids.map(String::as_str).find(|id| fits(id, MAX_ORDER_ID)).unwrap_or(UNIDENTIFIED)
    }
}

/// A note on a record that names no order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnaddressableNote {
    /// The record's sequence number, or its own id if it has none.
    pub id: String,
    /// The record's own id.
    pub event_id: Option<String>,
    /// The key of its item without personal data.
    pub key: String,
    /// The reason why it names no order.
    pub reason: String,
    /// The functions that skipped the record.
    pub noted_by: BTreeSet<String>,
    /// The number of deliveries, from 1.
    pub attempts: u64,
    /// The time of the first delivery.
    pub noted_at: Timestamp,
}

impl ParkedOrderTable {
    /// Notes a record that `function` skips. A record has one note, however many functions note it and however often.
    ///
    /// # Errors
    /// Returns an error if the table cannot be written.
    pub async fn note_unaddressable(&self, function: &str, record: &UnaddressableRecord) -> Result<(), ParkedError> {
        let reason: String = record.reason.chars().take(MAX_REASON).collect();
        let event_id = record.event_id.as_deref().unwrap_or(UNIDENTIFIED);
        let key =
            HashMap::from([(CONSUMER.to_owned(), string(PARTITION)), (AGGREGATE_ID.to_owned(), string(record.id()))]);
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key))
            .update_expression(
                "SET #event = :event, #key = :key, #reason = :reason, #since = if_not_exists(#since, :now) \
                 ADD #attempts :one, #by :by",
            )
            .expression_attribute_names("#event", EVENT_ID)
            .expression_attribute_names("#key", KEY)
            .expression_attribute_names("#reason", REASON)
            .expression_attribute_names("#since", NOTED_AT)
            .expression_attribute_names("#attempts", ATTEMPTS)
            .expression_attribute_names("#by", NOTED_BY)
            .expression_attribute_values(":event", string(event_id))
            .expression_attribute_values(":key", string(&record.key))
            .expression_attribute_values(":reason", string(reason))
            .expression_attribute_values(":now", string(Timestamp::now().to_string()))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":by", AttributeValue::Ss(vec![function.to_owned()]))
            .send()
            .await
            .map_err(|error| TableError::of("UpdateItem", error))?;
        Ok(())
    }
}

/// Returns true for a note of this kind.
pub(crate) fn is_one(item: &SdkItem) -> bool {
    item.get(CONSUMER).and_then(|value| value.as_s().ok()).is_some_and(|consumer| consumer == PARTITION)
}

pub(crate) fn decode(item: &SdkItem) -> Result<UnaddressableNote, ParkedError> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
    let id = text(AGGREGATE_ID).unwrap_or_default();
    let missing = |name: &str| ParkedError::Unreadable {
        consumer: PARTITION.to_owned(),
        aggregate_id: id.clone(),
        problem: format!("{name} is missing or of another type"),
    };
    let attempts = item.get(ATTEMPTS).and_then(|value| value.as_n().ok()).and_then(|digits| digits.parse().ok());
    let noted_by = item.get(NOTED_BY).and_then(|value| value.as_ss().ok());
    Ok(UnaddressableNote {
        event_id: text(EVENT_ID).filter(|id| id != UNIDENTIFIED),
        key: text(KEY).ok_or_else(|| missing(KEY))?,
        reason: text(REASON).ok_or_else(|| missing(REASON))?,
        noted_by: noted_by.ok_or_else(|| missing(NOTED_BY))?.iter().cloned().collect(),
        attempts: attempts.ok_or_else(|| missing(ATTEMPTS))?,
        noted_at: text(NOTED_AT).and_then(|text| text.parse().ok()).ok_or_else(|| missing(NOTED_AT))?,
        id: id.clone(),
    })
}
