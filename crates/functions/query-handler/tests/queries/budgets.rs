//! The handler on the real SDK and an embedded DynamoDB: exact numbers of requests and capacity units.

use command_handler::CommandHandler;
use embedded_dynamodb::Meter;
use event_store::{Delivered, DynamoEventStore, EventStore};
use http_api::{AuthMode, QuoteVerifier};
use order_aggregate::Orders;
use parked_orders::ParkedOrderTable;
use query_handler::QueryHandler;
use read_models::{DynamoRows, DynamoSummaries, Engine, OrderSummaryByCustomer};
use serde_json::json;
use test_support::gateway::{Call, Reply};

use crate::given::{ask, clock, database, get_order, get_totals, list_events, list_orders, readers};

/// Returns the number of requests, and the read capacity in half units.
fn cost(meter: &Meter) -> (u64, u64) {
    let reading = meter.take();
    assert_eq!(reading.write_half_units(), 0, "a query writes nothing: {reading:?}");
    (reading.total_requests(), reading.read_half_units())
}

#[tokio::test]
async fn a_query_is_a_few_small_reads_whatever_it_asks() {
    let database = database().await;
    let events = DynamoEventStore::new(database.client(), "OrderEvents");
    let items = json!([{ "sku": "MUG-WHITE", "quantity": 2, "unitPrice": 1000 }]);
    let body = json!({ "customerId": "customer-1001", "currency": "EUR", "items": items });
    let commands = CommandHandler::new(events.clone(), AuthMode::None, QuoteVerifier::without_keys(), clock);
    let Ok(response) = commands.handle(Call::to("POST /orders", &[]).body(&body).new_key().request()).await;
    let order_id = Reply::of(response).json()["orderId"].as_str().unwrap().to_owned();

    let (client, meter) = database.metered_client();
    let summaries = DynamoSummaries::new(client.clone(), "OrderSummaryByCustomer");
    let parked = ParkedOrderTable::new(client.clone(), "ParkedOrders");
    let metered = DynamoEventStore::new(client.clone(), "OrderEvents");
    let handler = QueryHandler::new(metered, readers(&client, summaries), parked, AuthMode::None);
    // The query of the index finds no row, for half a unit. The concurrent read finds no note, for a whole unit. The reply
    // is folded from the events.
    assert_eq!(ask(&handler, &get_order(&order_id)).await.status, 200);
    assert_eq!(cost(&meter), (3, 5));

    let engine: Engine<OrderSummaryByCustomer, _, _> =
        Engine::new(events.clone(), DynamoRows::new(database.client(), "OrderSummaryByCustomer"));
    let commits = EventStore::<Orders>::commits(&events, &order_id, 0, None).await.unwrap();
    let entries = commits.into_iter().map(|commit| Delivered { id: commit.version.to_string(), record: Ok(commit) });
    assert!(engine.project(entries.collect(), None).await.failed.is_empty());

    // The index returns the row's key. The row and the absence of a note are read consistently.
    assert_eq!(ask(&handler, &get_order(&order_id)).await.status, 200);
    assert_eq!(cost(&meter), (3, 5));
    // Replies that are folded from the events need no row: history, consistent reads, and details.
    for call in [
        get_order(&order_id).query("version=1"),
        get_order(&order_id).query("consistent=true"),
        get_order(&order_id).query("include=details"),
        get_order(&order_id).query("version=1&include=details"),
        list_events(&order_id),
    ] {
        assert_eq!(ask(&handler, &call).await.status, 200);
        assert_eq!(cost(&meter), (1, 2));
    }
    // A version that the order has not reached needs no further read. For a time before the order was placed, its first
    // commit is read.
    let point = |query| get_order(&order_id).query(query);
    for (call, code, requests) in [
        (point("version=99"), "version_not_reached", 1),
        (point("asOf=2000-01-01T00:00:00Z"), "not_placed_yet", 2),
        (get_order("no-such-order").query("version=1"), "order_not_found", 1),
        (get_order("no-such-order").query("asOf=2000-01-01T00:00:00Z"), "order_not_found", 2),
    ] {
        assert_eq!(ask(&handler, &call).await.problem(), (404, code.to_owned()));
        assert_eq!(cost(&meter), (requests, 2 * requests), "{code}");
    }
    // The rows or the totals are read concurrently with the notes on parked orders.
    for call in [list_orders("customer-1001"), get_totals("customer-1001")] {
        assert_eq!(ask(&handler, &call).await.status, 200);
        assert_eq!(cost(&meter), (2, 2));
    }
}
