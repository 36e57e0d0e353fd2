//! One example for each type and version, as it was published when that version was the newest.

use publication::cloud_event::data_schema;
use publication::schema::{DetailSchema, schemas};
use publication::{CloudEvent, cloud_events};
use std::collections::BTreeSet;

use crate::support::{commit, event, golden, newest, stem};

/// Returns the examples by the stem of their files. `cloud_events` generates those of the newest versions from a
/// commit.
pub(crate) fn examples() -> Vec<(String, CloudEvent)> {
    schemas().iter().map(|schema| (stem(schema), example(schema))).collect()
}

fn example(schema: &DetailSchema) -> CloudEvent {
    let (order, version) = place_in_story(schema.event_type);
    let today = cloud_events(&commit(order, version, vec![event(schema.event_type)])).unwrap().remove(0);
    if schema.schema_version == newest(schema.event_type) {
        return today;
    }
    CloudEvent {
        dataschema: data_schema(schema.event_type, schema.schema_version),
        data: golden(schema.event_type, schema.schema_version),
        ..today
    }
}

/// Arranges the golden files as the story of an order. The story leaves out version 4, a payment of the 450 that the
/// correction left open. Each event that does not fit into the story follows the placing of another order.
fn place_in_story(event_type: &str) -> (&'static str, u64) {
    let order = "7c1f8f7e-3c0b-5d0f-9b35-6f0c3f1e2a10";
    match event_type {
        "OrderPlaced" => (order, 1),
        "PaymentReceived" => (order, 2),
        "PaymentCorrected" => (order, 3),
        "ItemShipped" => (order, 5),
        "ItemDelivered" => (order, 6),
        "ItemReturned" => (order, 7),
        "PaymentRefunded" => (order, 8),
        "ItemsCancelled" => ("b51c7a70-93f1-5d2c-9a35-2d2f5b8e4c33", 2),
        "OrderCancelled" => ("e2b0c6f4-58a9-5b0e-8d6c-0c9f6a7d1b22", 2),
        _ => ("0d9f4b3a-7e61-5c48-8f27-4a1d6e9c3b55", 2),
    }
}

#[test]
fn examples_of_different_types_have_different_positions() {
    let types: BTreeSet<_> = schemas().iter().map(|it| it.event_type).collect();
    let positions: BTreeSet<_> = types.iter().map(|event_type| place_in_story(event_type)).collect();
    assert_eq!(positions.len(), types.len(), "give the second event without an entry its own place");
}

#[test]
fn the_correction_names_the_receipt_that_it_corrects() {
    let examples = examples();
    let find = |stem: &str| &examples.iter().find(|(name, _)| name == stem).unwrap().1;
    let corrected = &find("PaymentCorrected.v1").data["correctsEventId"];
    assert_eq!(corrected, &find("PaymentReceived.v1").id.to_string());
}
