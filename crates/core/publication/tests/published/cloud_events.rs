//! The conversion of a commit into CloudEvents.

use order_domain::event::{OrderCancelled, PaymentReceived};
use order_domain::values::{Amount, PaymentId, Text};
use order_domain::{Event, stored};
use publication::cloud_event::{SPEC_VERSION, sequence};
use publication::{Unpublishable, cloud_events};
use serde_json::json;

use crate::support::commit;

fn received(id: &str) -> Event {
    let (payment_id, amount) = (PaymentId::parse(id).unwrap(), Amount::new(4500).unwrap());
    Event::PaymentReceived(PaymentReceived { payment_id, amount, method: None })
}

fn cancelled() -> Event {
    let reason = Text::parse("changed my mind").unwrap();
    Event::OrderCancelled(OrderCancelled { due: Amount::ZERO, reason, reason_code: None })
}

#[test]
fn an_event_is_published_with_all_that_its_commit_knows_but_the_actor() {
    let published = cloud_events(&commit("order-1", 3, vec![received("p1")])).unwrap();
    let detail = serde_json::to_value(&published).unwrap();
    let expected = json!([{
        "specversion": SPEC_VERSION,
        "id": "0190b6f0-0000-7000-8000-000000000003",
        "source": "order-ledger/orders/order-1",
        "type": "PaymentReceived",
        "subject": "order-1",
        "time": "2026-11-21T11:30:00.123Z",
        "dataschema": "urn:order-ledger:event:PaymentReceived:1",
        "sequence": "0000000003",
        "correlationid": "checkout-1842",
        "customerid": "customer-1",
        "data": { "paymentId": "p1", "amount": 4500 },
    }]);
    assert_eq!(detail, expected);
}

#[test]
fn the_events_of_one_commit_keep_their_order_and_differ_in_id_and_sequence() {
    let published = cloud_events(&commit("order-1", 3, vec![received("p1"), received("p2"), cancelled()])).unwrap();
    let types: Vec<&str> = published.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(types, ["PaymentReceived", "PaymentReceived", "OrderCancelled"]);
    let sequences: Vec<&str> = published.iter().map(|event| event.sequence.as_str()).collect();
    assert_eq!(sequences, ["0000000003", "0000000003.001", "0000000003.002"]);
    let [first, second, third] = published.as_slice() else { panic!("three events, three entries") };
    assert!(first.id != second.id && second.id != third.id && first.id != third.id);
}

#[test]
fn sequences_sort_as_text_as_the_events_happened() {
    let happened = [(1, 0), (1, 1), (1, 10), (2, 0), (9, 999), (10, 0), (10, 2), (99, 0), (9_999_999_999, 0)];
    let texts: Vec<String> = happened.iter().map(|&(version, index)| sequence(version, index)).collect();
    assert!(texts.is_sorted_by(|a, b| a < b), "{texts:?}");
}

/// The request's id may be the client's `Idempotency-Key`, with which the request can be repeated.
#[test]
fn a_request_id_is_never_published() {
    let mut alone = commit("order-1", 2, vec![received("p1")]);
    alone.request.correlation_id = None;
    let detail = serde_json::to_value(&cloud_events(&alone).unwrap()[0]).unwrap();
    assert_eq!(detail.get("correlationid"), None);
    assert!(!detail.to_string().contains("request-2"), "{detail}");
}

#[test]
fn a_cause_is_named_when_it_is_known_and_otherwise_absent() {
    let mut caused = commit("order-1", 2, vec![received("p1")]);
    let detail = serde_json::to_value(&cloud_events(&caused).unwrap()[0]).unwrap();
    assert_eq!(detail.get("causationid"), None);
    caused.request.causation_id = Some("message-7".to_owned());
    let detail = serde_json::to_value(&cloud_events(&caused).unwrap()[0]).unwrap();
    assert_eq!(detail["causationid"], "message-7");
}

#[test]
fn an_event_that_was_stored_long_ago_is_published_in_its_newest_version() {
    let stored = stored::decode("OrderPlaced", 1, crate::support::golden("OrderPlaced", 1)).unwrap();
    let published = cloud_events(&commit("order-1", 1, vec![stored])).unwrap();
    assert_eq!(published[0].dataschema, "urn:order-ledger:event:OrderPlaced:2");
    assert_eq!(published[0].data["total"], 4500);
}

#[test]
fn a_commit_that_names_no_customer_cannot_be_published() {
    let mut anonymous = commit("order-1", 2, vec![received("p1")]);
    anonymous.tags.clear();
    assert!(matches!(cloud_events(&anonymous), Err(Unpublishable::NoCustomer)));
}
