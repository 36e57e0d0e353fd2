//! One record of the stream: a commit, poison that names its order, a violation, or a record that names no order.
//!
//! Poison parks its order, so an unreadable record is poison if its image or its keys name an order. If neither does,
//! the record is unaddressable.

use aws_lambda_events::event::dynamodb::EventRecord;
use event_store::item::{self, AGGREGATE_ID, VERSION, VERSIONS};
use event_store::{Delivered, Poison};
use order_aggregate::{CUSTOMER_ID, Orders};
use order_domain::Event;
use order_domain::values::OrderId;
use parked_orders::UnaddressableRecord;
use serde_dynamo::{AttributeValue, Item};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::Violation;

/// The largest number of characters in a number from DynamoDB, with a margin.
const MAX_NUMBER: usize = 64;

/// A record after reading.
pub(crate) enum Record {
    Insert { delivered: Delivered<Event>, customer: Option<(String, String)>, correlation_id: Option<String> },
    Violation(Violation),
    Unaddressable(UnaddressableRecord),
}

pub(crate) fn read(raw: &RawValue) -> Record {
    let (record, is_whole) = match serde_json::from_str::<EventRecord>(raw.get()) {
        Ok(record) => (record, true),
        // The error may quote the record, and this error is logged.
        Err(_) => (fragments(raw), false),
    };
    let change = record.change;
    let sequence_number = change.sequence_number.filter(|number| !number.is_empty());
    if !matches!(record.event_name.as_str(), "INSERT" | "") {
        let position = item::key_of(&change.keys);
        return Record::Violation(Violation { sequence_number, event_name: record.event_name, position });
    }
    let Some(position) = position(&change.new_image).or_else(|| position(&change.keys)) else {
        let key = if change.keys.inner().is_empty() { change.new_image } else { change.keys };
        let event_id = Some(record.event_id).filter(|id| !id.is_empty());
        let (key, reason) = (described(&key), why_unaddressable(&key).to_owned());
        return Record::Unaddressable(UnaddressableRecord { sequence_number, event_id, key, reason });
    };
    let image = change.new_image;
    let customer = match image.inner().get(CUSTOMER_ID) {
        Some(AttributeValue::S(customer_id)) => Some((position.0.clone(), customer_id.clone())),
        Some(_) | None => None,
    };
    let correlation_id = item::correlation_of(&image).map(str::to_owned);
    let commit = if image.inner().is_empty() || !is_whole {
        let problem = if is_whole { "the record has no image" } else { "the record cannot be read" };
        Err(Poison { position: Some(position), cause: problem.to_owned() })
    } else {
        item::decode::<Orders>(image).map_err(|error| Poison::new(Some(position), &error))
    };
    let delivered = Delivered { id: sequence_number.unwrap_or_default(), record: commit };
    Record::Insert { delivered, customer, correlation_id }
}

/// Returns the readable parts of a record that does not follow Lambda's documentation: its names and its keys.
fn fragments(raw: &RawValue) -> EventRecord {
    let value: Value = serde_json::from_str(raw.get()).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut record = EventRecord::default();
    record.event_id = text(&value["eventID"]).unwrap_or_default();
    record.event_name = text(&value["eventName"]).unwrap_or_default();
    record.change.sequence_number = text(&value["dynamodb"]["SequenceNumber"]);
    record.change.keys = serde_json::from_value(value["dynamodb"]["Keys"].clone()).unwrap_or_default();
    record
}

/// Returns the order and the version that an item names. Returns `None` if the id or the version is not valid for an
/// order, because no row, no note and no event could be written for it.
fn position(item: &Item) -> Option<(String, u64)> {
    item::key_of(item).filter(|(id, version)| OrderId::parse(id).is_ok() && VERSIONS.contains(version))
}

/// Returns the reason why a key names no order. It quotes nothing.
fn why_unaddressable(key: &Item) -> &'static str {
    match (key.inner().get(AGGREGATE_ID), key.inner().get(VERSION)) {
        (None, _) => "aggregateId is missing",
        (Some(AttributeValue::S(id)), _) if OrderId::parse(id).is_err() => "aggregateId is not the id of an order",
        (Some(AttributeValue::S(_)), None) => "version is missing",
        (Some(AttributeValue::S(_)), Some(_)) => "version is not a whole number from 1 to 2^53 - 1",
        (Some(_), _) => "aggregateId is not a string",
    }
}

/// Describes a key without personal data: types and lengths, and as values only an order's id and a number.
fn described(key: &Item) -> String {
    let attribute = |name: &str| match key.inner().get(name) {
        None => format!("{name}: none"),
        Some(AttributeValue::S(id)) if OrderId::parse(id).is_ok() => format!("{name}: S {id}"),
        Some(AttributeValue::S(text)) => format!("{name}: S of {} bytes", text.len()),
        Some(AttributeValue::N(digits)) if is_number(digits) => format!("{name}: N {digits}"),
        Some(AttributeValue::N(text)) => format!("{name}: N of {} bytes", text.len()),
        Some(_) => format!("{name}: of another type"),
    };
    format!("{}, {}", attribute(AGGREGATE_ID), attribute(VERSION))
}

fn is_number(digits: &str) -> bool {
    digits.len() <= MAX_NUMBER && digits.chars().all(|it| it.is_ascii_digit() || "+-.eE".contains(it))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(change: &Value) -> Value {
        json!({ "awsRegion": "local", "eventID": "e-1", "eventName": "INSERT", "dynamodb": change })
    }

    fn key(id: &Value, version: &Value) -> Value {
        json!({ "aggregateId": id, "version": version })
    }

    fn read_json(value: &Value) -> Record {
        read(&RawValue::from_string(value.to_string()).unwrap())
    }

    #[track_caller]
    fn unaddressable(value: &Value) -> UnaddressableRecord {
        match read_json(value) {
            Record::Unaddressable(record) => record,
            Record::Insert { delivered, .. } => panic!("{delivered:?}"),
            Record::Violation(violation) => panic!("{violation:?}"),
        }
    }

    #[test]
    fn a_key_that_no_order_has_is_described_without_its_texts() {
        let version = || json!({ "N": "1" });
        let private = "someone@example.com";
        for (id, version, key_text, reason) in [
            (
                json!({ "S": private }),
                version(),
                "S of 19 bytes, version: N 1",
                "aggregateId is not the id of an order",
            ),
            (
                json!({ "S": "x".repeat(65) }),
                version(),
                "S of 65 bytes, version: N 1",
                "aggregateId is not the id of an order",
            ),
            (json!({ "N": "7" }), version(), "N 7, version: N 1", "aggregateId is not a string"),
            (
                json!({ "S": "o-1" }),
                json!({ "S": private }),
                "S o-1, version: S of 19 bytes",
                "version is not a whole number from 1 to 2^53 - 1",
            ),
            (
                json!({ "S": "o-1" }),
                json!({ "N": "1.5" }),
                "S o-1, version: N 1.5",
                "version is not a whole number from 1 to 2^53 - 1",
            ),
            (
                json!({ "S": "o-1" }),
                json!({ "N": "0" }),
                "S o-1, version: N 0",
                "version is not a whole number from 1 to 2^53 - 1",
            ),
            (
                json!({ "S": "o-1" }),
                json!({ "N": "9007199254740992" }),
                "S o-1, version: N 9007199254740992",
                "version is not a whole number from 1 to 2^53 - 1",
            ),
            (
                json!({ "S": "o-1" }),
                json!({ "N": private }),
                "S o-1, version: N of 19 bytes",
                "version is not a whole number from 1 to 2^53 - 1",
            ),
            (
                json!({ "L": [] }),
                json!({ "BOOL": true }),
                "of another type, version: of another type",
                "aggregateId is not a string",
            ),
        ] {
            let keys = key(&id, &version);
            let found = unaddressable(&record(
                &json!({ "SequenceNumber": "7", "SizeBytes": 1, "Keys": keys, "NewImage": keys }),
            ));
            assert_eq!((found.key.as_str(), found.reason.as_str()), (&*format!("aggregateId: {key_text}"), reason));
            assert_eq!((found.id(), found.event_id.as_deref()), ("7", Some("e-1")));
        }
    }

    #[test]
    fn a_value_that_is_no_record_is_unaddressable() {
        let missing = "aggregateId is missing";
        for value in
            [json!(null), json!(7), json!("text"), json!([]), json!({}), record(&json!(null)), record(&json!({}))]
        {
            let found = unaddressable(&value);
            assert_eq!((found.sequence_number.as_deref(), found.reason.as_str()), (None, missing), "{value}");
            assert_eq!(found.key, "aggregateId: none, version: none");
        }
        assert_eq!(unaddressable(&json!({})).id(), "unidentified");
        assert_eq!(unaddressable(&record(&json!({}))).id(), "e-1");
    }

    #[test]
    fn a_record_whose_keys_alone_can_be_read_is_poison_of_its_order() {
        let keys = key(&json!({ "S": "o-1" }), &json!({ "N": "3" }));
        let image =
            |image: Value| record(&json!({ "SequenceNumber": "7", "SizeBytes": 1, "Keys": keys, "NewImage": image }));
        for (value, cause) in [
            (image(json!(null)), "the record has no image"),
            (image(json!({})), "the record has no image"),
            (image(json!({ "aggregateId": { "X": "o-1" } })), "the record cannot be read"),
            (image(json!("an image")), "the record cannot be read"),
            (record(&json!({ "SequenceNumber": "7", "Keys": keys })), "the record cannot be read"),
            (json!({ "dynamodb": { "SequenceNumber": "7", "Keys": keys } }), "the record cannot be read"),
        ] {
            let Record::Insert { delivered, .. } = read_json(&value) else { panic!("{value}") };
            let poison = delivered.record.unwrap_err();
            assert_eq!((&*delivered.id, &*poison.cause), ("7", cause), "{value}");
            assert_eq!(poison.position, Some(("o-1".to_owned(), 3)));
        }
    }

    #[test]
    fn a_change_of_an_unreadable_record_is_a_violation_all_the_same() {
        let value =
            json!({ "eventName": "MODIFY", "dynamodb": { "Keys": key(&json!({ "S": "o-1" }), &json!({ "N": "3" })) } });
        let Record::Violation(violation) = read_json(&value) else { panic!("no violation") };
        assert_eq!((violation.sequence_number, violation.position), (None, Some(("o-1".to_owned(), 3))));
    }
}
