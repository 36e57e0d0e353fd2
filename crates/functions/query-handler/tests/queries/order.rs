//! The current state of one order: from the row if it is up to date, from the events if the row is missing or behind.

use serde_json::json;
use test_support::gateway::Call;

use crate::given::{Ledger, get_order, list_orders};

#[tokio::test]
async fn an_order_is_shown_with_its_version_and_the_time_of_its_last_change() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    ledger.project(&order_id, 5).await;
    let commits = ledger.commits(&order_id).await;
    let (placed, newest) = (commits[0].recorded_at, commits[4].recorded_at);
    let reply = ledger.ask(&get_order(&order_id)).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("etag"), Some("\"5\""));
    assert_eq!(reply.header("last-modified"), Some(newest.http_date().as_str()));
    assert_eq!(
        reply.json(),
        json!({
            "orderId": order_id, "customerId": "customer-1001",
            "status": "delivered", "paymentStatus": "paid", "fulfillmentStatus": "delivered",
            "currency": "EUR", "total": 2000, "shipping": 0, "tax": 0, "discount": 0, "due": 2000,
            "amountPaid": 2000, "amountRefunded": 0, "itemCount": 2, "unitsToShip": 0, "toShip": false,
            "items": [{
                "sku": "MUG-WHITE", "name": "Mug, white", "quantity": 2, "unitPrice": 1000,
                "shipped": 2, "returned": 0, "cancelled": 0,
            }],
            "placedAt": placed.to_string(), "lastUpdated": newest.to_string(), "version": 5,
        })
    );
}

#[tokio::test]
async fn an_acknowledged_order_is_found_before_its_row_is_there() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    let call = get_order(&order_id).gateway_request_id("gw-1");
    let before = ledger.ask(&call).await;
    ledger.project(&order_id, 5).await;
    assert_eq!(before.status, 200);
    assert_eq!(before, ledger.ask(&call).await);
}

#[tokio::test]
async fn a_row_shows_what_the_events_up_to_its_version_show() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    for version in 1..=5 {
        ledger.project(&order_id, version).await;
        let row = ledger.ask(&get_order(&order_id)).await;
        let mut events = ledger.ask(&get_order(&order_id).query(&format!("version={version}"))).await.json();
        assert!(events.as_object_mut().unwrap().remove("asOf").is_some());
        assert_eq!(row.json(), events);
    }
}

#[tokio::test]
async fn the_caller_s_own_write_is_shown_however_far_the_row_is_behind() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    ledger.project(&order_id, 2).await;
    let version = async |query: &str| {
        let reply = ledger.ask(&get_order(&order_id).query(query)).await;
        assert_eq!(reply.header("etag"), Some(format!("\"{}\"", reply.json()["version"]).as_str()));
        reply.json()["version"].as_u64().unwrap()
    };
    assert_eq!(version("").await, 2);
    assert_eq!(version("minVersion=2").await, 2);
    for at_least in 3..=5 {
        assert_eq!(version(&format!("minVersion={at_least}")).await, 5);
    }
}

#[tokio::test]
async fn a_version_not_reached_gets_404_with_the_current_version() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    for projected in [0, 2, 5] {
        if projected > 0 {
            ledger.project(&order_id, projected).await;
        }
        let reply = ledger.ask(&get_order(&order_id).query("minVersion=6")).await;
        assert_eq!(reply.problem(), (412, "version_mismatch".to_owned()));
        assert_eq!(reply.json()["currentVersion"], 5);
    }
}

#[tokio::test]
async fn a_caller_with_the_current_version_gets_304_without_a_body() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    let ask = async |tags: &str| ledger.ask(&get_order(&order_id).header("if-none-match", tags)).await;
    for tags in ["\"5\"", "W/\"5\"", "\"1\", \"5\"", "*"] {
        let reply = ask(tags).await;
        assert_eq!((reply.status, reply.body.as_str()), (304, ""), "{tags}");
        assert_eq!(reply.header("etag"), Some("\"5\""));
        assert!(reply.header("last-modified").is_some());
        // Without a content type, the gateway would add text/plain, and a cache would store it for its JSON.
        assert_eq!(reply.header("content-type"), Some("application/json"));
    }
    for tags in ["\"4\"", "5", "", "\"50\"", "\"05\"", "\"4,5\"", "nonsense", "\"5\", nonsense"] {
        assert_eq!(ask(tags).await.status, 200, "{tags}");
    }
}

/// The correlation id is the caller's, or else the gateway's request id.
#[tokio::test]
async fn every_reply_carries_the_correlation_id_in_force() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    let calls = [
        (200, get_order(&order_id)),
        (304, get_order(&order_id).header("if-none-match", "*")),
        (400, get_order(&order_id).query("version=0")),
        (404, get_order("no-such-order")),
        (404, Call::to("GET /nothing", &[])),
        (412, get_order(&order_id).query("minVersion=6")),
        (200, Call::to("GET /openapi.json", &[])),
    ];
    for (status, call) in calls {
        let call = call.gateway_request_id("gw-1");
        for (sent, carried) in
            [(None, "gw-1"), (Some("c-1"), "c-1"), (Some("two words,c-2"), "c-2"), (Some(""), "gw-1")]
        {
            let call = sent.map_or(call.clone(), |id| call.clone().header("x-correlation-id", id));
            let reply = ledger.ask(&call).await;
            assert_eq!((reply.status, reply.header("x-correlation-id")), (status, Some(carried)), "{}", reply.body);
        }
    }
}

#[tokio::test]
async fn an_unknown_order_is_not_found() {
    let (ledger, _) = Ledger::with_an_order().await;
    for query in ["", "minVersion=1", "version=1", "asOf=2100-01-01T00:00:00Z"] {
        let reply = ledger.ask(&get_order("no-such-order").query(query)).await;
        assert_eq!(reply.problem(), (404, "order_not_found".to_owned()), "{query}");
    }
}

#[tokio::test]
async fn a_parameter_that_makes_no_sense_is_refused() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    let queries = [
        ("minVersion=0", "out_of_range"),
        ("minVersion=-1", "out_of_range"),
        ("minVersion=1.5", "out_of_range"),
        ("version=99999999999999999999", "out_of_range"),
        ("version=9007199254740992", "out_of_range"),
        ("version=%00", "out_of_range"),
        ("version=", "out_of_range"),
        ("asOf=yesterday", "bad_timestamp"),
        ("asOf=2026-11-21", "bad_timestamp"),
        ("asOf=2026-11-21T09:30:00", "bad_timestamp"),
        ("version=1&asOf=2026-11-21T09:30:00Z", "conflicting_parameters"),
        ("version=1&version=2", "repeated_parameter"),
        ("minversion=1", "unknown_parameter"),
    ];
    for (query, code) in queries {
        let reply = ledger.ask(&get_order(&order_id).query(query)).await;
        assert_eq!(reply.problem(), (400, "invalid_request".to_owned()), "{query}");
        assert_eq!(reply.json()["errors"][0]["code"], code, "{query}");
    }
}

#[tokio::test]
async fn an_id_that_is_none_is_refused() {
    let (ledger, _) = Ledger::with_an_order().await;
    for id in ["", "#", "a/b", "..", "a\0b", "a\nb", "\u{202e}abc", &"a".repeat(65)] {
        let reply = ledger.ask(&get_order(id)).await;
        assert_eq!(reply.problem(), (400, "invalid_request".to_owned()), "{id:?}");
    }
}

#[tokio::test]
async fn an_unknown_route_is_not_found() {
    let ledger = Ledger::empty().await;
    for key in ["GET /payments", "GET /jokes", "POST /orders"] {
        let reply = ledger.ask(&Call::to(key, &[])).await;
        assert_eq!(reply.problem(), (404, "route_not_found".to_owned()), "{key}");
    }
}

#[tokio::test]
async fn the_description_of_the_api_is_served() {
    let reply = Ledger::empty().await.ask(&Call::to("GET /openapi.json", &[])).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    assert_eq!(reply.body, http_api::OPENAPI);
}

/// The row has the metadata and the state does not. Both kinds of reply show it.
#[tokio::test]
async fn reference_and_metadata_are_shown_by_every_view() {
    let ledger = Ledger::empty().await;
    let mut body = Ledger::order_body("customer-1001");
    body["reference"] = json!("#1001");
    body["metadata"] = json!({ "channel": "web", "campaign": "été" });
    let placed = ledger.command(&Call::to("POST /orders", &[]).body(&body).key("key-1")).await.json();
    let order_id = placed["orderId"].as_str().unwrap();
    let views = ["", "minVersion=1", "version=1", "asOf=9000-01-01T00:00:00Z", "consistent=true", "include=details"];
    for projected in [false, true] {
        if projected {
            ledger.project(order_id, 1).await;
        }
        for view in views {
            let order = ledger.ask(&get_order(order_id).query(view)).await.json();
            assert_eq!((&order["reference"], &order["metadata"]), (&body["reference"], &body["metadata"]), "{view}");
        }
    }
    let listed = ledger.ask(&list_orders("customer-1001")).await.json();
    assert_eq!(listed["items"][0]["metadata"], body["metadata"]);
}
