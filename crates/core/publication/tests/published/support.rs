//! Commits with fixed ids and times, the golden files of the domain, and validators for schemas.

use std::fs;
use std::path::{Path, PathBuf};

use event_store::{Fingerprint, RecordedEvent, Request, Tags};
use jsonschema::{Draft, Validator};
use order_aggregate::{CUSTOMER_ID, OrderCommit};
use order_domain::{Event, stored};
use publication::schema::{DetailSchema, schemas};
use serde_json::Value;

pub(crate) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").join(path)
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn read_json(path: &Path) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn updating() -> bool {
    std::env::var_os("UPDATE_SCHEMAS").is_some()
}

/// Returns the name of the files of a type and version, without extension.
pub(crate) fn stem(schema: &DetailSchema) -> String {
    format!("{}.v{}", schema.event_type, schema.schema_version)
}

pub(crate) fn golden(event_type: &str, version: u32) -> Value {
    read_json(&project("crates/core/order-domain/goldens").join(format!("{event_type}.v{version}.json")))
}

pub(crate) fn newest(event_type: &str) -> u32 {
    stored::EVENT_TYPES.iter().find(|(name, _)| *name == event_type).unwrap().1
}

/// Returns the event in a type's golden files.
pub(crate) fn event(event_type: &str) -> Event {
    let newest = newest(event_type);
    stored::decode(event_type, newest, golden(event_type, newest)).unwrap()
}

/// Returns a commit of customer-1's order, recorded `version` hours after nine o'clock.
pub(crate) fn commit(order: &str, version: u64, events: Vec<Event>) -> OrderCommit {
    let event_id = |index| format!("0190b6f0-0000-7000-8000-0000000{index:02}{version:03}").parse().unwrap();
    OrderCommit {
        aggregate_id: order.to_owned(),
        version,
        recorded_at: format!("2026-11-21T{:02}:30:00.123Z", 8 + version).parse().unwrap(),
        request: Request {
            request_id: format!("request-{version}"),
            fingerprint: Fingerprint::of(b""),
            actor: "arn:aws:iam::123456789012:role/web-shop".to_owned(),
            correlation_id: Some("checkout-1842".to_owned()),
            causation_id: None,
        },
        tags: Tags::from([(CUSTOMER_ID.to_owned(), "customer-1".to_owned())]),
        events: (0..)
            .zip(events)
            .map(|(index, event)| RecordedEvent { event_id: event_id(index), event })
            .collect::<Vec<_>>(),
    }
}

/// Returns a validator for the committed schema of a type and version.
pub(crate) fn validator(event_type: &str, version: u32) -> Validator {
    let schema = schemas().into_iter().find(|s| (s.event_type, s.schema_version) == (event_type, version)).unwrap();
    let options = jsonschema::options().with_draft(Draft::Draft4).should_validate_formats(true);
    options.build(&schema.schema).unwrap()
}

/// Returns a validator for the JSON format of CloudEvents 1.0.
pub(crate) fn cloud_events_format() -> Validator {
    let schema = read_json(&project("crates/core/publication/tests/cloudevents-1.0.schema.json"));
    jsonschema::options().with_draft(Draft::Draft7).should_validate_formats(true).build(&schema).unwrap()
}

pub(crate) fn errors(validator: &Validator, detail: &Value) -> Vec<String> {
    validator.iter_errors(detail).map(|error| format!("{error} at {}", error.instance_path())).collect()
}
