//! Every row of the contract's table of replies.

use command_handler::CommandHandler;
use event_store::{StoreError, TableError, Timestamp};
use http_api::{AuthMode, QuoteVerifier};
use serde_json::json;
use test_support::failing_store::FailingStore;
use test_support::gateway::Call;

use crate::order_life::{
    cancel, correct, deliver, handler, life_after_placing, open_handler, pay, place_order, placed, send, ship,
};
use crate::stores::{Counted, Crowded};

#[tokio::test]
async fn a_new_order_is_created_with_its_location_and_version() {
    let clock = || Timestamp::from_epoch_ms(1_795_253_400_123).unwrap();
    let handler = CommandHandler::new(Counted::default(), AuthMode::None, QuoteVerifier::without_keys(), clock);
    let reply = send(&handler, &place_order()).await;
    let body = reply.json();
    let order_id = body["orderId"].as_str().unwrap();
    assert_eq!(reply.status, 201);
    assert_eq!(reply.header("etag"), Some("\"1\""));
    assert_eq!(reply.header("location"), Some(format!("/orders/{order_id}").as_str()));
    assert_eq!(reply.header("idempotent-replayed"), None);
    let event = &body["events"][0];
    assert_eq!(
        body,
        json!({
            "orderId": order_id, "version": 1,
            "status": "placed", "paymentStatus": "unpaid", "fulfillmentStatus": "unfulfilled",
            "events": [{
                "eventId": event["eventId"], "eventType": "OrderPlaced", "version": 1,
                "recordedAt": "2026-11-21T09:30:00.123Z", "data": event["data"],
            }],
        })
    );
    assert_eq!(event["data"]["total"], 7246);
}

#[tokio::test]
async fn every_command_of_an_order_gets_201_and_the_next_version() {
    let (handler, store) = open_handler();
    let order_id = placed(&handler).await;
    for (version, (event_type, call)) in (2_u64..).zip(life_after_placing(&order_id)) {
        let reply = send(&handler, &call).await;
        let body = reply.json();
        assert_eq!(reply.status, 201, "{event_type}: {body}");
        assert_eq!(reply.header("etag"), Some(format!("\"{version}\"").as_str()));
        assert_eq!(reply.header("location"), None);
        assert_eq!((&body["orderId"], &body["version"]), (&json!(order_id), &json!(version)));
        assert_eq!(body["events"][0]["eventType"], event_type);
        assert_eq!(body["events"][0]["version"], version);
    }
    assert_eq!(store.appended(), 14);
}

#[tokio::test]
async fn a_repeated_payment_gets_200_with_the_event_that_recorded_it() {
    let (handler, store) = open_handler();
    let order_id = placed(&handler).await;
    let first = send(&handler, &pay(&order_id, "payment-1", 7246)).await;
    send(&handler, &ship(&order_id, "shipment-1", "CAP-RED", 1)).await;
    let again = send(&handler, &pay(&order_id, "payment-1", 7246)).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.header("etag"), Some("\"3\""));
    assert_eq!(again.header("idempotent-replayed"), None);
    assert_eq!(again.json()["events"], first.json()["events"]);
    assert_eq!(store.appended(), 3);
}

#[tokio::test]
async fn a_matching_version_is_accepted_and_another_gets_the_current_one() {
    let (handler, store) = open_handler();
    let order_id = placed(&handler).await;
    let stale = send(&handler, &cancel(&order_id).header("if-match", "\"2\"")).await;
    assert_eq!(stale.problem(), (412, "version_mismatch".to_owned()));
    assert_eq!(stale.json()["currentVersion"], 1);
    assert_eq!(store.appended(), 1);
    let matching = send(&handler, &cancel(&order_id).header("if-match", "\"1\"")).await;
    assert_eq!(matching.status, 201);
}

#[tokio::test]
async fn if_match_takes_a_list_and_compares_strongly() {
    let (handler, _) = open_handler();
    let order_id = placed(&handler).await;
    let pay = |id: &str, tags: &str| pay(&order_id, id, 1).header("if-match", tags);
    for tags in ["W/\"1\"", "\"001\"", "\"2\", \"3\"", "\"1,2\"", "\"\"", "\"99999999999999999999999\""] {
        let reply = send(&handler, &pay("payment-1", tags)).await;
        assert_eq!(reply.problem(), (412, "version_mismatch".to_owned()), "{tags}");
        assert_eq!(reply.json()["currentVersion"], 1, "{tags}");
    }
    for (id, tags) in [("payment-1", "\"7\", \"1\""), ("payment-2", "*"), ("payment-3", "W/\"3\", \"3\"")] {
        assert_eq!(send(&handler, &pay(id, tags)).await.status, 201, "{tags}");
    }
}

/// The correlation id is the caller's, or else the gateway's request id.
#[tokio::test]
async fn every_reply_carries_the_correlation_id_in_force() {
    let (open, store) = open_handler();
    let order_id = placed(&open).await;
    let calls = [
        (201, pay(&order_id, "payment-1", 1).key("k")),
        (201, pay(&order_id, "payment-1", 1).key("k")),
        (200, pay(&order_id, "payment-1", 1)),
        (400, place_order().text("{")),
        (400, place_order().without("idempotency-key")),
        (404, cancel("no-such-order")),
        (404, Call::to("GET /nothing", &[])),
        (409, ship(&order_id, "shipment-1", "CAP-RED", 1)),
        (412, cancel(&order_id).header("if-match", "\"9\"")),
        (413, place_order().text(&" ".repeat(256 * 1024 + 1))),
        (415, place_order().header("content-type", "text/plain")),
        (422, pay(&order_id, "payment-1", 2).key("k")),
    ];
    for (status, call) in calls {
        let call = call.gateway_request_id("gw-1");
        for (sent, carried) in
            [(None, "gw-1"), (Some("c-1"), "c-1"), (Some("two words,c-2"), "c-2"), (Some(""), "gw-1")]
        {
            let call = sent.map_or(call.clone(), |id| call.clone().header("x-correlation-id", id));
            let reply = send(&open, &call).await;
            assert_eq!((reply.status, reply.header("x-correlation-id")), (status, Some(carried)), "{}", reply.body);
        }
    }
    let closed = send(&handler(store, AuthMode::Iam), &place_order().gateway_request_id("gw-2")).await;
    assert_eq!((closed.status, closed.header("x-correlation-id")), (401, Some("gw-2")));
}

#[tokio::test]
async fn a_business_refusal_names_the_numbers_it_was_decided_on() {
    let (handler, store) = open_handler();
    let order_id = placed(&handler).await;
    let unpaid = send(&handler, &ship(&order_id, "shipment-1", "CAP-RED", 1)).await;
    assert_eq!(unpaid.problem(), (409, "not_paid".to_owned()));
    send(&handler, &pay(&order_id, "payment-1", 7246)).await;
    let too_many = send(&handler, &ship(&order_id, "shipment-1", "CAP-RED", 2)).await;
    assert_eq!(too_many.problem(), (409, "quantity_exceeds_shippable".to_owned()));
    let problem = too_many.json();
    assert_eq!(problem["sku"], "CAP-RED");
    assert_eq!((&problem["ordered"], &problem["shipped"], &problem["requested"]), (&json!(1), &json!(0), &json!(2)));
    assert_eq!(too_many.header("retry-after"), None);
    assert_eq!(store.appended(), 2);
}

#[tokio::test]
async fn an_order_that_comes_to_less_than_nothing_is_refused() {
    let (handler, store) = open_handler();
    let call = Call::to("POST /orders", &[]).body(&json!({
        "customerId": "customer-1001", "currency": "EUR", "discount": 100,
        "items": [{ "sku": "CAP-RED", "quantity": 1, "unitPrice": 99 }],
    }));
    let call = call.new_key();
    assert_eq!(send(&handler, &call).await.problem(), (409, "total_negative".to_owned()));
    assert_eq!(store.appended(), 0);
}

#[tokio::test]
async fn every_command_on_an_unknown_order_is_not_found() {
    let (handler, store) = open_handler();
    for (_, call) in life_after_placing("no-such-order").into_iter().chain([("", cancel("no-such-order"))]) {
        let reply = send(&handler, &call.header("if-match", "\"0\"")).await;
        assert_eq!(reply.problem(), (404, "order_not_found".to_owned()));
    }
    assert_eq!(store.appended(), 0);
}

#[tokio::test]
async fn every_error_of_a_request_is_named_at_once() {
    let (handler, store) = open_handler();
    let order_id = placed(&handler).await;
    let body = json!({ "shipmentId": "#", "items": [{ "sku": "CAP-RED", "quantity": 0 }], "carier": "DHL" });
    let call = Call::to("POST /orders/{orderId}/shipments", &[("orderId", &order_id)]).body(&body);
    let reply = send(&handler, &call.header("if-match", "3")).await;
    assert_eq!(reply.problem(), (400, "invalid_request".to_owned()));
    let errors = reply.json()["errors"].clone();
    let named: Vec<_> = errors.as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap()).collect();
    assert_eq!(named, ["bad_header", "bad_id", "out_of_range", "unknown_field"], "{errors}");
    assert_eq!(store.appended(), 1);
}

#[tokio::test]
async fn a_body_over_the_limit_is_too_large() {
    let (handler, store) = open_handler();
    let call = place_order().text(&" ".repeat(256 * 1024 + 1));
    assert_eq!(send(&handler, &call).await.problem(), (413, "body_too_large".to_owned()));
    assert_eq!(store.appended(), 0);
}

#[tokio::test]
async fn an_unknown_route_is_not_found() {
    let (handler, _) = open_handler();
    for key in ["POST /orders/{orderId}/jokes", "DELETE /orders/{orderId}", "GET /orders/{orderId}"] {
        let reply = send(&handler, &Call::to(key, &[("orderId", "o-1")])).await;
        assert_eq!(reply.problem(), (404, "route_not_found".to_owned()), "{key}");
    }
}

#[tokio::test]
async fn a_route_is_found_by_its_path_where_the_gateway_names_none() {
    let (handler, _) = open_handler();
    let order_id = placed(&handler).await;
    let call = pay(&order_id, "payment-1", 1).with("/requestContext/routeKey", json!("$default"));
    assert_eq!(send(&handler, &call).await.status, 201);
}

#[tokio::test]
async fn a_body_that_the_gateway_encoded_is_decoded() {
    let (handler, _) = open_handler();
    let order_id = placed(&handler).await;
    // The JSON text {"reason":"Ordered by mistake"}.
    let call =
        cancel(&order_id).text("eyJyZWFzb24iOiJPcmRlcmVkIGJ5IG1pc3Rha2UifQ==").with("/isBase64Encoded", json!(true));
    assert_eq!(send(&handler, &call).await.status, 201);
}

#[tokio::test]
async fn a_command_that_loses_every_race_is_answered_503_and_may_be_retried() {
    let store = Crowded::default();
    let order_id = placed(&handler(store.inner.clone(), AuthMode::None)).await;
    let reply = send(&handler(store, AuthMode::None), &pay(&order_id, "payment-1", 1)).await;
    assert_eq!(reply.problem(), (503, "contention".to_owned()));
    assert_eq!(reply.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn an_outage_is_a_503_that_says_when_to_retry() {
    let out = FailingStore(|| TableError::unavailable("Query", "socket 10.0.0.1 closed").into());
    let handler = handler(out, AuthMode::None);
    for call in [place_order(), deliver("o-1", "shipment-1")] {
        let reply = send(&handler, &call).await;
        assert_eq!(reply.problem(), (503, "unavailable".to_owned()));
        assert_eq!(reply.header("retry-after"), Some("1"));
        assert!(!reply.body.contains("10.0.0.1"), "{}", reply.body);
    }
}

#[tokio::test]
async fn an_internal_error_is_a_500_without_details() {
    let faults: [fn() -> StoreError; 2] = [
        || TableError::refused("PutItem", "table secret-table is missing").into(),
        || StoreError::Unwritable { aggregate_id: "o-1".into(), version: 3, source: "secret-table".into() },
    ];
    for fault in faults {
        let reply = send(&handler(FailingStore(fault), AuthMode::None), &correct("o-1", "payment-1", 1)).await;
        assert_eq!(reply.problem(), (500, "internal_error".to_owned()));
        assert!(!reply.body.contains("secret") && !reply.body.contains("o-1"), "{}", reply.body);
    }
}

#[tokio::test]
async fn a_command_on_an_order_that_cannot_be_read_is_500_and_names_the_version() {
    let unreadable = || StoreError::Unreadable { aggregate_id: "o-1".into(), version: 3, source: "secret".into() };
    for call in [correct("o-1", "payment-1", 1), cancel("o-1"), place_order()] {
        let reply = send(&handler(FailingStore(unreadable), AuthMode::None), &call).await;
        assert_eq!(reply.problem(), (500, "order_unreadable".to_owned()));
        assert_eq!(reply.json()["version"], 3);
        assert!(!reply.body.contains("secret"), "{}", reply.body);
    }
}

#[tokio::test]
async fn a_problem_carries_the_gateway_s_request_id() {
    let (handler, _) = open_handler();
    let call = cancel("no-such-order").key("a-key").gateway_request_id("JKJaXmPLvHcESHA=");
    assert_eq!(send(&handler, &call).await.json()["requestId"], "JKJaXmPLvHcESHA=");
}
