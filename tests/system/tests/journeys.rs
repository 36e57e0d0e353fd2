//! Complete lives of orders.

use serde_json::{Value, json};
use system_tests::System;

/// Returns the summary after the read model has processed every commit.
async fn summary(system: &System, order: &str) -> Value {
    system.drained().await;
    system.api.get(&format!("/orders/{order}")).await.expect(200).body
}

fn words(body: &Value) -> [&str; 3] {
    ["status", "paymentStatus", "fulfillmentStatus"].map(|word| body[word].as_str().unwrap())
}

#[tokio::test]
async fn an_order_is_placed_paid_shipped_delivered_returned_and_refunded() {
    let system = System::start().await;
    whole_life(&system).await;
}

/// Also runs with the real binaries.
pub(crate) async fn whole_life(system: &System) {
    let api = &system.api;
    let order = api.place("anna").await;
    assert_eq!(words(&summary(system, &order).await), ["placed", "unpaid", "unfulfilled"]);

    let paid = api.pay(&order, "pay-1", 2_000).await.expect(201);
    assert_eq!(words(&paid.body), ["partially_paid", "partially_paid", "unfulfilled"]);
    let paid = api.pay(&order, "pay-2", 3_500).await.expect(201);
    assert_eq!(words(&paid.body), ["paid", "credit_owed", "unfulfilled"]);

    // The second payment was recorded with a wrong amount; 3,000 were received.
    let correction = json!({ "correctionId": "cor-1", "amount": 3_000, "reason": "bank statement" });
    let corrected = api.post(&format!("/orders/{order}/payments/pay-2/corrections"), correction).await.expect(201);
    assert_eq!(words(&corrected.body), ["paid", "paid", "unfulfilled"]);
    assert_eq!(corrected.body["events"][0]["data"]["correctsEventId"], paid.body["events"][0]["eventId"]);
    assert_eq!(corrected.body["events"][0]["data"]["previousAmount"], 3_500);

    let shipped = api.ship(&order, "ship-1", &[("mug-blue", 1), ("plate", 1)]).await.expect(201);
    assert_eq!(words(&shipped.body), ["partially_shipped", "paid", "partially_shipped"]);
    let shipped = api.ship(&order, "ship-2", &[("mug-blue", 1), ("spoon-tea", 4)]).await.expect(201);
    assert_eq!(words(&shipped.body), ["shipped", "paid", "shipped"]);

    for (shipment, status) in [("ship-1", "shipped"), ("ship-2", "delivered")] {
        let path = format!("/orders/{order}/shipments/{shipment}/delivery");
        let delivered = api.post(&path, Value::Null).await.expect(201);
        assert_eq!(delivered.body["fulfillmentStatus"], status);
    }

    let returned = json!({ "returnId": "ret-1", "items": [{ "sku": "plate", "quantity": 1 }], "reason": "chipped" });
    let returned = api.post(&format!("/orders/{order}/returns"), returned).await.expect(201);
    assert_eq!(words(&returned.body), ["partially_returned", "paid", "partially_returned"]);

    let refund = json!({ "refundId": "ref-1", "paymentId": "pay-2", "amount": 1_000 });
    let refunded = api.post(&format!("/orders/{order}/refunds"), refund).await.expect(201);
    assert_eq!(words(&refunded.body), ["partially_returned", "partially_refunded", "partially_returned"]);

    let row = summary(system, &order).await;
    assert_eq!(words(&row), words(&refunded.body));
    assert_eq!((&row["version"], &row["total"]), (&json!(10), &json!(5_000)));
    assert_eq!((&row["amountPaid"], &row["amountRefunded"]), (&json!(5_000), &json!(1_000)));
    assert_eq!(row["itemCount"], 7);
    let plate =
        json!({ "sku": "plate", "quantity": 1, "unitPrice": 1000, "shipped": 1, "returned": 1, "cancelled": 0 });
    assert_eq!((&row["due"], &row["unitsToShip"], &row["toShip"]), (&json!(4_000), &json!(0), &json!(false)));
    assert_eq!(row["items"][1], plate);
    assert_eq!(row["lastUpdated"], refunded.body["events"][0]["recordedAt"]);

    let listed = api.get("/customers/anna/orders").await.expect(200).body;
    assert_eq!(listed, json!({ "items": [row] }));
    let placed = json!({ "orderId": order, "placedAt": row["placedAt"] });
    let euros = json!({
        "currency": "EUR", "orders": 1, "gross": 5_000, "refunded": 1_000, "net": 4_000,
        "firstOrder": placed, "lastOrder": placed,
    });
    let totals = api.get("/customers/anna/totals").await.expect(200).body;
    assert_eq!(totals, json!({ "customerId": "anna", "totals": [euros] }));

    let trail = api.get(&format!("/orders/{order}/events")).await.expect(200).body;
    let types: Vec<&str> =
        trail["items"].as_array().unwrap().iter().map(|e| e["eventType"].as_str().unwrap()).collect();
    let expected = [
        "OrderPlaced",
        "PaymentReceived",
        "PaymentReceived",
        "PaymentCorrected",
        "ItemShipped",
        "ItemShipped",
        "ItemDelivered",
        "ItemDelivered",
        "ItemReturned",
        "PaymentRefunded",
    ];
    assert_eq!(types, expected);
}

#[tokio::test]
async fn an_order_is_cancelled_and_a_late_payment_is_owed_back() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    let path = format!("/orders/{order}/cancellation");
    let cancelled = system.api.post(&path, json!({ "reason": "changed her mind" })).await.expect(201);
    assert_eq!(words(&cancelled.body), ["cancelled", "void", "unfulfilled"]);

    let again = system.api.post(&path, json!({ "reason": "asked twice" })).await.expect(200);
    assert_eq!((again.version(), &again.body["events"]), (2, &cancelled.body["events"]));

    let paid = system.api.pay(&order, "late", 5_000).await.expect(201);
    assert_eq!(words(&paid.body), ["cancelled", "credit_owed", "unfulfilled"]);
    let refund = json!({ "refundId": "back", "paymentId": "late", "amount": 5_000 });
    let refunded = system.api.post(&format!("/orders/{order}/refunds"), refund).await.expect(201);
    assert_eq!(words(&refunded.body), ["cancelled", "refunded", "unfulfilled"]);
    assert_eq!(words(&summary(&system, &order).await), ["cancelled", "refunded", "unfulfilled"]);
}

#[tokio::test]
async fn a_reader_never_sees_less_than_the_version_it_asks_for() {
    let system = System::start().await;
    let order = system.api.place("anna").await;
    for number in 2..=12 {
        let reply = system.api.pay(&order, &format!("pay-{number}"), 10).await.expect(201);
        let read = system.api.get(&format!("/orders/{order}?minVersion={}", reply.version())).await.expect(200);
        assert!(read.version() >= reply.version());
        assert_eq!(read.body["amountPaid"], (read.version() - 1) * 10);
    }
}
