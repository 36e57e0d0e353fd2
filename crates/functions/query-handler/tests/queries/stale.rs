//! The staleness of replies about parked orders, whose rows no longer follow their events.

use http_api::AuthMode;
use parked_orders::Consumer;
use serde_json::{Value, json};
use test_support::gateway::Reply;

use crate::given::{Ledger, SUMMARY_CONSUMER, TOTALS_CONSUMER, ask, get_order, get_totals, list_orders};

const CUSTOMER: &str = "customer-1001";

/// Returns the staleness of a reply, or of an order in a list, with the reason.
#[track_caller]
fn reason(said: &Value) -> Option<String> {
    let reason = said["staleReason"].as_str().map(str::to_owned);
    assert_eq!(said.get("stale"), reason.as_ref().map(|_| &json!(true)), "{said}");
    reason
}

fn from_version(version: u64) -> Option<String> {
    Some(format!("Versions from {version} on are not shown yet: version {version} could not be processed."))
}

fn one_order() -> Option<String> {
    let sentence = "One order is not shown as it is now, or not at all: a version of it could not be processed.";
    Some(sentence.to_owned())
}

/// Creates an order at version 5. Its row is at version 3, and it is parked at version 4.
async fn parked_at_4() -> (Ledger, String) {
    let (ledger, order_id) = Ledger::with_an_order().await;
    ledger.project(&order_id, 3).await;
    ledger.park(&SUMMARY_CONSUMER, CUSTOMER, &order_id, 4).await;
    (ledger, order_id)
}

#[tokio::test]
async fn a_parked_order_is_stale_and_its_internal_reason_is_not_shown() {
    let (ledger, order_id) = parked_at_4().await;
    for query in ["", "minVersion=1", "minVersion=3"] {
        let reply = ledger.ask(&get_order(&order_id).query(query)).await;
        assert_eq!((reply.status, &reply.json()["version"]), (200, &json!(3)));
        assert_eq!(reason(&reply.json()), from_version(4));
        assert!(!reply.body.contains("secret"), "{}", reply.body);
    }
}

#[tokio::test]
async fn a_stale_order_is_returned_with_200_for_a_matching_if_none_match() {
    let (ledger, order_id) = parked_at_4().await;
    for tags in ["\"3\"", "W/\"3\"", "*"] {
        let reply = ledger.ask(&get_order(&order_id).header("if-none-match", tags)).await;
        assert_eq!((reply.status, reason(&reply.json())), (200, from_version(4)), "{tags}");
        assert_eq!((reply.header("etag"), reply.header("last-modified")), (None, None));
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn a_reply_folded_from_the_events_is_not_stale() {
    let (ledger, order_id) = parked_at_4().await;
    for (query, version) in [("minVersion=4", 5), ("version=3", 3), ("asOf=2100-01-01T00:00:00Z", 5)] {
        let reply = ledger.ask(&get_order(&order_id).query(query)).await;
        assert_eq!((&reply.json()["version"], reason(&reply.json())), (&json!(version), None), "{query}");
        assert!(reply.header("etag").is_some());
    }
    let unprojected = ledger.place(CUSTOMER, "key-2").await;
    ledger.park(&SUMMARY_CONSUMER, CUSTOMER, &unprojected, 1).await;
    let reply = ledger.ask(&get_order(&unprojected)).await;
    assert_eq!((reply.status, reason(&reply.json())), (200, None));
}

#[tokio::test]
async fn a_row_that_has_reached_the_parked_version_is_not_stale() {
    let (ledger, order_id) = parked_at_4().await;
    for version in [4, 5] {
        ledger.project(&order_id, version).await;
        let order = ledger.ask(&get_order(&order_id)).await;
        assert_eq!((reason(&order.json()), order.header("etag").is_some()), (None, true));
        let list = ledger.ask(&list_orders(CUSTOMER)).await.json();
        assert_eq!((reason(&list), reason(&list["items"][0])), (None, None));
    }
}

#[tokio::test]
async fn a_row_behind_the_held_versions_is_stale() {
    let (ledger, order_id) = parked_at_4().await;
    ledger.park_up_to(5, &SUMMARY_CONSUMER, CUSTOMER, &order_id, 4).await;
    ledger.project(&order_id, 4).await;
    let behind = Some("Versions from 5 on are not shown yet.".to_owned());
    let order = ledger.ask(&get_order(&order_id)).await;
    assert_eq!((reason(&order.json()), order.header("etag")), (behind.clone(), None));
    let list = ledger.ask(&list_orders(CUSTOMER)).await.json();
    assert_eq!((reason(&list), reason(&list["items"][0])), (one_order(), behind));
    ledger.project(&order_id, 5).await;
    assert_eq!(reason(&ledger.ask(&get_order(&order_id)).await.json()), None);
}

#[tokio::test]
async fn a_list_marks_its_parked_orders_and_itself() {
    let (ledger, parked) = parked_at_4().await;
    let healthy = ledger.place(CUSTOMER, "key-2").await;
    ledger.project(&healthy, 1).await;
    let reply = ledger.ask(&list_orders(CUSTOMER)).await;
    let list = reply.json();
    assert_eq!((list["items"][0]["orderId"].as_str(), reason(&list["items"][0])), (Some(healthy.as_str()), None));
    let marked = (list["items"][1]["orderId"].as_str(), reason(&list["items"][1]));
    assert_eq!(marked, (Some(parked.as_str()), from_version(4)));
    assert_eq!(reason(&list), one_order());
    assert!(!reply.body.contains("secret"), "{}", reply.body);
}

#[tokio::test]
async fn a_list_is_stale_for_parked_orders_that_it_does_not_show() {
    let (ledger, _) = parked_at_4().await;
    let newest = ledger.place(CUSTOMER, "key-2").await;
    ledger.project(&newest, 1).await;
    for query in ["limit=1", "status=placed", "status=cancelled"] {
        let list = ledger.ask(&list_orders(CUSTOMER).query(query)).await.json();
        assert_eq!(reason(&list), one_order(), "{query}");
        assert!(list["items"].as_array().unwrap().iter().all(|order| reason(order).is_none()), "{query}");
    }
    let without_row = ledger.place(CUSTOMER, "key-3").await;
    ledger.park(&SUMMARY_CONSUMER, CUSTOMER, &without_row, 1).await;
    let both = "2 orders are not shown as they are now, or not at all: a version of each could not be processed.";
    assert_eq!(reason(&ledger.ask(&list_orders(CUSTOMER)).await.json()).as_deref(), Some(both));
}

#[tokio::test]
async fn orders_parked_for_another_consumer_or_customer_make_nothing_stale() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    ledger.project(&order_id, 3).await;
    for consumer in [TOTALS_CONSUMER, Consumer::PUBLISHER] {
        ledger.park(&consumer, CUSTOMER, &order_id, 4).await;
    }
    ledger.park(&SUMMARY_CONSUMER, "customer-2002", "another-order", 1).await;
    assert_not_stale(&ledger.ask(&get_order(&order_id)).await);
    assert_not_stale(&ledger.ask(&list_orders(CUSTOMER)).await);
}

#[tokio::test]
async fn an_order_parked_without_its_customer_id_is_stale() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    ledger.project(&order_id, 3).await;
    ledger.park(&SUMMARY_CONSUMER, "", &order_id, 4).await;
    assert_eq!(reason(&ledger.ask(&get_order(&order_id)).await.json()), from_version(4));
}

#[tokio::test]
async fn a_note_that_cannot_be_read_makes_its_order_stale_and_no_query_fail() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    ledger.project(&order_id, 3).await;
    let healthy = ledger.place(CUSTOMER, "key-2").await;
    ledger.project(&healthy, 1).await;
    for consumer in [SUMMARY_CONSUMER, TOTALS_CONSUMER] {
        ledger.put_unreadable_note(&consumer, CUSTOMER, &order_id).await;
    }
    assert_eq!(reason(&ledger.ask(&get_order(&order_id)).await.json()), one_order());
    assert_not_stale(&ledger.ask(&get_order(&healthy)).await);
    let list = ledger.ask(&list_orders(CUSTOMER)).await.json();
    assert_eq!((reason(&list), reason(&list["items"][0])), (one_order(), None));
    assert_eq!(reason(&list["items"][1]), one_order());
    assert!(reason(&ledger.ask(&get_totals(CUSTOMER)).await.json()).is_some());
}

#[tokio::test]
async fn totals_are_stale_while_an_order_is_parked_by_customer_totals() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    ledger.total(&order_id).await;
    for consumer in [SUMMARY_CONSUMER, Consumer::PUBLISHER] {
        ledger.park(&consumer, CUSTOMER, &order_id, 4).await;
    }
    ledger.park(&TOTALS_CONSUMER, "customer-2002", "another-order", 1).await;
    assert_not_stale(&ledger.ask(&get_totals(CUSTOMER)).await);

    ledger.park(&TOTALS_CONSUMER, CUSTOMER, &order_id, 6).await;
    let reply = ledger.ask(&get_totals(CUSTOMER)).await;
    let sentence = "One order is not counted as it is now, or not at all: a version of it could not be processed.";
    assert_eq!(reason(&reply.json()).as_deref(), Some(sentence));
    assert_eq!(reply.json()["totals"][0]["gross"], 2000);
    assert!(!reply.body.contains("secret"), "{}", reply.body);
}

#[track_caller]
fn assert_not_stale(reply: &Reply) {
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(!reply.body.contains("stale"), "{}", reply.body);
}

#[tokio::test]
async fn callers_without_access_do_not_learn_that_an_order_is_parked() {
    let (ledger, order_id) = parked_at_4().await;
    ledger.park(&TOTALS_CONSUMER, CUSTOMER, &order_id, 4).await;
    let handler = ledger.handler(AuthMode::Jwt);
    let calls = [
        (get_order(&order_id), "order_not_found"),
        (list_orders(CUSTOMER), "forbidden"),
        (get_totals(CUSTOMER), "forbidden"),
    ];
    for (call, code) in calls {
        let reply = ask(&handler, &call.token_of("customer-2002", "orders:read")).await;
        assert_eq!(reply.problem().1, code);
        assert!(!reply.body.contains("stale"), "{}", reply.body);
    }
}
