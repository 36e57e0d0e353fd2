//! The open orders of all customers.

use std::sync::Arc;

use event_store::EventStore;
use http_api::AuthMode;
use order_aggregate::Orders;
use parked_orders::Consumer;
use query_handler::{QueryHandler, Readers};
use read_models::{
    DynamoOpenOrders, DynamoRows, OpenOrderRow, OpenOrders, OrdersByStatus, Projection, RowImages, projection,
};
use serde_json::{Value, json};
use test_support::gateway::Call;

use crate::given::{Ledger, ask, parked, readers};

const CONSUMER: Consumer = Consumer::new("OrdersByStatus");

fn open_orders() -> Call {
    Call::to("GET /orders", &[])
}

/// Stores the row of an order as its commits give it.
async fn project(ledger: &Ledger, order_id: &str) -> OpenOrderRow {
    let commits = EventStore::<Orders>::commits(&ledger.events, order_id, 0, None).await.unwrap();
    let row = commits
        .iter()
        .zip(0..)
        .fold(None, |row, (commit, version)| projection::fold::<OrdersByStatus>(row, version, commit).unwrap());
    let (row, key) = (row.unwrap(), OrdersByStatus::key(&commits[0]).unwrap());
    let rows = DynamoRows::new(ledger.database.client(), "OrdersByStatus");
    let images = RowImages::<OrdersByStatus>::images(&rows, std::slice::from_ref(&key)).await.unwrap();
    let stored = RowImages::<OrdersByStatus>::replace(&rows, &key, images.get(&key), row.version, &row).await;
    assert!(stored.unwrap());
    row
}

async fn ledger_with_a_placed_order() -> (Ledger, String) {
    let ledger = Ledger::empty().await;
    let order_id = ledger.place("customer-1001", "key").await;
    (ledger, order_id)
}

async fn listed(ledger: &Ledger, query: &str) -> Value {
    let reply = ledger.ask(&open_orders().query(query)).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()
}

#[tokio::test]
async fn an_open_order_is_listed_as_its_own_read_shows_it() {
    let (ledger, order_id) = ledger_with_a_placed_order().await;
    project(&ledger, &order_id).await;
    let page = listed(&ledger, "").await;
    let mut order = ledger.ask(&Call::to("GET /orders/{orderId}", &[("orderId", &order_id)])).await.json();
    for not_listed in ["items", "shipping", "tax", "discount", "metadata"] {
        order.as_object_mut().unwrap().remove(not_listed);
    }
    assert_eq!(page, json!({ "items": [order] }));
}

#[tokio::test]
async fn the_filters_and_the_cursor_lead_through_the_list() {
    let ledger = Ledger::empty().await;
    let mut placed = Vec::new();
    for number in 0..5 {
        let order_id = ledger.place("customer-1001", &format!("key-{number}")).await;
        project(&ledger, &order_id).await;
        placed.insert(0, order_id);
    }
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = listed(&ledger, &format!("status=placed&limit=2{cursor}")).await;
        found.extend(
            page["items"].as_array().unwrap().iter().map(|order| order["orderId"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, placed);
    assert_eq!(listed(&ledger, "toShip=true").await, json!({ "items": [] }));
    let reply = ledger.ask(&open_orders().query("status=delivered")).await;
    assert_eq!((reply.status, reply.json()["errors"][0]["code"].clone()), (400, json!("closed_status")));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_replaced_by_the_fold_of_its_events() {
    let (ledger, order_id) = ledger_with_a_placed_order().await;
    let row = project(&ledger, &order_id).await;
    let before = listed(&ledger, "").await;
    let spoilt = ledger.database.client().update_item().table_name("OrdersByStatus");
    let text = |text: String| aws_sdk_dynamodb::types::AttributeValue::S(text);
    let spoilt = spoilt.key("orderId", text(order_id)).key("placedAtOrderId", text(row.sort_key()));
    let spoilt =
        spoilt.update_expression("SET due = :due").expression_attribute_values(":due", text("much".to_owned()));
    spoilt.send().await.unwrap();
    assert_eq!(listed(&ledger, "").await, before);
}

#[tokio::test]
async fn parked_orders_make_the_list_stale() {
    let (ledger, order_id) = ledger_with_a_placed_order().await;
    project(&ledger, &order_id).await;
    ledger.park(&CONSUMER, "customer-1001", &order_id, 4).await;
    let page = listed(&ledger, "").await;
    assert_eq!(page["stale"], true);
    assert!(page["staleReason"].as_str().unwrap().starts_with("One order"), "{page}");
}

#[tokio::test]
async fn a_deployment_without_the_list_answers_404_and_an_outage_503() {
    let ledger = Ledger::empty().await;
    let client = ledger.database.client();
    let with = |open_orders: Option<Arc<dyn OpenOrders>>| {
        let rows = Readers { open_orders, ..readers(&client, ledger.rows.clone()) };
        QueryHandler::new(ledger.events.clone(), rows, parked(&ledger.database), AuthMode::None)
    };
    let reply = ask(&with(None), &open_orders()).await;
    assert_eq!(reply.problem(), (404, "open_orders_not_kept".to_owned()));
    let missing = DynamoOpenOrders::new(client.clone(), "NoSuchTable");
    let reply = ask(&with(Some(Arc::new(missing))), &open_orders()).await;
    assert_eq!(reply.problem(), (500, "internal_error".to_owned()));
}
