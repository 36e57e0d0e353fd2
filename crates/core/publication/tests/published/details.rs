//! Validates published details against their schemas and against CloudEvents: correct details pass, wrong ones fail.

use order_domain::stored;
use publication::cloud_events;
use publication::schema::schemas;
use serde_json::{Value, json};

use crate::examples::examples;
use crate::support::{cloud_events_format, commit, errors, event, newest, validator};

fn newest_schema_errors(detail: &Value) -> Vec<String> {
    let event_type = detail["type"].as_str().unwrap();
    errors(&validator(event_type, newest(event_type)), detail)
}

/// Returns a published detail with every optional attribute.
fn received() -> Value {
    let mut commit = commit("order-1", 2, vec![event("PaymentReceived")]);
    commit.request.causation_id = Some("message-7".to_owned());
    let mut published = cloud_events(&commit).unwrap().remove(0);
    published.replayname = Some("backfill-2026-11".to_owned());
    serde_json::to_value(published).unwrap()
}

#[test]
fn every_schema_is_a_schema_of_draft_4() {
    for schema in schemas() {
        let verdict = jsonschema::draft4::meta::validate(&schema.schema).map_err(|error| error.to_string());
        assert_eq!(verdict, Ok(()), "{} version {}", schema.event_type, schema.schema_version);
    }
}

#[test]
fn every_example_is_what_its_schema_and_cloudevents_ask_for() {
    let format = cloud_events_format();
    for (schema, (stem, example)) in schemas().iter().zip(examples()) {
        let detail = serde_json::to_value(example).unwrap();
        let found = errors(&validator(schema.event_type, schema.schema_version), &detail);
        assert!(found.is_empty(), "{stem}: {found:#?}");
        assert!(errors(&format, &detail).is_empty(), "{stem}: {:#?}", errors(&format, &detail));
    }
}

#[test]
fn every_event_that_was_ever_stored_is_published_as_the_newest_schema_asks() {
    for schema in schemas() {
        let data = crate::support::golden(schema.event_type, schema.schema_version);
        let event = stored::decode(schema.event_type, schema.schema_version, data).unwrap();
        for published in cloud_events(&commit("order-1", 7, vec![event.clone(), event])).unwrap() {
            let detail = serde_json::to_value(published).unwrap();
            assert_eq!(newest_schema_errors(&detail), [""; 0], "{detail:#}");
        }
    }
}

#[test]
fn an_event_without_its_optional_fields_is_what_its_schema_asks_for() {
    let bare = [
        (
            "OrderPlaced",
            json!({ "customerId": "c", "currency": "JPY", "total": 5, "items": [{ "sku": "a", "quantity": 1, "unitPrice": 5 }] }),
        ),
        ("PaymentReceived", json!({ "paymentId": "p", "amount": 5 })),
        ("PaymentRefunded", json!({ "refundId": "r", "paymentId": "p", "amount": 5, "reduction": 0, "due": 5 })),
        ("ItemShipped", json!({ "shipmentId": "s", "items": [{ "sku": "a", "quantity": 1 }] })),
        ("ItemReturned", json!({ "returnId": "r", "items": [{ "sku": "a", "quantity": 1 }] })),
    ];
    for (event_type, data) in bare {
        let event = stored::decode(event_type, newest(event_type), data).unwrap();
        let published = cloud_events(&commit("order-1", 1, vec![event])).unwrap().remove(0);
        assert_eq!(newest_schema_errors(&serde_json::to_value(published).unwrap()), [""; 0]);
    }
}

#[test]
fn all_attributes_together_are_what_the_schema_and_cloudevents_ask_for() {
    assert_eq!(newest_schema_errors(&received()), [""; 0]);
    assert_eq!(errors(&cloud_events_format(), &received()), [""; 0]);
}

#[test]
fn a_detail_that_lacks_what_is_always_there_is_refused() {
    let always = "specversion id source type subject time dataschema sequence customerid data";
    let judge = validator("PaymentReceived", 1);
    for attribute in always.split(' ') {
        let mut detail = received();
        detail.as_object_mut().unwrap().remove(attribute).unwrap();
        assert!(!judge.is_valid(&detail), "{attribute} was not missed");
    }
}

#[test]
fn a_detail_with_a_wrong_value_is_refused() {
    let wrong = [
        ("/specversion", json!("1.1")),
        ("/id", json!("1")),
        ("/source", json!("order-ledger")),
        ("/source", json!("order-ledger/orders/a/b")),
        ("/type", json!("OrderPlaced")),
        ("/subject", json!("")),
        ("/time", json!("2026-11-21 09:30:00")),
        ("/time", json!("2026-13-21T09:30:00.123Z")),
        ("/time", json!("2026-11-21T09:30:00.123+01:00")),
        ("/dataschema", json!("urn:order-ledger:event:PaymentReceived:2")),
        ("/sequence", json!("3")),
        ("/sequence", json!(3)),
        ("/sequence", json!("0000000003.1")),
        ("/correlationid", json!("")),
        ("/causationid", json!(null)),
        ("/customerid", json!("a#b")),
        ("/replayname", json!(null)),
        ("/data", json!([])),
        ("/data/amount", json!(-1)),
        ("/data/amount", json!("4500")),
        ("/data/method", json!(null)),
    ];
    for (pointer, value) in wrong {
        let mut detail = received();
        *detail.pointer_mut(pointer).unwrap() = value.clone();
        assert_ne!(newest_schema_errors(&detail), [""; 0], "{pointer} may not be {value}");
    }
}

#[test]
fn fields_that_a_newer_release_added_are_let_through() {
    let mut detail = received();
    detail["traceparent"] = json!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    detail["data"]["terminal"] = json!("till 4");
    assert_eq!(newest_schema_errors(&detail), [""; 0]);
    assert_eq!(errors(&cloud_events_format(), &detail), [""; 0]);
}

#[test]
fn attributes_that_cloudevents_forbids_are_rejected() {
    let wrong = [
        ("id", json!("")),
        ("source", json!("order ledger")),
        ("specversion", json!("0.3")),
        ("type", json!(7)),
        ("dataschema", json!("events/PaymentReceived")),
        ("time", json!("yesterday")),
        ("subject", json!("")),
        ("correlationId", json!("a capital letter")),
        ("correlation_id", json!("an underscore")),
        ("attempt", json!(1.5)),
        ("attempt", json!(3_000_000_000_u64)),
        ("labels", json!(["a"])),
        ("labels", json!({ "a": 1 })),
        ("causationid", json!(null)),
        ("data_base64", json!("eA==")),
    ];
    let format = cloud_events_format();
    for (attribute, value) in wrong {
        let mut detail = received();
        detail[attribute] = value.clone();
        assert!(!format.is_valid(&detail), "{attribute} may not be {value}");
    }
    for attribute in ["id", "source", "specversion", "type"] {
        let mut detail = received();
        detail.as_object_mut().unwrap().remove(attribute);
        assert!(!format.is_valid(&detail), "{attribute} was not missed");
    }
}
