//! The sample events against the schema that Order Ledger publishes. A consumer in another repository takes the schema from
//! the bus's schema registry.

use serde_json::Value;

#[test]
fn the_samples_are_events_as_the_ledger_publishes_them() {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/events/OrderPlaced.v2.json")).unwrap();
    assert_eq!(schema["properties"]["dataschema"]["enum"][0], loyalty_points::order_placed::DATA_SCHEMA);
    let schema = jsonschema::validator_for(&schema).unwrap();
    for sample in [include_str!("../events/order-placed.json"), include_str!("../events/order-placed-replayed.json")] {
        let event: Value = serde_json::from_str(sample).unwrap();
        let problems: Vec<_> = schema.iter_errors(&event["detail"]).map(|problem| problem.to_string()).collect();
        assert!(problems.is_empty(), "{problems:?}");
    }
}
