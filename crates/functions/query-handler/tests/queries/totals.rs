//! The totals of a customer's orders.

use function_setup::{Config, QueryConfig};
use query_handler::QueryHandler;
use serde_json::{Value, json};
use test_support::gateway::Call;

use crate::given::{Ledger, ask, get_totals, list_orders};

/// Places an order in that currency, sends these commands for it, and adds it to the totals.
async fn order(ledger: &Ledger, key: &str, currency: &str, commands: &[(&str, Value)]) -> Value {
    let items = json!([{ "sku": "MUG-WHITE", "quantity": 1, "unitPrice": 1000 }]);
    let body = json!({ "customerId": "customer-1001", "currency": currency, "items": items });
    let placed = ledger.command(&Call::to("POST /orders", &[]).body(&body).key(key)).await.json();
    let order_id = placed["orderId"].as_str().unwrap();
    for (route, body) in commands {
        let parameters = [("orderId", order_id), ("paymentId", "payment-1")];
        let reply =
            ledger.command(&Call::to(&format!("POST /orders/{{orderId}}/{route}"), &parameters).body(body)).await;
        assert_eq!(reply.status, 201, "{}", reply.body);
    }
    ledger.total(order_id).await;
    json!({ "orderId": order_id, "placedAt": placed["events"][0]["recordedAt"] })
}

#[tokio::test]
async fn totals_count_corrections_refunds_and_cancellations_by_currency() {
    let ledger = Ledger::empty().await;
    let pay = ("payments", json!({ "paymentId": "payment-1", "amount": 1000 }));
    let correct =
        ("payments/{paymentId}/corrections", json!({ "correctionId": "c", "amount": 900, "reason": "mistyped" }));
    let refund = ("refunds", json!({ "refundId": "refund-1", "paymentId": "payment-1", "amount": 250 }));
    let cancel = ("cancellation", json!({ "reason": "ordered twice" }));
    let dollars = order(&ledger, "key-1", "USD", &[]).await;
    let first = order(&ledger, "key-2", "EUR", &[pay.clone(), refund]).await;
    order(&ledger, "key-3", "EUR", &[pay, correct]).await;
    let last = order(&ledger, "key-4", "EUR", &[cancel]).await;

    let reply = ledger.ask(&get_totals("customer-1001")).await;
    assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")));
    assert_eq!(
        reply.json(),
        json!({
            "customerId": "customer-1001",
            "totals": [
                {
                    "currency": "EUR", "orders": 3, "gross": 1900, "refunded": 250, "net": 1650,
                    "firstOrder": first, "lastOrder": last,
                },
                {
                    "currency": "USD", "orders": 1, "gross": 0, "refunded": 0, "net": 0,
                    "firstOrder": dollars, "lastOrder": dollars,
                },
            ],
        })
    );
}

#[tokio::test]
async fn an_unknown_customer_has_no_totals() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    ledger.total(&order_id).await;
    let reply = ledger.ask(&get_totals("customer-9")).await;
    assert_eq!((reply.status, reply.json()), (200, json!({ "customerId": "customer-9", "totals": [] })));
}

#[tokio::test]
async fn totals_take_no_parameter() {
    let ledger = Ledger::empty().await;
    let reply = ledger.ask(&get_totals("customer-1001").query("limit=5")).await;
    assert_eq!(reply.problem(), (400, "invalid_request".to_owned()));
    assert_eq!(ledger.ask(&get_totals("customer#1")).await.problem(), (400, "invalid_request".to_owned()));
}

/// Returns the configuration of a deployment without totals, on the template's tables.
fn without_totals(auth_mode: &str) -> QueryConfig {
    let variables = |name: &str| match name {
        "EVENTS_TABLE" => Some("OrderEvents"),
        "SUMMARY_TABLE" => Some("OrderSummaryByCustomer"),
        "CUSTOMER_TOTALS" => Some("false"),
        "TOTALS_TABLE" => Some("CustomerTotals"),
        "ORDERS_BY_STATUS" => Some("false"),
        "PARKED_TABLE" => Some("ParkedOrders"),
        "AUTH_MODE" => Some(auth_mode),
        "CUSTOMER_CLAIM" => Some("sub"),
        "LOG_LEVEL" => Some("info"),
        _ => None,
    };
    QueryConfig::from_variables(|name| variables(name).map(str::to_owned)).unwrap()
}

#[tokio::test]
async fn totals_that_are_not_kept_are_404_without_a_read() {
    let (ledger, order_id) = Ledger::with_an_order().await;
    ledger.total(&order_id).await;
    let (client, meter) = ledger.database.metered_client();
    let handler = QueryHandler::on_dynamo(client, without_totals("none")).unwrap();
    let reply = ask(&handler, &get_totals("customer-1001")).await;
    assert_eq!(reply.problem(), (404, "totals_not_kept".to_owned()));
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("/orders") && detail.contains("KeepCustomerTotals=true"), "{detail}");
    assert_eq!(meter.take().total_requests(), 0, "nothing is read for it");
    assert_eq!(ask(&handler, &list_orders("customer-1001")).await.status, 200, "lists do not need totals");
}

#[tokio::test]
async fn totals_of_another_customer_are_403_also_where_none_are_kept() {
    let ledger = Ledger::empty().await;
    let handler = QueryHandler::on_dynamo(ledger.database.client(), without_totals("jwt")).unwrap();
    let anna = |customer: &str| get_totals(customer).token_of("anna", "orders:read");
    assert_eq!(ask(&handler, &anna("anna")).await.problem(), (404, "totals_not_kept".to_owned()));
    assert_eq!(ask(&handler, &anna("bert")).await.problem(), (403, "forbidden".to_owned()));
}
