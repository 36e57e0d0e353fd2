//! An event of any name, version and data: a line `<name> <version>`, and JSON.

use order_domain::stored::{decode, encode, event_type};
use order_domain::{EventRef, Order, evolve};
use serde_json::Value;
use uuid::Uuid;

/// A value that represents all text that must not be logged.
const CANARY: &str = "Ada, \"Lovelace\"` of, expected London";

/// Reads an event. A valid event is also written, stored and folded.
pub fn stored_event(input: &[u8]) {
    let Some(end) = input.iter().position(|byte| *byte == b'\n') else { return };
    let (line, data) = (String::from_utf8_lossy(&input[..end]), &input[end + 1..]);
    let Some((name, version)) = line.split_once(' ') else { return };
    let (Ok(version), Ok(data)) = (version.parse::<u32>(), serde_json::from_slice::<Value>(data)) else { return };
    tells_nothing(name, version, data.clone());
    let Ok(event) = decode(name, version, data) else { return };
    assert_eq!(event_type(&event), name);
    let kept = encode(&event).unwrap();
    let attributes: serde_dynamo::AttributeValue = serde_dynamo::to_attribute_value(&kept.data).unwrap();
    let data: Value = serde_dynamo::from_attribute_value(attributes).unwrap();
    assert_eq!(data, kept.data, "native attributes hold all of an event");
    assert_eq!(decode(kept.event_type, kept.schema_version, data).unwrap(), event);
    let at = |version| EventRef { event_id: Uuid::nil(), version };
    let order = evolve(evolve(Order::default(), &event, at(1)), &event, at(2));
    let _ = (order.status(), order.payment_status(), order.fulfillment_status());
}

/// Checks that the error contains no text of the event, because the error is logged.
fn tells_nothing(name: &str, version: u32, mut data: Value) {
    replace_texts(&mut data);
    if let Err(error) = decode(name, version, data) {
        let told = error.to_string();
        assert!(!told.contains("Ada") && !told.contains("London"), "{told}");
    }
}

fn replace_texts(value: &mut Value) {
    match value {
        Value::String(text) => CANARY.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(replace_texts),
        Value::Object(members) => members.values_mut().for_each(replace_texts),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
